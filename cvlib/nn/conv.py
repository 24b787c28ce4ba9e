"""The convolutional layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import Pair, integer, pair
from cvlib.counting import conv2d_macs
from cvlib.init import float_dtype, he_normal
from cvlib.nn.layer import Layer, Windows, brief, by_direction, example_shape
from cvlib.ops import conv2d, conv2d_backward
from cvlib.shapes import conv_output_size, same_padding


class Conv2d(Layer):
    """Filters that slide over maps: :func:`cvlib.ops.conv2d` with its parameters.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps that go in and come out; ``out_channels`` is the number of filters.
    kernel_size : int or pair of int
        Height and width of the filters.
    rng : numpy.random.Generator
        Draws the weights.
    stride, padding, dilation : int or pair of int
        As in :func:`cvlib.ops.conv2d`; padding is per side, or "same" for stride 1.
    groups : int
        Groups of channels that do not see each other; divides both channel numbers.
    bias : bool
        Whether every filter has a bias; it starts at 0.
    init : callable
        One of :mod:`cvlib.init`; the default suits a following ReLU.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight`` (C_out, C_in/groups, K_h, K_w) and ``bias`` (C_out,).

    Examples
    --------
    >>> layer = Conv2d(1, 6, 5, padding=2, rng=np.random.default_rng(0))
    >>> layer(np.ones((4, 1, 28, 28), np.float32)).shape
    (4, 6, 28, 28)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        rng: np.random.Generator,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        init: Callable[..., np.ndarray] = he_normal,
        dtype: DTypeLike = np.float32,
    ):
        super().__init__()
        self.in_channels = integer("in_channels", in_channels, minimum=1)
        self.out_channels = integer("out_channels", out_channels, minimum=1)
        self.kernel_size = pair("kernel_size", kernel_size, minimum=1)
        self.options = _options(self.kernel_size, stride, padding, dilation, groups)
        if self.in_channels % groups or self.out_channels % groups:
            raise ValueError(f"groups must divide {in_channels} and {out_channels} channels, got {groups}")
        shape = (self.out_channels, self.in_channels // groups, *self.kernel_size)
        dtype = float_dtype(dtype)
        self.parameters["weight"] = init(shape, rng=rng, dtype=dtype)
        if bias:
            self.parameters["bias"] = np.zeros(self.out_channels, dtype)

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the maps (N, C_out, H_out, W_out) for ``x`` (N, C_in, H, W)."""
        self.x = x
        return conv2d(x, self.parameters["weight"], self.parameters.get("bias"), **self.options)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, C_in, H, W) and set the gradients of the filters and the bias."""
        w, b = self.parameters["weight"], self.parameters.get("bias")
        dx, dw, db = conv2d_backward(dy, self.last_input(), w, b, needs_dx=needs_dx, **self.options)
        self.gradients = {"weight": dw} if b is None else {"weight": dw, "bias": db}
        return dx

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, int, int]:
        """Return (C_out, H_out, W_out) for (C_in, H, W)."""
        channels, *size = example_shape(input_shape, "(C, H, W)")
        if channels != self.in_channels:
            raise ValueError(f"input_shape must have {self.in_channels} channels, got {channels}")
        height, width = (conv_output_size(n, **side) for n, side in zip(size, self.windows(), strict=True))
        return self.out_channels, height, width

    def windows(self) -> Windows:
        """Return kernel size, stride, padding and dilation along both directions."""
        per_side = {name: value for name, value in self.options.items() if name != "groups"}
        return by_direction(kernel_size=self.kernel_size, **per_side)

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return one multiplication per weight and output pixel, those with zeros of the padding included."""
        return conv2d_macs(
            self.in_channels, self.out_channels, self.kernel_size, self.output_shape(input_shape)[1:],
            groups=self.options["groups"],
        )  # fmt: skip

    def __repr__(self) -> str:
        defaults = _options(self.kernel_size)
        given = {name: value for name, value in self.options.items() if value != defaults[name]}
        if "bias" not in self.parameters:
            given["bias"] = False
        options = "".join(f", {name}={brief(value)}" for name, value in given.items())
        return f"Conv2d({self.in_channels}, {self.out_channels}, {brief(self.kernel_size)}{options})"


def _options(
    kernel_size: tuple[int, int],
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> dict[str, tuple[int, int] | int]:
    """Return the options of :func:`cvlib.ops.conv2d` in numbers, checked."""
    stride, dilation = pair("stride", stride, minimum=1), pair("dilation", dilation, minimum=1)
    if padding != "same":
        padding = pair("padding", padding)
    elif stride == (1, 1):
        padding = tuple(same_padding(k, dilation=d) for k, d in zip(kernel_size, dilation, strict=True))
    else:
        raise ValueError(f'padding "same" is defined for stride 1 only, got stride {stride}')
    groups = integer("groups", groups, minimum=1)
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
