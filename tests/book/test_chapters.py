"""What the chapters say about themselves: minutes, order of reading, and a section for each problem."""

from __future__ import annotations

from pathlib import Path

import arc_map
import nbformat
import pytest
from book_chapters import Chapter, chapters, coverage, mark_plan, named_to_come
from docutils import nodes
from docutils.utils import new_document
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import byhand

ROOT = Path(__file__).parents[2]
BOOK = chapters()
LONGEST = 45  # minutes


@pytest.mark.parametrize("chapter", BOOK, ids=lambda chapter: chapter.file)
def test_minutes_are_counted(chapter: Chapter):
    """A chapter states the minutes that its words, cells and explorers take, and can be read in one go."""
    assert chapter.minutes == chapter.counted_minutes
    assert chapter.minutes <= LONGEST


def test_the_plan_of_a_chapter_is_marked():
    """The paragraph with the minutes gets a class for the style sheet; one that mentions minutes does not."""
    document = new_document("chapter")
    for text in ("About 40 minutes to read and play, and more.", "It trains for about 40 minutes."):
        document += nodes.paragraph("", "", nodes.strong("", text))
    mark_plan(None, document)
    assert [paragraph["classes"] for paragraph in document] == [["plan"], []]


def test_every_problem_is_taught_or_announced():
    """The page on coverage lists what is still to come; everything else has a section that offers it for practice."""
    page = (ROOT / "chapters/start/coverage.md").read_text(encoding="utf-8")
    to_come = named_to_come(page.partition("```{coverage}\n")[2].partition("```")[0].splitlines())
    assert len(coverage(BOOK, to_come)) == len(byhand.ids()) == 79


def test_chapters_build_on_earlier_ones():
    """The order of the table of contents is an order in which they can be read, and no chapter stands alone."""
    files = [chapter.file for chapter in BOOK]
    for place, chapter in enumerate(BOOK):
        assert set(chapter.builds_on) <= set(files[:place]), chapter.file
        assert chapter.builds_on or place == 0 or "Before this:" in chapter.text, chapter.file


def write(folder: Path, *cells: str) -> Chapter:
    """Return a chapter of these cells; those that start with ``>`` are code."""
    made = [new_code_cell(text[1:]) if text.startswith(">") else new_markdown_cell(text) for text in cells]
    (folder / "chapters").mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=made), folder / "chapters/one.ipynb")
    return Chapter("chapters/one", "Part", folder)


def test_a_chapter_is_read(tmp_path: Path):
    """Title, minutes, links, sections and problems, from the smallest notebook that has them."""
    chapter = write(
        tmp_path,
        "# One\n\n**About 10 minutes to read and play**, or more.\n\nBefore this: [two](two.ipynb) and\n"
        "[three](three.ipynb). After this: [four](four.ipynb).",
        "## Sums (A1, B2)\n\n```text\n## not a heading (A3)\n```",
        '>practise("A1")\nplay("B2/7")\nexplore(f, n=[1, 2])',
        "### Named, not offered (C1a)",
    )
    assert (chapter.title, chapter.minutes) == ("One", 10)
    assert chapter.builds_on == ["chapters/two", "chapters/three"]
    assert list(chapter.lessons()) == [("A1", "Sums (A1, B2)"), ("B2", "Sums (A1, B2)")]


def test_minutes_grow_with_words_cells_and_explorers(tmp_path: Path):
    """180 words a minute, three cells a minute, two minutes for each explorer; in steps of five."""
    assert write(tmp_path, "# One", "word " * 1798).counted_minutes == 10
    assert write(tmp_path, "# One", *[">x = 1"] * 30).counted_minutes == 10
    assert write(tmp_path, "# One", *[">explore(f)"] * 5).counted_minutes == 10
    with pytest.raises(ValueError, match="must state its minutes"):
        _ = write(tmp_path, "# One").minutes


def test_coverage_finds_gaps(tmp_path: Path):
    """A problem without a section, one that is announced although it is taught, and a slip of the pen are errors."""
    rows = byhand.ids()
    whole = write(
        tmp_path, "# All", "## These " + " ".join(rows), ">" + "\n".join(f"practise({r!r})" for r in rows)
    )
    assert coverage([whole], {})["A1"][0][1].startswith("These")
    with pytest.raises(ValueError, match=r"A1.*not still to come"):
        coverage([whole], {"A1": "Later"})
    most = write(
        tmp_path, "# All", "## These " + " ".join(rows[1:]), ">" + "\n".join(f"play({r!r})" for r in rows)
    )
    with pytest.raises(ValueError, match=rf"no section teaches and practises \['{rows[0]}'\]"):
        coverage([most], {})
    with pytest.raises(ValueError, match=r"no problems \['Z9'\]"):
        coverage([most], {"Z9": "Later"})
    part = write(tmp_path, "# All", "## Half (A42, in part)", '>practise("A42")')
    assert coverage([part], dict.fromkeys(rows, "Later"))["A42"]


def test_named_to_come():
    assert named_to_come(["Detection: A29 A30", "", "Sequences: A40"]) == {
        "A29": "Detection",
        "A30": "Detection",
        "A40": "Sequences",
    }


def test_the_map_links_every_chapter_and_refuses_circles():
    """An arc for each pair; a chapter that builds on a later one is an error."""
    stops = [
        arc_map.Stop("One & two", "one.html", "Part", []),
        arc_map.Stop("Next", "next.html", "Part", [0]),
    ]
    drawn = arc_map.draw(stops)
    assert drawn.count('class="arc"') == 1
    assert "One &amp; two" in drawn
    assert 'href="next.html"' in drawn
    long = arc_map.draw([stops[0]._replace(title="A title that is much too long for one line of a phone")])
    assert long.count("<tspan") == 2
    with pytest.raises(ValueError, match="'One & two' must build on earlier chapters, got 'Next'"):
        arc_map.draw([stops[0]._replace(builds_on=[1]), stops[1]])
