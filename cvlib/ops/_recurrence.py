"""One step in time of a recurrent net, once its sums are formed: shared by the cells and by the layers over time.

The slopes are read off what the forward pass has computed: y = tanh(a) has 1 - y^2, and s = sigma(a) has s (1 - s).
"""

from __future__ import annotations

import numpy as np

NONLINEARITIES = ("tanh", "relu")


def activate(a: np.ndarray, nonlinearity: str) -> np.ndarray:
    """Return the activation of the sums ``a``."""
    return np.tanh(a) if nonlinearity == "tanh" else np.maximum(a, 0)


def activate_backward(dy: np.ndarray, y: np.ndarray, nonlinearity: str) -> np.ndarray:
    """Return dL/da from the activation y itself; at the kink of the ReLU 0, as in :func:`cvlib.ops.relu_backward`."""
    return dy * (1 - y * y) if nonlinearity == "tanh" else np.where(y > 0, dy, 0)


def lstm_step(a: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the next state (h', c') and the four gates side by side, from their sums ``a`` (N, 4 H).

    All four gates come from one hyperbolic tangent, as sigma(a) = (1 + tanh(a / 2)) / 2.
    """
    half = np.full((1, a.shape[1]), 0.5, a.dtype)
    split(half)[2] = 1  # g is a tanh already
    gates = np.tanh(a * half) * half + (1 - half)
    i, f, g, o = split(gates)
    c_next = f * c + i * g
    return o * np.tanh(c_next), c_next, gates


def lstm_step_backward(
    dh_next: np.ndarray, dc_next: np.ndarray, gates: np.ndarray, c: np.ndarray, c_next: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (da, dc) from the gradients of the next state and the forward's gates and cell states."""
    i, f, g, o = split(gates)
    squashed = np.tanh(c_next)
    # h' = o * tanh(c')
    do = dh_next * squashed
    dc_next = dc_next + dh_next * o * (1 - squashed * squashed)
    # c' = f * c + i * g
    di, df, dg = dc_next * g, dc_next * c, dc_next * i
    slopes = di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)
    return np.concatenate(slopes, axis=1), dc_next * f


def split(gates: np.ndarray) -> np.ndarray:
    """Return the four gates i, f, g, o (N, 4 H) as views one after the other, (4, N, H)."""
    return gates.reshape(len(gates), 4, gates.shape[1] // 4).swapaxes(0, 1)


def as_pair(name: str, value: object) -> tuple[object, object]:
    """Return ``value`` if it is the pair (h, c) of a long short-term memory; one array of two rows is none."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        got = f"a {type(value).__name__} of {len(value)}" if hasattr(value, "__len__") else repr(value)
        raise TypeError(f"{name} must be a pair (h, c), got {got}")
    return value[0], value[1]
