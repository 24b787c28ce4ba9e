"""Recurrent cells, one step in time: with a ReLU exact in exact numbers."""

from __future__ import annotations

import math
from typing import Any

from byhand._nested import Matrix, Number, Vector, indices, same_shape, shape, zero_of, zeros
from byhand.definitions.activations import sigmoid_of, tanh, tanh_backward
from byhand.definitions.rectifiers import relu, relu_backward
from cvlib._checks import choice

_NONLINEARITIES = {"tanh": (tanh, tanh_backward), "relu": (relu, relu_backward)}


def rnn_cell(
    x: Matrix,
    h: Matrix,
    w_ih: Matrix,
    w_hh: Matrix,
    b_ih: Vector | None = None,
    b_hh: Vector | None = None,
    *,
    nonlinearity: str = "tanh",
) -> list[list[Number]]:
    r"""Return the next state of a plain recurrent net (Elman 1990).

    .. math:: h'_{n,k} = f\Big(\sum_d W^{ih}_{k,d}\, x_{n,d} + b^{ih}_k + \sum_j W^{hh}_{k,j}\, h_{n,j} + b^{hh}_k\Big)

    Parameters
    ----------
    x : nested lists (N, D)
    h : nested lists (N, H)
    w_ih : nested lists (H, D)
    w_hh : nested lists (H, H)
    b_ih, b_hh : list (H,), optional
    nonlinearity : {"tanh", "relu"}

    Returns
    -------
    nested lists (N, H)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together; if the nonlinearity
        is unknown.

    Examples
    --------
    >>> rnn_cell([[1]], [[4]], [[3]], [[2]], nonlinearity="relu")
    [[11]]
    """
    f, _ = _NONLINEARITIES[choice("nonlinearity", nonlinearity, tuple(_NONLINEARITIES))]
    return f(_sums(1, x, h, w_ih, w_hh, b_ih, b_hh))


def rnn_cell_backward(
    dy: Matrix,
    x: Matrix,
    h: Matrix,
    w_ih: Matrix,
    w_hh: Matrix,
    b_ih: Vector | None = None,
    b_hh: Vector | None = None,
    *,
    nonlinearity: str = "tanh",
) -> tuple[Any, ...]:
    """Return (dx, dh, dw_ih, dw_hh, db_ih, db_hh) of :func:`rnn_cell`; None for a bias that is not given.

    Examples
    --------
    >>> rnn_cell_backward([[10]], [[1]], [[4]], [[3]], [[2]], nonlinearity="relu")
    ([[30]], [[20]], [[10]], [[40]], None, None)
    """
    _, f_backward = _NONLINEARITIES[choice("nonlinearity", nonlinearity, tuple(_NONLINEARITIES))]
    a = _sums(1, x, h, w_ih, w_hh, b_ih, b_hh)
    same_shape("dy", dy, shape("h", h), "h")
    # h' = f(a)
    return _sums_backward(f_backward(dy, a), x, h, w_ih, w_hh, b_ih, b_hh)


def lstm_cell(
    x: Matrix,
    h: Matrix,
    c: Matrix,
    w_ih: Matrix,
    w_hh: Matrix,
    b_ih: Vector | None = None,
    b_hh: Vector | None = None,
) -> tuple[list[list[float]], list[list[float]]]:
    r"""Return the next state (h', c') of a long short-term memory (Hochreiter and Schmidhuber 1997), as floats.

    .. math::

        i = \sigma(a_i), \quad f = \sigma(a_f), \quad g = \tanh(a_g), \quad o = \sigma(a_o), \qquad
        c' = f\, c + i\, g, \quad h' = o \tanh(c')

    for every unit, where each a is a sum as in :func:`rnn_cell`, with weights of its own. The forget gate f is
    that of Gers, Schmidhuber and Cummins (2000).

    Parameters
    ----------
    x : nested lists (N, D)
    h, c : nested lists (N, H)
    w_ih : nested lists (4 H, D)
        H rows each for i, f, g and o.
    w_hh : nested lists (4 H, H)
    b_ih, b_hh : list (4 H,), optional

    Returns
    -------
    two nested lists (N, H)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together.

    Examples
    --------
    >>> h, c = lstm_cell([[1]], [[1]], [[6]], [[0]] * 4, [[0]] * 4)
    >>> c
    [[3.0]]
    """
    a = _sums(4, x, h, w_ih, w_hh, b_ih, b_hh)
    N, H = shape("h", h)
    same_shape("c", c, (N, H), "h")
    h_next, c_next = zeros((N, H)), zeros((N, H))
    for n, k in indices(N, H):
        i, f, g, o = _gates(a[n], k)
        c_next[n][k] = f * c[n][k] + i * g
        h_next[n][k] = o * math.tanh(c_next[n][k])
    return h_next, c_next


def lstm_cell_backward(
    dy: tuple[Matrix, Matrix],
    x: Matrix,
    h: Matrix,
    c: Matrix,
    w_ih: Matrix,
    w_hh: Matrix,
    b_ih: Vector | None = None,
    b_hh: Vector | None = None,
) -> tuple[Any, ...]:
    """Return (dx, dh, dc, dw_ih, dw_hh, db_ih, db_hh) of :func:`lstm_cell`, for dy = (dh', dc').

    Examples
    --------
    >>> dx, dh, dc, *_ = lstm_cell_backward(([[0]], [[10]]), [[1]], [[1]], [[6]], [[0]] * 4, [[0]] * 4)
    >>> dc
    [[5.0]]
    """
    a = _sums(4, x, h, w_ih, w_hh, b_ih, b_hh)
    N, H = shape("h", h)
    same_shape("c", c, (N, H), "h")
    if not isinstance(dy, list | tuple) or len(dy) != 2:
        raise TypeError(f"dy must be a pair (dh, dc), got {dy!r}")
    dh_next, dc_next = dy
    same_shape("dy[0]", dh_next, (N, H), "h")
    same_shape("dy[1]", dc_next, (N, H), "c")
    da, dc = zeros((N, 4 * H)), zeros((N, H))
    for n, k in indices(N, H):
        i, f, g, o = _gates(a[n], k)
        shown = math.tanh(f * c[n][k] + i * g)
        # h_next = o * tanh(c_next)
        do = dh_next[n][k] * shown
        into_cell = dc_next[n][k] + dh_next[n][k] * o * (1 - shown**2)
        # c_next = f * c + i * g
        dc[n][k] = into_cell * f
        di, df, dg = into_cell * g, into_cell * c[n][k], into_cell * i
        # i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of the sums
        da[n][k] = di * i * (1 - i)
        da[n][k + H] = df * f * (1 - f)
        da[n][k + 2 * H] = dg * (1 - g**2)
        da[n][k + 3 * H] = do * o * (1 - o)
    dx, dh, *others = _sums_backward(da, x, h, w_ih, w_hh, b_ih, b_hh)
    return dx, dh, dc, *others


def _gates(a: Vector, k: int) -> tuple[float, float, float, float]:
    """Return i, f, g and o of unit ``k`` from one row of sums."""
    H = len(a) // 4
    return sigmoid_of(a[k]), sigmoid_of(a[k + H]), math.tanh(a[k + 2 * H]), sigmoid_of(a[k + 3 * H])


def _sums(
    gates: int,
    x: Matrix,
    h: Matrix,
    w_ih: Matrix,
    w_hh: Matrix,
    b_ih: Vector | None,
    b_hh: Vector | None,
) -> list[list[Number]]:
    """Return the weighted sums of input and state, once the arguments fit together."""
    N, D, H = *shape("x", x, "N", "D"), shape("h", h, "N", "H")[1]
    K = gates * H
    same_shape("h", h, (N, H), "one state for each row of x")
    same_shape("w_ih", w_ih, (K, D), "the input's weights")
    same_shape("w_hh", w_hh, (K, H), "the state's weights")
    for name, b in (("b_ih", b_ih), ("b_hh", b_hh)):
        if b is not None:
            same_shape(name, b, (K,), "one bias for each sum")
    a = zeros((N, K))
    for n, k in indices(N, K):
        a[n][k] = sum(w_ih[k][d] * x[n][d] for d in range(D)) + sum(w_hh[k][j] * h[n][j] for j in range(H))
        a[n][k] += (0 if b_ih is None else b_ih[k]) + (0 if b_hh is None else b_hh[k])
    return a


def _sums_backward(
    da: Matrix, x: Matrix, h: Matrix, w_ih: Matrix, w_hh: Matrix, b_ih: Vector | None, b_hh: Vector | None
) -> tuple[Any, ...]:
    """Return the gradients of everything that the sums are made of."""
    (N, D), (K, H) = shape("x", x), shape("w_hh", w_hh)
    zero = zero_of(da, x, h, w_ih, w_hh)
    dx, dh, dw_ih, dw_hh = (zeros(size, zero) for size in ((N, D), (N, H), (K, D), (K, H)))
    db = zeros((K,), zero)
    for n, k in indices(N, K):
        # a[n][k] = sum(w_ih[k][d] * x[n][d] ...) + sum(w_hh[k][j] * h[n][j] ...) + b_ih[k] + b_hh[k]
        db[k] += da[n][k]
        for d in range(D):
            dx[n][d] += da[n][k] * w_ih[k][d]
            dw_ih[k][d] += da[n][k] * x[n][d]
        for j in range(H):
            dh[n][j] += da[n][k] * w_hh[k][j]
            dw_hh[k][j] += da[n][k] * h[n][j]
    return dx, dh, dw_ih, dw_hh, None if b_ih is None else db, None if b_hh is None else list(db)
