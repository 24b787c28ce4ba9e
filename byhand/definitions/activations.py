"""Activations, element by element."""

from __future__ import annotations

import math
from typing import Any

from byhand._nested import Nested, Number, each, same_shape, shape, zero_of


def relu(x: Nested) -> Any:
    """Return max(0, x) of every entry.

    Examples
    --------
    >>> relu([-2, 0, 3])
    [0, 0, 3]
    """
    shape("x", x)
    return each(lambda x: x if x > 0 else zero_of(x), x)


def relu_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`relu`: dy where x > 0, and 0 elsewhere (at the kink too).

    Examples
    --------
    >>> relu_backward([5, 6, 7], [-2, 0, 3])
    [0, 0, 7]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy if x > 0 else zero_of(dy), dy, x)


def sigmoid(x: Nested) -> Any:
    """Return 1 / (1 + e^-x) of every entry, as floats.

    Examples
    --------
    >>> sigmoid([0, -1000])
    [0.5, 0.0]
    """
    shape("x", x)
    return each(sigmoid_of, x)


def sigmoid_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`sigmoid`: dy s(x) (1 - s(x)), where 1 - s(x) = s(-x).

    Examples
    --------
    >>> sigmoid_backward([8], [0])
    [2.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * sigmoid_of(x) * sigmoid_of(-x), dy, x)


def sigmoid_of(x: Number) -> float:
    """Return the sigmoid of one number."""
    # The same fraction, extended by e^x where e^-x would overflow.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (math.exp(x) + 1)


def tanh(x: Nested) -> Any:
    """Return the hyperbolic tangent of every entry, as floats.

    Examples
    --------
    >>> tanh([0, -1000])
    [0.0, -1.0]
    """
    shape("x", x)
    return each(math.tanh, x)


def tanh_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`tanh`: dy (1 - tanh(x)^2).

    Examples
    --------
    >>> tanh_backward([3], [0])
    [3.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * (1 - math.tanh(x) ** 2), dy, x)
