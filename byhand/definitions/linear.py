"""The fully connected layer: exact in exact numbers."""

from __future__ import annotations

from byhand._nested import Matrix, Number, Vector, indices, same_shape, shape, zero_of, zeros


def linear(x: Matrix, w: Matrix, b: Vector | None = None) -> list[list[Number]]:
    r"""Return an affine map of every row of ``x``.

    .. math:: y_{n,m} = b_m + \sum_i w_{m,i}\, x_{n,i}

    Parameters
    ----------
    x : nested lists (N, D)
    w : nested lists (M, D)
    b : list (M,), optional

    Returns
    -------
    nested lists (N, M)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together.

    Examples
    --------
    >>> linear([[2, 1]], [[3, 4], [0, -1]], [10, 20])
    [[20, 19]]
    """
    N, M, D = _linear_sizes(x, w, b)
    b = [0] * M if b is None else b
    y = zeros((N, M))
    for n, m in indices(N, M):
        y[n][m] = b[m] + sum(w[m][i] * x[n][i] for i in range(D))
    return y


def linear_backward(
    dy: Matrix, x: Matrix, w: Matrix, b: Vector | None = None
) -> tuple[list[list[Number]], list[list[Number]], list[Number] | None]:
    """Return (dx, dw, db) of :func:`linear`; db is None without ``b``.

    Examples
    --------
    >>> linear_backward([[1, 10]], [[2, 1]], [[3, 4], [0, -1]], [10, 20])
    ([[3, -6]], [[2, 1], [20, 10]], [1, 10])
    """
    N, M, D = _linear_sizes(x, w, b)
    same_shape("dy", dy, (N, M), "the output")
    zero = zero_of(dy, x, w, b)
    dx, dw, db = zeros((N, D), zero), zeros((M, D), zero), zeros((M,), zero)
    for n, m in indices(N, M):
        # y[n][m] = b[m] + sum(w[m][i] * x[n][i] for i in range(D))
        db[m] += dy[n][m]
        for i in range(D):
            dw[m][i] += dy[n][m] * x[n][i]
            dx[n][i] += dy[n][m] * w[m][i]
    return dx, dw, None if b is None else db


def _linear_sizes(x: Matrix, w: Matrix, b: Vector | None) -> tuple[int, int, int]:
    """Return (N, M, D) once the arguments of a linear layer fit together."""
    N, D = shape("x", x, "N", "D")
    M, weights = shape("w", w, "M", "D")
    if weights != D:
        raise ValueError(f"w must have one weight for each of the {D} features of x, got {weights} in a row")
    if b is not None:
        same_shape("b", b, (M,), "one bias for each row of w")
    return N, M, D
