"""Rectifiers: straight above zero, and straight with another slope below it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.ops._arrays import as_float, common_float
from cvlib.ops._elementwise import as_input, kept, negative, positive, slopes, upstream

__all__ = ["leaky_relu", "leaky_relu_backward", "prelu", "prelu_backward", "relu", "relu_backward"]


def relu(x: ArrayLike) -> np.ndarray:
    r"""Return the rectified linear unit of ``x``, element by element.

    .. math:: y = \max(x, 0)

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.

    Returns
    -------
    ndarray
        Shape of ``x``. NaN stays NaN.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    Examples
    --------
    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return positive(as_input(x))


def relu_backward(dy: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return dL/dx of :func:`relu`.

    .. math:: dx = dy \cdot \mathbb{1}[x > 0]

    At the kink, x = 0, every slope from 0 to 1 is a subgradient. There the derivative is *defined* as 0 here,
    as in PyTorch and JAX. A blocked gradient is 0.0, even an infinite or NaN one.

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> relu_backward([5.0, 5.0, 5.0], [-2.0, 0.0, 3.0])
    array([0., 0., 5.])
    """
    dy, x = upstream(dy, x)
    return kept(dy, x > 0)  # y = max(x, 0)


def leaky_relu(x: ArrayLike, *, negative_slope: float = 0.01) -> np.ndarray:
    r"""Return ``x`` where it is positive and a fraction of it elsewhere: no unit is ever quite dead.

    .. math:: y = \max(x, 0) + \alpha \min(x, 0)

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.
    negative_slope : float
        The slope α below zero; 0 gives :func:`relu`.

    Returns
    -------
    ndarray
        Shape of ``x``. NaN stays NaN.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, or ``negative_slope`` is not a number.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    Examples
    --------
    >>> leaky_relu([-2.0, 0.0, 3.0], negative_slope=0.1)
    array([-0.2,  0. ,  3. ])
    """
    x, slope = as_input(x), number("negative_slope", negative_slope)
    if slope == 0:  # 0 times infinity would be NaN
        return relu(x)
    # Two lines through 0: the upper one on both sides, or the lower one, is the function. A pass less than the sum.
    return np.maximum(x, slope * x) if slope <= 1 else np.minimum(x, slope * x)


def leaky_relu_backward(dy: ArrayLike, x: ArrayLike, *, negative_slope: float = 0.01) -> np.ndarray:
    r"""Return dL/dx of :func:`leaky_relu`.

    .. math:: dx = dy \cdot \begin{cases} 1 & x > 0 \\ \alpha & x \le 0 \end{cases}

    At the kink, x = 0, the derivative is defined as α, as in PyTorch (JAX takes 1).

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.
    negative_slope : float
        As in the forward.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``negative_slope`` is not a number.
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> leaky_relu_backward([5.0, 5.0, 5.0], [-2.0, 0.0, 3.0], negative_slope=0.1)
    array([0.5, 0.5, 5. ])
    """
    dy, x = upstream(dy, x)
    slope = number("negative_slope", negative_slope)
    return dy * slopes(x, slope) if slope else relu_backward(dy, x)


def prelu(x: ArrayLike, a: ArrayLike) -> np.ndarray:
    r"""Return the parametric rectified linear unit of ``x``: a leaky ReLU whose slope below zero is learned.

    .. math:: y_{n,c,\dots} = \max(x_{n,c,\dots}, 0) + a_c \min(x_{n,c,\dots}, 0)

    Parameters
    ----------
    x : array_like, (N, C, ...)
        Pre-activations; with a single slope, of any shape.
    a : array_like, (1,) or (C,)
        One slope for all, or one for each channel, that is, along axis 1 of ``x``.

    Returns
    -------
    ndarray
        Shape of ``x``. NaN stays NaN.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``a`` is not one number for all or for each channel.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers: surpassing human-level performance on ImageNet
    classification", ICCV 2015.

    Examples
    --------
    >>> prelu([[-2.0, -2.0, 3.0]], [0.5, 0.25, 0.0])
    array([[-1. , -0.5,  3. ]])
    """
    x, a = _with_slopes(x, a)
    return positive(x) + _along_channels(a, x) * negative(x)


def prelu_backward(dy: ArrayLike, x: ArrayLike, a: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`prelu`.

    .. math::

        dx_{n,c,\dots} &= dy_{n,c,\dots} \cdot
            \begin{cases} 1 & x_{n,c,\dots} > 0 \\ a_c & x_{n,c,\dots} \le 0 \end{cases} \\
        da_c &= \sum_{n,\dots} dy_{n,c,\dots} \min(x_{n,c,\dots}, 0)

    A single slope sums over the channels too. At the kink, x = 0, the derivative is defined as a, as in PyTorch.

    Parameters
    ----------
    dy : array_like, (N, C, ...)
        Upstream gradient dL/dy, shape of ``x``.
    x, a : array_like
        The forward's own arguments.

    Returns
    -------
    dx : ndarray, shape of ``x``
    da : ndarray, shape of ``a``

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``dy`` has not the shape of ``x``, or ``a`` is not one number for all or for each channel.

    Examples
    --------
    >>> prelu_backward([[10.0, 10.0, 10.0]], [[-2.0, -2.0, 3.0]], [0.5, 0.25, 0.0])
    (array([[ 5. ,  2.5, 10. ]]), array([-20., -20.,   0.]))
    """
    x, a = _with_slopes(x, a)
    dy, x = upstream(dy, x)
    dy, x, a = common_float(dy, x, a)
    dx = dy * slopes(x, _along_channels(a, x))
    # y = positive(x) + a * negative(x)
    others = tuple(axis for axis in range(x.ndim) if axis != 1 or len(a) == 1)
    da = (dy * negative(x)).sum(others)
    return dx, da.reshape(a.shape)


def _with_slopes(x: ArrayLike, a: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return ``x`` and its slopes in one type, once they fit together."""
    x, a = as_input(x), as_float("a", a, ndim=1, layout="(1,) or (C,)")
    channels = x.shape[1] if x.ndim > 1 else 1
    if len(a) not in (1, channels):
        raise ValueError(f"a must have one slope, or one for each of {channels} channels, got {len(a)}")
    return common_float(x, a)


def _along_channels(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ``a`` in a shape that meets axis 1 of ``x``."""
    return a[0] if len(a) == 1 else a.reshape(-1, *(1,) * (x.ndim - 2))
