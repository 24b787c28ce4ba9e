"""Terms and checks that several losses share."""

from __future__ import annotations

import math
from numbers import Real

from byhand._nested import Nested, Number, flat, rows

SUM_TOLERANCE = 1e-5  # how far from 1 the sum of a row of probabilities may be


def log_of_base(base: float | None) -> float:
    """Return ln(base), by which natural logarithms are divided; 1 for natural logarithms."""
    if base is None:
        return 1.0
    number("base", base)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be a finite number above 1, got {base}")
    return math.log(base)


def log(x: Number) -> float:
    """Return the natural logarithm, minus infinity at 0."""
    return math.log(x) if x else -math.inf


def times_log(a: Number, b: Number) -> float:
    """Return a log b, where 0 log 0 is 0: the limit."""
    return a * log(b) if a else 0.0


def share(a: Number, b: Number) -> float:
    """Return the derivative of a log b for b: a / b, and 0 where a = 0 leaves no term."""
    if not a:
        return 0.0
    return a / b if b else math.inf


def number(name: str, value: Number) -> Number:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r} of type {type(value).__name__}")
    return value


def positive(name: str, value: Number) -> Number:
    """Return ``value`` if it is a finite number above 0."""
    if not 0 < number(name, value) < math.inf:
        raise ValueError(f"{name} must be a finite number above 0, got {value}")
    return value


def part(name: str, value: Number) -> Number:
    """Return ``value`` if it is a number from 0 to 1."""
    if not 0 <= number(name, value) <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")
    return value


def count(value: Nested) -> int:
    return sum(1 for _ in flat(value))


def distributions(name: str, value: Nested) -> None:
    """Check that every row holds probabilities; their sum may be off by what float32 loses."""
    for row in rows(value):
        if not (min(row) >= 0 and abs(sum(row) - 1) <= SUM_TOLERANCE):
            raise ValueError(f"{name} must hold probabilities that sum to 1 in each row, got {row!r}")
