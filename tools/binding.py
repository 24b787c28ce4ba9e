"""Bind printed chapters into one PDF: pages, links, places, bookmarks, tags for screen readers, and page labels.

The browser prints a chapter well, but not a thousand pages at once. A link from one chapter to another leaves it as an
address that begins with ``ELSEWHERE``, and finds its place here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    Fit,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

ELSEWHERE = "https://elsewhere.invalid/#"
# Names that need to be unique in a file only serve to find the headers of a cell, which have a scope anyway.
LEFT_BEHIND = {"/Parent", "/ID", "/Headers"}


class Piece(NamedTuple):
    """A printed file, and the part of the book that it belongs to, if any."""

    path: Path
    part: str = ""


class Copier:
    """Copies objects of one file, and all that they refer to, into a writer."""

    def __init__(self, reader: PdfReader, writer: PdfWriter) -> None:
        self.reader, self.writer = reader, writer
        self.copies: dict[int, IndirectObject] = {}
        self.waiting: list[tuple[int, IndirectObject]] = []

    def copy(self, thing: PdfObject) -> PdfObject:
        """Return a copy whose references lead to copies; those are made one after another, not one inside another."""
        copied = self._moved(thing)
        while self.waiting:
            number, place = self.waiting.pop()
            self.writer._replace_object(place, self._moved(self.reader.get_object(number)))
        return copied

    def _moved(self, thing: PdfObject) -> PdfObject:
        if isinstance(thing, IndirectObject):
            if thing.idnum not in self.copies:
                self.copies[thing.idnum] = self.writer._add_object(NullObject())
                self.waiting.append((thing.idnum, self.copies[thing.idnum]))
            return self.copies[thing.idnum]
        if isinstance(thing, ArrayObject):
            return ArrayObject(self._moved(item) for item in thing)
        if not isinstance(thing, DictionaryObject):
            return thing
        moved = type(thing)()
        if isinstance(thing, StreamObject):
            moved._data = thing._data
        for key in thing.keys() - LEFT_BEHIND:
            moved[NameObject(key)] = self._moved(thing.raw_get(key))
        return moved


class Binder:
    """Puts pieces one behind the other into one file."""

    def __init__(self) -> None:
        self.writer = PdfWriter()
        self.pages = ArrayObject()  # references to them
        self.places = DictionaryObject()  # name -> page and position
        self.tags = ArrayObject()  # one tree for each piece
        self.owners = ArrayObject()  # number, tag, number, tag: to whom what is on the pages belongs
        self.part, self.bookmark = "", None

    def add(self, piece: Piece) -> int:
        """Add a piece; return its number of pages."""
        reader = PdfReader(piece.path)
        catalog, copier = reader.trailer["/Root"], Copier(reader, self.writer)
        pages = [copier.copy(page.indirect_reference) for page in reader.pages]
        for page in pages:
            self._take_over(page.get_object())
        tree = catalog["/StructTreeRoot"]
        self.tags.append(copier.copy(tree.raw_get("/K")))
        for tag in copier.copy(tree["/ParentTree"]["/Nums"])[1::2]:
            self.owners += [NumberObject(len(self.owners) // 2), tag]
        self.places.update(copier.copy(catalog.get("/Dests", DictionaryObject())))
        self.pages += pages
        if piece.part != self.part:
            self.part = piece.part
            self.bookmark = self.writer.add_outline_item(title=piece.part, page_number=pages[0])
        numbers = {
            page.indirect_reference.idnum: copy for page, copy in zip(reader.pages, pages, strict=True)
        }
        self._add_bookmarks(reader.outline, numbers, self.bookmark)
        return len(pages)

    def _take_over(self, page: DictionaryObject) -> None:
        """Give a page its new parent; it and its links find their tags behind those of the pieces before."""
        page[NameObject("/Parent")] = self.writer._pages
        links = ((link.get_object(), "/StructParent") for link in page.get("/Annots", ()))
        for thing, key in [(page, "/StructParents"), *links]:
            if key in thing:
                thing[NameObject(key)] = NumberObject(thing[key] + len(self.owners) // 2)

    def _add_bookmarks(
        self, entries: list, pages: dict[int, IndirectObject], above: IndirectObject | None
    ) -> None:
        """Add the bookmarks of a piece; a list in the list stands below the entry before it."""
        last = above
        for entry in entries:
            if isinstance(entry, list):
                self._add_bookmarks(entry, pages, last)
            else:
                place = Fit.xyz(entry.left, entry.top)
                page = pages[entry.page.idnum]
                last = self.writer.add_outline_item(
                    title=entry.title, page_number=page, parent=above, fit=place, is_open=False
                )

    def _lead_elsewhere(self) -> None:
        """Turn the addresses of places in other chapters into links inside the file."""
        for link in (
            link.get_object() for page in self.pages for link in page.get_object().get("/Annots", ())
        ):
            address = link.get("/A", {}).get("/URI", "")
            if address.startswith(ELSEWHERE):
                name = NameObject(f"/{address.removeprefix(ELSEWHERE)}")
                if name not in self.places:
                    raise ValueError(f"links must lead to a place in the book, got {name}")
                del link["/A"]
                link[NameObject("/Dest")] = name

    def write(self, target: Path, front: int, metadata: dict[str, str]) -> None:
        """Write the file, its first ``front`` pages numbered in Roman."""
        self._lead_elsewhere()
        self.writer._pages.get_object().update(named(Kids=self.pages, Count=NumberObject(len(self.pages))))
        span = NameObject("/Span")  # what the browser calls its tags that readers of older files do not know
        root = self.writer._add_object(
            named(Type=NameObject("/StructTreeRoot"), RoleMap=named(Em=span, Strong=span))
        )
        book = self.writer._add_object(
            named(Type=NameObject("/StructElem"), S=NameObject("/Document"), K=self.tags, P=root)
        )
        for tag in self.tags:
            tag.get_object().update(named(S=NameObject("/Part"), P=book))
        root.get_object().update(
            named(
                K=book,
                ParentTree=named(Nums=self.owners),
                ParentTreeNextKey=NumberObject(len(self.owners) // 2),
            )
        )
        roman, decimal = (named(S=NameObject(style)) for style in ("/r", "/D"))
        labels = named(Nums=ArrayObject([NumberObject(0), roman, NumberObject(front), decimal]))
        self.writer._root_object.update(
            named(
                Dests=self.writer._add_object(self.places),
                StructTreeRoot=root,
                PageLabels=labels,
                MarkInfo=named(Marked=BooleanObject(True)),
                ViewerPreferences=named(DisplayDocTitle=BooleanObject(True)),
                Lang=TextStringObject("en"),
            )
        )
        self.writer.add_metadata(metadata)
        self.writer.pdf_header = "%PDF-1.7"
        self.writer.write(target)


def named(**values: PdfObject) -> DictionaryObject:
    """Return a dictionary of PDF."""
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in values.items()})


def bind(front: Path, chapters: Sequence[Piece], target: Path, metadata: dict[str, str]) -> int:
    """Write one file of all pieces; return its number of pages.

    Raises
    ------
    ValueError
        If a link leads to a place that no piece has.
    """
    binder = Binder()
    roman = binder.add(Piece(front))
    for piece in chapters:
        binder.add(piece)
    binder.write(target, roman, metadata)
    return len(binder.pages)
