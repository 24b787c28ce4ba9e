r"""A formula in Typst's mathematics, to be put between dollar signs.

Characters go as they are (Typst reads ∑, α and ≤), words in quotes, and brackets grow with what they hold. Between
most things there is a space, so that nothing runs together into a name or an arrow; next to words and bars there is
none, because there Typst would draw it.
"""

from __future__ import annotations

from collections.abc import Callable

from byhand.formula.symbols import ACCENTS, BARS, FUNCTIONS, SPACES, SYMBOLS, TYPST_ALPHABETS
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

_ESCAPED = {character: f"\\{character}" for character in "/#&_|"}
_PAIRED = "([{⌊⌈⟨", ")]}⌋⌉⟩"


def typst(tex: str) -> str:
    r"""Return a formula as the inside of an equation in Typst.

    Parameters
    ----------
    tex
        The formula in the subset of LaTeX that :mod:`byhand.formula` describes. Aligned lines that are not the
        whole of it become a matrix without brackets.

    Raises
    ------
    TypeError, ValueError
        As :func:`byhand.formula.parse` does.

    Examples
    --------
    >>> typst(r"\sigma(z) = \frac{1}{1 + e^{-z}}")
    'σ (z) = frac(1, 1 + e^(−z))'
    """
    tree = parse(tex)
    lines = [node for node in items_of(tree) if isinstance(node, Table) and node.kind == "aligned"]
    if lines and len(items_of(tree)) == 1:
        return " \\\n".join("&".join(map(_row, row)) for row in lines[0].rows)
    return _row(tree)


def _write(node: Node) -> str:
    return _WRITERS[type(node)](node)


# Side by side


def _row(node: Node) -> str:
    """Return nodes side by side; a bracket without its partner is escaped, or Typst would look for one."""
    items = items_of(node)
    paired = _pairs(items)
    line, left = "", None
    for i, item in enumerate(items):
        written = _write(item) if paired.get(i, True) else _unpaired(item)
        line += (_gap(left, item) if line and written else "") + written
        left = item
    return line


def _gap(left: Node, right: Node) -> str:
    """Return what separates two pieces: a space, unless Typst would draw it or it is plainly not needed."""
    a, b = role(left), role(right)
    if {a, b} & {"binary", "relation"} or _bracket(right) == "!" or (a == "space" and b == "punctuation"):
        return " "  # else Typst would take x^2! for x^(2!), and a semicolon for the end of a space's code
    if (isinstance(left, Operator) and a in ("opening", "prefix")) or b in ("closing", "punctuation"):
        return ""
    return "" if _keeps_space(left) or _keeps_space(right) else " "


def _keeps_space(node: Node) -> bool:
    """Tell whether Typst draws the space beside this: it does so for words and bars."""
    if isinstance(node, Scripts):
        return _is_bar(node.base)
    if isinstance(node, Number):
        return _number(node)[0] == '"'
    return _is_bar(node) or isinstance(node, Text | Name)


def _is_bar(node: Node) -> bool:
    return isinstance(node, Operator) and node.character in BARS


def _pairs(items: tuple[Node, ...]) -> dict[int, bool]:
    """Tell for each bracket of a row, by its place, whether its partner is there too."""
    paired, waiting = {}, []
    for i, item in enumerate(items):
        character = _bracket(item)
        if character and character in _PAIRED[0]:
            paired[i] = False
            if isinstance(item, Operator):  # one with scripts opens nothing in Typst
                waiting.append(i)
        elif character and character in _PAIRED[1]:
            paired[i] = bool(waiting)
            if waiting:
                paired[waiting.pop()] = True
    return paired


def _bracket(node: Node) -> str:
    """Return the bracket that a node is, with or without scripts; "" for any other."""
    node = node.base if isinstance(node, Scripts) else node
    return node.character if isinstance(node, Operator) else ""


def _unpaired(node: Node) -> str:
    if isinstance(node, Scripts):
        return _with_scripts(_unpaired(node.base), node)
    return f"\\{node.character}"


def _argument(node: Node) -> str:
    """Return a node as an argument of a function: the commas and semicolons in it do not end it."""
    depth, quoted, written = 0, False, ""
    text = _row(node)
    for i, character in enumerate(text):
        if i and text[i - 1] == "\\":
            pass
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character in _PAIRED[0]) - (character in _PAIRED[1])
            if depth == 0 and character in ",;":
                written += "\\"
        written += character
    return written


# One node


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _letter(node: Letter) -> str:
    character = _ESCAPED.get(node.character, node.character)
    if node.alphabet == "italic" or not node.character.isalpha():
        return character
    return TYPST_ALPHABETS[node.alphabet].format(character)


def _number(node: Number) -> str:
    if not node.digits.replace(".", "", 1).isdigit() or node.digits[0] == ".":
        return _quoted(node.digits)  # 1,234 would be two numbers
    return node.digits if node.alphabet == "upright" else TYPST_ALPHABETS[node.alphabet].format(node.digits)


_NOT_ORDINARY = {character for character, of in SYMBOLS.values() if of in ("relation", "punctuation")}


def _operator(node: Operator) -> str:
    character = _ESCAPED.get(node.character, node.character)
    if node.role == "ordinary" and node.character in _NOT_ORDINARY:  # alone in braces: no spaces around it
        return f'class("normal", \\{character})'
    return character


def _name(node: Name) -> str:
    return _quoted(node.letters)


def _function(node: Function) -> str:
    if FUNCTIONS.get(node.name) == node.limits:
        return node.name
    return f"op({_quoted(node.name)}{', limits: #true' if node.limits else ''})"


def _text(node: Text) -> str:
    return _quoted(node.words)


def _space(node: Space) -> str:
    return SPACES[node.command].typst


def _fraction(node: Fraction) -> str:
    fraction = f"frac({_argument(node.numerator)}, {_argument(node.denominator)})"
    return f"inline({fraction})" if node.small else fraction


def _root(node: Root) -> str:
    if node.index is None:
        return f"sqrt({_argument(node.radicand)})"
    return f"root({_argument(node.index)}, {_argument(node.radicand)})"


def _scripts(node: Scripts) -> str:
    if isinstance(node.base, Underbrace) and node.sub is not None:
        braced = f"underbrace({_argument(node.base.body)}, {_argument(node.sub)})"
        return braced if node.sup is None else f"{braced}^{_script(node.sup)}"
    if isinstance(node.base, Row | Scripts):
        base = f'class("normal", {_argument(node.base)})' if items_of(node.base) else "zws"
    elif role(node.base) == "relation":
        base = f"scripts({_write(node.base)})"  # Typst would put them under and over
    else:
        base = _write(node.base)
    return _with_scripts(base, node)


def _with_scripts(base: str, node: Scripts) -> str:
    """Return a base with primes, then what stands below and above."""
    above = () if node.sup is None else items_of(node.sup)
    if above and isinstance(above[0], Primes):
        base, above = base + _primes(above[0]), above[1:]
    bare = not _keeps_space(node)  # what comes next is not kept apart by a space: brackets must do it
    below = "" if node.sub is None else f"_{_script(node.sub, bare)}"
    return base + below + (f"^{_script(Row(above), bare)}" if above else "")


def _script(node: Node, bare: bool = True) -> str:
    """Return what stands below or above: one letter, number or word may go bare, anything else goes in brackets."""
    items = items_of(node)
    if bare and len(items) == 1 and isinstance(items[0], Letter | Number | Name | Text):
        return _write(items[0])
    return f"({_row(node)})"


def _primes(node: Primes) -> str:
    return "'" * node.count


def _fenced(node: Fenced) -> str:
    if node.opening in tuple(_PAIRED[0]) and node.closing in tuple(_PAIRED[1]):
        return f"{node.opening}{_row(node.body)}{node.closing}"
    opening, closing = (f"\\{c}" if c in tuple("".join(_PAIRED)) else c for c in (node.opening, node.closing))
    return f"lr({' '.join(filter(None, (opening, _argument(node.body), closing)))})"


def _accent(node: Accent) -> str:
    return f"{ACCENTS[node.mark].typst}({_argument(node.base)})"


def _underbrace(node: Underbrace) -> str:
    return f"underbrace({_argument(node.body)})"


def _boxed(node: Boxed) -> str:
    box = f"#box(stroke: 0.5pt, inset: 0.3em, baseline: 0.3em, $display({_argument(node.body)})$)"
    return f'class("normal", {box})'  # a semicolon right after the box would belong to it


def _table(node: Table) -> str:
    rows = [[_argument(cell) for cell in row] for row in node.rows]
    if node.kind == "aligned":
        rows = [[f"display({cell})" if cell else "" for cell in row] for row in rows]
        return f"mat(delim: #none, {'; '.join(map('&'.join, rows))})"
    if node.kind == "cases":
        return f"cases({', '.join(map('&'.join, rows))})"
    delimiter = {"bmatrix": '"["', "pmatrix": '"("', "matrix": "#none"}[node.kind]
    return f"mat(delim: {delimiter}, {'; '.join(map(', '.join, rows))})"


_WRITERS: dict[type, Callable[[Node], str]] = {
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
