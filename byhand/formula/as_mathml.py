r"""A formula as MathML Core, which browsers draw and screen readers read without any script.

Spacing follows TeX: most of it is what MathML's dictionary of operators says anyway, and the rest stands in attributes:
no spaces in scripts, none around a lone symbol, a thin one on either side of a function's name. Bold, double-struck and
script letters are characters of their own, as MathML Core asks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from html import escape

from byhand.formula.symbols import ACCENTS, BARS, SIGNS, SPACES, TABLES, in_alphabet
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
    takes_limits,
)

_APPLY = "<mo>&#x2061;</mo>"  # U+2061 FUNCTION APPLICATION: not drawn, but read
_THIN = '<mspace width="0.1667em"/>'
_NO_SPACES = ' lspace="0" rspace="0"'
_TAKES_ARGUMENT = {"ordinary", "opening", "function", "large", "prefix"}
_THIN_BEFORE_FUNCTION = {"ordinary", "closing", "function"}
_WIDTHS = {":": "0.2778em", "⟹": "0.5556em", "⟺": "0.5556em"}  # where the dictionary's spaces are not TeX's
_STRETCHY = set("()[]{}⌊⌋⌈⌉⟨⟩∣∥|‖")  # by the dictionary; here only after \left and \right
_PRIMES = "′″‴⁗"


def mathml(tex: str, *, display: bool = False) -> str:
    r"""Return a formula as MathML.

    Parameters
    ----------
    tex
        The formula in the subset of LaTeX that :mod:`byhand.formula` describes.
    display
        Whether it stands on a line of its own: larger fractions, limits under and over their sum.

    Raises
    ------
    TypeError, ValueError
        As :func:`byhand.formula.parse` does.

    Examples
    --------
    >>> mathml("-x_1")
    '<math><mo form="prefix">−</mo><msub><mi>x</mi><mn>1</mn></msub></math>'
    """
    start = '<math display="block">' if display else "<math>"
    return f"{start}{_side_by_side(items_of(parse(tex)), display, False)}</math>"


def _write(node: Node, display: bool, tight: bool) -> str:
    """Return one element; ``tight`` in scripts, where TeX leaves out the spaces around operators."""
    return _WRITERS[type(node)](node, display, tight)


def _side_by_side(items: tuple[Node, ...], display: bool, tight: bool) -> str:
    """Return the elements of a row, with what belongs between a function and its neighbours."""
    parts, before = [], "opening"
    for i, item in enumerate(items):
        now = role(item)
        if now == "function":
            if before in _THIN_BEFORE_FUNCTION:
                parts.append(_THIN)
            parts += [_write(item, display, tight), _application(items[i + 1 :])]
        elif now == "binary" and i == 0 and isinstance(item, Operator):  # first in a cell of aligned lines
            parts.append(f'<mo form="infix">{item.character}</mo>')
        else:
            parts.append(_write(item, display, tight))
        before = now
    return "".join(parts)


def _application(following: tuple[Node, ...]) -> str:
    """Return what joins a function to its argument, if it has one: with a thin space where that has no brackets."""
    argument = next((node for node in following if role(node) != "space"), None)
    if argument is None or role(argument) not in _TAKES_ARGUMENT:
        return ""
    has_own_space = role(argument) in ("opening", "function") or isinstance(argument, Fenced)
    return _APPLY if has_own_space or role(following[0]) == "space" else _APPLY + _THIN


def _row(node: Row, display: bool, tight: bool) -> str:
    return f"<mrow>{_side_by_side(node.items, display, tight)}</mrow>"


def _letter(node: Letter, display: bool, tight: bool) -> str:
    upright = ' mathvariant="normal"' if node.alphabet == "upright" else ""
    return f"<mi{upright}>{escape(in_alphabet(node.character, node.alphabet), quote=False)}</mi>"


def _number(node: Number, display: bool, tight: bool) -> str:
    if node.alphabet == "upright":
        return f"<mn>{node.digits}</mn>"
    return f"<mn>{''.join(in_alphabet(digit, node.alphabet) for digit in node.digits)}</mn>"


@lru_cache(maxsize=512)
def _mo(character: str, of: str, tight: bool) -> str:
    """Return an operator with the attributes that its role needs and MathML's dictionary does not give it."""
    attributes = ""
    if of == "prefix" and character in SIGNS:
        attributes = ' form="prefix"'
    elif of in ("prefix", "ordinary") or tight:
        attributes = _NO_SPACES
    elif of == "relation" and character in _WIDTHS:
        attributes = f' lspace="{_WIDTHS[character]}" rspace="{_WIDTHS[character]}"'
    if character in BARS:
        attributes = _NO_SPACES  # the dictionary has them as fences and as an infix
    if character in _STRETCHY:
        attributes += ' stretchy="false"'
    return f"<mo{attributes}>{escape(character, quote=False)}</mo>"


def _operator(node: Operator, display: bool, tight: bool) -> str:
    return _LARGE[node.character] if node.role == "large" else _mo(node.character, node.role, tight)


_LARGE = {character: f"<mo>{character}</mo>" for character in "∑∏∫"}


def _name(node: Name, display: bool, tight: bool) -> str:
    return f"<mi>{node.letters}</mi>"


def _function(node: Function, display: bool, tight: bool) -> str:
    upright = ' mathvariant="normal"' if len(node.name) == 1 else ""
    return f"<mi{upright}>{node.name}</mi>"


def _text(node: Text, display: bool, tight: bool) -> str:
    # an ordinary space at either end of a token is not drawn
    return f"<mtext>{escape(node.words, quote=False)}</mtext>".replace(" ", "\N{NO-BREAK SPACE}")


def _space(node: Space, display: bool, tight: bool) -> str:
    return f'<mspace width="{SPACES[node.command].width:.4g}em"/>'


def _fraction(node: Fraction, display: bool, tight: bool) -> str:
    small = ' displaystyle="false"' if node.small else ""
    return f"<mfrac{small}>{_write(node.numerator, False, tight)}{_write(node.denominator, False, tight)}</mfrac>"


def _root(node: Root, display: bool, tight: bool) -> str:
    if node.index is None:
        return f"<msqrt>{_side_by_side(items_of(node.radicand), display, tight)}</msqrt>"
    return f"<mroot>{_write(node.radicand, display, tight)}{_write(node.index, False, True)}</mroot>"


def _scripts(node: Scripts, display: bool, tight: bool) -> str:
    under = takes_limits(node.base, display)
    base = _write(node.base, display, tight)
    above = () if node.sup is None else items_of(node.sup)
    if above and isinstance(above[0], Primes) and not under:
        base, above = f"<mrow>{base}{_write(above[0], False, True)}</mrow>", above[1:]
    below = () if node.sub is None else items_of(node.sub)
    if not (below or above):
        return base
    names = ("munder", "mover", "munderover") if under else ("msub", "msup", "msubsup")
    name = names[1 if not below else 0 if not above else 2]
    return f"<{name}>{base}{_script(below)}{_script(above)}</{name}>"


def _script(items: tuple[Node, ...]) -> str:
    if len(items) < 2:
        return "".join(_write(item, False, True) for item in items)
    return f"<mrow>{_side_by_side(items, False, True)}</mrow>"


def _primes(node: Primes, display: bool, tight: bool) -> str:
    # Fonts draw a prime raised already, so it stands beside its letter; as a script it would come out tiny.
    return f"<mo{_NO_SPACES}>{_PRIMES[node.count - 1]}</mo>"


def _fenced(node: Fenced, display: bool, tight: bool) -> str:
    body = _side_by_side(items_of(node.body), display, tight)
    return f"<mrow>{_fence(node.opening)}{body}{_fence(node.closing)}</mrow>"


def _fence(character: str) -> str:
    return f"<mo>{character}</mo>" if character else ""  # the dictionary lets it stretch


def _accent(node: Accent, display: bool, tight: bool) -> str:
    stretchy = "" if node.mark == "overline" else ' stretchy="false"'
    mark = f"<mo{stretchy}>{ACCENTS[node.mark].above}</mo>"
    return f'<mover accent="true">{_write(node.base, display, tight)}{mark}</mover>'


def _underbrace(node: Underbrace, display: bool, tight: bool) -> str:
    return f"<munder>{_write(node.body, display, tight)}<mo>⏟</mo></munder>"


def _boxed(node: Boxed, display: bool, tight: bool) -> str:
    body = _side_by_side(items_of(node.body), True, tight)
    return f'<mrow displaystyle="true" style="border:thin solid;padding:0.3em">{body}</mrow>'


def _table(node: Table, display: bool, tight: bool) -> str:
    style = ' displaystyle="true"' if node.kind == "aligned" else ""
    rows = "".join(f"<mtr>{_cells(row, node.kind)}</mtr>" for row in node.rows)
    table = f"<mtable{style}>{rows}</mtable>"
    opening, closing = TABLES[node.kind]
    # The class lets a style sheet draw brackets that grow with the table: without a font made for mathematics, few do.
    return f'<mrow class="{node.kind}">{_fence(opening)}{table}{_fence(closing)}</mrow>' if opening else table


def _cells(row: tuple[Node, ...], kind: str) -> str:
    styles = _CELL_STYLES.get(kind, ("", ""))
    return "".join(
        f"<mtd{styles[column % 2]}>{_side_by_side(items_of(cell), kind == 'aligned', False)}</mtd>"
        for column, cell in enumerate(row)
    )


_LEFT = ' style="text-align:left"'
_CELL_STYLES = {  # for every first and every second cell
    "cases": (_LEFT, _LEFT),
    "aligned": (' style="text-align:right;padding-right:0"', ' style="text-align:left;padding-left:0"'),
}


_WRITERS: dict[type, Callable[[Node, bool, bool], str]] = {
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
