"""How good are the predicted classes? Counts and shares to read; what has a gradient is in :mod:`cvlib.losses`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer
from cvlib.ops._arrays import indices_below

__all__ = ["confusion_matrix", "iou_per_class", "mean_iou"]


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> np.ndarray:
    r"""Count how often each class was taken for each class.

    .. math:: c_{ij} = \#\{n : y_n = i,\ \hat y_n = j\}

    Row i holds what is i in truth, column j what was called j; the diagonal is right.

    Parameters
    ----------
    labels : array_like of int
        True class indices of any shape: (N,), or (N, H, W) for pixels.
    predictions : array_like of int
        Predicted class indices, same shape.
    num_classes : int
        K, at least 1.

    Returns
    -------
    ndarray of int, (K, K)

    Raises
    ------
    TypeError
        If an argument is not made of integers.
    ValueError
        If the shapes differ, or a class index is out of range.

    Examples
    --------
    >>> confusion_matrix([0, 0, 0, 1], [0, 0, 1, 1], 2)  # one 0 was taken for a 1
    array([[2, 1],
           [0, 1]])
    """
    K = integer("num_classes", num_classes, minimum=1)
    labels, predictions = indices_below(K, "labels", labels), indices_below(K, "predictions", predictions)
    if predictions.shape != labels.shape:
        raise ValueError(f"predictions must have shape {labels.shape}, got {predictions.shape}")
    cells = labels * K + predictions  # the cells of the matrix, numbered row by row
    return np.bincount(cells.ravel(), minlength=K * K).reshape(K, K)


def iou_per_class(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> np.ndarray:
    r"""Return the intersection over union of truth and prediction, for each class.

    .. math:: \text{IoU}_k = \frac{c_{kk}}{\sum_j c_{kj} + \sum_i c_{ik} - c_{kk}}

    of the :func:`confusion_matrix` c: pixels that are k *and* were called k, over those that are k *or* were
    called k. Unlike the share of right pixels, it cannot be bought by calling everything background.

    Parameters
    ----------
    labels, predictions : array_like of int
        Class indices, both (N, H, W) or of any other shape.
    num_classes : int
        K.

    Returns
    -------
    ndarray, (K,)
        From 0 to 1; NaN for a class that occurs in neither, which has no union.

    Raises
    ------
    TypeError, ValueError
        As :func:`confusion_matrix` does.

    References
    ----------
    Everingham, Van Gool, Williams, Winn and Zisserman, "The Pascal visual object classes (VOC) challenge",
    International Journal of Computer Vision 88 (2010) 303-338, section 4.3, doi:10.1007/s11263-009-0275-4.

    Examples
    --------
    >>> iou_per_class([0, 0, 0, 1], [0, 0, 1, 1], 2)  # 2 of 3, and 1 of 2
    array([0.66666667, 0.5       ])
    """
    counts = confusion_matrix(labels, predictions, num_classes)
    both = counts.diagonal()
    either = counts.sum(axis=1) + counts.sum(axis=0) - both
    return np.divide(both, either, out=np.full(len(counts), np.nan), where=either > 0)


def mean_iou(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> float:
    r"""Return the mean of :func:`iou_per_class` over the classes that occur in the truth or the prediction.

    .. math:: \text{mIoU} = \frac{1}{|\mathcal{K}|} \sum_{k \in \mathcal{K}} \text{IoU}_k

    Every class counts the same, however few pixels it has.

    Parameters
    ----------
    labels, predictions : array_like of int
        Class indices, both (N, H, W) or of any other shape.
    num_classes : int
        K.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As :func:`confusion_matrix` does; ValueError also if there are no pixels.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015, section 5.

    Examples
    --------
    >>> round(mean_iou([0, 0, 0, 1], [0, 0, 1, 1], 10), 4)  # (2/3 + 1/2) / 2
    0.5833
    """
    shares = iou_per_class(labels, predictions, num_classes)
    if np.isnan(shares).all():
        raise ValueError("labels must hold at least one class index, got none")
    return float(np.nanmean(shares))
