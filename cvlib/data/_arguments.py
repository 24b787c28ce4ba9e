"""Checks of plain arguments that the synthetic sets share."""

from __future__ import annotations

import math

from cvlib._checks import number


def amount(name: str, value: float, *, positive: bool = False) -> float:
    """Return ``value`` as a float if it is finite and at least 0 (above 0 if it must be ``positive``).

    Examples
    --------
    >>> amount("noise", -1)
    Traceback (most recent call last):
        ...
    ValueError: noise must be finite and at least 0, got -1
    """
    value = number(name, value)
    large_enough = value > 0 if positive else value >= 0
    if not large_enough or value == math.inf:
        raise ValueError(f"{name} must be finite and {'above' if positive else 'at least'} 0, got {value:g}")
    return value
