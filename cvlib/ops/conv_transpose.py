"""Transposed convolution, the learned upsampling, and its gradients.

Its backward is the forward of a convolution, and its forward the way back of one, so :mod:`cvlib.ops._lowering` could
do both. One idea makes the forward twice as fast at a stride s > 1: the output pixels i with the same phase i mod s
see only every s-th tap of the kernel. So each phase is an ordinary convolution at stride 1 with a kernel s times
smaller, and phases that see equally many taps share one, as filters of their own: the "sub-pixel convolution" of Shi
et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network",
CVPR 2016, arXiv:1609.05158.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, integer, pair
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import Window, as_matrix, gather, multiply, spread, weigh
from cvlib.ops.conv import conv2d
from cvlib.shapes import conv_transpose_output_size

__all__ = ["conv_transpose2d", "conv_transpose2d_backward"]


def conv_transpose2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    r"""Return the transposed convolution: every input pixel paints the kernel, times its value, onto the output.

    .. math:: y_{n,k,l,m} = b_k + \sum_c \sum_{i s + u d - p = l} \sum_{j s + v d - p = m} w_{c,k,u,v}\; x_{n,c,i,j}

    The pictures of neighbouring pixels lie a stride s apart and add up where they overlap. As a matrix this is the
    transpose of the convolution :func:`conv2d` with the same weights: what there leads from y back to x leads here
    from x to y. It does not undo a convolution; only the sizes are undone. They follow
    :func:`cvlib.shapes.conv_transpose_output_size`.

    Parameters
    ----------
    x : array_like, (N, C_in, H, W)
        A batch of maps.
    w : array_like, (C_in, C_out/groups, K_h, K_w)
        One kernel for each pair of an input and an output channel; the input comes *first*, as in PyTorch.
    b : array_like, (C_out,), optional
        One bias for each output channel.
    stride : int or pair
        Distance s on the output between the pictures of two neighbouring input pixels.
    padding : int or pair
        Pixels p cut off on *each* side of the output.
    output_padding : int or pair
        Rows and columns added at the bottom and on the right, fewer than the stride or the dilation: a
        convolution with stride s maps s different sizes to the same one, and this says which is meant.
    dilation : int or pair
        Distance d between two taps of the kernel; 1 is dense.
    groups : int
        Channels are split into this many groups, and an input channel paints only on those of its own.

    Returns
    -------
    ndarray, (N, C_out, H_out, W_out)

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or another argument is not an integer.
    ValueError
        If the shapes do not fit together, ``output_padding`` is too large, or ``padding`` leaves nothing.

    References
    ----------
    Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional networks", CVPR 2010 (the idea, under an unlucky name).
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, chapter 4.

    Examples
    --------
    >>> picture = [[[[1, 2, 1]]]]
    >>> conv_transpose2d([[[[1, 10]]]], picture, stride=2)
    array([[[[ 1.,  2., 11., 20., 10.]]]])
    """
    x, w, b, window, output = _checked(x, w, b, stride, padding, output_padding, dilation, groups)
    y = np.zeros((len(x), groups * w.shape[1], *output), x.dtype)
    if window.dilation == (1, 1):
        _paint_by_phases(x, w, window, groups, y)
    else:
        spread(x, w, window, groups, y)
    if b is not None:
        y += b[:, None, None]
    return y


def conv_transpose2d_backward(
    dy: ArrayLike,
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    needs_dx: bool = True,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
    r"""Return the gradients of :func:`conv_transpose2d`. That of x is a convolution, with the kernels as they are.

    .. math::

        dx_{n,c,i,j} &= \sum_{k,u,v} w_{c,k,u,v}\; dy_{n,\,k,\;i s + u d - p,\;j s + v d - p} \\
        dw_{c,k,u,v} &= \sum_{n,i,j} x_{n,c,i,j}\; dy_{n,\,k,\;i s + u d - p,\;j s + v d - p} \\
        db_k &= \sum_{n,l,m} dy_{n,k,l,m}

    Parameters
    ----------
    dy : array_like, (N, C_out, H_out, W_out)
        Upstream gradient dL/dy.
    x, w, b : array_like
        The forward's own arguments.
    stride, padding, output_padding, dilation, groups
        As in the forward.
    needs_dx : bool
        False saves the work for dx: the first layer of a network has nobody to hand it to.

    Returns
    -------
    dx : ndarray, shape of ``x``, or None if it is not needed
    dw : ndarray, shape of ``w``
    db : ndarray, shape of ``b``, or None without a bias

    Raises
    ------
    TypeError, ValueError
        As in the forward, or if ``dy`` does not have the shape of its output.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, section 4.1.

    Examples
    --------
    >>> dy = [[[[1, 0, 0, 0, 10]]]]
    >>> dx, dw, db = conv_transpose2d_backward(dy, [[[[1, 10]]]], [[[[1, 2, 1]]]], stride=2)
    >>> dx
    array([[[[ 1., 10.]]]])
    >>> dw, db
    (array([[[[  1.,   0., 100.]]]]), None)
    """
    x, w, b, window, output = _checked(x, w, b, stride, padding, output_padding, dilation, groups)
    dy = same_shape("dy", dy, (len(x), groups * w.shape[1], *output))
    dy, x, w, b = common_float(dy, x, w, b)
    # y = b + the transpose of conv(y, w): on the way back, one lowering of dy serves both gradients
    db = None if b is None else dy.sum((0, 2, 3))
    dx = np.empty(x.shape, x.dtype) if needs_dx else None
    matrix = as_matrix(w, groups)
    dmatrix = np.zeros(matrix.shape, w.dtype)
    for block in gather(dy, window, groups, x.shape[2:], w.size):
        if dx is not None:
            multiply(matrix, block, dx)
        dmatrix += weigh(x, block)
    return dx, dmatrix.reshape(w.shape), db


class _Phases(NamedTuple):
    """Along one side: the phases of the output that see equally many taps, and so share a convolution."""

    taps: (
        np.ndarray
    )  # (phases, taps): which ones each phase sees, the last first, as a convolution reads them
    padding: int  # of the shared convolution
    places: list[
        tuple[slice, slice]
    ]  # of each phase: its pixels in the output, and in the shared convolution's


def _paint_by_phases(x: np.ndarray, w: np.ndarray, window: Window, groups: int, y: np.ndarray) -> None:
    """Write the transposed convolution to ``y``, which holds zeros: some phases may see no tap at all."""
    sides = zip(window.kernel, window.stride, window.padding, x.shape[2:], y.shape[2:], strict=True)
    all_rows, all_columns = (_phases(*side) for side in sides)
    for rows in all_rows:
        for columns in all_columns:
            z = conv2d(
                x,
                _filters(w, rows, columns, groups),
                padding=(rows.padding, columns.padding),
                groups=groups,
            )
            phases = len(rows.places), len(columns.places)
            n, _, *size = z.shape
            z = z.reshape(n, groups, *phases, w.shape[1], *size)
            target = y.reshape(n, groups, w.shape[1], *y.shape[2:])
            for i, (row, z_row) in enumerate(rows.places):
                for j, (column, z_column) in enumerate(columns.places):
                    target[..., row, column] = z[:, :, i, j, :, z_row, z_column]


def _phases(kernel: int, stride: int, padding: int, size: int, output: int) -> list[_Phases]:
    """Return the phases along one side, grouped by their number of taps; none where there is no tap.

    Output pixel m is painted by input pixel i with tap u if m + p = i s + u. With m + p = a s + r and u = t s + r,
    this is i = a - t: phase r is a convolution over a with the taps r, r + s, r + 2s, ...
    """
    groups = []
    for count in sorted({len(range(r, kernel, stride)) for r in range(stride)} - {0}):
        shared = [r for r in range(stride) if len(range(r, kernel, stride)) == count]
        # i = a - t runs from the first a, less count - 1, to the last a: as far as this lies outside, pad.
        first, last = padding // stride, (padding + output - 1) // stride
        around = max(0, count - 1 - first, last - (size - 1))
        places = []
        for r in shared:
            m = (r - padding) % stride
            a = (m + padding) // stride - (count - 1 - around)  # counted from the first that is computed
            places.append((slice(m, None, stride), slice(a, a + len(range(m, output, stride)))))
        taps = np.array(shared)[:, None] + stride * np.arange(count)[::-1]
        groups.append(_Phases(taps, around, places))
    return groups


def _filters(w: np.ndarray, rows: _Phases, columns: _Phases, groups: int) -> np.ndarray:
    """Return the filters of the convolution that these phases share: for each of them, those of all channels."""
    c_in, c_out = w.shape[:2]
    (m, k_h), (n, k_w) = rows.taps.shape, columns.taps.shape
    seen = w[:, :, rows.taps[:, :, None, None], columns.taps]
    seen = seen.reshape(groups, c_in // groups, c_out, m, k_h, n, k_w).transpose(0, 3, 5, 2, 1, 4, 6)
    return seen.reshape(groups * m * n * c_out, c_in // groups, k_h, k_w)


def _checked(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None,
    stride: Pair,
    padding: Pair,
    output_padding: Pair,
    dilation: Pair,
    groups: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, Window, tuple[int, int]]:
    """Return the arrays in one type, the window that walks over the *output*, and the output's size."""
    x = as_float("x", x, ndim=4, layout="(N, C_in, H, W)")
    w = as_float("w", w, ndim=4, layout="(C_in, C_out/groups, K_h, K_w)")
    groups = integer("groups", groups, minimum=1)
    if w.size == 0:
        raise ValueError(f"w must hold at least one weight, got shape {w.shape}")
    if x.shape[1] != len(w):
        raise ValueError(
            f"w must have one kernel for each of the {x.shape[1]} channels of x, got shape {w.shape}"
        )
    if len(w) % groups:
        raise ValueError(f"groups must divide the {len(w)} channels of x, got {groups}")
    b = None if b is None else same_shape("b", b, (groups * w.shape[1],))
    window = Window.checked(w.shape[2:], stride, pair("padding", padding), dilation)
    extra = pair("output_padding", output_padding)
    height, width = (
        conv_transpose_output_size(n, k, stride=s, padding=p, output_padding=e, dilation=d)
        for n, k, s, p, d, e in zip(x.shape[2:], *window, extra, strict=True)
    )
    return *common_float(x, w, b), window, (height, width)
