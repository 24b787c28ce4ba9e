"""Boxes x1, y1, x2, y2: overlap, suppression, matching and scoring, exact in exact numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from byhand._nested import Matrix, Number, Vector, divide, indices, same_shape, shape
from cvlib._checks import number


def iou(a: Matrix, b: Matrix) -> list[Any]:
    r"""Return the intersection over union of every box of ``a`` with every box of ``b``.

    .. math:: \text{IoU}_{n,m} = \frac{|a_n \cap b_m|}{|a_n \cup b_m|}

    Boxes are continuous: x2 - x1 wide. Where both areas are 0 the IoU is 0.

    Parameters
    ----------
    a, b : nested lists (N, 4) and (M, 4)

    Returns
    -------
    nested lists (N, M)

    Raises
    ------
    TypeError, ValueError
        If an argument is not a list of boxes with x1 <= x2 and y1 <= y2.

    Examples
    --------
    >>> iou([[0, 0, 4, 4]], [[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]])
    [[Fraction(1, 1), Fraction(1, 3), Fraction(0, 1)]]
    """
    _check_boxes("a", a)
    _check_boxes("b", b)
    return [[_iou_of(box, other) for other in b] for box in a]


def nms(boxes: Matrix, scores: Vector, *, iou_threshold: Number = 0.5) -> list[int]:
    """Return the indices of the boxes that survive non-maximum suppression, by falling score.

    The best box left is kept, and those whose IoU with it is above the threshold are removed; and so on. Of equal
    scores the lower index comes first.

    Parameters
    ----------
    boxes : nested lists (N, 4)
    scores : list (N,)
    iou_threshold : number
        In [0, 1].

    Examples
    --------
    >>> nms([[0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4]], [0.9, 0.8, 0.6])
    [0, 2]
    """
    _check_boxes("boxes", boxes)
    same_shape("scores", scores, (len(boxes),), "the list of boxes")
    _check_share("iou_threshold", iou_threshold)
    left = _by_falling(scores)
    kept = []
    while left:
        best = left[0]
        kept.append(best)
        left = [k for k in left[1:] if _iou_of(boxes[best], boxes[k]) <= iou_threshold]
    return kept


def encode_boxes(boxes: Matrix, anchors: Matrix) -> list[Any]:
    r"""Return what turns each anchor into its box: the shift in anchor sizes, and the logarithm of the growth.

    .. math:: t_x = \frac{x - x_a}{w_a}, \quad t_y = \frac{y - y_a}{h_a}, \quad
        t_w = \log \frac{w}{w_a}, \quad t_h = \log \frac{h}{h_a}

    Examples
    --------
    >>> encode_boxes([[2, 0, 6, 8]], [[0, 0, 4, 8]])
    [[Fraction(1, 2), Fraction(0, 1), 0.0, 0.0]]
    """
    _check_boxes("boxes", boxes, empty=False)
    _check_boxes("anchors", anchors, empty=False)
    same_shape("anchors", anchors, shape("boxes", boxes), "the boxes")
    deltas = []
    for box, anchor in zip(boxes, anchors, strict=True):
        (x, y, w, h), (x_a, y_a, w_a, h_a) = _centre_and_size(box), _centre_and_size(anchor)
        deltas.append([divide(x - x_a, w_a), divide(y - y_a, h_a), math.log(w / w_a), math.log(h / h_a)])
    return deltas


def decode_boxes(deltas: Matrix, anchors: Matrix) -> list[Any]:
    r"""Return the boxes that the deltas make of the anchors: the inverse of :func:`encode_boxes`, as floats.

    .. math:: x = t_x w_a + x_a, \quad w = w_a \exp(\min(t_w, \log 62.5))

    and likewise y and h. The limit keeps the exponential from overflowing.

    Examples
    --------
    >>> decode_boxes([[0.5, 0, 0, 0]], [[0, 0, 4, 8]])
    [[2.0, 0.0, 6.0, 8.0]]
    """
    _check_boxes("anchors", anchors, empty=False)
    same_shape("deltas", deltas, shape("anchors", anchors), "the anchors")
    boxes = []
    for (t_x, t_y, t_w, t_h), anchor in zip(deltas, anchors, strict=True):
        x_a, y_a, w_a, h_a = _centre_and_size(anchor)
        x, y = float(t_x * w_a + x_a), float(t_y * h_a + y_a)
        w, h = (float(size) * math.exp(min(t, math.log(62.5))) for size, t in ((w_a, t_w), (h_a, t_h)))
        boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return boxes


def match_anchors(
    anchors: Matrix, boxes: Matrix, *, positive_iou: Number = 0.7, negative_iou: Number = 0.3
) -> tuple[list[int], list[int]]:
    """Return which anchors are objects (1), background (0) or neither (-1), and the object each is matched to.

    An object makes an anchor positive if their IoU reaches ``positive_iou``, or if no other anchor overlaps the
    object more. The anchor is matched to the one it overlaps most among the objects that made it positive, or among
    all objects if none did; of equals to the first.

    Parameters
    ----------
    anchors : nested lists (A, 4)
    boxes : nested lists (M, 4)
        The objects.
    positive_iou, negative_iou : number
        Below ``negative_iou`` with every object an anchor is background.

    Examples
    --------
    >>> match_anchors([[0, 0, 4, 4], [0, 0, 4, 8], [8, 0, 12, 4], [8, 8, 12, 12]], [[0, 0, 4, 5], [9, 0, 13, 4]])
    ([1, -1, 1, 0], [0, 0, 1, 0])
    """
    overlaps = iou(anchors, boxes)
    _check_share("positive_iou", positive_iou)
    _check_share("negative_iou", negative_iou)
    best = [max(overlaps[k][m] for k in range(len(anchors))) for m in range(len(boxes))]
    labels, matched = [], []
    for row in overlaps:
        reached = [m for m in range(len(boxes)) if row[m] >= positive_iou or row[m] == best[m] > 0]
        labels.append(1 if reached else 0 if max(row) < negative_iou else -1)
        matched.append(max(reached or range(len(boxes)), key=lambda m, row=row: row[m]))
    return labels, matched


def precision_recall(
    boxes: Sequence[Matrix],
    scores: Sequence[Vector],
    true_boxes: Sequence[Matrix],
    *,
    iou_threshold: Number = 0.5,
) -> tuple[list[Any], list[Any]]:
    r"""Return precision TP / k and recall TP / (number of objects) of the k best detections, for k = 1, 2, ...

    By falling score, over all images: a detection is a true positive TP if it has at least the IoU
    ``iou_threshold`` with the object it overlaps most, and that object was not found before.

    Parameters
    ----------
    boxes, scores, true_boxes : list with one entry for each image
        The detections of one class, (K_i, 4), their scores, (K_i,), and the objects, (M_i, 4); an image may have
        none.

    Examples
    --------
    >>> found = [[0, 0, 4, 4], [0, 0, 4, 3], [6, 6, 9, 9]]
    >>> precision, recall = precision_recall([found], [[3, 2, 1]], [[[0, 0, 4, 4], [6, 6, 9, 9]]])
    >>> print(*precision)
    1 1/2 2/3
    >>> print(*recall)
    1/2 1/2 1
    """
    num_objects = _check_images(boxes, scores, true_boxes)
    _check_share("iou_threshold", iou_threshold)
    detections = [(image, k) for image, detected in enumerate(boxes) for k in range(len(detected))]
    found = set()
    precision, recall = [], []
    for place in _by_falling([scores[image][k] for image, k in detections]):
        image, k = detections[place]
        overlaps = [_iou_of(boxes[image][k], truth) for truth in true_boxes[image]]
        if overlaps and max(overlaps) >= iou_threshold:
            found.add((image, overlaps.index(max(overlaps))))  # once more changes nothing
        precision.append(divide(len(found), len(precision) + 1))
        recall.append(divide(len(found), num_objects))
    return precision, recall


def average_precision(
    boxes: Sequence[Matrix],
    scores: Sequence[Vector],
    true_boxes: Sequence[Matrix],
    *,
    iou_threshold: Number = 0.5,
) -> Number:
    r"""Return the area under the falling staircase over :func:`precision_recall`.

    .. math:: AP = \sum_k (r_k - r_{k-1}) \max_{j \ge k} p_j, \quad r_0 = 0

    Examples
    --------
    >>> found = [[0, 0, 4, 4], [0, 0, 4, 3], [6, 6, 9, 9]]
    >>> average_precision([found], [[3, 2, 1]], [[[0, 0, 4, 4], [6, 6, 9, 9]]])
    Fraction(5, 6)
    """
    precision, recall = precision_recall(boxes, scores, true_boxes, iou_threshold=iou_threshold)
    total, before = 0, 0
    for k, r in enumerate(recall):
        total += (r - before) * max(precision[k:])
        before = r
    return total


def _iou_of(a: Vector, b: Vector) -> Number:
    """Return the intersection over union of two boxes."""
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = width * height
    union = _area(a) + _area(b) - shared
    return divide(shared, union) if union else union


def _area(box: Vector) -> Number:
    x1, y1, x2, y2 = box
    return (x2 - x1) * (y2 - y1)


def _centre_and_size(box: Vector) -> tuple[Number, Number, Number, Number]:
    x1, y1, x2, y2 = box
    return divide(x1 + x2, 2), divide(y1 + y2, 2), x2 - x1, y2 - y1


def _by_falling(scores: Vector) -> list[int]:
    """Return the indices by falling score, of equal scores the lower index first."""
    return sorted(range(len(scores)), key=lambda k: -scores[k])


def _check_boxes(name: str, boxes: Matrix, *, empty: bool = True) -> None:
    """Check that ``boxes`` is (N, 4) with x1 <= x2 and y1 <= y2; unless ``empty`` may be, with <."""
    count, coordinates = shape(name, boxes, "N", "4")
    if coordinates != 4:
        raise ValueError(f"{name} must hold boxes x1, y1, x2, y2, got shape {(count, coordinates)}")
    for n, axis in indices(count, 2):
        if boxes[n][axis] > boxes[n][axis + 2]:
            raise ValueError(f"{name}[{n}] must have x1 <= x2 and y1 <= y2, got {boxes[n]}")
        if boxes[n][axis] == boxes[n][axis + 2] and not empty:
            raise ValueError(f"{name}[{n}] must have positive width and height, got {boxes[n]}")


def _check_share(name: str, value: Number) -> None:
    if not 0 <= number(name, value) <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")


def _check_images(boxes: Sequence[Matrix], scores: Sequence[Vector], true_boxes: Sequence[Matrix]) -> int:
    """Return the number of objects in all images, if there are any and every image is as it should be."""
    for name, entries in (("scores", scores), ("true_boxes", true_boxes)):
        if len(entries) != len(boxes):
            raise ValueError(
                f"{name} must have one entry for each of {len(boxes)} images, got {len(entries)}"
            )
    for image, (detected, score, truth) in enumerate(zip(boxes, scores, true_boxes, strict=True)):
        if detected or score:
            _check_boxes(f"boxes[{image}]", detected)
            same_shape(f"scores[{image}]", score, (len(detected),), "the list of boxes")
        if truth:
            _check_boxes(f"true_boxes[{image}]", truth)
    if not any(true_boxes):
        raise ValueError("true_boxes must hold at least one object, got none: there is no recall without any")
    return sum(map(len, true_boxes))
