"""The local Sphinx extensions, each tried on the smallest page that needs it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import book_figures
import book_pages
import book_rerun
import nbformat
import pytest
from book_math import Katex
from docutils import nodes
from docutils.utils import new_document
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[2]
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
ADDRESS = "data:image/svg+xml;base64," + base64.b64encode(SVG).decode()


@pytest.mark.parametrize(("docname", "prefix"), [("index", ""), ("chapters/x", "../")])
def test_pictures_become_files_once(tmp_path: Path, docname: str, prefix: str):
    """Two copies of a picture, in an image and in an explorer's data, become one file and two addresses."""
    page = new_document("page")
    page += nodes.raw("", f'<img src="{ADDRESS}"><script>[{{"src": "{ADDRESS}"}}]</script>', format="html")
    app = SimpleNamespace(outdir=tmp_path, env=SimpleNamespace(docname=docname))
    book_figures.move_pictures(app, page)
    (picture,) = (tmp_path / "_pictures").iterdir()
    assert picture.read_bytes() == SVG
    assert page.astext().count(f'"{prefix}_pictures/{picture.name}"') == 2
    assert "base64" not in page.astext()


def test_notebooks_run_again_only_when_the_packages_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The cache survives a second build, and goes when a module changes."""
    app = SimpleNamespace(outdir=tmp_path / "html")
    env = SimpleNamespace(found_docs=["a", "b"])
    cache = tmp_path / ".jupyter_cache"

    def build() -> list[str]:
        book_rerun.empty_stale_cache(app, None)
        cache.mkdir(exist_ok=True)
        return book_rerun.read_anew(app, env, set(), set(), set())

    package = tmp_path / "root" / "cvlib"
    package.mkdir(parents=True)
    (package / "ops.py").write_text("a = 1")
    monkeypatch.setattr(book_rerun, "ROOT", tmp_path / "root")
    assert build() == ["a", "b"]
    (cache / "notebook").touch()
    assert build() == []
    assert (cache / "notebook").exists()
    (package / "ops.py").write_text("a = 2")
    assert build() == ["a", "b"]
    assert not (cache / "notebook").exists()


def test_notebooks_run_before_their_pages_are_read(tmp_path: Path):
    """What runs ends in the cache, where myst-nb looks for it; a notebook that fails does not, and stops nobody."""
    for name, source in (("good", "print(6 * 7)"), ("bad", "1 / 0")):
        nbformat.write(new_notebook(cells=[new_code_cell(source)]), tmp_path / f"{name}.ipynb")
    config = SimpleNamespace(nb_execution_mode="cache", nb_execution_timeout=60)
    app = SimpleNamespace(outdir=tmp_path / "html", config=config)
    env = SimpleNamespace(doc2path=lambda name: tmp_path / f"{name}.ipynb")
    book_rerun.run_side_by_side(app, env, ["good", "bad"])
    cache = get_cache(tmp_path / ".jupyter_cache")
    good, bad = (nbformat.read(tmp_path / f"{name}.ipynb", as_version=4) for name in ("good", "bad"))
    _, merged = cache.merge_match_into_notebook(good)
    assert merged.cells[0].outputs[0].text == "42\n"
    with pytest.raises(KeyError):
        cache.match_cache_notebook(bad)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "https://someone.github.io/book/"),
        (
            {"GITHUB_REPOSITORY": "Fork/other", "GITHUB_SERVER_URL": "https://github.com"},
            "https://fork.github.io/other/",
        ),
    ],
)
def test_the_site_knows_its_address(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
):
    """From the configuration, or from GitHub Actions for a fork."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    config = SimpleNamespace(html_theme_options={"repository_url": "https://github.com/Someone/book"})
    book_pages.set_address(None, config)
    assert config.html_baseurl == expected


def test_unused_scripts_are_left_out():
    """Files by their name, inline scripts by what they say; the rest stays."""
    thebe = SimpleNamespace(filename=None, attributes={"body": "const THEBE_JS_URL = 1; thebe_selector"})
    kept = SimpleNamespace(filename="explorer.js", attributes={})
    context = {
        "script_files": [thebe, "sphinx-thebe.js", kept],
        "css_files": ["togglebutton.css", "book.css"],
    }
    book_pages.drop_unused(None, "page", "page.html", context, None)
    assert context == {"script_files": [kept], "css_files": ["book.css"]}


def test_a_formula_that_katex_cannot_read_stops_the_build(tmp_path: Path):
    """With the book's own configuration: a misspelt command is an error, not red text on a page."""
    (tmp_path / "index.md").write_text("# Title\n\nA formula $\\frak{x}$ and $\\misspelt{x}$.\n")
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / '_ext')!r})\n"
        "extensions = ['myst_parser', 'book_math']\nmyst_enable_extensions = ['dollarmath']\n"
        "html_math_renderer = 'katex'\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, timeout=120)
    assert result.returncode != 0
    assert "misspelt" in result.stderr


def test_katex_answers_every_formula_and_ends_with_its_owner():
    """Good and bad formulas in turn, some not ASCII; closing ends the process, and it may start anew."""
    katex = Katex()
    for _ in range(2):
        assert 'class="katex"' in katex.render(r"\frac{1}{2}")
        with pytest.raises(ValueError, match="misspelt"):
            katex.render(r"\misspelt{x}")
        assert "katex-display" in katex.render(r"\text{Größe}", display=True)
        process = katex.process
        katex.close()
        assert process.returncode == 0
    katex.close()
