"""Print the book: each chapter, and all of it in one file, through the browser that also tests the site.

    python tools/pdf.py                       # everything, into _build/pdf
    python tools/pdf.py --paper letter        # on 8.5 x 11 inches instead of A4
    python tools/pdf.py chapters/convolution  # one chapter

The built site is the source: ``tools/paper.js`` makes one document of its pages. The browser prints it twice, because
only a printed book knows on which page things stand: first to find out, then with the numbers of pages in the contents
and beside each reference to a solution. The API reference, which nobody reads from front to back, stays on the site;
links to it, and to everything else that is not in the file, lead there.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import NamedTuple

import browser as browsers  # tools/browser.py
import yaml
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from site_server import ROOT, SITE, serving  # tools/site_server.py

TOOLS = Path(__file__).parent
TARGET = ROOT / "_build" / "pdf"
STAYS_ON_THE_SITE = {"Reference"}  # the part of the book that is not printed
LICENCE = "Prose and figures: CC BY 4.0. Code: BSD 3-Clause License."
PAPERS = {"a4": (210, 297), "letter": (215.9, 279.4)}  # width and height in millimetres
MARGIN = 18  # millimetres
PIXELS_A_MILLIMETRE = 96 / 25.4
PATIENCE = 900_000  # milliseconds for one step of the browser
# Styles and scripts come with the pages that are read into this one.
EMPTY_PAGE = (
    '<!doctype html><html lang="en" data-theme="light" data-mode="light"><head><title>{title}</title></head><body>'
    '<main class="bd-main"><div class="bd-content"><div class="bd-article-container"></div></div></main></body></html>'
)


class Book(NamedTuple):
    """What the files of the repository say about the book."""

    title: str
    author: str
    version: str
    parts: dict[str, list[str]]  # caption -> names of pages, in reading order

    @classmethod
    def read(cls, root: Path = ROOT) -> Book:
        """Read ``_config.yml``, ``_toc.yml`` and ``pyproject.toml``."""
        config, toc = (
            yaml.safe_load((root / name).read_text("utf-8")) for name in ("_config.yml", "_toc.yml")
        )
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
        printed = (part for part in toc["parts"] if part["caption"] not in STAYS_ON_THE_SITE)
        parts = {part["caption"]: _names(part["chapters"]) for part in printed}
        return cls(config["title"], config["author"], project["version"], parts)

    def pages(self) -> list[tuple[str, str]]:
        """Return part and name of each page that is printed."""
        return [(part, name) for part, names in self.parts.items() for name in names]


def _names(entries: Sequence[dict]) -> list[str]:
    """Return the pages of a part, those below a chapter after it."""
    return [name for entry in entries for name in (entry["file"], *_names(entry.get("sections", ())))]


def file_of(name: str) -> Path:
    """Return the file of a chapter: ``practice/softmax.pdf`` for ``chapters/practice/softmax``."""
    return Path(f"{name.removeprefix('chapters/')}.pdf")


def style(paper: str) -> str:
    """Return the style sheet of the printed book for a size of paper."""
    width, height = PAPERS[paper]
    size = f"@page {{ size: {width}mm {height}mm; margin: {MARGIN}mm; }}\n"
    return size + (TOOLS / "paper.css").read_text("utf-8")


def page_numbers(path: Path) -> dict[str, int]:
    """Return the number of the page, from 1, of every place in the file that a link leads to."""
    reader = PdfReader(path)
    numbers = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, start=1)}
    return {name[1:]: numbers[place.page.idnum] for name, place in reader.named_destinations.items()}


class Press:
    """Prints pages of the site."""

    def __init__(self, browser: Browser, site: str, book: Book, paper: str) -> None:
        self.browser, self.site, self.book, self.paper = browser, site, book, paper

    def chapter(self, name: str, target: Path) -> int:
        """Print one page of the site; return how many pages of paper it takes."""
        return self._print([("", name)], target, front=None)

    def whole(self, target: Path) -> int:
        """Print the whole book, with title page and contents."""
        book = self.book
        front = {"title": book.title, "author": book.author, "version": book.version, "licence": LICENCE}
        return self._print(book.pages(), target, front)

    def _print(self, pages: list[tuple[str, str]], target: Path, front: dict[str, str] | None) -> int:
        entries = [
            {"part": part, "docname": name, "address": f"{self.site}{name}.html"} for part, name in pages
        ]
        page = self._empty_page()
        title = page.evaluate("book => assemble(book)", {"pages": entries, "front": front})
        target.parent.mkdir(parents=True, exist_ok=True)
        self._print_once(page, target)
        page.evaluate("pages => numberPages(pages)", page_numbers(target))
        self._print_once(page, target)
        page.context.close()
        return describe(target, title, self.book.author)

    def _empty_page(self) -> Page:
        """Return a page of the site with nothing on it, as wide as the text on paper."""
        width = int((PAPERS[self.paper][0] - 2 * MARGIN) * PIXELS_A_MILLIMETRE)
        screen = {"width": width, "height": 1000}
        context = self.browser.new_context(viewport=screen, color_scheme="light", bypass_csp=True)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        empty = EMPTY_PAGE.format(title=escape(self.book.title))
        page.route(
            "**/paper.html", lambda route: route.fulfill(body=empty, content_type="text/html; charset=utf-8")
        )
        page.goto(f"{self.site}paper.html")
        page.emulate_media(media="print")
        page.add_script_tag(content=(TOOLS / "paper.js").read_text("utf-8"))
        page.add_style_tag(content=style(self.paper))
        return page

    @staticmethod
    def _print_once(page: Page, target: Path) -> None:
        page.pdf(path=target, prefer_css_page_size=True, print_background=True, tagged=True, outline=True)


@contextmanager
def press(paper: str = "a4", site: Path = SITE) -> Iterator[Press]:
    """Yield a press for the built site."""
    if not (site / "index.html").is_file():
        raise FileNotFoundError(f"the site must be built first (make book), found no index.html in {site}")
    if (path := browsers.find()) is None:
        raise RuntimeError("no browser found: run `python tools/browser.py`, which installs one or says how")
    with serving(site) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browsers.QUIET)
        yield Press(chromium, address, Book.read(), paper)
        chromium.close()


def describe(path: Path, title: str, author: str) -> int:
    """Write into the file what it is and who wrote it; return its number of pages."""
    writer = PdfWriter(path, incremental=True)
    writer.add_metadata({"/Title": title, "/Author": author})
    writer.write(path)
    return len(writer.pages)


def main(arguments: Sequence[str]) -> None:
    """Print what was asked for; say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "chapters", nargs="*", help="names as in _toc.yml; default: each chapter and the whole book"
    )
    parser.add_argument("--paper", type=str.lower, choices=sorted(PAPERS), default="a4")
    options = parser.parse_args(arguments)
    known = [name for _, name in Book.read().pages()]
    if unknown := set(options.chapters) - set(known):
        parser.error(f"chapters must be among {', '.join(known)}; got {', '.join(sorted(unknown))}")
    with press(options.paper) as machine:
        for name in options.chapters or known:
            target = TARGET / file_of(name)
            _report(target, time.monotonic(), machine.chapter(name, target))
        if not options.chapters:
            target = TARGET / "computer-vision-by-hand.pdf"
            _report(target, time.monotonic(), machine.whole(target))


def _report(target: Path, start: float, pages: int) -> None:
    print(f"{target.relative_to(ROOT)}: {pages} pages in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
