"""What the printed book says about itself, before a browser prints it."""

from __future__ import annotations

from pathlib import Path

import pdf  # tools/pdf.py
import pytest
from pypdf import PdfWriter


def test_the_book_has_every_chapter_once_and_no_reference():
    """In the order of the table of contents, pages below a chapter included."""
    book = pdf.Book.read()
    names = [name for _, name in book.pages()]
    assert names[0] == "chapters/start/run_it_yourself"
    assert len(names) == len(set(names))
    assert names.index("chapters/practice/index") + 1 == names.index("chapters/practice/linear_models")
    assert not [name for name in names if name.startswith("reference/")]
    assert ("Convolutional networks", "chapters/convolution") in book.pages()
    files = [pdf.file_of(name) for name in names]
    assert len(set(files)) == len(files)
    assert Path("practice/softmax.pdf") in files


def test_style_has_the_size_of_the_paper():
    """A4 and the American one, in millimetres."""
    assert pdf.style("a4").startswith("@page { size: 210mm 297mm;")
    assert pdf.style("letter").startswith("@page { size: 215.9mm 279.4mm;")
    with pytest.raises(KeyError):
        pdf.style("a5")


def test_a_file_says_what_it_is(tmp_path: Path):
    """Title, author, and the bookmarks with the titles of the headings, in the order of reading."""
    path = tmp_path / "book.pdf"
    writer = PdfWriter()
    for _ in range(3):
        writer.add_blank_page(200, 200)
    chapter = writer.add_outline_item(title="Chap ter", page_number=0)
    writer.add_outline_item(title="Section", page_number=1, parent=chapter)
    writer.add_outline_item(title="NextNext", page_number=2)
    writer.write(path)
    assert pdf.describe(path, "A title", "An author", ["Chapter", "Section", "Next"]) == 3
    reader = pdf.PdfReader(path)
    assert (reader.metadata.title, reader.metadata.author) == ("A title", "An author")
    first, (second,), third = reader.outline
    assert [entry.title for entry in (first, second, third)] == ["Chapter", "Section", "Next"]
    with pytest.raises(ValueError, match=r"each of 2 headings, got 3"):
        pdf.describe(path, "A title", "An author", ["Chapter", "Section"])


@pytest.mark.parametrize("names", [["chapters/nothing"], ["reference/convolution"]])
def test_unknown_chapters_are_named(names: list[str], capsys: pytest.CaptureFixture[str]):
    """Together with those there are."""
    with pytest.raises(SystemExit):
        pdf.main(names)
    message = capsys.readouterr().err
    assert "chapters/convolution" in message
    assert f"got {names[0]}" in message
