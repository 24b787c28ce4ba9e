"""Print the book: each chapter, and all of it in one file, through the browser that also tests the site.

    python tools/pdf.py                       # everything, into _build/pdf
    python tools/pdf.py --paper letter        # on 8.5 x 11 inches instead of A4
    python tools/pdf.py chapters/convolution  # one chapter

The built site is the source; ``tools/paper.js`` makes a chapter of a page. The browser prints each chapter three times,
because only what is printed knows on which page things stand: to find out, then with its own numbers of pages, then
with those of the whole book, which ``tools/binding.py`` binds. The API reference, which nobody reads from front to
back, stays on the site; links to it, and to everything else that is not in the file, lead there.
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
from tempfile import TemporaryDirectory
from typing import NamedTuple

import browser as browsers  # tools/browser.py
import yaml
from binding import Piece, bind  # tools/binding.py
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from site_server import ROOT, SITE, serving  # tools/site_server.py

TOOLS = Path(__file__).parent
TARGET = ROOT / "_build" / "pdf"
STAYS_ON_THE_SITE = {"Reference"}  # the part of the book that is not printed
LICENCE = "Prose and figures: CC BY 4.0. Code: BSD 3-Clause License."
PAPERS = {"a4": (210, 297), "letter": (215.9, 279.4)}  # width and height in millimetres
MARGIN = 18  # millimetres
PIXELS_A_MILLIMETRE = 96 / 25.4
PATIENCE = 900_000  # milliseconds for one step of the browser
HTML = "text/html; charset=utf-8"
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

    def part_of(self, name: str) -> str:
        """Return the part that a page belongs to."""
        return next(part for part, names in self.parts.items() if name in names)

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
        self.in_book = {self._address(name): name for _, name in book.pages()}

    def chapter(self, name: str, target: Path) -> int:
        """Print one page of the site; return how many pages of paper it takes."""
        with self._empty_page() as page:
            self._typeset(page, name)
            return self._print_numbered(page, target)

    def whole(self, folder: Path, target: Path) -> Iterator[tuple[Path, int]]:
        """Print each chapter into a folder, and then the whole book; yield each file and its number of pages."""
        lines, pieces, start = [], [], 0
        with TemporaryDirectory() as temporary:
            for part, name in self.book.pages():
                file, piece = folder / file_of(name), Piece(Path(temporary, f"{len(pieces)}.pdf"), part)
                with self._empty_page() as page:
                    line = self._typeset(page, name)
                    pages = self._print_numbered(page, file)
                    places = page_numbers(file)
                    page.evaluate("([places, start]) => numberPages(places, start, true)", [places, start])
                    _print(page, piece.path)
                    self._describe(page, piece.path)
                for entry in (line, *line["sections"]):
                    entry["page"] = places[entry["place"]] + start
                lines.append(line)
                pieces.append(piece)
                start += pages
                yield file, pages
            front = Path(temporary, "front.pdf")
            self._print_front(lines, front)
            metadata = {"/Title": self.book.title, "/Author": self.book.author}
            yield target, bind(front, pieces, target, metadata)

    def _address(self, name: str) -> str:
        return f"{self.site}{name}.html"

    def _typeset(self, page: Page, name: str) -> dict:
        """Make a page of the site ready for paper; return its line of the contents."""
        source = {"part": self.book.part_of(name), "docname": name, "address": self._address(name)}
        return page.evaluate("([source, inBook]) => chapter(source, inBook)", [source, self.in_book])

    def _print_numbered(self, page: Page, target: Path) -> int:
        """Print a chapter twice: to find out which place is on which page, and with these numbers."""
        target.parent.mkdir(parents=True, exist_ok=True)
        _print(page, target)
        page.evaluate("places => numberPages(places, 0, false)", page_numbers(target))
        _print(page, target)
        return self._describe(page, target)

    def _describe(self, page: Page, target: Path) -> int:
        return describe(target, page.title(), self.book.author, page.evaluate("headingTexts()"))

    def _print_front(self, lines: list[dict], target: Path) -> None:
        """Print the title page and the contents."""
        book = self.book
        facts = {"title": book.title, "author": book.author, "version": book.version, "licence": LICENCE}
        with self._empty_page() as page:
            page.add_style_tag(content="@page { @bottom-center { content: counter(page, lower-roman); } }")
            model = self._address(book.pages()[0][1])
            page.evaluate("([book, lines, model]) => front(book, lines, model)", [facts, lines, model])
            _print(page, target)
            self._describe(page, target)

    @contextmanager
    def _empty_page(self) -> Iterator[Page]:
        """Yield a page of the site with nothing on it, as wide as the text on paper."""
        width = int((PAPERS[self.paper][0] - 2 * MARGIN) * PIXELS_A_MILLIMETRE)
        screen = {"width": width, "height": 1000}
        empty = EMPTY_PAGE.format(title=escape(self.book.title))
        with self.browser.new_context(viewport=screen, color_scheme="light", bypass_csp=True) as context:
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.route("**/paper.html", lambda route: route.fulfill(body=empty, content_type=HTML))
            page.goto(f"{self.site}paper.html")
            page.emulate_media(media="print")
            page.add_script_tag(content=(TOOLS / "paper.js").read_text("utf-8"))
            page.add_style_tag(content=style(self.paper))
            yield page


def _print(page: Page, target: Path) -> None:
    page.pdf(path=target, prefer_css_page_size=True, print_background=True, tagged=True, outline=True)


@contextmanager
def press(paper: str = "a4", book: Book | None = None) -> Iterator[Press]:
    """Yield a press for the built site, and the whole book or some of it."""
    if not (SITE / "index.html").is_file():
        raise FileNotFoundError(f"the site must be built first (make book), found no index.html in {SITE}")
    if (path := browsers.find()) is None:
        raise RuntimeError("no browser found: run `python tools/browser.py`, which installs one or says how")
    with serving() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browsers.QUIET)
        yield Press(chromium, address, book or Book.read(), paper)
        chromium.close()


def describe(path: Path, title: str, author: str, headings: Sequence[str]) -> int:
    """Write into the file what it is, who wrote it, and the titles of its bookmarks; return its number of pages.

    Raises
    ------
    ValueError
        If there are not as many bookmarks as headings.
    """
    writer = PdfWriter(path, incremental=True)
    writer.add_metadata({"/Title": title, "/Author": author})
    bookmarks = list(_bookmarks(writer.root_object["/Outlines"]))
    if len(bookmarks) != len(headings):
        raise ValueError(
            f"{path.name} must have a bookmark for each of {len(headings)} headings, got {len(bookmarks)}"
        )
    for bookmark, heading in zip(bookmarks, headings, strict=True):
        bookmark[NameObject("/Title")] = TextStringObject(heading)
    writer.write(path)
    return len(writer.pages)


def _bookmarks(above: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield the bookmarks below one, in the order of reading."""
    here = above.get("/First")
    while here is not None:
        yield here.get_object()
        yield from _bookmarks(here.get_object())
        here = here.get_object().get("/Next")


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
    start = time.monotonic()
    with press(options.paper) as machine:
        named = ((TARGET / file_of(name), name) for name in options.chapters)
        files = ((file, machine.chapter(name, file)) for file, name in named)
        if not options.chapters:
            files = machine.whole(TARGET, TARGET / "computer-vision-by-hand.pdf")
        for file, pages in files:
            print(f"{time.monotonic() - start:4.0f} s  {file.relative_to(ROOT)}: {pages} pages", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
