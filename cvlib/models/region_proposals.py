"""A region proposal net: the first stage of Faster R-CNN, which says where there might be something, not what.

Anchors come from :func:`cvlib.boxes.anchor_boxes`. Targets, loss and proposals have them in that order: row by row,
cell by cell, anchor by anchor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import Pair, integer, number, within
from cvlib.boxes import area, clip_boxes, decode_boxes, encode_boxes, iou, match_anchors, nms
from cvlib.init import glorot_uniform
from cvlib.losses import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    smooth_l1,
    smooth_l1_backward,
)
from cvlib.models._stages import stage
from cvlib.nn import Chain, Conv2d, Fork, ReLU
from cvlib.ops._arrays import as_float, same_shape

Arrays = tuple[np.ndarray, np.ndarray]


def region_proposal_head(
    in_channels: int,
    num_anchors: int,
    *,
    rng: np.random.Generator,
    hidden_channels: int = 64,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return a small net that slides over maps and judges A anchors at every place.

    .. math:: h = \operatorname{relu}(W * x), \qquad z = W_z * h, \qquad t = W_t * h

    with 3 x 3 filters W that both tasks share, and 1 x 1 filters for the scores z of there being an object and for the
    offsets t from the anchors, see :func:`cvlib.boxes.encode_boxes`. Channel a of z and channels 4a ... 4a + 3 of t
    belong to anchor a.

    What differs from the paper: one score for each anchor, where it has two and a softmax; the paper says that this
    would do as well.

    Parameters
    ----------
    in_channels : int
        Channels of the maps.
    num_anchors : int
        Anchors A in each cell.
    rng : numpy.random.Generator
        Draws the weights.
    hidden_channels : int
        Filters that both tasks share.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        Maps (N, in_channels, H, W) go in; the pair of scores (N, A, H, W) and offsets (N, 4A, H, W) comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Ren, He, Girshick and Sun, "Faster R-CNN: towards real-time object detection with region proposal networks", NIPS
    2015, arXiv:1506.01497, section 3.1 and figure 3.

    Examples
    --------
    >>> head = region_proposal_head(512, 9, rng=np.random.default_rng(0), hidden_channels=512)
    >>> head.output_shape((512, 14, 14))
    ((9, 14, 14), (36, 14, 14))
    """
    random = {"rng": rng, "dtype": dtype}
    num_anchors = integer("num_anchors", num_anchors, minimum=1)
    return Chain(
        conv=Conv2d(in_channels, hidden_channels, 3, padding=1, **random),
        relu=ReLU(),
        heads=Fork(
            objectness=Conv2d(hidden_channels, num_anchors, 1, init=glorot_uniform, **random),
            offsets=Conv2d(hidden_channels, 4 * num_anchors, 1, init=glorot_uniform, **random),
        ),
    )


def region_proposal_net(
    *,
    rng: np.random.Generator,
    num_anchors: int = 6,
    in_channels: int = 3,
    width: int = 16,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return a :func:`region_proposal_head` on the maps of a small convolutional net, a cell for 4 x 4 pixels.

    Two stages halve the maps, a convolution follows, and then the head, which sees 26 x 26 pixels of the image. What
    differs from the paper: it takes the maps of VGG-16, trained on ImageNet before, with a cell for 16 x 16 pixels.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    num_anchors, in_channels : int
        Anchors in each cell, and channels of the image.
    width : int
        Maps of the first stage; those behind it have 2 and 4 times as many, and the head 4 times.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in; the pair of scores (N, A, H // 4, W // 4) and offsets (N, 4A, H // 4, W // 4)
        comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Ren, He, Girshick and Sun, NIPS 2015, arXiv:1506.01497, section 3.1.

    Examples
    --------
    >>> model = region_proposal_net(rng=np.random.default_rng(0), num_anchors=3)
    >>> scores, offsets = model(np.ones((2, 3, 32, 32), np.float32))
    >>> scores.shape, offsets.shape
    ((2, 3, 8, 8), (2, 12, 8, 8))
    """
    random = {"rng": rng, "dtype": dtype}
    width = integer("width", width, minimum=1)
    return Chain(
        stage1=stage(in_channels, width, **random),
        stage2=stage(width, 2 * width, **random),
        conv=Conv2d(2 * width, 4 * width, 3, padding=1, **random),
        relu=ReLU(),
        head=region_proposal_head(4 * width, num_anchors, hidden_channels=4 * width, **random),
    )


def rpn_targets(
    anchors: ArrayLike,
    boxes: Sequence[ArrayLike],
    *,
    positive_iou: float = 0.7,
    negative_iou: float = 0.3,
) -> Arrays:
    """Return what the head should say of every anchor in every image.

    :func:`cvlib.boxes.match_anchors` decides which anchors stand for an object, and for which;
    :func:`cvlib.boxes.encode_boxes` says how far they are from it. What differs from the paper: anchors that stick out
    of the image take part. The paper leaves them out, but there the image is far larger than an object.

    Parameters
    ----------
    anchors : array_like, (A, 4)
        Of all cells, edges x1, y1, x2, y2.
    boxes : sequence of array_like, (M_i, 4)
        The objects in each image.
    positive_iou, negative_iou : float
        See :func:`cvlib.boxes.match_anchors`.

    Returns
    -------
    labels : ndarray, (N, A), int64
        1 object, 0 background, -1 neither.
    offsets : ndarray, (N, A, 4), float32
        From the anchor to its object; 0 for anchors without one.

    Raises
    ------
    TypeError, ValueError
        As :func:`cvlib.boxes.match_anchors` does; ValueError also if an anchor or an object has no width or height.

    References
    ----------
    Ren, He, Girshick and Sun, NIPS 2015, arXiv:1506.01497, section 3.1.2.

    Examples
    --------
    >>> anchors = [[0, 0, 4, 4], [4, 0, 8, 4], [8, 0, 12, 4]]
    >>> labels, offsets = rpn_targets(anchors, [[[5, 0, 9, 4]], []])
    >>> labels
    array([[0, 1, 0],
           [0, 0, 0]])
    >>> offsets[0, 1]
    array([0.25, 0.  , 0.  , 0.  ], dtype=float32)
    """
    anchors = as_float("anchors", anchors, ndim=2, layout="(A, 4)")
    labels = np.zeros((len(boxes), len(anchors)), np.int64)
    offsets = np.zeros((*labels.shape, 4), np.float32)
    for n, of_image in enumerate(boxes):
        labels[n], matched = match_anchors(
            anchors, of_image, positive_iou=positive_iou, negative_iou=negative_iou
        )
        positive = labels[n] == 1
        if positive.any():
            offsets[n, positive] = encode_boxes(np.asarray(of_image)[matched[positive]], anchors[positive])
    return labels, offsets


def rpn_loss(*, box_weight: float = 1.0, beta: float = 1.0) -> tuple[Callable, Callable]:
    r"""Return the loss of a :func:`region_proposal_head` and its backward, for :func:`cvlib.train.fit`.

    .. math::

        L = -\frac{1}{2} \Big( \frac{1}{P} \sum_{+} \log \sigma(z) + \frac{1}{Q} \sum_{-} \log (1 - \sigma(z)) \Big)
        + \frac{\lambda}{P} \sum_{+} \sum_{q=1}^{4} \ell(\hat t_q - t_q)

    with the scores z and the offsets t of the P positive and Q negative anchors of all images in the batch, and
    :func:`cvlib.losses.smooth_l1` for :math:`\ell`. A sum without anchors is 0. Most anchors are background; here
    both kinds weigh the same in every batch.

    What differs from the paper: it gets the balance by drawing 256 anchors of an image, up to half of them positive.
    The weights above are what such draws give on average, without their noise.

    Parameters
    ----------
    box_weight : float
        :math:`\lambda`, at least 0.
    beta : float
        Of the smooth L1 loss: where the square ends.

    Returns
    -------
    pair of callable
        ``loss(output, targets)`` and ``loss_backward(output, targets, dloss=1.0)``. The output is the pair that the
        head gives, targets are the pair that :func:`rpn_targets` returns; the backward returns a pair again.

    Raises
    ------
    TypeError, ValueError
        If an option is not a number of at least 0, or ``beta`` is 0; of the two functions, if the shapes do not
        belong together.

    References
    ----------
    Ren, He, Girshick and Sun, NIPS 2015, arXiv:1506.01497, equation 1.

    Examples
    --------
    One cell with two anchors, an object and background. The net cannot tell which, and is off by 2 in one number:

    >>> scores, offsets = np.zeros((1, 2, 1, 1)), np.zeros((1, 8, 1, 1))
    >>> targets = np.array([[1, 0]]), np.array([[[2.0, 0, 0, 0], [0, 0, 0, 0]]])
    >>> loss, loss_backward = rpn_loss()
    >>> round(loss((scores, offsets), targets), 4)  # log 2 + (2 - 1/2)
    2.1931
    >>> dscores, doffsets = loss_backward((scores, offsets), targets)
    >>> dscores.ravel(), doffsets.ravel()
    (array([-0.25,  0.25]), array([-1.,  0.,  0.,  0.,  0.,  0.,  0.,  0.]))
    """
    box_weight, beta = within("box_weight", box_weight, 0), within("beta", beta, 0)
    if beta == 0:
        raise ValueError("beta must be above 0, got 0")

    def terms(output: tuple[ArrayLike, ArrayLike], targets: Arrays) -> tuple:
        """Return scores and offsets anchor by anchor, and what they should be."""
        scores, offsets = anchor_by_anchor(output)
        labels, true_offsets = _targets_beside(targets, offsets)
        return scores, offsets, labels, true_offsets

    def loss(output: tuple[ArrayLike, ArrayLike], targets: Arrays) -> float:
        scores, offsets, labels, true_offsets = terms(output, targets)
        total = 0.0
        for label in (1, 0):
            some = scores[labels == label]
            if some.size:
                total += binary_cross_entropy_with_logits(some, np.full_like(some, label)) / 2
        on = labels == 1
        if on.any():  # the mean over four numbers, four times, is the sum
            total += 4 * box_weight * smooth_l1(offsets[on], true_offsets[on], beta=beta)
        return total

    def loss_backward(
        output: tuple[ArrayLike, ArrayLike], targets: Arrays, dloss: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        scores, offsets, labels, true_offsets = terms(output, targets)
        dscores, doffsets, dloss = np.zeros_like(scores), np.zeros_like(offsets), number("dloss", dloss)
        for label in (1, 0):
            some = scores[labels == label]
            if some.size:  # total += binary_cross_entropy_with_logits(some, label) / 2
                dsome = binary_cross_entropy_with_logits_backward(some, np.full_like(some, label), dloss / 2)
                dscores[labels == label] = dsome
        on = labels == 1
        if on.any():  # total += 4 * box_weight * smooth_l1(offsets, true_offsets)
            factor = 4 * box_weight * dloss
            doffsets[on] = smooth_l1_backward(offsets[on], true_offsets[on], factor, beta=beta)
        return _as_maps(dscores, doffsets, np.shape(output[0]))

    return loss, loss_backward


def rpn_proposals(
    output: tuple[ArrayLike, ArrayLike],
    anchors: ArrayLike,
    *,
    image_size: Pair,
    number: int = 10,
    iou_threshold: float = 0.7,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the boxes in which the net sees an object most likely, by falling score.

    The anchors are moved by their offsets, cut off at the border of the image, and thinned out by
    :func:`cvlib.boxes.nms`; boxes of which nothing is left in the image are dropped.

    Parameters
    ----------
    output : pair of array_like, (N, A, H, W) and (N, 4A, H, W)
        Scores and offsets, of :func:`region_proposal_head`.
    anchors : array_like, (H W A, 4)
        In the order of :func:`cvlib.boxes.anchor_boxes`.
    image_size : int or pair
        Height and width of the image in pixels.
    number : int
        Most boxes for each image.
    iou_threshold : float
        Largest IoU of two boxes that are both kept.

    Returns
    -------
    boxes : list of ndarray, (K_i, 4)
        Edges x1, y1, x2, y2 in each image.
    scores : list of ndarray, (K_i,)
        Before the sigmoid.

    Raises
    ------
    TypeError
        If ``output`` is not a pair, or an argument does not hold numbers as described above.
    ValueError
        If the shapes do not belong together, or a number is not finite or out of range.

    References
    ----------
    Ren, He, Girshick and Sun, NIPS 2015, arXiv:1506.01497, section 3.3 (suppression at 0.7).

    Examples
    --------
    A cell that moves the second of its two anchors a pixel down:

    >>> output = [[[[-3.0]], [[5.0]]]], np.array([0, 0, 0, 0, 0, 0.25, 0, 0]).reshape(1, 8, 1, 1)
    >>> boxes, scores = rpn_proposals(output, [[0, 0, 4, 4], [4, 4, 8, 8]], image_size=16)
    >>> boxes[0], scores[0]
    (array([[4., 5., 8., 9.],
           [0., 0., 4., 4.]]), array([ 5., -3.]))
    """
    number = integer("number", number, minimum=1)
    scores, offsets = anchor_by_anchor(output)
    anchors = same_shape("anchors", anchors, offsets.shape[1:])
    boxes = clip_boxes(decode_boxes(offsets, anchors), image_size)
    kept = []
    for of_image, score in zip(boxes, scores, strict=True):
        seen = np.flatnonzero(area(of_image) != 0)  # not > 0, which would hide NaN from nms
        kept.append(seen[nms(of_image[seen], score[seen], iou_threshold=iou_threshold)][:number])
    return tuple(
        [array[some] for array, some in zip(arrays, kept, strict=True)] for arrays in (boxes, scores)
    )


def proposal_recall(
    boxes: Sequence[ArrayLike], true_boxes: Sequence[ArrayLike], *, iou_threshold: float = 0.5
) -> float:
    r"""Return the share of objects that some proposal covers.

    .. math:: R = \frac{1}{M} \sum_{m} \mathbb{1}\big[ \max_k \text{IoU}(b_k, g_m) \ge t \big]

    No object is found by the second stage that the first does not propose.

    Parameters
    ----------
    boxes : sequence of array_like, (K_i, 4)
        The proposals in each image.
    true_boxes : sequence of array_like, (M_i, 4)
        The objects, M in all.
    iou_threshold : float
        Least IoU t, in [0, 1].

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the numbers of images differ, a shape does not fit, or there is no object.

    References
    ----------
    Hosang, Benenson, Dollár and Schiele, "What makes for effective detection proposals?", IEEE Transactions on Pattern
    Analysis and Machine Intelligence 38(4), 2016, arXiv:1502.05082, section 4.

    Examples
    --------
    >>> proposal_recall([[[0, 0, 4, 4], [9, 9, 12, 12]]], [[[0, 0, 4, 3], [5, 5, 8, 8]]])
    0.5
    """
    iou_threshold = within("iou_threshold", iou_threshold, 0, 1)
    if len(boxes) != len(true_boxes):
        raise ValueError(
            f"true_boxes must have one entry for each of {len(boxes)} images, got {len(true_boxes)}"
        )
    overlaps = [iou(found, truth) for found, truth in zip(boxes, true_boxes, strict=True)]
    best = np.concatenate([of_image.max(axis=0, initial=0) for of_image in overlaps] or [np.empty(0)])
    if not best.size:
        raise ValueError("true_boxes must hold at least one object, got none")
    return float(np.mean(best >= iou_threshold))


def anchor_by_anchor(output: tuple[ArrayLike, ArrayLike]) -> Arrays:
    """Return scores and offsets in the order of :func:`cvlib.boxes.anchor_boxes`.

    Parameters
    ----------
    output : pair of array_like, (N, A, H, W) and (N, 4A, H, W)
        Scores and offsets, of :func:`region_proposal_head`.

    Returns
    -------
    scores : ndarray, (N, H W A)
    offsets : ndarray, (N, H W A, 4)

    Raises
    ------
    TypeError
        If ``output`` is not a pair of arrays of real numbers.
    ValueError
        If the shapes do not belong together.

    Examples
    --------
    Two cells with two anchors each. The scores of the first cell are 1 and 3:

    >>> scores, offsets = anchor_by_anchor((np.array([[[[1, 2]], [[3, 4]]]]), np.zeros((1, 8, 1, 2))))
    >>> scores, offsets.shape
    (array([[1., 3., 2., 4.]]), (1, 4, 4))
    """
    if not isinstance(output, tuple | list) or len(output) != 2:
        raise TypeError(f"output must be a pair (scores, offsets), got {type(output).__name__}")
    scores = as_float("output[0]", output[0], ndim=4, layout="(N, A, H, W)")
    n, per_cell, height, width = scores.shape
    offsets = same_shape("output[1]", output[1], (n, 4 * per_cell, height, width))
    scores = np.array(scores.transpose(0, 2, 3, 1), order="C")
    by_cell = offsets.reshape(n, per_cell, 4, height, width).transpose(0, 3, 4, 1, 2)
    count = height * width * per_cell
    return scores.reshape(n, count), np.array(by_cell, order="C").reshape(n, count, 4)


def _as_maps(scores: np.ndarray, offsets: np.ndarray, shape: tuple[int, ...]) -> Arrays:
    """Return arrays in the order of the anchors as maps: the inverse of :func:`anchor_by_anchor`."""
    n, per_cell, height, width = shape
    scores = scores.reshape(n, height, width, per_cell).transpose(0, 3, 1, 2)
    offsets = offsets.reshape(n, height, width, 4 * per_cell).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(scores), np.ascontiguousarray(offsets)


def _targets_beside(targets: Arrays, offsets: np.ndarray) -> Arrays:
    """Return labels and offsets of the anchors, if they belong to the output."""
    if not isinstance(targets, tuple) or len(targets) != 2:
        raise TypeError(f"targets must be the pair (labels, offsets), got {type(targets).__name__}")
    labels = np.asarray(targets[0])
    if labels.dtype.kind not in "iu":
        raise TypeError(f"targets[0] must be integers, got an array of {labels.dtype}")
    if labels.shape != offsets.shape[:2]:
        raise ValueError(f"targets[0] must have shape {offsets.shape[:2]}, got {labels.shape}")
    if not np.isin(labels, (-1, 0, 1)).all():
        raise ValueError(f"targets[0] must hold 1, 0 or -1, got {labels[~np.isin(labels, (-1, 0, 1))][0]}")
    return labels, same_shape("targets[1]", targets[1], offsets.shape).astype(offsets.dtype, copy=False)
