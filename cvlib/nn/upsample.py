"""Resizing as a layer: nothing to learn, only a size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, choice, factors, pair
from cvlib.nn.layer import Layer, brief, example_shape
from cvlib.ops import interpolate, interpolate_backward
from cvlib.shapes import interpolate_output_size


class Upsample(Layer):
    """Maps in another size: :func:`cvlib.ops.interpolate`. It can make them smaller, too.

    Parameters
    ----------
    scale_factor : float or pair, optional
        By how much to enlarge height and width.
    size : int or pair of int, optional
        Or the size that is wanted, whatever comes in.
    mode : "bilinear" or "nearest"
        How to read between the pixels.
    align_corners : bool
        Whether the corner pixels stay in place; only for "bilinear".

    Examples
    --------
    >>> Upsample(2, mode="nearest")(np.array([[[[3.0, 5.0]]]]))
    array([[[[3., 3., 5., 5.],
             [3., 3., 5., 5.]]]])
    """

    def __init__(
        self,
        scale_factor: float | Sequence[float] | None = None,
        *,
        size: Pair | None = None,
        mode: str = "bilinear",
        align_corners: bool = False,
    ):
        super().__init__()
        if (size is None) == (scale_factor is None):
            raise ValueError(
                f"give either size or scale_factor, got size={size} and scale_factor={scale_factor}"
            )
        self.scale_factor = None if scale_factor is None else factors("scale_factor", scale_factor)
        self.size = None if size is None else pair("size", size, minimum=1)
        self.mode = choice("mode", mode, ("bilinear", "nearest"))
        self.align_corners = choice("align_corners", align_corners, (False, True))
        if align_corners and mode == "nearest":
            raise ValueError('align_corners has no meaning for mode "nearest": it must be False')

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the resized maps (N, C, H_out, W_out) of ``x`` (N, C, H, W)."""
        self.x = x
        return interpolate(x, **self._options())

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, C, H, W)."""
        x = self.last_input()
        return interpolate_backward(dy, x, **self._options()) if needs_dx else None

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, int, int]:
        """Return (C, H_out, W_out) for (C, H, W)."""
        channels, *size = example_shape(input_shape, "(C, H, W)")
        return channels, *interpolate_output_size(size, self.size, scale_factor=self.scale_factor)

    def _options(self) -> dict[str, object]:
        return {
            "size": self.size,
            "scale_factor": self.scale_factor,
            "mode": self.mode,
            "align_corners": self.align_corners,
        }

    def __repr__(self) -> str:
        size = brief(self.scale_factor) if self.size is None else f"size={brief(self.size)}"
        mode = "" if self.mode == "bilinear" else f", mode={self.mode!r}"
        corners = ", align_corners=True" if self.align_corners else ""
        return f"Upsample({size}{mode}{corners})"
