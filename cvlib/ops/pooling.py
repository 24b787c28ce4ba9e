"""Pooling over windows, and its gradients.

A maximum over a window is the maximum over rows of the maxima within rows, and a sum likewise. So each pooling takes
K_h + K_w steps over whole arrays instead of K_h * K_w; the gradients go back through the same two stages.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, pair
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import SHARED_BYTES, Window, cut

__all__ = ["avg_pool2d", "avg_pool2d_backward", "max_pool2d", "max_pool2d_backward"]

_HEIGHT, _WIDTH = -2, -1  # axes


def max_pool2d(
    x: ArrayLike, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> np.ndarray:
    r"""Return the largest pixel of every window.

    .. math:: y_{n,c,i,j} = \max_{u,v}\; x_{n,\,c,\;i s + u - p,\;j s + v - p}

    over the pixels of the image: the padding is minus infinity and never wins.

    Parameters
    ----------
    x : array_like, (N, C, H, W)
        A batch of maps.
    kernel_size : int or pair
        Size of the window.
    stride : int or pair, optional
        Step s between two windows; by default ``kernel_size``, so that they tile the map.
    padding : int, pair or "same"
        Pixels p on *each* side, at most half of ``kernel_size``; "same" keeps the size at stride 1.

    Returns
    -------
    ndarray, (N, C, H_out, W_out)

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, or another argument is not an integer.
    ValueError
        If ``x`` has other axes, the window does not fit into the padded map, or the padding is more than half of
        the window: a window could then lie outside the image.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 9.3.

    Examples
    --------
    >>> max_pool2d([[[[1, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    array([[[[8., 7.]]]])
    """
    x, window, (height, width) = _checked(x, kernel_size, stride, padding)
    padded = _padded(x, window, -np.inf)
    columns = _fold(np.maximum, _taps(padded, window, _HEIGHT, height))
    return _fold(np.maximum, _taps(columns, window, _WIDTH, width))


def max_pool2d_backward(
    dy: ArrayLike, x: ArrayLike, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> np.ndarray:
    r"""Return dL/dx of :func:`max_pool2d`: each window hands its gradient to the pixel that won.

    .. math:: dx_{n,c,l,m} = \sum_{i,j} dy_{n,c,i,j}\; \mathbb{1}[x_{n,c,l,m} \text{ is the maximum of window } i,j]

    Among equal pixels the first one in reading order (row by row) wins, as in PyTorch. NaN counts as larger than
    every number, so the first NaN wins; the padding never does.

    Parameters
    ----------
    dy : array_like, (N, C, H_out, W_out)
        Upstream gradient dL/dy.
    x, kernel_size, stride, padding
        The forward's own arguments.

    Returns
    -------
    ndarray, shape of ``x``

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or another argument is not an integer.
    ValueError
        As in the forward, or if ``dy`` does not have the shape of its output.

    Examples
    --------
    >>> max_pool2d_backward([[[[10, 20]]]], [[[[8, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    array([[[[10.,  0.,  0.,  0.],
             [ 0.,  0., 20.,  0.]]]])
    """
    x, window, output = _checked(x, kernel_size, stride, padding)
    dy, x = common_float(same_shape("dy", dy, (*x.shape[:2], *output)), x)
    dx = np.zeros(x.shape, x.dtype)
    for images in cut(len(x), x[:1].nbytes, SHARED_BYTES):  # what the two stages share stays in the cache
        _hand_back(dy[images], x[images], window, dx[images])
    return dx


def _hand_back(dy: np.ndarray, x: np.ndarray, window: Window, dx: np.ndarray) -> None:
    """Write dx of some images. Reading order looks for the first row that holds the maximum, then along it."""
    height, width = dy.shape[2:]
    padded, dpadded = _padded(x, window, -np.inf), _padded(dx, window, 0)
    pixels, dpixels = (_taps(array, window, _WIDTH, width) for array in (padded, dpadded))
    rows = _fold(np.maximum, pixels)
    drows = np.zeros(rows.shape, dx.dtype)
    maxima, dmaxima = (_taps(array, window, _HEIGHT, height) for array in (rows, drows))
    # y = maximum of maxima
    y = _fold(np.maximum, maxima)
    if not y.min(initial=np.inf) > -np.inf:  # NaN equals nothing and minus infinity equals the padding
        _hand_back(dy, _ranks(x), window, dx)
        return
    _hand_to_first(dy, y, maxima, dmaxima)
    # rows = maximum of pixels
    _hand_to_first(drows, rows, pixels, dpixels)
    dx[...] = _inside(dpadded, x, window)  # without padding it is there already


def _hand_to_first(
    dy: np.ndarray, y: np.ndarray, candidates: list[np.ndarray], gradients: list[np.ndarray]
) -> None:
    """Add ``dy`` to the gradient of the first candidate that equals ``y``, element by element."""
    left = dy.view(f"i{dy.itemsize}")  # bits: 0 times any of them is 0.0, but 0 times infinity is NaN
    for candidate, gradient in zip(candidates[:-1], gradients, strict=False):
        share = left * (candidate == y)
        gradient += share.view(dy.dtype)
        left = left - share
    gradients[-1] += left.view(dy.dtype)  # if no other, then the last


def _ranks(x: np.ndarray) -> np.ndarray:
    """Return 0.0 for the smallest value, 1.0 for the next, and so on: same order, same ties, NaN the largest."""
    return np.unique(x, return_inverse=True)[1].reshape(x.shape).astype(np.float64)


def avg_pool2d(
    x: ArrayLike, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> np.ndarray:
    r"""Return the mean of every window; the zeros of the padding count in it.

    .. math:: y_{n,c,i,j} = \frac{1}{k_h k_w} \sum_{u,v} x_{n,\,c,\;i s + u - p,\;j s + v - p}

    Parameters
    ----------
    x : array_like, (N, C, H, W)
        A batch of maps.
    kernel_size : int or pair
        Size of the window.
    stride : int or pair, optional
        Step s between two windows; by default ``kernel_size``, so that they tile the map.
    padding : int, pair or "same"
        Zeros p on *each* side, at most half of ``kernel_size``; "same" keeps the size at stride 1.

    Returns
    -------
    ndarray, (N, C, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        As in :func:`max_pool2d`.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proceedings of
    the IEEE 86(11), 1998, section II.B (there with a trained factor and bias).

    Examples
    --------
    >>> avg_pool2d([[[[1, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    array([[[[3.5, 4. ]]]])
    """
    x, window, (height, width) = _checked(x, kernel_size, stride, padding)
    columns = _fold(np.add, _taps(_padded(x, window, 0), window, _HEIGHT, height))
    y = _fold(np.add, _taps(columns, window, _WIDTH, width))
    y /= window.kernel[0] * window.kernel[1]
    return y


def avg_pool2d_backward(
    dy: ArrayLike, x: ArrayLike, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair | str = 0
) -> np.ndarray:
    r"""Return dL/dx of :func:`avg_pool2d`: each window shares its gradient equally among its pixels.

    .. math:: dx_{n,c,l,m} = \frac{1}{k_h k_w} \sum_{i,j} dy_{n,c,i,j}\; \mathbb{1}[(l,m) \text{ lies in window } i,j]

    Parameters
    ----------
    dy : array_like, (N, C, H_out, W_out)
        Upstream gradient dL/dy.
    x, kernel_size, stride, padding
        The forward's own arguments; of ``x`` only the shape matters.

    Returns
    -------
    ndarray, shape of ``x``

    Raises
    ------
    TypeError, ValueError
        As in :func:`max_pool2d_backward`.

    Examples
    --------
    >>> avg_pool2d_backward([[[[8, 4]]]], [[[[1, 8, 3, 6], [3, 2, 7, 0]]]], 2)
    array([[[[2., 2., 1., 1.],
             [2., 2., 1., 1.]]]])
    """
    x, window, (height, width) = _checked(x, kernel_size, stride, padding)
    dy, x = common_float(same_shape("dy", dy, (*x.shape[:2], height, width)), x)
    (kh, kw), (ph, pw) = window.kernel, window.padding
    n, c, h, w = x.shape
    dcolumns = np.zeros((n, c, height, w + 2 * pw), x.dtype)
    dpadded = np.zeros((n, c, h + 2 * ph, w + 2 * pw), x.dtype)
    share = dy / (kh * kw)
    # y = sum of columns / (kh * kw)
    for tap in _taps(dcolumns, window, _WIDTH, width):
        tap += share
    # columns = sum of pixels
    for tap in _taps(dpadded, window, _HEIGHT, height):
        tap += dcolumns
    return np.ascontiguousarray(_inside(dpadded, x, window))


def _checked(
    x: ArrayLike, kernel_size: Pair, stride: Pair | None, padding: Pair | str
) -> tuple[np.ndarray, Window, tuple[int, int]]:
    """Return the maps, the window and the output's size, once they fit together."""
    x = as_float("x", x, ndim=4)
    kernel = pair("kernel_size", kernel_size, minimum=1)
    window = Window.checked(kernel, kernel if stride is None else stride, padding)
    if any(2 * p > k for p, k in zip(window.padding, kernel, strict=True)):
        raise ValueError(f"padding must be at most half of kernel_size {kernel}, got {window.padding}")
    return x, window, window.output_size(x.shape[2:])


def _padded(x: np.ndarray, window: Window, value: float) -> np.ndarray:
    """Return ``x`` with ``value`` all around; without padding, ``x`` itself."""
    (ph, pw), (n, c, h, w) = window.padding, x.shape
    if ph == pw == 0:
        return x
    padded = np.full((n, c, h + 2 * ph, w + 2 * pw), value, x.dtype)
    _inside(padded, x, window)[...] = x
    return padded


def _inside(padded: np.ndarray, x: np.ndarray, window: Window) -> np.ndarray:
    """Return the view of ``padded`` where ``x`` lies."""
    (ph, pw), (h, w) = window.padding, x.shape[2:]
    return padded[:, :, ph : ph + h, pw : pw + w]


def _taps(x: np.ndarray, window: Window, axis: int, count: int) -> list[np.ndarray]:
    """Return what each tap along one axis sees in ``count`` windows, as views: tap t sees t, t + s, t + 2s, ..."""
    step = window.stride[axis]
    spans = [slice(t, t + step * (count - 1) + 1, step) for t in range(window.kernel[axis])]
    return [x[..., span] if axis == _WIDTH else x[..., span, :] for span in spans]


def _fold(operation: np.ufunc, arrays: list[np.ndarray]) -> np.ndarray:
    """Return a new array: the arrays combined from left to right."""
    result = arrays[0].copy() if len(arrays) == 1 else operation(arrays[0], arrays[1], order="C")
    for array in arrays[2:]:
        operation(result, array, out=result)
    return result
