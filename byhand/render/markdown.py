r"""Problems as Markdown with mathematics between dollar signs, as JupyterLab, MyST and code hosts show it.

A code host applies Markdown's backslash escapes inside formulas as well: ``\,`` reaches it as a comma, ``\\`` as one
backslash. Commands made of a sign are therefore written by their names, rows of a matrix end in ``\cr``, and
``\operatorname``, which GitHub forbids, becomes what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from textwrap import indent

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
    Span,
    Steps,
    spans,
)

# What Markdown, its tables and MyST would read as more than a character: anywhere, and at the start of a line.
_MARK = re.compile(r"[\\`*_<|~{]|&(?=#?\w+;)|\](?=[(\[:])|\[(?=\^)")
_MARK_AT_START = re.compile(r"\d{1,9}(?=[.)])|[#>+=%-]|:(?=::)|\((?=[^()]*\)=)|\[(?=[ xX]\])")

_NAMES = {
    ",": r"\thinspace",
    "!": r"\negthinspace",
    ":": r"\mkern4mu",
    ";": r"\mkern5mu",
    "{": r"\lbrace",
    "}": r"\rbrace",
    "|": r"\Vert",
    "\\": r"\cr",
}
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_STAR = re.compile(r"(\\text\{[^{}]*\})|\*")
_OPERATOR = re.compile(r"\\operatorname(\*?)\{((?:[^{}]|\{[^{}]*\})*)\}")


def problem(problem: Problem, *, level: int = 2) -> str:
    """Return a problem with its solution and common mistakes folded away; its heading has ``level`` signs ``#``."""
    return blocks(document.problem(problem), level=level)


def question(problem: Problem, *, level: int = 2) -> str:
    """Return the question alone."""
    return blocks(document.question(problem), level=level)


def solution(problem: Problem, *, level: int = 2) -> str:
    """Return the worked solution alone; a problem's heading would have ``level`` signs ``#``, its parts' have more."""
    return blocks(document.solution(problem), level=level)


def blocks(content: Iterable[Block], *, level: int = 2) -> str:
    """Return blocks with a blank line between them.

    Raises
    ------
    TypeError
        If one of them is no block of :mod:`byhand.render.document`.
    """
    return "\n\n".join(filter(None, (_block(block, level) for block in content)))


def _block(block: Block, level: int) -> str:
    """Return one block; a player needs a screen and is left out."""
    match block:
        case Heading(text, depth):
            return f"{'#' * min(level + depth, 6)} {rich(text)}"
        case Paragraph(text):
            return _line(text)
        case Items(items, ordered):
            marks = [f"{number}. " if ordered else "- " for number in range(1, len(items) + 1)]
            return "\n".join(_item(mark, _line(item)) for mark, item in zip(marks, items, strict=True))
        case Steps():
            return _steps(block)
        case Equation(tex):
            return _display(tex)
        case Array():
            return _display(f"{block.tex} = {value(block)}")
        case Player():
            return ""
        case Fold(summary, inner):
            return _folded(summary, blocks(inner, level=level))
    raise TypeError(f"expected a block of byhand.render.document, got {block!r}")


def _steps(block: Steps) -> str:
    """Return a numbered list, each equation below its sentence."""
    written = []
    for number, step in enumerate(block.steps, start=block.first + 1):
        equation = step.equation(block.digits)
        paragraphs = [_line(step.what), _display(equation) if equation else ""]
        written.append(_item(f"{number}. ", "\n\n".join(filter(None, paragraphs))))
    return "\n\n".join(written)


def _item(mark: str, body: str) -> str:
    """Return an item of a list; what follows its first line stands below the text, not below the mark."""
    return mark + indent(body, " " * len(mark)).removeprefix(" " * len(mark))


def _display(tex: str) -> str:
    return f"$${portable(tex)}$$"


def _folded(summary: str, body: str) -> str:
    """Return Markdown behind a line that opens it: blank lines end the HTML around it."""
    if not body:
        return ""
    words = escape("".join(span.text for span in spans(summary)), quote=False)
    return f"<details>\n<summary>{words}</summary>\n\n{body}\n\n</details>"


def value(array: Array) -> str:
    """Return the value of an array in LaTeX, as :func:`byhand.notation.tex` writes vectors and matrices."""
    if array.is_vector:
        return f"({', '.join(array.rows[0])})"
    rows = r" \\ ".join(" & ".join(row) for row in array.rows)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def rich(text: str) -> str:
    """Return rich text as Markdown, on one line."""
    return "".join(map(_span, spans(re.sub(r"\s*\n\s*", " ", text.strip()))))


def _span(span: Span) -> str:
    match span.kind:
        case "math":
            return f"${portable(span.text)}$"
        case "strong":
            return f"**{rich(span.text)}**"
        case "emphasis":
            return f"*{rich(span.text)}*"
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


def portable(tex: str) -> str:
    """Return LaTeX that survives Markdown's own reading of it."""
    tex = _OPERATOR.sub(_mathop, tex.strip())
    tex = _COMMAND.sub(lambda found: _NAMES[found[1]] + " " if found[1] in _NAMES else found[0], tex)
    tex = _STAR.sub(lambda found: found[1] or r"\ast ", tex)
    return re.sub(r"<(?=\S)", "< ", re.sub(r"\s+", " ", tex))


def _mathop(found: re.Match[str]) -> str:
    limits = "limits" if found[1] else "nolimits"
    return rf"\mathop{{\mathrm{{{found[2]}}}}}\{limits}"
