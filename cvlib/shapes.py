"""How large a map is after a layer, and how far it sees. Plain integers: no NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cvlib._checks import Pair, factors, integer, pair

__all__ = [
    "ReceptiveField",
    "conv_output_size",
    "conv_transpose_output_size",
    "interpolate_output_size",
    "receptive_field",
    "same_padding",
]


def conv_output_size(
    size: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    r"""Return the size of a convolution's or a pooling's output along one side.

    .. math:: o = \left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1

    Parameters
    ----------
    size : int
        Input size n in pixels, at least 1.
    kernel_size : int
        Kernel size k.
    stride : int
        Step s between two windows.
    padding : int
        Pixels p added on *each* side.
    dilation : int
        Distance d between two taps of the kernel; 1 is dense.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the (dilated) kernel does not fit into the padded input.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, relationship 6
    (and section 5.1 for dilation).

    Examples
    --------
    >>> conv_output_size(28, 3)
    26
    >>> conv_output_size(224, 7, stride=2, padding=3)
    112
    """
    size = integer("size", size, minimum=1)
    kernel_size = integer("kernel_size", kernel_size, minimum=1)
    stride = integer("stride", stride, minimum=1)
    padding = integer("padding", padding)
    dilation = integer("dilation", dilation, minimum=1)
    span = dilation * (kernel_size - 1) + 1
    if span > size + 2 * padding:
        raise ValueError(
            f"kernel_size {kernel_size} with dilation {dilation} spans {span} pixels, "
            f"more than the padded input of {size} + 2*{padding} = {size + 2 * padding}"
        )
    return (size + 2 * padding - span) // stride + 1


def conv_transpose_output_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    r"""Return the size of a transposed convolution's output along one side.

    .. math:: o = s(n - 1) - 2p + d(k - 1) + 1 + p_o

    Undoes :func:`conv_output_size` for the same kernel, stride and padding; ``output_padding`` chooses among the
    input sizes that the floor there maps to the same output.

    Parameters
    ----------
    size : int
        Input size n in pixels, at least 1.
    kernel_size : int
        Kernel size k.
    stride : int
        Step s between the places of two kernels in the *output*.
    padding : int
        Pixels p cut off on *each* side.
    output_padding : int
        Pixels p_o added on one side.
    dilation : int
        Distance d between two taps of the kernel; 1 is dense.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If ``output_padding`` is not smaller than the stride or the dilation, or the output would be empty.

    References
    ----------
    Dumoulin and Visin, arXiv:1603.07285, relationship 14.

    Examples
    --------
    >>> conv_transpose_output_size(14, 4, stride=2, padding=1)
    28
    """
    size = integer("size", size, minimum=1)
    kernel_size = integer("kernel_size", kernel_size, minimum=1)
    stride = integer("stride", stride, minimum=1)
    padding = integer("padding", padding)
    output_padding = integer("output_padding", output_padding)
    dilation = integer("dilation", dilation, minimum=1)
    if output_padding >= max(stride, dilation):
        raise ValueError(f"output_padding must be smaller than stride or dilation, got {output_padding}")
    output = stride * (size - 1) - 2 * padding + dilation * (kernel_size - 1) + 1 + output_padding
    if output < 1:
        raise ValueError(
            f"padding {padding} leaves nothing: the output size would be {output}, expected at least 1"
        )
    return output


def interpolate_output_size(
    input_size: Pair, size: Pair | None = None, *, scale_factor: float | Sequence[float] | None = None
) -> tuple[int, int]:
    r"""Return the size of a resized map: ``size`` itself, or the floor of the input's size times ``scale_factor``.

    .. math:: o = \lfloor n f \rfloor

    Parameters
    ----------
    input_size : int or pair
        Height and width n of the map.
    size : int or pair, optional
        Height and width o wanted.
    scale_factor : float or pair, optional
        Or by how much to enlarge; below 1 the map shrinks.

    Returns
    -------
    height, width : int

    Raises
    ------
    TypeError
        If a size is not an integer, or a factor not a number.
    ValueError
        If both or neither of ``size`` and ``scale_factor`` are given, one is not positive, or nothing is left.

    Examples
    --------
    >>> interpolate_output_size((5, 8), scale_factor=1.5)
    (7, 12)
    >>> interpolate_output_size((5, 8), (10, 10))
    (10, 10)
    """
    input_size = pair("input_size", input_size, minimum=1)
    if (size is None) == (scale_factor is None):
        raise ValueError(f"give either size or scale_factor, got size={size} and scale_factor={scale_factor}")
    if size is not None:
        return pair("size", size, minimum=1)
    scale = factors("scale_factor", scale_factor)
    height, width = (math.floor(n * factor) for n, factor in zip(input_size, scale, strict=True))
    if min(height, width) < 1:
        raise ValueError(
            f"scale_factor {scale_factor} leaves nothing: {input_size} would become {(height, width)}"
        )
    return height, width


def same_padding(kernel_size: int, *, dilation: int = 1) -> int:
    """Return the padding per side with which a stride-1 convolution keeps the size.

    Parameters
    ----------
    kernel_size : int
        Kernel size k.
    dilation : int
        Distance d between two taps of the kernel; 1 is dense.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the span d(k - 1) + 1 is even: no padding that is equal on both sides keeps the size.

    Examples
    --------
    >>> same_padding(5)
    2
    """
    kernel_size = integer("kernel_size", kernel_size, minimum=1)
    dilation = integer("dilation", dilation, minimum=1)
    total = dilation * (kernel_size - 1)
    if total % 2:
        raise ValueError(
            f'padding "same" needs an odd span, but kernel_size {kernel_size} with dilation {dilation} '
            f"spans {total + 1} pixels"
        )
    return total // 2


class ReceptiveField(NamedTuple):
    """What one output pixel sees of the input, along one side.

    Attributes
    ----------
    size : int
        Width of the window of input pixels that can influence it.
    jump : int
        Distance in input pixels between the windows of two neighbouring outputs.
    start : float
        Centre of the first output's window, in input pixels (pixel i has its centre at i).
    """

    size: int
    jump: int
    start: float


def receptive_field(layers: Iterable[dict[str, int]]) -> ReceptiveField:
    r"""Return the receptive field after a chain of convolutions and poolings.

    .. math:: r_l = r_{l-1} + d_l (k_l - 1)\, j_{l-1}, \qquad j_l = j_{l-1} s_l

    Parameters
    ----------
    layers : iterable of dict
        Each with ``kernel_size`` and, where not the default, ``stride``, ``padding``, ``dilation``; input first.

    Returns
    -------
    ReceptiveField

    References
    ----------
    Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill 2019,
    doi:10.23915/distill.00021.

    Examples
    --------
    >>> receptive_field([{"kernel_size": 3}, {"kernel_size": 2, "stride": 2}, {"kernel_size": 3}]).size
    8
    """
    size, jump, start = 1, 1, 0.0
    allowed = {"kernel_size", "stride", "padding", "dilation"}
    for index, layer in enumerate(layers):
        if "kernel_size" not in layer or not set(layer) <= allowed:
            raise ValueError(
                f"layers[{index}] must name kernel_size and may name stride, padding, dilation; got {layer!r}"
            )
        kernel_size = integer("kernel_size", layer["kernel_size"], minimum=1)
        stride = integer("stride", layer.get("stride", 1), minimum=1)
        padding = integer("padding", layer.get("padding", 0))
        reach = integer("dilation", layer.get("dilation", 1), minimum=1) * (kernel_size - 1)
        start += (reach / 2 - padding) * jump
        size += reach * jump
        jump *= stride
    return ReceptiveField(size, jump, start)
