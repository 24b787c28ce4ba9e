"""What pages say about themselves: descriptions, titles, addresses, signposts, the page for lost addresses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path
from types import SimpleNamespace

import book_head
import pytest
from docutils.core import publish_doctree
from markdown_it import MarkdownIt
from sphinx.errors import ConfigError

ROOT = Path(__file__).parents[2]
CONFIGURATION = f"""
import sys; sys.path.insert(0, {str(ROOT / "_ext")!r})
extensions = ["myst_parser", "book_head", "book_security"]
html_theme = "pydata_sphinx_theme"
html_title = "The Book"
html_baseurl = "https://example.org/sub/book/"
book_description = "A book of one page and a half, written for this test only, and described at a fitting length."
moved_pages = {{"old/place": "part/page"}}
exclude_patterns = ["404.md", "out"]
html_use_index = False
"""
LOST = '# Nothing here\n\n[Home](index.html)\n\n<form action="search.html"></form>\n'
OWN = "What this page is about is written in its front matter, <at a length> that fits in two lines."
PAGE = "# A page\n\nIts first sentence has just about enough words to say what the whole page is about.\n"


def described(text: str) -> str:
    """Return the description of a page written in reStructuredText."""
    return book_head.describe(publish_doctree(text, settings_overrides={"doctitle_xform": False}))


def test_a_chapter_is_described_by_its_goals():
    """The goals that fit, as a sentence; the remark on minutes and the prose are not needed."""
    text = "Title\n=====\n\nHello.\n\nAfter this chapter you can\n\n- add two numbers by hand;\n- see why.\n"
    assert described(text) == "Learn to add two numbers by hand; see why."


def test_a_page_without_goals_is_described_by_its_first_sentences():
    """Prose only: no remarks on how to read it, nothing that leads over to a list, no formula, no citation."""
    text = (
        "Title\n=====\n\n**About 40 minutes to read**, or more.\n\nHere they are:\n\n- not this\n\n"
        "Where :math:`x` stands, nothing is taken. Neither is this.\n\n"
        "The first sentence [HZRS16] tells what it is about. So does the second, which stands right behind.\n\n"
        f"The third is too long. {'word ' * 40}\n"
    )
    assert described(text) == (
        "The first sentence tells what it is about. So does the second, which stands right behind. "
        "The third is too long."
    )


def test_a_short_beginning_is_continued():
    """By the beginning of what is too long, else by the titles of the page's sections."""
    long = described(f"Title\n=====\n\nShort. A much {'longer ' * 40} sentence.\n")
    assert book_head.SHORTEST <= len(long) <= book_head.LONGEST
    assert re.fullmatch("Short. A much (longer ?)+…", long)
    sections = described("T\n=\n\nShort.\n\nA1: One\n-------\n\nx:\n\nTwo\n---\n\ny:\n")
    assert sections == "Short. On this page: One; Two."


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"title": "The Book", "pagename": "index"}, "The Book"),
        ({"title": "A <em>page</em>", "pagename": "a"}, "A page — The Book"),
        ({"title": "Low", "pagename": "a", "parents": [{"title": "Top"}, {"title": "High"}]},
         "Low — High — Top — The Book"),
        ({"pagename": "search"}, "Search — The Book"),
    ],
)  # fmt: skip
def test_titles_are_told_apart(context: dict, expected: str):
    """By what stands above them; the book's name stands once."""
    assert book_head.full_title(context, "The Book") == expected


def test_the_public_address_can_be_named(monkeypatch: pytest.MonkeyPatch):
    """For any host, with or without the last stroke; half an address is refused."""
    config = SimpleNamespace(html_baseurl="https://someone.github.io/book/")
    book_head.take_address(None, config)
    assert config.html_baseurl == "https://someone.github.io/book/"
    monkeypatch.setenv("BOOK_ADDRESS", "https://example.org/course")
    book_head.take_address(None, config)
    assert config.html_baseurl == "https://example.org/course/"
    monkeypatch.setenv("BOOK_ADDRESS", "example.org")
    with pytest.raises(ConfigError, match=r"got 'example\.org'"):
        book_head.take_address(None, config)


def build(source: Path) -> subprocess.CompletedProcess[str]:
    """Build a book with warnings as errors."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(source), str(source / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sources of a small book, built twice: the second time after one page was edited."""
    source = tmp_path_factory.mktemp("book")
    (source / "part").mkdir()
    (source / "conf.py").write_text(CONFIGURATION)
    (source / "404.md").write_text(LOST)
    (source / "index.md").write_text("# The Book\n\nHello.\n\n```{toctree}\npart/page\npart/own\n```\n")
    (source / "part" / "own.md").write_text(f"---\ndescription: {OWN}\n---\n# Its own\n\nHello.\n")
    for text in (PAGE, PAGE + "\nMore.\n"):
        (source / "part" / "page.md").write_text(text)
        result = build(source)
        assert result.returncode == 0, result.stderr
    return source


def test_heads_say_everything_once(book: Path):
    """One title, viewport, description and policy, even after the book was built again."""
    for name in ("index", "part/page", "search", "404"):
        html = (book / "out" / f"{name}.html").read_text()
        for tag in (
            "<title>",
            'name="viewport"',
            'name="description"',
            'http-equiv="Content-Security-Policy"',
        ):
            assert html.count(tag) == 1, (name, tag)
    page = (book / "out" / "part" / "page.html").read_text()
    assert '<link rel="canonical" href="https://example.org/sub/book/part/page.html" />' in page
    data = json.loads(re.search('<script type="application/ld.json">(.*?)</script>', page)[1])
    assert (data["name"], data["isPartOf"]["name"]) == ("A page", "The Book")


def test_a_page_may_bring_a_description(book: Path):
    html = (book / "out" / "part" / "own.html").read_text()
    assert f'<meta name="description" content="{escape(OWN)}" />' in html


def test_all_pages_are_listed_after_an_edit_of_one(book: Path):
    """The second build wrote a single page; the list still has all."""
    listed = re.findall("<loc>(.*?)</loc>", (book / "out" / "sitemap.xml").read_text())
    site = "https://example.org/sub/book/"
    assert listed == [site, f"{site}part/own.html", f"{site}part/page.html"]
    robots = (book / "out" / "robots.txt").read_text()
    assert "Sitemap: https://example.org/sub/book/sitemap.xml" in robots


def test_the_page_for_lost_addresses_works_at_any_depth(book: Path):
    """Each of its links begins at the root of the host."""
    html = (book / "out" / "404.html").read_text()
    links = re.findall(r'\s(?:href|src|action)=["\']([^"\']*)', html)
    assert "/sub/book/index.html" in links
    assert [link for link in links if not link.startswith(("/sub/book/", "https://", "#"))] == []


def test_a_signpost_stands_where_a_page_has_been(book: Path):
    html = (book / "out" / "old" / "place.html").read_text()
    assert '<meta http-equiv="refresh" content="0; url=../part/page.html" />' in html
    assert '<link rel="canonical" href="https://example.org/sub/book/part/page.html" />' in html


@pytest.mark.parametrize("moved", [{"part/page": "index"}, {"old": "nowhere"}])
def test_a_signpost_that_hides_a_page_or_leads_nowhere_stops_the_build(moved: dict[str, str]):
    """Both names are in the message."""
    env = SimpleNamespace(found_docs={"index", "part/page"})
    messages = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book_head.logger, "warning", lambda text, *values: messages.append(text % values))
        book_head.put_up_signposts(SimpleNamespace(config=SimpleNamespace(moved_pages=moved), env=env))
    ((old, new),) = moved.items()
    assert repr(old) in messages[0]
    assert repr(new) in messages[0]


def test_the_lost_page_of_this_book_links_to_pages_that_exist():
    html = MarkdownIt("commonmark", {"html": True}).render((ROOT / "404.md").read_text())
    targets = set(re.findall('(?:href|action)="([^"]*)"', html))
    assert "search.html" in targets
    for target in targets - {"search.html"}:
        sources = [ROOT / target.replace(".html", suffix) for suffix in (".md", ".ipynb")]
        assert any(source.is_file() for source in sources), target
