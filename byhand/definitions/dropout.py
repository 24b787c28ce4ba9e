"""Dropout with the mask in plain sight: exact in exact numbers."""

from __future__ import annotations

from typing import Any

from byhand._nested import Nested, Number, divide, each, flat, same_shape, shape, zero_of


def dropout(x: Nested, mask: Nested, *, p: Number = 0.5) -> Any:
    """Return x / (1 - p) where the mask is True, and 0 elsewhere. With p = 1 nothing survives.

    Parameters
    ----------
    x : nested lists
    mask : nested lists of bool
        True (or 1) where an entry is kept.
    p : number
        The probability of being dropped that the mask was drawn with, from 0 to 1.

    Examples
    --------
    >>> from fractions import Fraction
    >>> dropout([1, 2, 3, 4], [True, False, True, True], p=Fraction(1, 3))
    [Fraction(3, 2), 0, Fraction(9, 2), Fraction(6, 1)]
    """
    mask = _checked(x, mask, p)
    return each(lambda x, kept: divide(x, 1 - p) if kept else zero_of(x), x, mask)


def dropout_backward(dy: Nested, x: Nested, mask: Nested, *, p: Number = 0.5) -> Any:
    """Return dx of :func:`dropout`: dy / (1 - p) where the mask is True, and 0 elsewhere.

    Examples
    --------
    >>> dropout_backward([1, 1, 1], [5, 6, 7], [True, False, True], p=0.75)
    [4.0, 0, 4.0]
    """
    mask = _checked(x, mask, p)
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, kept: divide(dy, 1 - p) if kept else zero_of(dy), dy, mask)


def _checked(x: Nested, mask: Nested, p: Number) -> Any:
    """Return the mask in zeros and ones, once it fits ``x`` and ``p``."""
    mask = _ones(mask)
    same_shape("mask", mask, shape("x", x), "x")
    same_shape("p", p, (), "a single number")
    if not 0 <= p <= 1:
        raise ValueError(f"p must be a probability between 0 and 1, got {p}")
    wrong = [kept for kept in flat(mask) if kept not in (0, 1)]
    if wrong:
        raise ValueError(f"mask must hold True and False only, got {wrong[0]}")
    if p == 1 and any(flat(mask)):
        raise ValueError(f"p = 1 drops everything, but the mask keeps {sum(flat(mask))} numbers")
    return mask


def _ones(mask: Any) -> Any:
    """Return nested lists with 1 for True and 0 for False."""
    if isinstance(mask, list | tuple):
        return [_ones(part) for part in mask]
    return int(mask) if isinstance(mask, bool) else mask
