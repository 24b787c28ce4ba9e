"""Boxes around objects: how much two overlap, which to keep, and how a detector codes and scores them.

A box is ``x1, y1, x2, y2``: left, top, right and bottom edge, in an array of shape (..., 4). The coordinates are
continuous: the pixel in row i and column j covers y from i to i + 1 and x from j to j + 1, so a box is x2 - x1 wide
and y2 - y1 high, without the "+ 1" of the days when corners were pixels. A box with x2 < x1 or y2 < y1 is refused;
one without width or height is a box of area 0.

Arithmetic on boxes lets NaN and infinity flow through. Where boxes and scores are *decided* upon (suppression,
matching, evaluation) they must be finite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, number, pair
from cvlib.ops._arrays import as_float, common_float, finite

__all__ = [
    "anchor_boxes",
    "area",
    "average_precision",
    "clip_boxes",
    "decode_boxes",
    "encode_boxes",
    "iou",
    "match_anchors",
    "mean_average_precision",
    "nms",
    "precision_recall",
]

_NMS_BLOCK = 128  # boxes whose overlaps with all others are computed at once
_LOG_SCALE_LIMIT = math.log(
    1000 / 16
)  # decoded boxes are at most 62.5 times as wide or high as their anchors


def area(boxes: ArrayLike) -> np.ndarray:
    r"""Return the area of every box.

    .. math:: A = (x_2 - x_1)\,(y_2 - y_1)

    Parameters
    ----------
    boxes : array_like, (..., 4)
        Edges x1, y1, x2, y2.

    Returns
    -------
    ndarray, (...)

    Raises
    ------
    TypeError
        If ``boxes`` does not hold real numbers.
    ValueError
        If the last axis is not 4, or a box has x2 < x1 or y2 < y1.

    Examples
    --------
    >>> area([[0, 0, 4, 3], [1, 1, 1, 5]])
    array([12.,  0.])
    """
    return _areas(_boxes("boxes", boxes))


def iou(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    r"""Return the intersection over union of every box of ``a`` with every box of ``b``.

    .. math:: \text{IoU}_{n,m} = \frac{|a_n \cap b_m|}{|a_n \cup b_m|} = \frac{I}{A_n + A_m - I}, \quad
        I = \max(0, \min(x_2) - \max(x_1)) \cdot \max(0, \min(y_2) - \max(y_1))

    1 for equal boxes, 0 for boxes that do not meet or only touch. Also 0 where both areas are 0: such boxes share no
    area.

    Parameters
    ----------
    a : array_like, (N, 4)
        Edges x1, y1, x2, y2; N may be 0.
    b : array_like, (M, 4)
        Likewise.

    Returns
    -------
    ndarray, (N, M)

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape does not fit, or a box has x2 < x1 or y2 < y1.

    References
    ----------
    Everingham, Van Gool, Williams, Winn and Zisserman, "The PASCAL visual object classes (VOC) challenge",
    International Journal of Computer Vision 88, 2010, equation 3. As a likeness of sets: Jaccard, 1901.

    Examples
    --------
    Two squares of 4 x 4, one moved by 2 to the right: they share 8 of 24.

    >>> iou([[0, 0, 4, 4]], [[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]])
    array([[1.        , 0.33333333, 0.        ]])
    """
    a, b = common_float(_rows("a", a), _rows("b", b))
    return _iou(a, b)


def nms(boxes: ArrayLike, scores: ArrayLike, *, iou_threshold: float = 0.5) -> np.ndarray:
    r"""Return the indices of the boxes that survive non-maximum suppression, by falling score.

    The best box is kept, and every other box is removed whose IoU with it is *above* the threshold; then the best of
    those that are left, and so on:

    .. math:: k \text{ is kept} \iff \text{IoU}(b_k, b_j) \le t \text{ for every kept } j \text{ before it}

    Of equal scores the lower index comes first. Boxes of all classes compete: to suppress class by class, call it
    once for each class.

    Parameters
    ----------
    boxes : array_like, (N, 4)
        Edges x1, y1, x2, y2; N may be 0.
    scores : array_like, (N,)
        The higher, the better.
    iou_threshold : float
        Largest IoU t, in [0, 1], of two boxes that are both kept.

    Returns
    -------
    ndarray, (K,), int64

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape does not fit, a number is not finite, a box has x2 < x1 or y2 < y1, or the threshold is not in
        [0, 1].

    References
    ----------
    Felzenszwalb, Girshick, McAllester and Ramanan, "Object detection with discriminatively trained part-based
    models", IEEE Transactions on Pattern Analysis and Machine Intelligence 32(9), 2010, section 7.2 (there: the
    share of the box that is covered). By IoU: Girshick, Donahue, Darrell and Malik, "Rich feature hierarchies for
    accurate object detection and semantic segmentation", CVPR 2014, arXiv:1311.2524, section 2.2.

    Examples
    --------
    >>> nms([[0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4]], [0.8, 0.9, 0.6])
    array([1])
    >>> nms([[0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4]], [0.9, 0.8, 0.6])
    array([0, 2])
    """
    boxes, scores = _scored("boxes", boxes, "scores", scores)
    iou_threshold = _share("iou_threshold", iou_threshold)
    order = _by_falling(scores)
    boxes, alive = boxes[order], np.ones(len(order), bool)
    for start in range(0, len(order), _NMS_BLOCK):
        candidates = start + np.flatnonzero(alive[start : start + _NMS_BLOCK])
        too_close = _iou(boxes[candidates], boxes[start:]) > iou_threshold
        for k, others in zip(candidates, too_close, strict=True):
            if alive[k]:
                alive[start:] &= ~others
                alive[k] = True  # a box does not remove itself
    return order[alive].astype(np.int64, copy=False)


def anchor_boxes(
    feature_size: Pair, *, stride: Pair, scales: Sequence[float], ratios: Sequence[float]
) -> np.ndarray:
    r"""Return the anchors of a feature map: in every cell one box for each ratio and scale, around its centre.

    .. math:: w = \frac{s}{\sqrt{r}}, \quad h = s \sqrt{r}, \quad
        (x, y) = \big((j + \tfrac12)\, S_w,\; (i + \tfrac12)\, S_h\big)

    so that :math:`w h = s^2` and :math:`h / w = r`. Row (i W + j) A + a belongs to anchor a of the cell in row i and
    column j; within a cell the ratios change slowly and the scales fast. A head with A channels at each cell gives
    its outputs in this order after a transposition to (H, W, A).

    Parameters
    ----------
    feature_size : int or pair
        Rows and columns (H, W) of the feature map.
    stride : int or pair
        Pixels of the image (S_h, S_w) from one cell to the next.
    scales : sequence of float
        Square roots s of the areas, in pixels of the image.
    ratios : sequence of float
        Height divided by width, r.

    Returns
    -------
    ndarray, (H * W * A, 4), float32
        With A = len(ratios) * len(scales). Anchors at the border stick out of the image, see :func:`clip_boxes`.

    Raises
    ------
    TypeError
        If a size is not an integer, or ``scales`` or ``ratios`` do not hold real numbers.
    ValueError
        If a size is below 1, or ``scales`` or ``ratios`` is empty or not positive and finite.

    References
    ----------
    Ren, He, Girshick and Sun, "Faster R-CNN: towards real-time object detection with region proposal networks", NIPS
    2015, arXiv:1506.01497, section 3.1.1: scales 128, 256 and 512, ratios 1/2, 1 and 2.

    Examples
    --------
    >>> anchor_boxes((1, 2), stride=4, scales=[4], ratios=[1, 4])
    array([[ 0.,  0.,  4.,  4.],
           [ 1., -2.,  3.,  6.],
           [ 4.,  0.,  8.,  4.],
           [ 5., -2.,  7.,  6.]], dtype=float32)
    """
    height, width = pair("feature_size", feature_size, minimum=1)
    step_y, step_x = pair("stride", stride, minimum=1)
    scales, root = _positive("scales", scales), np.sqrt(_positive("ratios", ratios))[:, None]
    sizes = np.stack([(scales / root).ravel(), (scales * root).ravel()], axis=-1)
    y, x = (np.arange(height) + 0.5) * step_y, (np.arange(width) + 0.5) * step_x
    centres = np.stack(np.meshgrid(x, y), axis=-1)
    anchors = _edges(centres[:, :, None], sizes)
    return anchors.reshape(-1, 4).astype(np.float32)


def encode_boxes(boxes: ArrayLike, anchors: ArrayLike) -> np.ndarray:
    r"""Return what a net must predict to turn the anchors into the boxes.

    .. math:: t_x = \frac{x - x_a}{w_a}, \quad t_y = \frac{y - y_a}{h_a}, \quad
        t_w = \log \frac{w}{w_a}, \quad t_h = \log \frac{h}{h_a}

    with the centres (x, y), widths w and heights h of the boxes, and those with index a of the anchors.

    Parameters
    ----------
    boxes : array_like, (..., 4)
        Edges x1, y1, x2, y2, of positive width and height.
    anchors : array_like, (..., 4)
        Likewise, one for each box; leading axes are broadcast.

    Returns
    -------
    ndarray, (..., 4)
        t_x, t_y, t_w, t_h.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape does not fit, or a box or an anchor has no width or no height.

    References
    ----------
    Girshick, Donahue, Darrell and Malik, "Rich feature hierarchies for accurate object detection and semantic
    segmentation", CVPR 2014, arXiv:1311.2524, appendix C, equations 6 to 9.

    Examples
    --------
    >>> encode_boxes([[2, 0, 6, 8]], [[0, 0, 4, 8]])
    array([[0.5, 0. , 0. , 0. ]])
    """
    boxes, anchors = common_float(_boxes("boxes", boxes), _boxes("anchors", anchors))
    _broadcast("boxes", boxes, anchors)
    (centre, size), (centre_a, size_a) = (
        _centre_and_size("boxes", boxes),
        _centre_and_size("anchors", anchors),
    )
    return np.concatenate([(centre - centre_a) / size_a, np.log(size / size_a)], axis=-1)


def decode_boxes(deltas: ArrayLike, anchors: ArrayLike) -> np.ndarray:
    r"""Return the boxes that the predictions make of the anchors: the inverse of :func:`encode_boxes`.

    .. math:: x = t_x w_a + x_a, \quad y = t_y h_a + y_a, \quad
        w = w_a \exp(\min(t_w, \ell)), \quad h = h_a \exp(\min(t_h, \ell)), \quad \ell = \log 62.5

    The limit keeps the exponential of an untrained net's output from overflowing: no box becomes more than
    1000/16 = 62.5 times as wide or high as its anchor. Up to there decoding inverts encoding.

    Parameters
    ----------
    deltas : array_like, (..., 4)
        t_x, t_y, t_w, t_h.
    anchors : array_like, (..., 4)
        Edges x1, y1, x2, y2, of positive width and height; leading axes are broadcast.

    Returns
    -------
    ndarray, (..., 4)
        Edges x1, y1, x2, y2.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape does not fit, or an anchor has no width or no height.

    References
    ----------
    Girshick, Donahue, Darrell and Malik, CVPR 2014, arXiv:1311.2524, appendix C, equations 1 to 4. The limit is that
    of Girshick, Radosavovic, Gkioxari, Dollár and He, "Detectron", 2018 (``BBOX_XFORM_CLIP``).

    Examples
    --------
    >>> decode_boxes([[0.5, 0, 0, 0], [0, 0, 1000, 0]], [[0, 0, 4, 8]])
    array([[   2.,    0.,    6.,    8.],
           [-123.,    0.,  127.,    8.]])
    """
    deltas = np.ascontiguousarray(_four("deltas", "t_x, t_y, t_w, t_h", deltas))
    deltas, anchors = common_float(deltas, _boxes("anchors", anchors))
    _broadcast("deltas", deltas, anchors)
    centre, size = _centre_and_size("anchors", anchors)
    return _edges(
        deltas[..., :2] * size + centre, size * np.exp(np.minimum(deltas[..., 2:], _LOG_SCALE_LIMIT))
    )


def clip_boxes(boxes: ArrayLike, size: Pair) -> np.ndarray:
    r"""Return the boxes cut off at the border of the image.

    .. math:: x \to \min(\max(x, 0), W), \quad y \to \min(\max(y, 0), H)

    A box wholly outside keeps no area.

    Parameters
    ----------
    boxes : array_like, (..., 4)
        Edges x1, y1, x2, y2.
    size : int or pair
        Height and width (H, W) of the image.

    Returns
    -------
    ndarray, (..., 4)

    Raises
    ------
    TypeError
        If ``boxes`` does not hold real numbers, or ``size`` is not of integers.
    ValueError
        If the last axis is not 4, a box has x2 < x1 or y2 < y1, or the image is empty.

    Examples
    --------
    >>> clip_boxes([[-3, 2, 5, 9]], (6, 8))
    array([[0., 2., 5., 6.]])
    """
    boxes = _boxes("boxes", boxes)
    height, width = pair("size", size, minimum=1)
    return np.clip(boxes, 0, np.array([width, height, width, height], boxes.dtype))


def match_anchors(
    anchors: ArrayLike, boxes: ArrayLike, *, positive_iou: float = 0.7, negative_iou: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return which anchors a region proposal network should call objects, and which object each is matched to.

    An object makes an anchor positive

    * if their IoU is at least ``positive_iou``, or
    * if no other anchor overlaps the object more (ties count), and they do overlap: so no object goes without.

    Of the other anchors, those whose IoU is below ``negative_iou`` with every object are negative, and the rest is
    left out of the loss.

    Parameters
    ----------
    anchors : array_like, (A, 4)
        Edges x1, y1, x2, y2.
    boxes : array_like, (M, 4)
        The objects, likewise; M may be 0.
    positive_iou, negative_iou : float
        The thresholds, 0 <= ``negative_iou`` <= ``positive_iou`` <= 1.

    Returns
    -------
    labels : ndarray, (A,), int64
        1 object, 0 background, -1 neither.
    matched : ndarray, (A,), int64
        Row of ``boxes``: for a positive anchor the object it overlaps most among those that made it positive, for
        the others simply the one they overlap most (of equals the first). -1 if there are no objects.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape does not fit, a number is not finite, a box has x2 < x1 or y2 < y1, or the thresholds are not in
        [0, 1] and in order.

    References
    ----------
    Ren, He, Girshick and Sun, "Faster R-CNN", NIPS 2015, arXiv:1506.01497, section 3.1.2.

    Examples
    --------
    >>> anchors = [[0, 0, 4, 4], [0, 0, 4, 8], [8, 0, 12, 4], [8, 8, 12, 12]]
    >>> labels, matched = match_anchors(anchors, [[0, 0, 4, 5], [9, 0, 13, 4]])
    >>> labels, matched
    (array([ 1, -1,  1,  0]), array([0, 0, 1, 0]))
    """
    positive_iou, negative_iou = _share("positive_iou", positive_iou), _share("negative_iou", negative_iou)
    if negative_iou > positive_iou:
        raise ValueError(f"negative_iou must be at most positive_iou, {positive_iou}, got {negative_iou}")
    anchors, boxes = finite("anchors", _rows("anchors", anchors)), finite("boxes", _rows("boxes", boxes))
    if not len(boxes):
        return np.zeros(len(anchors), np.int64), np.full(len(anchors), -1, np.int64)
    overlaps = _iou(*common_float(anchors, boxes))
    best = overlaps.max(axis=0, initial=0)  # for each object
    claims = (overlaps >= positive_iou) | ((overlaps == best) & (best > 0))
    positive = claims.any(axis=1)
    labels = np.where(positive, 1, np.where(overlaps.max(axis=1) < negative_iou, 0, -1))
    matched = np.where(claims | ~positive[:, None], overlaps, -1).argmax(axis=1)
    return labels.astype(np.int64), matched.astype(np.int64)


def precision_recall(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    true_boxes: Sequence[ArrayLike],
    *,
    iou_threshold: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return precision and recall of the k best detections of one class, for k = 1, 2, ...

    .. math:: p_k = \frac{TP_k}{k}, \quad r_k = \frac{TP_k}{\text{number of objects}}

    Detections come by falling score, those of all images together (of equal scores the earlier image, then the lower
    index, first). Each looks at the object of its image that it overlaps most: it is a true positive TP if their IoU
    is at least the threshold and no better detection has found that object before; a second detection of an object
    is false.

    Parameters
    ----------
    boxes : sequence of array_like, (K_i, 4)
        The detections in each image; an image may have none.
    scores : sequence of array_like, (K_i,)
        Their scores.
    true_boxes : sequence of array_like, (M_i, 4)
        The objects in each image; at least one image has one.
    iou_threshold : float
        Least IoU of a true positive, in [0, 1].

    Returns
    -------
    precision, recall : ndarray, (K,), float64
        With K = K_1 + K_2 + ...

    Raises
    ------
    TypeError
        If the arguments are not sequences with one entry for each image, or do not hold real numbers.
    ValueError
        If the numbers of images or boxes differ, a number is not finite, a box has x2 < x1 or y2 < y1, there is no
        object at all, or the threshold is not in [0, 1].

    References
    ----------
    Everingham, Van Gool, Williams, Winn and Zisserman, "The PASCAL visual object classes (VOC) challenge",
    International Journal of Computer Vision 88, 2010, section 4.2.

    Examples
    --------
    One image with two objects: the first detection finds one, the second finds it again, the third finds the other.

    >>> found = [[0, 0, 4, 4], [0, 0, 4, 3], [6, 6, 9, 9]]
    >>> precision_recall([found], [[0.9, 0.8, 0.7]], [[[0, 0, 4, 4], [6, 6, 9, 9]]])
    (array([1.        , 0.5       , 0.66666667]), array([0.5, 0.5, 1. ]))
    """
    iou_threshold = _share("iou_threshold", iou_threshold)
    return _precision_recall(_detections(boxes, scores, true_boxes), iou_threshold)


def average_precision(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    true_boxes: Sequence[ArrayLike],
    *,
    iou_threshold: float = 0.5,
) -> float:
    r"""Return the average precision of the detections of one class: the area under precision over recall.

    .. math:: AP = \sum_k (r_k - r_{k-1}) \max_{j \ge k} p_j, \quad r_0 = 0

    The maximum makes the zigzag of :func:`precision_recall` a falling staircase: the best precision that is to be
    had at this recall or a higher one. All steps count, as in the PASCAL VOC challenges since 2010 (before, eleven
    points were read off the staircase).

    Parameters
    ----------
    boxes, scores, true_boxes, iou_threshold
        As in :func:`precision_recall`.

    Returns
    -------
    float
        1 if all objects were found before anything else; 0 if none was found.

    Raises
    ------
    TypeError, ValueError
        As in :func:`precision_recall`.

    References
    ----------
    Everingham, Van Gool, Williams, Winn and Zisserman, "The PASCAL visual object classes (VOC) challenge",
    International Journal of Computer Vision 88, 2010, section 4.2; all points: Everingham, Eslami, Van Gool,
    Williams, Winn and Zisserman, "The PASCAL visual object classes challenge: a retrospective", International
    Journal of Computer Vision 111, 2015.

    Examples
    --------
    >>> found = [[0, 0, 4, 4], [0, 0, 4, 3], [6, 6, 9, 9]]
    >>> round(average_precision([found], [[0.9, 0.8, 0.7]], [[[0, 0, 4, 4], [6, 6, 9, 9]]]), 4)  # (1 + 2/3) / 2
    0.8333
    """
    iou_threshold = _share("iou_threshold", iou_threshold)
    return _average_precision(_detections(boxes, scores, true_boxes), iou_threshold)


def mean_average_precision(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    labels: Sequence[ArrayLike],
    true_boxes: Sequence[ArrayLike],
    true_labels: Sequence[ArrayLike],
    *,
    iou_threshold: float = 0.5,
) -> float:
    r"""Return the mean of :func:`average_precision` over the classes that have objects.

    .. math:: mAP = \frac{1}{|C|} \sum_{c \in C} AP_c

    Parameters
    ----------
    boxes, scores : sequence of array_like
        The detections in each image, as in :func:`precision_recall`.
    labels : sequence of array_like, (K_i,)
        Their classes, integers.
    true_boxes : sequence of array_like, (M_i, 4)
        The objects in each image.
    true_labels : sequence of array_like, (M_i,)
        Their classes. Detections of a class without objects do not count.
    iou_threshold : float
        Least IoU of a true positive, in [0, 1].

    Returns
    -------
    float

    Raises
    ------
    TypeError
        As in :func:`precision_recall`, or if labels are not integers.
    ValueError
        As in :func:`precision_recall`, or if there is not one label for each box.

    References
    ----------
    Everingham, Van Gool, Williams, Winn and Zisserman, International Journal of Computer Vision 88, 2010.

    Examples
    --------
    Class 1 is found, class 2 is taken for class 1:

    >>> truth = [[0, 0, 4, 4], [6, 6, 9, 9]]
    >>> mean_average_precision([truth], [[0.9, 0.8]], [[1, 1]], [truth], [[1, 2]])
    0.5
    """
    iou_threshold = _share("iou_threshold", iou_threshold)
    images = _detections(boxes, scores, true_boxes)
    labels = _labels("labels", labels, [len(detected) for detected, _, _ in images])
    true_labels = _labels("true_labels", true_labels, [len(truth) for _, _, truth in images])
    precisions = []
    for c in np.unique(np.concatenate(true_labels)):
        of_class = [
            (detected[label == c], score[label == c], truth[true_label == c])
            for (detected, score, truth), label, true_label in zip(images, labels, true_labels, strict=True)
        ]
        precisions.append(_average_precision(of_class, iou_threshold))
    return float(np.mean(precisions))


def _four(name: str, letters: str, x: ArrayLike) -> np.ndarray:
    x = as_float(name, x)
    if x.ndim == 0 or x.shape[-1] != 4:
        raise ValueError(f"{name} must have shape (..., 4) for {letters}, got {x.shape}")
    return x


def _boxes(name: str, boxes: ArrayLike) -> np.ndarray:
    """Return (..., 4) boxes as a contiguous float array, if right is right of left and bottom below top."""
    boxes = np.ascontiguousarray(_four(name, "x1, y1, x2, y2", boxes))
    wrong = (boxes[..., 2:] < boxes[..., :2]).any(axis=-1)
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        where = f" at index {index}" if index else ""
        raise ValueError(f"{name} must have x1 <= x2 and y1 <= y2, got {boxes[index].tolist()}{where}")
    return boxes


def _rows(name: str, boxes: ArrayLike) -> np.ndarray:
    """Return boxes (N, 4); an empty list stands for none."""
    boxes = as_float(name, boxes)
    if boxes.shape == (0,):
        return boxes.reshape(0, 4)
    return _boxes(name, as_float(name, boxes, ndim=2, layout="(N, 4)"))


def _scored(
    name: str, boxes: ArrayLike, scores_name: str, scores: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return finite boxes (N, 4) and as many finite scores (N,)."""
    boxes = finite(name, _rows(name, boxes))
    scores = finite(scores_name, as_float(scores_name, scores, ndim=1))
    if len(scores) != len(boxes):
        raise ValueError(
            f"{scores_name} must hold one score for each of {len(boxes)} boxes, got {len(scores)}"
        )
    return boxes, scores


def _detections(
    boxes: Sequence[ArrayLike], scores: Sequence[ArrayLike], true_boxes: Sequence[ArrayLike]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return (boxes, scores, true boxes) of every image, checked; at least one image has an object."""
    _one_per_image("boxes", boxes, None)
    _one_per_image("scores", scores, len(boxes))
    _one_per_image("true_boxes", true_boxes, len(boxes))
    images = []
    for index, truth in enumerate(true_boxes):
        detected, score = _scored(f"boxes[{index}]", boxes[index], f"scores[{index}]", scores[index])
        images.append((detected, score, finite(f"true_boxes[{index}]", _rows(f"true_boxes[{index}]", truth))))
    if not any(len(truth) for _, _, truth in images):
        raise ValueError("true_boxes must hold at least one object, got none: there is no recall without any")
    return images


def _labels(name: str, labels: Sequence[ArrayLike], counts: Sequence[int]) -> list[np.ndarray]:
    """Return the class labels of every image as integers, as many as its boxes."""
    _one_per_image(name, labels, len(counts))
    arrays = [np.asarray(of_image) for of_image in labels]
    for index, (array, count) in enumerate(zip(arrays, counts, strict=True)):
        if array.size and array.dtype.kind not in "iu":
            raise TypeError(f"{name}[{index}] must be integers, got an array of {array.dtype}")
        if array.shape != (count,):
            expected = f"one label for each of {count} boxes"
            raise ValueError(f"{name}[{index}] must hold {expected}, got shape {array.shape}")
    return [array.astype(np.int64) for array in arrays]


def _one_per_image(name: str, entries: Sequence[ArrayLike], count: int | None) -> None:
    if not isinstance(entries, list | tuple | np.ndarray):
        raise TypeError(f"{name} must be a list with one entry for each image, got {type(entries).__name__}")
    if count is not None and len(entries) != count:
        raise ValueError(f"{name} must have one entry for each of {count} images, got {len(entries)}")


def _share(name: str, value: float) -> float:
    value = number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")
    return value


def _positive(name: str, values: Sequence[float]) -> np.ndarray:
    values = as_float(name, values, ndim=1, layout="(K,)").astype(np.float64)
    if not len(values):
        raise ValueError(f"{name} must hold at least one number, got none")
    if not np.all((values > 0) & np.isfinite(values)):
        raise ValueError(f"{name} must be positive and finite, got {values.tolist()}")
    return values


def _broadcast(name: str, boxes: np.ndarray, anchors: np.ndarray) -> None:
    """Check that the two can be combined box by box."""
    try:
        np.broadcast_shapes(boxes.shape, anchors.shape)
    except ValueError:
        shapes = f"{boxes.shape} and {anchors.shape}"
        raise ValueError(f"{name} and anchors must have shapes that can be broadcast, got {shapes}") from None


def _areas(boxes: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # infinite boxes may have the area NaN
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the IoU (N, M) of checked boxes (N, 4) and (M, 4) of one type."""
    with np.errstate(invalid="ignore"):  # infinite boxes may have the IoU NaN
        width, height = (
            np.minimum(a[:, None, axis + 2], b[:, axis + 2]) - np.maximum(a[:, None, axis], b[:, axis])
            for axis in (0, 1)
        )
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        union = _areas(a)[:, None] + _areas(b) - shared
        return np.divide(shared, union, out=np.zeros_like(shared), where=union != 0)


def _by_falling(scores: np.ndarray) -> np.ndarray:
    """Return the indices by falling score, of equal scores the lower index first."""
    return np.argsort(-scores, kind="stable")


def _centre_and_size(name: str, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (..., 2) centres x, y and sizes w, h, if all sizes are positive."""
    size = boxes[..., 2:] - boxes[..., :2]
    if (size <= 0).any():
        index = tuple(map(int, np.argwhere((size <= 0).any(axis=-1))[0]))
        raise ValueError(f"{name} must have positive width and height, got {boxes[index].tolist()}")
    return boxes[..., :2] + size / 2, size


def _edges(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return x1, y1, x2, y2 from centres and sizes."""
    return np.concatenate([centre - size / 2, centre + size / 2], axis=-1)


def _average_precision(images: Sequence[tuple[np.ndarray, ...]], iou_threshold: float) -> float:
    precision, recall = _precision_recall(images, iou_threshold)
    staircase = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0) * staircase))


def _precision_recall(
    images: Sequence[tuple[np.ndarray, ...]], iou_threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    hits = np.concatenate([_hits(*image, iou_threshold) for image in images])
    scores = np.concatenate([score for _, score, _ in images])
    true_positives = np.cumsum(hits[_by_falling(scores)])
    precision = true_positives / np.arange(1, len(hits) + 1)
    return precision, true_positives / sum(len(truth) for _, _, truth in images)


def _hits(boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Return for each detection in an image whether it is the first to find its object."""
    hits = np.zeros(len(boxes), bool)
    if not len(truth):
        return hits
    overlaps = _iou(*common_float(boxes, truth))
    nearest = overlaps.argmax(axis=1)
    enough = overlaps.max(axis=1) >= iou_threshold
    found = set()
    for k in _by_falling(scores):
        hits[k] = enough[k] and nearest[k] not in found
        if hits[k]:
            found.add(nearest[k])
    return hits
