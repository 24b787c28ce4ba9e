"""What the chapters say about themselves, read from the notebooks and shown where a reader looks for it.

- ``{chapter-map}`` draws which chapter builds on which: what a chapter builds on are the links in its line
  "Before this:".
- ``{coverage}`` is a table of the coursework: every problem, and the section whose heading names it and offers it for
  practice. Its content names the problems whose chapter is still to come, ``Detection: A29 A30``; any other problem
  without a section is an error.
- The paragraph that states a chapter's minutes, and what to read before it, gets the class ``plan``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

import arc_map
import nbformat
import yaml
from docutils import nodes
from mdit_py_plugins.anchors.index import slugify
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import byhand

ROOT = Path(__file__).parent.parent
WORDS_A_MINUTE = 180  # mathematics is read more slowly than a novel
MINUTES_A_CELL = 1 / 3
MINUTES_AN_EXPLORER = 2
MINUTES = r"About (\d+) minutes to read and play"
STATED = re.compile(rf"\*\*{MINUTES}\*\*")
ROW = re.compile(r"\b[A-D]\d{1,2}[a-d]?\b")


class Chapter:
    """A notebook of the book, and what can be read off it."""

    def __init__(self, file: str, part: str = "", root: Path = ROOT) -> None:
        """``file`` is its name in ``_toc.yml``, without a suffix."""
        self.file, self.part = file, part
        self.cells = nbformat.read(root / f"{file}.ipynb", as_version=4).cells

    @cached_property
    def text(self) -> str:
        """The prose, without fenced blocks."""
        prose = "\n\n".join(cell.source for cell in self.cells if cell.cell_type == "markdown")
        return re.sub(r"^```.*?^```", "", prose, flags=re.DOTALL | re.MULTILINE)

    @cached_property
    def headings(self) -> list[str]:
        """All headings, the title first."""
        return re.findall(r"^#{1,4} (.*\S)", self.text, re.MULTILINE)

    @property
    def title(self) -> str:
        """The heading of the page."""
        return self.headings[0]

    @property
    def minutes(self) -> int:
        """The minutes that the chapter states."""
        if (stated := STATED.search(self.text)) is None:
            raise ValueError(f"{self.file} must state its minutes as **About 40 minutes to read and play**")
        return int(stated[1])

    @property
    def counted_minutes(self) -> int:
        """The minutes that its words, cells and explorers take, in steps of five."""
        words = sum(len(cell.source.split()) for cell in self.cells if cell.cell_type == "markdown")
        code = sum(cell.cell_type == "code" for cell in self.cells)
        explorers = sum(name == "explore" for name, _ in self._calls())
        minutes = words / WORDS_A_MINUTE + code * MINUTES_A_CELL + explorers * MINUTES_AN_EXPLORER
        return 5 * round(minutes / 5)

    @property
    def builds_on(self) -> list[str]:
        """The chapters to read before this one: the links after "Before this:"."""
        line = re.search(r"Before this:(.*?)(?:After this:|\n\s*\n|\Z)", self.text, re.DOTALL)
        names = re.findall(r"\]\(([\w/]+)\.ipynb\)", line[1]) if line else []
        return [str(Path(self.file).parent / name) for name in names]

    @cached_property
    def practised(self) -> set[str]:
        """The problems that it offers for practice, or plays."""
        calls = [first for name, first in self._calls() if name in ("practise", "play")]
        return {problem.split("/")[0] for problem in calls if isinstance(problem, str)}

    def lessons(self) -> Iterator[tuple[str, str]]:
        """Yield (problem, heading) for each heading that names a problem which the chapter offers for practice."""
        for heading in self.headings:
            yield from ((row, heading) for row in ROW.findall(heading) if row in self.practised)

    def _calls(self) -> Iterator[tuple[str, object]]:
        """Yield the name and the first argument, if constant, of every call of a plain name."""
        for cell in self.cells:
            for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield node.func.id, getattr(node.args[0], "value", None) if node.args else None


def chapters(root: Path = ROOT) -> list[Chapter]:
    """Return the chapters in the order of ``_toc.yml``: the notebooks that lie in ``chapters/`` itself."""
    parts = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    return [
        Chapter(entry["file"], part["caption"], root)
        for part in parts
        for entry in part["chapters"]
        if re.fullmatch(r"chapters/\w+", entry["file"]) and (root / f"{entry['file']}.ipynb").is_file()
    ]


def coverage(book: Iterable[Chapter], to_come: dict[str, str]) -> dict[str, list[tuple[Chapter, str]]]:
    """Return the sections that teach each problem of the bank.

    Raises
    ------
    ValueError
        If a problem has neither a section nor a chapter to come, or both, save for a heading that says "in part".
    """
    found: dict[str, list[tuple[Chapter, str]]] = {row: [] for row in byhand.ids()}
    for chapter in book:
        for row, heading in chapter.lessons():
            found[row].append((chapter, heading))
    whole = {row for row, places in found.items() if any("in part" not in heading for _, heading in places)}
    if unknown := set(to_come) - set(found):
        raise ValueError(f"there are no problems {sorted(unknown)}")
    if missing := set(found) - whole - set(to_come):
        raise ValueError(f"no section teaches and practises {sorted(missing)}, and no chapter is to come")
    if twice := whole & set(to_come):
        raise ValueError(f"{sorted(twice)} are taught, so their chapter is not still to come")
    return found


def named_to_come(lines: Iterable[str]) -> dict[str, str]:
    """Return problem -> chapter from lines such as ``Detection: A29 A30``."""
    split = (line.partition(":") for line in lines if line.strip())
    return {row: chapter.strip() for chapter, _, rows in split for row in rows.split()}


class ChapterDirective(SphinxDirective):
    """A directive whose result depends on all notebooks, so its page is read anew whenever one changes."""

    def run(self) -> list[nodes.Node]:
        """Return what ``markdown`` says, parsed, after what ``picture`` draws."""
        book = chapters()
        for chapter in book:
            self.env.note_dependency(str(ROOT / f"{chapter.file}.ipynb"))
        try:
            return [*self.picture(book), *self.parse_text_to_nodes("\n".join(self.markdown(book)))]
        except ValueError as error:
            raise self.error(str(error)) from error

    def picture(self, book: list[Chapter]) -> list[nodes.Node]:
        """Return a drawing to stand above the text, if any."""
        return []

    def markdown(self, book: list[Chapter]) -> Iterator[str]:
        """Yield the lines of the page."""
        raise NotImplementedError(f"{type(self).__name__} does not define markdown")

    def link(self, chapter: Chapter, heading: str = "") -> str:
        """Return a link to a chapter or to a section of it, relative to the page that holds the directive."""
        up = "../" * self.env.docname.count("/")
        anchor = f"#{slugify(heading)}" if heading else ""
        return f"[{re.sub(r'[*_`]', '', heading or chapter.title)}]({up}{chapter.file}.ipynb{anchor})"


class MapDirective(ChapterDirective):
    """Which chapter builds on which: arcs from chapter to chapter, and the same as a table."""

    def picture(self, book: list[Chapter]) -> list[nodes.Node]:
        """Return the arcs as an SVG whose titles are links."""
        files = [chapter.file for chapter in book]
        address = partial(self.env.app.builder.get_relative_uri, self.env.docname)
        stops = [
            arc_map.Stop(
                chapter.title,
                address(chapter.file),
                chapter.part,
                [files.index(f) for f in chapter.builds_on],
            )
            for chapter in book
        ]
        return [nodes.raw("", f'<figure class="plate">{arc_map.draw(stops)}</figure>', format="html")]

    def markdown(self, book: list[Chapter]) -> Iterator[str]:
        """Yield the table."""
        titles = {chapter.file: chapter for chapter in book}
        yield "| chapter | builds on |"
        yield "|---|---|"
        for chapter in book:
            before = ", ".join(self.link(titles[file]) for file in chapter.builds_on)
            yield f"| {self.link(chapter)}, {chapter.minutes} minutes | {before or 'nothing in this book'} |"


class CoverageDirective(ChapterDirective):
    """Every problem of the coursework, and where the book teaches it."""

    has_content = True
    option_spec: ClassVar = {}

    def markdown(self, book: list[Chapter]) -> Iterator[str]:
        """Yield the table."""
        to_come = named_to_come(self.content)
        yield "| problem | taught in |"
        yield "|---|---|"
        for row, places in coverage(book, to_come).items():
            cells = [self.link(chapter, heading) for chapter, heading in places]
            cells += [f"*to come: {to_come[row]}*"] if row in to_come else []
            yield f"| {{problem-link}}`{row}` | {' · '.join(cells)} |"


def mark_plan(app: Sphinx, document: nodes.document) -> None:
    """Let the style sheet know the paragraph that says how long the chapter takes and what it builds on."""
    for paragraph in document.findall(nodes.paragraph):
        if re.match(MINUTES, paragraph.astext()):
            paragraph["classes"].append("plan")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("doctree-read", mark_plan)
    app.add_directive("chapter-map", MapDirective)
    app.add_directive("coverage", CoverageDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
