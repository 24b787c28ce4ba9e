"""Losses between scores of classes and the classes that are right: of an image, or of each of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer, number
from cvlib.losses._arguments import numbers, rows_sum_to_one, share, times_log, unit
from cvlib.ops._arrays import as_float, indices_below, same_shape
from cvlib.ops.softmax import log_softmax, softmax

__all__ = [
    "cross_entropy",
    "cross_entropy_backward",
    "one_hot",
    "pixel_cross_entropy",
    "pixel_cross_entropy_backward",
]


def cross_entropy(
    logits: ArrayLike, labels: ArrayLike, *, base: float | None = None, label_smoothing: float = 0.0
) -> float:
    r"""Return the mean cross-entropy between the labels and the softmax of the logits.

    .. math:: L = -\frac{1}{N} \sum_n \log p_{n, y_n}
        = \frac{1}{N} \sum_n \Big(\log \sum_k e^{z_{nk}} - z_{n, y_n}\Big)

    The second form, log-sum-exp with the maximum subtracted, never takes the logarithm of a probability
    that was rounded to 0. For labels that are distributions q,

    .. math:: L = -\frac{1}{N} \sum_n \sum_k q_{nk} \log p_{nk}

    Label smoothing replaces q by :math:`(1 - \epsilon)\, q + \epsilon / K`: no class is ever ruled out, and
    the logits of the right class need not grow for ever.

    Parameters
    ----------
    logits : array_like
        Scores z before the softmax, (N, K).
    labels : array_like
        Integer class indices (N,), or probabilities (N, K) whose rows sum to 1 (one-hot rows among them).
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.
    label_smoothing : float
        The share :math:`\epsilon` of every label, from 0 to 1, that is spread evenly over all K classes.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If class indices are not integers.
    ValueError
        If a shape does not fit, a class index is out of range, a row of labels is no distribution, or an
        option is out of range.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 6.2.2.3. Label smoothing: Szegedy,
    Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer vision", CVPR 2016,
    section 7.

    Examples
    --------
    >>> round(cross_entropy([[2.0, 1.0, 0.1]], [0]), 5)
    0.41703
    >>> round(cross_entropy([[0.0, 0.0]], [1], base=2), 12)
    1.0
    """
    return _mean_cost(*_classification(logits, labels, label_smoothing)) / unit(base)


def cross_entropy_backward(
    logits: ArrayLike,
    labels: ArrayLike,
    dloss: float = 1.0,
    *,
    base: float | None = None,
    label_smoothing: float = 0.0,
) -> np.ndarray:
    r"""Return the gradient of :func:`cross_entropy` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z_{nk}} = \frac{p_{nk} - \mathbb{1}[k = y_n]}{N}

    ``base`` divides it by the natural logarithm of the base; distributions q, smoothed labels among them,
    replace the one-hot rows.

    Parameters
    ----------
    logits, labels : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    base : float, optional
        The forward's base.
    label_smoothing : float
        The forward's smoothing.

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
    return _gradient(*_classification(logits, labels, label_smoothing), number("dloss", dloss) / unit(base))


def pixel_cross_entropy(logits: ArrayLike, labels: ArrayLike) -> float:
    r"""Return the :func:`cross_entropy` of every pixel, averaged over all pixels: the loss of segmentation.

    .. math:: L = -\frac{1}{N H W} \sum_{n,i,j} \log p_{n,\, y_{nij},\, i, j}

    where p is the softmax over the channels: each pixel is an example of its own.

    Parameters
    ----------
    logits : array_like
        Scores before the softmax, one map per class, (N, K, H, W).
    labels : array_like
        The class index of every pixel, (N, H, W).

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If a shape does not fit, or a class index is out of range.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015, section 3.

    Examples
    --------
    >>> logits = np.zeros((1, 4, 2, 3))  # four classes, and no idea which
    >>> round(pixel_cross_entropy(logits, np.zeros((1, 2, 3), int)), 4)  # log 4
    1.3863
    """
    return _mean_cost(*_segmentation(logits, labels))


def pixel_cross_entropy_backward(logits: ArrayLike, labels: ArrayLike, dloss: float = 1.0) -> np.ndarray:
    r"""Return the gradient of :func:`pixel_cross_entropy` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z_{nkij}} = \frac{p_{nkij} - \mathbb{1}[k = y_{nij}]}{N H W}

    Parameters
    ----------
    logits, labels : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.

    Returns
    -------
    ndarray
        (N, K, H, W). It sums to 0 over the channels.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> pixel_cross_entropy_backward([[[[0.0, 0.0]], [[0.0, 0.0]]]], [[[0, 1]]])
    array([[[[-0.25,  0.25]],
    <BLANKLINE>
            [[ 0.25, -0.25]]]])
    """
    return _gradient(*_segmentation(logits, labels), number("dloss", dloss))


def one_hot(labels: ArrayLike, num_classes: int, *, dtype: DTypeLike = np.float32) -> np.ndarray:
    r"""Return each class index as a row of zeros with a single one.

    .. math:: t_{nk} = \mathbb{1}[k = y_n]

    Parameters
    ----------
    labels : array_like
        Class indices of any shape: (N,), or (N, H, W).
    num_classes : int
        K, at least 1.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray
        The shape of ``labels``, and K on a last axis more.

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If a class index is out of range.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    num_classes = integer("num_classes", num_classes, minimum=1)
    labels = indices_below(num_classes, "labels", labels)
    return (labels[..., np.newaxis] == np.arange(num_classes)).astype(dtype)


# Logits are (N, K) or (N, K, ...) with the classes on axis 1; labels are class indices without that axis, or
# probabilities with it. The softmax runs along axis 1: moving the classes of an image last costs five times as much.


def _mean_cost(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of -log p of the right class, or of the expectation of it."""
    log_p = log_softmax(logits, axis=1)
    if labels.ndim < logits.ndim:
        costs = np.take_along_axis(log_p, np.expand_dims(labels, 1), axis=1)
    else:
        costs = times_log(labels, log_p).sum(axis=1)
    return -float(np.mean(costs)) + 0.0  # + 0.0: a perfect prediction costs 0, not -0


def _gradient(logits: np.ndarray, labels: np.ndarray, dloss: float) -> np.ndarray:
    """Return dloss (p - q) / N, where N counts the pixels too."""
    dlogits = softmax(logits, axis=1)
    if labels.ndim < logits.ndim:
        right = np.expand_dims(labels, 1)
        np.put_along_axis(dlogits, right, np.take_along_axis(dlogits, right, axis=1) - 1, axis=1)
    else:
        dlogits -= labels
    dlogits *= dloss * logits.shape[1] / logits.size
    return dlogits


def _classification(
    logits: ArrayLike, labels: ArrayLike, label_smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (N, K) and labels: class indices (N,), or probabilities (N, K) in the logits' type."""
    smoothing = share("label_smoothing", label_smoothing)
    logits = numbers("logits", logits, ndim=2, layout="(N, K)")
    q = as_float("labels", labels)
    if q.ndim == 1:
        labels = _one_index_each(logits, labels)
        if smoothing == 0:
            return logits, labels
        q = one_hot(labels, logits.shape[1])
    q = rows_sum_to_one("labels", same_shape("labels", q, logits.shape)).astype(logits.dtype, copy=False)
    return logits, (1 - smoothing) * q + smoothing / logits.shape[1]


def _segmentation(logits: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    logits = numbers("logits", logits, ndim=4, layout="(N, K, H, W)")
    return logits, _one_index_each(logits, labels)


def _one_index_each(logits: np.ndarray, labels: ArrayLike) -> np.ndarray:
    """Return labels as class indices, one for each row or pixel of the logits."""
    labels = indices_below(logits.shape[1], "labels", labels)
    expected = logits.shape[:1] + logits.shape[2:]
    if labels.shape != expected:
        raise ValueError(f"labels must hold one class index for each of {expected}, got shape {labels.shape}")
    return labels
