"""Two-dimensional convolution and its gradients; how it is made fast is told in :mod:`cvlib.ops._lowering`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, integer
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import Window, as_matrix, gather, mirror, multiply, spread, weigh

__all__ = ["conv2d", "conv2d_backward"]


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    r"""Return the cross-correlation of images with kernels, which deep learning calls convolution.

    .. math:: y_{n,k,i,j} = b_k + \sum_{c,u,v} w_{k,c,u,v}\; x_{n,\,c,\;i s + u d - p,\;j s + v d - p}

    with x = 0 outside the image. The kernel is *not* flipped. Sizes follow :func:`cvlib.shapes.conv_output_size`.

    Parameters
    ----------
    x : array_like, (N, C_in, H, W)
        A batch of images.
    w : array_like, (C_out, C_in/groups, K_h, K_w)
        One kernel for each output channel.
    b : array_like, (C_out,), optional
        One bias for each output channel.
    stride : int or pair
        Step s between two windows.
    padding : int, pair or "same"
        Zeros p on *each* side; "same" keeps the size, and asks for stride 1 and a kernel of odd span.
    dilation : int or pair
        Distance d between two taps of the kernel; 1 is dense.
    groups : int
        Channels are split into this many groups, and a kernel sees only the input channels of its own.

    Returns
    -------
    ndarray, (N, C_out, H_out, W_out)

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or another argument is not an integer.
    ValueError
        If the shapes do not fit together, or the kernel does not fit into the padded image.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, sections 9.1 and 9.5.

    Examples
    --------
    >>> edges = [[[[1, -1]]]]
    >>> conv2d([[[[5, 5, 2, 0]]]], edges)
    array([[[[0., 3., 2.]]]])
    """
    x, w, b, window, output = _checked(x, w, b, stride, padding, dilation, groups)
    y = np.empty((len(x), len(w), *output), x.dtype)
    bias = None if b is None else b[:, None, None]
    back = window.mirrored()
    if x.shape[1] > 2 * len(w) and back is not None and not window.is_pointwise:
        spread(x, mirror(w, groups), back, groups, y, bias)
    else:
        matrix = as_matrix(w, groups)
        for block in gather(x, window, groups, output, w.size):
            multiply(matrix, block, y, bias)
    return y


def conv2d_backward(
    dy: ArrayLike,
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
    needs_dx: bool = True,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
    r"""Return the gradients of :func:`conv2d`.

    .. math::

        dw_{k,c,u,v} &= \sum_{n,i,j} dy_{n,k,i,j}\; x_{n,\,c,\;i s + u d - p,\;j s + v d - p} \\
        dx_{n,c,l,m} &= \sum_{k} \sum_{i s + u d - p = l} \sum_{j s + v d - p = m} w_{k,c,u,v}\; dy_{n,k,i,j} \\
        db_k &= \sum_{n,i,j} dy_{n,k,i,j}

    Parameters
    ----------
    dy : array_like, (N, C_out, H_out, W_out)
        Upstream gradient dL/dy.
    x, w, b : array_like
        The forward's own arguments.
    stride, padding, dilation, groups
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
    TypeError
        If an array does not hold real numbers, or another argument is not an integer.
    ValueError
        If the shapes do not fit together, or the kernel does not fit into the padded image.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 9.5.

    Examples
    --------
    >>> dx, dw, db = conv2d_backward([[[[1, 0, 10]]]], [[[[5, 5, 2, 0]]]], [[[[1, -1]]]])
    >>> dx
    array([[[[  1.,  -1.,  10., -10.]]]])
    >>> dw, db
    (array([[[[25.,  5.]]]]), None)
    """
    x, w, b, window, output = _checked(x, w, b, stride, padding, dilation, groups)
    dy = same_shape("dy", dy, (len(x), len(w), *output))
    dy, x, w, b = common_float(dy, x, w, b)
    # y = b + conv(x, w)
    db = None if b is None else dy.sum((0, 2, 3))
    dx = np.empty(x.shape, x.dtype) if needs_dx else None
    back = window.mirrored()
    dy_is_small = len(w) <= (1.5 if needs_dx else 1) * x.shape[1]  # 1.5: it is lowered once for two gradients
    if back is not None and (dy_is_small or window.is_pointwise):
        dw = _lower_dy(dy, x, w, back, groups, dx)
    else:
        dw = _lower_x(dy, x, w, window, groups, dx)
    return dx, dw, db


def _lower_dy(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, back: Window, groups: int, dx: np.ndarray | None
) -> np.ndarray:
    """Return dw and write dx, from one lowering of dy: both walk from the output back to the input."""
    turned = mirror(w, groups)
    matrix = as_matrix(turned, groups)
    dmatrix = np.zeros(matrix.shape, w.dtype)
    for block in gather(dy, back, groups, x.shape[2:], w.size):
        if dx is not None:
            multiply(matrix, block, dx)
        dmatrix += weigh(x, block)
    return mirror(dmatrix.reshape(turned.shape), groups)


def _lower_x(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, window: Window, groups: int, dx: np.ndarray | None
) -> np.ndarray:
    """Return dw from a lowering of x, and write dx by spreading dy."""
    dmatrix = np.zeros(as_matrix(w, groups).shape, w.dtype)
    for block in gather(x, window, groups, dy.shape[2:], w.size):
        dmatrix += weigh(dy, block)
    if dx is not None:
        spread(dy, w, window, groups, dx)
    return dmatrix.reshape(w.shape)


def _checked(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None,
    stride: Pair,
    padding: Pair | str,
    dilation: Pair,
    groups: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, Window, tuple[int, int]]:
    """Return the arrays in one type, the window and the output's size, once everything fits together."""
    x = as_float("x", x, ndim=4, layout="(N, C_in, H, W)")
    w = as_float("w", w, ndim=4, layout="(C_out, C_in/groups, K_h, K_w)")
    b = None if b is None else same_shape("b", b, w.shape[:1])
    groups = integer("groups", groups, minimum=1)
    if w.size == 0:
        raise ValueError(f"w must hold at least one weight, got shape {w.shape}")
    if x.shape[1] % groups or len(w) % groups:
        raise ValueError(
            f"groups must divide the {x.shape[1]} channels of x and the {len(w)} of w, got {groups}"
        )
    if x.shape[1] != groups * w.shape[1]:
        raise ValueError(f"w must have C_in/groups = {x.shape[1]}/{groups} channels, got shape {w.shape}")
    window = Window.checked(w.shape[2:], stride, padding, dilation)
    return *common_float(x, w, b), window, window.output_size(x.shape[2:])
