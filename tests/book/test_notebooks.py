"""How notebooks are written: the conventions of CONTRIBUTING.md, and proof that each of them is enforced."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from refresh import notebooks  # tools/refresh.py

MOST_LINES = 15
NETWORK_MODULES = {"urllib", "requests", "http", "socket", "ftplib", "httpx", "aiohttp"}
Rule = Callable[[NotebookNode], Iterator[str]]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def calls(cell: NotebookNode, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of the named functions in a cell."""
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) in names:
            yield node


def outputs_are_text(notebook: NotebookNode) -> Iterator[str]:
    """Stored outputs hold text alone: no pictures, no widgets, no HTML, no error streams."""
    if set(notebook.metadata) - {"kernelspec", "language_info"}:
        yield f"metadata beyond the kernel's name: {sorted(notebook.metadata)}"
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"an error or a warning is stored: {output}"
            if set(output.get("data", {"text/plain": ""})) != {"text/plain"}:
                yield f"an output that is not text: {sorted(output.data)}"


def outputs_are_from_one_run(notebook: NotebookNode) -> Iterator[str]:
    """Every code cell ran, once, from top to bottom; nbval then checks that the outputs are today's."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"cells ran in the order {counts}: run make refresh"


def cells_are_short(notebook: NotebookNode) -> Iterator[str]:
    """A code cell has one idea and at most 15 lines."""
    for cell in code_cells(notebook):
        if len(cell.source.splitlines()) > MOST_LINES:
            yield f"{len(cell.source.splitlines())} lines in the cell that starts {cell.source[:60]!r}"


def prose_between_code(notebook: NotebookNode) -> Iterator[str]:
    """No two code cells follow each other without a word between them."""
    for before, after in pairwise(notebook.cells):
        if before.cell_type == after.cell_type == "code":
            yield f"no prose before {after.source[:60]!r}"


def figures_have_words(notebook: NotebookNode) -> Iterator[str]:
    """Every figure is shown by ``show`` or ``explore`` with alternative text; no figure reaches the page without."""
    for cell in code_cells(notebook):
        for call in calls(cell, "show", "explore"):
            alt = next((keyword.value for keyword in call.keywords if keyword.arg == "alt"), None)
            if getattr(call.func, "value", None) is not None:
                yield f"pyplot's show has no alternative text; use cvlib.viz.show: {ast.unparse(call)[:80]}"
            elif alt is None or (isinstance(alt, ast.Constant) and not str(alt.value).strip()):
                yield f"no alternative text: {ast.unparse(call)[:80]}"
        if any("<Figure size" in str(output) for output in cell.outputs):
            yield f"a figure without alternative text from {cell.source[:60]!r}"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]+\")", cell.source):
            yield f"an image without alternative text in {cell.source[:60]!r}"


def no_network(notebook: NotebookNode) -> Iterator[str]:
    """Nothing is downloaded: no network modules, no shell, no addresses in code."""
    for cell in code_cells(notebook):
        if re.search(r"^\s*[!%]", cell.source, re.MULTILINE):
            yield f"a shell or magic command: {cell.source[:60]!r}"
            continue
        for node in ast.walk(ast.parse(cell.source)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if NETWORK_MODULES & {module.split(".")[0] for module in modules}:
                yield f"a network module is imported: {ast.unparse(node)}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value:
                yield f"an address in code: {node.value!r}"


def no_trailing_semicolon(notebook: NotebookNode) -> Iterator[str]:
    """Output is not hidden by a semicolon, which only some front ends honour."""
    for cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            yield f"a trailing semicolon: {cell.source.rstrip()[-60:]!r}"


def one_title(notebook: NotebookNode) -> Iterator[str]:
    """One title, at the top, and no jump from one heading level past the next."""
    text = "\n".join(
        re.sub(r"```.*?```", "", c.source, flags=re.S) for c in notebook.cells if c.cell_type == "markdown"
    )
    levels = [len(found) for found in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield f"headings must start with one title, got levels {levels}"
    yield from (f"a heading jumps from level {a} to {b}" for a, b in pairwise(levels) if b > a + 1)


RULES: list[Rule] = [
    outputs_are_text,
    outputs_are_from_one_run,
    cells_are_short,
    prose_between_code,
    figures_have_words,
    no_network,
    no_trailing_semicolon,
    one_title,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_notebook_keeps_the_conventions(path: Path, rule: Rule):
    """Each notebook of the book keeps each rule."""
    assert list(rule(nbformat.read(path, as_version=4))) == []


def cell(source: str, count: int = 1, *outputs: NotebookNode) -> NotebookNode:
    return new_code_cell(source, execution_count=count, outputs=list(outputs))


def notebook(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell("# Title"), *cells])


BREACHES = {
    "picture": (
        outputs_are_text,
        notebook(cell("f()", 1, new_output("display_data", {"image/png": "AAAA"}))),
    ),
    "stderr": (
        outputs_are_text,
        notebook(cell("f()", 1, new_output("stream", name="stderr", text="careful"))),
    ),
    "not run": (outputs_are_from_one_run, notebook(cell("1", None))),
    "out of order": (
        outputs_are_from_one_run,
        notebook(cell("1", 2), new_markdown_cell("and"), cell("2", 1)),
    ),
    "long": (cells_are_short, notebook(cell("x = 1\n" * 16))),
    "no prose": (prose_between_code, notebook(cell("1"), cell("2", 2))),
    "no alt": (figures_have_words, notebook(cell("show(figure)"))),
    "empty alt": (figures_have_words, notebook(cell("show(figure, alt='')"))),
    "explorer without alt": (figures_have_words, notebook(cell("explore(draw, n=[1, 2])"))),
    "pyplot": (figures_have_words, notebook(cell("plt.show()"))),
    "raw figure": (
        figures_have_words,
        notebook(cell("f", 1, new_output("display_data", {"text/plain": "<Figure size 1x1>"}))),
    ),
    "markdown image": (figures_have_words, notebook(new_markdown_cell("![](cat.png)"))),
    "import": (no_network, notebook(cell("from urllib import request"))),
    "shell": (no_network, notebook(cell("!pip install x"))),
    "address": (no_network, notebook(cell("load('https://example.org/x')"))),
    "semicolon": (no_trailing_semicolon, notebook(cell("f();"))),
    "two titles": (one_title, notebook(new_markdown_cell("# Another"))),
    "jump": (one_title, notebook(new_markdown_cell("### Deep"))),
}


@pytest.mark.parametrize("name", BREACHES)
def test_each_convention_bites(name: str):
    """A notebook that breaks a rule is reported by it."""
    rule, broken = BREACHES[name]
    assert list(rule(broken))


def test_a_good_notebook_passes():
    """The rules leave a well-kept notebook alone."""
    text = new_output("stream", name="stdout", text="3\n")
    good = notebook(
        cell("print(1 + 2)", 1, text), new_markdown_cell("## Next"), cell("show(f, alt='A line.')", 2)
    )
    good.metadata = {"kernelspec": {}, "language_info": {}}
    assert [complaint for rule in RULES for complaint in rule(good)] == []
