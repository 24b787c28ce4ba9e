"""What a layer costs: parameters, multiply-accumulates, memory. Plain integers: no NumPy.

Two units are kept apart. A *MAC* is one multiplication whose product is added to a running sum; a *FLOP* is
one floating-point operation, so 1 MAC = 2 FLOPs. Everything here counts MACs; :func:`flops` converts. Biases
count as parameters unless ``bias=False``; adding them, and the comparisons and sums of pooling, are not MACs.

:func:`layer_table` walks a chain of layers, given as plain data, and adds everything up; :data:`LENET5`,
:data:`ALEXNET` and :data:`VGG16` are such chains.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

from cvlib._checks import Pair, choice, integer, pair
from cvlib._tables import html_table, text_table
from cvlib.shapes import conv_output_size, receptive_field, same_padding

__all__ = [
    "ALEXNET",
    "LENET5",
    "VGG16",
    "Architecture",
    "Conv",
    "Dense",
    "Flatten",
    "LayerRow",
    "LayerTable",
    "Pool",
    "conv2d_macs",
    "conv2d_parameters",
    "conv_transpose2d_macs",
    "conv_transpose2d_parameters",
    "flops",
    "layer_table",
    "linear_macs",
    "linear_parameters",
    "memory_bytes",
]


def linear_parameters(in_features: int, out_features: int, *, bias: bool = True) -> int:
    r"""Return the parameters of a fully connected layer.

    .. math:: n_\text{out}\, (n_\text{in} + 1), \qquad\text{without bias } n_\text{out}\, n_\text{in}

    Parameters
    ----------
    in_features, out_features : int
        Numbers that go in and come out.
    bias : bool
        Whether each output has a bias.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a count is not a whole number of at least 1.

    Examples
    --------
    >>> linear_parameters(3, 4) + linear_parameters(4, 2)
    26
    """
    weights = linear_macs(in_features, out_features)  # every weight multiplies once
    return weights + _biases(out_features, bias)


def linear_macs(in_features: int, out_features: int) -> int:
    """Return the multiply-accumulates of a fully connected layer for one example: one for each weight.

    Parameters
    ----------
    in_features, out_features : int
        Numbers that go in and come out.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a count is not a whole number of at least 1.

    Examples
    --------
    >>> linear_macs(1024, 5)
    5120
    """
    in_features = integer("in_features", in_features, minimum=1)
    return in_features * integer("out_features", out_features, minimum=1)


def conv2d_parameters(
    in_channels: int, out_channels: int, kernel_size: Pair, *, groups: int = 1, bias: bool = True
) -> int:
    r"""Return the parameters of a convolution: one kernel for each input channel a filter sees, and one bias.

    .. math:: C_\text{out} \left( \frac{C_\text{in}}{g}\, k_h k_w + 1 \right)

    The size of the image does not appear: the filters are shared by all its places.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels C_in of the input; filters C_out, each of which makes one output channel.
    kernel_size : int or pair
    groups : int
        Blocks g of channels; a filter sees only the channels of its own block.
    bias : bool
        Whether each filter has a bias.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a count is not a whole number of at least 1, or ``groups`` does not divide both channel counts.

    Examples
    --------
    >>> conv2d_parameters(10, 5, 5), conv2d_parameters(10, 5, 5, bias=False)
    (1255, 1250)
    """
    weights = _weights(in_channels, out_channels, kernel_size, groups)
    return weights + _biases(out_channels, bias)


def conv2d_macs(
    in_channels: int, out_channels: int, kernel_size: Pair, output_size: Pair, *, groups: int = 1
) -> int:
    r"""Return the multiply-accumulates of a convolution for one image: every weight, at every output pixel.

    .. math:: C_\text{out}\, H_\text{out} W_\text{out} \cdot \frac{C_\text{in}}{g}\, k_h k_w

    Products with the zeros of the padding count too, as is the custom.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, groups
        Those of :func:`conv2d_parameters`.
    output_size : int or pair
        Height and width of the *output*, from :func:`cvlib.shapes.conv_output_size`.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a count is not a whole number of at least 1, or ``groups`` does not divide both channel counts.

    Examples
    --------
    A 5x5 convolution from 192 to 32 maps of 28x28 pixels, and the same through a 1x1 bottleneck of 16 maps:

    >>> conv2d_macs(192, 32, 5, 28)
    120422400
    >>> conv2d_macs(192, 16, 1, 28) + conv2d_macs(16, 32, 5, 28)
    12443648
    """
    height, width = pair("output_size", output_size, minimum=1)
    return height * width * _weights(in_channels, out_channels, kernel_size, groups)


def conv_transpose2d_parameters(
    in_channels: int, out_channels: int, kernel_size: Pair, *, groups: int = 1, bias: bool = True
) -> int:
    r"""Return the parameters of a transposed convolution: a kernel for each pair of channels, a bias for each output.

    .. math:: C_\text{out} \left( \frac{C_\text{in}}{g}\, k_h k_w + 1 \right)

    As many as those of a convolution: the same weights lead the other way.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, groups, bias
        Those of :func:`conv2d_parameters`.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a count is not a whole number of at least 1, or ``groups`` does not divide both channel counts.

    Examples
    --------
    >>> conv_transpose2d_parameters(32, 16, 4)
    8208
    """
    return conv2d_parameters(in_channels, out_channels, kernel_size, groups=groups, bias=bias)


def conv_transpose2d_macs(
    in_channels: int, out_channels: int, kernel_size: Pair, input_size: Pair, *, groups: int = 1
) -> int:
    r"""Return the multiply-accumulates of a transposed convolution for one image: every weight, at every *input* pixel.

    .. math:: C_\text{in}\, H_\text{in} W_\text{in} \cdot \frac{C_\text{out}}{g}\, k_h k_w

    A convolution goes to each output pixel and collects; its transpose goes to each input pixel and hands out. Products
    that the padding cuts off count too, as those with the zeros of the padding do for a convolution.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, groups
        Those of :func:`conv2d_parameters`.
    input_size : int or pair
        Height and width of the *input*.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a count is not a whole number of at least 1, or ``groups`` does not divide both channel counts.

    Examples
    --------
    From 32 maps of 14x14 pixels to 16 maps of 28x28, and the convolution that leads back costs the same:

    >>> conv_transpose2d_macs(32, 16, 4, 14), conv2d_macs(16, 32, 4, 14)
    (1605632, 1605632)
    """
    height, width = pair("input_size", input_size, minimum=1)
    return height * width * _weights(in_channels, out_channels, kernel_size, groups)


def _biases(outputs: int, bias: bool) -> int:
    if not isinstance(bias, bool):
        raise ValueError(f"bias must be one of True, False, got {bias!r}")
    return int(outputs) if bias else 0


def _weights(in_channels: int, out_channels: int, kernel_size: Pair, groups: int) -> int:
    """Return C_out * C_in / groups * k_h * k_w once the arguments of a convolution are checked."""
    in_channels = integer("in_channels", in_channels, minimum=1)
    out_channels = integer("out_channels", out_channels, minimum=1)
    height, width = pair("kernel_size", kernel_size, minimum=1)
    groups = integer("groups", groups, minimum=1)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups must divide in_channels {in_channels} and out_channels {out_channels}, got {groups}"
        )
    return out_channels * (in_channels // groups) * height * width


def flops(macs: int) -> int:
    """Return the floating-point operations in ``macs`` multiply-accumulates: a product and a sum in each.

    Parameters
    ----------
    macs : int
        Multiply-accumulates, at least 0.

    Returns
    -------
    int

    Examples
    --------
    >>> flops(120422400)
    240844800
    """
    return 2 * integer("macs", macs)


def memory_bytes(shape: Sequence[int], *, dtype_bytes: int = 4) -> int:
    """Return the bytes of an array of this shape; 4 in each number for float32, 8 for float64.

    Parameters
    ----------
    shape : sequence of int
        Sizes of the axes.
    dtype_bytes : int
        Bytes in a number.

    Returns
    -------
    int

    Examples
    --------
    A batch of 64 colour images of 224x224 pixels takes 37 MiB before the first layer has run:

    >>> memory_bytes((64, 3, 224, 224)) / 2**20
    36.75
    """
    if not isinstance(shape, Sequence) or isinstance(shape, str):
        raise TypeError(f"shape must be a sequence of integers, got {shape!r} of type {type(shape).__name__}")
    sizes = [integer(f"shape[{axis}]", size) for axis, size in enumerate(shape)]
    return math.prod(sizes) * integer("dtype_bytes", dtype_bytes, minimum=1)


# A network as data, and the table of its costs.

Shape = tuple[int, ...]  # of one example: (C, H, W), or (features,) once it is flat


@dataclass(frozen=True)
class Conv:
    """A convolution, with the arguments of :func:`conv2d_parameters` and of the shape.

    Attributes
    ----------
    out_channels : int
        Filters, each of which makes one output channel.
    kernel_size, stride, dilation : int or pair
        Size of the filters, step between two windows, distance between two taps.
    padding : int, pair or "same"
        Zeros on *each* side; "same" keeps the size.
    groups : int
        Blocks of channels; a filter sees only the channels of its own block.
    bias : bool
        Whether each filter has a bias.
    name : str
        What the table calls it.
    """

    out_channels: int
    kernel_size: Pair
    _: KW_ONLY
    stride: Pair = 1
    padding: Pair | str = 0  # per side, or "same"
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True
    name: str = "conv"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (C_out, H_out, W_out)."""
        channels = integer("out_channels", self.out_channels, minimum=1)
        return channels, *_sliding(shape, *self.windows())

    def parameters(self, shape: Shape) -> int:
        """Return the weights of the filters, and their biases."""
        return conv2d_parameters(
            shape[0], self.out_channels, self.kernel_size, groups=self.groups, bias=self.bias
        )

    def macs(self, shape: Shape) -> int:
        """Return the multiply-accumulates for one image."""
        size = self.output_shape(shape)[1:]
        return conv2d_macs(shape[0], self.out_channels, self.kernel_size, size, groups=self.groups)

    def windows(self) -> tuple[dict[str, int], ...]:
        """Return kernel size, stride, padding and dilation along each direction."""
        return _windows(self.kernel_size, self.stride, self.padding, self.dilation)


@dataclass(frozen=True)
class Pool:
    """Max or average pooling: nothing to learn, and no products. By default windows do not overlap.

    Attributes
    ----------
    kernel_size : int or pair
        Size of the window.
    stride : int or pair, optional
        Step between two windows; the size of the window if not given.
    padding : int, pair or "same"
        Pixels on *each* side.
    name : str
        What the table calls it.
    """

    kernel_size: Pair
    _: KW_ONLY
    stride: Pair | None = None
    padding: Pair | str = 0
    name: str = "pool"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (C, H_out, W_out)."""
        return _channels(shape), *_sliding(shape, *self.windows())

    def parameters(self, shape: Shape) -> int:
        """Return 0."""
        return 0

    def macs(self, shape: Shape) -> int:
        """Return 0: maxima and means need no multiplications by weights."""
        return 0

    def windows(self) -> tuple[dict[str, int], ...]:
        """Return kernel size, stride, padding and dilation along each direction."""
        stride = self.kernel_size if self.stride is None else self.stride
        return _windows(self.kernel_size, stride, self.padding, 1)


@dataclass(frozen=True)
class Flatten:
    """Maps become one row of numbers.

    Attributes
    ----------
    name : str
        What the table calls it.
    """

    _: KW_ONLY
    name: str = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (C H W,)."""
        return (math.prod(shape),)

    def parameters(self, shape: Shape) -> int:
        """Return 0."""
        return 0

    def macs(self, shape: Shape) -> int:
        """Return 0."""
        return 0

    def windows(self) -> None:
        """Return None: from here on a number may depend on the whole image."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer.

    Attributes
    ----------
    out_features : int
        Numbers that come out.
    bias : bool
        Whether each of them has a bias.
    name : str
        What the table calls it.
    """

    out_features: int
    _: KW_ONLY
    bias: bool = True
    name: str = "dense"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (out_features,)."""
        if len(shape) != 1:
            raise ValueError(
                f"a fully connected layer needs a flat input: put Flatten() before it, got {shape}"
            )
        return (integer("out_features", self.out_features, minimum=1),)

    def parameters(self, shape: Shape) -> int:
        """Return the weights, and the biases."""
        return linear_parameters(shape[0], self.out_features, bias=self.bias)

    def macs(self, shape: Shape) -> int:
        """Return the multiply-accumulates for one example."""
        return linear_macs(shape[0], self.out_features)

    def windows(self) -> None:
        """Return None: every output depends on every input."""


Layer = Conv | Pool | Flatten | Dense


def _windows(
    kernel_size: Pair, stride: Pair, padding: Pair | str, dilation: Pair
) -> tuple[dict[str, int], ...]:
    """Return the arguments of a sliding window along each direction, "same" resolved to numbers."""
    kernel_size = pair("kernel_size", kernel_size, minimum=1)
    stride, dilation = pair("stride", stride, minimum=1), pair("dilation", dilation, minimum=1)
    if isinstance(padding, str):
        choice("padding", padding, ("same",))
        if stride != (1, 1):
            raise ValueError(f'padding "same" needs stride 1, got stride {stride}')
        padding = [same_padding(k, dilation=d) for k, d in zip(kernel_size, dilation, strict=True)]
    columns = zip(kernel_size, stride, pair("padding", padding), dilation, strict=True)
    names = ("kernel_size", "stride", "padding", "dilation")
    return tuple(dict(zip(names, column, strict=True)) for column in columns)


def _channels(shape: Shape) -> int:
    if len(shape) != 3:
        raise ValueError(f"a layer with windows needs maps (C, H, W), got shape {shape}")
    return shape[0]


def _sliding(shape: Shape, *windows: dict[str, int]) -> tuple[int, ...]:
    """Return the height and width after windows have slid over maps of this shape."""
    _channels(shape)
    return tuple(conv_output_size(size, **window) for size, window in zip(shape[1:], windows, strict=True))


class LayerRow(NamedTuple):
    """One line of a :class:`LayerTable`.

    Attributes
    ----------
    name : str
    output_shape : tuple of int
        (C, H, W), or (features,).
    parameters, macs : int
        Of this layer alone, for one example.
    memory : int
        Bytes of its output for one example, kept from the forward pass until the backward pass; 0 where the output
        is the input in another shape.
    receptive_field : (int, int) or None
        Height and width of the window of *input* pixels that one output sees, padding included; None from the
        first flat layer on, where every number may depend on the whole image.
    """

    name: str
    output_shape: Shape
    parameters: int
    macs: int
    memory: int
    receptive_field: tuple[int, int] | None


_HEADINGS = ("layer", "output", "parameters", "MACs", "bytes", "receptive field")


@dataclass(frozen=True, repr=False)
class LayerTable:
    """What every layer of a network makes and costs; prints as a table, in a notebook too.

    Attributes
    ----------
    input_shape : tuple of int
    rows : tuple of LayerRow
    dtype_bytes : int
        Bytes in a number: 4 for float32.
    """

    input_shape: Shape
    rows: tuple[LayerRow, ...]
    dtype_bytes: int = 4

    @property
    def parameters(self) -> int:
        """Parameters of the whole network."""
        return sum(row.parameters for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass of one example."""
        return sum(row.macs for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes of the input and of every layer's output, for one example.

        A training step keeps them all, times the size of the mini-batch, until the backward pass.
        """
        return memory_bytes(self.input_shape, dtype_bytes=self.dtype_bytes) + sum(
            row.memory for row in self.rows
        )

    def __getitem__(self, name: str) -> LayerRow:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no layer is called {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def _lines(self) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
        """Return the cells of the lines below the headings, the input first, and those of the totals."""
        first = memory_bytes(self.input_shape, dtype_bytes=self.dtype_bytes)
        lines = [("input", _times(self.input_shape), "", "", f"{first:,}", "")]
        for name, shape, parameters, macs, memory, field in self.rows:
            lines.append((name, _times(shape), f"{parameters:,}", f"{macs:,}", f"{memory:,}", _times(field)))
        return lines, ("total", "", f"{self.parameters:,}", f"{self.macs:,}", f"{self.memory:,}", "")

    def __str__(self) -> str:
        return text_table(_HEADINGS, *self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        costs = f"{self.parameters:,} parameters, {self.macs:,} MACs, {self.memory:,} bytes of activations"
        return html_table(f"{costs} for one input of {_times(self.input_shape)}", _HEADINGS, *self._lines())


def _times(sizes: Sequence[int] | None) -> str:
    return "" if sizes is None else "×".join(map(str, sizes))


def layer_table(input_shape: Sequence[int], layers: Iterable[Layer]) -> LayerTable:
    """Return output shape, parameters, MACs, memory and receptive field of every layer in a chain.

    Parameters
    ----------
    input_shape : (int, int, int) or (int,)
        Shape of one example: (C, H, W), or (features,) for a net of fully connected layers alone.
    layers : iterable of Conv, Pool, Flatten, Dense
        The first one reads the input. Activations change neither shape nor counts and are left out.

    Returns
    -------
    LayerTable

    Raises
    ------
    TypeError, ValueError
        If a layer is none of the four or does not fit the layer before it; the message names it.

    Examples
    --------
    >>> table = layer_table((3, 21, 21), [Conv(6, 5, stride=2), Pool(3, stride=2), Flatten(), Dense(10)])
    >>> table
    layer     output  parameters    MACs  bytes  receptive field
    ------------------------------------------------------------
    input    3×21×21                      5,292
    conv       6×9×9         456  36,450  1,944              5×5
    pool       6×4×4           0       0    384              9×9
    flatten       96           0       0      0
    dense         10         970     960     40
    ------------------------------------------------------------
    total                  1,426  37,410  7,660
    >>> table["dense"].parameters
    970
    """
    shape = input_shape = _input_shape(input_shape)
    windows: list[tuple[dict[str, int], ...]] | None = []
    rows = []
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers[{index}] must be a Conv, Pool, Flatten or Dense, got {layer!r}")
        try:
            output_shape = layer.output_shape(shape)
            parameters, macs = layer.parameters(shape), layer.macs(shape)
        except (TypeError, ValueError) as error:
            raise type(error)(f"layers[{index}] ({layer.name}): {error}") from error
        sees = layer.windows()
        windows = None if sees is None or windows is None else [*windows, sees]
        memory = 0 if isinstance(layer, Flatten) else memory_bytes(output_shape)
        rows.append(LayerRow(layer.name, output_shape, parameters, macs, memory, _field(windows)))
        shape = output_shape
    return LayerTable(input_shape, tuple(rows))


def _field(windows: list[tuple[dict[str, int], ...]] | None) -> tuple[int, int] | None:
    """Return the receptive field along both directions."""
    if windows is None:
        return None
    height, width = (receptive_field(direction).size for direction in zip(*windows, strict=True))
    return height, width


def _input_shape(input_shape: Sequence[int]) -> Shape:
    if not isinstance(input_shape, Sequence) or len(input_shape) not in (1, 3):
        raise ValueError(f"input_shape must be (C, H, W) or (features,), got {input_shape!r}")
    return tuple(integer(f"input_shape[{axis}]", size, minimum=1) for axis, size in enumerate(input_shape))


class Architecture(NamedTuple):
    """A network as data, for ``layer_table(*architecture)``.

    Attributes
    ----------
    input_shape : tuple of int
        (C, H, W), or (features,).
    layers : tuple
        Of :class:`Conv`, :class:`Pool`, :class:`Flatten` and :class:`Dense`, in order.
    """

    input_shape: Shape
    layers: tuple[Layer, ...]


LENET5 = Architecture(
    (1, 28, 28),
    (
        Conv(6, 5, padding=2, name="conv1"),
        Pool(2, name="pool1"),
        Conv(16, 5, name="conv2"),
        Pool(2, name="pool2"),
        Flatten(),
        Dense(120, name="dense1"),
        Dense(84, name="dense2"),
        Dense(10, name="dense3"),
    ),
)
"""LeNet-5 as it is taught today: 61,706 parameters.

The original has 60,000. Of its 16 filters in the second convolution six see 3 of the 6 maps, nine see 4 and one
sees all (1,516 parameters, not 2,416); its subsampling learns a factor and a bias for each map (12 + 32); and its
output units compare with fixed patterns (0, not 850). It reads 32x32 pixels without padding: the same maps.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proceedings of the
IEEE 86 (1998), doi:10.1109/5.726791, section II.B.
"""

ALEXNET = Architecture(
    (3, 227, 227),
    (
        Conv(96, 11, stride=4, name="conv1"),
        Pool(3, stride=2, name="pool1"),
        Conv(256, 5, padding=2, groups=2, name="conv2"),
        Pool(3, stride=2, name="pool2"),
        Conv(384, 3, padding=1, name="conv3"),
        Conv(384, 3, padding=1, groups=2, name="conv4"),
        Conv(256, 3, padding=1, groups=2, name="conv5"),
        Pool(3, stride=2, name="pool5"),
        Flatten(),
        Dense(4096, name="dense6"),
        Dense(4096, name="dense7"),
        Dense(1000, name="dense8"),
    ),
)
"""AlexNet with its two groups, one for each GPU of 2012: 60,965,224 parameters, the paper's "60 million".

Five convolutions and three fully connected layers learn. The paper says 224x224 pixels, but its 55x55 maps need
227: (227 - 11) / 4 + 1 = 55.

Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012.
"""


def _stage(number: int, depth: int, channels: int) -> tuple[Layer, ...]:
    """Return ``depth`` 3x3 convolutions that keep the size, and a pooling that halves it."""
    convolutions = (Conv(channels, 3, padding=1, name=f"conv{number}_{i + 1}") for i in range(depth))
    return *convolutions, Pool(2, name=f"pool{number}")


VGG16 = Architecture(
    (3, 224, 224),
    (
        *_stage(1, 2, 64),
        *_stage(2, 2, 128),
        *_stage(3, 3, 256),
        *_stage(4, 3, 512),
        *_stage(5, 3, 512),
        Flatten(),
        Dense(4096, name="dense6"),
        Dense(4096, name="dense7"),
        Dense(1000, name="dense8"),
    ),
)
"""VGG-16, configuration D: 138,357,544 parameters, the paper's "138 million".

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556,
tables 1 and 2.
"""
