"""Checks of plain arguments, shared by every public function. No NumPy: the counting floor stands on this file.

Every message says which argument was wrong, what it got and what was expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Rational, Real

Pair = int | Sequence[int]  # one number for both directions, or (height, width)


def integer(name: str, value: object, *, minimum: int = 0) -> int:
    """Return ``value`` as an ``int``, or say why it is not a whole number of at least ``minimum``."""
    plain = type(value) is int  # asked first: the general question costs more than a small operation's sums
    if not plain and (isinstance(value, bool) or not isinstance(value, Integral)):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def number(name: str, value: object) -> float:
    """Return ``value`` as a ``float``, or say that it is not a real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    return float(value)


def within(name: str, value: object, low: float, high: float = math.inf) -> float:
    """Return ``value`` as a ``float`` if it is finite and lies from ``low`` to ``high``, both included."""
    checked = number(name, value)
    if not low <= checked <= high or checked == math.inf:
        expected = f"at least {low} and finite" if high == math.inf else f"from {low} to {high}"
        raise ValueError(f"{name} must be {expected}, got {value}")
    return checked


def pair(name: str, value: object, *, minimum: int = 0) -> tuple[int, int]:
    """Return ``value`` as (height, width); a single integer stands for both."""
    single = type(value) is int  # asked first, as in integer()
    if (
        not single
        and isinstance(value, Sequence)
        and not isinstance(value, str | bytes | bytearray | memoryview)
    ):
        if len(value) != 2:
            raise ValueError(f"{name} must be one integer or a pair (height, width), got {value!r}")
        return integer(name, value[0], minimum=minimum), integer(name, value[1], minimum=minimum)
    number = integer(name, value, minimum=minimum)
    return number, number


def factors(name: str, value: object) -> tuple[Rational | float, Rational | float]:
    """Return ``value`` as (height, width), two numbers above 0; a single one stands for both. Fractions stay exact."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        if len(value) != 2:
            raise ValueError(f"{name} must be one number or a pair (height, width), got {value!r}")
        return factors(name, value[0])[0], factors(name, value[1])[0]
    factor = number(name, value)
    if not 0 < factor < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")
    factor = value if isinstance(value, Rational) else factor
    return factor, factor


def choice(name: str, value: object, allowed: Sequence[object]) -> object:
    """Return ``value`` if it is one of ``allowed``."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value
