"""From maps to one row of numbers per example, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib.nn.layer import Layer, example_shape
from cvlib.ops._arrays import as_float, same_shape


class Flatten(Layer):
    """Write the maps of every example in one row, channel by channel and line by line.

    Examples
    --------
    >>> Flatten()(np.ones((4, 16, 5, 5))).shape
    (4, 400)
    """

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return ``x`` (N, ...) as (N, D)."""
        x = as_float("x", x)
        if x.ndim < 2:
            raise ValueError(f"x must be a batch (N, ...) of at least 2 axes, got shape {x.shape}")
        self.x = x
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx: the upstream gradient (N, D), folded back into the shape of ``x``."""
        shape = self.last_input().shape
        if not needs_dx:
            return None
        return same_shape("dy", dy, (shape[0], math.prod(shape[1:]))).reshape(shape)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int]:
        """Return (D,), the product of all sizes."""
        return (math.prod(input_shape),)


class Unflatten(Layer):
    """Fold every row of numbers into maps: what a decoder does before its first convolution.

    Parameters
    ----------
    shape : sequence of int
        Shape of one example, (C, H, W) for maps.

    Examples
    --------
    >>> Unflatten((16, 7, 7))(np.ones((4, 784))).shape
    (4, 16, 7, 7)
    """

    def __init__(self, shape: Sequence[int]):
        super().__init__()
        self.shape = example_shape(shape)

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return ``x`` (N, D) as ``(N, *shape)``."""
        x = as_float("x", x, ndim=2)
        if x.shape[1] != math.prod(self.shape):
            raise ValueError(
                f"x must have {math.prod(self.shape)} numbers for {self.shape}, got {x.shape[1]}"
            )
        self.x = x
        return x.reshape(len(x), *self.shape)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx: the upstream gradient in rows."""
        x = self.last_input()
        if not needs_dx:
            return None
        return same_shape("dy", dy, (len(x), *self.shape)).reshape(x.shape)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape that was given."""
        (features,) = example_shape(input_shape, "(D,)")
        if features != math.prod(self.shape):
            raise ValueError(f"input_shape must be ({math.prod(self.shape)},), got ({features},)")
        return self.shape

    def __repr__(self) -> str:
        return f"Unflatten({self.shape})"
