"""The transposed convolutional layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import Pair, integer, pair
from cvlib.counting import conv_transpose2d_macs
from cvlib.init import float_dtype, he_normal
from cvlib.nn.layer import Layer, brief, by_direction, example_shape
from cvlib.ops import conv_transpose2d, conv_transpose2d_backward
from cvlib.shapes import conv_transpose_output_size


class ConvTranspose2d(Layer):
    """Learned upsampling: :func:`cvlib.ops.conv_transpose2d` with its parameters.

    It is a convolution read backwards, and so are its weights: what :mod:`cvlib.init` calls the inputs of an output
    are here the outputs that one input paints. Weights of He's variance therefore keep the size of the gradients
    rather than that of the signals, which is as good a start (He et al. 2015, equation 14).

    Parameters
    ----------
    in_channels, out_channels : int
        Maps that go in and come out.
    kernel_size : int or pair of int
        Height and width of the kernels.
    rng : numpy.random.Generator
        Draws the weights.
    stride, padding, output_padding, dilation : int or pair of int
        As in :func:`cvlib.ops.conv_transpose2d`. A kernel of 2s and a padding of s/2 enlarge exactly s times.
    groups : int
        Groups of channels that do not see each other; divides both channel numbers.
    bias : bool
        Whether every output map has a bias; it starts at 0.
    init : callable
        One of :mod:`cvlib.init`; :func:`cvlib.init.bilinear` starts from bilinear upsampling.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight`` (C_in, C_out/groups, K_h, K_w) and ``bias`` (C_out,).

    Examples
    --------
    >>> layer = ConvTranspose2d(8, 4, 4, stride=2, padding=1, rng=np.random.default_rng(0))
    >>> layer(np.ones((2, 8, 7, 7), np.float32)).shape
    (2, 4, 14, 14)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        rng: np.random.Generator,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
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
        self.options = _options(stride, padding, output_padding, dilation, groups)
        if self.in_channels % groups or self.out_channels % groups:
            raise ValueError(f"groups must divide {in_channels} and {out_channels} channels, got {groups}")
        shape = (self.in_channels, self.out_channels // groups, *self.kernel_size)
        dtype = float_dtype(dtype)
        self.parameters["weight"] = init(shape, rng=rng, dtype=dtype)
        if bias:
            self.parameters["bias"] = np.zeros(self.out_channels, dtype)

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the maps (N, C_out, H_out, W_out) for ``x`` (N, C_in, H, W)."""
        self.x = x
        return conv_transpose2d(x, self.parameters["weight"], self.parameters.get("bias"), **self.options)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx (N, C_in, H, W) and set the gradients of the kernels and the bias."""
        x, w, b = self.last_input(), self.parameters["weight"], self.parameters.get("bias")
        dx, dw, db = conv_transpose2d_backward(dy, x, w, b, needs_dx=needs_dx, **self.options)
        self.gradients = {"weight": dw} if b is None else {"weight": dw, "bias": db}
        return dx

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, int, int]:
        """Return (C_out, H_out, W_out) for (C_in, H, W)."""
        channels, *size = example_shape(input_shape, "(C, H, W)")
        if channels != self.in_channels:
            raise ValueError(f"input_shape must have {self.in_channels} channels, got {channels}")
        per_side = {name: value for name, value in self.options.items() if name != "groups"}
        sides = by_direction(kernel_size=self.kernel_size, **per_side)
        height, width = (conv_transpose_output_size(n, **side) for n, side in zip(size, sides, strict=True))
        return self.out_channels, height, width

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return one multiplication per weight and *input* pixel, those that the padding cuts off included."""
        self.output_shape(input_shape)  # says what does not fit
        return conv_transpose2d_macs(
            self.in_channels, self.out_channels, self.kernel_size, tuple(input_shape)[1:],
            groups=self.options["groups"],
        )  # fmt: skip

    def __repr__(self) -> str:
        given = {name: value for name, value in self.options.items() if value != _options()[name]}
        if "bias" not in self.parameters:
            given["bias"] = False
        options = "".join(f", {name}={brief(value)}" for name, value in given.items())
        return f"ConvTranspose2d({self.in_channels}, {self.out_channels}, {brief(self.kernel_size)}{options})"


def _options(
    stride: Pair = 1, padding: Pair = 0, output_padding: Pair = 0, dilation: Pair = 1, groups: int = 1
) -> dict[str, tuple[int, int] | int]:
    """Return the options of :func:`cvlib.ops.conv_transpose2d` as pairs, checked."""
    options = {
        "stride": pair("stride", stride, minimum=1),
        "padding": pair("padding", padding),
        "output_padding": pair("output_padding", output_padding),
        "dilation": pair("dilation", dilation, minimum=1),
        "groups": integer("groups", groups, minimum=1),
    }
    for extra, s, d in zip(options["output_padding"], options["stride"], options["dilation"], strict=True):
        if extra >= max(s, d):
            raise ValueError(f"output_padding must be smaller than stride or dilation, got {output_padding}")
    return options
