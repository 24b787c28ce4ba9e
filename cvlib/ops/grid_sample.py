"""Differentiable sampling: a grid of points, made by an affine map, and the image read at these points.

Every point lies between four pixels. How the sampling is made fast: a ring of zeros is laid around the image, so that
all four are there even at its edge. With the image written as one long line they stand at k, k + 1, k + W and
k + W + 1, so one ``take`` with these indices reads them for all points. The way back is its mirror image: one
``bincount`` with the same indices adds up what the points hand to each pixel. The indices serve all channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, choice, pair
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import cut

__all__ = ["affine_grid", "affine_grid_backward", "grid_sample", "grid_sample_backward"]

INDEX_BYTES = 1 << 20  # of the four pixels, at a time: what belongs to these points then stays in the cache


def affine_grid(theta: ArrayLike, size: Pair, *, align_corners: bool = False) -> np.ndarray:
    r"""Return, for every pixel of an output, the point of the input that an affine map sends it to.

    .. math::

        \begin{pmatrix} x_{n,i,j} \\ y_{n,i,j} \end{pmatrix} =
        \theta_n \begin{pmatrix} u_j \\ v_i \\ 1 \end{pmatrix}

    All coordinates run from -1 to 1 across the image: u and x from left to right, v and y from top to bottom. The
    map leads from the *output to the input*: to enlarge, shrink the grid.

    Parameters
    ----------
    theta : array_like, (N, 2, 3)
        One affine map for each image: the first row gives x, the second y.
    size : int or pair
        Height and width of the output.
    align_corners : bool
        What -1 and 1 mean: the outer edges of the border pixels (False), or their centres (True).

    Returns
    -------
    ndarray, (N, H, W, 2)
        The points (x, y), for :func:`grid_sample`.

    Raises
    ------
    TypeError
        If ``theta`` does not hold real numbers, or ``size`` no integers.
    ValueError
        If ``theta`` has another shape, ``size`` is below 1, or ``align_corners`` is neither True nor False.

    References
    ----------
    Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial transformer networks", NeurIPS 2015, equation (1).

    Examples
    --------
    The identity gives the centres of the pixels; a shift to the right by half the image's width adds 1 to x.

    >>> affine_grid([[[1, 0, 0], [0, 1, 0]]], (1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    >>> affine_grid([[[1, 0, 1], [0, 1, 0]]], (1, 2))[..., 0]
    array([[[0.5, 1.5]]])
    """
    theta, (height, width), points = _maps(theta, size, align_corners)
    with np.errstate(invalid="ignore"):  # infinity times 0
        return (points @ theta.transpose(0, 2, 1)).reshape(len(theta), height, width, 2)


def affine_grid_backward(
    dy: ArrayLike, theta: ArrayLike, size: Pair, *, align_corners: bool = False
) -> np.ndarray:
    r"""Return dL/dtheta of :func:`affine_grid`, where ``dy`` is the upstream gradient of the grid.

    .. math::

        d\theta_n = \sum_{i,j} dy_{n,i,j} \begin{pmatrix} u_j & v_i & 1 \end{pmatrix}

    Parameters
    ----------
    dy : array_like, (N, H, W, 2)
        Upstream gradient dL/dgrid.
    theta, size, align_corners
        The forward's own arguments; of ``theta`` only the shape matters.

    Returns
    -------
    ndarray, (N, 2, 3)

    Raises
    ------
    TypeError, ValueError
        As in the forward, or if ``dy`` does not have the shape of the grid.

    Examples
    --------
    >>> affine_grid_backward([[[[1, 0], [5, 2]]]], [[[1, 0, 0], [0, 1, 0]]], (1, 2))
    array([[[2., 0., 6.],
            [1., 0., 2.]]])
    """
    theta, (height, width), points = _maps(theta, size, align_corners)
    dy = same_shape("dy", dy, (len(theta), height, width, 2))
    dy, points = common_float(dy, points)
    # grid = points @ theta.T
    with np.errstate(invalid="ignore"):
        return dy.reshape(len(dy), height * width, 2).transpose(0, 2, 1) @ points


def _maps(
    theta: ArrayLike, size: Pair, align_corners: bool
) -> tuple[np.ndarray, tuple[int, int], np.ndarray]:
    """Return the maps, the output's size, and its points (u, v, 1) in reading order."""
    theta = as_float("theta", theta, ndim=3, layout="(N, 2, 3)")
    if theta.shape[1:] != (2, 3):
        raise ValueError(f"theta must have shape (N, 2, 3), got {theta.shape}")
    height, width = pair("size", size, minimum=1)
    choice("align_corners", align_corners, (False, True))
    u, v = (_centres(n, align_corners) for n in (width, height))
    points = np.ones((height, width, 3), theta.dtype)
    points[..., 0], points[..., 1] = u, v[:, None]
    return theta, (height, width), points.reshape(height * width, 3)


def _centres(size: int, align_corners: bool) -> np.ndarray:
    """Return the coordinates of the pixels' centres along one axis of the image."""
    span = (size - 1) / size if not align_corners else 1.0
    return np.linspace(-span, span, size) if size > 1 else np.zeros(1)


def grid_sample(
    x: ArrayLike, grid: ArrayLike, *, padding_mode: str = "zeros", align_corners: bool = False
) -> np.ndarray:
    r"""Return images read at the points of a grid, by bilinear interpolation.

    .. math:: y_{n,c,i,j} = \sum_{h,w} \max(0, 1 - |q - h|)\, \max(0, 1 - |p - w|)\; x_{n,c,h,w}

    where (p, q) is the point in pixels: column and row, counted from 0. The grid holds it as (x, y) from -1 to 1:

    .. math:: p = \frac{(x + 1)\, W - 1}{2} \quad\text{or, with aligned corners,}\quad p = \frac{(x + 1)(W - 1)}{2}

    and likewise q from y and the height H. At most four pixels have a weight, the areas of the rectangles opposite.

    Parameters
    ----------
    x : array_like, (N, C, H, W)
        A batch of images.
    grid : array_like, (N, H_out, W_out, 2)
        Where to read, (x, y) for every output pixel; :func:`affine_grid` makes one.
    padding_mode : "zeros" or "border"
        What lies outside the image: zeros, or the nearest pixel of its border.
    align_corners : bool
        What -1 and 1 mean: the outer edges of the border pixels (False), or their centres (True).

    Returns
    -------
    ndarray, (N, C, H_out, W_out)
        Infinite coordinates lie far outside. A point with a NaN coordinate is nowhere: NaN in every channel.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If the shapes do not fit together, there are no pixels or no points, or an option is unknown.

    References
    ----------
    Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial transformer networks", NeurIPS 2015, equation (5).

    Examples
    --------
    In the middle of four pixels, and halfway out of the image at the left:

    >>> x = [[[[1.0, 2.0], [5.0, 8.0]]]]
    >>> grid_sample(x, [[[[0, 0], [-1, -0.5]]]])
    array([[[[4. , 0.5]]]])
    >>> grid_sample(x, [[[[0, 0], [-1, -0.5]]]], padding_mode="border")
    array([[[[4., 1.]]]])
    """
    x, grid = _checked(x, grid, padding_mode, align_corners)
    y = np.empty((*x.shape[:2], *grid.shape[1:3]), x.dtype)
    with np.errstate(invalid="ignore"):  # 0 times infinity, where a pixel is infinite
        for images, points in _located(grid, x.shape[2:], padding_mode, align_corners):
            weights = points.weights()
            for channel in range(x.shape[1]):
                pixels = _pixels(_ringed(x[images, channel]), points)
                pixels *= weights
                y[images, channel] = pixels.sum((0, 1)).reshape(-1, *grid.shape[1:3])
    return y


def grid_sample_backward(
    dy: ArrayLike,
    x: ArrayLike,
    grid: ArrayLike,
    *,
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`grid_sample`, for the images and for the grid.

    .. math::

        dx_{n,c,h,w} &= \sum_{i,j} dy_{n,c,i,j}\; \max(0, 1 - |q - h|)\, \max(0, 1 - |p - w|) \\
        dp_{n,i,j} &= \sum_{c} dy_{n,c,i,j} \sum_{h,w} \max(0, 1 - |q - h|)\; s(w - p)\; x_{n,c,h,w}

    with s(t) = -1 for -1 < t <= 0 (the pixels left of the point), 1 for 0 < t <= 1 (those right of it), and 0
    elsewhere; likewise for q. The grid's own coordinates run W/2 times slower (or (W - 1)/2): dgrid is dp times that.

    On a grid line the interpolation has a kink, and the slope towards the right (or down) is taken, as in PyTorch.
    With ``padding_mode="border"`` points on the border or outside have the slope 0. A point with a NaN coordinate
    hands nothing to the images, and its own gradient holds NaN.

    Parameters
    ----------
    dy : array_like, (N, C, H_out, W_out)
        Upstream gradient dL/dy.
    x, grid, padding_mode, align_corners
        The forward's own arguments.

    Returns
    -------
    dx : ndarray, shape of ``x``
    dgrid : ndarray, shape of ``grid``

    Raises
    ------
    TypeError, ValueError
        As in the forward, or if ``dy`` does not have the shape of its output.

    References
    ----------
    Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial transformer networks", NeurIPS 2015, equations (6), (7).

    Examples
    --------
    >>> dx, dgrid = grid_sample_backward([[[[4.0]]]], [[[[1.0, 2.0], [5.0, 8.0]]]], [[[[0, 0]]]])
    >>> dx
    array([[[[1., 1.],
             [1., 1.]]]])
    >>> dgrid
    array([[[[ 8., 20.]]]])
    """
    x, grid = _checked(x, grid, padding_mode, align_corners)
    dy = same_shape("dy", dy, (*x.shape[:2], *grid.shape[1:3]))
    dy, x, grid = common_float(dy, x, grid)
    dx, dgrid = np.empty(x.shape, x.dtype), np.empty(grid.shape, x.dtype)
    with np.errstate(invalid="ignore"):
        for images, points in _located(grid, x.shape[2:], padding_mode, align_corners):
            weights = points.weights()
            dweights = np.zeros_like(weights)
            for channel in range(x.shape[1]):
                upstream = dy[images, channel].reshape(points.right.shape)
                dx[images, channel], dweight = _through_channel(upstream, x[images, channel], points, weights)
                dweights += dweight
            dgrid[images] = points.slope(dweights).reshape(-1, *grid.shape[1:])
    return dx, dgrid


def _through_channel(
    dy: np.ndarray, x: np.ndarray, points: _Points, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of one channel of some images, and of the weights of its pixels."""
    ringed = _ringed(x)
    # y = sum of weights * pixels
    pixels = _pixels(ringed, points)
    pixels *= dy
    dpixels = weights * dy
    # pixels = ringed at the index
    dringed = np.bincount(points.index.reshape(-1), dpixels.reshape(-1), ringed.size)  # sums in float64
    return dringed.reshape(ringed.shape)[:, 1:-1, 1:-1], pixels


def _checked(
    x: ArrayLike, grid: ArrayLike, padding_mode: str, align_corners: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the grid in one type, once they fit together."""
    x = as_float("x", x, ndim=4)
    grid = as_float("grid", grid, ndim=4, layout="(N, H_out, W_out, 2)")
    choice("padding_mode", padding_mode, ("zeros", "border"))
    choice("align_corners", align_corners, (False, True))
    if 0 in x.shape[2:]:
        raise ValueError(f"x must have images of at least one pixel, got shape {x.shape}")
    if grid.shape[3] != 2 or 0 in grid.shape[1:]:
        raise ValueError(
            f"grid must have shape (N, H_out, W_out, 2) with at least one point, got {grid.shape}"
        )
    if len(grid) != len(x):
        raise ValueError(f"grid must have points for each of the {len(x)} images of x, got {len(grid)}")
    return common_float(x, grid)


def _located(
    grid: np.ndarray, size: tuple[int, int], padding_mode: str, align_corners: bool
) -> Iterator[tuple[slice, _Points]]:
    """Yield a few images at a time, with the places of their points: what one channel needs stays in the cache."""
    n, height, width, _ = grid.shape
    for images in cut(n, 4 * np.dtype(np.intp).itemsize * height * width, INDEX_BYTES):
        # Further out than 4 all is alike, and infinity times 0 is NaN.
        points = np.clip(grid[images], -4, 4).reshape(-1, height * width, 2)
        yield images, _locate(points[..., 0], points[..., 1], size, padding_mode, align_corners)


def _ringed(x: np.ndarray) -> np.ndarray:
    """Return one channel of some images (N, H, W) with a ring of zeros around each."""
    n, height, width = x.shape
    ringed = np.zeros((n, height + 2, width + 2), x.dtype)
    ringed[:, 1:-1, 1:-1] = x
    return ringed


def _pixels(ringed: np.ndarray, points: _Points) -> np.ndarray:
    """Return the four pixels around every point (2, 2, N, points)."""
    return ringed.take(points.index, mode="wrap")  # none wraps: this saves the check that all are inside


class _Points(NamedTuple):
    """Where points lie among the pixels: each between two columns and two rows."""

    index: np.ndarray  # (2, 2, N, points), where the four pixels are in the ringed images: by row, by column
    right: np.ndarray  # (N, points), way from the left column to the right one, 0 to 1
    down: np.ndarray  # way from the upper row to the lower one
    dright: np.ndarray | float  # d right / dx, x in the grid's coordinates
    ddown: np.ndarray | float

    def weights(self) -> np.ndarray:
        """Return the weights of the four pixels (2, 2, N, points)."""
        rows, columns = np.stack([1 - self.down, self.down]), np.stack([1 - self.right, self.right])
        return rows[:, None] * columns

    def slope(self, dweights: np.ndarray) -> np.ndarray:
        """Return the gradient of the points (N, points, 2) from that of the weights."""
        (upper_left, upper_right), (lower_left, lower_right) = dweights
        upper, left = upper_right - upper_left, lower_left - upper_left
        twist = lower_right - lower_left - upper
        # weights = rows * columns: dL/dright is upper in the upper row and upper + twist in the lower one
        dx, dy = upper + self.down * twist, left + self.right * twist
        return np.stack([dx * self.dright, dy * self.ddown], -1)


def _locate(
    x: np.ndarray, y: np.ndarray, size: tuple[int, int], padding_mode: str, align_corners: bool
) -> _Points:
    """Find points (N, points) among the pixels of images of this size."""
    height, width = size[0] + 2, size[1] + 2  # with the ring
    column, right, dright, inside_x = _along(x, size[1], padding_mode, align_corners)
    row, down, ddown, inside_y = _along(y, size[0], padding_mode, align_corners)
    # The upper left pixel, counted from pixel (0, 0). A point outside reads at -2, the last pixel of the ring's first
    # row: there all four are zeros, two at the end of a row and two at the start of the next.
    index = row * width
    index += column
    index[~(inside_x & inside_y)] = -2
    first_pixel = np.arange(len(x))[:, None] * (height * width) + width + 1
    index += first_pixel
    index = index + np.array([[0, 1], [width, width + 1]])[:, :, None, None]
    return _Points(index, right, down, dright, ddown)


def _along(
    t: np.ndarray, size: int, padding_mode: str, align_corners: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray | float, np.ndarray]:
    """Return what the coordinates ``t`` mean along one axis.

    The pixel before the point, the way from there to the next, how fast it changes with t, and whether one of the
    two may be in the image.
    """
    scale = (size - 1) / 2 if align_corners else size / 2
    position = t * scale + (size - 1) / 2
    if padding_mode == "border":
        slope = scale * ((position > 0) & (position < size - 1))
        position = np.clip(position, 0, size - 1)
        inside = position >= 0
    else:
        slope = scale
        inside = (position >= -1) & (position < size)
    pixel = np.floor(position)
    with np.errstate(invalid="ignore"):  # NaN becomes some integer: it is not inside
        return pixel.astype(np.intp), position - pixel, slope, inside
