"""What a reader may put in place of a given: how it is called, what it may be, and how it is read and written.

A calculation declares its givens beside the coursework's numbers::

    givens = {
        "image": reals("map $I$", "h w"),
        "kernel": reals("filter $W$", "f:1-5 g:1-5"),
        "stride": wholes("stride", low=1, high=4),
    }

A size is one word for each side: a number for a fixed length, or a name for a free one, with its limits where they are
not the usual ones. Sides of the same name have the same length in all givens. What else has to hold among the givens, a
calculation says in its method ``accept``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from byhand import notation, typed
from byhand.notation import Number

MOST_SIDE = (
    8  # of a vector or matrix, unless a problem says otherwise: what a page shows and a hand works through
)
LARGEST = 1000  # and the smallest is -1000, unless a problem says otherwise
MOST_DENOMINATOR = 1000
_DECIMAL = 10_000  # a fraction with a denominator that divides this is written as a decimal
_LONGEST_TEXT = 2_000  # characters that are read: twice as many as the largest matrix of long fractions has
_LONGEST_TOLD = 20
_SIDE = re.compile(r"(?P<fixed>\d+)|(?P<name>[a-z])(?::(?P<low>\d+)-(?P<high>\d+))?")
_FORMS = {1: "a list", 2: "a matrix"}
_EXAMPLES = {1: "[1, 2, 3]", 2: "[[1, 2], [3, 4]]"}


class Refused(ValueError):  # noqa: N818 (what it says, a reader reads)
    """Something that a reader asked for and cannot have; the message is a sentence or two that say why.

    Parameters
    ----------
    sentence
        What was wrong, and what is expected: plain text.
    field
        The name of the given that it is about; None where it is not about a single one.
    """

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


def expect(condition: bool, sentence: str, field: str | None = None) -> None:
    """Raise :class:`Refused` unless the condition holds."""
    if not condition:
        raise Refused(sentence, field)


def expect_window(
    sides: Sequence[int], window: Sequence[int], field: str, *, padding: int = 0, places: int = 1
) -> None:
    """Raise :class:`Refused` unless a window has so many places along each side of a map, at stride 1."""
    for side, length in zip(sides, window, strict=True):
        room = side + 2 * padding - length + 1
        if room < places:
            has = room if room > 0 else "none"
            needed = "a place" if places == 1 else f"{places} places"
            around = f" with padding {padding}" if padding else ""
            raise Refused(
                f"Expected a window that has {needed} along each side of the map: one of {length} has {has} along a "
                f"side of {side}{around}.",
                field,
            )


@dataclass(frozen=True)
class Side:
    """One side of a vector or a matrix; without a name its length is fixed."""

    name: str
    low: int
    high: int

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Given:
    """One given as a reader may change it; made by :func:`reals`, :func:`wholes`, :func:`choice` and others.

    Attributes
    ----------
    label
        A few words, with the symbol between dollar signs where there is one.
    sides
        The sides of a vector or a matrix; none for a number.
    low, high
        Between these every number lies, both included.
    whole
        Whether only whole numbers are allowed.
    below
        For the number of a class: the side that it is counted along, from 0.
    shape
        Whether it is a shape, written 28x28x10.
    words
        For a choice: what each word stands for.
    """

    label: str
    sides: tuple[Side, ...] = ()
    low: Number = -LARGEST
    high: Number = LARGEST
    whole: bool = False
    below: str = ""
    shape: bool = False
    words: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The label as plain text."""
        from byhand.formula import plain  # here: most calculations are solved without any label

        return re.sub(r"\$([^$]+)\$", lambda found: plain(found[1]), self.label)

    @property
    def title(self) -> str:
        """The name as a sentence begins."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def expected(self) -> str:
        """What to type, in words: "a matrix of 2 × 1 to 8 numbers from −5 to 5"."""
        if self.words:
            return " or ".join(self.words)
        if self.below:
            return "the number of a class, counted from 0"
        kind = "whole number" if self.whole else "number"
        low, high = notation.plain(self.low), notation.plain(self.high)
        limits = f"from {low} to {high}"
        if not self.sides:
            return f"a {kind} {limits}"
        size = " × ".join(map(str, self.sides))
        form = "a shape" if self.shape else _FORMS[len(self.sides)]
        return f"{form} of {size} {kind}s {limits}"

    def read(self, text: str, name: str) -> Any:
        """Return what a text stands for, exact; :class:`Refused` with the given's name if it cannot be that."""
        if len(text) > _LONGEST_TEXT:
            raise Refused(
                f"{self.title}: expected at most {_LONGEST_TEXT:,} characters, got {len(text):,}.", name
            )
        if self.words:
            return self._word(text, name)
        value = self._value(text, name)
        for number in notation.numbers(value):
            self._check(number, name)
        return value

    def write(self, value: Any) -> str:
        """Return the text that a reader would type for a value; :meth:`read` is the way back."""
        if self.words:
            return next(word for word, meaning in self.words.items() if meaning == value)
        if self.shape:
            return "x".join(map(str, value))
        return _written(value)

    def refusal(self, got: str, name: str) -> Refused:
        """Return the refusal that says what was typed and what is expected."""
        return Refused(f"{self.title}: expected {self.expected}, got {got}.", name)

    def _word(self, text: str, name: str) -> Any:
        word = text.strip().casefold()
        if word not in self.words:
            raise self.refusal("another word" if word else "nothing", name)
        return self.words[word]

    def _value(self, text: str, name: str) -> Any:
        """Return the first reading with the right number of sides."""
        try:
            entries = typed.read(text)
        except typed.Unreadable as error:
            raise Refused(f"{self.title}: {error}", name) from None
        if len(entries) > 1:
            raise self.refusal(f"{len(entries)} values", name)
        values = [
            _plain(reading.value) for reading in entries[0].readings if reading.unit in (None, "percent")
        ]
        for value in values:
            if _rank(value) == len(self.sides):
                return value
        raise self.refusal(_described(values), name)

    def _check(self, number: Number, name: str) -> None:
        if isinstance(number, float):  # the only floats that can be typed are infinite
            raise self.refusal("infinity", name)
        if (self.whole and number.denominator > 1) or not self.low <= number <= self.high:
            raise self.refusal(_told(number), name)
        if number.denominator > MOST_DENOMINATOR:
            raise Refused(
                f"{self.title}: expected numbers with at most 3 decimals, or fractions "
                f"with a denominator up to {MOST_DENOMINATOR}, got one with more.",
                name,
            )


def reals(label: str, size: str = "", *, low: Any = -LARGEST, high: Any = LARGEST) -> Given:
    """Declare a number, or a vector or a matrix of this size."""
    return Given(label, tuple(_sides(size)), Fraction(low), Fraction(high))


def wholes(label: str, size: str = "", *, low: int = -LARGEST, high: int = LARGEST) -> Given:
    """Declare a whole number, or a vector or a matrix of them."""
    return Given(label, tuple(_sides(size)), low, high, whole=True)


def shape(label: str, *, low: int = 1, high: int = 1024) -> Given:
    """Declare the height, width and depth of a stack of maps."""
    return Given(label, tuple(_sides("3")), low, high, whole=True, shape=True)


def counted_from_0(label: str, side: str) -> Given:
    """Declare the number of a class, of which there are as many as this side is long."""
    return Given(label, low=0, high=LARGEST, whole=True, below=side)


def choice(label: str, **words: Any) -> Given:
    """Declare a choice between words."""
    return Given(label, words=words)


def check_sizes(givens: Mapping[str, Given], values: Mapping[str, Any]) -> None:
    """Raise :class:`Refused` unless every vector and matrix has its size, and sides of the same name one length."""
    first: dict[str, str] = {}  # the given in which a side occurs first: its limits hold, and its length
    lengths: dict[str, int] = {}
    for name, given in givens.items():
        size = notation.sizes(values[name])
        for side, length in zip(given.sides, size, strict=True):
            if side.name in lengths:
                fits = length == lengths[side.name]
            else:
                fits = side.low <= length <= side.high
            if not fits:
                others = [givens[first[s.name]].name for s in given.sides if first.get(s.name, name) != name]
                raise _misfit(given, name, size, lengths, list(dict.fromkeys(others)))
            if side.name:
                lengths.setdefault(side.name, length)
                first.setdefault(side.name, name)
    for name, given in givens.items():
        if given.below and values[name] >= lengths[given.below]:
            last = lengths[given.below] - 1
            raise Refused(f"{given.title}: the classes are 0 to {last}, got {values[name]}.", name)


def linked(givens: Mapping[str, Given]) -> dict[str, Given]:
    """Return the givens with the limits of a side, which stand where it occurs first, wherever it occurs."""
    first: dict[str, Side] = {}
    return {
        name: replace(given, sides=tuple(first.setdefault(s.name, s) if s.name else s for s in given.sides))
        for name, given in givens.items()
    }


def _misfit(
    given: Given, name: str, size: Sequence[int], lengths: Mapping[str, int], others: Sequence[str]
) -> Refused:
    """Return the refusal of a size: of one given alone, or of one that does not go with others before it."""
    got = " × ".join(map(str, size)) if len(size) > 1 else f"{size[0]} numbers"
    if not others:
        return given.refusal(got, name)
    expected = " × ".join(str(lengths.get(side.name, side)) for side in given.sides)
    expected += "" if len(size) > 1 else " numbers"
    return Refused(f"{given.title}: expected {expected}, to go with {' and '.join(others)}, got {got}.", name)


def _sides(size: str) -> Iterator[Side]:
    for word in size.split():
        found = _SIDE.fullmatch(word)
        if not found:
            raise ValueError(f"a side is a number or a letter, perhaps with limits as in n:2-5, got {word!r}")
        fixed = found["fixed"]
        low, high = (fixed, fixed) if fixed else (found["low"] or 1, found["high"] or MOST_SIDE)
        yield Side(found["name"] or "", int(low), int(high))


def _plain(value: typed.Value) -> Any:
    """Return what was typed as nested lists of integers and fractions."""
    if isinstance(value, typed.Typed):
        return notation.tidy(value.value)
    return [_plain(part) for part in value]


def _rank(value: Any) -> int | None:
    """Return how deep nested lists are; None if they are ragged."""
    if not isinstance(value, list):
        return 0
    ranks = {_rank(part) for part in value}
    lengths = {len(part) for part in value if isinstance(part, list)}
    return None if len(ranks) > 1 or None in ranks or len(lengths) > 1 else ranks.pop() + 1


def _described(values: Sequence[Any]) -> str:
    """Return words for what was typed and does not fit."""
    if not values:
        return "a number with a unit"
    rank = _rank(values[0])
    if rank is None:
        return "rows of different lengths"
    return {0: "a single number", 1: "a list", 2: "a matrix"}.get(rank, "brackets nested too deep")


def _told(number: Number) -> str:
    """Return a number for a message, unless it is too long for one."""
    written = notation.plain(number)
    is_short = number.denominator <= _DECIMAL and len(written) <= _LONGEST_TOLD
    return written if is_short else "a number of many digits"


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if _DECIMAL % value.denominator:
        return str(value)
    whole, rest = divmod(abs(value), 1)
    decimals = f".{int(rest * _DECIMAL):04}".rstrip("0").rstrip(".")
    return f"{'-' if value < 0 else ''}{whole}{decimals}"
