"""Losses between numbers and the numbers they should be."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import beside, numbers, positive
from cvlib.ops._arrays import finite

__all__ = [
    "mean_absolute_error",
    "mean_absolute_error_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "smooth_l1",
    "smooth_l1_backward",
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


def mean_absolute_error(prediction: ArrayLike, target: ArrayLike) -> float:
    r"""Return the mean over all elements of the absolute difference.

    .. math:: L = \frac{1}{n} \sum_i |\hat y_i - y_i|

    An outlier pulls no harder than its neighbours: the best constant prediction is the median, where
    :func:`mean_squared_error` has the mean.

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
    >>> mean_absolute_error([1.0, 4.0], [1.0, 2.0])
    1.0
    """
    prediction, target = _regression(prediction, target)
    return float(np.mean(np.abs(prediction - target)))


def mean_absolute_error_backward(prediction: ArrayLike, target: ArrayLike, dloss: float = 1.0) -> np.ndarray:
    r"""Return the gradient of :func:`mean_absolute_error` with respect to the prediction.

    .. math:: \frac{\partial L}{\partial \hat y_i} = \frac{1}{n} \operatorname{sign}(\hat y_i - y_i)

    At the kink, where the prediction is right, it is *defined* as 0, as in PyTorch and JAX.

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
    >>> mean_absolute_error_backward([1.0, 4.0], [1.0, 2.0])
    array([0. , 0.5])
    """
    prediction, target = _regression(prediction, target)
    return np.sign(prediction - target) * (number("dloss", dloss) / prediction.size)


def smooth_l1(prediction: ArrayLike, target: ArrayLike, *, beta: float = 1.0) -> float:
    r"""Return the mean of a square that turns into an absolute value: the loss of box regression.

    .. math::

        L = \frac{1}{n} \sum_i \ell(\hat y_i - y_i), \qquad
        \ell(d) = \begin{cases} d^2 / (2 \beta) & |d| < \beta \\ |d| - \beta / 2 & \text{otherwise} \end{cases}

    Near the target it is gentle as a square is, so that training settles; far from it the slope is 1 as that
    of :func:`mean_absolute_error`, so that one box that is badly off cannot blow up a step.

    Parameters
    ----------
    prediction : array_like
        Predictions of any shape, n numbers in all: (N, 4) for N boxes. Girshick *sums* over the four numbers
        of a box, which is 4 times as much.
    target : array_like
        What they should be, same shape, finite.
    beta : float
        Where the square ends, above 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing to average, a target is NaN or infinite, or ``beta`` is not a
        finite number above 0.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, equation 3.

    Examples
    --------
    >>> smooth_l1([0.5, 3.0], [0.0, 0.0])  # (0.125 + 2.5) / 2
    1.3125
    """
    prediction, target = _regression(prediction, target)
    beta = positive("beta", beta)
    distance = np.abs(prediction - target)
    curved = np.minimum(distance, beta)
    return float(np.mean(curved / beta * (distance - curved / 2)))  # both cases: curved is |d| or beta


def smooth_l1_backward(
    prediction: ArrayLike, target: ArrayLike, dloss: float = 1.0, *, beta: float = 1.0
) -> np.ndarray:
    r"""Return the gradient of :func:`smooth_l1` with respect to the prediction.

    .. math::

        \frac{\partial L}{\partial \hat y_i} = \frac{1}{n}
        \max\Big(-1, \min\Big(\frac{\hat y_i - y_i}{\beta}, 1\Big)\Big)

    Parameters
    ----------
    prediction, target : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    beta : float
        The forward's beta.

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
    >>> smooth_l1_backward([0.5, 3.0], [0.0, 0.0])
    array([0.25, 0.5 ])
    """
    prediction, target = _regression(prediction, target)
    beta = positive("beta", beta)
    # the clipped difference over beta, in this order: a tiny beta must not overflow the quotient
    return np.clip(prediction - target, -beta, beta) / beta * (number("dloss", dloss) / prediction.size)


def _regression(prediction: ArrayLike, target: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays of one shape, in the floating type of the prediction."""
    prediction = numbers("prediction", prediction)
    return prediction, finite("target", beside("target", target, prediction))
