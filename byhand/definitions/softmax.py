"""Softmax, list by list along an axis."""

from __future__ import annotations

import math
from typing import Any

from byhand._nested import Nested, Vector, along, same_shape, shape
from cvlib._checks import integer


def softmax(x: Nested, *, axis: int = -1) -> Any:
    r"""Return the probabilities of logits, as floats.

    .. math:: p_i = \frac{e^{x_i}}{\sum_j e^{x_j}} = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad
        m = \max_j x_j

    Subtracting the maximum changes nothing but keeps e^x from overflowing.

    Examples
    --------
    >>> softmax([[0, 0], [1000, 1000]])
    [[0.5, 0.5], [0.5, 0.5]]
    """
    return along(_axis(x, axis), softmax_of, x)


def softmax_backward(dy: Nested, x: Nested, *, axis: int = -1) -> Any:
    r"""Return dx of :func:`softmax`, through its whole Jacobian.

    .. math:: \frac{\partial p_j}{\partial x_i} = p_j (\delta_{ij} - p_i), \qquad
        dx_i = \sum_j dy_j\, p_j (\delta_{ij} - p_i)

    Examples
    --------
    >>> softmax_backward([4, 0], [7, 7])
    [1.0, -1.0]
    """

    def share(dy: Vector, x: Vector) -> list[float]:
        p, K = softmax_of(x), len(x)
        return [sum(dy[j] * p[j] * ((i == j) - p[i]) for j in range(K)) for i in range(K)]

    same_shape("dy", dy, shape("x", x), "x")
    return along(_axis(x, axis), share, dy, x)


def log_softmax(x: Nested, *, axis: int = -1) -> Any:
    r"""Return the logarithms of :func:`softmax`, without the detour over numbers that round to 0.

    .. math:: \log p_i = x_i - m - \log \sum_j e^{x_j - m}

    Examples
    --------
    >>> log_softmax([0, -1000])
    [0.0, -1000.0]
    """
    return along(_axis(x, axis), log_softmax_of, x)


def log_softmax_backward(dy: Nested, x: Nested, *, axis: int = -1) -> Any:
    r"""Return dx of :func:`log_softmax`.

    .. math:: \frac{\partial \log p_j}{\partial x_i} = \delta_{ij} - p_i, \qquad
        dx_i = \sum_j dy_j (\delta_{ij} - p_i)

    Examples
    --------
    >>> log_softmax_backward([4, 0], [7, 7])
    [2.0, -2.0]
    """

    def share(dy: Vector, x: Vector) -> list[float]:
        p, K = softmax_of(x), len(x)
        return [sum(dy[j] * ((i == j) - p[i]) for j in range(K)) for i in range(K)]

    same_shape("dy", dy, shape("x", x), "x")
    return along(_axis(x, axis), share, dy, x)


def softmax_of(x: Vector) -> list[float]:
    """Return the softmax of one list."""
    powers = [math.exp(value - max(x)) for value in x]
    return [power / sum(powers) for power in powers]


def log_softmax_of(x: Vector) -> list[float]:
    """Return the logarithms of the softmax of one list."""
    total = sum(math.exp(value - max(x)) for value in x)
    return [float(value - max(x)) - math.log(total) for value in x]


def _axis(x: Nested, axis: int) -> int:
    """Return ``axis`` of ``x`` counted from the front."""
    ndim = len(shape("x", x))
    if ndim == 0:
        raise ValueError(f"x must be a list of logits, got the single number {x!r}")
    axis = integer("axis", axis, minimum=-ndim)
    if axis >= ndim:
        raise ValueError(f"axis must be less than the {ndim} axes of x, got {axis}")
    return axis % ndim
