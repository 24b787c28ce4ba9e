"""Softmax and its logarithm along any axis, stable for logits of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer
from cvlib.ops._arrays import as_float, common_float, same_shape

__all__ = ["log_softmax", "log_softmax_backward", "softmax", "softmax_backward"]


def softmax(x: ArrayLike, *, axis: int = -1) -> np.ndarray:
    r"""Return probabilities proportional to e to the power of ``x`` along ``axis``.

    .. math:: p_k = \frac{e^{x_k}}{\sum_j e^{x_j}} = \frac{e^{x_k - m}}{\sum_j e^{x_j - m}},
        \qquad m = \max_j x_j

    Subtracting the maximum cancels in the fraction and keeps every power at most 1, so nothing overflows.

    Parameters
    ----------
    x : array_like
        Logits; (N, K) with the default ``axis`` gives a distribution over the K classes in every row.
    axis : int
        The axis that sums to 1.

    Returns
    -------
    ndarray
        Probabilities, shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, or ``axis`` is not an integer.
    ValueError
        If ``x`` has no such axis, or it is empty.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 4.1.

    Examples
    --------
    >>> softmax([2.0, 1.0, 0.1]).round(5)
    array([0.659  , 0.24243, 0.09857])
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    x, axis = _logits(x, axis)
    p = np.exp(_below_zero(x, axis))
    p /= p.sum(axis=axis, keepdims=True)
    return p


def softmax_backward(dy: ArrayLike, x: ArrayLike, *, axis: int = -1) -> np.ndarray:
    r"""Return dL/dx of :func:`softmax`: the upstream gradient through a Jacobian that is never built.

    .. math::

        \frac{\partial p_k}{\partial x_j} = p_k (\delta_{kj} - p_j)
        \quad\Rightarrow\quad dx = p \odot \Big(dy - \sum_k dy_k\, p_k\Big)

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dp, shape of ``x``.
    x : array_like
        The forward's logits.
    axis : int
        The forward's axis.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``. It sums to 0 along ``axis``: moving all logits together changes nothing.

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of ``x``, or ``x`` has no such axis.

    Examples
    --------
    >>> softmax_backward([1.0, 0.0], [3.0, 3.0])
    array([ 0.25, -0.25])
    """
    dy, x, axis = _upstream(dy, x, axis)
    p = softmax(x, axis=axis)
    return p * (dy - (dy * p).sum(axis=axis, keepdims=True))


def log_softmax(x: ArrayLike, *, axis: int = -1) -> np.ndarray:
    r"""Return the logarithm of :func:`softmax`, exact even where the probability itself would round to 0.

    .. math:: \log p_k = x_k - m - \log \sum_j e^{x_j - m}, \qquad m = \max_j x_j

    Parameters
    ----------
    x : array_like
        Logits.
    axis : int
        The axis whose probabilities sum to 1.

    Returns
    -------
    ndarray
        Natural logarithms of probabilities, shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, or ``axis`` is not an integer.
    ValueError
        If ``x`` has no such axis, or it is empty.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    x, axis = _logits(x, axis)
    shifted = _below_zero(x, axis)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def log_softmax_backward(dy: ArrayLike, x: ArrayLike, *, axis: int = -1) -> np.ndarray:
    r"""Return dL/dx of :func:`log_softmax`.

    .. math::

        \frac{\partial \log p_k}{\partial x_j} = \delta_{kj} - p_j
        \quad\Rightarrow\quad dx = dy - p \sum_k dy_k

    Parameters
    ----------
    dy : array_like
        Upstream gradient with respect to log p, shape of ``x``.
    x : array_like
        The forward's logits.
    axis : int
        The forward's axis.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of ``x``, or ``x`` has no such axis.

    Examples
    --------
    >>> log_softmax_backward([-1.0, 0.0], [3.0, 3.0])
    array([-0.5,  0.5])
    """
    dy, x, axis = _upstream(dy, x, axis)
    return dy - softmax(x, axis=axis) * dy.sum(axis=axis, keepdims=True)


def _logits(x: ArrayLike, axis: int) -> tuple[np.ndarray, int]:
    """Return ``x`` row by row in memory, and ``axis`` if ``x`` has it and it is not empty."""
    x = np.asarray(as_float("x", x), order="C")
    if x.ndim == 0:
        raise ValueError(f"x must have at least 1 axis to normalise along, got the single number {x}")
    axis = integer("axis", axis, minimum=-x.ndim)
    if axis >= x.ndim:
        raise ValueError(f"axis must be below {x.ndim} for x of shape {x.shape}, got {axis}")
    if x.shape[axis] == 0:
        raise ValueError(f"x must have at least one logit along axis {axis}, got shape {x.shape}")
    return x, axis


def _below_zero(x: np.ndarray, axis: int) -> np.ndarray:
    """Return x - max(x): at most 0, with a 0 in every row."""
    with np.errstate(over="ignore"):  # the distance of two huge logits may be infinite: e^-inf = 0 is right
        return x - x.max(axis=axis, keepdims=True)


def _upstream(dy: ArrayLike, x: ArrayLike, axis: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return both arrays checked, row by row in memory and in one floating type."""
    x, axis = _logits(x, axis)
    dy, x = common_float(np.asarray(same_shape("dy", dy, x.shape), order="C"), x)
    return dy, x, axis
