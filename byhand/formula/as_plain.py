r"""A formula as one line of plain text, for terminals, alternative texts and readers that know no mathematics.

``x_k`` and ``x^2`` keep LaTeX's marks; what stands below or above in more than one piece is put in brackets, as are the
parts of a fraction where the line would be misread without: (a + b)/c, 1/(2n), (1/2)(a + b). Letters of other alphabets
are plain (E for 𝔼) unless every font has them (ℝ, ℒ): many screen readers pass over the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from byhand.formula.symbols import ACCENTS, BARS, PLAIN, SPACES, SYMBOLS, in_alphabet
from byhand.formula.tree import (
    Accent,
    Boxed,
    Fenced,
    Fraction,
    Function,
    Letter,
    Name,
    Node,
    Number,
    Operator,
    Primes,
    Root,
    Row,
    Scripts,
    Space,
    Table,
    Text,
    Underbrace,
    items_of,
    parse,
    role,
)


def plain(tex: str) -> str:
    r"""Return a formula as one line of Unicode text.

    Parameters
    ----------
    tex
        The formula in the subset of LaTeX that :mod:`byhand.formula` describes.

    Raises
    ------
    TypeError, ValueError
        As :func:`byhand.formula.parse` does.

    Examples
    --------
    >>> plain(r"\sigma(z) = \frac{1}{1 + e^{-z}}")
    'σ(z) = 1/(1 + e^(−z))'
    """
    return re.sub(" +", " ", _line(items_of(parse(tex)), False)).strip(" ")


def _write(node: Node, tight: bool) -> str:
    """Return one node as text; ``tight`` without spaces around operators, as in scripts."""
    return _WRITERS[type(node)](node, tight)


# Side by side


def _line(items: tuple[Node, ...], tight: bool) -> str:
    """Return nodes side by side, with the spaces and brackets that keep them apart."""
    line, left = "", None
    for i, item in enumerate(items):
        written = _write(item, tight)
        if isinstance(item, Fraction) and _is_factor(items, i):
            written = f"({written})"
        if left is not None and line and written and _apart(left, item, line[-1], written[0], tight):
            line += " "
        line += written
        left = item
    return line


_DOTS = "…⋯⋮"
_WORDS = ("function", "large")


def _apart(left: Node, right: Node, before: str, after: str, tight: bool) -> bool:
    """Tell whether a space belongs between two neighbours, given the characters that would touch."""
    a, b = role(left), role(right)
    if "space" in (a, b) or a in ("opening", "prefix") or b in ("closing", "punctuation"):
        return False
    if a == "punctuation" or {a, b} & {"binary", "relation"} or before in _DOTS or after in _DOTS:
        return not tight
    if a == "large":
        return True
    if b == "opening" or "ordinary" in (_operator_role(left), _operator_role(right)):
        return False
    if a == "function":
        return after != "("
    if b in _WORDS or isinstance(left, Table) or isinstance(right, Table):
        return True
    if isinstance(left, Scripts | Root):
        return after != "("
    word = isinstance(left, Name | Text) or isinstance(right, Name | Text) or after.isdigit()
    return word and before.isalnum() and after.isalnum()


def _operator_role(node: Node) -> str:
    return node.role if isinstance(node, Operator) else ""


def _is_factor(items: tuple[Node, ...], i: int) -> bool:
    """Tell whether a fraction stands next to something that it would be multiplied with, or divided by."""
    left = next((node for node in reversed(items[:i]) if role(node) != "space"), None)
    right = next((node for node in items[i + 1 :] if role(node) != "space"), None)
    return _binds(left, "closing") or _binds(right, "opening") or left == Operator("÷", "binary")


def _binds(neighbour: Node | None, bracket: str) -> bool:
    if neighbour is None or isinstance(neighbour, Text):
        return False
    if isinstance(neighbour, Operator):
        return neighbour.role in (bracket, "large") or neighbour.character == "/"
    return role(neighbour) in ("ordinary", "large", "function", bracket)


_OPENING, _CLOSING = "([{⌊⌈⟨", ")]}⌋⌉⟩"
_LOOSE = {symbol.character for symbol in SYMBOLS.values() if symbol.role in ("binary", "relation")}
_LOOSE = ({PLAIN.get(character, character) for character in _LOOSE} | {" ", "/"}) - BARS


def _is_loose(text: str) -> bool:
    """Tell whether something outside all brackets could come apart when a sign or a stroke is put beside the text."""
    depth, before = 0, ""
    for character in text:
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0 and character in _LOOSE and before not in ("^", "_"):
            return True
        before = character
    return False


def _is_wrapped(text: str) -> bool:
    """Tell whether round brackets hold all of the text together."""
    depth = 0
    for i, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return i > 0 and i == len(text) - 1
    return False


def _bracketed(text: str) -> str:
    return text if _is_wrapped(text) else f"({text})"


# One node


def _row(node: Row, tight: bool) -> str:
    return _line(node.items, tight)


def _letter(node: Letter, tight: bool) -> str:
    character = in_alphabet(node.character, node.alphabet)
    return character if ord(character) <= 0xFFFF else node.character


def _number(node: Number, tight: bool) -> str:
    return node.digits


def _operator(node: Operator, tight: bool) -> str:
    return PLAIN.get(node.character, node.character)


def _name(node: Name, tight: bool) -> str:
    return node.letters.replace("\N{THIN SPACE}", " ")


def _function(node: Function, tight: bool) -> str:
    return node.name.replace("\N{THIN SPACE}", " ")


def _text(node: Text, tight: bool) -> str:
    return node.words.replace("\N{NO-BREAK SPACE}", " ")


def _space(node: Space, tight: bool) -> str:
    return " " if SPACES[node.command].width > (1 / 3 if tight else 0) else ""


def _fraction(node: Fraction, tight: bool) -> str:
    above, below = items_of(node.numerator), items_of(node.denominator)
    numerator, denominator = _line(above, tight), _line(below, tight)
    if _is_loose(numerator[numerator.startswith(_SIGNS) :]):
        numerator = f"({numerator})"
    if _is_loose(denominator) or not (_is_one(below) or _are_differentials(above, below)):
        denominator = _bracketed(denominator)
    return f"{numerator}/{denominator}"


_SIGNS = ("−", "+")


def _is_one(items: tuple[Node, ...]) -> bool:
    """Tell whether a denominator needs no brackets: one thing, its absolute value, or a function's value."""
    items = tuple(item for item in items if role(item) != "space")
    if len(items) == 1 or isinstance(items[0], Name | Function):
        return True
    bars = [i for i, item in enumerate(items) if isinstance(item, Operator) and item.character in BARS]
    return bars == [0, len(items) - 1]


def _are_differentials(above: tuple[Node, ...], below: tuple[Node, ...]) -> bool:
    """Tell whether this is a derivative, as in ∂L/∂w; an italic d counts when it is above and below."""
    first = below[0].base if isinstance(below[0], Scripts) else below[0]
    if len(below) != 2 or not isinstance(first, Letter):
        return False
    over = above[0].base if isinstance(above[0], Scripts) else above[0]
    return first.character == "∂" or first == Letter("d", "upright") or first == over == Letter("d")


def _root(node: Root, tight: bool) -> str:
    radicand = _line(items_of(node.radicand), tight)
    if not isinstance(node.radicand, Letter | Number):
        radicand = _bracketed(radicand)
    if node.index is None:
        return f"√{radicand}"
    index = _line(items_of(node.index), True)
    return f"{radicand}^(1/{f'({index})' if len(items_of(node.index)) > 1 else index})"


_BASES = Letter | Number | Operator | Name | Function | Text | Fenced | Accent | Table


def _scripts(node: Scripts, tight: bool) -> str:
    if isinstance(node.base, Underbrace) and node.sub is not None:
        label = f"({_line(items_of(node.base.body), tight)}: {_line(items_of(node.sub), False)})"
        return label if node.sup is None else f"{label}^{_script(items_of(node.sup))}"
    base = _write(node.base, tight)
    if base and not isinstance(node.base, _BASES):
        base = _bracketed(base)
    above = () if node.sup is None else items_of(node.sup)
    if above and isinstance(above[0], Primes):
        base, above = base + _write(above[0], True), above[1:]
    below = "" if node.sub is None else f"_{_script(items_of(node.sub))}"
    return base + below + (f"^{_script(above)}" if above else "")


def _script(items: tuple[Node, ...]) -> str:
    """Return what stands below or above, in brackets unless it is one letter, number, symbol or word."""
    text = _line(items, True)
    one = len(items) == 1 and isinstance(items[0], Letter | Number | Operator | Name | Text | Accent)
    return text if one and " " not in text else _bracketed(text)


def _primes(node: Primes, tight: bool) -> str:
    return "′" * node.count


def _fenced(node: Fenced, tight: bool) -> str:
    return f"{node.opening}{_line(items_of(node.body), tight)}{node.closing}"


def _accent(node: Accent, tight: bool) -> str:
    base = _line(items_of(node.base), tight)
    if isinstance(node.base, Letter):
        return unicodedata.normalize("NFC", base + ACCENTS[node.mark].combining)
    return f"{node.mark}{_bracketed(base)}"


def _underbrace(node: Underbrace, tight: bool) -> str:
    body = _line(items_of(node.body), tight)
    return f"({body})" if _is_loose(body) else body


def _boxed(node: Boxed, tight: bool) -> str:
    return _line(items_of(node.body), tight)


# Tables


def _table(node: Table, tight: bool) -> str:
    rows = [[_line(items_of(cell), False) for cell in row] for row in node.rows]
    if node.kind == "cases":
        return f"{{{'; '.join(map(_case, node.rows, rows))}}}"
    if node.kind == "aligned":
        return _lines(node.rows, rows)
    return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"


def _case(cells: tuple[Node, ...], written: list[str]) -> str:
    """Return a case as ``value if condition``, or ``value, condition`` where the condition has no word of its own."""
    begins_with_word = len(cells) > 1 and isinstance(next(iter(items_of(cells[1])), None), Text)
    return (" " if begins_with_word else ", ").join(text.strip().rstrip(",") for text in written)


def _lines(rows: tuple[tuple[Node, ...], ...], written: list[list[str]]) -> str:
    """Return aligned lines as one: what starts with a relation goes on from the line before, others start afresh."""
    whole = ""
    for cells, texts in zip(rows, written, strict=True):
        if whole:
            whole += " " if _goes_on(cells) else "; "
        whole += " ".join(filter(None, map(_remark, cells, texts)))
    return whole


def _goes_on(cells: tuple[Node, ...]) -> bool:
    first = [node for cell in cells for node in items_of(cell)][:1]
    return first != [] and role(first[0]) in ("relation", "binary")


def _remark(cell: Node, text: str) -> str:
    """Return a cell; one of words alone is a remark, in brackets."""
    return f"({text})" if isinstance(cell, Text) else text


_WRITERS: dict[type, Callable[[Node, bool], str]] = {
    Letter: _letter,
    Number: _number,
    Operator: _operator,
    Name: _name,
    Function: _function,
    Text: _text,
    Space: _space,
    Row: _row,
    Fraction: _fraction,
    Root: _root,
    Scripts: _scripts,
    Primes: _primes,
    Fenced: _fenced,
    Accent: _accent,
    Underbrace: _underbrace,
    Boxed: _boxed,
    Table: _table,
}
