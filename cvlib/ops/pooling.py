"""Pooling over windows, and its gradients.

A maximum over a window is the maximum over rows of the maxima within rows, and a sum likewise. So each pooling takes
K_h + K_w steps over whole arrays instead of K_h * K_w, and the gradient of a mean goes back through the same two
stages. That of a maximum asks tap by tap who has won; there the maps are sorted so that each tap is one run of memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, pair
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import IMAGE_BYTES, Window, cut

__all__ = ["avg_pool2d", "avg_pool2d_backward", "max_pool2d", "max_pool2d_backward"]

_HEIGHT, _WIDTH = -2, -1  # axes
PHASE_BYTES = IMAGE_BYTES  # of maps at a time in the gradient of a maximum


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
    dx = np.empty(x.shape, x.dtype)
    for images in cut(len(x), x[:1].nbytes, PHASE_BYTES):
        _hand_back(dy[images], x[images], window, dx[images])
    return dx


def _hand_back(dy: np.ndarray, x: np.ndarray, window: Window, dx: np.ndarray) -> None:
    """Write dx of some images: the taps are asked in reading order, and the first that equals y gets the gradient."""
    phases, dphases = _Phases(x, window, -np.inf), _Phases(x, window, 0)
    height, width = dy.shape[2:]
    taps = phases.taps()
    # y = maximum of taps
    y = _fold(np.maximum, taps)
    if not phases.grid(y)[:, :, :height, :width].min(initial=np.inf) > -np.inf:
        _hand_back(dy, _ranks(x), window, dx)  # NaN equals nothing, and minus infinity equals the padding
        return
    left = np.zeros(y.shape, dx.dtype)
    phases.grid(left)[:, :, :height, :width] = dy  # and 0 where a run passes from one row to the next
    left = left.view(f"i{dx.itemsize}")  # bits: 0 times any of them is 0.0, but 0 times infinity is NaN
    *dtaps, dlast = dphases.taps()
    for tap, dtap in zip(taps, dtaps, strict=False):
        share = left * (tap == y)
        dtap += share.view(dx.dtype)
        left -= share
    dlast += left.view(dx.dtype)  # if no other, then the last
    dphases.write(dx)


class _Phases:
    """Padded maps sorted by the remainders of row and column when divided by the stride.

    A window that moves by the stride moves by one pixel within each phase. So what a tap sees in all windows is one
    run of neighbours in memory, where a processor is quickest; in the maps themselves it is every s-th pixel. A run
    also passes through places where no window stands; there the upstream gradient is 0.
    """

    def __init__(self, x: np.ndarray, window: Window, padding: float):
        self.window = window
        (sh, sw), (ph, pw), (n, c, h, w) = window.stride, window.padding, x.shape
        self.shape = n, c, -(-(h + 2 * ph) // sh), -(-(w + 2 * pw) // sw)
        self.size = n * c * self.shape[2] * self.shape[3]
        overrun = self.offset(*(k - 1 for k in window.kernel))
        self.memory = np.full((sh, sw, self.size + overrun), padding, x.dtype)
        if padding:
            for phase, pixels in self.pairs(x):
                phase[...] = pixels

    def offset(self, row: int, column: int) -> int:
        """Return how far the run of a tap begins after the start of its phase."""
        return row // self.window.stride[0] * self.shape[3] + column // self.window.stride[1]

    def taps(self) -> list[np.ndarray]:
        """Return the run of every tap, in reading order, as views."""
        (kh, kw), (sh, sw) = self.window.kernel, self.window.stride
        places = [(row, column, self.offset(row, column)) for row in range(kh) for column in range(kw)]
        return [
            self.memory[row % sh, column % sw, start : start + self.size] for row, column, start in places
        ]

    def grid(self, run: np.ndarray) -> np.ndarray:
        """Return a run as maps (N, C, H/s, W/s)."""
        return run.reshape(self.shape)

    def pairs(self, x: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the place of each phase's pixels in the phase, and in ``x``."""
        (sh, sw), (ph, pw) = self.window.stride, self.window.padding
        for row in range(sh):
            for column in range(sw):
                top, left = (row - ph) % sh, (column - pw) % sw  # the phase's first pixel that is no padding
                pixels = x[:, :, top::sh, left::sw]
                i, j = (top + ph) // sh, (left + pw) // sw
                grid = self.grid(self.memory[row, column, : self.size])
                yield grid[:, :, i : i + pixels.shape[2], j : j + pixels.shape[3]], pixels

    def write(self, x: np.ndarray) -> None:
        """Write the phases' pixels to their places in ``x``."""
        for phase, pixels in self.pairs(x):
            pixels[...] = phase


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
