r"""Resizing of maps, and its gradient.

Interpolation is linear in the pixels and treats rows and columns alike, so one image is resized by two matrices,
:math:`Y = R_h\, X\, R_w^T`, and the gradient goes back through their transposes. A row of R holds at most two weights,
side by side, and neighbouring rows have theirs in neighbouring places: a strip of rows needs only a few columns.
So the product is taken strip by strip, each with a small dense block of R, and zeros are hardly multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, choice, factors
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import SHARED_BYTES, cut
from cvlib.shapes import interpolate_output_size

__all__ = ["interpolate", "interpolate_backward"]

_STRIP = 16  # rows: fewer make too many products, more multiply too many zeros


def interpolate(
    x: ArrayLike,
    size: Pair | None = None,
    *,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "bilinear",
    align_corners: bool = False,
) -> np.ndarray:
    r"""Return maps in another size: each new pixel is read off the old map at its place, between the old pixels.

    .. math:: y_{n,c,i,j} = \sum_{l,m} \max(0, 1 - |\rho_i - l|)\, \max(0, 1 - |\kappa_j - m|)\; x_{n,c,l,m}

    for "bilinear". A pixel is a little square whose colour is measured in its middle, so that output row i of H' lies
    at :math:`\rho_i = (i + \tfrac12) \frac{H}{H'} - \tfrac12`, moved to the nearest row if it is outside the map; with
    ``align_corners`` pixels are points, those at the corners stay in place, and :math:`\rho_i = i \frac{H-1}{H'-1}`.
    The columns :math:`\kappa_j` follow the width. "nearest" takes row :math:`\lfloor i \frac{H}{H'} \rfloor`, the rule
    of PyTorch (where the ratio is rounded to float32 first, so that a whole number may become the one below).

    Shrinking skips pixels rather than averaging them: below half the size, some are not seen at all.

    Parameters
    ----------
    x : array_like, (N, C, H, W)
        A batch of maps.
    size : int or pair, optional
        Height and width of the output.
    scale_factor : float or pair, optional
        Or by how much to enlarge; the output's size is floored, and the factor (not the ratio of the sizes) sets
        the places :math:`\rho, \kappa`, as in PyTorch.
    mode : "bilinear" or "nearest"
        How to read between the pixels.
    align_corners : bool
        Whether the corner pixels stay in place; only for "bilinear".

    Returns
    -------
    ndarray, (N, C, H_out, W_out)

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, a size is not an integer, or a factor not a number.
    ValueError
        If ``x`` has other axes or no pixels, ``size`` and ``scale_factor`` are both or neither given, nothing is
        left, or the mode is unknown or does not go with ``align_corners``.

    References
    ----------
    Szeliski, *Computer Vision: Algorithms and Applications*, 2nd edition, Springer 2022, section 3.5.1.

    Examples
    --------
    >>> interpolate([[[[0, 8]]]], (1, 4))
    array([[[[0., 2., 6., 8.]]]])
    >>> interpolate([[[[0, 9]]]], (1, 4), align_corners=True)
    array([[[[0., 3., 6., 9.]]]])
    >>> interpolate([[[[0, 8]]]], scale_factor=(1, 2), mode="nearest")
    array([[[[0., 0., 8., 8.]]]])
    """
    x, rows, columns = _checked(x, size, scale_factor, mode, align_corners)
    y = np.empty((*x.shape[:2], len(rows), len(columns)), x.dtype)
    strip = _strip_that_keeps_apart(x)
    rows, columns = _strips(rows, strip), _strips(columns, strip)
    x, planes = _planes(x), _planes(y)
    for some in cut(len(x), x.itemsize * x.shape[1] * y.shape[3], SHARED_BYTES):
        # y = rows @ (x @ columns.T)
        wide = np.empty((*x[some].shape[:2], y.shape[3]), y.dtype)
        _resize_width(x[some], columns, wide)
        _resize_height(wide, rows, planes[some])
    return y


def interpolate_backward(
    dy: ArrayLike,
    x: ArrayLike,
    size: Pair | None = None,
    *,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "bilinear",
    align_corners: bool = False,
) -> np.ndarray:
    r"""Return dL/dx of :func:`interpolate`: each new pixel hands its gradient back to those it was read from.

    .. math:: dx_{n,c,l,m} = \sum_{i,j} \max(0, 1 - |\rho_i - l|)\, \max(0, 1 - |\kappa_j - m|)\; dy_{n,c,i,j}

    Parameters
    ----------
    dy : array_like, (N, C, H_out, W_out)
        Upstream gradient dL/dy.
    x, size, scale_factor, mode, align_corners
        The forward's own arguments; of ``x`` only the shape matters.

    Returns
    -------
    ndarray, shape of ``x``

    Raises
    ------
    TypeError, ValueError
        As in the forward, or if ``dy`` does not have the shape of its output.

    Examples
    --------
    >>> interpolate_backward([[[[4, 8, 0, 1]]]], [[[[0, 8]]]], (1, 4))
    array([[[[10.,  3.]]]])
    """
    x, rows, columns = _checked(x, size, scale_factor, mode, align_corners)
    dy, x = common_float(same_shape("dy", dy, (*x.shape[:2], len(rows), len(columns))), x)
    dx = np.empty(x.shape, x.dtype)
    strip = _strip_that_keeps_apart(dy)
    back_rows, back_columns = _strips(rows.T, strip), _strips(columns.T, strip)
    dy, planes = _planes(dy), _planes(dx)
    for some in cut(len(dy), dy.itemsize * x.shape[2] * dy.shape[2], SHARED_BYTES):
        # y = rows @ wide
        dwide = np.empty((len(dy[some]), x.shape[2], dy.shape[2]), dx.dtype)
        _resize_height(dy[some], back_rows, dwide)
        # wide = x @ columns.T
        _resize_width(dwide, back_columns, planes[some])
    return dx


class _Strip(NamedTuple):
    """Some rows of a matrix without the zeros to the left and to the right: ``matrix[rows, seen]``."""

    rows: slice
    seen: slice
    weights: np.ndarray


def _strips(matrix: np.ndarray, height: int) -> list[_Strip]:
    """Cut a matrix into strips of ``height`` rows, each as narrow as its weights allow."""
    strips = []
    for start in range(0, len(matrix), height):
        rows = slice(start, start + height)
        used = np.flatnonzero(matrix[rows].any(0))
        seen = slice(used[0], used[-1] + 1) if used.size else slice(0, 0)
        strips.append(_Strip(rows, seen, matrix[rows, seen].copy()))
    return strips


def _strip_that_keeps_apart(x: np.ndarray) -> int:
    """Return how many rows to take at a time: one if there is NaN or infinity, which a weight of 0 would not stop."""
    return _STRIP if np.isfinite(x).all() else 1


def _resize_height(x: np.ndarray, strips: list[_Strip], out: np.ndarray) -> None:
    """Write ``matrix @ x`` to ``out``, for every plane."""
    for rows, seen, weights in strips:
        np.matmul(weights, x[:, seen], out=out[:, rows])


def _resize_width(x: np.ndarray, strips: list[_Strip], out: np.ndarray) -> None:
    """Write ``x @ matrix.T`` to ``out``, for every plane."""
    for columns, seen, weights in strips:
        np.matmul(x[:, :, seen], weights.T, out=out[:, :, columns])


def _planes(x: np.ndarray) -> np.ndarray:
    """Return maps (N, C, H, W) as one stack of planes (N C, H, W)."""
    return x.reshape(-1, *x.shape[2:])


def _matrix(size: int, output: int, factor: float | None, mode: str, align_corners: bool) -> np.ndarray:
    """Return R, (output, size): the weight of each old pixel in each new one, along one side."""
    i = np.arange(output)
    step, of = (size, output) if factor is None else (1, float(factor))  # one new pixel is step / of old ones
    if mode == "nearest":
        place = np.floor(i * step / of)  # on a pixel: its weight will be 1
    elif align_corners:
        place = i * (size - 1) / max(output - 1, 1)
    else:
        place = ((2 * i + 1) * step / of - 1) / 2
    place = np.clip(place, 0, size - 1)
    lower = place.astype(np.intp)
    upper = np.minimum(lower + 1, size - 1)
    matrix = np.zeros((output, size))
    matrix[i, upper] = place - lower
    matrix[i, lower] = 1 - (place - lower)  # on the last pixel, where upper is lower too, this is 1
    return matrix


def _checked(
    x: ArrayLike,
    size: Pair | None,
    scale_factor: float | Sequence[float] | None,
    mode: str,
    align_corners: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the maps and the two matrices that resize them, in the maps' type."""
    x = as_float("x", x, ndim=4)
    choice("mode", mode, ("bilinear", "nearest"))
    choice("align_corners", align_corners, (False, True))
    if align_corners and mode == "nearest":
        raise ValueError('align_corners has no meaning for mode "nearest": it must be False')
    if 0 in x.shape[2:]:
        raise ValueError(f"x must hold at least one pixel, got shape {x.shape}")
    output = interpolate_output_size(x.shape[2:], size, scale_factor=scale_factor)
    scale = (None, None) if scale_factor is None else factors("scale_factor", scale_factor)
    rows, columns = (
        _matrix(n, m, factor, mode, align_corners).astype(x.dtype, copy=False)
        for n, m, factor in zip(x.shape[2:], output, scale, strict=True)
    )
    return x, rows, columns
