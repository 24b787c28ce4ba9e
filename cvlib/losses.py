"""Losses in pairs: ``loss(prediction, target)``, a plain number, and ``loss_backward``, its gradient.

Logarithms are natural, so losses count nats; ``base=2`` counts bits. Gradients have the shape and the
floating type of the prediction. ``dloss`` is the upstream gradient: the factor of this loss in a larger
sum.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.ops._arrays import as_float, common_float, finite, same_shape
from cvlib.ops.activations import sigmoid
from cvlib.ops.softmax import log_softmax, softmax

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "kl_divergence",
    "kl_divergence_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "squared_error",
    "squared_error_backward",
]

SUM_TOLERANCE = 1e-5  # how far a row of probabilities may miss 1: a float32 softmax over many classes rounds


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


def cross_entropy(logits: ArrayLike, labels: ArrayLike, *, base: float | None = None) -> float:
    r"""Return the mean cross-entropy between the labels and the softmax of the logits.

    .. math:: L = -\frac{1}{N} \sum_n \log p_{n, y_n}
        = \frac{1}{N} \sum_n \Big(\log \sum_k e^{z_{nk}} - z_{n, y_n}\Big)

    The second form, log-sum-exp with the maximum subtracted, never takes the logarithm of a probability
    that was rounded to 0. For labels that are distributions q,

    .. math:: L = -\frac{1}{N} \sum_n \sum_k q_{nk} \log p_{nk}

    Parameters
    ----------
    logits : array_like
        Scores z before the softmax, (N, K).
    labels : array_like
        Integer class indices (N,), or probabilities (N, K) whose rows sum to 1 (one-hot rows among them).
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If class indices are not integers.
    ValueError
        If a shape does not fit, a class index is out of range, or a row of labels is no distribution.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 6.2.2.3.

    Examples
    --------
    >>> round(cross_entropy([[2.0, 1.0, 0.1]], [0]), 5)
    0.41703
    >>> round(cross_entropy([[0.0, 0.0]], [1], base=2), 12)
    1.0
    """
    logits, labels = _classification(logits, labels)
    log_p = log_softmax(logits, axis=1)
    if labels.ndim == 1:
        chosen = log_p[np.arange(len(labels)), labels]
    else:
        chosen = _times_log(labels, log_p).sum(axis=1)
    return -float(np.mean(chosen)) / _unit(base) + 0.0  # + 0.0: a perfect prediction costs 0, not -0


def cross_entropy_backward(
    logits: ArrayLike, labels: ArrayLike, dloss: float = 1.0, *, base: float | None = None
) -> np.ndarray:
    r"""Return the gradient of :func:`cross_entropy` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z_{nk}} = \frac{p_{nk} - \mathbb{1}[k = y_n]}{N}

    ``base`` divides it by the natural logarithm of the base; distributions q replace the one-hot rows.

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
        (N, K). Every row sums to 0.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> cross_entropy_backward([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    """
    logits, labels = _classification(logits, labels)
    dlogits = softmax(logits, axis=1)
    if labels.ndim == 1:
        dlogits[np.arange(len(labels)), labels] -= 1
    else:
        dlogits -= labels
    dlogits *= number("dloss", dloss) / (len(logits) * _unit(base))
    return dlogits


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
        losses = _times_log(y, np.log(p)) + _times_log(1 - y, np.log1p(-p))
    return -float(np.mean(losses)) / _unit(base) + 0.0


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
    dp = _quotient(1 - y, 1 - p) - _quotient(y, p)
    return dp * (number("dloss", dloss) / (p.size * _unit(base)))


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
    return float(np.mean(losses)) / _unit(base)


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
    return (sigmoid(z) - y) * (number("dloss", dloss) / (z.size * _unit(base)))


def kl_divergence(p: ArrayLike, q: ArrayLike, *, base: float | None = None) -> float:
    r"""Return the Kullback-Leibler divergence of q from p, summed over the last axis, averaged over rows.

    .. math:: D(p \,\|\, q) = \frac{1}{N} \sum_n \sum_k p_{nk} \log \frac{p_{nk}}{q_{nk}}

    With 0 log 0 = 0, and ``inf`` where q rules out what p allows (q = 0 < p). It is 0 only for p = q, and not
    symmetric.

    Parameters
    ----------
    p, q : array_like
        Distributions along the last axis: (K,), or (N, K), or more leading axes. Same shape.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, or a row is no distribution (NaN, negative, or not summing to 1).

    References
    ----------
    Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951) 79-86,
    doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> kl_divergence([0.5, 0.5, 0.0], [0.25, 0.25, 0.5], base=2)
    1.0
    """
    p, q = _distributions(p, q)
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant
        terms = _times_log(p, np.log(p)) - _times_log(p, np.log(q))
    return float(np.mean(terms.sum(axis=-1))) / _unit(base)


def kl_divergence_backward(
    p: ArrayLike, q: ArrayLike, dloss: float = 1.0, *, base: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`kl_divergence` with respect to p and to q.

    .. math::

        \frac{\partial D}{\partial p_{nk}} = \frac{1}{N} \Big( \log \frac{p_{nk}}{q_{nk}} + 1 \Big), \qquad
        \frac{\partial D}{\partial q_{nk}} = -\frac{1}{N} \frac{p_{nk}}{q_{nk}}

    Every entry counts as free: that rows sum to 1 is the business of the softmax before it. At the edges
    the limits are returned: dp is -inf where p = 0 < q and inf where q = 0 < p, dq is -inf there. Where p =
    q = 0 the class does not exist, and both are 0.

    Parameters
    ----------
    p, q : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    base : float, optional
        The forward's base.

    Returns
    -------
    dp, dq : ndarray
        Shape of ``p``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> dp, dq = kl_divergence_backward([0.5, 0.5], [0.25, 0.75])
    >>> dq
    array([-2.        , -0.66666667])
    """
    p, q = _distributions(p, q)
    scale = number("dloss", dloss) / (p.size // p.shape[-1] * _unit(base))
    exists = (p > 0) | (q > 0)
    with np.errstate(divide="ignore"):
        log_ratio = np.subtract(np.log(p), np.log(q), out=np.zeros_like(p), where=exists)
    return (log_ratio + exists) * scale, (0 - _quotient(p, q)) * scale


def _unit(base: float | None) -> float:
    """Return the nats in one unit of the loss: log(base), or 1 for natural logarithms."""
    if base is None:
        return 1.0
    base = number("base", base)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be a finite number above 1, got {base}")
    return math.log(base)


def _times_log(weights: np.ndarray, logarithms: np.ndarray) -> np.ndarray:
    """Return weights * logarithms with 0 log 0 = 0."""
    return np.multiply(weights, logarithms, out=np.zeros_like(logarithms), where=weights > 0)


def _quotient(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b with 0/0 = 0, and infinity (no warning) for a/0."""
    with np.errstate(divide="ignore"):
        return np.divide(a, b, out=np.zeros_like(a), where=a > 0)


def _not_empty(name: str, x: np.ndarray) -> np.ndarray:
    if x.size == 0:
        raise ValueError(f"{name} must hold at least one number, got shape {x.shape}")
    return x


def _regression(prediction: ArrayLike, target: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays of one shape, in the floating type of the prediction."""
    prediction = _not_empty("prediction", as_float("prediction", prediction))
    target = finite("target", same_shape("target", target, prediction.shape))
    return prediction, target.astype(prediction.dtype, copy=False)


def _classification(logits: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (N, K) and labels: class indices (N,), or probabilities (N, K) in the logits' type."""
    logits = _not_empty("logits", as_float("logits", logits, ndim=2, layout="(N, K)"))
    q = as_float("labels", labels)
    if q.ndim == 1:
        return logits, _class_indices(np.asarray(labels), *logits.shape)
    q = _rows_sum_to_one("labels", same_shape("labels", q, logits.shape))
    return logits, q.astype(logits.dtype, copy=False)


def _class_indices(labels: np.ndarray, num_examples: int, num_classes: int) -> np.ndarray:
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels (N,) must be integer class indices, got an array of {labels.dtype}")
    if len(labels) != num_examples:
        raise ValueError(f"labels must hold a class index for each of {num_examples} rows, got {len(labels)}")
    wrong = (labels < 0) | (labels >= num_classes)
    if wrong.any():
        index = int(np.argmax(wrong))
        raise ValueError(f"labels must lie in 0 ... {num_classes - 1}, got {labels[index]} at index {index}")
    return labels


def _probabilities(name: str, x: np.ndarray) -> np.ndarray:
    """Return ``x`` if every number is a probability."""
    wrong = ~((x >= 0) & (x <= 1))  # written so that NaN is wrong as well
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"{name} must lie in [0, 1], got {x[index]} at index {index}")
    return x


def _rows_sum_to_one(name: str, x: np.ndarray) -> np.ndarray:
    sums = _probabilities(name, x).sum(axis=-1)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"every row of {name} must sum to 1, got {sums[index]} in row {index}")
    return x


def _binary(probabilities: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    p = _not_empty("probabilities", as_float("probabilities", probabilities))
    _, y = _binary_logits(p, labels)
    return _probabilities("probabilities", p), y


def _binary_logits(logits: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    z = _not_empty("logits", as_float("logits", logits))
    y = _probabilities("labels", same_shape("labels", labels, z.shape))
    return z, y.astype(z.dtype, copy=False)


def _distributions(p: ArrayLike, q: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    p = _not_empty("p", as_float("p", p))
    if p.ndim == 0:
        raise ValueError(f"p must be a distribution along its last axis, got the single number {p}")
    q = same_shape("q", q, p.shape)
    return common_float(_rows_sum_to_one("p", p), _rows_sum_to_one("q", q))
