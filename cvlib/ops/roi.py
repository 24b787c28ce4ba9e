"""Regions of interest: whatever the size of a box, its part of the maps becomes a grid of a fixed size.

Both poolings are separable, and both take the maps with the channels last: what happens to a pixel happens to a row
of C numbers.

* RoIPool needs the maximum of many overlapping rectangles. Take the maxima over windows of 1, 2, 4, 8, ... pixels
  first. Two such windows cover any run of pixels, where they overlap does not matter to a maximum, so four look-ups
  give the maximum of any rectangle (the *sparse table*: Bender and Farach-Colton, "The LCA problem revisited",
  LATIN 2000).
* RoIAlign is linear: weights for the rows, times the box's pixels, times weights for the columns. Two small matrix
  products for each box.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, choice, integer, number, pair
from cvlib.ops._arrays import as_float, common_float, finite, same_shape
from cvlib.ops._lowering import SHARED_BYTES, cut

__all__ = ["roi_align", "roi_align_backward", "roi_pool", "roi_pool_backward"]

FARTHEST = 2**31  # pixels from the image; whole numbers of pixels must fit into an integer


def roi_pool(x: ArrayLike, boxes: ArrayLike, output_size: Pair, *, spatial_scale: float = 1.0) -> np.ndarray:
    r"""Return the largest pixel in every bin of every box.

    A box is scaled to the maps and rounded to whole pixels, halves away from zero, both ends included: it starts at
    column a and has w = b - a + 1 columns. Bin j of Q then covers the columns

    .. math:: a + \lfloor j w / Q \rfloor \;\le\; m \;<\; a + \lceil (j + 1)\, w / Q \rceil

    and likewise the rows, so neighbouring bins may share a pixel. Over the part of the bin that is in the image,

    .. math:: y_{r,c,i,j} = \max_{l, m \,\in\, \text{bin } i, j} x_{n(r),\,c,\,l,\,m}

    and 0 where there is none. The rounding moves boxes by up to half a pixel of the map, which may be many pixels of
    the image: :func:`roi_align` does without.

    Parameters
    ----------
    x : array_like, (N, C, H, W)
        A batch of maps.
    boxes : array_like, (R, 5)
        For each region the index of its image and x1, y1, x2, y2, in pixels of the input image.
    output_size : int or pair
        Number of bins: P rows and Q columns.
    spatial_scale : float
        Size of the maps relative to the input image: 1/16 after four halvings.

    Returns
    -------
    ndarray, (R, C, P, Q)
        In the precision of ``x``. A NaN in a bin makes it NaN.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``output_size`` no integers.
    ValueError
        If ``x`` or ``boxes`` has another shape, a box names no image, is not finite, ends before it starts or is
        absurdly far away, or ``spatial_scale`` is not above 0.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, section 2.1.

    Examples
    --------
    The first box has 4 x 2 pixels. The other one has 3 columns, so the middle one is in both bins.

    >>> x = [[[[1, 8, 3, 6], [3, 2, 7, 0]]]]
    >>> roi_pool(x, [[0, 0, 0, 3, 1], [0, 0, 1, 2, 1]], (1, 2))
    array([[[[8., 7.]]],
    <BLANKLINE>
    <BLANKLINE>
           [[[3., 7.]]]])
    """
    x, images, rows, columns = _pool_bins(x, boxes, output_size, spatial_scale)
    y = _maxima(_channels_last(x), images, rows, columns, empty=0)
    return np.ascontiguousarray(y.transpose(0, 3, 1, 2))


def roi_pool_backward(
    dy: ArrayLike, x: ArrayLike, boxes: ArrayLike, output_size: Pair, *, spatial_scale: float = 1.0
) -> np.ndarray:
    r"""Return dL/dx of :func:`roi_pool`: each bin hands its gradient to the pixel that won.

    .. math::

        dx_{n,c,l,m} = \sum_{r,i,j} dy_{r,c,i,j}\;
        \mathbb{1}[x_{n,c,l,m} \text{ is the maximum of bin } i,j \text{ of box } r]

    Among equal pixels the first one in reading order wins, and NaN counts as larger than every number, as in
    :func:`max_pool2d`. Empty bins hand back nothing. The boxes get no gradient: moved a little, they are rounded to
    the same pixels.

    Parameters
    ----------
    dy : array_like, (R, C, P, Q)
        Upstream gradient dL/dy.
    x, boxes, output_size, spatial_scale
        The forward's own arguments.

    Returns
    -------
    ndarray, shape of ``x``

    Raises
    ------
    TypeError, ValueError
        As in the forward, or if ``dy`` does not have the shape of its output.

    Examples
    --------
    >>> x = [[[[1, 8, 3, 6], [3, 2, 7, 0]]]]
    >>> roi_pool_backward([[[[10, 20]]]], x, [[0, 0, 0, 3, 1]], (1, 2))
    array([[[[ 0., 10.,  0.,  0.],
             [ 0.,  0., 20.,  0.]]]])
    """
    x, images, rows, columns = _pool_bins(x, boxes, output_size, spatial_scale)
    n, c, h, w = x.shape
    dy = same_shape("dy", dy, (len(images), c, rows.first.shape[1], columns.first.shape[1]))
    dy, x = common_float(dy, x)
    ranks, by_rank = _ranked(x.reshape(n * c, h * w))
    # y = maximum over the bin, and ranks have their maximum where x has its first one
    winners = _maxima(_channels_last(ranks.reshape(x.shape)), images, rows, columns, empty=-1)
    winners = winners.transpose(0, 3, 1, 2)
    planes = (images[:, None] * c + np.arange(c))[:, :, None, None] * (h * w)
    filled = winners >= 0
    pixels = by_rank.take((planes + winners)[filled])
    return np.bincount(pixels, dy[filled], x.size).reshape(x.shape).astype(x.dtype, copy=False)


class _Bins(NamedTuple):
    """The bins of every box along one axis (R, P): from the first pixel to the one before ``stop``."""

    first: np.ndarray
    stop: np.ndarray

    @property
    def level(self) -> np.ndarray:
        """The k for which a bin has at least 2**k pixels but less than 2**(k + 1); -1 for none."""
        return np.frexp(self.stop - self.first)[1] - 1


def _pool_bins(
    x: ArrayLike, boxes: ArrayLike, output_size: Pair, spatial_scale: float
) -> tuple[np.ndarray, np.ndarray, _Bins, _Bins]:
    """Return the maps, the image of every box, and its bins along the height and along the width."""
    x, images, corners, counts = _checked(x, boxes, output_size, spatial_scale)
    whole = np.trunc(corners)
    whole += np.copysign(np.abs(corners - whole) >= 0.5, corners)  # halves away from zero, as C rounds
    x1, y1, x2, y2 = whole.astype(np.int64).T
    return x, images, _bins(y1, y2, counts[0], x.shape[2]), _bins(x1, x2, counts[1], x.shape[3])


def _bins(first: np.ndarray, last: np.ndarray, count: int, size: int) -> _Bins:
    """Split the pixels from ``first`` to ``last`` into bins, in whole numbers, and keep what is in the image."""
    ends = np.arange(count + 1) * (last - first + 1)[:, None]
    starts, stops = ends[:, :-1] // count, -(-ends[:, 1:] // count)
    return _Bins(*(np.clip(first[:, None] + bounds, 0, size) for bounds in (starts, stops)))


def _maxima(maps: np.ndarray, images: np.ndarray, rows: _Bins, columns: _Bins, *, empty: int) -> np.ndarray:
    """Return the maxima (R, P, Q, C) of maps (N, H, W, C) in the bins, and ``empty`` in bins without a pixel."""
    tall, wide = rows.level, columns.level
    y = np.full((len(images), tall.shape[1], wide.shape[1], maps.shape[3]), empty, maps.dtype)
    for i, over_rows in enumerate(_doubled(maps, 1, tall.max(initial=0))):
        for j, over_both in enumerate(_doubled(over_rows, 2, wide.max(initial=0))):
            bins = np.nonzero((tall == i)[:, :, None] & (wide == j)[:, None])
            for some in cut(len(bins[0]), y.itemsize * y.shape[3], SHARED_BYTES):
                r, p, q = (axis[some] for axis in bins)
                tops = rows.first[r, p], rows.stop[r, p] - 2**i
                lefts = columns.first[r, q], columns.stop[r, q] - 2**j
                windows = (over_both[images[r], top, left] for top in tops for left in lefts)
                y[r, p, q] = reduce(np.maximum, windows)
    return y


def _doubled(x: np.ndarray, axis: int, levels: int) -> Iterator[np.ndarray]:
    """Yield the maxima over 1, 2, 4, ..., 2**levels neighbours along an axis, each in the place of the first one."""
    yield x
    for level in range(levels):
        along = x.swapaxes(0, axis)
        x = np.maximum(along[: -(2**level)], along[2**level :]).swapaxes(0, axis)
        yield x


def _ranked(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rank of each pixel in its plane, all different, and all pixels, plane by plane, by rank.

    Larger pixels have larger ranks, NaN the largest; among equal ones, the first has the largest.
    """
    count, size = planes.shape
    order = size - 1 - planes[:, ::-1].argsort(axis=1, kind="stable")
    ranks = np.empty(planes.shape, np.int32)
    np.put_along_axis(ranks, order, np.arange(size)[None], 1)
    return ranks, (order + np.arange(count)[:, None] * size).reshape(-1)


def roi_align(
    x: ArrayLike,
    boxes: ArrayLike,
    output_size: Pair,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = 2,
    aligned: bool = True,
) -> np.ndarray:
    r"""Return the mean of points read inside every bin of every box, without any rounding.

    The box is scaled to the maps and split into P x Q equal bins. In each bin S x S points are spread evenly:
    along the width, from the box's left edge a and with its width w, at

    .. math:: p_{j,t} = a + \frac{w}{Q} \left( j + \frac{t + 1/2}{S} \right), \qquad t = 0, \dots, S - 1

    and likewise the rows q. The maps are read there by bilinear interpolation:

    .. math::

        y_{r,c,i,j} = \frac{1}{S^2} \sum_{s,t} \sum_{l,m}
        \max(0, 1 - |q_{i,s} - l|)\, \max(0, 1 - |p_{j,t} - m|)\; x_{n(r),\,c,\,l,\,m}

    Points up to one pixel outside the outermost centres read the border; further out they read 0.

    Parameters
    ----------
    x : array_like, (N, C, H, W)
        A batch of maps.
    boxes : array_like, (R, 5)
        For each region the index of its image and x1, y1, x2, y2, in pixels of the input image.
    output_size : int or pair
        Number of bins: P rows and Q columns.
    spatial_scale : float
        Size of the maps relative to the input image: 1/16 after four halvings.
    sampling_ratio : int
        Points S along each side of a bin.
    aligned : bool
        Whether a pixel's centre lies half a pixel from its edge (True): boxes are measured from the edge of the
        image, pixels are read at their centres, so half a pixel is taken off. False is the paper's first version:
        nothing is taken off, and a box is at least one pixel wide and high.

    Returns
    -------
    ndarray, (R, C, P, Q)
        In the precision of ``x``. A NaN or infinite pixel makes NaN of all bins of the boxes that reach it.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``output_size`` or ``sampling_ratio`` no integers.
    ValueError
        If ``x`` or ``boxes`` has another shape, a box names no image, is not finite, ends before it starts or is
        absurdly far away, ``spatial_scale`` is not above 0, ``sampling_ratio`` is below 1, or ``aligned``
        is neither True nor False.

    References
    ----------
    He, Gkioxari, Dollár and Girshick, "Mask R-CNN", ICCV 2017, section 3.

    Examples
    --------
    One bin of one point, the middle of the box: on the centre of pixel 2, and between the pixels 2 and 4.

    >>> x = [[[[2, 4], [6, 8]]]]
    >>> roi_align(x, [[0, 0, 0, 1, 1], [0, 0, 0, 2, 1]], 1, sampling_ratio=1).ravel()
    array([2., 3.])
    """
    x, images, readings = _align_readings(x, boxes, output_size, spatial_scale, sampling_ratio, aligned)
    maps, (rows, columns) = _channels_last(x), pair("output_size", output_size)
    y = np.empty((len(images), x.shape[1], rows, columns), x.dtype)
    with np.errstate(invalid="ignore"):  # 0 times infinity, where a pixel is infinite
        for box, down, across, place in readings:
            crop = maps[place]
            h, w, c = crop.shape
            read = (down @ crop.reshape(h, w * c)).reshape(rows, w, c)
            y[box] = (across @ read).transpose(2, 0, 1)
    return y


def roi_align_backward(
    dy: ArrayLike,
    x: ArrayLike,
    boxes: ArrayLike,
    output_size: Pair,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = 2,
    aligned: bool = True,
) -> np.ndarray:
    r"""Return dL/dx of :func:`roi_align`: every pixel gets back by the weights with which it was read.

    .. math::

        dx_{n,c,l,m} = \sum_{r,i,j} \frac{dy_{r,c,i,j}}{S^2} \sum_{s,t}
        \max(0, 1 - |q_{i,s} - l|)\, \max(0, 1 - |p_{j,t} - m|)

    The boxes get no gradient, though there is one (:func:`grid_sample` shows it): detectors learn their boxes by a
    loss of their own.

    Parameters
    ----------
    dy : array_like, (R, C, P, Q)
        Upstream gradient dL/dy.
    x, boxes, output_size, spatial_scale, sampling_ratio, aligned
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
    >>> x, boxes = [[[[2, 4], [6, 8]]]], [[0, 0, 0, 1, 1], [0, 0, 0, 2, 1]]
    >>> roi_align_backward([[[[1]]], [[[10]]]], x, boxes, 1, sampling_ratio=1)
    array([[[[6., 5.],
             [0., 0.]]]])
    """
    x, images, readings = _align_readings(x, boxes, output_size, spatial_scale, sampling_ratio, aligned)
    rows, columns = pair("output_size", output_size)
    dy = same_shape("dy", dy, (len(images), x.shape[1], rows, columns))
    dy, x = common_float(dy, x)
    dmaps = np.zeros((len(x), *x.shape[2:], x.shape[1]), x.dtype)
    with np.errstate(invalid="ignore"):
        for box, down, across, place in readings:
            dcrop = dmaps[place]  # a view
            h, w, c = dcrop.shape
            # y = down @ crop @ across.T
            dread = across.T @ dy[box].transpose(1, 2, 0)
            dcrop += (down.T @ dread.reshape(rows, w * c)).reshape(h, w, c)
    return np.ascontiguousarray(dmaps.transpose(0, 3, 1, 2))


def _align_readings(
    x: ArrayLike,
    boxes: ArrayLike,
    output_size: Pair,
    spatial_scale: float,
    sampling_ratio: int,
    aligned: bool,
) -> tuple[np.ndarray, np.ndarray, Iterator[tuple]]:
    """Return the maps, the image of every box, and how to read the boxes, once everything fits together."""
    x, images, corners, counts = _checked(x, boxes, output_size, spatial_scale)
    ratio = integer("sampling_ratio", sampling_ratio, minimum=1)
    choice("aligned", aligned, (False, True))
    x1, y1, x2, y2 = corners.T - (0.5 if aligned else 0)
    if not aligned:
        x2, y2 = np.maximum(x2, x1 + 1), np.maximum(y2, y1 + 1)
    return x, images, _readings(x, images, [(y1, y2), (x1, x2)], counts, ratio)


def _readings(
    x: np.ndarray,
    images: np.ndarray,
    edges: list[tuple[np.ndarray, np.ndarray]],
    counts: tuple[int, int],
    ratio: int,
) -> Iterator[tuple[int, np.ndarray, np.ndarray, tuple[int, slice, slice]]]:
    """Yield for every box its number, the weights of its rows and of its columns, and its place in the maps."""
    sizes = x.shape[2:]
    box_bytes = 8 * ratio * sum(count * size for count, size in zip(counts, sizes, strict=True))
    for block in cut(len(images), box_bytes, SHARED_BYTES):
        (down, rows), (across, columns) = (
            _weights(start[block], end[block], count, ratio, size, x.dtype)
            for (start, end), count, size in zip(edges, counts, sizes, strict=True)
        )
        for k, box in enumerate(range(len(images))[block]):
            place = images[box], rows[k], columns[k]
            yield box, down[k][:, rows[k]], across[k][:, columns[k]], place


def _weights(
    start: np.ndarray, end: np.ndarray, count: int, ratio: int, size: int, dtype: np.dtype
) -> tuple[np.ndarray, list[slice]]:
    """Return the mean weights (R, P, size) of all pixels along one axis in the bins, and where they are not all 0."""
    odd = np.arange(1, 2 * count * ratio, 2)
    points = start[:, None] + odd * (end - start)[:, None] / (2 * count * ratio)
    inside = (points >= -1) & (points <= size)
    distances = np.clip(points, 0, size - 1)[..., None] - np.arange(size)
    hats = np.maximum(0, 1 - np.abs(distances)) * inside[..., None]
    weights = hats.reshape(len(start), count, ratio, size).mean(2)
    used = weights.any(1)
    first, stop = used.argmax(1), size - used[:, ::-1].argmax(1)
    stop[~used.any(1)] = 0
    return weights.astype(dtype), [slice(*ends) for ends in zip(first.tolist(), stop.tolist(), strict=True)]


def _checked(
    x: ArrayLike, boxes: ArrayLike, output_size: Pair, spatial_scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]:
    """Return the maps, the image of every box, its corners (R, 4) on the maps in float64, and the numbers of bins."""
    x = as_float("x", x, ndim=4)
    boxes = as_float("boxes", boxes, ndim=2, layout="(R, 5)").astype(np.float64)
    counts = pair("output_size", output_size, minimum=1)
    scale = number("spatial_scale", spatial_scale)
    if 0 in x.shape[2:]:
        raise ValueError(f"x must have maps of at least one pixel, got shape {x.shape}")
    if boxes.shape[1] != 5:
        raise ValueError(f"boxes must have shape (R, 5): image, x1, y1, x2, y2, got {boxes.shape}")
    if not 0 < scale < np.inf:
        raise ValueError(f"spatial_scale must be above 0 and finite, got {spatial_scale}")
    images, corners = finite("boxes", boxes)[:, 0], boxes[:, 1:] * scale
    _each_box(boxes, (images >= 0) & (images < len(x)) & (images % 1 == 0),
              f"name an image from 0 to {len(x) - 1} first")  # fmt: skip
    _each_box(boxes, (boxes[:, 1:3] <= boxes[:, 3:]).all(1), "have x1 <= x2 and y1 <= y2")
    _each_box(boxes, (np.abs(corners) <= FARTHEST).all(1), f"lie within {FARTHEST} pixels of the image")
    return x, images.astype(np.intp), corners, counts


def _each_box(boxes: np.ndarray, fine: np.ndarray, rule: str) -> None:
    """Say which box breaks the rule first."""
    if not fine.all():
        index = int(fine.argmin())
        raise ValueError(f"boxes must {rule}, got {boxes[index].tolist()} at index {index}")


def _channels_last(x: np.ndarray) -> np.ndarray:
    """Return maps (N, C, H, W) as (N, H, W, C), pixel by pixel in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))
