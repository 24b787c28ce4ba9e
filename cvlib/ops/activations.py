"""Activations: elementwise, so each gradient is the upstream gradient times the slope at the same place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib.ops._arrays import as_float, common_float, same_shape

__all__ = ["relu", "relu_backward", "sigmoid", "sigmoid_backward", "tanh", "tanh_backward"]


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
    return np.maximum(_as_input(x), 0)


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
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> relu_backward([5.0, 5.0, 5.0], [-2.0, 0.0, 3.0])
    array([0., 0., 5.])
    """
    dy, x = _upstream(dy, x)
    # y = max(x, 0)
    bits = dy.view(f"i{dy.itemsize}")  # 0 times any bits is a plain 0.0; 0 times a float may be -0.0 or NaN
    return (bits * (x > 0)).view(dy.dtype)


def sigmoid(x: ArrayLike) -> np.ndarray:
    r"""Return the logistic sigmoid of ``x``, element by element.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^{\min(x, 0)}}{1 + e^{-|x|}}

    The second form never raises e to a positive power, so it neither overflows nor loses small values.

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.

    Returns
    -------
    ndarray
        Shape of ``x``, values in [0, 1].

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 0.8]).round(7)
    array([0.       , 0.5      , 0.6899745])
    """
    x = _as_input(x)
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def sigmoid_backward(dy: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return dL/dx of :func:`sigmoid`.

    .. math:: dx = dy \cdot \sigma(x)\,(1 - \sigma(x))

    The slope is at most 1/4, at x = 0, and fades on both sides: the neuron saturates.

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
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> sigmoid_backward([1.0, 8.0], [0.0, 0.0])
    array([0.25, 2.  ])
    """
    dy, x = _upstream(dy, x)
    return dy * _slope(np.exp(-np.abs(x)))  # y = sigma(x)


def tanh(x: ArrayLike) -> np.ndarray:
    r"""Return the hyperbolic tangent of ``x``, element by element.

    .. math:: y = \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2\,\sigma(2x) - 1

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.

    Returns
    -------
    ndarray
        Shape of ``x``, values in [-1, 1].

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.

    Examples
    --------
    >>> tanh([-1000.0, 0.0, 0.5]).round(4)
    array([-1.    ,  0.    ,  0.4621])
    """
    return np.tanh(_as_input(x))


def tanh_backward(dy: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return dL/dx of :func:`tanh`.

    .. math:: dx = dy\,(1 - \tanh^2 x) = dy \cdot 4\,\sigma(2x)\,(1 - \sigma(2x))

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
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> tanh_backward([1.0, 3.0], [0.0, 0.0])
    array([1., 3.])
    """
    dy, x = _upstream(dy, x)
    return dy * (4 * _slope(np.exp(-np.abs(x)) ** 2))  # y = 2 sigma(2x) - 1, and 2x could overflow


def _as_input(x: ArrayLike) -> np.ndarray:
    """Return ``x`` checked and row by row in memory, as the result is to be."""
    return np.asarray(as_float("x", x), order="C")


def _upstream(dy: ArrayLike, x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair checked, row by row in memory and in one floating type."""
    x = _as_input(x)
    return common_float(np.asarray(same_shape("dy", dy, x.shape), order="C"), x)


def _slope(e: np.ndarray) -> np.ndarray:
    """Return sigma (1 - sigma) from e = exp(-|x|) as e / (1 + e)^2: no cancellation where sigma is near 1."""
    return e / (1 + e) ** 2
