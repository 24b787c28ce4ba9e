"""The textbook's sums as visible loops over nested lists: what each operation *is*, exact where it can be.

Names and arguments are those of ``cvlib.ops`` and ``cvlib.losses``; maps are (N, C, H, W). Every backward is
read off its forward: the forward line is quoted, and each product hands its share of the upstream gradient to
both of its factors. ``dx`` means dL/dx; gradients come back in the order of the forward's arguments.

*Exactness.* Integers and :class:`fractions.Fraction` stay exact in :func:`linear`, :func:`conv2d`, both
poolings, :func:`relu`, :func:`mean_squared_error`, :func:`squared_error` and their gradients: a mean of
integers is a Fraction. What needs an exponential or a logarithm is computed in floats.

References
----------
Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016: convolution (9.6), softmax (6.29).
Bishop, *Pattern Recognition and Machine Learning*, Springer 2006: sigmoid (4.59) and its derivative (4.88),
binary (4.90) and multiclass (4.108) cross-entropy and the gradient (4.109), relative entropy (1.113).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

from byhand._nested import (
    Maps,
    Matrix,
    Nested,
    Number,
    Vector,
    along,
    divide,
    each,
    flat,
    indices,
    rows,
    same_shape,
    shape,
    zero_of,
    zeros,
)
from cvlib._checks import Pair, choice, integer, pair
from cvlib.shapes import conv_output_size, same_padding

_SUM_TOLERANCE = 1e-5  # how far from 1 the sum of a row of probabilities may be

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "conv2d",
    "conv2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "kl_divergence",
    "kl_divergence_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "squared_error",
    "squared_error_backward",
    "tanh",
    "tanh_backward",
]


# Sums of products: exact in exact numbers.


def linear(x: Matrix, w: Matrix, b: Vector | None = None) -> list[list[Number]]:
    r"""Return an affine map of every row of ``x``.

    .. math:: y_{n,m} = b_m + \sum_i w_{m,i}\, x_{n,i}

    Parameters
    ----------
    x : nested lists (N, D)
    w : nested lists (M, D)
    b : list (M,), optional

    Returns
    -------
    nested lists (N, M)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together.

    Examples
    --------
    >>> linear([[2, 1]], [[3, 4], [0, -1]], [10, 20])
    [[20, 19]]
    """
    N, M, D = _linear_sizes(x, w, b)
    b = [0] * M if b is None else b
    y = zeros((N, M))
    for n, m in indices(N, M):
        y[n][m] = b[m] + sum(w[m][i] * x[n][i] for i in range(D))
    return y


def linear_backward(
    dy: Matrix, x: Matrix, w: Matrix, b: Vector | None = None
) -> tuple[list[list[Number]], list[list[Number]], list[Number] | None]:
    """Return (dx, dw, db) of :func:`linear`; db is None without ``b``.

    Examples
    --------
    >>> linear_backward([[1, 10]], [[2, 1]], [[3, 4], [0, -1]], [10, 20])
    ([[3, -6]], [[2, 1], [20, 10]], [1, 10])
    """
    N, M, D = _linear_sizes(x, w, b)
    same_shape("dy", dy, (N, M), "the output")
    zero = zero_of(dy, x, w, b)
    dx, dw, db = zeros((N, D), zero), zeros((M, D), zero), zeros((M,), zero)
    for n, m in indices(N, M):
        # y[n][m] = b[m] + sum(w[m][i] * x[n][i] for i in range(D))
        db[m] += dy[n][m]
        for i in range(D):
            dw[m][i] += dy[n][m] * x[n][i]
            dx[n][i] += dy[n][m] * w[m][i]
    return dx, dw, None if b is None else db


def _linear_sizes(x: Matrix, w: Matrix, b: Vector | None) -> tuple[int, int, int]:
    """Return (N, M, D) once the arguments of a linear layer fit together."""
    N, D = shape("x", x, "N", "D")
    M, weights = shape("w", w, "M", "D")
    if weights != D:
        raise ValueError(f"w must have one weight for each of the {D} features of x, got {weights} in a row")
    if b is not None:
        same_shape("b", b, (M,), "one bias for each row of w")
    return N, M, D


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
            w[k][c][u][v] * _pixel(seen[c], i * s_h + u * d_h - p_h, j * s_w + v * d_w - p_w)
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
            if _inside(seen[c], row, column):
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
    windows = _windows(size, kernel_size, stride, padding, dilation)
    return _ConvGeometry(images, filters, seen, groups, tuple(kernel_size), *windows)


def _windows(
    size: Sequence[int], kernel_size: Sequence[int], stride: Pair, padding: Pair | str, dilation: Pair = 1
) -> tuple[tuple[int, int], ...]:
    """Return the output size, stride, padding and dilation of sliding windows, each as (height, width)."""
    stride, dilation = pair("stride", stride, minimum=1), pair("dilation", dilation, minimum=1)
    if isinstance(padding, str):
        choice("padding", padding, ("same",))
        if stride != (1, 1):
            raise ValueError(f'padding "same" needs stride 1, got stride {stride}')
        padding = [same_padding(k, dilation=d) for k, d in zip(kernel_size, dilation, strict=True)]
    padding = pair("padding", padding)
    output_size = tuple(
        conv_output_size(size[a], kernel_size[a], stride=stride[a], padding=padding[a], dilation=dilation[a])
        for a in (0, 1)
    )
    return output_size, stride, padding, dilation


def _inside(plane: Matrix, row: int, column: int) -> bool:
    return 0 <= row < len(plane) and 0 <= column < len(plane[0])


def _pixel(plane: Matrix, row: int, column: int) -> Number:
    """Return the pixel, or the padding's zero outside the image."""
    return plane[row][column] if _inside(plane, row, column) else 0


# Pooling.


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
        return [(row, column) for row, column in window if _inside(plane, row, column)]


def _pool_geometry(x: Maps, kernel_size: Pair, stride: Pair | None, padding: Pair | str) -> _PoolGeometry:
    """Return the geometry of a pooling once its arguments fit together."""
    images, channels, *size = shape("x", x, "N", "C", "H", "W")
    kernel_size = pair("kernel_size", kernel_size, minimum=1)
    stride = kernel_size if stride is None else stride
    output_size, stride, padding, _ = _windows(size, kernel_size, stride, padding)
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


# Activations, element by element.


def relu(x: Nested) -> Any:
    """Return max(0, x) of every entry.

    Examples
    --------
    >>> relu([-2, 0, 3])
    [0, 0, 3]
    """
    shape("x", x)
    return each(lambda x: x if x > 0 else zero_of(x), x)


def relu_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`relu`: dy where x > 0, and 0 elsewhere (at the kink too).

    Examples
    --------
    >>> relu_backward([5, 6, 7], [-2, 0, 3])
    [0, 0, 7]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy if x > 0 else zero_of(dy), dy, x)


def sigmoid(x: Nested) -> Any:
    """Return 1 / (1 + e^-x) of every entry, as floats.

    Examples
    --------
    >>> sigmoid([0, -1000])
    [0.5, 0.0]
    """
    shape("x", x)
    return each(_sigmoid, x)


def sigmoid_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`sigmoid`: dy s(x) (1 - s(x)), where 1 - s(x) = s(-x).

    Examples
    --------
    >>> sigmoid_backward([8], [0])
    [2.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * _sigmoid(x) * _sigmoid(-x), dy, x)


def _sigmoid(x: Number) -> float:
    # The same fraction, extended by e^x where e^-x would overflow.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (math.exp(x) + 1)


def tanh(x: Nested) -> Any:
    """Return the hyperbolic tangent of every entry, as floats.

    Examples
    --------
    >>> tanh([0, -1000])
    [0.0, -1.0]
    """
    shape("x", x)
    return each(math.tanh, x)


def tanh_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`tanh`: dy (1 - tanh(x)^2).

    Examples
    --------
    >>> tanh_backward([3], [0])
    [3.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * (1 - math.tanh(x) ** 2), dy, x)


# Softmax, list by list along an axis.


def softmax(x: Nested, *, axis: int = -1) -> Any:
    r"""Return the probabilities of logits, as floats.

    .. math:: p_i = \frac{e^{x_i}}{\sum_j e^{x_j}} = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad
        m = \max_j x_j

    Subtracting the maximum changes nothing but keeps e^x from overflowing.

    Examples
    --------
    >>> softmax([[0, 0], [1000, 1000]])
    [[0.5, 0.5], [0.5, 0.5]]
    """
    return along(_axis(x, axis), _softmax, x)


def softmax_backward(dy: Nested, x: Nested, *, axis: int = -1) -> Any:
    r"""Return dx of :func:`softmax`, through its whole Jacobian.

    .. math:: \frac{\partial p_j}{\partial x_i} = p_j (\delta_{ij} - p_i), \qquad
        dx_i = \sum_j dy_j\, p_j (\delta_{ij} - p_i)

    Examples
    --------
    >>> softmax_backward([4, 0], [7, 7])
    [1.0, -1.0]
    """

    def share(dy: Vector, x: Vector) -> list[float]:
        p, K = _softmax(x), len(x)
        return [sum(dy[j] * p[j] * ((i == j) - p[i]) for j in range(K)) for i in range(K)]

    same_shape("dy", dy, shape("x", x), "x")
    return along(_axis(x, axis), share, dy, x)


def log_softmax(x: Nested, *, axis: int = -1) -> Any:
    r"""Return the logarithms of :func:`softmax`, without the detour over numbers that round to 0.

    .. math:: \log p_i = x_i - m - \log \sum_j e^{x_j - m}

    Examples
    --------
    >>> log_softmax([0, -1000])
    [0.0, -1000.0]
    """
    return along(_axis(x, axis), _log_softmax, x)


def log_softmax_backward(dy: Nested, x: Nested, *, axis: int = -1) -> Any:
    r"""Return dx of :func:`log_softmax`.

    .. math:: \frac{\partial \log p_j}{\partial x_i} = \delta_{ij} - p_i, \qquad
        dx_i = \sum_j dy_j (\delta_{ij} - p_i)

    Examples
    --------
    >>> log_softmax_backward([4, 0], [7, 7])
    [2.0, -2.0]
    """

    def share(dy: Vector, x: Vector) -> list[float]:
        p, K = _softmax(x), len(x)
        return [sum(dy[j] * ((i == j) - p[i]) for j in range(K)) for i in range(K)]

    same_shape("dy", dy, shape("x", x), "x")
    return along(_axis(x, axis), share, dy, x)


def _softmax(x: Vector) -> list[float]:
    powers = [math.exp(value - max(x)) for value in x]
    return [power / sum(powers) for power in powers]


def _log_softmax(x: Vector) -> list[float]:
    total = sum(math.exp(value - max(x)) for value in x)
    return [float(value - max(x)) - math.log(total) for value in x]


def _axis(x: Nested, axis: int) -> int:
    """Return ``axis`` of ``x`` counted from the front."""
    ndim = len(shape("x", x))
    if ndim == 0:
        raise ValueError(f"x must be a list of logits, got the single number {x!r}")
    axis = integer("axis", axis, minimum=-ndim)
    if axis >= ndim:
        raise ValueError(f"axis must be less than the {ndim} axes of x, got {axis}")
    return axis % ndim


# Losses: one number, and its gradient with respect to the first argument. ``dloss`` is the upstream gradient,
# for a loss that is itself a part of something larger.


def squared_error(prediction: Nested, target: Nested) -> Number:
    r"""Return half the sum of squared differences.

    .. math:: L = \tfrac12 \sum_i (y_i - t_i)^2

    Examples
    --------
    >>> squared_error([2, 9], [7, 10])
    Fraction(13, 1)
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    return divide(sum(_squares(prediction, target)), 2)


def squared_error_backward(prediction: Nested, target: Nested, dloss: Number = 1) -> Any:
    """Return the gradient of :func:`squared_error`, dloss (y - t).

    Examples
    --------
    >>> squared_error_backward([2, 9], [7, 10])
    [-5, -1]
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    _number("dloss", dloss)
    return each(lambda y, t: dloss * (y - t), prediction, target)


def mean_squared_error(prediction: Nested, target: Nested) -> Number:
    r"""Return the mean of the squared differences over all entries.

    .. math:: L = \frac1n \sum_i (y_i - t_i)^2

    Examples
    --------
    >>> mean_squared_error([2, 9], [7, 10])
    Fraction(13, 1)
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    squares = _squares(prediction, target)
    return divide(sum(squares), len(squares))


def mean_squared_error_backward(prediction: Nested, target: Nested, dloss: Number = 1) -> Any:
    """Return the gradient of :func:`mean_squared_error`, dloss 2 (y - t) / n.

    Examples
    --------
    >>> mean_squared_error_backward([2.0, 9.0], [7, 10])
    [-5.0, -1.0]
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    _number("dloss", dloss)
    n = _count(prediction)
    return each(lambda y, t: divide(dloss * 2 * (y - t), n), prediction, target)


def _squares(prediction: Nested, target: Nested) -> list[Number]:
    return [(y - t) * (y - t) for y, t in zip(flat(prediction), flat(target), strict=True)]


def cross_entropy(logits: Matrix, labels: Vector | Matrix, *, base: float | None = None) -> float:
    r"""Return the mean cross-entropy between labels and the softmax of logits.

    .. math:: L = -\frac1N \sum_n \sum_k t_{n,k} \log p_{n,k}

    Parameters
    ----------
    logits : nested lists (N, K)
    labels : list (N,) of class indices, or nested lists (N, K) of probabilities
        A class index y stands for the one-hot row t with t_y = 1, which leaves -log p_y.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Raises
    ------
    TypeError, ValueError
        If a label is not a class, a row of labels does not sum to 1, or the shapes disagree.

    Examples
    --------
    >>> cross_entropy([[3, 3, 3, 3]], [0], base=2)
    2.0
    """
    targets = _targets(logits, labels)
    total = 0.0
    for z, t in zip(logits, targets, strict=True):
        log_p = _log_softmax(z)
        total -= sum(t[k] * log_p[k] for k in range(len(z)))
    return total / len(logits) / _log_of_base(base)


def cross_entropy_backward(
    logits: Matrix, labels: Vector | Matrix, dloss: Number = 1, *, base: float | None = None
) -> list[list[float]]:
    r"""Return the gradient of :func:`cross_entropy` with respect to the logits.

    .. math:: dz_{n,k} = \frac{p_{n,k} - t_{n,k}}{N} \qquad\text{(divided by } \ln \text{base, if given)}

    Examples
    --------
    >>> cross_entropy_backward([[3, 3, 3, 3]], [0])
    [[-0.75, 0.25, 0.25, 0.25]]
    """
    targets = _targets(logits, labels)
    scale = _number("dloss", dloss) / len(logits) / _log_of_base(base)
    dz = []
    for z, t in zip(logits, targets, strict=True):
        p = _softmax(z)
        dz.append([scale * (p[k] - t[k]) for k in range(len(z))])
    return dz


def _targets(logits: Matrix, labels: Vector | Matrix) -> Matrix:
    """Return labels as rows of probabilities, one-hot for class indices."""
    N, K = shape("logits", logits, "N", "K")
    if len(shape("labels", labels)) == 2:
        same_shape("labels", labels, (N, K), "logits")
        _distributions("labels", labels)
        return labels
    same_shape("labels", labels, (N,), "one class index for each row of logits")
    for n, label in enumerate(labels):
        if not isinstance(label, Integral):
            raise TypeError(f"labels must be class indices (integers), got {label!r} at labels[{n}]")
        if not 0 <= label < K:
            raise ValueError(f"labels must be class indices from 0 to {K - 1}, got {label} at labels[{n}]")
    return [[int(k == label) for k in range(K)] for label in labels]


def _log_of_base(base: float | None) -> float:
    """Return ln(base), by which natural logarithms are divided; 1 for natural logarithms."""
    if base is None:
        return 1.0
    _number("base", base)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be a finite number above 1, got {base}")
    return math.log(base)


def binary_cross_entropy(probabilities: Nested, labels: Nested, *, base: float | None = None) -> float:
    r"""Return the mean cross-entropy between 0/1 labels and probabilities of 1.

    .. math:: L = -\frac1n \sum_i \bigl( y_i \log p_i + (1 - y_i) \log (1 - p_i) \bigr)

    Certain and wrong (p = 0 for y = 1) costs infinity. ``base`` is that of :func:`cross_entropy`.

    Raises
    ------
    TypeError, ValueError
        If a probability or a label lies outside [0, 1], or the shapes differ.

    Examples
    --------
    >>> binary_cross_entropy([0.5, 0.5], [1, 0], base=2)
    1.0
    """
    _unit_interval(probabilities, labels)
    total = 0.0
    for p, y in zip(flat(probabilities), flat(labels), strict=True):
        total -= _times_log(y, p) + _times_log(1 - y, 1 - p)
    return total / _count(labels) / _log_of_base(base)


def binary_cross_entropy_backward(
    probabilities: Nested, labels: Nested, dloss: Number = 1, *, base: float | None = None
) -> Any:
    r"""Return the gradient of :func:`binary_cross_entropy` with respect to the probabilities.

    .. math:: dp_i = \frac1n \left( -\frac{y_i}{p_i} + \frac{1 - y_i}{1 - p_i} \right)

    Examples
    --------
    >>> binary_cross_entropy_backward([0.5, 0.5], [1, 0])
    [-1.0, 1.0]
    """
    _unit_interval(probabilities, labels)
    scale = _number("dloss", dloss) / _count(labels) / _log_of_base(base)
    # total -= y log p + (1 - y) log (1 - p)
    return each(lambda p, y: scale * (_share(1 - y, 1 - p) - _share(y, p)), probabilities, labels)


def binary_cross_entropy_with_logits(logits: Nested, labels: Nested, *, base: float | None = None) -> float:
    r"""Return the binary cross-entropy of the probabilities sigmoid(z), from the logits z themselves.

    .. math:: L = \frac1n \sum_i \bigl( y_i \log (1 + e^{-z_i}) + (1 - y_i) \log (1 + e^{z_i}) \bigr)

    because log s(z) = -log(1 + e^-z) and 1 - s(z) = s(-z).

    Examples
    --------
    >>> binary_cross_entropy_with_logits([0, -1000], [1, 0], base=2)
    0.5
    """
    _binary_labels(shape("logits", logits), labels, "logits")
    total = 0.0
    for z, y in zip(flat(logits), flat(labels), strict=True):
        total += y * _softplus(-z) + (1 - y) * _softplus(z)
    return total / _count(labels) / _log_of_base(base)


def binary_cross_entropy_with_logits_backward(
    logits: Nested, labels: Nested, dloss: Number = 1, *, base: float | None = None
) -> Any:
    """Return the gradient of :func:`binary_cross_entropy_with_logits`, dloss (s(z) - y) / n.

    Examples
    --------
    >>> binary_cross_entropy_with_logits_backward([0, 0], [1, 0])
    [-0.25, 0.25]
    """
    _binary_labels(shape("logits", logits), labels, "logits")
    scale = _number("dloss", dloss) / _count(labels) / _log_of_base(base)
    return each(lambda z, y: scale * (_sigmoid(z) - y), logits, labels)


def _softplus(x: Number) -> float:
    """Return log(1 + e^x), with x taken out of the logarithm where e^x would overflow."""
    return max(float(x), 0.0) + math.log1p(math.exp(-abs(x)))


def kl_divergence(p: Nested, q: Nested, *, base: float | None = None) -> float:
    r"""Return the Kullback-Leibler divergence of q from p, the mean over rows.

    .. math:: D(p \,\|\, q) = \frac1N \sum_n \sum_k p_{n,k} \log \frac{p_{n,k}}{q_{n,k}}

    Parameters
    ----------
    p, q : list (K,) or nested lists (..., K)
        Probabilities that sum to 1 along the last axis. Where p is 0 the term is 0; where only q is 0,
        infinite.
    base : float, optional
        That of :func:`cross_entropy`.

    Examples
    --------
    >>> kl_divergence([1, 0], [0.5, 0.5], base=2)
    1.0
    """
    N = _two_distributions(p, q)
    total = 0.0
    for a, b in zip(flat(p), flat(q), strict=True):
        total += _times_log(a, a) - _times_log(a, b)
    return total / N / _log_of_base(base)


def kl_divergence_backward(
    p: Nested, q: Nested, dloss: Number = 1, *, base: float | None = None
) -> tuple[Any, Any]:
    r"""Return (dp, dq) of :func:`kl_divergence`, every entry taken as free.

    .. math:: dp = \frac1N \left( \log \frac{p}{q} + 1 \right), \qquad dq = -\frac1N\, \frac{p}{q}

    A class that neither p nor q allows has no gradient.

    Examples
    --------
    >>> kl_divergence_backward([0.5, 0.5], [0.5, 0.5])
    ([1.0, 1.0], [-1.0, -1.0])
    """
    scale = _number("dloss", dloss) / _two_distributions(p, q) / _log_of_base(base)
    # total += p log p - p log q
    dp = each(lambda a, b: scale * (_log(a) + 1 - _log(b)) if a or b else 0.0, p, q)
    dq = each(lambda a, b: -scale * _share(a, b), p, q)
    return dp, dq


def _log(x: Number) -> float:
    """Return the natural logarithm, minus infinity at 0."""
    return math.log(x) if x else -math.inf


def _times_log(a: Number, b: Number) -> float:
    """Return a log b, where 0 log 0 is 0: the limit."""
    return a * _log(b) if a else 0.0


def _share(a: Number, b: Number) -> float:
    """Return the derivative of a log b for b: a / b, and 0 where a = 0 leaves no term."""
    if not a:
        return 0.0
    return a / b if b else math.inf


def _number(name: str, value: Number) -> Number:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r} of type {type(value).__name__}")
    return value


def _count(value: Nested) -> int:
    return sum(1 for _ in flat(value))


def _binary_labels(sizes: tuple[int, ...], labels: Nested, what: str) -> None:
    same_shape("labels", labels, sizes, what)
    for label in flat(labels):
        if not 0 <= label <= 1:
            raise ValueError(f"labels must lie between 0 and 1, got {label}")


def _unit_interval(probabilities: Nested, labels: Nested) -> None:
    _binary_labels(shape("probabilities", probabilities), labels, "probabilities")
    for probability in flat(probabilities):
        if not 0 <= probability <= 1:
            raise ValueError(f"probabilities must lie between 0 and 1, got {probability}")


def _distributions(name: str, value: Nested) -> None:
    """Check that every row holds probabilities; their sum may be off by what float32 loses."""
    for row in rows(value):
        if not (min(row) >= 0 and abs(sum(row) - 1) <= _SUM_TOLERANCE):
            raise ValueError(f"{name} must hold probabilities that sum to 1 in each row, got {row!r}")


def _two_distributions(p: Nested, q: Nested) -> int:
    """Return the number of rows of p and q once they are checked."""
    sizes = shape("p", p)
    if not sizes:
        raise ValueError(f"p must be a list of probabilities, got the single number {p!r}")
    same_shape("q", q, sizes, "p")
    _distributions("p", p)
    _distributions("q", q)
    return math.prod(sizes[:-1])
