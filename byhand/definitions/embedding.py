"""Embedding, the look-up of rows in a table: exact in exact numbers."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from byhand._nested import Matrix, Nested, Number, each, flat, same_shape, shape, zero_of, zeros


def embedding(indices: Nested, w: Matrix) -> Any:
    r"""Return the row of the table for every index.

    .. math:: y_{n,j} = w_{i_n,\, j}

    Parameters
    ----------
    indices : nested lists of integers
        Row numbers from 0, of any depth.
    w : nested lists (V, D)

    Returns
    -------
    nested lists
        As deep as ``indices``, each index replaced by a list of D numbers.

    Raises
    ------
    TypeError, ValueError
        If an index is not an integer or not a row, the lists are ragged, or hold something other than numbers.

    Examples
    --------
    >>> embedding([2, 0, 2], [[1, 2], [3, 4], [5, 6]])
    [[5, 6], [1, 2], [5, 6]]
    """
    _table_size(indices, w)
    return each(lambda i: list(w[i]), indices)


def embedding_backward(dy: Nested, indices: Nested, w: Matrix) -> list[list[Number]]:
    """Return dw of :func:`embedding`: every row collects the gradients of all places where it was used.

    Examples
    --------
    >>> embedding_backward([[1, 10], [2, 20], [3, 30]], [2, 0, 2], [[1, 2], [3, 4], [5, 6]])
    [[2, 20], [0, 0], [4, 40]]
    """
    V, D = _table_size(indices, w)
    same_shape("dy", dy, (*shape("indices", indices), D), "the output")
    dw, shares = zeros((V, D), zero_of(dy, w)), flat(dy)
    for i in flat(indices):
        for j in range(D):
            # y[...][j] = w[i][j]
            dw[i][j] += next(shares)
    return dw


def _table_size(indices: Nested, w: Matrix) -> tuple[int, int]:
    """Return (V, D) once every index is a row of the table."""
    V, D = shape("w", w, "V", "D")
    shape("indices", indices)
    for i in flat(indices):
        if not isinstance(i, Integral):
            raise TypeError(f"indices must be integers, got {i!r}")
        if not 0 <= i < V:
            raise ValueError(f"indices must be rows of w, from 0 to {V - 1}, got {i}")
    return V, D
