"""How windows slide: the geometry that convolutions and poolings share."""

from __future__ import annotations

from collections.abc import Sequence

from byhand._nested import Matrix, Number
from cvlib._checks import Pair, choice, pair
from cvlib.shapes import conv_output_size, same_padding


def windows(
    size: Sequence[int], kernel_size: Sequence[int], stride: Pair, padding: Pair | str, dilation: Pair = 1
) -> tuple[tuple[int, int], ...]:
    """Return the output size, stride, padding and dilation of sliding windows, each as (height, width)."""
    stride, dilation = pair("stride", stride, minimum=1), pair("dilation", dilation, minimum=1)
    if isinstance(padding, str):
        choice("padding", padding, ("same",))
        if stride != (1, 1):
            raise ValueError(f'padding "same" needs stride 1, got stride {stride}')
        padding = [same_padding(k, dilation=d) for k, d in zip(kernel_size, dilation, strict=True)]
    padding = pair("padding", padding)
    output_size = tuple(
        conv_output_size(size[a], kernel_size[a], stride=stride[a], padding=padding[a], dilation=dilation[a])
        for a in (0, 1)
    )
    return output_size, stride, padding, dilation


def inside(plane: Matrix, row: int, column: int) -> bool:
    """Return whether the plane has this pixel."""
    return 0 <= row < len(plane) and 0 <= column < len(plane[0])


def pixel(plane: Matrix, row: int, column: int) -> Number:
    """Return the pixel, or the padding's zero outside the image."""
    return plane[row][column] if inside(plane, row, column) else 0
