"""Pooling layers: nothing to learn, only a size and a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, pair
from cvlib.nn.layer import Layer, Windows, brief, by_direction, example_shape
from cvlib.ops import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cvlib.ops._arrays import as_float, same_shape
from cvlib.shapes import conv_output_size


class _Pool2d(Layer):
    operation: ClassVar[Callable[..., np.ndarray]]
    operation_backward: ClassVar[Callable[..., np.ndarray]]

    def __init__(self, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0):
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size, minimum=1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, minimum=1)
        self.padding = pair("padding", padding)
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(
                f"padding must be at most half of kernel_size {self.kernel_size}, got {self.padding}"
            )

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the smaller maps (N, C, H_out, W_out) of ``x`` (N, C, H, W)."""
        self.x = x
        return self.operation(x, self.kernel_size, stride=self.stride, padding=self.padding)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, C, H, W)."""
        x = self.last_input()
        if not needs_dx:
            return None
        return self.operation_backward(dy, x, self.kernel_size, stride=self.stride, padding=self.padding)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, int, int]:
        """Return (C, H_out, W_out) for (C, H, W)."""
        channels, *size = example_shape(input_shape, "(C, H, W)")
        height, width = (conv_output_size(n, **side) for n, side in zip(size, self.windows(), strict=True))
        return channels, height, width

    def windows(self) -> Windows:
        """Return kernel size, stride and padding along both directions."""
        return by_direction(kernel_size=self.kernel_size, stride=self.stride, padding=self.padding)

    def __repr__(self) -> str:
        stride = "" if self.stride == self.kernel_size else f", stride={brief(self.stride)}"
        padding = "" if self.padding == (0, 0) else f", padding={brief(self.padding)}"
        return f"{type(self).__name__}({brief(self.kernel_size)}{stride}{padding})"


class MaxPool2d(_Pool2d):
    """The largest value of every window: :func:`cvlib.ops.max_pool2d`.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window.
    stride : int or pair of int, optional
        Step between windows; by default the window's size, so that windows touch and do not overlap.
    padding : int or pair of int
        Per side, at most half of ``kernel_size``.

    Examples
    --------
    >>> MaxPool2d(2)(np.array([[[[1.0, 3.0], [4.0, 8.0]]]]))
    array([[[[8.]]]])
    """

    operation = staticmethod(max_pool2d)
    operation_backward = staticmethod(max_pool2d_backward)


class AvgPool2d(_Pool2d):
    """The mean of every window: :func:`cvlib.ops.avg_pool2d`.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window.
    stride : int or pair of int, optional
        Step between windows; by default the window's size, so that windows touch and do not overlap.
    padding : int or pair of int
        Per side, at most half of ``kernel_size``; its zeros count in the mean.

    Examples
    --------
    >>> AvgPool2d(2)(np.array([[[[1.0, 3.0], [4.0, 8.0]]]]))
    array([[[[4.]]]])
    """

    operation = staticmethod(avg_pool2d)
    operation_backward = staticmethod(avg_pool2d_backward)


class GlobalAvgPool2d(Layer):
    """The mean of every map, whatever its size: (N, C, H, W) becomes (N, C).

    It takes the place of the large fully connected layers at the end of a network.

    References
    ----------
    Lin, Chen and Yan, "Network in network", ICLR 2014, arXiv:1312.4400, section 3.2.

    Examples
    --------
    >>> GlobalAvgPool2d()(np.array([[[[1.0, 2.0], [3.0, 6.0]]]]))
    array([[3.]])
    """

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the means (N, C) of ``x`` (N, C, H, W)."""
        self.x = as_float("x", x, ndim=4)
        return avg_pool2d(self.x, self.x.shape[2:])[:, :, 0, 0]

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, C, H, W): every pixel has the same share."""
        x = self.last_input()
        if not needs_dx:
            return None
        dy = same_shape("dy", dy, x.shape[:2])
        return avg_pool2d_backward(dy[:, :, None, None], x, x.shape[2:])

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int]:
        """Return (C,) for (C, H, W)."""
        return example_shape(input_shape, "(C, H, W)")[:1]
