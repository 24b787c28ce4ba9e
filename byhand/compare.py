"""Comparing a typed value with a computed one: size, tolerance, units, and digits that were not typed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from byhand import notation
from byhand.typed import Reading, Typed

# How far a typed value may be from the right one, in units of the last decimal asked: half for rounding, and a little.
_SLACK = Fraction(6, 10)
_RELATIVE = Fraction(
    1, 10**9
)  # what floats of any size are allowed: their own rounding, and that of a calculator
_TO_UNIT = {
    ("bits", "nats"): math.log(2),
    ("nats", "bits"): 1 / math.log(2),
    ("flops", "macs"): 0.5,
    ("macs", "flops"): 2.0,
}


def is_converted(reading: Reading, unit: str) -> bool:
    """Tell whether a reading has a unit of its own that can be converted to the one asked."""
    return (reading.unit or "", unit) in _TO_UNIT


def equal(value: Any, reading: Reading, decimals: int, *, unit: str = "", coarse: bool = False) -> bool:
    """Tell whether a reading is the value, at the precision asked.

    Parameters
    ----------
    value
        A number, nested lists or a shape.
    reading
        What was typed.
    decimals
        The decimals asked; whole numbers must be exactly right.
    unit
        The unit asked; a reading in another that can be converted is.
    coarse
        Whether fewer digits do, as long as two are there: a mistake is recognised from 2.17 too.
    """
    if isinstance(value, notation.Shape) and reading.form == "number" and len(value) > 1:
        return False
    if not same_size(value, reading.value):
        return False
    factor = _TO_UNIT.get((reading.unit or "", unit), 1.0)
    allowed = tolerance(value, decimals)
    pairs = zip(notation.numbers(value), typed_numbers(reading.value), strict=True)
    return all(
        near(number, typed, as_typed(typed, allowed) if coarse and _digits(typed) > 1 else allowed, factor)
        for number, typed in pairs
    )


def near(value: Any, typed: Typed, tolerance: Fraction, factor: float = 1.0) -> bool:
    """Tell whether a typed number, times ``factor``, is within the tolerance of a computed one."""
    if isinstance(value, float) and not math.isfinite(value):
        return typed.value == value
    if isinstance(typed.value, float):  # infinite
        return False
    number = typed.value if factor == 1 else typed.value * Fraction(factor)
    if isinstance(value, float):
        tolerance = max(tolerance, _RELATIVE * abs(Fraction(value)))
    return abs(number - Fraction(value)) <= tolerance


def tolerance(value: Any, decimals: int) -> Fraction:
    """Return how far a typed value may be off: nothing for whole numbers."""
    return Fraction(0) if notation.is_integral(value) else _SLACK / 10**decimals


def as_typed(typed: Typed, tolerance: Fraction) -> Fraction:
    """Return the tolerance for a number that was typed with fewer digits than asked."""
    return max(tolerance, (typed.resolution or 0) * _SLACK)


def says_enough(typed: Typed) -> bool:
    """Tell whether a rounded number is more than an order of magnitude: its last digit at most a fifth of it."""
    return isinstance(typed.value, Fraction) and 5 * (typed.resolution or 0) <= abs(typed.value)


def same_size(value: Any, typed: Any) -> bool:
    """Tell whether sizes agree, but for axes of length one."""
    return [n for n in notation.sizes(value) if n != 1] == [n for n in typed_sizes(typed) if n != 1]


def typed_sizes(value: Any) -> tuple[int, ...]:
    """Return the sizes of a typed value; -1 stands for rows of different lengths."""
    if isinstance(value, Typed):
        return ()
    inner = {typed_sizes(each) for each in value}
    return (len(value), *inner.pop()) if len(inner) == 1 else (-1,)


def typed_numbers(value: Any) -> list[Typed]:
    """Return the numbers of a typed value in reading order."""
    return list(_walk(value))


def transposed(typed: Any, size: tuple[int, ...]) -> Any:
    """Return the transpose of a typed square matrix; nothing for others, whose size is wrong already."""
    is_square = len(size) == 2 and size[0] == size[1] and typed_sizes(typed) == size
    return tuple(zip(*typed, strict=True)) if is_square else ()


def in_form(right: Any, reading: Reading) -> Any:
    """Return the typed value nested as the right one is, where the sizes agree; else as it was typed."""
    if not same_size(right, reading.value):
        return _plain(reading.value)
    values = iter([number.value for number in typed_numbers(reading.value)])
    filled = notation.nested(right, lambda _: next(values))
    return notation.Shape(*map(int, filled)) if isinstance(right, notation.Shape) else filled


def _digits(typed: Typed) -> int:
    """Return how many significant digits were typed; none are known of an exact fraction."""
    if typed.resolution is None or isinstance(typed.value, float) or not typed.value:
        return 0
    return len(str(abs(int(typed.value / typed.resolution))))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Typed) else [_plain(each) for each in value]


def _walk(value: Any) -> Iterator[Typed]:
    if isinstance(value, Typed):
        yield value
    else:
        for each in value:
            yield from _walk(each)
