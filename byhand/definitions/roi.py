"""Regions of interest: exact in exact numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from byhand._nested import Maps, Matrix, Number, divide, indices, same_shape, shape, zero_of, zeros
from cvlib._checks import Pair, integer, number, pair


def roi_pool(x: Maps, boxes: Matrix, output_size: Pair, *, spatial_scale: Number = 1) -> list[Any]:
    r"""Return the largest pixel in every bin of every box.

    A box is scaled to the maps and rounded to whole pixels, halves away from zero, both ends included: it starts at
    column a and has w = b - a + 1 columns. Bin j of Q covers the columns

    .. math:: a + \lfloor j w / Q \rfloor \;\le\; m \;<\; a + \lceil (j + 1)\, w / Q \rceil

    that the image has, and likewise the rows. A bin without a pixel gives 0.

    Parameters
    ----------
    x : nested lists (N, C, H, W)
    boxes : nested lists (R, 5)
        Index of the image, x1, y1, x2, y2.
    output_size : int or pair
        Number of bins: P rows and Q columns.
    spatial_scale : number
        Size of the maps relative to the image in whose pixels the boxes are.

    Returns
    -------
    nested lists (R, C, P, Q)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together; if a box names no image
        or ends before it starts.

    Examples
    --------
    >>> roi_pool([[[[1, 8, 3, 6], [3, 2, 7, 0]]]], [[0, 0, 0, 3, 1], [0, 0, 1, 2, 1]], (1, 2))
    [[[[8, 7]]], [[[3, 7]]]]
    """
    g = _roi_geometry(x, boxes, output_size, spatial_scale)
    y = zeros((len(boxes), g.channels, *g.counts))
    for r, c, i, j in indices(len(boxes), g.channels, *g.counts):
        plane = x[g.image(boxes[r])][c]
        winner = _winner(plane, g.cells(boxes[r], i, j))
        if winner is not None:
            row, column = winner
            y[r][c][i][j] = plane[row][column]
    return y


def roi_pool_backward(
    dy: Maps, x: Maps, boxes: Matrix, output_size: Pair, *, spatial_scale: Number = 1
) -> list[Any]:
    """Return dx of :func:`roi_pool`: a bin's gradient goes to its first maximum, in row-major order.

    Examples
    --------
    >>> roi_pool_backward([[[[10, 20]]]], [[[[8, 8, 3, 6], [3, 2, 7, 0]]]], [[0, 0, 0, 3, 1]], (1, 2))
    [[[[10, 0, 0, 0], [0, 0, 20, 0]]]]
    """
    g = _roi_geometry(x, boxes, output_size, spatial_scale)
    same_shape("dy", dy, (len(boxes), g.channels, *g.counts), "the output")
    dx = zeros(shape("x", x), zero_of(dy, x))
    for r, c, i, j in indices(len(boxes), g.channels, *g.counts):
        n = g.image(boxes[r])
        winner = _winner(x[n][c], g.cells(boxes[r], i, j))
        if winner is not None:
            row, column = winner
            # y[r][c][i][j] = x[n][c][row][column]
            dx[n][c][row][column] += dy[r][c][i][j]
    return dx


def roi_align(
    x: Maps,
    boxes: Matrix,
    output_size: Pair,
    *,
    spatial_scale: Number = 1,
    sampling_ratio: int = 2,
    aligned: bool = True,
) -> list[Any]:
    r"""Return the mean of points read inside every bin of every box, without any rounding.

    .. math::

        y_{r,c,i,j} &= \frac{1}{S^2} \sum_{s,t} x_{n(r),c}(q_{i,s},\, p_{j,t}) \\
        p_{j,t} &= a + \frac{w}{Q} \left( j + \frac{t + 1/2}{S} \right)

    and likewise the rows q, where x(q, p) is the bilinear interpolation of the four pixels around. Points up to one
    pixel outside the outermost centres read the border; further out they read 0.

    Parameters
    ----------
    x : nested lists (N, C, H, W)
    boxes : nested lists (R, 5)
        Index of the image, x1, y1, x2, y2.
    output_size : int or pair
        Number of bins: P rows and Q columns.
    spatial_scale : number
        Size of the maps relative to the image in whose pixels the boxes are.
    sampling_ratio : int
        Points S along each side of a bin.
    aligned : bool
        Whether half a pixel is taken off the scaled box, as centres lie half a pixel from the edges. Without, a box
        has at least the size of one pixel.

    Returns
    -------
    nested lists (R, C, P, Q)

    Raises
    ------
    TypeError, ValueError
        As :func:`roi_pool`.

    Examples
    --------
    >>> roi_align([[[[2.0, 4.0], [6.0, 8.0]]]], [[0, 0, 0, 2, 1]], 1, sampling_ratio=1)
    [[[[3.0]]]]
    """
    g = _roi_geometry(x, boxes, output_size, spatial_scale, sampling_ratio, aligned)
    y = zeros((len(boxes), g.channels, *g.counts))
    for r, c, i, j in indices(len(boxes), g.channels, *g.counts):
        plane = x[g.image(boxes[r])][c]
        readings = g.readings(boxes[r], i, j)
        total = sum((weight * plane[row][column] for weight, row, column in readings), zero_of(x))
        y[r][c][i][j] = divide(total, sampling_ratio**2)
    return y


def roi_align_backward(
    dy: Maps,
    x: Maps,
    boxes: Matrix,
    output_size: Pair,
    *,
    spatial_scale: Number = 1,
    sampling_ratio: int = 2,
    aligned: bool = True,
) -> list[Any]:
    """Return dx of :func:`roi_align`: a pixel gets back by the weight with which it was read.

    Examples
    --------
    >>> roi_align_backward([[[[10.0]]]], [[[[2, 4], [6, 8]]]], [[0, 0, 0, 2, 1]], 1, sampling_ratio=1)
    [[[[5.0, 5.0], [0.0, 0.0]]]]
    """
    g = _roi_geometry(x, boxes, output_size, spatial_scale, sampling_ratio, aligned)
    same_shape("dy", dy, (len(boxes), g.channels, *g.counts), "the output")
    dx = zeros(shape("x", x), zero_of(dy, x, boxes))
    for r, c, i, j in indices(len(boxes), g.channels, *g.counts):
        dplane = dx[g.image(boxes[r])][c]
        for weight, row, column in g.readings(boxes[r], i, j):
            # y[r][c][i][j] = (sum of weight * plane[row][column]) / sampling_ratio**2
            dplane[row][column] += divide(weight * dy[r][c][i][j], sampling_ratio**2)
    return dx


class _RoiGeometry(NamedTuple):
    """Where the bins of a box lie."""

    channels: int
    size: tuple[int, int]
    counts: tuple[int, int]
    scale: Number
    ratio: int
    aligned: bool

    def image(self, box: Sequence[Number]) -> int:
        """Return the index of the image that a box is in."""
        return int(box[0])

    def edges(self, box: Sequence[Number]) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        """Return top and bottom, and left and right, on the maps."""
        x1, y1, x2, y2 = (edge * self.scale for edge in box[1:])
        return (y1, y2), (x1, x2)

    def cells(self, box: Sequence[Number], i: int, j: int) -> list[tuple[int, int]]:
        """Return (row, column) of the pixels in a bin of RoIPool, in row-major order."""
        rows, columns = (
            _run(_rounded(start), _rounded(end), k, count, size)
            for (start, end), k, count, size in zip(
                self.edges(box), (i, j), self.counts, self.size, strict=True
            )
        )
        return [(row, column) for row in rows for column in columns]

    def readings(self, box: Sequence[Number], i: int, j: int) -> Iterator[tuple[Number, int, int]]:
        """Yield (weight, row, column) of all that the points in a bin of RoIAlign read."""
        for s, t in indices(self.ratio, self.ratio):
            down, across = (
                _neighbours(self.point(start, end, k, step, count), size)
                for (start, end), k, step, count, size in zip(
                    self.edges(box), (i, j), (s, t), self.counts, self.size, strict=True
                )
            )
            for row_weight, row in down:
                for column_weight, column in across:
                    yield row_weight * column_weight, row, column

    def point(self, start: Number, end: Number, k: int, step: int, count: int) -> Number:
        """Return where, along one axis, point ``step`` of bin ``k`` lies."""
        if self.aligned:
            start, end = start - Fraction(1, 2), end - Fraction(1, 2)
        else:
            end = max(end, start + 1)
        # start + (end - start) / count * (k + (step + 1/2) / ratio), over one denominator
        return start + divide((2 * (k * self.ratio + step) + 1) * (end - start), 2 * count * self.ratio)


def _rounded(value: Number) -> int:
    """Return the nearest whole number, of two the one further from zero."""
    nearest = math.floor(abs(Fraction(value)) + Fraction(1, 2))
    return nearest if value >= 0 else -nearest


def _run(first: int, last: int, k: int, count: int, size: int) -> range:
    """Return the pixels of bin ``k`` of ``count``, of those from ``first`` to ``last`` that the image has."""
    length = last - first + 1
    start, stop = math.floor(Fraction(k * length, count)), math.ceil(Fraction((k + 1) * length, count))
    return range(max(first + start, 0), min(first + stop, size))


def _winner(plane: Matrix, cells: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the first of the cells with the largest pixel, or None without cells."""
    return max(cells, key=lambda cell: plane[cell[0]][cell[1]], default=None)


def _neighbours(place: Number, size: int) -> list[tuple[Number, int]]:
    """Return the pixels on both sides of a place along one axis, with their weights: none far outside."""
    if not -1 <= place <= size:
        return []
    place = min(max(place, 0), size - 1)
    before = min(math.floor(place), max(size - 2, 0))
    after = min(before + 1, size - 1)
    return [(1 - (place - before), before), (place - before, after)]


def _roi_geometry(
    x: Maps,
    boxes: Matrix,
    output_size: Pair,
    spatial_scale: Number,
    sampling_ratio: int = 1,
    aligned: bool = True,
) -> _RoiGeometry:
    """Return the geometry of the boxes once the arguments fit together."""
    images, channels, *size = shape("x", x, "N", "C", "H", "W")
    _, entries = shape("boxes", boxes, "R", "5")
    if entries != 5:
        raise ValueError(f"boxes must hold image, x1, y1, x2, y2, got {entries} numbers in a row")
    if not 0 < number("spatial_scale", spatial_scale) < math.inf:
        raise ValueError(f"spatial_scale must be above 0 and finite, got {spatial_scale}")
    for n, x1, y1, x2, y2 in boxes:
        if n not in range(images):
            raise ValueError(f"boxes must name an image from 0 to {images - 1} first, got {n}")
        if not (x1 <= x2 and y1 <= y2):
            raise ValueError(f"boxes must have x1 <= x2 and y1 <= y2, got {[x1, y1, x2, y2]}")
    counts, ratio = (
        pair("output_size", output_size, minimum=1),
        integer("sampling_ratio", sampling_ratio, minimum=1),
    )
    return _RoiGeometry(channels, tuple(size), counts, spatial_scale, ratio, aligned)
