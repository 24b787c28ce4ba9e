r"""Reading what a student typed: text in, structure out. Knows no problem, computes nothing, never evaluates code.

:func:`read` takes one text and returns its entries; an entry has a name, if one was typed, and every way in which its
value can be understood, the most likely first. :func:`write` is the way back.

Grammar
-------
*Text*. Entries, separated by lines, by ``;`` outside brackets, or by a comma, ``and`` or a space when a name follows
(``p=0.2, q=0.8``); also a Python dict, ``{'J': [[2, 9]], 'K': [1]}``. Lines without names that hold equally many plain
numbers are the rows of one matrix; one number in each is a list, or a column.

*Name*. A letter (Greek and LaTeX too), then letters, digits, spaces, ``_ / ' . ^ * | -`` and brackets (``a[1]``,
``J_{0,1}``, ``p(x|z)``), at most 40 characters; then ``=``, ``:`` or ``≈``. A dict's names may stand in quotes.

*Number*. ``12``, ``-3``, ``−3``, ``+4``, ``.5``, ``0.25``, ``1/3``, ``½``, ``1e-3``, ``1.5*10^6``, ``1.5 x 10^{-3}``,
``1.5×10⁶``, ``10^6``; thousands as in ``12,800,000``, ``12 800 000``, ``12_800_000``, ``12'800'000``, ``12{,}800`` and
``12.800.000`` (two groups or more); ``50%``; ``43.35M``, ``12.8 million`` (k, M, G, T, thousand to trillion);
``inf``, ``infinity``, ``∞``, ``unbounded``; ``Fraction(1, 3)``, ``np.float64(0.5)``, ``\frac{1}{3}``. A leading ``≈``,
``~``, ``=``, ``about`` or ``approximately`` is ignored. A number in brackets is that number: ``(5)``.

*List*. Items between ``[ ]``, ``( )``, ``{ }`` or nothing, separated by commas or, if there are none, by spaces; a
comma may follow the last. Lists nest. ``[1 2; 3 4]`` and LaTeX matrices have rows; ``array(...)`` and ``tensor(...)``
are what they hold. ``[0, 1)`` is the list of the two ends of an interval.

*Shape*. Whole numbers joined by ``x``, ``×``, ``*``, ``·`` or ``by``: ``26x26x4``. Products are not computed: ``2*3``
is a shape. Among shapes a comma separates entries: ``9x9x6, 456``.

*Unit*. A word of the table below, behind a number, a list or a shape; in a list, behind the last item or behind each.
``kB``, ``MiB``, ``GFLOPs`` and ``%`` multiply the value. ``9.68x`` and ``9.68 times`` are the number 9.68.

*Ambiguity*. A comma between digits separates (``1,234`` is two numbers), groups (1234) or marks the decimals (1.234); a
space separates or groups. All that is possible outside brackets is given; inside them both only separate. A flat list
of whole numbers is a shape, too; a matrix with one row or column is a list, too.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from numbers import Integral, Rational, Real
from typing import Any, NamedTuple, NoReturn

__all__ = ["Entry", "Reading", "Typed", "Unreadable", "Value", "read", "write"]

MOST_CHARACTERS = 10_000
MOST_NUMBERS = 2_000
MOST_NESTED = 6
MOST_DIGITS = 60  # of one number
LARGEST_EXPONENT = 400
LONGEST_NAME = 40
_LONGEST_QUOTE = 40

_FORMS = (
    "I understand numbers such as 12, -0.25, 1/3, 1.5e-3 or 50%, lists such as [1, 2], "
    "matrices such as [[1, 2], [3, 4]] and shapes such as 26x26x4"
)


class Typed(NamedTuple):
    """One number as it was typed. (It is a tuple itself: test for it before testing for a list.)

    Attributes
    ----------
    value
        Exact; a float only for plus or minus infinity.
    resolution
        The size of its last typed digit: 1/100 for ``5.01``, 1 for ``12``, 10,000 for ``43.35M``; None where the
        number is exact as it stands, as ``1/3`` and ``inf`` are.
    """

    value: Fraction | float
    resolution: Fraction | None


Value = Typed | tuple["Value", ...]  # nested: vectors, matrices, stacks of maps


class Reading(NamedTuple):
    """One way to understand one piece of text.

    Attributes
    ----------
    value
        A number, or nested tuples of numbers.
    form
        ``"number"``, ``"list"`` or ``"shape"``.
    unit
        The unit's one name ("nats", "bytes", "percent", "macs", ...); None where none was typed. The value is in it,
        but for percent: ``50%`` is 1/2.
    """

    value: Value
    form: str
    unit: str | None


class Entry(NamedTuple):
    """One piece of text.

    Attributes
    ----------
    name
        What stood before ``=`` or ``:``, as typed; None without.
    readings
        Every way to understand the value, the most likely first.
    text
        The piece itself, with its name.
    """

    name: str | None
    readings: tuple[Reading, ...]
    text: str


class Unreadable(ValueError):  # noqa: N818 (what it says, a student reads)
    """The text cannot be understood; the message is a sentence for whoever typed it."""


def read(text: str) -> tuple[Entry, ...]:
    """Return what was typed, entry by entry, in time linear in its length.

    Raises
    ------
    Unreadable
        If any of it cannot be understood, or it is beyond one of this module's limits.
    TypeError
        If it is not a string.

    Examples
    --------
    >>> (entry,) = read("loss = 5.01 nats")
    >>> entry.name, entry.readings
    ('loss', (Reading(value=Typed(value=Fraction(501, 100), resolution=Fraction(1, 100)), form='number', unit='nats'),))
    >>> [reading.form for reading in read("1,234")[0].readings]
    ['number', 'list', 'number', 'shape']
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {text!r} of type {type(text).__name__}")
    try:
        return tuple(_entries(text))
    except _Trouble as trouble:
        raise Unreadable(trouble.sentence(text)) from None


def write(value: Any, *, shape: bool = False) -> str:
    """Return the typed form of an answer, which :func:`read` reads as the same value.

    Parameters
    ----------
    value
        A real number, nested lists or tuples of them, or a dict of such parts by name.
    shape
        Whether tuples are shapes: ``(26, 26, 4)`` is then written 26x26x4. Lists stay lists.

    Raises
    ------
    TypeError
        If there is something other than these in it.
    ValueError
        If it cannot be typed: nan, an empty list, a name outside the grammar, or more than this module's limits.

    Examples
    --------
    >>> write({"J": [[2, -9]], "p": Fraction(1, 3)})
    'J = [[2, -9]]; p = 1/3'
    >>> write((26, 26, 4), shape=True)
    '26x26x4'
    """
    written = _written_parts(value, shape) if isinstance(value, Mapping) else _written(value, shape)
    try:
        names = [entry.name for entry in read(written)]
    except Unreadable as error:
        raise ValueError(f"the value cannot be typed: {error}") from None
    expected = list(value) if isinstance(value, Mapping) else [None]
    if names != expected:
        raise ValueError(f"the names {expected} cannot be typed: they would be read as {names}")
    return written


# What goes wrong. Places are kept as numbers until the end, where the text is at hand as it was typed.


class _Trouble(Exception):  # noqa: N818 (it never leaves this module)
    """Something that cannot be read; ``what`` has a ``{}`` where the text between ``start`` and ``end`` is quoted."""

    def __init__(self, what: str, start: int = 0, end: int = 0, *, limit: bool = False) -> None:
        super().__init__(what)
        self.what, self.start, self.end, self.limit = what, start, end, limit

    def sentence(self, text: str) -> str:
        """Return the message, one sentence."""
        said = self.what.replace("{}", _quoted(text, self.start, self.end))
        return f"{said}." if self.limit else f"{said}; {_FORMS}."


def _quoted(text: str, start: int, end: int) -> str:
    """Return a stretch of the text in quotes and where it stands, without what could harm a page or a terminal."""
    while (
        start < end and text[start].isspace()
    ):  # what was invisible in the text should not be so in the message
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    shown = (
        text[start:end] if end - start <= _LONGEST_QUOTE else text[start : start + _LONGEST_QUOTE - 1] + "…"
    )
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown)
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    where = f"line {line}, character {column}" if "\n" in text else f"character {column}"
    return f'"{shown}" ({where})'


# Characters. Each is replaced by exactly one, so that places in the text stay what they are.


def _table() -> dict[int, str]:
    """Return the characters that stand for others: dashes, spaces, dots, quotes, digits of other scripts."""
    alike = {
        "-": "−–—‐‑‒―﹣➖",
        " ": "\t\r\f\v\x1c\x1d\x1e\x1f\u00a0\u1680\u180e\u202f\u205f\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff",
        "\n": "\u0085\u2028\u2029",
        "*": "×✕✖⨯∗·⋅•∙",
        "/": "⁄∕",
        "~": "≈≃≅∼≒",
        ",": "、",
        "'": "‘’′`",
        '"': "“”„",
        ".": "٫",
    }
    table = {ord(other): one for one, others in alike.items() for other in others}
    table |= dict.fromkeys(range(0x2000, 0x200B), " ")  # the typographic spaces
    table |= {0xFF01 + i: chr(0x21 + i) for i in range(94)}  # full width, as East Asian keyboards write
    for zero in "٠۰०০":
        table |= {ord(zero) + i: str(i) for i in range(10)}
    return table


_TABLE = _table()
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


# Words.

_UNITS = {  # each unit and the spellings it goes by
    "nats": "nat nats",
    "bits": "bit bits",
    "bytes": "byte bytes",
    "parameters": "parameter parameters param params weight weights",
    "macs": "mac macs multiplication multiplications multiply-add multiply-adds mult-adds multiply-accumulates",
    "flops": "flop flops",
    "percent": "percent",
    "pixels": "pixel pixels px",
    "values": "value values",
    "maps": "map maps",
    "channels": "channel channels",
    "filters": "filter filters",
    "neurons": "neuron neurons",
    "layers": "layer layers",
    "steps": "step steps",
    "updates": "update updates",
    "epochs": "epoch epochs",
    "ms": "ms msec millisecond milliseconds",
    "s": "s sec second seconds",
}
_PREFIXED = {  # what may follow k, M, G and T without a space; Mb is taken for megabytes, as most who type it mean
    "bytes": "b byte bytes",
    "bits": "bit bits",
    "macs": "mac macs",
    "flops": "flop flops",
    "parameters": "param params parameters",
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_LETTERS = {"k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}  # here the case matters
_EMPTY = ("trainable", "learnable", "feature", "times")  # learnable parameters, feature maps, 3.68 times


class _Word(NamedTuple):
    """What a word behind a number means: a unit, or None, and what it multiplies the number by."""

    unit: str | None
    factor: Fraction


def _vocabulary() -> dict[str, _Word]:
    words = {word: _Word(None, Fraction(factor)) for word, factor in _SCALES.items()}
    words |= {word: _Word(None, Fraction(1)) for word in _EMPTY}
    for unit, spellings in _UNITS.items():
        words |= {word: _Word(unit, Fraction(1)) for word in spellings.split()}
    for unit, spellings in _PREFIXED.items():
        for letter, factor in _LETTERS.items():
            words |= {(letter + word).casefold(): _Word(unit, Fraction(factor)) for word in spellings.split()}
    words |= {f"{letter}ib": _Word("bytes", Fraction(1024**power)) for power, letter in enumerate("kmgt", 1)}
    return words | {"percent": _PERCENT}


_PERCENT = _Word("percent", Fraction(1, 100))
_VOCABULARY = _vocabulary()
_EXACT_CASE = {letter: _Word(None, Fraction(factor)) for letter, factor in _LETTERS.items()}
_EXACT_CASE["B"] = _Word("bytes", Fraction(1))

_ABOUT = ("about", "approximately", "approx", "roughly", "around", "circa", "ca")
_KINDS = {  # words that are not units
    **dict.fromkeys(("inf", "infinity", "infinite", "unbounded", "np.inf", "math.inf"), "infinity"),
    **dict.fromkeys(_ABOUT, "about"),
    "and": "comma",
    "by": "times",
}


def _meaning(word: str) -> _Word | None:
    return _EXACT_CASE.get(word) or _VOCABULARY.get(word.casefold())


# Tokens. Every quantifier that could run far is possessive or bounded: no text makes the scanner turn back far.

_SPACE = r"(?:[ ]|\\[,;:! ])*+"
_SIGNED = r"[+-]?[0-9]++"
_POWER = rf"""{_SPACE}(?:
    (?:\^|\*\*){_SPACE}(?:\{{[ ]*+{_SIGNED}[ ]*+\}}|\([ ]*+{_SIGNED}[ ]*+\)|{_SIGNED})
    |[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]++
)"""
_GROUPS = r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}+(?!\.?[0-9])"  # 12.800.000
_TOKEN = re.compile(
    rf"""
    (?P<gap>(?:[ $]|\\[,;:!()\[\] ]|\\(?:quad|qquad|left|right)(?![A-Za-z]))++
        |,[ \n]*+(?:dtype|device|requires_grad|grad_fn)=[\w.'"<>:]++)
    |(?P<line>\n)
    |(?P<power>10{_POWER})
    |(?P<number>
        (?:(?P<whole>{_GROUPS}|[0-9]{{1,3}}(?:(?:[_']|\{{,\}}|\\,)[0-9]{{3}})++|[0-9]++)(?:\.(?P<decimals>[0-9]*+))?
            |\.(?P<only>[0-9]++))
        (?:[eE](?P<exponent>{_SIGNED})|{_SPACE}(?:\*|[xX]|\\times|\\cdot){_SPACE}10(?P<ten>{_POWER}))?)
    |(?P<fraction>\\[dt]?frac[ ]*+\{{[ ]*+{_SIGNED}[ ]*+\}}[ ]*+\{{[ ]*+[0-9]++[ ]*+\}}
        |(?:fractions\.)?Fraction\([ ]*+{_SIGNED}[ ]*+(?:,[ ]*+[0-9]++[ ]*+)?\)
        |[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])
    |(?P<comma>[,&])
    |(?P<semicolon>;|\\\\)
    |(?P<begin>\\begin[ ]*+\{{(?P<environment>[a-zA-Z]{{0,10}}matrix|array)\}}(?:\{{[lcr| ]*+\}})?)
    |(?P<call>(?:[a-z]++\.)?(?:array|asarray|tensor|Array|Size|tuple|list|matrix|(?:float|int|uint)[0-9]*+)\()
    |(?P<open>\\?\{{|[\[(])
    |(?P<close>\\?\}}|[\])]|\\end[ ]*+\{{[a-zA-Z]{{0,20}}+\}})
    |(?P<sign>[+-])
    |(?P<times>\*|[xX](?![^\W\d])|\\times(?![A-Za-z])|\\cdot(?![A-Za-z]))
    |(?P<about>~|\\(?:approx|simeq|sim)(?![A-Za-z])|(?:approx|ca)\.)
    |(?P<equals>:=|==?|:)
    |(?P<infinity>∞|\\infty(?![A-Za-z]))
    |(?P<percent>\\?%)
    |(?P<slash>/)
    |(?P<dot>\.)
    |\\(?:text|textrm|mathrm|operatorname|mbox)[ ]*+\{{[ ]*+(?P<textual>[^{{}}\\\n]{{1,40}}+)\}}
    |(?P<word>[^\W\d_][^\W_]*+(?:[.-][^\W\d_][^\W_]*+)*+)
    |(?P<other>.)
    """,
    re.VERBOSE,
)
_NUMBERS = ("number", "power", "fraction", "infinity")
_OPENINGS = ("open", "begin", "call")
_NOT_READ = ("gap", "line")  # a line inside brackets is a space

_LETTER = r"(?:[^\W\d_]|\\[A-Za-z]|[∂∇])"
_IN_BRACKETS = r"\{[^{}\n=]{0,20}+\}|\[[^\[\]\n=]{0,20}+\]|\([^()\n=]{0,20}+\)"
_SEPARATOR = r"(?P<separator>:=|==?|:|~|\\approx(?![A-Za-z])|\\simeq(?![A-Za-z]))"
_NAME = re.compile(
    rf"""[ $]*+(?:(?P<name>{_LETTER}(?:[\w ./'^*|$\\∂∇\u0300-\u036f-]|{_IN_BRACKETS}){{0,60}}?){_SEPARATOR}
    |(?P<quote>['"])(?P<quoted>[^'"\n]{{1,60}}+)(?P=quote)[ ]?:)""",
    re.VERBOSE,
)
_ONE_WORD = re.compile(
    rf"(?P<name>{_LETTER}(?:[\w./'^*|\\∂∇\u0300-\u036f-]|{_IN_BRACKETS}){{0,60}}?)[ ]?{_SEPARATOR}",
    re.VERBOSE,
)

# One comma or space between digits may group thousands, or the comma mark the decimals. A run is taken whole or not at
# all, and only from its start, which keeps the search linear.
_THOUSANDS = re.compile(
    r"(?<![\d.,_'^])(?<!\d[ ,])[1-9][0-9]{0,2}(?:([ ,])[0-9]{3})(?:\1[0-9]{3})*+(?!\d|[ ,]\d)", re.ASCII
)
_DECIMAL_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_BEFORE_DECIMAL_COMMA = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:\.[0-9]{3})++(?=,[0-9])")  # 1.234,5


class _Token(NamedTuple):
    kind: str
    start: int
    end: int
    text: str
    match: re.Match[str]


def _token(match: re.Match[str], offset: int = 0) -> _Token:
    kind, text = match.lastgroup or "other", match.group()
    if kind == "textual":
        kind, text = "word", match["textual"].strip(" .")
    if kind == "word":
        kind = _KINDS.get(text.casefold(), kind)
    return _Token(kind, match.start() + offset, match.end() + offset, text, match)


def _tokens(text: str, offset: int) -> list[_Token]:
    """Return the tokens of one piece that starts at ``offset``."""
    tokens = [_token(match, offset) for match in _TOKEN.finditer(text)]
    return [token for token in tokens if token.kind not in _NOT_READ]


# Pieces: the text cut into entries, before any of them is read.


@dataclass
class _Piece:
    """One entry's stretch of text, and its tokens; ``name`` is a stretch, too, and ``body`` where the value begins."""

    name: slice | None
    start: int
    body: int
    end: int = 0
    tokens: list[_Token] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether it is numbers without brackets, which commas and spaces may group and lines may arrange."""
        return not any(token.kind in (*_OPENINGS, "times") for token in self.tokens)


def _pieces(text: str) -> list[_Piece]:
    """Return the entries' pieces, in order."""
    pieces, piece = [], _begin(text, 0)
    position, numbers, opened = piece.body, 0, []
    while position < len(text):
        token = _token(_TOKEN.match(text, position))
        position = token.end
        numbers += token.kind in _NUMBERS
        if numbers > MOST_NUMBERS:
            raise _Trouble(f"There are more than {MOST_NUMBERS:,} numbers, too many for me", limit=True)
        if token.kind in _OPENINGS:
            opened.append(token)
        elif token.kind == "close" and opened:
            opened.pop()
        if not opened and _cuts(text, token, piece):
            piece.end = token.start
            pieces.append(piece)
            piece = _begin(text, position)
            position = piece.body
        elif token.kind not in _NOT_READ:
            piece.tokens.append(token)
    if opened:
        raise _Trouble("The bracket {} is never closed", opened[-1].start, opened[-1].end)
    piece.end = len(text)
    filled = [each for each in (*pieces, piece) if each.tokens or each.name is not None]
    return [part for each in filled for part in _apart(text, each)]


def _begin(text: str, position: int) -> _Piece:
    name, body = _name(text, position) or (None, position)
    return _Piece(name, position, body)


def _cuts(text: str, token: _Token, piece: _Piece) -> bool:
    """Tell whether a token outside brackets ends the piece."""
    if token.kind == "semicolon":
        return True
    if token.kind == "line":  # a name may stand on a line of its own, above its value
        return piece.name is None or bool(piece.tokens) or _name(text, token.end) is not None
    if token.kind == "comma":
        return _name(text, token.end) is not None
    if token.kind == "gap" and piece.tokens:
        word = _ONE_WORD.match(text, token.end)
        return bool(word) and not _is_vocabulary(word["name"])
    return False


def _is_vocabulary(word: str) -> bool:
    """Tell whether a word before = cannot be a name, as in "5 nats = 7 bits"; a single letter can, as in "K = 3"."""
    return len(word) > 1 and (_meaning(word) is not None or word.casefold() in _KINDS)


def _name(text: str, position: int) -> tuple[slice, int] | None:
    """Return the stretch of the name that stands at ``position`` and where its value begins, if a name stands there."""
    match = _NAME.match(text, position)
    if not match:
        return None
    start, end = match.span("quoted" if match["quoted"] else "name")
    name = text[start:end].strip(" $")
    if name.casefold() in _ABOUT:
        return None
    if len(name) > LONGEST_NAME:
        raise _Trouble(f"The name {{}} is longer than {LONGEST_NAME} characters", start, end, limit=True)
    return slice(start, end), match.end()


def _apart(text: str, piece: _Piece) -> Iterator[_Piece]:
    """Yield the entries of a piece with shapes in it: there, a comma outside brackets separates entries."""
    commas = [token for token in _outside(piece.tokens) if token.kind == "comma"]
    if not commas or not any(token.kind == "times" for token in _outside(piece.tokens)):
        yield piece
        return
    spaced = [comma for comma in commas if text[comma.end : comma.end + 1] in (" ", "\n")]
    cuts = {comma.start for comma in spaced or commas}  # in "9x9x6, 1,610" the second one groups
    part = _Piece(piece.name, piece.start, piece.body)
    for token in piece.tokens:
        if token.start in cuts:
            if not part.tokens:
                raise _Trouble("A number is missing before {}", token.start, token.end)
            part.end = token.start
            yield part
            part = _Piece(None, token.end, token.end)
        else:
            part.tokens.append(token)
    part.end = piece.end
    if part.tokens:
        yield part


def _outside(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """Yield the tokens that stand outside brackets."""
    depth = 0
    for token in tokens:
        depth += (token.kind in _OPENINGS) - (token.kind == "close")
        if depth <= 0:
            yield token


# Entries.


def _entries(typed: str) -> Iterator[Entry]:
    """Yield the entries, with the rows of a matrix that stand on lines of their own put together."""
    if len(typed) > MOST_CHARACTERS:
        length = f"{len(typed):,} characters, more than the {MOST_CHARACTERS:,}"
        raise _Trouble(f"The text has {length} that I read at once", limit=True)
    text = _without_braces(typed.translate(_TABLE))
    pieces = _pieces(text)
    if not pieces:
        raise _Trouble("There is nothing to read yet")
    for block in _blocks(pieces):
        ways = [_ways(text, piece) for piece in block]
        rows = _rows(text, block, ways)
        if rows:
            yield _entry(typed, text, block[0], block[-1].end, rows)
        else:
            for piece, parts in zip(block, ways, strict=True):
                yield _entry(typed, text, piece, piece.end, parts.values())


def _entry(typed: str, text: str, piece: _Piece, end: int, parts: Iterable[_Part]) -> Entry:
    """Return an entry in the characters that were typed; its ends are found where the braces of a dict are gone."""
    name = typed[piece.name].strip().strip("$").strip() if piece.name else None
    stretch = text[piece.start : end]
    start = piece.start + len(stretch) - len(stretch.lstrip())
    return Entry(name, _readings(parts), typed[start : start + len(stretch.strip().rstrip(" ,"))])


def _without_braces(text: str) -> str:
    """Return a Python dict without its braces: what is left are entries separated by commas."""
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        return text
    first, last = text.index("{"), text.rindex("}")
    after = first + 1
    while text[after] in " \n":
        after += 1
    if _name(text, after) is None:
        return text
    return f"{text[:first]} {text[first + 1 : last]} {text[last + 1 :]}"


def _blocks(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield runs of pieces in which only the first may have a name: what could be the rows of one matrix."""
    block: list[_Piece] = []
    for piece in pieces:
        if block and piece.name is not None:
            yield block
            block = []
        block.append(piece)
    yield block


def _ways(text: str, piece: _Piece) -> dict[str, _Part]:
    """Return every way to read a piece, the most likely first, by what its commas and spaces do.

    They separate ("lists"), or group ("thousands"), or the comma marks the decimals ("decimals"). The last two are read
    from the text with these marks changed.
    """
    ways: dict[str, _Part] = {}
    trouble = None
    for way, tokens in _ways_to_cut(text, piece):
        try:
            ways[way] = _Parser(tokens, piece).whole()
        except _Trouble as found:
            trouble = trouble if trouble and way != "lists" else found
    if trouble and not ways:
        raise trouble
    return ways


def _ways_to_cut(text: str, piece: _Piece) -> Iterator[tuple[str, list[_Token]]]:
    """Yield the ways to take the commas and spaces of a piece, with the tokens that each leads to."""
    body = text[piece.body : piece.end]
    if not piece.is_plain or not ("," in body or " " in body):
        yield "lists", piece.tokens
        return
    grouped = _THOUSANDS.sub(lambda match: match[0].replace(",", "_").replace(" ", "_"), body)
    if grouped != body:
        yield "thousands", _tokens(grouped, piece.body)
    groups = [match[0] for match in _THOUSANDS.finditer(body)]
    if not any(re.search("[ ,]0", group) for group in groups):  # nobody means the list of 12, 800 and 000
        yield "lists", piece.tokens
    if _DECIMAL_COMMA.search(body):
        grouped = _BEFORE_DECIMAL_COMMA.sub(lambda match: match[0].replace(".", "_"), body)
        yield "decimals", _tokens(_DECIMAL_COMMA.sub(".", grouped), piece.body)


def _rows(text: str, block: list[_Piece], ways: list[dict[str, _Part]]) -> list[_Part]:
    """Return the ways to read lines of plain numbers as one matrix; none if they do not hold equally many."""
    if len(block) == 1 or not all(piece.is_plain for piece in block):
        return []
    matrices = []
    for way in _WAYS_OF_ROWS["," in text]:
        rows = [parts.get(way) or parts.get("lists") for parts in ways]
        counts = {0 if row.form == "number" else len(row.value) for row in rows if row is not None}
        is_new = any(way in parts for parts in ways) and None not in rows
        if not is_new or len(counts) > 1 or (counts == {0} and not _may_be_column(text, block[0])):
            continue
        try:
            matrix = _gather(rows, block[0].body, block[-1].end)
        except _Trouble:  # lines in different units are not the rows of one matrix
            continue
        column = tuple((number,) for number in matrix.value)
        matrices.append(matrix._replace(also=((column, "list"),)) if counts == {0} else matrix)
    return matrices


# Spaces more often separate the numbers of a row than they group them; commas without a space group.
_WAYS_OF_ROWS = {True: ("thousands", "lists", "decimals"), False: ("lists", "thousands")}


def _may_be_column(text: str, first: _Piece) -> bool:
    """Tell whether lines of one number each belong together: not where the first is a name's whole value."""
    return first.name is None or "\n" in text[first.body : first.tokens[0].start]


def _readings(parts: Iterable[_Part]) -> tuple[Reading, ...]:
    """Return what the ways to read a piece amount to, each once; what is less likely comes after all of them."""
    parts = list(parts)
    readings: list[Reading] = []
    ways = [Reading(part.value, part.form, part.unit) for part in parts]
    ways += [Reading(value, form, part.unit) for part in parts for value, form in part.also]
    ways += [
        Reading(part.value, "shape", part.unit)
        for part in parts
        if part.form == "list" and _is_sizes(part.value)
    ]
    for reading in ways:
        if reading not in readings:
            readings.append(reading)
    return tuple(readings)


def _is_sizes(value: Value) -> bool:
    """Tell whether a list holds nothing but whole numbers, none negative, and so may be a shape."""
    return all(isinstance(size, Typed) and size.resolution == 1 and size.value >= 0 for size in value)


# Parsing one piece.


class _Part(NamedTuple):
    """A value on its way to being a reading."""

    value: Value
    form: str
    unit: str | None = None
    factor: Fraction = Fraction(1)  # what the unit multiplied it by
    also: tuple[tuple[Value, str], ...] = ()  # less likely values and their forms

    def with_word(self, word: _Word) -> _Part:
        """Return it in a unit, or multiplied by a power of ten; the also-rans are multiplied with it."""
        also = tuple((_each(value, word.factor), form) for value, form in self.also)
        unit, factor = (word.unit, word.factor) if word.unit else (self.unit, self.factor)
        return _Part(_each(self.value, word.factor), self.form, unit, factor, also)


def _each(value: Value, factor: Fraction) -> Value:
    """Return nested numbers multiplied by a factor, and their resolution with them."""
    if factor == 1:
        return value
    if not isinstance(value, Typed):
        return tuple(_each(part, factor) for part in value)
    if isinstance(value.value, float):
        return Typed(value.value * (1 if factor > 0 else -1), None)
    return Typed(value.value * factor, value.resolution and value.resolution * abs(factor))


def _gather(parts: Sequence[_Part], start: int, end: int) -> _Part:
    """Return the list of these parts, in the one unit that any of them has."""
    if any(part.form == "shape" for part in parts):
        raise _Trouble("A shape does not belong in a list of numbers, {}", start, end)
    with_unit = [part for part in parts if part.unit]
    if len({part.unit for part in with_unit}) > 1:
        raise _Trouble("The numbers in {} have different units", start, end)
    factor = max((part.factor for part in with_unit), key=lambda factor: factor != 1, default=Fraction(1))
    if factor != 1 and len(with_unit) < len(parts):
        raise _Trouble(
            "The unit in {} should stand behind every number, or behind brackets round them", start, end
        )
    return _Part(
        tuple(part.value for part in parts), "list", with_unit[0].unit if with_unit else None, factor
    )


_STARTS = (*_NUMBERS, *_OPENINGS, "sign")
_PAIRS = {"[": "]", "(": ")", "{": "}"}
_CALCULATES = ("sign", "slash", "times")


class _Parser:
    """Reads the tokens of one piece from left to right, once."""

    def __init__(self, tokens: list[_Token], piece: _Piece) -> None:
        self._tokens = (
            tokens[:-1] if tokens and tokens[-1].kind == "dot" else tokens
        )  # the full stop of a sentence
        self._piece = piece
        self._at = 0
        self._depth = 0

    def whole(self) -> _Part:
        """Return the value of the piece."""
        row, _ = self._row()
        if self._next is not None:
            self._refuse("The bracket {} was never opened")
        if not row:
            raise _Trouble("There is no value in {}", self._piece.start, self._piece.end)
        return row[0] if len(row) == 1 else self._list(row, 0)

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next_is(self, *kinds: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].kind in kinds

    def _take(self) -> _Token:
        """Return the next token and step over it."""
        if self._at == len(self._tokens):
            last = self._tokens[-1]
            raise _Trouble("The text ends where a number should follow {}", last.start, last.end)
        self._at += 1
        return self._tokens[self._at - 1]

    def _refuse(self, what: str) -> NoReturn:
        """Raise the trouble with the next token."""
        token = self._tokens[self._at]
        raise _Trouble(what, token.start, token.end)

    def _list(self, parts: Sequence[_Part], first: int) -> _Part:
        """Return the list of parts, of which the first begins at a token's number and the last ends here."""
        return _gather(parts, self._tokens[first].start, self._tokens[self._at - 1].end)

    def _row(self) -> tuple[list[_Part], int]:
        """Return the items up to the end of a row or a list, and how many commas are among them."""
        items: list[_Part] = []
        commas, ready, first = 0, True, self._at
        while not (self._at == len(self._tokens) or self._next_is("semicolon", "close")):
            if not self._next_is("comma"):
                if not ready:
                    self._check_gap(commas)
                items.append(self._item())
                ready = False
                continue
            if ready and not (commas and self._tokens[self._at].text == "and"):  # "1, 2, and 3"
                self._refuse("A number is missing before {}")
            if not commas and len(items) > 1:
                start, end = self._tokens[first].start, self._tokens[self._at].end
                raise _Trouble("Commas separate some numbers in {} and spaces others", start, end)
            self._at += 1
            commas, ready = commas + 1, True
        return items, commas

    def _check_gap(self, commas: int) -> None:
        """Check that what follows an item without a comma is the next item of a list separated by spaces."""
        before, token = self._tokens[self._at - 1], self._tokens[self._at]
        if token.kind in ("about", "equals"):
            self._refuse(
                "One value is enough, and it is not clear whether the one before or behind {} is meant"
            )
        if token.kind not in _STARTS:
            self._unexpected()
        if token.kind == "sign":  # [3 -1] are two numbers, 3 - 1 and 3-1 are not
            after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else token
            if token.start == before.end or token.end != after.start:
                self._unexpected()
        if commas:
            self._refuse("A comma is missing before {}")
        if token.start == before.end and before.kind != "close" and token.kind not in _OPENINGS:
            raise _Trouble("I cannot read {} as one number", before.start, token.end)

    def _item(self) -> _Part:
        """Return a number, a list or a shape, with its unit."""
        while self._next_is("about", "equals"):
            self._at += 1
        first = self._at
        sign = self._take() if self._next_is("sign") else None
        part = self._atom()
        if sign is not None and part.form != "number":
            raise _Trouble(
                "A sign stands before a number, not before {}", sign.start, self._tokens[self._at - 1].end
            )
        if sign is not None and sign.text == "-":
            part = part._replace(value=_each(part.value, Fraction(-1)))
        if self._next_is("times"):
            part = self._multiple(part) if self._ends_item(self._at + 1) else self._shape(part, first)
        return self._with_words(part)

    def _atom(self) -> _Part:
        """Return a number, or what stands in brackets."""
        token = self._take()
        if token.kind in _OPENINGS:
            return self._brackets(token)
        if token.kind in ("number", "power"):
            number = _number(token)
            return _Part(self._divided(number, token) if self._next_is("slash") else number, "number")
        if token.kind == "fraction":
            return _Part(_fraction(token), "number")
        if token.kind == "infinity":
            return _Part(Typed(math.inf, None), "number")
        self._at -= 1
        return self._unexpected()

    def _unexpected(self) -> NoReturn:
        """Say what is wrong with the next token, which nothing expects here."""
        token = self._tokens[self._at]
        if token.kind == "word":
            hint = " (behind a name, = or : should follow)" if self._at == 0 else ""
            self._refuse(f"I do not know the word {{}}{hint}")
        if token.kind in _CALCULATES or token.text == "^":
            self._refuse("I do not calculate: please type the result instead of the calculation at {}")
        if token.kind in ("comma", "semicolon", "close"):
            self._refuse("A number is missing before {}")
        self._refuse("I cannot read {}")

    def _divided(self, above: Typed, token: _Token) -> Typed:
        """Return a fraction; the next token is its bar."""
        self._at += 1
        below = self._take()
        if below.kind != "number" or above.resolution != 1 or (number := _number(below)).resolution != 1:
            raise _Trouble(
                "A fraction needs whole numbers above and below, unlike {}", token.start, below.end
            )
        return _ratio(above.value, number.value, token.start, below.end)

    def _ends_item(self, at: int) -> bool:
        return at >= len(self._tokens) or self._tokens[at].kind in ("comma", "semicolon", "close")

    def _multiple(self, part: _Part) -> _Part:
        """Return the number in ``9.68x``, so many times; the next token is the x."""
        if part.form != "number":
            self._refuse("A number should follow {}")
        self._at += 1
        return part

    def _shape(self, part: _Part, first: int) -> _Part:
        """Return the shape whose first size was read; the next token is what joins it to the second."""
        sizes = [part]
        begin, start = first, self._tokens[first].start
        while True:
            size = sizes[-1].value
            plain = self._tokens[begin].kind == "number" and self._at == begin + 1
            if not (plain and size.resolution == 1):
                end = self._tokens[self._at - 1].end
                raise _Trouble("The sizes of a shape are whole numbers, unlike those of {}", start, end)
            if not self._next_is("times"):
                return _Part(tuple(each.value for each in sizes), "shape")
            self._at += 1
            begin = self._at
            sizes.append(self._atom())

    def _with_words(self, part: _Part) -> _Part:
        """Return a part in the unit that stands behind it, and times the thousands or millions."""
        scaled = False
        while self._next_is("word", "percent"):
            token = self._tokens[self._at]
            word = _PERCENT if token.kind == "percent" else _meaning(token.text)
            if word is None:
                self._refuse("The word {} is not a unit that I know")
            is_scale = word.unit is None and word.factor != 1
            if (part.unit and (word.unit or is_scale)) or (scaled and is_scale):
                self._refuse("One unit is enough, and {} is another")
            if part.form == "shape" and word.factor != 1:
                self._refuse("{} does not fit a shape")
            scaled = scaled or is_scale
            part = part.with_word(word)
            self._at += 1
        return part

    def _brackets(self, opening: _Token) -> _Part:
        """Return what stands in brackets, or in a matrix of LaTeX; the opening one is behind us."""
        self._depth += 1
        if self._depth > MOST_NESTED:
            what = f"The brackets at {{}} are nested more than {MOST_NESTED} deep"
            raise _Trouble(what, opening.start, opening.end, limit=True)
        start, rows, commas = self._at - 1, [], 0
        while True:
            first = self._at
            row, more = self._row()
            if row:
                rows.append((row, first))
            elif self._next_is("semicolon"):
                self._refuse("A row is missing before {}")
            commas += more
            if self._take().kind == "close":
                break
        self._depth -= 1
        self._check_pair(opening, [row for row, _ in rows])
        if opening.kind == "begin" or len(rows) > 1:
            return self._matrix([self._list(row, first) for row, first in rows], start)
        return self._in_one_row(opening, rows[0][0], start, commas)

    def _check_pair(self, opening: _Token, rows: list[list[_Part]]) -> None:
        """Check that the brackets belong together, as those of an interval do, [0, 1) say, and are not empty."""
        closing = self._tokens[self._at - 1]
        if opening.kind == "begin":
            fits = closing.text.replace(" ", "") == rf"\end{{{opening.match['environment']}}}"
        else:
            interval = len(rows) == 1 and [part.form for part in rows[0]] == ["number"] * 2
            fits = closing.text[-1] == _PAIRS[opening.text[-1]] and not closing.text.startswith(r"\end")
            fits = fits or (interval and opening.text + closing.text in ("[)", "(]"))
        if not fits:
            raise _Trouble("The brackets round {} are not a pair", opening.start, closing.end)
        if not rows:
            raise _Trouble("The brackets {} are empty", opening.start, closing.end)

    def _matrix(self, rows: list[_Part], start: int) -> _Part:
        """Return the matrix of these rows, which is perhaps a list if it has one row or one column."""
        matrix = self._list(rows, start)
        if len(rows) == 1:
            return matrix._replace(also=((rows[0].value, "list"),))
        if all(len(row.value) == 1 for row in rows):
            return matrix._replace(also=((tuple(row.value[0] for row in rows), "list"),))
        return matrix

    def _in_one_row(self, opening: _Token, row: list[_Part], start: int, commas: int) -> _Part:
        """Return the list that stands in brackets; one item without a comma in ( ) or { } is itself."""
        is_itself = opening.text != "[" or row[0].form == "shape" or self._tokens[start + 1].kind == "begin"
        if len(row) > 1 or commas or not is_itself:
            return self._list(row, start)
        (only,) = row
        if opening.text.endswith("Size(") and only.form == "list" and _is_sizes(only.value):
            return only._replace(form="shape", also=((only.value, "list"),))
        return only


# Numbers. Their length is checked before Python is asked to compute with them.


def _number(token: _Token) -> Typed:
    """Return the value of a number without its sign."""
    if token.kind == "power":  # 10^6 is 1 x 10^6
        return Typed(*[_power_of_ten(_exponent(token.text[2:], token))] * 2)
    found = token.match
    decimals = found["decimals"] or found["only"] or ""
    digits = re.sub("[^0-9]", "", found["whole"] or "") + decimals
    _check_digits(digits, token)
    last = _exponent(found["exponent"] or found["ten"] or "0", token) - len(decimals)
    return Typed(int(digits) * _power_of_ten(last), _power_of_ten(last))


def _check_digits(digits: str, token: _Token) -> None:
    if len(digits) > MOST_DIGITS:
        raise _Trouble(
            f"The number {{}} has more than {MOST_DIGITS} digits", token.start, token.end, limit=True
        )


def _exponent(text: str, token: _Token) -> int:
    """Return the integer in a text such as ``^{-3}`` or ``⁻³``."""
    written = text.translate(_SUPERSCRIPTS)
    digits = re.sub("[^0-9]", "", written).lstrip("0") or "0"
    if len(digits) > len(str(LARGEST_EXPONENT)) or int(digits) > LARGEST_EXPONENT:
        what = f"The power of ten in {{}} is beyond 10^{LARGEST_EXPONENT} or 10^-{LARGEST_EXPONENT}"
        raise _Trouble(what, token.start, token.end, limit=True)
    return -int(digits) if "-" in written else int(digits)


@lru_cache(maxsize=2 * (LARGEST_EXPONENT + MOST_DIGITS))
def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10) ** exponent


def _fraction(token: _Token) -> Typed:
    r"""Return the value of \frac{1}{3}, Fraction(1, 3), Fraction(5) or ½."""
    numbers = re.findall(_SIGNED, unicodedata.normalize("NFKC", token.text))
    for number in numbers:
        _check_digits(number.lstrip("+-"), token)
    above, below = [*map(int, numbers), 1][:2]
    return _ratio(above, below, token.start, token.end)


def _ratio(above: Rational, below: Rational, start: int, end: int) -> Typed:
    if not below:
        raise _Trouble("A division by zero has no value: {}", start, end)
    return Typed(Fraction(above, below), None)


# Writing.


def _written_parts(parts: Mapping[str, Any], shape: bool) -> str:
    if not parts:
        raise ValueError("an empty dict cannot be typed")
    for name in parts:
        if not isinstance(name, str):
            raise TypeError(
                f"the name of a part must be a string, got {name!r} of type {type(name).__name__}"
            )
    return "; ".join(f"{name} = {_written(value, shape)}" for name, value in parts.items())


def _written(value: Any, shape: bool, depth: int = 0) -> str:
    if not isinstance(value, list | tuple):
        return _written_number(value)
    if shape and isinstance(value, tuple):
        return _written_shape(value)
    if not value:
        raise ValueError("an empty list cannot be typed")
    if depth == MOST_NESTED:
        raise ValueError(f"lists nested more than {MOST_NESTED} deep cannot be typed")
    return f"[{', '.join(_written(part, shape, depth + 1) for part in value)}]"


def _written_shape(sizes: tuple[Any, ...]) -> str:
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral):
            raise TypeError(
                f"the sizes of a shape must be integers, got {size!r} of type {type(size).__name__}"
            )
        if size < 0:
            raise ValueError(f"the sizes of a shape must not be negative, got {size}")
    if not sizes:
        raise ValueError("an empty shape cannot be typed")
    written = [_written_number(size) for size in sizes]
    return "x".join(written) if len(sizes) > 1 else f"({written[0]},)"  # its second reading


def _written_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, Real):
        kind = type(value).__name__
        raise TypeError(
            f"value must be numbers, lists of numbers or a dict of them, got {value!r} of type {kind}"
        )
    if not isinstance(value, Rational):
        value = float(value)
        if math.isnan(value):
            raise ValueError("nan cannot be typed")
        return repr(value)
    if max(abs(value.numerator), value.denominator) >= 10**MOST_DIGITS:
        raise ValueError(f"a number of more than {MOST_DIGITS} digits cannot be typed: round it first")
    return str(Fraction(int(value.numerator), int(value.denominator)))
