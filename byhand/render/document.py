"""What is shown of a problem, decided once for every format: a document is a list of blocks.

Text in blocks is *rich*: words with mathematics between dollar signs, ``**strong**``, ``*emphasis*`` and ```code```;
:func:`spans` takes it apart. The formats in this package only say how each block and span is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple

from byhand import notation
from byhand.calculation import Calculation
from byhand.check import form_of
from byhand.mistakes import WrongAnswer
from byhand.question import Problem
from byhand.trace import Step, Trace

_SPAN = re.compile(r"\$(?P<math>[^$]+)\$|\*\*(?P<strong>[^*]+)\*\*|\*(?P<emphasis>[^*]+)\*|`(?P<code>[^`]+)`")


class Span(NamedTuple):
    """A piece of rich text of one kind."""

    kind: Literal["text", "math", "strong", "emphasis", "code"]
    text: str


def spans(rich: str) -> list[Span]:
    """Take rich text apart; ``ValueError`` if a dollar sign has no partner."""
    found, end = [], 0
    for match in _SPAN.finditer(rich):
        if match.start() > end:
            found.append(Span("text", rich[end : match.start()]))
        kind = match.lastgroup  # the groups of the pattern are named after the kinds
        found.append(Span(kind, match[kind]))
        end = match.end()
    if end < len(rich):
        found.append(Span("text", rich[end:]))
    if any("$" in span.text for span in found):
        raise ValueError(f"a dollar sign without its partner in {rich!r}")
    return found


@dataclass(frozen=True)
class Heading:
    """A heading; level 0 is the problem's own, whatever level that has on the page."""

    text: str
    level: int


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list; each item is rich text."""

    items: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Steps:
    """Steps of a solution that follow the same rule; ``first`` is the number of the first one, counted from 0."""

    steps: tuple[Step, ...]
    first: int
    digits: int


@dataclass(frozen=True)
class Equation:
    """A formula on a line of its own, in LaTeX."""

    tex: str


@dataclass(frozen=True)
class Array:
    """A vector or matrix under its symbol (LaTeX); the formats make it a real table."""

    symbol: str
    rows: tuple[tuple[str, ...], ...]  # LaTeX of every cell
    is_vector: bool = False

    @property
    def tex(self) -> str:
        """The symbol as LaTeX: a part of the answer is called by the name that one types, such as p1."""
        return notation.symbol(self.symbol)

    @classmethod
    def of(cls, symbol: str, value: Sequence[Any], digits: int) -> Array:
        """Return the table of a vector (one row) or a matrix."""
        is_vector = not isinstance(value[0], list | tuple)
        rows = [value] if is_vector else value
        return cls(
            symbol, tuple(tuple(notation.tex(number, digits) for number in row) for row in rows), is_vector
        )


@dataclass(frozen=True)
class Player:
    """The steps of a solution over its arrays, one at a time; formats on paper leave it out."""

    trace: Trace


@dataclass(frozen=True)
class Fold:
    """Blocks behind a line that opens them; on paper they simply follow."""

    summary: str
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Items | Steps | Equation | Array | Player | Fold


def problem(problem: Problem) -> list[Block]:
    """Return a problem with its solution and its common mistakes folded away."""
    return [
        *question(problem),
        Fold("Worked solution", tuple(solution(problem))),
        Fold("Common mistakes", tuple(mistakes(problem))),
    ]


def question(problem: Problem) -> list[Block]:
    """Return the heading, the question, the given arrays and what is asked."""
    edition = ", your numbers" if problem.own else "" if problem.seed is None else f", variant {problem.seed}"
    blocks: list[Block] = [Heading(f"{problem.id}{edition}: {problem.title}", 0), *prose(problem.statement)]
    if isinstance(problem, Calculation):
        blocks += [Array.of(symbol, value, problem.decimals) for symbol, value in problem.arrays.items()]
        blocks += list(_asked(problem))
        blocks += [Paragraph(f"*Your numbers are special: {problem.note}.*")] if problem.note else []
    return blocks


def _asked(problem: Calculation) -> Iterator[Block]:
    """Yield what to find, part by part, with its form."""
    asked = [f"{_named(problem, name)}, {form_of(problem, name)}" for name in problem.values]
    if len(asked) == 1:
        yield Paragraph(f"Find {asked[0]}.")
    else:
        yield Paragraph("Find")
        yield Items(tuple(asked))


def _named(problem: Calculation, name: str) -> str:
    return f"`{name}`, {problem.parts[name]}" if len(problem.parts) > 1 else problem.parts[name]


def solution(problem: Problem) -> list[Block]:
    """Return the worked solution: for each part its rule, its steps with their numbers, and its result."""
    trace, number, blocks = problem.solution, 0, []
    if not isinstance(problem, Calculation):
        answer, *points = (step.what for step in trace.steps)
        return [Paragraph(answer), Items(tuple(points))]
    for part, steps in trace.parts:
        if isinstance(problem, Calculation) and len(problem.parts) > 1 and part:
            blocks.append(Heading(f"`{part}`: {problem.parts[part]}", 1))
        for formula, group in groupby(steps, key=lambda step: step.formula):
            if formula:
                blocks.append(Equation(formula))
            lines = tuple(group)
            blocks.append(Steps(lines, number, trace.digits))
            number += len(lines)
        found = [symbol for symbol, owner in trace.owners.items() if owner == part]
        blocks += [Array.of(symbol, trace.arrays[symbol], trace.digits) for symbol in found]
    if trace.is_rounded:
        blocks.append(
            Paragraph(
                f"Rounded to {trace.digits} decimals in print only; every step goes on with the unrounded numbers."
            )
        )
    if any(any(step.cells.values()) for step in trace.steps):
        blocks.append(Player(trace))
    return blocks


def mistakes(problem: Problem) -> list[Block]:
    """Return each known wrong answer: its value, what led to it and how to catch it."""
    digits = problem.decimals if isinstance(problem, Calculation) else notation.DIGITS
    return [block for wrong in problem.mistakes for block in _told(wrong, digits)]


def _told(wrong: WrongAnswer, digits: int) -> Iterator[Block]:
    value = wrong.value
    arrays = notation.matrices(wrong.part, value)
    yield from (Array.of(symbol, matrix, digits) for symbol, matrix in arrays.items())
    if isinstance(value, str):
        lead = f"“{value}” "
    elif arrays:
        lead = ""
    else:
        lead = (
            f"${notation.tex(value, digits)}$: "
            if wrong.follow is None
            else f"`{wrong.part}` = ${notation.tex(value, digits)}$: "
        )
    catch = f" *How to catch it:* {wrong.catch}" if wrong.catch else ""
    yield Paragraph(f"{lead}{wrong.message}{catch}")


def prose(text: str) -> Iterator[Block]:
    """Yield paragraphs, and lists whose lines begin with a hyphen, from text with blank lines between them."""
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.strip().splitlines()
        if all(line.lstrip().startswith("- ") for line in lines):
            yield Items(tuple(line.lstrip()[2:] for line in lines))
        else:
            yield Paragraph(" ".join(line.strip() for line in lines))


def formulas(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield every formula of a document, in LaTeX."""
    for block in blocks:
        match block:
            case Heading(text) | Paragraph(text):
                yield from _in_text(text)
            case Items(items):
                yield from (formula for item in items for formula in _in_text(item))
            case Steps(steps):
                for step in steps:
                    yield from _in_text(step.what)
                    yield from filter(None, [step.equation(block.digits)])
            case Equation(tex):
                yield tex
            case Array(_, rows):
                yield from (block.tex, *(cell for row in rows for cell in row))
            case Fold(summary, inner):
                yield from _in_text(summary)
                yield from formulas(inner)


def _in_text(rich: str) -> Iterator[str]:
    return (span.text for span in spans(rich) if span.kind == "math")
