"""Losses between numbers and the numbers they should be."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import not_empty
from cvlib.ops._arrays import as_float, finite, same_shape

__all__ = [
    "mean_squared_error",
    "mean_squared_error_backward",
    "squared_error",
    "squared_error_backward",
]


def mean_squared_error(prediction: ArrayLike, target: ArrayLike) -> float:
    r"""Return the mean over all elements of the squared difference.

    .. math:: L = \frac{1}{n} \sum_i (\hat y_i - y_i)^2

    Parameters
    ----------
    prediction : array_like
        Predictions of any shape, n numbers in all.
    target : array_like
        What they should be, same shape, finite.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing to average, or a target is NaN or infinite.

    Examples
    --------
    >>> mean_squared_error([1.0, 4.0], [1.0, 2.0])
    2.0
    """
    prediction, target = _regression(prediction, target)
    return float(np.mean((prediction - target) ** 2))


def mean_squared_error_backward(prediction: ArrayLike, target: ArrayLike, dloss: float = 1.0) -> np.ndarray:
    r"""Return the gradient of :func:`mean_squared_error` with respect to the prediction.

    .. math:: \frac{\partial L}{\partial \hat y_i} = \frac{2}{n} (\hat y_i - y_i)

    Parameters
    ----------
    prediction, target : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.

    Returns
    -------
    ndarray
        Shape of ``prediction``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> mean_squared_error_backward([1.0, 4.0], [1.0, 2.0])
    array([0., 2.])
    """
    prediction, target = _regression(prediction, target)
    return (prediction - target) * (2 * number("dloss", dloss) / prediction.size)


def squared_error(prediction: ArrayLike, target: ArrayLike) -> float:
    r"""Return half the sum of squared differences: the loss of hand calculations, for its plain gradient.

    .. math:: L = \frac{1}{2} \sum_i (\hat y_i - y_i)^2

    Parameters
    ----------
    prediction : array_like
        Predictions of any shape.
    target : array_like
        What they should be, same shape, finite.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, there are no elements, or a target is NaN or infinite.

    Examples
    --------
    >>> squared_error([2.0, 9.0], [7.0, 10.0])
    13.0
    """
    prediction, target = _regression(prediction, target)
    return float(np.sum((prediction - target) ** 2)) / 2


def squared_error_backward(prediction: ArrayLike, target: ArrayLike, dloss: float = 1.0) -> np.ndarray:
    r"""Return the gradient of :func:`squared_error` with respect to the prediction.

    .. math:: \frac{\partial L}{\partial \hat y_i} = \hat y_i - y_i

    Parameters
    ----------
    prediction, target : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.

    Returns
    -------
    ndarray
        Shape of ``prediction``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> squared_error_backward([2.0, 9.0], [7.0, 10.0])
    array([-5., -1.])
    """
    prediction, target = _regression(prediction, target)
    return (prediction - target) * number("dloss", dloss)


def _regression(prediction: ArrayLike, target: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays of one shape, in the floating type of the prediction."""
    prediction = not_empty("prediction", as_float("prediction", prediction))
    target = finite("target", same_shape("target", target, prediction.shape))
    return prediction, target.astype(prediction.dtype, copy=False)
