"""A chapter and a small book on paper, read back from the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pdf  # tools/pdf.py
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from site_server import SITE  # tools/site_server.py

CHAPTER = "chapters/network_sizes"
SMALL = {"Start": ["chapters/start/glossary"], "Convolutional networks": [CHAPTER]}


class Printed(NamedTuple):
    """What a file holds."""

    path: Path
    reader: PdfReader
    texts: list[str]  # of each page

    @classmethod
    def read(cls, path: Path) -> Printed:
        reader = PdfReader(path)
        return cls(path, reader, [page.extract_text() for page in reader.pages])

    @property
    def text(self) -> str:
        """All of it, with single spaces."""
        return " ".join(" ".join(self.texts).replace("ﬁ", "fi").replace("ﬂ", "fl").split())

    @property
    def bookmarks(self) -> list[str]:
        """Their titles, in order."""

        def titles(entries: list) -> Iterator[str]:
            for entry in entries:
                yield from titles(entry) if isinstance(entry, list) else [entry.title]

        return list(titles(self.reader.outline))

    def addresses(self) -> set[str]:
        """Where its links lead outside."""
        links = (link.get_object() for page in self.reader.pages for link in page.get("/Annots", ()))
        return {link["/A"]["/URI"] for link in links if "/A" in link}

    def places(self) -> set[str]:
        """Where its links lead inside."""
        links = (link.get_object() for page in self.reader.pages for link in page.get("/Annots", ()))
        return {str(link["/Dest"]) for link in links if "/Dest" in link}

    def tags(self) -> list[dict]:
        """Every tag of the file."""
        return parts(self.reader.trailer["/Root"]["/StructTreeRoot"]["/K"])


def parts(tag: dict) -> list[dict]:
    """Return a tag and all below it."""
    found, waiting = [], [tag]
    while waiting:
        thing = waiting.pop().get_object()
        if isinstance(thing, list):
            waiting += thing
        elif isinstance(thing, dict):
            found.append(thing)
            waiting += [thing["/K"]] if "/K" in thing else []
    return found


def moved(outer: list[float], inner: list[float]) -> tuple[float, float]:
    """Return where a piece of text begins on its page."""
    x, y = inner[4:]
    return outer[0] * x + outer[2] * y + outer[4], outer[1] * x + outer[3] * y + outer[5]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Printed]:
    """Print a book of two chapters; return each file by its name."""
    folder = tmp_path_factory.mktemp("pdf")
    with pdf.press(book=pdf.Book.read()._replace(parts=SMALL)) as machine:
        made = list(machine.whole(folder, folder / "book.pdf"))
    printed = {file.stem: Printed.read(file) for file, _ in made}
    assert [len(printed[file.stem].texts) for file, _ in made] == [pages for _, pages in made]
    return printed


@pytest.fixture(scope="module")
def chapter(files: dict[str, Printed]) -> Printed:
    """Return the chapter's file."""
    return files["network_sizes"]


@pytest.fixture(scope="module")
def source() -> BeautifulSoup:
    """Return the article that it was printed from."""
    page = BeautifulSoup((SITE / f"{CHAPTER}.html").read_text("utf-8"), "html.parser").article
    for unused in page.select(".headerlink, .katex-mathml, script"):
        unused.decompose()
    return page


def words(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())


def test_a_chapter_is_all_there(chapter: Printed, source: BeautifulSoup):
    """Goals, then solutions behind their heading and nowhere else; a bookmark for each heading; author and language."""
    assert 15 <= len(chapter.texts) <= 60
    before, _, behind = chapter.text.partition(" Solutions ")
    assert before.count(words(source.select_one("h1 ~ ul li").get_text())) == 1
    assert "Worked solution" not in before
    assert behind.count("Worked solution") == len(source.select(".problem")) > 5
    references = len(source.select(".problem")) + len(source.select("section:not(.problem) > details"))
    assert before.count("Solution on page") == references
    headings = [words(h.get_text()) for h in source.select(":is(h1, h2, h3, h4):not(details *)")]
    bookmarks = [words(title) for title in chapter.bookmarks]
    assert bookmarks[: len(headings) + 1] == [*headings, "Solutions"]
    assert chapter.reader.metadata.title.startswith(headings[0])
    assert chapter.reader.metadata.author
    assert chapter.reader.trailer["/Root"]["/Lang"] == "en"


def test_what_is_operated_on_a_screen_is_text(chapter: Printed, source: BeautifulSoup):
    """Each explorer says what it is set to, and nothing can be pressed."""
    assert chapter.text.count("Explorer, set to:") == len(source.select("[data-explorer]")) > 0
    first = source.select_one("[data-explorer] input[type=range]")
    name = source.select_one(f"label[for='{first['id']}']").get_text()
    assert f"{name} {first['aria-valuetext']}" in chapter.text
    buttons = " ".join(words(button.get_text()) for button in source.select(".player button")[:2])
    assert buttons == "Previous Next"
    assert buttons not in chapter.text


def test_figures_are_whole_and_described(chapter: Printed, source: BeautifulSoup):
    """Each picture is there once, on one page, with its words; formulas have theirs."""
    figures = [tag for tag in chapter.tags() if tag.get("/S") == "/Figure"]
    described = [tag.get("/Alt") for tag in figures]
    for image in source.select("img"):
        (tag,) = (figure for figure in figures if figure.get("/Alt") == image["alt"])
        pages = {part.raw_get("/Pg").idnum for part in parts(tag) if "/Pg" in part}
        assert len(pages) == 1, image["alt"]
    assert len([words for words in described if words]) >= len(source.select("img")) + len(
        source.select(".katex")
    )


def test_fonts_are_in_the_file_and_text_is_on_the_paper(chapter: Printed):
    """So that it looks the same everywhere; mathematics has its own fonts."""
    names = set()
    for page in chapter.reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            (inner,) = font.get_object().get("/DescendantFonts", [font])
            descriptor = inner.get_object()["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), inner
            names.add(str(descriptor["/FontName"]))
    # a font cut to the letters in use has lost its name by the time it is in the PDF
    assert any("KaTeX" in name or "OTS-derived" in name for name in names)
    positions: list[tuple[float, float]] = []
    for page in chapter.reader.pages[:8]:
        page.extract_text(
            visitor_text=lambda text, cm, tm, *_: text.strip() and positions.append(moved(cm, tm))
        )
    assert len(positions) > 100
    assert all(0 < x < 595 and 0 < y < 842 for x, y in positions)


def test_pages_are_numbered(files: dict[str, Printed]):
    """Each page of a chapter says its number; in the book they run through, behind Roman ones, as in its labels."""
    for name in ("glossary", "network_sizes"):
        numbers = [text.splitlines()[1] for text in files[name].texts]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)], name
    book = files["book"]
    labels = book.reader.page_labels
    assert labels[0] == "i"
    assert labels[-1] == str(len(files["glossary"].texts) + len(files["network_sizes"].texts))
    front = labels.index("1")
    assert [text.splitlines()[1] for text in book.texts[front:]] == labels[front:]
    assert [text.splitlines()[0] for text in book.texts[:front]] == labels[:front]


def test_the_book_is_bound(files: dict[str, Printed]):
    """Contents name the pages, parts hold chapters, links between chapters stay inside, tags are complete."""
    book, glossary, chapter = files["book"], files["glossary"], files["network_sizes"]
    start = len(glossary.texts) + 1
    assert f"{chapter.bookmarks[0]} {start}" in book.text
    where = pdf.page_numbers(chapter.path)
    solutions = start - 1 + where["chapters-network_sizes--solutions"]
    assert f"Solutions {solutions}" in book.text
    assert book.bookmarks[1:] == [
        "Contents",
        "Start",
        *glossary.bookmarks,
        "Convolutional networks",
        *chapter.bookmarks,
    ]
    between = {place for place in book.places() if place.startswith("/chapters-start-glossary--term-")}
    assert between - glossary.places() == set()
    outside = {
        address.partition("#")[2] for address in chapter.addresses() if "start/glossary.html#" in address
    }
    assert {f"/chapters-start-glossary--{place}" for place in outside} <= between
    assert len(outside) > 3
    assert not [
        address for address in book.addresses() if "invalid" in address or "start/glossary.html#" in address
    ]
    assert len(book.tags()) > len(glossary.tags()) + len(chapter.tags())
    root = book.reader.trailer["/Root"]
    owners = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    numbers = [int(page["/StructParents"]) for page in book.reader.pages]
    assert sorted(set(numbers)) == numbers
    assert [int(owners[2 * number]) for number in numbers] == numbers
    assert all("/S" in owner.get_object() for number in numbers for owner in owners[2 * number + 1])
