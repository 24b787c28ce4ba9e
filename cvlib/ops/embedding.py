"""Embedding: a table with one row of numbers for each word, and the gradient of its rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib.ops._arrays import as_float, common_float, indices_below, same_shape

__all__ = ["embedding", "embedding_backward"]


def embedding(indices: ArrayLike, w: ArrayLike) -> np.ndarray:
    r"""Return the rows of a table that the indices ask for: the vectors of the words.

    .. math:: y_n = w_{i_n} = e_{i_n}^T W

    It is a linear map of one-hot vectors :math:`e_i`, without the multiplications by zero.

    Parameters
    ----------
    indices : array_like of int
        Row numbers, 0 ... V - 1, of any shape: (N, T) for N sentences of T words.
    w : array_like, (V, D)
        One row of D numbers for each of the V words.

    Returns
    -------
    ndarray
        Shape of ``indices``, and D on a last axis more: (N, T, D).

    Raises
    ------
    TypeError
        If the indices are not integers, or ``w`` does not hold real numbers.
    ValueError
        If an index is not a row of ``w``, or ``w`` has not two axes.

    References
    ----------
    Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", JMLR 3 (2003) 1137-1155.

    Examples
    --------
    >>> embedding([2, 0, 2], [[1, 2], [3, 4], [5, 6]])
    array([[5., 6.],
           [1., 2.],
           [5., 6.]])
    """
    indices, w = _checked(indices, w)
    return np.take(w, indices, axis=0)


def embedding_backward(dy: ArrayLike, indices: ArrayLike, w: ArrayLike) -> np.ndarray:
    r"""Return dL/dw of :func:`embedding`; indices are no real numbers, and have no gradient.

    .. math:: dw_v = \sum_{n \,:\, i_n = v} dy_n

    A word that occurs several times gets the sum, a word that does not occur gets 0.

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of the output.
    indices, w : array_like
        The forward's own arguments.

    Returns
    -------
    ndarray, (V, D)

    Raises
    ------
    TypeError
        If the indices are not integers, or an array does not hold real numbers.
    ValueError
        If an index is not a row of ``w``, or the shapes do not fit together.

    Examples
    --------
    >>> embedding_backward([[1, 10], [2, 20], [3, 30]], [2, 0, 2], [[1, 2], [3, 4], [5, 6]])
    array([[ 2., 20.],
           [ 0.,  0.],
           [ 4., 40.]])
    """
    indices, w = _checked(indices, w)
    dy, w = common_float(same_shape("dy", dy, (*indices.shape, w.shape[1])), w)
    dw = np.zeros(w.shape, w.dtype)
    if indices.size:
        # y = w[indices]; sorted, the shares of one word are neighbours: a few times faster than np.add.at
        order = np.argsort(indices, axis=None, kind="stable")
        words = indices.ravel()[order]
        starts = np.flatnonzero(np.diff(words, prepend=-1))
        dw[words[starts]] = np.add.reduceat(dy.reshape(-1, w.shape[1])[order], starts)
    return dw


def _checked(indices: ArrayLike, w: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the arguments as arrays, once every index is a row of the table."""
    w = as_float("w", w, ndim=2, layout="(V, D)")
    if w.size == 0:
        raise ValueError(f"w must hold at least one weight, got shape {w.shape}")
    return indices_below(len(w), "indices", indices), w
