"""Pooling over windows: exact in exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from byhand._nested import Maps, Matrix, divide, indices, same_shape, shape, zero_of, zeros
from byhand.definitions._windows import inside, windows
from cvlib._checks import Pair, pair


def max_pool2d(
    x: Maps, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> list[Any]:
    r"""Return the largest pixel of every window.

    .. math:: y_{n,c,i,j} = \max_{u,v}\; x_{n,\,c,\;i s + u - p,\;j s + v - p}

    over the pixels of the image: a padded cell never wins.

    Parameters
    ----------
    x : nested lists (N, C, H, W)
    kernel_size : int or pair
    stride : int or pair, optional
        Step between two windows; by default they do not overlap (``kernel_size``).
    padding : int, pair or "same"
        Cells on each side, at most half the kernel.

    Returns
    -------
    nested lists (N, C, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not (N, C, H, W), the window is larger than the padded image, or the padding exceeds half
        the window, so that a window could lie wholly outside the image.

    Examples
    --------
    >>> max_pool2d([[[[1, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    [[[[8, 7]]]]
    """
    g = _pool_geometry(x, kernel_size, stride, padding)
    y = zeros((*g.planes, *g.output_size))
    for n, c, i, j in indices(*g.planes, *g.output_size):
        row, column = _first_maximum(x[n][c], g.cells(x[n][c], i, j))
        y[n][c][i][j] = x[n][c][row][column]
    return y


def max_pool2d_backward(
    dy: Maps, x: Maps, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> list[Any]:
    """Return dx of :func:`max_pool2d`: a window's gradient goes to its first maximum, in row-major order.

    Examples
    --------
    >>> max_pool2d_backward([[[[10, 20]]]], [[[[8, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    [[[[10, 0, 0, 0], [0, 0, 20, 0]]]]
    """
    g = _pool_geometry(x, kernel_size, stride, padding)
    same_shape("dy", dy, (*g.planes, *g.output_size), "the output")
    dx = zeros(shape("x", x), zero_of(dy, x))
    for n, c, i, j in indices(*g.planes, *g.output_size):
        row, column = _first_maximum(x[n][c], g.cells(x[n][c], i, j))
        # y[n][c][i][j] = x[n][c][row][column]
        dx[n][c][row][column] += dy[n][c][i][j]
    return dx


def avg_pool2d(
    x: Maps, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> list[Any]:
    r"""Return the mean of every window; the zeros of the padding count in it.

    .. math:: y_{n,c,i,j} = \frac{1}{k_h k_w} \sum_{u,v} x_{n,\,c,\;i s + u - p,\;j s + v - p}

    Parameters and errors are those of :func:`max_pool2d`.

    Examples
    --------
    >>> avg_pool2d([[[[1, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    [[[[Fraction(7, 2), Fraction(4, 1)]]]]
    """
    g = _pool_geometry(x, kernel_size, stride, padding)
    k_h, k_w = g.kernel_size
    y = zeros((*g.planes, *g.output_size))
    for n, c, i, j in indices(*g.planes, *g.output_size):
        total = sum(x[n][c][row][column] for row, column in g.cells(x[n][c], i, j))
        y[n][c][i][j] = divide(total, k_h * k_w)
    return y


def avg_pool2d_backward(
    dy: Maps, x: Maps, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> list[Any]:
    """Return dx of :func:`avg_pool2d`: every pixel of a window gets the same share.

    Examples
    --------
    >>> avg_pool2d_backward([[[[8.0, 4.0]]]], [[[[1, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    [[[[2.0, 2.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0]]]]
    """
    g = _pool_geometry(x, kernel_size, stride, padding)
    same_shape("dy", dy, (*g.planes, *g.output_size), "the output")
    k_h, k_w = g.kernel_size
    dx = zeros(shape("x", x), zero_of(dy, x))
    for n, c, i, j in indices(*g.planes, *g.output_size):
        # y[n][c][i][j] = (sum of x[n][c][row][column]) / (k_h * k_w)
        for row, column in g.cells(x[n][c], i, j):
            dx[n][c][row][column] += divide(dy[n][c][i][j], k_h * k_w)
    return dx


class _PoolGeometry(NamedTuple):
    """The index sets of a pooling: its planes (N, C), and where its windows lie."""

    planes: tuple[int, int]
    kernel_size: tuple[int, int]
    output_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    def cells(self, plane: Matrix, i: int, j: int) -> list[tuple[int, int]]:
        """Return (row, column) of the pixels in window (i, j), in row-major order, without padded cells."""
        (s_h, s_w), (p_h, p_w) = self.stride, self.padding
        window = [(i * s_h + u - p_h, j * s_w + v - p_w) for u, v in indices(*self.kernel_size)]
        return [(row, column) for row, column in window if inside(plane, row, column)]


def _pool_geometry(x: Maps, kernel_size: Pair, stride: Pair | None, padding: Pair | str) -> _PoolGeometry:
    """Return the geometry of a pooling once its arguments fit together."""
    images, channels, *size = shape("x", x, "N", "C", "H", "W")
    kernel_size = pair("kernel_size", kernel_size, minimum=1)
    stride = kernel_size if stride is None else stride
    output_size, stride, padding, _ = windows(size, kernel_size, stride, padding)
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        # Beyond that, a window could lie wholly in the padding and would have no pixel to choose from.
        raise ValueError(f"padding must be at most half of kernel_size {kernel_size}, got {padding}")
    return _PoolGeometry((images, channels), kernel_size, output_size, stride, padding)


def _first_maximum(plane: Matrix, cells: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the cell with the largest pixel; among equals the first: only a larger one displaces it."""
    best = cells[0]
    for row, column in cells:
        if plane[row][column] > plane[best[0]][best[1]]:
            best = row, column
    return best
