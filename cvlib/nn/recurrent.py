"""Recurrent layers: one cell, used at every step of a sequence, and backpropagation through time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import choice, integer, number
from cvlib.counting import linear_macs
from cvlib.init import as_generator, float_dtype, glorot_uniform
from cvlib.nn.layer import Layer, example_shape
from cvlib.ops import linear, linear_backward
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._recurrence import (
    NONLINEARITIES,
    activate,
    activate_backward,
    as_pair,
    lstm_step,
    lstm_step_backward,
)

State = np.ndarray | tuple[np.ndarray, np.ndarray]


class _Recurrent(Layer):
    """What RNN and LSTM share: everything but the step from one state to the next.

    Inside, time is the first axis: one step is one block of memory.
    """

    gates: ClassVar[int]  # sums for each hidden unit

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        rng: np.random.Generator,
        truncation: int | None,
        init: Callable[..., np.ndarray],
        dtype: DTypeLike,
    ):
        super().__init__()
        self.input_size = D = integer("input_size", input_size, minimum=1)
        self.hidden_size = H = integer("hidden_size", hidden_size, minimum=1)
        self.truncation = None if truncation is None else integer("truncation", truncation, minimum=1)
        dtype = float_dtype(dtype)
        from_input = [init((H, D), rng=rng, dtype=dtype) for _ in range(self.gates)]
        from_state = [_orthogonal(H, rng).astype(dtype) for _ in range(self.gates)]
        self.parameters["weight_ih"] = np.concatenate(from_input)
        self.parameters["weight_hh"] = np.concatenate(from_state)
        self.parameters["bias"] = np.zeros(self.gates * H, dtype)
        self.state: State | None = None
        self.dstate: State | None = None

    def forward(
        self, x: ArrayLike, *, training: bool = False, state: ArrayLike | tuple | None = None
    ) -> np.ndarray:
        """Return the hidden state after every step, (N, T, H), for ``x`` (N, T, D).

        ``state`` is the state before the first step, zeros if not given; what a former call left in the
        attribute ``state`` continues its sequences.
        """
        self.x = x
        x = as_float("x", x, ndim=3, layout="(N, T, D)")
        if x.shape[1] == 0 or x.shape[2] != self.input_size:
            raise ValueError(f"x must have shape (N, T, {self.input_size}) with T at least 1, got {x.shape}")
        w_ih, w_hh, b = self.parameters.values()
        first = self._first_state(state, (len(x), self.hidden_size))
        x, w_ih, self._w_hh, b, *first = common_float(x, w_ih, w_hh, b, *first)
        self._steps = x.swapaxes(0, 1)
        sums = linear(self._steps, w_ih, b)  # the input's share, for all steps in one product
        self._unroll(sums, *first)
        return np.ascontiguousarray(self._hidden[1:].swapaxes(0, 1))

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, T, D), and set ``dstate`` and the gradients: backpropagation through time."""
        N, T, _ = np.shape(self.last_input())
        dy = same_shape("dy", dy, (N, T, self.hidden_size))
        dsums = self._unroll_backward(dy.swapaxes(0, 1))
        w_ih, _, b = self.parameters.values()
        # sums = linear(x, w_ih, b) + hidden before each step @ w_hh.T
        dx, dw_ih, db = linear_backward(dsums, self._steps, w_ih, b)
        before = self._hidden[:-1].reshape(-1, self.hidden_size)
        dw_hh = dsums.reshape(-1, len(b)).T @ before
        self.gradients = {"weight_ih": dw_ih, "weight_hh": dw_hh, "bias": db}
        return np.ascontiguousarray(dx.swapaxes(0, 1)) if needs_dx else None

    def _first_state(self, state: ArrayLike | tuple | None, shape: tuple[int, int]) -> list[np.ndarray]:
        """Return the arrays of the state before the first step."""
        raise NotImplementedError

    def _unroll(self, sums: np.ndarray, *first: np.ndarray) -> None:
        """Walk forward in time, and keep every state."""
        raise NotImplementedError

    def _unroll_backward(self, dy: np.ndarray) -> np.ndarray:
        """Walk backward in time; return the gradients of all sums, and set ``dstate``."""
        raise NotImplementedError

    def _is_cut_before(self, t: int) -> bool:
        """Say whether no gradient passes from step ``t`` (counted from 0) to the step before it."""
        return self.truncation is not None and t > 0 and t % self.truncation == 0

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, int]:
        """Return (T, H) for (T, D)."""
        steps, features = example_shape(input_shape, "(T, D)")
        if features != self.input_size:
            raise ValueError(f"input_shape must be (T, {self.input_size}), got ({steps}, {features})")
        return steps, self.hidden_size

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return the multiplications with weights in all steps; those between gates and states are left out."""
        steps, units = self.output_shape(input_shape)
        sums = self.gates * units
        return steps * (linear_macs(self.input_size, sums) + linear_macs(units, sums))

    def _described(self, **given: object) -> str:
        if self.truncation is not None:
            given["truncation"] = self.truncation
        options = "".join(f", {name}={value!r}" for name, value in given.items())
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}{options})"


class RNN(_Recurrent):
    r"""A plain recurrent layer: :func:`cvlib.ops.rnn_cell` at every step, with the same weights.

    .. math:: h_t = f(W_{ih}\, x_t + W_{hh}\, h_{t-1} + b), \qquad t = 1, \ldots, T

    Unrolled in time it is a net of T layers, and ordinary backpropagation runs through it, from the last step to the
    first. The weights are shared, so their gradient is the sum over all steps.

    With ``truncation=k`` the steps are cut into chunks of k, counted from the first. The state is carried from each
    chunk into the next, so the outputs are the same; but for the gradient the carried state counts as a constant: no
    gradient passes from steps k + 1, 2k + 1, ... to the step before. Within a chunk nothing is left out; the first
    state belongs to the first chunk.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H: (N, T, D) goes in, (N, T, H) comes out.
    rng : numpy.random.Generator
        Draws the weights.
    nonlinearity : {"tanh", "relu"}
        The activation f.
    truncation : int, optional
        k, the number of steps that a gradient may walk back at most; not given, it walks to the first step.
    init : callable
        One of :mod:`cvlib.init`, for the weights of the input. Those of the state start as a random orthogonal
        matrix, which keeps the norm of what it is multiplied with; the bias starts at 0.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight_ih`` (H, D), ``weight_hh`` (H, H) and one ``bias`` (H,). PyTorch has two biases, but only ever
        adds them.
    state : ndarray, (N, H), or None
        The state after the last step, to go on from: ``layer.forward(x, state=layer.state)``.
    dstate : ndarray, (N, H), or None
        From the last ``backward``: dL/dh_0, the gradient with respect to the state before the first step.

    References
    ----------
    Elman, "Finding structure in time", Cognitive Science 14 (1990) 179-211.
    Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE 78 (1990).
    Williams and Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
    trajectories", Neural Computation 2 (1990) 490-501: truncation.
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", ICLR 2014: orthogonal weights.

    Examples
    --------
    >>> layer = RNN(3, 5, rng=np.random.default_rng(0))
    >>> h = layer(np.ones((2, 7, 3), np.float32))
    >>> h.shape, bool((layer.state == h[:, -1]).all())
    ((2, 7, 5), True)
    >>> layer.backward(np.ones_like(h)).shape, layer.dstate.shape
    ((2, 7, 3), (2, 5))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        rng: np.random.Generator,
        nonlinearity: str = "tanh",
        truncation: int | None = None,
        init: Callable[..., np.ndarray] = glorot_uniform,
        dtype: DTypeLike = np.float32,
    ):
        self.nonlinearity = choice("nonlinearity", nonlinearity, NONLINEARITIES)
        super().__init__(input_size, hidden_size, rng, truncation, init, dtype)

    def _first_state(self, state: ArrayLike | None, shape: tuple[int, int]) -> list[np.ndarray]:
        return [np.zeros(shape, np.float32) if state is None else same_shape("state", state, shape)]

    def _unroll(self, sums: np.ndarray, h: np.ndarray) -> None:
        self._hidden = np.empty((len(sums) + 1, *h.shape), h.dtype)
        self._hidden[0] = h
        for t, a in enumerate(sums):
            a += self._hidden[t] @ self._w_hh.T
            self._hidden[t + 1] = activate(a, self.nonlinearity)
        self.state = self._hidden[-1].copy()

    def _unroll_backward(self, dy: np.ndarray) -> np.ndarray:
        dtype = np.result_type(dy, self._hidden)
        dsums, dh = np.empty(dy.shape, dtype), np.zeros(dy.shape[1:], dtype)
        for t in reversed(range(len(dsums))):
            # h[t] goes into the output of its step, and into the next step
            dsums[t] = activate_backward(dy[t] + dh, self._hidden[t + 1], self.nonlinearity)
            dh = dsums[t] @ self._w_hh
            if self._is_cut_before(t):
                dh[...] = 0
        self.dstate = dh
        return dsums

    def __repr__(self) -> str:
        plain = self.nonlinearity == "tanh"
        return self._described(**({} if plain else {"nonlinearity": self.nonlinearity}))


class LSTM(_Recurrent):
    r"""A long short-term memory: :func:`cvlib.ops.lstm_cell` at every step, with the same weights.

    .. math::

        (a_i, a_f, a_g, a_o)_t &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        c_t &= \sigma(a_f) \odot c_{t-1} + \sigma(a_i) \odot \tanh(a_g) \\
        h_t &= \sigma(a_o) \odot \tanh(c_t), \qquad t = 1, \ldots, T

    Backpropagation through time and ``truncation=k`` are those of :class:`RNN`: the carried state, which counts as a
    constant where the gradient is cut, is the pair (h, c).

    Parameters
    ----------
    input_size, hidden_size : int
        D and H: (N, T, D) goes in, (N, T, H) comes out.
    rng : numpy.random.Generator
        Draws the weights.
    forget_bias : float
        Where the forget gate's bias starts. With 1 the gate begins open (0.73), and a gradient can pass along the
        cell before anything is learned; the other biases start at 0.
    truncation : int, optional
        k, the number of steps that a gradient may walk back at most; not given, it walks to the first step.
    init : callable
        One of :mod:`cvlib.init`, for the input's weights of each gate. Those of the state start as random
        orthogonal matrices, one for each gate.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight_ih`` (4 H, D), ``weight_hh`` (4 H, H) and one ``bias`` (4 H,), with H rows each for i, f, g and o.
        PyTorch has two biases, but only ever adds them.
    state : pair of ndarray, (N, H) each, or None
        (h, c) after the last step, to go on from: ``layer.forward(x, state=layer.state)``.
    dstate : pair of ndarray, (N, H) each, or None
        From the last ``backward``: (dL/dh_0, dL/dc_0), the gradient with respect to the state before the first step.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735-1780.
    Gers, Schmidhuber and Cummins, "Learning to forget", Neural Computation 12 (2000) 2451-2471: the forget gate.
    Jozefowicz, Zaremba and Sutskever, "An empirical exploration of recurrent network architectures", ICML 2015:
    its bias of 1.

    Examples
    --------
    >>> layer = LSTM(3, 5, rng=np.random.default_rng(0))
    >>> layer(np.ones((2, 7, 3), np.float32)).shape
    (2, 7, 5)
    >>> h, c = layer.state
    >>> c.shape
    (2, 5)
    """

    gates = 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        rng: np.random.Generator,
        forget_bias: float = 1.0,
        truncation: int | None = None,
        init: Callable[..., np.ndarray] = glorot_uniform,
        dtype: DTypeLike = np.float32,
    ):
        super().__init__(input_size, hidden_size, rng, truncation, init, dtype)
        self.forget_bias = number("forget_bias", forget_bias)
        self.parameters["bias"][self.hidden_size : 2 * self.hidden_size] = self.forget_bias

    def _first_state(self, state: tuple | None, shape: tuple[int, int]) -> list[np.ndarray]:
        if state is None:
            return [np.zeros(shape, np.float32)] * 2
        return [same_shape(f"state[{n}]", part, shape) for n, part in enumerate(as_pair("state", state))]

    def _unroll(self, sums: np.ndarray, h: np.ndarray, c: np.ndarray) -> None:
        self._hidden = np.empty((len(sums) + 1, *h.shape), h.dtype)
        self._cells, self._gates = np.empty_like(self._hidden), np.empty_like(sums)
        self._hidden[0], self._cells[0] = h, c
        for t, a in enumerate(sums):
            a += self._hidden[t] @ self._w_hh.T
            self._hidden[t + 1], self._cells[t + 1], self._gates[t] = lstm_step(a, self._cells[t])
        self.state = self._hidden[-1].copy(), self._cells[-1].copy()

    def _unroll_backward(self, dy: np.ndarray) -> np.ndarray:
        dtype = np.result_type(dy, self._hidden)
        dsums = np.empty(self._gates.shape, dtype)
        dh, dc = np.zeros(dy.shape[1:], dtype), np.zeros(dy.shape[1:], dtype)
        for t in reversed(range(len(dsums))):
            # h[t] goes into the output of its step, and into the next step, as c[t] does
            dsums[t], dc = lstm_step_backward(
                dy[t] + dh, dc, self._gates[t], self._cells[t], self._cells[t + 1]
            )
            dh = dsums[t] @ self._w_hh
            if self._is_cut_before(t):
                dh[...], dc[...] = 0, 0
        self.dstate = dh, dc
        return dsums

    def __repr__(self) -> str:
        return self._described(**({} if self.forget_bias == 1 else {"forget_bias": self.forget_bias}))


def _orthogonal(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a square matrix Q with Q^T Q = I, all of them being equally likely."""
    q, r = np.linalg.qr(as_generator(rng).standard_normal((size, size)))
    return q * np.sign(np.diag(r))  # without the signs, QR would prefer some
