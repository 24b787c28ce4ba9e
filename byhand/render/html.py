"""Problems as HTML: real headings and tables, mathematics as MathML, and nothing that needs a script.

The page's scripts find the player of a solution by ``data-player`` and move through the steps that stand in the list
above it, and answer the form of a problem through :mod:`byhand.page`; without scripts, question and solution are there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

from byhand import notation, own
from byhand.calculation import Calculation
from byhand.formula import mathml, plain
from byhand.question import Problem
from byhand.render import document
from byhand.render.document import Array, Block, Equation, Fold, Heading, Items, Paragraph, Player, Steps
from byhand.render.museum import Exhibit
from byhand.trace import Cell, Step, Trace

_NUMBER = re.compile(r"-?[\d.]+")
_TAGS = {"strong": "strong", "emphasis": "em", "code": "code"}
_SHORT_EQUATION = 28  # characters that fit on a line of a phone


def problem(problem: Problem, *, level: int = 3, heading: bool = True, lab: bool = True) -> str:
    """Return a problem with its solution and common mistakes folded away, as one element with ``data-problem``.

    Parameters
    ----------
    problem
        What to show.
    level
        The level of its heading on the page: 3 for ``h3``.
    heading
        Whether it has one; a page may have its own.
    lab
        Whether it has a form to answer it and to ask for other numbers, which needs the page's script.
    """
    page, blocks = _Page(level), document.problem(problem)
    asked = [block for block in blocks if not isinstance(block, Fold)]
    body = page.blocks(asked if heading else asked[1:])
    body += _lab(problem, level, heading) if lab else ""
    body += page.blocks(block for block in blocks if isinstance(block, Fold))
    return f'<section class="problem" data-problem="{problem.id}"{_edition(problem)}>{body}</section>'


def _edition(problem: Problem) -> str:
    """Return the attribute that says which numbers a problem has, if not the coursework's."""
    if problem.own:
        return f' data-given="{escape(json.dumps(own.texts(problem), ensure_ascii=False))}"'
    return "" if problem.seed is None else f' data-seed="{problem.seed}"'


def _lab(problem: Problem, level: int, heading: bool) -> str:
    """Return the form of a problem, and the place for what is said about an answer and for the steps asked for."""
    is_open = not isinstance(
        problem, Calculation
    )  # answered in words, its variants by the letter of an option
    names = {
        "step": "One point" if is_open else "One step",
        "all": "Model answer" if is_open else "All steps",
        "new": "Another form" if is_open else "New numbers",
    }
    original = "The open question" if is_open else "Original numbers"
    if problem.seed is None and not problem.own:
        which, told = "", f"{original}."
    else:
        which = "Your own numbers" if problem.own else f"Variant {problem.seed}"
        told = f"{which}." if problem.own else f"{names['new']}: variant {problem.seed}."
        names["original"] = original
    buttons = "".join(f'<button type="button" name="{key}">{name}</button>' for key, name in names.items())
    return (
        f'<form class="lab" data-level="{level}" data-heading="{str(heading).lower()}" data-told="{told}">'
        f"{which and f'<p>{which}</p>'}<label>Your answer {_answer(problem)}</label>"
        f'<div class="lab-buttons"><button type="submit" name="check">Check my answer</button>{buttons}</div></form>'
        f'<div class="lab-told" role="status"></div><ol class="lab-steps" aria-live="polite" hidden=""></ol>'
        f"{_own_numbers(problem)}"
    )


def _own_numbers(problem: Problem) -> str:
    """Return the form to change the givens of a problem, folded; "" if it has none to change.

    It waits in a template until it is unfolded: a browser lays out every field of a page at once, folded or not.
    """
    fields = "".join(
        f"<label>{rich(field.label)} <small>{rich(field.expected)}</small> {_given(field)}</label>"
        for field in own.fields(problem)
    )
    if not fields:
        return ""
    return (
        f'<details class="lab-own"><summary>Your own numbers</summary><template><form>{fields}<div class="lab-buttons">'
        '<button type="submit" name="use">Use these numbers</button></div></form></template></details>'
    )


def _given(field: own.Field) -> str:
    """Return the field for one given: a choice among words, a line, or a line for each row of a matrix."""
    if field.words:
        chosen = {field.text: ' selected=""'}
        options = "".join(f"<option{chosen.get(word, '')}>{escape(word)}</option>" for word in field.words)
        return f'<select name="{field.name}">{options}</select>'
    rows = field.text.count("], [") + 1
    shared = f'name="{field.name}" autocomplete="off" autocapitalize="off"'
    if rows == 1:
        return f'<input type="text" {shared} value="{escape(field.text)}"/>'
    text = field.text.replace("], [", "],\n [")
    return f'<textarea {shared} rows="{min(rows, 8)}">{escape(text)}</textarea>'


def _answer(problem: Problem) -> str:
    """Return the field for an answer, as large as what belongs there, with an example of its form."""
    if isinstance(problem, Calculation):
        examples = {name: _example(value) for name, value in problem.values.items()}
        rows = len(examples)
        named = [f"{name} = {example}" for name, example in examples.items()]
        example = f"such as {'; '.join(named[:2])}" if rows > 1 else f"such as {examples.popitem()[1]}"
    elif problem.seed is None:
        rows, example = 3, "a few sentences"
    else:
        rows, example = 1, "the letter of an option"
    shared = f'name="answer" placeholder="{escape(example)}" autocomplete="off" autocapitalize="off"'
    if rows == 1:
        return f'<input type="text" {shared}/>'
    return f'<textarea {shared} rows="{min(rows, 4)}"></textarea>'


def _example(value: Any) -> str:
    """Return something of the same form as an answer, which is not the answer."""
    if isinstance(value, notation.Shape):
        return " x ".join(["8", "8", "3", "2"][: len(value)])
    return ("3", "[1, 2, 3]", "[[1, 2], [3, 4]]", "[[[1, 2]], [[3, 4]]]")[min(len(notation.sizes(value)), 3)]


def question(problem: Problem, *, level: int = 3) -> str:
    """Return the question alone."""
    return _Page(level).blocks(document.question(problem))


def solution(problem: Problem, *, level: int = 3) -> str:
    """Return the worked solution alone."""
    return _Page(level).blocks(document.solution(problem))


def exhibit(exhibit: Exhibit, *, level: int = 3) -> str:
    """Return one piece of the museum: what was said, what is right, why it happened, and how to catch it."""
    problem, mistake = exhibit.problem, exhibit.mistake
    rows = [("What the solution said", rich(mistake.recorded))]
    if not exhibit.is_words:
        rows.append(("What it leads to", _value(exhibit, exhibit.wrong)))
        rows.append(("What is right", _value(exhibit, exhibit.right)))
    rows += [("What to know", rich(mistake.message)), ("Why it happened", rich(mistake.why))]
    rows.append(("How to catch it", rich(mistake.catch)))
    body = "".join(f'<tr><th scope="row">{name}</th><td>{cell}</td></tr>' for name, cell in rows if cell)
    title = f"<h{level}>{problem.id}: {escape(problem.title)}</h{level}>"
    return (
        f'<section class="problem exhibit" data-exhibit="{problem.id}">{title}'
        f"<table><tbody>{body}</tbody></table></section>"
    )


def _value(exhibit: Exhibit, value: Any) -> str:
    """Return a value of an exhibit: its tables, or the number with its name."""
    arrays = notation.matrices(exhibit.mistake.part, value)
    tables = [_plain_table(Array.of(symbol, matrix, exhibit.digits)) for symbol, matrix in arrays.items()]
    if tables:
        return f'<div class="arrays">{"".join(tables)}</div>'
    return f"<code>{escape(exhibit.mistake.part)}</code> = {mathml(notation.tex(value, exhibit.digits))}"


def notebook(shown: Problem) -> str:
    """Return a problem for a notebook's cell, with its style unless the page around it has that already."""
    on_the_site = os.environ.get("CVLIB_EXPLORERS") == "static"
    return problem(shown) if on_the_site else f"<style>{style()}</style>{problem(shown, lab=False)}"


@cache
def style() -> str:
    """Return the style sheet that problems need wherever they are shown."""
    return files("byhand.render").joinpath("problem.css").read_text(encoding="utf-8")


def rich(text: str) -> str:
    """Return rich text as HTML."""
    return "".join(
        mathml(span.text)
        if span.kind == "math"
        else f"<{_TAGS[span.kind]}>{escape(span.text)}</{_TAGS[span.kind]}>"
        if span.kind in _TAGS
        else escape(span.text)
        for span in document.spans(text)
    )


def line(step: Step, digits: int = notation.DIGITS) -> str:
    """Return one step: what is done, and its equation."""
    return _line(step.what, step.equation(digits))


def frame(trace: Trace, number: int) -> str:
    """Return the arrays of the part that step ``number`` works on, as they are after this step, its cells marked."""
    step = trace.steps[number]
    tables = [
        _table(symbol, trace, lambda cell, symbol=symbol: _mark(trace, symbol, cell, number))
        for symbol in _arrays_of_part(trace, step.part)
    ]
    return f'<div class="arrays">{"".join(tables)}</div>'


class _Page:
    """Writes blocks; knows the level of headings. What it writes has no ids, so a page may show a problem twice."""

    def __init__(self, level: int) -> None:
        self.level = level
        self._writers: dict[type, Callable[[Any], str]] = {
            Heading: self._heading,
            Paragraph: lambda block: f"<p>{rich(block.text)}</p>",
            Items: self._items,
            Steps: self._steps,
            Equation: lambda block: f'<p class="equation">{mathml(block.tex, display=True)}</p>',
            Array: lambda block: _plain_table(block),
            Player: self._player,
            Fold: self._fold,
        }

    def blocks(self, blocks: Iterable[Block]) -> str:
        """Return the blocks; arrays that follow one another stand side by side."""
        written = []
        for is_array, group in groupby(blocks, key=lambda block: isinstance(block, Array)):
            inner = "".join(self._writers[type(block)](block) for block in group)
            written.append(f'<div class="arrays">{inner}</div>' if is_array else inner)
        return "".join(written)

    def _heading(self, block: Heading) -> str:
        level = min(self.level + block.level, 6)
        return f"<h{level}>{rich(block.text)}</h{level}>"

    def _items(self, block: Items) -> str:
        tag = "ol" if block.ordered else "ul"
        return f"<{tag}>{''.join(f'<li>{rich(item)}</li>' for item in block.items)}</{tag}>"

    def _steps(self, block: Steps) -> str:
        items = "".join(
            f'<li data-step="{number}" data-part="{escape(step.part)}"{_touched(step)}>{line(step, block.digits)}</li>'
            for number, step in enumerate(block.steps, start=block.first)
        )
        return f'<ol class="steps" start="{block.first + 1}">{items}</ol>'

    def _player(self, block: Player) -> str:
        trace = block.trace
        last = len(trace.steps) - 1
        tables = "".join(
            _table(symbol, trace, lambda cell, symbol=symbol: _from(trace, symbol, cell))
            for symbol in trace.arrays
        )
        return (
            f'<figure class="player" data-player="" hidden=""><figcaption>Step by step</figcaption>'
            f'<div class="player-controls"><button type="button" data-move="-1">Previous</button>'
            f'<button type="button" data-move="1">Next</button><label>Step <input type="range" min="0" '
            f'max="{last}" value="0" aria-valuetext="1 of {last + 1}"/></label>'
            f'<output aria-live="off">1 of {last + 1}</output></div>'
            f'<p class="player-line" aria-live="polite"></p><div class="arrays">{tables}</div></figure>'
        )

    def _fold(self, block: Fold) -> str:
        kind = block.summary.lower().replace(" ", "-")
        inner = self.blocks(block.blocks)
        return f'<details class="{kind}"><summary>{rich(block.summary)}</summary>{inner}</details>'


def _line(what: str, equation: str) -> str:
    if not equation:
        return rich(what)
    if len(plain(equation)) <= _SHORT_EQUATION:
        return f"{rich(what)} {mathml(equation)}"
    return f'{rich(what)} <span class="equation">{mathml(equation)}</span>'


def _touched(step: Step) -> str:
    if not any(step.cells.values()):
        return ""
    return f' data-cells="{escape(json.dumps(step.cells, separators=(",", ":")))}"'


def _cell(tex: str) -> str:
    """Return a number of a table: plain digits where that is all there is."""
    if _NUMBER.fullmatch(tex):
        return tex.replace("-", "\N{MINUS SIGN}")
    return mathml(tex)


def _plain_table(block: Array) -> str:
    return _rows(block.symbol, block.rows, lambda cell: "", is_vector=block.is_vector)


def _table(symbol: str, trace: Trace, attribute: Callable[[Cell], str]) -> str:
    """Return one array of a trace, each cell with an attribute."""
    block = Array.of(symbol, trace.arrays[symbol], trace.digits)
    return _rows(symbol, block.rows, attribute, is_vector=block.is_vector)


def _rows(
    symbol: str, rows: tuple[tuple[str, ...], ...], attribute: Callable[[Cell], str], *, is_vector: bool
) -> str:
    """Return a table under its symbol, rows and columns numbered from 0."""
    head = "".join(f'<th scope="col">{j}</th>' for j in range(len(rows[0])))
    corner = "" if is_vector else "<td></td>"
    body = []
    for i, row in enumerate(rows):
        name = "" if is_vector else f'<th scope="row">{i}</th>'
        cells = "".join(
            f"<td{attribute((j,) if is_vector else (i, j))}><span>{_cell(tex)}</span></td>"
            for j, tex in enumerate(row)
        )
        body.append(f"<tr>{name}{cells}</tr>")
    return (
        f'<table class="array" data-array="{escape(symbol)}"><caption>{mathml(notation.symbol(symbol))}</caption>'
        f"<thead><tr>{corner}{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def _arrays_of_part(trace: Trace, part: str) -> list[str]:
    """Return the arrays that any step of a part touches, in the order of the trace."""
    touched = {symbol for step in trace.steps if step.part == part for symbol in step.cells}
    return [symbol for symbol in trace.arrays if symbol in touched]


def _known_from(trace: Trace, symbol: str, cell: Cell) -> int:
    """Return the step that finds a cell's value; -1 for what is given."""
    return trace.found.get(symbol, {}).get(cell, -1)


def _from(trace: Trace, symbol: str, cell: Cell) -> str:
    """Return what the page's script needs to know of a cell: where it stands and from which step on it is known."""
    number = _known_from(trace, symbol, cell)
    later = f' data-from="{number}"' if number > 0 else ""
    return f' data-cell="{",".join(map(str, cell))}"{later}'


def _mark(trace: Trace, symbol: str, cell: Cell, number: int) -> str:
    """Return what the style sheet needs to know of a cell at one step."""
    if _known_from(trace, symbol, cell) > number:
        return ' class="unknown"'
    return ' class="touched"' if cell in trace.steps[number].cells.get(symbol, ()) else ""
