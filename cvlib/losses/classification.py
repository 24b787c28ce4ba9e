"""Losses between scores of classes and the classes that are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import class_indices, not_empty, rows_sum_to_one, times_log, unit
from cvlib.ops._arrays import as_float, same_shape
from cvlib.ops.softmax import log_softmax, softmax

__all__ = [
    "cross_entropy",
    "cross_entropy_backward",
]


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
        chosen = times_log(labels, log_p).sum(axis=1)
    return -float(np.mean(chosen)) / unit(base) + 0.0  # + 0.0: a perfect prediction costs 0, not -0


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
    dlogits *= number("dloss", dloss) / (len(logits) * unit(base))
    return dlogits


def _classification(logits: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (N, K) and labels: class indices (N,), or probabilities (N, K) in the logits' type."""
    logits = not_empty("logits", as_float("logits", logits, ndim=2, layout="(N, K)"))
    q = as_float("labels", labels)
    if q.ndim == 1:
        return logits, class_indices(np.asarray(labels), *logits.shape)
    q = rows_sum_to_one("labels", same_shape("labels", q, logits.shape))
    return logits, q.astype(logits.dtype, copy=False)
