"""Differentiable sampling: exact in exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from byhand._nested import Maps, Matrix, Number, divide, indices, same_shape, shape, zero_of, zeros
from cvlib._checks import Pair, choice, pair


def affine_grid(theta: Sequence[Matrix], size: Pair, *, align_corners: bool = False) -> list[Any]:
    r"""Return, for every pixel of an output, the point of the input that an affine map sends it to.

    .. math::

        \begin{pmatrix} x_{n,i,j} \\ y_{n,i,j} \end{pmatrix} =
        \theta_n \begin{pmatrix} u_j \\ v_i \\ 1 \end{pmatrix}

    All coordinates run from -1 to 1 across the image, u and x to the right, v and y downwards.

    Parameters
    ----------
    theta : nested lists (N, 2, 3)
    size : int or pair
        Height and width of the output.
    align_corners : bool
        What -1 and 1 mean: the outer edges of the border pixels (False), or their centres (True).

    Returns
    -------
    nested lists (N, H, W, 2)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or are not (N, 2, 3); if a size is below 1.

    Examples
    --------
    >>> affine_grid([[[1, 0, 1], [0, 2, 0]]], (1, 2))
    [[[[Fraction(1, 2), Fraction(0, 1)], [Fraction(3, 2), Fraction(0, 1)]]]]
    """
    N, (H, W) = _map_sizes(theta, size)
    grid = zeros((N, H, W, 2))
    for n, i, j, k in indices(N, H, W, 2):
        u, v = centre(j, W, align_corners), centre(i, H, align_corners)
        grid[n][i][j][k] = theta[n][k][0] * u + theta[n][k][1] * v + theta[n][k][2]
    return grid


def affine_grid_backward(
    dy: Maps, theta: Sequence[Matrix], size: Pair, *, align_corners: bool = False
) -> list[Any]:
    """Return dtheta of :func:`affine_grid`; ``dy`` is dL/dgrid.

    Examples
    --------
    >>> affine_grid_backward([[[[1, 0], [5, 2]]]], [[[1, 0, 0], [0, 1, 0]]], (1, 2))
    [[[Fraction(2, 1), 0, 6], [Fraction(1, 1), 0, 2]]]
    """
    N, (H, W) = _map_sizes(theta, size)
    same_shape("dy", dy, (N, H, W, 2), "the grid")
    dtheta = zeros((N, 2, 3), zero_of(dy))
    for n, i, j, k in indices(N, H, W, 2):
        u, v = centre(j, W, align_corners), centre(i, H, align_corners)
        # grid[n][i][j][k] = theta[n][k][0] * u + theta[n][k][1] * v + theta[n][k][2]
        for m, factor in enumerate((u, v, 1)):
            dtheta[n][k][m] += dy[n][i][j][k] * factor
    return dtheta


def centre(j: int, size: int, align_corners: bool) -> Number:
    """Return the coordinate, from -1 to 1, of the centre of pixel ``j``.

    Examples
    --------
    >>> [str(centre(j, 4, False)) for j in range(4)]
    ['-3/4', '-1/4', '1/4', '3/4']
    >>> [str(centre(j, 3, True)) for j in range(3)]
    ['-1', '0', '1']
    """
    steps = size - 1 if align_corners else size
    return Fraction(2 * j - (size - 1), steps) if size > 1 else 0


def grid_sample(
    x: Maps, grid: Maps, *, padding_mode: str = "zeros", align_corners: bool = False
) -> list[Any]:
    r"""Return images read at the points of a grid, by bilinear interpolation.

    .. math:: y_{n,c,i,j} = \sum_{h,w} \max(0, 1 - |q - h|)\, \max(0, 1 - |p - w|)\; x_{n,c,h,w}

    where (p, q) is the point in pixels, column and row; the grid holds it as (x, y) from -1 to 1 across the image.

    Parameters
    ----------
    x : nested lists (N, C, H, W)
    grid : nested lists (N, H_out, W_out, 2)
    padding_mode : "zeros" or "border"
        What lies outside the image: zeros, or the nearest pixel of its border.
    align_corners : bool
        What -1 and 1 mean: the outer edges of the border pixels (False), or their centres (True).

    Returns
    -------
    nested lists (N, C, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together.

    Examples
    --------
    >>> grid_sample([[[[1, 2], [5, 8]]]], [[[[0, 0], [-1, -Fraction(1, 2)]]]])
    [[[[Fraction(4, 1), Fraction(1, 2)]]]]
    """
    g = _grid_geometry(x, grid, padding_mode, align_corners)
    y = zeros((*g.planes, *g.output_size))
    for n, c, i, j in indices(*g.planes, *g.output_size):
        p, q = g.point(grid[n][i][j])
        y[n][c][i][j] = sum(hat(q - h) * hat(p - w) * x[n][c][h][w] for h, w in indices(*g.size))
    return y


def grid_sample_backward(
    dy: Maps, x: Maps, grid: Maps, *, padding_mode: str = "zeros", align_corners: bool = False
) -> tuple[list[Any], list[Any]]:
    """Return (dx, dgrid) of :func:`grid_sample`; at a kink, the slope towards the right or downwards.

    Examples
    --------
    >>> dx, dgrid = grid_sample_backward([[[[4]]]], [[[[1, 2], [5, 8]]]], [[[[0, 0]]]])
    >>> [[[[str(d) for d in row] for row in plane] for plane in image] for image in (*dx, *dgrid)]
    [[[['1', '1'], ['1', '1']]], [[['8', '20']]]]
    """
    g = _grid_geometry(x, grid, padding_mode, align_corners)
    same_shape("dy", dy, (*g.planes, *g.output_size), "the output")
    zero = zero_of(dy, x, grid)
    dx, dgrid = zeros(shape("x", x), zero), zeros(shape("grid", grid), zero)
    for n, c, i, j in indices(*g.planes, *g.output_size):
        p, q = g.point(grid[n][i][j])
        dp, dq = g.speed(grid[n][i][j])
        for h, w in indices(*g.size):
            # y[n][c][i][j] = sum over h, w of hat(q - h) * hat(p - w) * x[n][c][h][w]
            dx[n][c][h][w] += dy[n][c][i][j] * hat(q - h) * hat(p - w)
            dgrid[n][i][j][0] += dy[n][c][i][j] * hat(q - h) * hat_slope(p - w) * x[n][c][h][w] * dp
            dgrid[n][i][j][1] += dy[n][c][i][j] * hat_slope(q - h) * hat(p - w) * x[n][c][h][w] * dq
    return dx, dgrid


def hat(t: Number) -> Number:
    """Return the weight of a pixel at the distance ``t``: 1 at the pixel itself, 0 from one pixel on.

    Examples
    --------
    >>> hat(0), hat(-0.25), hat(2)
    (1, 0.75, 0)
    """
    return max(0, 1 - abs(t))


def hat_slope(t: Number) -> int:
    """Return the derivative of :func:`hat`; at its three kinks, that towards the right.

    Examples
    --------
    >>> [hat_slope(t) for t in (-1, -0.5, 0, 0.5, 1)]
    [1, 1, -1, -1, 0]
    """
    if -1 <= t < 0:
        return 1
    return -1 if 0 <= t < 1 else 0


class _GridGeometry(NamedTuple):
    """The index sets of a sampling, and what its coordinates mean."""

    planes: tuple[int, int]
    size: tuple[int, int]
    output_size: tuple[int, int]
    padding_mode: str
    align_corners: bool

    def point(self, xy: Sequence[Number]) -> list[Number]:
        """Return (p, q), column and row of the point (x, y)."""
        return [self._inside(place, n) for place, n in self._places(xy)]

    def speed(self, xy: Sequence[Number]) -> list[Number]:
        """Return (dp/dx, dq/dy): nothing moves that the border holds back."""
        held = [self.padding_mode == "border" and not 0 < place < n - 1 for place, n in self._places(xy)]
        return [0 if h else s for h, s in zip(held, self._scales(), strict=True)]

    def _places(self, xy: Sequence[Number]) -> list[tuple[Number, int]]:
        """Return column and row of the point (x, y), each with how many of them the image has."""
        width_first = self.size[::-1]
        return [
            (xy[k] * scale + Fraction(n - 1, 2), n)
            for k, (scale, n) in enumerate(zip(self._scales(), width_first, strict=True))
        ]

    def _scales(self) -> list[Number]:
        return [divide(n - 1 if self.align_corners else n, 2) for n in self.size[::-1]]

    def _inside(self, place: Number, n: int) -> Number:
        return min(max(place, 0), n - 1) if self.padding_mode == "border" else place


def _map_sizes(theta: Sequence[Matrix], size: Pair) -> tuple[int, tuple[int, int]]:
    """Return N and (H, W) once the arguments of an affine grid fit together."""
    N, *map_size = shape("theta", theta, "N", "2", "3")
    if map_size != [2, 3]:
        raise ValueError(f"theta must hold maps of 2 rows and 3 columns, got {map_size[0]} and {map_size[1]}")
    return N, pair("size", size, minimum=1)


def _grid_geometry(x: Maps, grid: Maps, padding_mode: str, align_corners: bool) -> _GridGeometry:
    """Return the geometry of a sampling once its arguments fit together."""
    images, channels, *size = shape("x", x, "N", "C", "H", "W")
    grids, *output_size, xy = shape("grid", grid, "N", "H_out", "W_out", "2")
    choice("padding_mode", padding_mode, ("zeros", "border"))
    if xy != 2:
        raise ValueError(f"grid must hold points (x, y), got {xy} numbers for each")
    if grids != images:
        raise ValueError(f"grid must have points for each of the {images} images of x, got {grids}")
    return _GridGeometry((images, channels), tuple(size), tuple(output_size), padding_mode, align_corners)
