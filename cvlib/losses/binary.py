"""Losses of yes-or-no questions, from the probability of "yes" or from the score before the sigmoid."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import beside, numbers, probabilities_in, quotient, times_log, unit
from cvlib.ops.activations import sigmoid

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
]


def binary_cross_entropy(probabilities: ArrayLike, labels: ArrayLike, *, base: float | None = None) -> float:
    r"""Return the mean cross-entropy of yes-or-no labels under predicted probabilities of "yes".

    .. math:: L = -\frac{1}{n} \sum_i \big( y_i \log p_i + (1 - y_i) \log (1 - p_i) \big)

    With 0 log 0 = 0. A prediction that is certain and wrong (p = 0 for y = 1) costs infinitely much, so
    ``inf`` is
    returned; PyTorch cuts the logarithm off at -100 instead. In training prefer
    :func:`binary_cross_entropy_with_logits`, where rounding cannot make a prediction certain.

    Parameters
    ----------
    probabilities : array_like
        Predictions p in [0, 1], of any shape, n numbers in all.
    labels : array_like
        0 or 1, or a probability between, same shape.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, there are no elements, or a number is NaN or outside [0, 1].

    Examples
    --------
    >>> round(binary_cross_entropy([0.6899745], [1]), 7)
    0.3711006
    >>> binary_cross_entropy([0.0], [1])
    inf
    """
    p, y = _binary(probabilities, labels)
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant
        losses = times_log(y, np.log(p)) + times_log(1 - y, np.log1p(-p))
    return -float(np.mean(losses)) / unit(base) + 0.0


def binary_cross_entropy_backward(
    probabilities: ArrayLike, labels: ArrayLike, dloss: float = 1.0, *, base: float | None = None
) -> np.ndarray:
    r"""Return the gradient of :func:`binary_cross_entropy` with respect to the probabilities.

    .. math::

        \frac{\partial L}{\partial p_i} = \frac{1}{n} \Big( \frac{1 - y_i}{1 - p_i} - \frac{y_i}{p_i} \Big)

    Where a prediction is certain and wrong the gradient is infinite, as the loss is; where it is certain
    and right the vanishing term, 0/0, counts as 0.

    Parameters
    ----------
    probabilities, labels : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    base : float, optional
        The forward's base.

    Returns
    -------
    ndarray
        Shape of ``probabilities``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> binary_cross_entropy_backward([0.5, 0.25], [1, 0]).round(4)
    array([-1.    ,  0.6667])
    """
    p, y = _binary(probabilities, labels)
    dp = quotient(1 - y, 1 - p) - quotient(y, p)
    return dp * (number("dloss", dloss) / (p.size * unit(base)))


def binary_cross_entropy_with_logits(
    logits: ArrayLike, labels: ArrayLike, *, base: float | None = None
) -> float:
    r"""Return :func:`binary_cross_entropy` of the sigmoid of the logits, stable for logits of any size.

    .. math:: L = \frac{1}{n} \sum_i \big( \max(z_i, 0) - z_i y_i + \log (1 + e^{-|z_i|}) \big)

    Parameters
    ----------
    logits : array_like
        Scores z before the sigmoid, of any shape, n numbers in all.
    labels : array_like
        0 or 1, or a probability between, same shape.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, there are no elements, or a label is NaN or outside [0, 1].

    Examples
    --------
    >>> round(binary_cross_entropy_with_logits([0.8], [1]), 7)
    0.3711007
    >>> binary_cross_entropy_with_logits([-1000.0], [1])
    1000.0
    """
    z, y = _binary_logits(logits, labels)
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return float(np.mean(losses)) / unit(base)


def binary_cross_entropy_with_logits_backward(
    logits: ArrayLike, labels: ArrayLike, dloss: float = 1.0, *, base: float | None = None
) -> np.ndarray:
    r"""Return the gradient of :func:`binary_cross_entropy_with_logits` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z_i} = \frac{\sigma(z_i) - y_i}{n}

    Parameters
    ----------
    logits, labels : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    base : float, optional
        The forward's base.

    Returns
    -------
    ndarray
        Shape of ``logits``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> binary_cross_entropy_with_logits_backward([0.0, 0.0], [1, 0])
    array([-0.25,  0.25])
    """
    z, y = _binary_logits(logits, labels)
    return (sigmoid(z) - y) * (number("dloss", dloss) / (z.size * unit(base)))


def _binary(probabilities: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    p = numbers("probabilities", probabilities)
    _, y = _binary_logits(p, labels)
    return probabilities_in("probabilities", p), y


def _binary_logits(logits: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    z = numbers("logits", logits)
    return z, probabilities_in("labels", beside("labels", labels, z))
