"""Layers that normalise: over the batch, and over each example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer, within
from cvlib.init import float_dtype
from cvlib.nn.layer import Layer, Windows, by_direction, example_shape
from cvlib.ops.normalisation import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward

_EPS = 1e-5
_MOMENTUM = 0.1


class BatchNorm(Layer):
    """Every channel gets mean beta and standard deviation gamma: :func:`cvlib.ops.batch_norm` with its parameters.

    With ``training=True`` these are the batch's own mean and deviation, and the running statistics move towards
    them; otherwise the running statistics are used. MACs count as 0, as in published counts: after training, scale
    and shift can be merged into the convolution in front.

    Parameters
    ----------
    num_features : int
        Channels C of maps (N, C, H, W), or features of rows (N, C).
    momentum : float, 0 to 1
        Weight of a batch in the running statistics.
    eps : float
        Added to the variance.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``gamma`` and ``beta`` (C,); they start as ones and zeros.
    buffers : dict
        ``running_mean`` and ``running_var`` (C,); they start as zeros and ones.

    Examples
    --------
    >>> layer = BatchNorm(1, dtype=np.float64)
    >>> layer(np.array([[3.0], [5.0]]), training=True).round(3)
    array([[-1.],
           [ 1.]])
    >>> layer.buffers
    {'running_mean': array([0.4]), 'running_var': array([1.1])}
    """

    def __init__(
        self,
        num_features: int,
        *,
        momentum: float = _MOMENTUM,
        eps: float = _EPS,
        dtype: DTypeLike = np.float32,
    ):
        super().__init__()
        self.num_features = integer("num_features", num_features, minimum=1)
        self.momentum, self.eps = within("momentum", momentum, 0, 1), within("eps", eps, 0)
        dtype = float_dtype(dtype)
        self.parameters["gamma"] = np.ones(num_features, dtype)
        self.parameters["beta"] = np.zeros(num_features, dtype)
        self.buffers["running_mean"] = np.zeros(num_features, dtype)
        self.buffers["running_var"] = np.ones(num_features, dtype)
        self.training = False  # in the last forward pass

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the normalised batch, shape of ``x``; with ``training``, update the running statistics."""
        self.x, self.training = x, training
        y, running_mean, running_var = batch_norm(x, *self._arguments(), **self._options())
        if training:
            self.buffers["running_mean"][...] = running_mean
            self.buffers["running_var"][...] = running_var
        return y

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, shape of ``x``, and set the gradients of gamma and beta."""
        x = self.last_input()
        dx, dgamma, dbeta = batch_norm_backward(dy, x, *self._arguments(), **self._options())
        self.gradients = {"gamma": dgamma, "beta": dbeta}
        return dx if needs_dx else None

    def _arguments(self) -> tuple[np.ndarray, ...]:
        return *self.parameters.values(), *self.buffers.values()

    def _options(self) -> dict[str, float | bool]:
        return {"training": self.training, "momentum": self.momentum, "eps": self.eps}

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the input's shape, (C,) or (C, H, W)."""
        shape = example_shape(input_shape)
        if not shape or shape[0] != self.num_features:
            raise ValueError(f"input_shape must have {self.num_features} channels first, got {shape}")
        return shape

    def windows(self) -> Windows:
        """Return windows of one pixel: what the statistics see of the others is left out."""
        return by_direction(kernel_size=(1, 1))

    def __repr__(self) -> str:
        momentum = "" if self.momentum == _MOMENTUM else f", momentum={self.momentum}"
        return f"BatchNorm({self.num_features}{momentum}{_eps_text(self.eps)})"


class LayerNorm(Layer):
    """Every example is normalised by itself, over its last axes: :func:`cvlib.ops.layer_norm` with its parameters.

    Training and inference are the same. MACs count as 0, as for :class:`BatchNorm`.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        Sizes of the last axes, over which to normalise: (C, H, W) for whole images, D for rows of features.
    eps : float
        Added to the variance.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``gamma`` and ``beta`` of the normalised shape; they start as ones and zeros.

    Examples
    --------
    >>> LayerNorm(2)(np.array([[1.0, 3.0], [40.0, 20.0]])).round(3)
    array([[-1.,  1.],
           [ 1., -1.]])
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], *, eps: float = _EPS, dtype: DTypeLike = np.float32
    ):
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = within("eps", eps, 0)
        dtype = float_dtype(dtype)
        self.parameters["gamma"] = np.ones(self.normalized_shape, dtype)
        self.parameters["beta"] = np.zeros(self.normalized_shape, dtype)

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the normalised examples, shape of ``x``."""
        self.x = x
        return layer_norm(x, *self.parameters.values(), eps=self.eps)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, shape of ``x``, and set the gradients of gamma and beta."""
        x = self.last_input()
        dx, dgamma, dbeta = layer_norm_backward(dy, x, *self.parameters.values(), eps=self.eps)
        self.gradients = {"gamma": dgamma, "beta": dbeta}
        return dx if needs_dx else None

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the input's shape."""
        shape = example_shape(input_shape)
        if shape[-len(self.normalized_shape) :] != self.normalized_shape:
            raise ValueError(f"input_shape must end with {self.normalized_shape}, got {shape}")
        return shape

    def __repr__(self) -> str:
        sizes = self.normalized_shape
        return f"LayerNorm({sizes[0] if len(sizes) == 1 else sizes}{_eps_text(self.eps)})"


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return a shape of at least one axis, all sizes positive."""
    if not isinstance(normalized_shape, Sequence) or isinstance(normalized_shape, str):
        return (integer("normalized_shape", normalized_shape, minimum=1),)
    if not normalized_shape:
        raise ValueError("normalized_shape must have at least one axis, got none")
    return tuple(
        integer(f"normalized_shape[{axis}]", size, minimum=1) for axis, size in enumerate(normalized_shape)
    )


def _eps_text(eps: float) -> str:
    return "" if eps == _EPS else f", eps={eps}"
