"""Problems as Typst, for sheets on paper: a complete source that needs no package and no font but Typst's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import indent

from byhand.formula import plain, typst
from byhand.question import Problem
from byhand.render import document as shown
from byhand.render.document import (
    Array,
    Block,
    Equation,
    Fold,
    Heading,
    Items,
    Paragraph,
    Player,
    Span,
    Steps,
    spans,
)
from byhand.render.markdown import value
from byhand.trace import Step

# What Typst would read as more than a character: anywhere, and at the start of a line.
_MARK = re.compile(r"[\\#$*_`<>@\[\]~]|/(?=[/*])|-(?=[-?])")
_MARK_AT_START = re.compile(r"\d+(?=\.)|=+(?=\s|$)|[-+/](?=\s|$)")

_LONGEST = 100  # characters of a formula, as plain text, that surely fit in a line
_LONG_LIST = 60

_SHEET = """\
#set document(title: [{title}], date: none)
#set page(paper: "a4", margin: (x: 2.2cm, y: 2.4cm), numbering: "1 / 1")
#set text(font: "New Computer Modern", size: 10.5pt, lang: "en")
#set list(spacing: 1em)
#set enum(spacing: 1.1em)
#show enum: set block(spacing: 0.8em)
#show enum: it => {{
  show math.equation.where(block: true): set align(start)
  it
}}
#show heading.where(level: 1): set heading(numbering: n => [Problem #n.])
#show heading.where(level: 1): set block(above: 2.2em, below: 1em)
#show heading.where(level: 2): set block(above: 1.6em, below: 0.9em)
#show title: set align(center)
// A step stays on one page; so does a question, unless it is longer itself.
#show enum.where(tight: true): it => enum(
  tight: false,
  ..it.children.map(step => enum.item(step.number, block(breakable: false, step.body))),
)
#let together(question) = {{
  v(2.2em, weak: true)
  layout(page => block(breakable: measure(width: page.width, question).height > 24cm, question))
}}

#title()

{questions}
"""
_KEY = """
#pagebreak()
#align(center, heading(numbering: none)[Worked solutions])
#counter(heading).update(0)

{solutions}
"""


def document(problems: Sequence[Problem], *, title: str, solutions: bool = False) -> str:
    """Return the source of a problem sheet: A4, its problems and pages numbered.

    Parameters
    ----------
    problems
        In the order of the sheet.
    title
        At its head; rich text.
    solutions
        Whether the worked solutions and common mistakes follow, from a new page on.

    Raises
    ------
    ValueError
        If there are no problems.
    """
    if not problems:
        raise ValueError("expected at least one problem, got none")
    questions = "\n\n".join(f"#together[\n{question(problem)}\n]" for problem in problems)
    sheet = _SHEET.format(title=rich(title), questions=questions)
    return sheet + (_KEY.format(solutions="\n\n".join(map(_answered, problems))) if solutions else "")


def _answered(problem: Problem) -> str:
    """Return a problem's heading, its solution and its common mistakes."""
    known = Fold("Common mistakes", tuple(shown.mistakes(problem)))
    return blocks([shown.question(problem)[0], *shown.solution(problem), known])


def problem(problem: Problem, *, level: int = 1) -> str:
    """Return a problem, its worked solution and its common mistakes; its heading has ``level`` signs ``=``."""
    return blocks(shown.problem(problem), level=level)


def question(problem: Problem, *, level: int = 1) -> str:
    """Return the question alone."""
    return blocks(shown.question(problem), level=level)


def solution(problem: Problem, *, level: int = 1) -> str:
    """Return the worked solution alone; a problem's heading would have ``level`` signs ``=``, its parts' have more."""
    return blocks(shown.solution(problem), level=level)


def blocks(content: Iterable[Block], *, level: int = 1) -> str:
    """Return blocks with a blank line between them; arrays that follow one another share a line.

    Raises
    ------
    TypeError
        If one of them is no block of :mod:`byhand.render.document`.
    """
    written = []
    for are_arrays, group in groupby(content, key=lambda block: isinstance(block, Array)):
        together = list(group)
        written += [_arrays(together)] if are_arrays else [_block(block, level) for block in together]
    return "\n\n".join(filter(None, written))


def _block(block: Block, level: int) -> str:
    """Return one block; a player needs a screen and is left out."""
    match block:
        case Heading(text, depth):
            return f"{'=' * (level + depth)} {rich(text)}"
        case Paragraph(text):
            return _line(text)
        case Items(items, ordered):
            return "\n".join(_item("+ " if ordered else "- ", _line(item)) for item in items)
        case Steps(steps, first, digits):
            return "\n".join(
                _item(f"{number}. ", "\n\n".join(_told(step, digits)))
                for number, step in enumerate(steps, start=first + 1)
            )
        case Equation(tex):
            return _displayed(tex)
        case Array():
            return _arrays([block])
        case Player():
            return ""
        case Fold(summary, inner):
            body = blocks(inner, level=level + 1)
            return body and f"{'=' * (level + 1)} {rich(summary)}\n\n{body}"
    raise TypeError(f"expected a block of byhand.render.document, got {block!r}")


def _arrays(arrays: Iterable[Array]) -> str:
    """Return arrays side by side in the middle of the page, as many as fit on a line."""
    return _middle(" #h(2em)\n".join(map(_array, arrays)))


def _array(array: Array) -> str:
    if array.is_vector and len(value(array)) > _LONG_LIST:
        return f"#box[${typst(array.tex)} =$] {_inline(value(array))}"
    return _boxed(f"{array.tex} = {value(array)}")


def _middle(body: str) -> str:
    return "#align(center)[\n" + indent(body, "  ") + "\n]"


def _item(mark: str, body: str) -> str:
    return mark + indent(body, " " * len(mark)).removeprefix(" " * len(mark))


def _told(step: Step, digits: int) -> Iterator[str]:
    """Yield what is done in a step, and its equation."""
    yield _line(step.what)
    if equation := step.equation(digits):
        yield _displayed(equation)


def _displayed(tex: str) -> str:
    """Return a formula on a line of its own; a long one as a paragraph, because a block equation is never broken."""
    return f"$ {typst(tex)} $" if len(plain(tex)) <= _LONGEST else _large(tex)


def _inline(tex: str) -> str:
    """Return a formula within a line; a list of numbers that is too long for one may go on in the next."""
    if r"\begin{" in tex:
        return _boxed(tex)
    numbers = re.fullmatch(r"\(([^()]+)\)", tex)
    if numbers and len(tex) > _LONG_LIST:
        return f"({', '.join(f'#box[${typst(number)}$]' for number in numbers[1].split(', '))})"
    return f"${typst(tex)}$"


def _boxed(tex: str) -> str:
    """Return a large formula within a line that stays in one piece, with some air around it."""
    return f"#box(inset: (y: 0.3em), {_large(tex)})"


def _large(tex: str) -> str:
    """Return a formula as large as on a line of its own; an equation inside may have commas, which end arguments."""
    return f"$display(#${typst(tex)}$)$"


def rich(text: str) -> str:
    """Return rich text as Typst, on one line."""
    return "".join(map(_span, spans(re.sub(r"\s*\n\s*", " ", text.strip()))))


def _span(span: Span) -> str:
    """Return one span; a semicolon ends a call, whatever follows it."""
    match span.kind:
        case "math":
            return _inline(span.text)
        case "strong":
            return f"#strong[{rich(span.text)}];"
        case "emphasis":
            return f"#emph[{rich(span.text)}];"
        case "code":
            return f"`{span.text}`"
        case "text":
            return _MARK.sub(r"\\\g<0>", span.text)


def _line(text: str) -> str:
    """Return rich text that begins a line, where a number or a sign could be taken for the mark of a list."""
    written = rich(text)
    found = _MARK_AT_START.match(written)
    if not found or spans(text.strip())[0].kind != "text":
        return written
    at = found.end() if found[0].isdigit() else 0  # 3. is escaped as 3\.
    return f"{written[:at]}\\{written[at:]}"
