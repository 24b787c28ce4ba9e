"""Python as the site brings it: packed in Pyodide itself, found by every page with problems, and by no other."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace

import book_python
import pytest

import byhand
from byhand.render import html


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return a site into which Python was put."""
    app = SimpleNamespace(
        outdir=tmp_path_factory.mktemp("build") / "html", builder=SimpleNamespace(format="html")
    )
    book_python.install(app)
    return app


def test_the_site_brings_python_and_byhand(site: SimpleNamespace):
    """All of byhand, compiled and without its sources; of the standard library only what it imports."""
    python = Path(site.outdir, "_static", "python")
    (core,) = python.glob("core-*")
    (archive,) = python.glob("byhand-*.zip")
    assert {file.name for file in core.iterdir()} == {*book_python.CORE, *book_python.PACKED}
    modules = {
        path.relative_to(book_python.ROOT).as_posix() for path in (book_python.ROOT / "byhand").rglob("*.py")
    }
    packed = set(zipfile.ZipFile(archive).namelist())
    assert {f"{name}c" for name in modules} <= packed
    assert {name for name in packed if name.startswith("cvlib/")} >= {
        "cvlib/shapes.pyc",
        "cvlib/counting.pyc",
    }
    assert not any(name.endswith(".py") or "numpy" in name for name in packed)
    library = set(zipfile.ZipFile(core / "python_stdlib.zip").namelist())
    assert {"fractions.pyc", "random.pyc", "json/__init__.pyc"} <= library
    assert "sqlite3/__init__.pyc" not in library


def test_a_page_with_problems_names_the_worker(site: SimpleNamespace):
    """The address holds hashes of all that it leads to; a page without problems has none."""

    def tags(body: str) -> str:
        context = {"body": body, "metatags": "", "pathto": lambda address, _: f"../{address}"}
        book_python.name_worker(site, "page", "page.html", context, None)
        return context["metatags"]

    problem = byhand.problem("A20")
    assert tags(html.problem(problem, lab=False)) == ""
    assert tags(html.problem(problem)).startswith(
        '\n<meta name="python-worker" content="../_static/python_worker.mjs?v='
    )
    place = dict(part.split("=") for part in site.python_worker.partition("?")[2].split("&"))
    for name in ("core", "byhand"):
        assert Path(site.outdir, "_static", place[name]).exists()


def test_pages_are_written_again_when_the_worker_moves(site: SimpleNamespace):
    env = SimpleNamespace(found_docs={"b", "a"})
    assert book_python.write_anew(site, env) == ["a", "b"]
    assert book_python.write_anew(site, env) == []
    env.python_worker = "elsewhere"
    assert book_python.write_anew(site, env) == ["a", "b"]
