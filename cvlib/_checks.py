"""Checks of plain arguments, shared by every public function. No NumPy: the counting floor stands on this file.

Every message says which argument was wrong, what it got and what was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

Pair = int | Sequence[int]  # one number for both directions, or (height, width)


def integer(name: str, value: object, *, minimum: int = 0) -> int:
    """Return ``value`` as an ``int``, or say why it is not a whole number of at least ``minimum``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def number(name: str, value: object) -> float:
    """Return ``value`` as a ``float``, or say that it is not a real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    return float(value)


def pair(name: str, value: object, *, minimum: int = 0) -> tuple[int, int]:
    """Return ``value`` as (height, width); a single integer stands for both."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        if len(value) != 2:
            raise ValueError(f"{name} must be one integer or a pair (height, width), got {value!r}")
        return integer(name, value[0], minimum=minimum), integer(name, value[1], minimum=minimum)
    number = integer(name, value, minimum=minimum)
    return number, number


def choice(name: str, value: object, allowed: Sequence[object]) -> object:
    """Return ``value`` if it is one of ``allowed``."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value
