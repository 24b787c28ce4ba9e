"""Recurrent cells: one step in time, from the state before and the new input to the state after."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import choice
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._recurrence import (
    NONLINEARITIES,
    activate,
    activate_backward,
    as_pair,
    lstm_step,
    lstm_step_backward,
)

__all__ = ["lstm_cell", "lstm_cell_backward", "rnn_cell", "rnn_cell_backward"]

State = tuple[np.ndarray, np.ndarray]


def rnn_cell(
    x: ArrayLike,
    h: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
    *,
    nonlinearity: str = "tanh",
) -> np.ndarray:
    r"""Return the next hidden state of a plain recurrent net.

    .. math:: h' = f(x\, W_{ih}^T + b_{ih} + h\, W_{hh}^T + b_{hh}), \qquad f = \tanh \text{ or } \operatorname{ReLU}

    Parameters
    ----------
    x : array_like, (N, D)
        The input of this step.
    h : array_like, (N, H)
        The state before it.
    w_ih : array_like, (H, D)
        From the input to the state.
    w_hh : array_like, (H, H)
        From the state before to the state.
    b_ih, b_hh : array_like, (H,), optional
        Biases. As they are only ever added, one is enough; PyTorch has two.
    nonlinearity : {"tanh", "relu"}
        The activation f.

    Returns
    -------
    ndarray, (N, H)

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together, or the nonlinearity is unknown.

    References
    ----------
    Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211.

    Examples
    --------
    One unit that halves its state, under an input of 1 and then of 0:

    >>> h = rnn_cell([[1]], [[0]], [[1]], [[0.5]], nonlinearity="relu")
    >>> rnn_cell([[0]], h, [[1]], [[0.5]], nonlinearity="relu")
    array([[0.5]])
    """
    choice("nonlinearity", nonlinearity, NONLINEARITIES)
    arrays = _checked(1, x, h, w_ih, w_hh, b_ih, b_hh)
    return activate(_sums(*arrays), nonlinearity)


def rnn_cell_backward(
    dy: ArrayLike,
    x: ArrayLike,
    h: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
    *,
    nonlinearity: str = "tanh",
) -> tuple[np.ndarray | None, ...]:
    r"""Return the gradients of :func:`rnn_cell`.

    .. math::

        da &= dh' \odot f'(a), \qquad \tanh'(a) = 1 - h'^2, \quad \operatorname{ReLU}'(a) = \mathbb{1}[a > 0] \\
        dx &= da\, W_{ih}, \quad dh = da\, W_{hh}, \quad dW_{ih} = da^T x, \quad dW_{hh} = da^T h, \quad
        db_{ih} = db_{hh} = \sum_n da_n

    From step to step dh is multiplied by the Jacobian :math:`\operatorname{diag}(f'(a))\, W_{hh}`, which is
    why gradients vanish or explode.

    Parameters
    ----------
    dy : array_like, (N, H)
        Upstream gradient dL/dh'.
    x, h, w_ih, w_hh, b_ih, b_hh : array_like
        The forward's own arguments.
    nonlinearity : {"tanh", "relu"}
        As in the forward.

    Returns
    -------
    dx : ndarray, (N, D)
    dh : ndarray, (N, H)
    dw_ih : ndarray, (H, D)
    dw_hh : ndarray, (H, H)
    db_ih, db_hh : ndarray, (H,), or None without that bias

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together, or the nonlinearity is unknown.

    References
    ----------
    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.

    Examples
    --------
    >>> dx, dh, *_ = rnn_cell_backward([[10]], [[1]], [[4]], [[3]], [[0.5]], nonlinearity="relu")
    >>> dx, dh
    (array([[30.]]), array([[5.]]))
    """
    choice("nonlinearity", nonlinearity, NONLINEARITIES)
    arrays = _checked(1, x, h, w_ih, w_hh, b_ih, b_hh)
    dy, *arrays = common_float(same_shape("dy", dy, arrays[1].shape), *arrays)
    # h' = f(sums)
    da = activate_backward(dy, activate(_sums(*arrays), nonlinearity), nonlinearity)
    return _sums_backward(da, *arrays)


def lstm_cell(
    x: ArrayLike,
    h: ArrayLike,
    c: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> State:
    r"""Return the next state (h', c') of a long short-term memory.

    .. math::

        (a_i, a_f, a_g, a_o) &= x\, W_{ih}^T + b_{ih} + h\, W_{hh}^T + b_{hh} \\
        i = \sigma(a_i), \quad f &= \sigma(a_f), \quad g = \tanh(a_g), \quad o = \sigma(a_o) \\
        c' &= f \odot c + i \odot g \\
        h' &= o \odot \tanh(c')

    The input gate i says how much of the candidate g is written into the cell, the forget gate f how much of
    the cell is kept, the output gate o how much of it is shown.

    Parameters
    ----------
    x : array_like, (N, D)
        The input of this step.
    h, c : array_like, (N, H)
        The state before it: what was shown, and the cell.
    w_ih : array_like, (4 H, D)
        From the input to the gates, in PyTorch's order: H rows each for i, f, g and o.
    w_hh : array_like, (4 H, H)
        From the state to the gates.
    b_ih, b_hh : array_like, (4 H,), optional
        Biases. As they are only ever added, one is enough; PyTorch has two.

    Returns
    -------
    h, c : ndarray, (N, H)
        The state after this step.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780.
    Gers, Schmidhuber and Cummins, "Learning to forget", Neural Computation 12 (2000) 2451-2471: the forget gate.

    Examples
    --------
    With weights of 0 every gate is half open and the candidate is 0: half of the cell is kept.

    >>> h, c = lstm_cell([[1]], [[1]], [[6]], [[0]] * 4, [[0]] * 4)
    >>> c
    array([[3.]])
    """
    x, h, w_ih, w_hh, b_ih, b_hh = _checked(4, x, h, w_ih, w_hh, b_ih, b_hh)
    c, *arrays = common_float(same_shape("c", c, h.shape), x, h, w_ih, w_hh, b_ih, b_hh)
    h_next, c_next, _ = lstm_step(_sums(*arrays), c)
    return h_next, c_next


def lstm_cell_backward(
    dy: tuple[ArrayLike, ArrayLike],
    x: ArrayLike,
    h: ArrayLike,
    c: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> tuple[np.ndarray | None, ...]:
    r"""Return the gradients of :func:`lstm_cell`.

    .. math::

        d\tilde c &= dc' + dh' \odot o \odot (1 - \tanh^2 c') \\
        dc &= d\tilde c \odot f \\
        da_i &= d\tilde c \odot g \odot i\,(1 - i), \qquad da_f = d\tilde c \odot c \odot f\,(1 - f) \\
        da_g &= d\tilde c \odot i \odot (1 - g^2), \qquad da_o = dh' \odot \tanh c' \odot o\,(1 - o) \\
        dx &= da\, W_{ih}, \quad dh = da\, W_{hh}, \quad dW_{ih} = da^T x, \quad dW_{hh} = da^T h, \quad
        db_{ih} = db_{hh} = \sum_n da_n

    Along the cell a gradient is only multiplied by f: with f near 1 it passes almost unchanged.

    Parameters
    ----------
    dy : pair of array_like, (N, H) each
        Upstream gradients (dL/dh', dL/dc'), as the forward returns (h', c').
    x, h, c, w_ih, w_hh, b_ih, b_hh : array_like
        The forward's own arguments.

    Returns
    -------
    dx : ndarray, (N, D)
    dh, dc : ndarray, (N, H)
    dw_ih : ndarray, (4 H, D)
    dw_hh : ndarray, (4 H, H)
    db_ih, db_hh : ndarray, (4 H,), or None without that bias

    Raises
    ------
    TypeError
        If an argument does not hold real numbers, or ``dy`` is not a pair.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> dy = [[0]], [[10]]
    >>> dx, dh, dc, *_ = lstm_cell_backward(dy, [[1]], [[1]], [[6]], [[0]] * 4, [[0]] * 4)
    >>> dc
    array([[5.]])
    """
    x, h, w_ih, w_hh, b_ih, b_hh = _checked(4, x, h, w_ih, w_hh, b_ih, b_hh)
    c = same_shape("c", c, h.shape)
    dh_next, dc_next = (same_shape(f"dy[{n}]", part, h.shape) for n, part in enumerate(as_pair("dy", dy)))
    dh_next, dc_next, c, *arrays = common_float(dh_next, dc_next, c, x, h, w_ih, w_hh, b_ih, b_hh)
    _, c_next, gates = lstm_step(_sums(*arrays), c)
    da, dc = lstm_step_backward(dh_next, dc_next, gates, c, c_next)
    dx, dh, *gradients = _sums_backward(da, *arrays)
    return dx, dh, dc, *gradients


def _sums(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None,
    b_hh: np.ndarray | None,
) -> np.ndarray:
    """Return what goes into the nonlinearities: the weighted sums of input and state."""
    a = x @ w_ih.T
    a += h @ w_hh.T
    for b in (b_ih, b_hh):
        if b is not None:
            a += b
    return a


def _sums_backward(
    da: np.ndarray,
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None,
    b_hh: np.ndarray | None,
) -> tuple[np.ndarray | None, ...]:
    """Return the gradients of everything that the sums are made of."""
    # a = x @ w_ih.T + h @ w_hh.T + b_ih + b_hh
    db_ih, db_hh = (None if b is None else da.sum(0) for b in (b_ih, b_hh))
    return da @ w_ih, da @ w_hh, da.T @ x, da.T @ h, db_ih, db_hh


def _checked(
    gates: int,
    x: ArrayLike,
    h: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None,
    b_hh: ArrayLike | None,
) -> tuple[np.ndarray | None, ...]:
    """Return the arrays in one type, once their shapes fit together; the weights have H rows for each gate."""
    x, h = as_float("x", x, ndim=2), as_float("h", h, ndim=2, layout="(N, H)")
    if h.shape[1] == 0 or x.shape[1] == 0:
        raise ValueError(f"x and h must have at least one feature each, got shapes {x.shape} and {h.shape}")
    if len(x) != len(h):
        raise ValueError(f"h must have a state for each of the {len(x)} rows of x, got shape {h.shape}")
    rows = gates * h.shape[1]
    w_ih = same_shape("w_ih", w_ih, (rows, x.shape[1]))
    w_hh = same_shape("w_hh", w_hh, (rows, h.shape[1]))
    b_ih, b_hh = (
        None if b is None else same_shape(name, b, (rows,)) for name, b in (("b_ih", b_ih), ("b_hh", b_hh))
    )
    return common_float(x, h, w_ih, w_hh, b_ih, b_hh)
