"""What single-stage and two-stage detectors have in common: objects going in, and a few of many boxes coming out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import within
from cvlib.boxes import nms
from cvlib.ops._arrays import as_float

Detections = tuple[
    list[np.ndarray], list[np.ndarray], list[np.ndarray]
]  # boxes, scores, labels of each image


def boxes_of_image(name: str, boxes: ArrayLike) -> np.ndarray:
    """Return boxes (M, 4); an empty list stands for none."""
    boxes = as_float(name, boxes)
    if boxes.shape == (0,):
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have shape (M, 4) for x1, y1, x2, y2, got {boxes.shape}")
    return boxes


def classes_of_image(name: str, labels: ArrayLike, count: int, num_classes: int | None = None) -> np.ndarray:
    """Return ``count`` classes, each in 1 ... K if K is known: 0, the background, has no boxes."""
    labels = np.asarray(labels)
    if labels.size and labels.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got an array of {labels.dtype}")
    if labels.shape != (count,):
        raise ValueError(f"{name} must hold one class for each of {count} boxes, got shape {labels.shape}")
    wrong = (labels < 1) | (labels > (np.inf if num_classes is None else num_classes))
    if wrong.any():
        expected = "be at least 1" if num_classes is None else f"lie in 1 ... {num_classes}"
        raise ValueError(f"{name} must {expected}, got {labels[wrong][0]}")
    return labels.astype(np.int64)


def best_of_each_class(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, *, threshold: float, iou_threshold: float
) -> Detections:
    """Return of boxes (N, B, 4) those with a score of at least the threshold that no better one of their class repeats.

    Examples
    --------
    >>> box = np.array([0.0, 0, 4, 4])
    >>> boxes, scores, labels = np.array([[box, box, box]]), np.array([[0.6, 0.9, 0.8]]), np.array([[1, 1, 2]])
    >>> best_of_each_class(boxes, scores, labels, threshold=0.5, iou_threshold=0.5)[1:]
    ([array([0.9, 0.8])], [array([1, 2])])
    """
    threshold = within("threshold", threshold, 0, 1)
    iou_threshold = within("iou_threshold", iou_threshold, 0, 1)
    kept = [
        _kept(*of_image, threshold, iou_threshold) for of_image in zip(boxes, scores, labels, strict=True)
    ]
    return tuple(
        [array[some] for array, some in zip(arrays, kept, strict=True)] for arrays in (boxes, scores, labels)
    )


def _kept(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, threshold: float, iou_threshold: float
) -> np.ndarray:
    """Return the indices of the boxes of one image that stay, by falling score."""
    kept = [np.empty(0, np.intp)]
    for label in np.unique(labels):
        of_class = np.flatnonzero((labels == label) & (scores >= threshold))
        kept.append(of_class[nms(boxes[of_class], scores[of_class], iou_threshold=iou_threshold)])
    kept = np.sort(np.concatenate(kept))
    return kept[np.argsort(-scores[kept], kind="stable")]
