"""Problems as plain text for terminals and screen readers: Unicode mathematics, lines of at most 100 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from byhand.formula import plain
from byhand.question import Problem
from byhand.render import document
from byhand.render.document import (
    Array,
    Block,
    Equation,
    Fold,
    Heading,
    Items,
    Paragraph,
    Player,
    Steps,
    spans,
)

_WIDTH = 100
_INSET = " " * 4  # before what stands on lines of its own
_LONGEST = _WIDTH - 2 * len(_INSET)  # what surely fits in a line, whatever it begins with
_UNDERLINES = "=-~"  # below a title, by its depth
_TIED = "\N{NO-BREAK SPACE}"  # a space at which no line ends; written as a plain one
_TOGETHER = re.compile(
    r"(?<=\w) × (?=\w)|(?<=\d) (?=\d)|\[[^][]*\](?:, \[[^][]*\])*"
)  # 2 × 3; 12 800; [1, 2], [3, 4]
_BRACKETS = {**dict.fromkeys("([{⌊⌈", 1), **dict.fromkeys(")]}⌋⌉", -1)}
_SIGNS = ("= ", "≈ ", "+ ", "− ", "≤ ", "≥ ", "→ ", "⇒ ", "⇔ ")


def problem(problem: Problem) -> str:
    """Return a problem, its worked solution and its common mistakes."""
    return blocks(document.problem(problem))


def question(problem: Problem) -> str:
    """Return the question alone."""
    return blocks(document.question(problem))


def solution(problem: Problem) -> str:
    """Return the worked solution alone."""
    return blocks(document.solution(problem))


statement = question


def blocks(content: Iterable[Block], *, depth: int = 0) -> str:
    """Return blocks with a blank line between them; ``depth`` is added to that of every title.

    Raises
    ------
    TypeError
        If one of them is no block of :mod:`byhand.render.document`.
    """
    return "\n\n".join(filter(None, (_block(block, depth) for block in content)))


def _block(block: Block, depth: int) -> str:
    """Return one block; a player needs a screen and is left out."""
    match block:
        case Heading(text, below):
            return _title(text, depth + below)
        case Paragraph(text):
            return _wrapped(text)
        case Items(items, ordered):
            marks = [f"{number}. " if ordered else "- " for number in range(1, len(items) + 1)]
            return "\n".join(_wrapped(item, mark) for mark, item in zip(marks, items, strict=True))
        case Steps():
            return _steps(block)
        case Equation(tex):
            return _equation(tex, _INSET)
        case Array():
            return _array(block)
        case Player():
            return ""
        case Fold(summary, inner):
            body = blocks(inner, depth=depth + 1)
            return body and f"{_title(summary, depth + 1)}\n\n{body}"
    raise TypeError(f"expected a block of byhand.render.document, got {block!r}")


def _title(text: str, depth: int) -> str:
    title = rich(text)
    return f"{title}\n{_UNDERLINES[min(depth, len(_UNDERLINES) - 1)] * len(title)}"


def _steps(block: Steps) -> str:
    """Return a numbered list, each equation below its sentence."""
    lines = []
    for number, step in enumerate(block.steps, start=block.first + 1):
        mark, equation = f"{number}. ", step.equation(block.digits)
        lines.append(_wrapped(step.what, mark))
        if equation:
            lines.append(_equation(equation, " " * len(mark)))
    return "\n".join(lines)


def _array(array: Array) -> str:
    """Return a vector in one line, a matrix with its columns aligned and brackets around each row."""
    rows = [[plain(cell) for cell in row] for row in array.rows]
    name = f"{_INSET}{plain(array.tex)} = "
    if array.is_vector:
        return _filled(f"({', '.join(rows[0])})", name, " " * len(f"{name}("))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.rjust, row, widths)) for row in rows]
    return textwrap.indent("\n".join(f"[{line}]" for line in lines), " " * len(name)).replace(
        " " * len(name), name, 1
    )


def _equation(tex: str, inset: str) -> str:
    """Return a formula on lines of its own; one too long goes on before a sign, further in."""
    return _filled(_tied(plain(tex), breakable=True), inset, inset + _INSET)


def rich(text: str) -> str:
    """Return rich text as plain text on one line."""
    return _tied_rich(text).replace(_TIED, " ")


def _tied_rich(text: str) -> str:
    """Return rich text as plain text; formulas, code and numbers are tied, so that no line ends inside them."""
    written = []
    for span in spans(re.sub(r"\s*\n\s*", " ", text.strip())):
        match span.kind:
            case "math":
                written.append(_tied(plain(span.text)))
            case "strong" | "emphasis":
                written.append(_tied_rich(span.text))
            case "code":
                written.append(span.text.replace(" ", _TIED))
            case "text":
                written.append(_TOGETHER.sub(lambda found: found[0].replace(" ", _TIED), span.text))
    return "".join(written)


def _tied(formula: str, *, breakable: bool = False) -> str:
    """Return a formula whose words are tied together, as far as its length allows.

    What is too long for a line, or ``breakable``, may end one before a sign outside brackets or after the row of a
    matrix; what is too long even so, after any comma.
    """
    tied = formula.replace(" ", _TIED)
    ties = [] if breakable else [tied]
    ties.append("".join(_TIED if _is_inner(formula, here) else c for here, c in enumerate(formula)))
    ties.append(ties[-1].replace(f",{_TIED}", ", "))
    return next((each for each in ties if max(map(len, each.split(" "))) <= _LONGEST), ties[-1])


def _is_inner(formula: str, here: int) -> bool:
    """Tell whether a character is a space inside brackets or beside a factor, where a line should not end."""
    if formula[here] != " " or formula.endswith(("],", ";"), 0, here):
        return False
    outside = sum(_BRACKETS.get(character, 0) for character in formula[:here]) == 0
    return not (outside and formula.startswith(_SIGNS, here + 1))


def _wrapped(text: str, mark: str = "") -> str:
    """Return rich text in lines behind a mark, such as that of a list."""
    return _filled(_tied_rich(text), mark)


def _filled(tied: str, first: str, rest: str | None = None) -> str:
    """Return lines of at most 100 columns, or of one word that is longer."""
    return textwrap.fill(
        tied,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace(_TIED, " ")
