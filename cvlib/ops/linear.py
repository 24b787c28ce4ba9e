"""The affine map of a fully connected layer, and its gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib.ops._arrays import as_float, common_float, same_shape

__all__ = ["linear", "linear_backward"]


def linear(x: ArrayLike, w: ArrayLike, b: ArrayLike | None = None) -> np.ndarray:
    r"""Return an affine map of every row of ``x``.

    .. math:: y = x W^T + b

    Parameters
    ----------
    x : array_like, (N, D) or (..., D)
        Rows of D features.
    w : array_like, (M, D)
        One row of weights for each output.
    b : array_like, (M,), optional
        One bias for each output.

    Returns
    -------
    ndarray, (N, M) or (..., M)

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 6.1.

    Examples
    --------
    >>> linear([[2, 1]], [[3, 4], [0, -1]], [10, 20])
    array([[20., 19.]])
    """
    x, w, b = _checked(x, w, b)
    y = x.reshape(-1, w.shape[1]) @ w.T
    if b is not None:
        y += b
    return y.reshape(*x.shape[:-1], len(w))


def linear_backward(
    dy: ArrayLike, x: ArrayLike, w: ArrayLike, b: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    r"""Return the gradients of :func:`linear`.

    .. math:: dx = dy\,W, \qquad dW = dy^T x, \qquad db = \sum_n dy_n

    Parameters
    ----------
    dy : array_like, (N, M) or (..., M)
        Upstream gradient dL/dy.
    x, w, b : array_like
        The forward's own arguments.

    Returns
    -------
    dx : ndarray, shape of ``x``
    dw : ndarray, shape of ``w``
    db : ndarray, shape of ``b``, or None without a bias

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> dx, dw, db = linear_backward([[1, 10]], [[2, 1]], [[3, 4], [0, -1]], [10, 20])
    >>> dx, db
    (array([[ 3., -6.]]), array([ 1., 10.]))
    >>> dw
    array([[ 2.,  1.],
           [20., 10.]])
    """
    x, w, b = _checked(x, w, b)
    dy = same_shape("dy", dy, (*x.shape[:-1], len(w)))
    dy, x, w, b = common_float(dy, x, w, b)
    rows, upstream = x.reshape(-1, w.shape[1]), dy.reshape(-1, len(w))
    # y = x @ w.T + b
    dx = (upstream @ w).reshape(x.shape)
    dw = upstream.T @ rows
    db = None if b is None else upstream.sum(0)
    return dx, dw, db


def _checked(
    x: ArrayLike, w: ArrayLike, b: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the arguments as arrays of one type, once their shapes fit together."""
    x, w = as_float("x", x), as_float("w", w, ndim=2, layout="(M, D)")
    b = None if b is None else same_shape("b", b, w.shape[:1])
    if w.size == 0:
        raise ValueError(f"w must hold at least one weight, got shape {w.shape}")
    if x.ndim == 0 or x.shape[-1] != w.shape[1]:
        raise ValueError(
            f"x must have {w.shape[1]} features on its last axis, as w has columns, got shape {x.shape}"
        )
    return common_float(x, w, b)
