"""How notebooks are compared under ``pytest --nbval``: by their text."""

# The stored outputs are textual (see tools/refresh.py); pictures, HTML and widgets exist only in the run.
NOT_STORED = ("text/html", "image/svg+xml", "image/png", "application/vnd.jupyter.widget-view+json")


def pytest_collection_modifyitems(items):
    """Leave out of the comparison what is not stored."""
    for item in items:
        if hasattr(item.parent, "skip_compare"):
            item.parent.skip_compare = (*item.parent.skip_compare, *NOT_STORED)
