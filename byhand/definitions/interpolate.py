"""Resizing of maps: exact in exact numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from byhand._nested import Maps, Number, divide, indices, same_shape, shape, zero_of, zeros
from cvlib._checks import Pair, choice, factors
from cvlib.shapes import interpolate_output_size

Reading = list[
    tuple[int, Number]
]  # the pixels along one side from which a new one is read, and their weights


def interpolate(
    x: Maps,
    size: Pair | None = None,
    *,
    scale_factor: Number | Sequence[Number] | None = None,
    mode: str = "bilinear",
    align_corners: bool = False,
) -> list[Any]:
    r"""Return maps in another size: each new pixel is read off the old map at its place, between the old pixels.

    .. math:: y_{n,c,i,j} = \sum_{l,m} \max(0, 1 - |\rho_i - l|)\, \max(0, 1 - |\kappa_j - m|)\; x_{n,c,l,m}

    for "bilinear", where row i of H' lies at :math:`\rho_i = (i + \tfrac12) \frac{H}{H'} - \tfrac12`, moved to the
    nearest row if it is outside the map, or with ``align_corners`` at :math:`\rho_i = i \frac{H-1}{H'-1}`; columns
    likewise. "nearest" takes row :math:`\lfloor i \frac{H}{H'} \rfloor`.

    Parameters
    ----------
    x : nested lists (N, C, H, W)
    size : int or pair, optional
        Height and width of the output.
    scale_factor : number or pair, optional
        Or by how much to enlarge: the factor itself then stands for H'/H, and the output's size is floored.
    mode : "bilinear" or "nearest"
    align_corners : bool
        Whether the corner pixels stay in place; only for "bilinear".

    Returns
    -------
    nested lists (N, C, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged or hold something other than numbers; if ``size`` and ``scale_factor`` are both or
        neither given, or nothing is left; if the mode is unknown or does not go with ``align_corners``.

    Examples
    --------
    >>> interpolate([[[[0, 8]]]], (1, 4))
    [[[[Fraction(0, 1), Fraction(2, 1), Fraction(6, 1), Fraction(8, 1)]]]]
    """
    rows, columns = _readings(x, size, scale_factor, mode, align_corners)
    images, channels, *_ = shape("x", x)
    y = zeros((images, channels, len(rows), len(columns)))
    for n, c, i, j in indices(images, channels, len(rows), len(columns)):
        y[n][c][i][j] = sum(
            a * b * x[n][c][row][column] for row, a, column, b in _pixels(rows[i], columns[j])
        )
    return y


def interpolate_backward(
    dy: Maps,
    x: Maps,
    size: Pair | None = None,
    *,
    scale_factor: Number | Sequence[Number] | None = None,
    mode: str = "bilinear",
    align_corners: bool = False,
) -> list[Any]:
    """Return dx of :func:`interpolate`: each new pixel hands its gradient back to those it was read from.

    Examples
    --------
    >>> interpolate_backward([[[[4, 8, 0, 1]]]], [[[[0, 8]]]], (1, 4))
    [[[[Fraction(10, 1), Fraction(3, 1)]]]]
    """
    rows, columns = _readings(x, size, scale_factor, mode, align_corners)
    images, channels, *_ = shape("x", x)
    same_shape("dy", dy, (images, channels, len(rows), len(columns)), "the output")
    dx = zeros(shape("x", x), zero_of(dy, x))
    for n, c, i, j in indices(images, channels, len(rows), len(columns)):
        # y[n][c][i][j] = sum of a * b * x[n][c][row][column]
        for row, a, column, b in _pixels(rows[i], columns[j]):
            dx[n][c][row][column] += a * b * dy[n][c][i][j]
    return dx


def _pixels(row_reading: Reading, column_reading: Reading) -> Iterator[tuple[int, Number, int, Number]]:
    """Yield row, its weight, column, its weight of the (at most four) pixels that one new pixel is read from."""
    for row, a in row_reading:
        for column, b in column_reading:
            yield row, a, column, b


def _readings(
    x: Maps, size: Pair | None, scale_factor: object, mode: str, align_corners: bool
) -> tuple[list[Reading], list[Reading]]:
    """Return for each output row, and for each output column, what it is read from."""
    *_, height, width = shape("x", x, "N", "C", "H", "W")
    choice("mode", mode, ("bilinear", "nearest"))
    choice("align_corners", align_corners, (False, True))
    if align_corners and mode == "nearest":
        raise ValueError('align_corners has no meaning for mode "nearest": it must be False')
    output = interpolate_output_size((height, width), size, scale_factor=scale_factor)
    if scale_factor is None:
        ratios = list(zip((height, width), output, strict=True))
    else:
        ratios = [(1, factor) for factor in factors("scale_factor", scale_factor)]
    rows, columns = (
        [_reading(i, old, new, ratio, mode, align_corners) for i in range(new)]
        for old, new, ratio in zip((height, width), output, ratios, strict=True)
    )
    return rows, columns


def _reading(
    i: int, old: int, new: int, ratio: tuple[int, Number], mode: str, align_corners: bool
) -> Reading:
    """Return what pixel ``i`` of the ``new`` ones on a side is read from; b of them are as long as a old ones."""
    a, b = ratio
    if mode == "nearest":
        return [(math.floor(divide(i * a, b)), 1)]
    if align_corners:
        place = divide(i * (old - 1), max(new - 1, 1))
    else:
        place = divide(divide((2 * i + 1) * a, b) - 1, 2)
    place = min(max(place, 0), old - 1)
    near = [pixel for pixel in (math.floor(place), math.floor(place) + 1) if abs(place - pixel) < 1]
    return [(pixel, 1 - abs(place - pixel)) for pixel in near]
