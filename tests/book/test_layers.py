"""The floors of the house: a module imports only from floors below it, and the ground floor needs no NumPy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = [
    {"_checks", "_tables"},
    {"shapes"},
    {"counting"},
    {"ops"},
    {"losses", "optim", "init", "boxes", "metrics", "gradcheck"},
    {"nn", "autograd"},
    {"models", "train", "data", "augment"},
    {"viz"},
    {"explore"},
    {"practice"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
ALLOWED_PACKAGES = {"numpy": "ops", "tqdm": "models", "matplotlib": "viz", "IPython": "viz", "PIL": "viz"}
ALLOWED_PACKAGES |= {"ipywidgets": "explore", "byhand": "practice"}


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", modules("cvlib"), ids=lambda path: str(path.relative_to(ROOT)))
def test_cvlib_imports_from_below(path: Path):
    """Within cvlib only from lower floors or the same package; from outside only what the floor may use."""
    own = path.relative_to(ROOT / "cvlib").parts[0].removesuffix(".py")
    if own == "__init__":
        assert imports(path) <= {"importlib.import_module"}
        return
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "cvlib":
            assert rest[0] == own or FLOOR[rest[0]] < FLOOR[own], f"{own} must not import {name}"
        elif top not in sys.stdlib_module_names:
            assert top in ALLOWED_PACKAGES, f"{own} imports {name}, which is not a dependency of the course"
            assert FLOOR[own] >= FLOOR[ALLOWED_PACKAGES[top]], f"{own} is too low in the house for {top}"


def test_nothing_stands_on_the_tiny_autograd():
    """It is there to be read, rebuilt and drawn: the layers differentiate by themselves."""
    others = [p for p in modules("cvlib") if p.name != "autograd.py" and p.parent.name != "viz"]
    assert not [path for path in others for name in imports(path) if name.startswith("cvlib.autograd")]


@pytest.mark.parametrize("path", modules("byhand"), ids=lambda path: str(path.relative_to(ROOT)))
def test_byhand_needs_only_the_standard_library(path: Path):
    """Byhand runs wherever Python does; of cvlib it may use the plain integers."""
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "cvlib":
            assert rest[0] in {"_checks", "shapes", "counting"}, name
        else:
            assert top == "byhand" or top in sys.stdlib_module_names, name


@pytest.mark.parametrize(
    "statement",
    [
        "import cvlib",
        "import byhand; byhand.ids()",
        "import byhand.definitions",
        "import byhand.render.html",
        "from cvlib import shapes, counting",
    ],
)
def test_import_loads_no_numpy(statement: str):
    """The ground floor must load where NumPy is missing: here, where importing it is an error."""
    program = f"import sys; sys.modules['numpy'] = None; {statement}; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_unknown_submodule_is_named():
    """The lazy package says what it has."""
    import cvlib

    misspelt = "opps"
    with pytest.raises(AttributeError, match=r"no attribute 'opps'; it has shapes, counting, ops"):
        getattr(cvlib, misspelt)


def test_every_submodule_loads():
    """Each name that the package promises is there."""
    import cvlib

    for name in cvlib.__all__:
        assert getattr(cvlib, name) is not None
    assert set(dir(cvlib)) == set(cvlib.__all__)
