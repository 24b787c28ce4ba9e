"""Convolution, a sum of products: exact in exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from byhand._nested import Maps, Number, Vector, indices, same_shape, shape, zero_of, zeros
from byhand.definitions._windows import inside, pixel, windows
from cvlib._checks import Pair, integer


def conv2d(
    x: Maps,
    w: Maps,
    b: Vector | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> list[Any]:
    r"""Return the cross-correlation of maps with filters, which deep learning calls convolution.

    .. math:: y_{n,k,i,j} = b_k + \sum_{c,u,v} w_{k,c,u,v}\; x_{n,\,c,\;i s + u d - p,\;j s + v d - p}

    with x = 0 outside the image. The filter is *not* flipped.

    Parameters
    ----------
    x : nested lists (N, C_in, H, W)
    w : nested lists (C_out, C_in / groups, K_h, K_w)
    b : list (C_out,), optional
    stride, dilation : int or pair
        Step s between two windows; distance d between two taps of the filter.
    padding : int, pair or "same"
        Zeros p on *each* side; "same" keeps the size and asks for stride 1 and an odd span.
    groups : int
        Channels and filters are split into this many blocks; a filter sees only the channels of its block.

    Returns
    -------
    nested lists (N, C_out, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together; if the filter is
        larger than the padded image; if "same" is asked for with a stride or an even span.

    Examples
    --------
    >>> edges = [[[[1, -1]]]]
    >>> conv2d([[[[5, 5, 2, 0]]]], edges)
    [[[[0, 3, 2]]]]
    """
    g = _conv_geometry(x, w, b, stride, padding, dilation, groups)
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = g.stride, g.padding, g.dilation
    b = [0] * g.filters if b is None else b
    y = zeros((g.images, g.filters, *g.output_size))
    for n, k, i, j in indices(g.images, g.filters, *g.output_size):
        seen = g.channels_of(k, x[n])
        y[n][k][i][j] = b[k] + sum(
            w[k][c][u][v] * pixel(seen[c], i * s_h + u * d_h - p_h, j * s_w + v * d_w - p_w)
            for c, u, v in indices(g.channels, *g.kernel_size)
        )
    return y


def conv2d_backward(
    dy: Maps,
    x: Maps,
    w: Maps,
    b: Vector | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[list[Any], list[Any], list[Number] | None]:
    """Return (dx, dw, db) of :func:`conv2d`; db is None without ``b``.

    Examples
    --------
    >>> dx, dw, db = conv2d_backward([[[[1, 0, 10]]]], [[[[5, 5, 2, 0]]]], [[[[1, -1]]]])
    >>> dx, dw
    ([[[[1, -1, 10, -10]]]], [[[[25, 5]]]])
    """
    g = _conv_geometry(x, w, b, stride, padding, dilation, groups)
    same_shape("dy", dy, (g.images, g.filters, *g.output_size), "the output")
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = g.stride, g.padding, g.dilation
    zero = zero_of(dy, x, w, b)
    dx, dw, db = zeros(shape("x", x), zero), zeros(shape("w", w), zero), zeros((g.filters,), zero)
    for n, k, i, j in indices(g.images, g.filters, *g.output_size):
        # y[n][k][i][j] = b[k] + sum over c, u, v of
        db[k] += dy[n][k][i][j]
        seen, dseen = g.channels_of(k, x[n]), g.channels_of(k, dx[n])
        for c, u, v in indices(g.channels, *g.kernel_size):
            # w[k][c][u][v] * seen[c][row][column]
            row, column = i * s_h + u * d_h - p_h, j * s_w + v * d_w - p_w
            if inside(seen[c], row, column):
                dw[k][c][u][v] += dy[n][k][i][j] * seen[c][row][column]
                dseen[c][row][column] += dy[n][k][i][j] * w[k][c][u][v]
    return dx, dw, None if b is None else db


class _ConvGeometry(NamedTuple):
    """The index sets of a convolution: how many of everything, and where its windows lie."""

    images: int
    filters: int
    channels: int  # that one filter sees
    groups: int
    kernel_size: tuple[int, int]
    output_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    def channels_of(self, k: int, image: Sequence[Any]) -> Sequence[Any]:
        """Return the channels of ``image`` that filter ``k`` sees: those of its group, or all of them."""
        group = k // (self.filters // self.groups)
        return [image[group * self.channels + c] for c in range(self.channels)]


def _conv_geometry(
    x: Maps, w: Maps, b: Vector | None, stride: Pair, padding: Pair | str, dilation: Pair, groups: int
) -> _ConvGeometry:
    """Return the geometry of a convolution once its arguments fit together."""
    images, channels, *size = shape("x", x, "N", "C", "H", "W")
    filters, seen, *kernel_size = shape("w", w, "C_out", "C_in/groups", "K_h", "K_w")
    groups = integer("groups", groups, minimum=1)
    if channels % groups or filters % groups:
        raise ValueError(
            f"groups must divide the {channels} channels of x and the {filters} filters, got {groups}"
        )
    if seen != channels // groups:
        raise ValueError(
            f"w must have {channels // groups} channels in each filter "
            f"({channels} of x / {groups} groups), got {seen}"
        )
    if b is not None:
        same_shape("b", b, (filters,), "one bias for each filter")
    slides = windows(size, kernel_size, stride, padding, dilation)
    return _ConvGeometry(images, filters, seen, groups, tuple(kernel_size), *slides)
