"""Is a gradient right? Compare it with the slopes measured by moving each number a little to both sides."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from cvlib.ops._arrays import as_float, same_shape

__all__ = ["gradient_error", "numerical_gradient"]


def numerical_gradient(f: Callable[[np.ndarray], float], x: ArrayLike, *, eps: float = 1e-6) -> np.ndarray:
    r"""Return the gradient of a scalar function by central differences.

    .. math::

        \frac{\partial f}{\partial x_i} \approx \frac{f(x + \epsilon e_i) - f(x - \epsilon e_i)}{2 \epsilon}

    The error is about :math:`\epsilon^2 f''' / 6` from the curve plus :math:`u |f| / \epsilon` from rounding,
    with u = 1.1e-16 in float64: near 1e-10 for functions and inputs of size 1. Two limits to know:

    * At a kink (ReLU at 0, a tie in max pooling) the mean of both slopes comes out, and nobody's gradient is
      that. Keep inputs further than ``eps`` from kinks.
    * ``x`` is moved in float64, but if ``f`` rounds to float32 inside (u = 6e-8) the result is noise for this
      ``eps``. Use ``eps=1e-2`` then, and expect two or three digits.

    Every number of ``x`` costs two calls of ``f``.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of ``x`` and returns one number. It must not change its argument.
    x : array_like
        Where to measure; a float64 copy is moved.
    eps : float
        Half the distance between the two points, above 0.

    Returns
    -------
    ndarray
        float64, shape of ``x``.

    Raises
    ------
    TypeError
        If ``f`` is not callable, or ``x`` does not hold real numbers.
    ValueError
        If ``f`` returns more than one number, or ``eps`` is not above 0.

    Examples
    --------
    >>> numerical_gradient(lambda x: x[0] ** 2 + x[1] ** 4, [-1.0, 1.0]).round(6)
    array([-2.,  4.])
    >>> numerical_gradient(lambda x: max(x[0], 0), [0.0])  # a kink: the slopes are 0 and 1
    array([0.5])
    """
    if not callable(f):
        raise TypeError(f"f must be a function of an array, got {type(f).__name__}")
    if isinstance(eps, bool) or not isinstance(eps, Real) or not 0 < eps < np.inf:
        raise ValueError(f"eps must be a number above 0, got {eps!r}")
    x = as_float("x", x).astype(np.float64)  # a copy, also of float64
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        centre = x[index]
        above, below = centre + eps, centre - eps
        x[index] = above
        rise = _value(f, x)
        x[index] = below
        rise -= _value(f, x)
        x[index] = centre
        gradient[index] = rise / (above - below)  # the step as it was rounded, not as it was meant
    return gradient


def gradient_error(gradient: ArrayLike, numerical: ArrayLike, *, floor: float = 1e-3) -> float:
    r"""Return the largest relative difference between a gradient and its numerical check.

    .. math:: \max_i \frac{|g_i - n_i|}{\max(|g_i|, |n_i|, \text{floor})}

    Below 1e-6 the gradient is right, as far as float64 can tell; above 1e-3 it is wrong, or there is a kink
    nearby.

    Parameters
    ----------
    gradient : array_like
        The gradient to check.
    numerical : array_like
        From :func:`numerical_gradient`, same shape.
    floor : float
        Entries smaller than this are compared on its scale: a central difference knows no more of them.

    Returns
    -------
    float
        0 if both are equal; NaN if either holds NaN.

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing to compare, or ``floor`` is not above 0.

    Examples
    --------
    >>> gradient_error([1.0, 2.0], [1.0, 2.5])
    0.2
    """
    gradient = as_float("gradient", gradient).astype(np.float64)
    numerical = same_shape("numerical", numerical, gradient.shape).astype(np.float64)
    if gradient.size == 0:
        raise ValueError(f"gradient must hold at least one number, got shape {gradient.shape}")
    if not floor > 0:
        raise ValueError(f"floor must be above 0, got {floor!r}")
    scale = np.maximum(np.maximum(np.abs(gradient), np.abs(numerical)), floor)
    return float(np.max(np.abs(gradient - numerical) / scale))


def _value(f: Callable[[np.ndarray], float], x: np.ndarray) -> float:
    """Return f(x), if it is one number."""
    value = as_float("f(x)", f(x))
    if value.size != 1:
        raise ValueError(f"f must return one number, got an array of shape {value.shape}")
    return float(value.reshape(()))
