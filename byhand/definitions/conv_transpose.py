"""Transposed convolution, a sum of products: exact in exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from byhand._nested import Maps, Number, Vector, indices, same_shape, shape, zero_of, zeros
from byhand.definitions._windows import inside
from cvlib._checks import Pair, integer, pair
from cvlib.shapes import conv_transpose_output_size


def conv_transpose2d(
    x: Maps,
    w: Maps,
    b: Vector | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> list[Any]:
    r"""Return the transposed convolution: every input pixel paints the kernel, times its value, onto the output.

    .. math:: y_{n,k,l,m} = b_k + \sum_c \sum_{i s + u d - p = l} \sum_{j s + v d - p = m} w_{c,k,u,v}\; x_{n,c,i,j}

    Parameters
    ----------
    x : nested lists (N, C_in, H, W)
    w : nested lists (C_in, C_out / groups, K_h, K_w)
    b : list (C_out,), optional
    stride, dilation : int or pair
        Distance s between the pictures of two neighbouring pixels; distance d between two taps of the kernel.
    padding : int or pair
        Cells p cut off on *each* side of the output.
    output_padding : int or pair
        Rows and columns added at the bottom and on the right, fewer than the stride or the dilation.
    groups : int
        Channels are split into this many blocks; an input channel paints only on the outputs of its block.

    Returns
    -------
    nested lists (N, C_out, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together; if
        ``output_padding`` is too large, or ``padding`` leaves nothing.

    Examples
    --------
    >>> picture = [[[[1, 2, 1]]]]
    >>> conv_transpose2d([[[[1, 10]]]], picture, stride=2)
    [[[[1, 2, 11, 20, 10]]]]
    """
    g = _geometry(x, w, b, stride, padding, output_padding, dilation, groups)
    zero = zero_of(x, w) if b is None else zero_of(x, w, b)
    y = zeros((g.images, g.outputs, *g.output_size), zero)
    for n, k, row, column in indices(g.images, g.outputs, *g.output_size):
        y[n][k][row][column] += 0 if b is None else b[k]
    for n, c, i, j in indices(g.images, g.channels, *g.size):
        painted = g.seen_by(c, y[n])
        for k, u, v in indices(len(painted), *g.kernel_size):
            row, column = g.place(i, j, u, v)
            if inside(painted[k], row, column):
                painted[k][row][column] += w[c][k][u][v] * x[n][c][i][j]
    return y


def conv_transpose2d_backward(
    dy: Maps,
    x: Maps,
    w: Maps,
    b: Vector | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[list[Any], list[Any], list[Number] | None]:
    """Return (dx, dw, db) of :func:`conv_transpose2d`; db is None without ``b``.

    Examples
    --------
    >>> dx, dw, db = conv_transpose2d_backward([[[[1, 0, 0, 0, 10]]]], [[[[1, 10]]]], [[[[1, 2, 1]]]], stride=2)
    >>> dx, dw
    ([[[[1, 10]]]], [[[[1, 0, 100]]]])
    """
    g = _geometry(x, w, b, stride, padding, output_padding, dilation, groups)
    same_shape("dy", dy, (g.images, g.outputs, *g.output_size), "the output")
    zero = zero_of(dy, x, w)
    dx, dw, db = zeros(shape("x", x), zero), zeros(shape("w", w), zero), zeros((g.outputs,), zero)
    for n, k, row, column in indices(g.images, g.outputs, *g.output_size):
        # y[n][k][row][column] += b[k]
        db[k] += dy[n][k][row][column]
    for n, c, i, j in indices(g.images, g.channels, *g.size):
        dpainted = g.seen_by(c, dy[n])
        for k, u, v in indices(len(dpainted), *g.kernel_size):
            row, column = g.place(i, j, u, v)
            if inside(dpainted[k], row, column):
                # painted[k][row][column] += w[c][k][u][v] * x[n][c][i][j]
                dw[c][k][u][v] += dpainted[k][row][column] * x[n][c][i][j]
                dx[n][c][i][j] += dpainted[k][row][column] * w[c][k][u][v]
    return dx, dw, None if b is None else db


class _Geometry(NamedTuple):
    """The index sets of a transposed convolution: how many of everything, and where a pixel paints."""

    images: int
    channels: int
    outputs: int
    groups: int
    size: tuple[int, int]
    kernel_size: tuple[int, int]
    output_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    def seen_by(self, c: int, image: Sequence[Any]) -> list[Any]:
        """Return the channels of the output on which input channel ``c`` paints: those of its group."""
        group = c // (self.channels // self.groups)
        count = self.outputs // self.groups
        return [image[group * count + k] for k in range(count)]

    def place(self, i: int, j: int, u: int, v: int) -> tuple[int, int]:
        """Return (row, column) of the output pixel that tap (u, v) of input pixel (i, j) paints."""
        (s_h, s_w), (p_h, p_w), (d_h, d_w) = self.stride, self.padding, self.dilation
        return i * s_h + u * d_h - p_h, j * s_w + v * d_w - p_w


def _geometry(
    x: Maps,
    w: Maps,
    b: Vector | None,
    stride: Pair,
    padding: Pair,
    output_padding: Pair,
    dilation: Pair,
    groups: int,
) -> _Geometry:
    """Return the geometry of a transposed convolution once its arguments fit together."""
    images, channels, *size = shape("x", x, "N", "C", "H", "W")
    kernels, seen, *kernel_size = shape("w", w, "C_in", "C_out/groups", "K_h", "K_w")
    groups = integer("groups", groups, minimum=1)
    if kernels != channels:
        raise ValueError(f"w must have one kernel for each of the {channels} channels of x, got {kernels}")
    if channels % groups:
        raise ValueError(f"groups must divide the {channels} channels of x, got {groups}")
    if b is not None:
        same_shape("b", b, (groups * seen,), "one bias for each output channel")
    stride, dilation = pair("stride", stride, minimum=1), pair("dilation", dilation, minimum=1)
    padding, extra = pair("padding", padding), pair("output_padding", output_padding)
    height, width = (
        conv_transpose_output_size(n, k, stride=s, padding=p, output_padding=e, dilation=d)
        for n, k, s, p, e, d in zip(size, kernel_size, stride, padding, extra, dilation, strict=True)
    )
    return _Geometry(
        images, channels, groups * seen, groups, tuple(size), tuple(kernel_size), (height, width),
        stride, padding, dilation,
    )  # fmt: skip
