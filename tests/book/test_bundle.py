"""The parts of the bundle: what goes in, the same bytes every time, and the check that nothing in it is missing."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import bundle  # tools/bundle.py
import pytest


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", True),
        ("chapters/convolution.html", True),
        ("_static/python/pyodide.mjs", True),
        ("_sources/chapters/convolution.ipynb", True),
        ("_static/scripts/bootstrap.js.map", False),
        ("_static/webpack-macros.html", False),
        (".buildinfo", False),
        (".doctrees/index.doctree", False),
        ("404.html", False),
        ("sitemap.xml", False),
    ],
)
def test_what_readers_need(path: str, expected: bool):
    """Neither leftovers of the build nor what is meant for hosts and search engines."""
    assert bundle.is_for_readers(Path(path)) is expected


def test_the_same_contents_give_the_same_bytes(tmp_path: Path):
    """Whatever the order and the dates of the files are."""
    (tmp_path / "file").write_bytes(b"from a file")
    contents = {"b/file": tmp_path / "file", "a": b"text"}
    bundle.write_zip(tmp_path / "one.zip", contents)
    (tmp_path / "file").touch()
    bundle.write_zip(tmp_path / "two.zip", dict(reversed(contents.items())))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a", "b/file"]
        assert archive.read("b/file") == b"from a file"


def test_what_is_missing_is_named(tmp_path: Path):
    """Links, pictures and frames of explorers that lead to nothing; not those that lead to other sites."""
    page = """<link rel="canonical" href="https://x.test/a.html"><a href="https://x.test/">out</a>
      <a href="#here">here</a> <a href="../index.html#there">up</a> <a href="folder/">folder</a>
      <img src="../gone.svg"> <a href="../../../out.html">
      <script type="application/json">[{"src": "../frame.svg"}, {"src": "../lost.svg"}]</script>"""
    names = ["b/index.html", "b/frame.svg", "b/chapters/folder/index.html"]
    bundle.write_zip(tmp_path / "b.zip", {"b/chapters/a.html": page.encode(), **dict.fromkeys(names, b"")})
    with ZipFile(tmp_path / "b.zip") as archive:
        missing = bundle.missing_references(archive)
    assert {address for _, address in missing} == {"../gone.svg", "../../../out.html", "../lost.svg"}
    assert {page for page, _ in missing} == {"b/chapters/a.html"}


def test_there_must_be_a_site(tmp_path: Path):
    """Without one, the message says how to build it."""
    with pytest.raises(FileNotFoundError, match="make book"):
        bundle.bundle(tmp_path / "b.zip", site=tmp_path)
