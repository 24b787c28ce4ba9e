"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer
from cvlib.counting import linear_macs
from cvlib.init import float_dtype, he_normal
from cvlib.nn.layer import Layer, example_shape
from cvlib.ops import linear, linear_backward


class Linear(Layer):
    """Every output is a weighted sum of all inputs: :func:`cvlib.ops.linear` with its parameters.

    Parameters
    ----------
    in_features, out_features : int
        D and K: (N, D) goes in, (N, K) comes out.
    rng : numpy.random.Generator
        Draws the weights.
    bias : bool
        Whether there is a bias; it starts at 0.
    init : callable
        One of :mod:`cvlib.init`; the default suits a following ReLU.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight`` (K, D) and ``bias`` (K,).

    Examples
    --------
    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer(np.ones((4, 3), np.float32)).shape
    (4, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        init: Callable[..., np.ndarray] = he_normal,
        dtype: DTypeLike = np.float32,
    ):
        super().__init__()
        self.in_features = integer("in_features", in_features, minimum=1)
        self.out_features = integer("out_features", out_features, minimum=1)
        dtype = float_dtype(dtype)
        self.parameters["weight"] = init((self.out_features, self.in_features), rng=rng, dtype=dtype)
        if bias:
            self.parameters["bias"] = np.zeros(self.out_features, dtype)

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the weighted sums (N, K) of ``x`` (N, D)."""
        self.x = x
        return linear(x, self.parameters["weight"], self.parameters.get("bias"))

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, D) and set the gradients of the weights and the bias."""
        w, b = self.parameters["weight"], self.parameters.get("bias")
        dx, dw, db = linear_backward(dy, self.last_input(), w, b)
        self.gradients = {"weight": dw} if b is None else {"weight": dw, "bias": db}
        return dx if needs_dx else None

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int]:
        """Return (K,) for (D,)."""
        (features,) = example_shape(input_shape, "(D,)")
        if features != self.in_features:
            raise ValueError(f"input_shape must be ({self.in_features},), got ({features},)")
        return (self.out_features,)

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return D K: one multiplication per weight."""
        self.output_shape(input_shape)
        return linear_macs(self.in_features, self.out_features)

    def __repr__(self) -> str:
        bias = "" if "bias" in self.parameters else ", bias=False"
        return f"Linear({self.in_features}, {self.out_features}{bias})"
