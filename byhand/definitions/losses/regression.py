"""Losses between numbers and the numbers they should be, exact in exact numbers."""

from __future__ import annotations

from typing import Any

from byhand._nested import Nested, Number, divide, each, flat, same_shape, shape
from byhand.definitions.losses._terms import count, number, positive


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
    number("dloss", dloss)
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
    number("dloss", dloss)
    n = count(prediction)
    return each(lambda y, t: divide(dloss * 2 * (y - t), n), prediction, target)


def mean_absolute_error(prediction: Nested, target: Nested) -> Number:
    r"""Return the mean of the absolute differences over all entries.

    .. math:: L = \frac1n \sum_i |y_i - t_i|

    Examples
    --------
    >>> mean_absolute_error([2, 9], [7, 10])
    Fraction(3, 1)
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    distances = [abs(y - t) for y, t in zip(flat(prediction), flat(target), strict=True)]
    return divide(sum(distances), len(distances))


def mean_absolute_error_backward(prediction: Nested, target: Nested, dloss: Number = 1) -> Any:
    """Return the gradient of :func:`mean_absolute_error`, dloss / n with the sign of y - t, and 0 for y = t.

    Examples
    --------
    >>> mean_absolute_error_backward([2.0, 9.0, 1.0, 0.0], [7, 10, 1, -1])
    [-0.25, -0.25, 0.0, 0.25]
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    number("dloss", dloss)
    n = count(prediction)
    return each(lambda y, t: divide(dloss * _clipped(y - t, 0), n), prediction, target)


def smooth_l1(prediction: Nested, target: Nested, *, beta: Number = 1) -> Number:
    r"""Return the mean of a square that turns into an absolute value at the distance beta.

    .. math:: L = \frac1n \sum_i \ell(y_i - t_i), \qquad
        \ell(d) = d^2 / (2 \beta) \text{ for } |d| < \beta, \quad |d| - \beta / 2 \text{ beyond}

    Examples
    --------
    >>> smooth_l1([0, 3], [0, 0])  # (0 + 5/2) / 2
    Fraction(5, 4)
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    positive("beta", beta)
    total = 0
    for y, t in zip(flat(prediction), flat(target), strict=True):
        d = abs(y - t)
        total += divide(d * d, 2 * beta) if d < beta else d - divide(beta, 2)
    return divide(total, count(prediction))


def smooth_l1_backward(prediction: Nested, target: Nested, dloss: Number = 1, *, beta: Number = 1) -> Any:
    """Return the gradient of :func:`smooth_l1`, dloss / n times d / beta inside, and the sign of d beyond.

    Examples
    --------
    >>> smooth_l1_backward([0.5, 3.0], [0, 0])
    [0.25, 0.5]
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    positive("beta", beta)
    scale = divide(number("dloss", dloss), count(prediction))
    # total += d^2 / (2 beta) if d < beta else d - beta / 2
    return each(lambda y, t: scale * _clipped(y - t, beta), prediction, target)


def _clipped(d: Number, beta: Number) -> Number:
    """Return d / beta, but -1 or 1 where that is beyond: the slope of |d| with a rounded corner."""
    return divide(d, max(abs(d), beta)) if d else d


def _squares(prediction: Nested, target: Nested) -> list[Number]:
    return [(y - t) * (y - t) for y, t in zip(flat(prediction), flat(target), strict=True)]
