"""Losses between numbers and the numbers they should be, exact in exact numbers."""

from __future__ import annotations

from typing import Any

from byhand._nested import Nested, Number, divide, each, flat, same_shape, shape
from byhand.definitions.losses._terms import count, number


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


def _squares(prediction: Nested, target: Nested) -> list[Number]:
    return [(y - t) * (y - t) for y, t in zip(flat(prediction), flat(target), strict=True)]
