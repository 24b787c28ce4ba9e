"""What the theme and the tools it builds on get wrong for readers who listen to a page or use it without a mouse.

Each entry of ``MENDED`` changes one thing in the pages that were written. The tests look at the result with axe
(``tests/checks/accessible.py``), so that whatever is mended upstream one day can be taken out here.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

PROBLEM = re.compile(r'<section class="problem"')
HEADING = re.compile(r"<(/?)h([1-6])>")
LEVEL = re.compile(r' data-level="(\d)"')


# What is wrong, and what takes its place.
MENDED = {
    # The book's title and the search button stand in no landmark.
    r'(<div id="pst-primary-sidebar") class=': r'\1 role="complementary" aria-label="Book" class=',
    # Dialogs have no names.
    r'<dialog id="pst-search-dialog">': '<dialog id="pst-search-dialog" aria-label="Search">',
    r'<dialog id="pst-(primary|secondary)-sidebar-modal">': r'<dialog id="pst-\1-sidebar-modal" aria-label="Contents">',
    # The search button shows "Search Ctrl+K" and is called "Search": who says what is written there is not understood.
    r'(<button class="btn search-button-field[^>]*) title="Search" aria-label="Search"': (
        r'\1 aria-label="Search Ctrl+K"'
    ),
    # The arrows in the list of pages have no name.
    r'(<a class="[^"]*reference internal" href="[^"]*">\s*([^<]*?)\s*</a><details[^>]*>)<summary>': (
        r'\1<summary aria-label="Pages below: \2">'
    ),
    # A folded cell says "Show code cell source", under a name that hides these words.
    r'<summary aria-label="Toggle hidden content">': "<summary>",
    # Entries of the bibliography have a role that is no longer one, in a list without items.
    r'(<div class="citation"[^>]*) role="doc-biblioentry"': r'\1 role="listitem"',
}


def mend(page: str) -> str:
    """Return a page with all of it mended.

    >>> mend('<dialog id="pst-search-dialog">')
    '<dialog id="pst-search-dialog" aria-label="Search">'
    >>> mend('<a class="reference internal" href="a.html">Losses</a><details><summary>')
    '<a class="reference internal" href="a.html">Losses</a><details><summary aria-label="Pages below: Losses">'
    """
    for wrong, right in MENDED.items():
        page = re.sub(wrong, right, page)
    return page


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Mend every page that was written."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        if (mended := mend(page)) != page:
            path.write_text(mended, encoding="utf-8")


def fit_headings(html: str, level: int) -> str:
    """Return a problem's HTML with its first heading on the given level, and the others moved with it.

    >>> fit_headings('<section class="problem" data-problem="A1"><h4>A1</h4><h5>Part</h5></section>', 3)
    '<section class="problem" data-problem="A1"><h3>A1</h3><h4>Part</h4></section>'
    """
    if not (first := HEADING.search(html)):
        return html
    up = int(first[2]) - level
    html = LEVEL.sub(lambda found: f' data-level="{int(found[1]) - up}"', html)
    return HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) - up}>", html)


def fit_problems(app: Sphinx, doctree: nodes.document) -> None:
    """Put each problem's headings one level below the heading it stands under: readers jump from one to the next.

    A notebook's cell that shows a problem gets the class ``asks``.
    """
    for node in doctree.findall(nodes.raw):
        if "html" in node["format"] and PROBLEM.search(node.astext()):
            above, section = 0, node.parent
            while section is not None:
                above += isinstance(section, nodes.section)
                if "cell" in section.get("classes", ()):
                    section["classes"].append("asks")
                section = section.parent
            node.children = [nodes.Text(fit_headings(node.astext(), above + 1))]


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("doctree-read", fit_problems)
    app.connect("build-finished", mend_pages, priority=550)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
