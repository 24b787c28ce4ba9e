"""In NumPy's place on the path while byhand's own tests run: whoever imports it learns that byhand does without."""

raise ModuleNotFoundError("byhand and its tests do without NumPy", name="numpy")
