"""The second stage of a two-stage detector: what is it that the first stage proposed, and where exactly?

The first is :mod:`cvlib.models.region_proposals`. Classes are numbered as in :mod:`cvlib.data`: 1 ... K, and 0 is the
background, which most proposals show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import Pair, integer, number, pair, within
from cvlib.boxes import clip_boxes, decode_boxes, encode_boxes, iou
from cvlib.init import glorot_uniform
from cvlib.losses import cross_entropy, cross_entropy_backward, smooth_l1, smooth_l1_backward
from cvlib.models._detections import Detections, best_of_each_class, boxes_of_image, classes_of_image
from cvlib.models._stages import stage
from cvlib.nn import Chain, Container, Conv2d, Flatten, Fork, Layer, Linear, ReLU
from cvlib.ops import roi_align, roi_align_backward, softmax
from cvlib.ops._arrays import as_float, finite, indices_below, same_shape

Arrays = tuple[np.ndarray, np.ndarray]


class RegionClassifier(Container):
    r"""Images and regions go in; for each region scores of the classes and offsets to a better box come out.

    .. math:: x = \text{features}(\text{image}), \qquad v_r = \operatorname{RoIAlign}(x, b_r), \qquad
        (s_r, t_r) = \text{head}(v_r)

    The features are computed once for all regions of an image: this is what made Fast R-CNN fast. The regions
    themselves are taken as given and get no gradient.

    Parameters
    ----------
    features : Layer
        From images (N, C, H, W) to maps.
    head : Layer
        From pooled maps (N R, channels, P, Q) to the pair of scores (N R, K + 1) and offsets (N R, 4).
    output_size : int or pair
        Bins P x Q into which every region is pooled.
    stride : int
        Pixels of the image from one pixel of the maps to the next.

    Attributes
    ----------
    parameters : mapping
        Those of the layers ``features`` and ``head``, as in every container.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, section 2. RoIAlign: He, Gkioxari, Dollár and Girshick, "Mask
    R-CNN", ICCV 2017, arXiv:1703.06870, section 3.

    Examples
    --------
    >>> model = region_classifier(rng=np.random.default_rng(0))
    >>> images, regions = np.ones((2, 3, 32, 32), np.float32), np.tile([4, 4, 12, 14], (2, 5, 1))
    >>> scores, offsets = model((images, regions))
    >>> scores.shape, offsets.shape
    ((2, 5, 4), (2, 5, 4))
    """

    def __init__(self, *, features: Layer, head: Layer, output_size: Pair, stride: int):
        super().__init__(features=features, head=head)
        self.output_size = pair("output_size", output_size, minimum=1)
        self.stride = integer("stride", stride, minimum=1)
        self.x = None

    def forward(self, x: tuple[ArrayLike, ArrayLike], *, training: bool = False) -> Arrays:
        """Return scores (N, R, K + 1) and offsets (N, R, 4) for the pair of images and regions (N, R, 4)."""
        images, regions = self._pair(x)
        regions = as_float("regions", regions, ndim=3, layout="(N, R, 4)")
        if regions.shape[::2] != (len(images), 4):
            raise ValueError(f"regions must have shape ({len(images)}, R, 4), got {regions.shape}")
        with self.naming("features"):
            maps = self["features"].forward(images, training=training)
        self.x = maps, _with_image(regions)
        with self.naming("head"):
            outputs = self["head"].forward(roi_align(*self.x, **self._options()), training=training)
        if not isinstance(outputs, tuple) or len(outputs) != 2:
            raise ValueError(f"head must give a pair (scores, offsets), got {type(outputs).__name__}")
        return tuple(output.reshape(*regions.shape[:2], *output.shape[1:]) for output in outputs)

    def backward(
        self, dy: tuple[ArrayLike, ArrayLike], *, needs_dx: bool = True
    ) -> tuple[np.ndarray, None] | None:
        """Return (dL/dimages, None), and fill every layer's ``gradients``."""
        maps, boxes = self.last_input()
        dy = [as_float(f"dy[{part}]", dpart) for part, dpart in enumerate(dy)]
        dpooled = self["head"].backward([dpart.reshape(len(boxes), *dpart.shape[2:]) for dpart in dy])
        dmaps = roi_align_backward(dpooled, maps, boxes, **self._options())
        dimages = self["features"].backward(dmaps, needs_dx=needs_dx)
        return (dimages, None) if needs_dx else None

    def output_shape(self, input_shape: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
        """Return ((R, K + 1), (R, 4)) for ((C, H, W), (R, 4))."""
        image, (count, _) = self._pair(input_shape)
        return tuple((count, *shape) for shape in self["head"].output_shape(self._pooled(image)))

    def macs(self, input_shape: Sequence[Sequence[int]]) -> int:
        """Return the multiplications of the features, and those of the head for each of R regions."""
        image, (count, _) = self._pair(input_shape)
        return self["features"].macs(image) + count * self["head"].macs(self._pooled(image))

    def _pooled(self, image: Sequence[int]) -> tuple[int, int, int]:
        return self["features"].output_shape(image)[0], *self.output_size

    def _options(self) -> dict[str, object]:
        return {"output_size": self.output_size, "spatial_scale": 1 / self.stride}

    @staticmethod
    def _pair(x: Sequence) -> tuple:
        if not isinstance(x, tuple | list) or len(x) != 2:
            raise TypeError(f"x must be a pair (images, regions), got {type(x).__name__}")
        return tuple(x)


def region_classifier(
    *,
    rng: np.random.Generator,
    num_classes: int = 3,
    in_channels: int = 3,
    width: int = 16,
    dtype: DTypeLike = np.float32,
) -> RegionClassifier:
    """Return a small second stage for synthetic scenes: maps with a pixel for 4 x 4 of the image, and 4 x 4 bins.

    What differs from the paper: it has the convolutions of VGG-16, and in the end those of the first stage; here the
    two stages share nothing, as in step 2 of the training of Faster R-CNN. Offsets are the same whatever the class,
    where the paper has four for each.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    num_classes, in_channels : int
        Classes K without the background, and channels of the image.
    width : int
        Maps of the first stage; those behind it have 2 and 4 times as many, and the head 4 times.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    RegionClassifier

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, figure 1.

    Examples
    --------
    >>> model = region_classifier(rng=np.random.default_rng(0), num_classes=20)
    >>> model.output_shape(((3, 32, 32), (10, 4)))
    ((10, 21), (10, 4))
    """
    random = {"rng": rng, "dtype": dtype}
    width, num_classes = integer("width", width, minimum=1), integer("num_classes", num_classes, minimum=1)
    features = Chain(
        stage1=stage(in_channels, width, **random),
        stage2=stage(width, 2 * width, **random),
        conv=Conv2d(2 * width, 4 * width, 3, padding=1, **random),
        relu=ReLU(),
    )
    head = Chain(
        flatten=Flatten(),
        linear=Linear(4 * width * 4 * 4, 4 * width, **random),
        relu=ReLU(),
        heads=Fork(
            scores=Linear(4 * width, num_classes + 1, init=glorot_uniform, **random),
            offsets=Linear(4 * width, 4, init=glorot_uniform, **random),
        ),
    )
    return RegionClassifier(features=features, head=head, output_size=4, stride=4)


def region_targets(
    regions: ArrayLike, boxes: Sequence[ArrayLike], labels: Sequence[ArrayLike], *, positive_iou: float = 0.5
) -> Arrays:
    """Return the class of every region, and the way from it to its object.

    A region shows the object that it overlaps most, if their IoU is at least ``positive_iou``, or else background.

    Parameters
    ----------
    regions : array_like, (N, R, 4)
        Edges x1, y1, x2, y2 of as many regions in each image.
    boxes : sequence of array_like, (M_i, 4)
        The objects in each image.
    labels : sequence of array_like, (M_i,)
        Their classes, 1 ... K.
    positive_iou : float
        In [0, 1].

    Returns
    -------
    classes : ndarray, (N, R), int64
        0 for background.
    offsets : ndarray, (N, R, 4), float32
        See :func:`cvlib.boxes.encode_boxes`; 0 for background.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape does not fit, or a region or an object that belong together have no width or height.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, section 2.3.

    Examples
    --------
    >>> classes, offsets = region_targets([[[0, 0, 4, 4], [8, 8, 12, 12]]], [[[1, 0, 5, 4]]], [[2]])
    >>> classes, offsets[0, 0]
    (array([[2, 0]]), array([0.25, 0.  , 0.  , 0.  ], dtype=float32))
    """
    regions = as_float("regions", regions, ndim=3, layout="(N, R, 4)")
    positive_iou = within("positive_iou", positive_iou, 0, 1)
    for name, entries in (("boxes", boxes), ("labels", labels)):
        if len(entries) != len(regions):
            raise ValueError(
                f"{name} must have one entry for each of {len(regions)} images, got {len(entries)}"
            )
    classes = np.zeros(regions.shape[:2], np.int64)
    offsets = np.zeros(regions.shape, np.float32)
    for n, (objects, kinds) in enumerate(zip(boxes, labels, strict=True)):
        objects = boxes_of_image(f"boxes[{n}]", objects)
        kinds = classes_of_image(f"labels[{n}]", kinds, len(objects))
        if len(objects):
            overlaps = iou(regions[n], objects)
            nearest, on = overlaps.argmax(axis=1), overlaps.max(axis=1) >= positive_iou
            classes[n, on] = kinds[nearest[on]]
            offsets[n, on] = encode_boxes(objects[nearest[on]], regions[n, on])
    return classes, offsets


def region_loss(*, box_weight: float = 1.0) -> tuple[Callable, Callable]:
    r"""Return the loss of a :class:`RegionClassifier` and its backward, for :func:`cvlib.train.fit`.

    .. math::

        L = \frac{1}{N R} \sum_{n,r} \Big( -\log p_{nr,\,k_{nr}}
        + \lambda\, \mathbb{1}[k_{nr} \ge 1] \sum_{q=1}^{4} \ell(\hat t_{nrq} - t_{nrq}) \Big)

    with the classes k and the offsets t of :func:`region_targets`, and :func:`cvlib.losses.smooth_l1` for
    :math:`\ell`. Background has no box to learn.

    Parameters
    ----------
    box_weight : float
        :math:`\lambda`, at least 0.

    Returns
    -------
    pair of callable
        ``loss(output, targets)`` and ``loss_backward(output, targets, dloss=1.0)``. Output and targets are pairs; the
        backward returns a pair, too.

    Raises
    ------
    TypeError, ValueError
        If ``box_weight`` is not a number of at least 0; of the two functions, if the shapes do not belong together.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, equation 1.

    Examples
    --------
    Two regions, one of them an object of class 1, and a net without opinion: log 2, and (2 - 1/2) / 2.

    >>> output = np.zeros((1, 2, 2)), np.zeros((1, 2, 4))
    >>> targets = np.array([[1, 0]]), np.array([[[2.0, 0, 0, 0], [0, 0, 0, 0]]])
    >>> round(region_loss()[0](output, targets), 4)
    1.4431
    """
    box_weight = within("box_weight", box_weight, 0)

    def loss(output: tuple[ArrayLike, ArrayLike], targets: Arrays) -> float:
        scores, offsets, classes, true_offsets = _rows(output, targets)
        total, on = cross_entropy(scores, classes), classes > 0
        if on.any():  # from the mean over the objects' numbers to their sum, over all regions
            total += 4 * box_weight * float(on.mean()) * smooth_l1(offsets[on], true_offsets[on])
        return total

    def loss_backward(
        output: tuple[ArrayLike, ArrayLike], targets: Arrays, dloss: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        scores, offsets, classes, true_offsets = _rows(output, targets)
        dloss, on = number("dloss", dloss), classes > 0
        dscores, doffsets = (
            cross_entropy_backward(scores, classes, dloss),
            np.zeros(offsets.shape, offsets.dtype),
        )
        if on.any():  # total += 4 * box_weight * share of objects * smooth_l1(offsets, true_offsets)
            factor = 4 * box_weight * float(on.mean()) * dloss
            doffsets[on] = smooth_l1_backward(offsets[on], true_offsets[on], factor)
        return dscores.reshape(np.shape(output[0])), doffsets.reshape(np.shape(output[1]))

    return loss, loss_backward


def region_detections(
    output: tuple[ArrayLike, ArrayLike],
    regions: ArrayLike,
    *,
    image_size: Pair,
    threshold: float = 0.5,
    iou_threshold: float = 0.5,
) -> Detections:
    """Return the boxes that the output of a :class:`RegionClassifier` stands for, by falling score.

    Each region becomes one box, moved by its offsets and cut off at the border, of the likeliest class that is not the
    background, with that class's probability as the score. Boxes below the threshold are dropped, and
    :func:`cvlib.boxes.nms`, class by class, drops those that repeat a better one.

    Parameters
    ----------
    output : pair of array_like, (N, R, K + 1) and (N, R, 4)
        Scores and offsets.
    regions : array_like, (N, R, 4)
        That were put in.
    image_size : int or pair
        Height and width of the image in pixels.
    threshold, iou_threshold : float
        As in :func:`cvlib.models.grid_detections`.

    Returns
    -------
    boxes : list of ndarray, (K_i, 4)
    scores : list of ndarray, (K_i,)
    labels : list of ndarray, (K_i,), int64
        For each image; classes are 1 ... K.

    Raises
    ------
    TypeError
        If an argument does not hold numbers as described above.
    ValueError
        If a shape does not fit, or a number is not finite or out of range.

    References
    ----------
    Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, section 3.1.

    Examples
    --------
    >>> output = np.array([[[0, 0, 3.0]]]), np.array([[[0.5, 0, 0, 0]]])
    >>> boxes, scores, labels = region_detections(output, [[[0, 0, 4, 8]]], image_size=8)
    >>> boxes[0], scores[0].round(2), labels[0]
    (array([[2., 0., 6., 8.]]), array([0.91]), array([2]))
    """
    scores, offsets = _scores_and_offsets(output)
    regions = same_shape("regions", regions, offsets.shape)
    shares = softmax(finite("output[0]", scores), axis=2)[..., 1:]
    boxes = clip_boxes(decode_boxes(finite("output[1]", offsets), regions), image_size)
    best, labels = shares.max(axis=2), 1 + shares.argmax(axis=2)
    return best_of_each_class(boxes, best, labels, threshold=threshold, iou_threshold=iou_threshold)


def _with_image(regions: np.ndarray) -> np.ndarray:
    """Return regions (N, R, 4) as rows (N R, 5) that begin with the index of their image."""
    images = np.repeat(np.arange(len(regions)), regions.shape[1])
    return np.column_stack([images, regions.reshape(-1, 4)])


def _scores_and_offsets(output: tuple[ArrayLike, ArrayLike]) -> Arrays:
    if not isinstance(output, tuple | list) or len(output) != 2:
        raise TypeError(f"output must be a pair (scores, offsets), got {type(output).__name__}")
    scores = as_float("output[0]", output[0], ndim=3, layout="(N, R, K + 1)")
    if scores.shape[2] < 2:
        raise ValueError(f"output[0] must hold scores of at least 2 classes, got shape {scores.shape}")
    return scores, same_shape("output[1]", output[1], (*scores.shape[:2], 4))


def _rows(output: tuple[ArrayLike, ArrayLike], targets: Arrays) -> tuple[np.ndarray, ...]:
    """Return scores, offsets, classes and true offsets of all regions of all images, if they belong together."""
    scores, offsets = _scores_and_offsets(output)
    if not isinstance(targets, tuple) or len(targets) != 2:
        raise TypeError(f"targets must be the pair (classes, offsets), got {type(targets).__name__}")
    classes = indices_below(scores.shape[2], "targets[0]", targets[0])
    if classes.shape != scores.shape[:2]:
        raise ValueError(f"targets[0] must have shape {scores.shape[:2]}, got {classes.shape}")
    true_offsets = same_shape("targets[1]", targets[1], offsets.shape)
    rows = scores.reshape(-1, scores.shape[2])
    return rows, offsets.reshape(-1, 4), classes.ravel(), true_offsets.reshape(-1, 4)
