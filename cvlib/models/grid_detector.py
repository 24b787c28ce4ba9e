"""A single-stage detector: one look at the image, and every cell of a grid answers for the object in it.

Four pieces: the net, the targets that it learns from, the loss between the two, and the way back from its output to
boxes. Classes are numbered as in :mod:`cvlib.data`: 1 ... K, and 0 is no object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import Pair, integer, number, pair, within
from cvlib.init import glorot_uniform
from cvlib.models._detections import Detections, best_of_each_class, boxes_of_image, classes_of_image
from cvlib.models._stages import stage
from cvlib.nn import Chain, Conv2d, ReLU
from cvlib.ops import log_softmax, sigmoid, softmax, softplus
from cvlib.ops._arrays import as_float, finite, indices_below, same_shape

Targets = tuple[np.ndarray, np.ndarray]
_BOX, _CLASSES = slice(1, 5), slice(5, None)  # channels of the output; channel 0 is the objectness


def grid_detector(
    *,
    rng: np.random.Generator,
    num_classes: int = 3,
    in_channels: int = 3,
    width: int = 16,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return a detector in the manner of YOLO: 5 + K numbers from each cell of 8 x 8 pixels.

    Three stages halve the maps, so that a pixel is a cell of a grid, and two convolutions read off the answers: a
    pixel before the last sees 38 x 38 pixels of the image, more than its cell. The channels of the output are

    ===== ================================================================================
    0     score of there being an object whose centre lies in the cell, before the sigmoid
    1, 2  x, y of the centre within the cell, from 0 to 1
    3, 4  square roots of the width and the height, as shares of the image
    5 ... scores of the K classes, before the softmax
    ===== ================================================================================

    What differs from the paper: it has one box with these five numbers more in each cell, 7 x 7 cells for 448 pixels,
    24 convolutions and two fully connected layers, which let every cell see the whole image. All its answers are
    numbers fitted by squared errors; here objectness and classes are probabilities, as in its successors.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    num_classes, in_channels : int
        Classes K without the background, and channels of the image.
    width : int
        Maps of the first stage; the others have 2 and 4 times as many.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in, (N, 5 + K, H // 8, W // 8) comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Redmon, Divvala, Girshick and Farhadi, "You only look once: unified, real-time object detection", CVPR 2016,
    arXiv:1506.02640, section 2. Probabilities: Redmon and Farhadi, "YOLOv3: an incremental improvement", 2018,
    arXiv:1804.02767, section 2.

    Examples
    --------
    >>> model = grid_detector(rng=np.random.default_rng(0))
    >>> model(np.ones((2, 3, 32, 32), np.float32)).shape
    (2, 8, 4, 4)
    """
    random = {"rng": rng, "dtype": dtype}
    width, num_classes = integer("width", width, minimum=1), integer("num_classes", num_classes, minimum=1)
    return Chain(
        stage1=stage(in_channels, width, **random),
        stage2=stage(width, 2 * width, **random),
        stage3=stage(2 * width, 4 * width, **random),
        conv=Conv2d(4 * width, 4 * width, 3, padding=1, **random),
        relu=ReLU(),
        answers=Conv2d(4 * width, 5 + num_classes, 1, init=glorot_uniform, **random),
    )


def grid_targets(
    boxes: Sequence[ArrayLike],
    labels: Sequence[ArrayLike],
    *,
    grid_size: Pair,
    image_size: Pair,
    num_classes: int,
) -> Targets:
    r"""Return what every cell of the grid should answer.

    The object with the centre (x, y), the width w and the height h belongs to the cell in row i and column j, and
    its box becomes four numbers,

    .. math::

        i = \lfloor y / c_h \rfloor, \quad j = \lfloor x / c_w \rfloor, \qquad
        \Big( \frac{x}{c_w} - j,\; \frac{y}{c_h} - i,\; \sqrt{w / W},\; \sqrt{h / H} \Big)

    in an image of H x W pixels with cells of :math:`c_h \times c_w`. The roots make a pixel more or less count for
    more in small boxes. Of several objects in one cell the first is kept: a grid cannot say more.

    Parameters
    ----------
    boxes : sequence of array_like, (M_i, 4)
        Edges x1, y1, x2, y2 of the objects in each image, inside it.
    labels : sequence of array_like, (M_i,)
        Their classes, 1 ... K.
    grid_size, image_size : int or pair
        Rows and columns of the grid; height and width of the image in pixels.
    num_classes : int
        K.

    Returns
    -------
    box_targets : ndarray, (N, 4, S_h, S_w), float32
        0 in cells without an object.
    class_targets : ndarray, (N, S_h, S_w), int64
        The class of the object in each cell, 0 where there is none.

    Raises
    ------
    TypeError
        If a size or a class is not an integer.
    ValueError
        If there are not as many labels as boxes, a class is not in 1 ... K, or a box lies outside the image or ends
        before it starts.

    References
    ----------
    Redmon, Divvala, Girshick and Farhadi, CVPR 2016, arXiv:1506.02640, section 2.

    Examples
    --------
    A box of 8 x 8 pixels, a quarter of the image each way, around (13, 10): the second row and column of cells.

    >>> box_targets, class_targets = grid_targets(
    ...     [[[9, 6, 17, 14]]], [[2]], grid_size=4, image_size=32, num_classes=3
    ... )
    >>> class_targets[0, 1]
    array([0, 2, 0, 0])
    >>> box_targets[0, :, 1, 1]
    array([0.625, 0.25 , 0.5  , 0.5  ], dtype=float32)
    """
    grid = np.array(pair("grid_size", grid_size, minimum=1))
    image = np.array(pair("image_size", image_size, minimum=1))
    num_classes = integer("num_classes", num_classes, minimum=1)
    if len(labels) != len(boxes):
        raise ValueError(f"labels must have one entry for each of {len(boxes)} images, got {len(labels)}")
    box_targets = np.zeros((len(boxes), 4, *grid), np.float32)
    class_targets = np.zeros((len(boxes), *grid), np.int64)
    for n, (of_image, classes) in enumerate(zip(boxes, labels, strict=True)):
        edges = _inside(f"boxes[{n}]", of_image, image)
        classes = classes_of_image(f"labels[{n}]", classes, len(edges), num_classes)
        centres = (edges[:, 1::-1] + edges[:, :1:-1]) / 2 * grid / image  # y, x in cells
        cells = np.minimum(centres.astype(int), grid - 1)  # a centre on the last edge still has a cell
        within_cell, roots = centres - cells, np.sqrt((edges[:, :1:-1] - edges[:, 1::-1]) / image)
        for (i, j), (y, x), (h, w), k in reversed(list(zip(cells, within_cell, roots, classes, strict=True))):
            box_targets[n, :, i, j], class_targets[n, i, j] = (x, y, w, h), k
    return box_targets, class_targets


def grid_loss(*, box_weight: float = 5.0, empty_weight: float = 0.5) -> tuple[Callable, Callable]:
    r"""Return the loss of a :func:`grid_detector` and its backward, for :func:`cvlib.train.fit`.

    .. math::

        L = \frac{1}{N} \Big( \lambda_\text{box} \sum_{\text{full}} \sum_{q=1}^{4} (\hat t_q - t_q)^2
        - \sum_{\text{full}} \log \sigma(z) - \lambda_\text{empty} \sum_{\text{empty}} \log (1 - \sigma(z))
        - \sum_{\text{full}} \log p_k \Big)

    The sums are over the cells of all N images in which there is an object (full) or none (empty), with the
    objectness score z, the box t and the class k of :func:`grid_targets`. Most cells are empty: with equal weights
    they would drown the few that have something to learn.

    Parameters
    ----------
    box_weight : float
        :math:`\lambda_\text{box}`, at least 0.
    empty_weight : float
        :math:`\lambda_\text{empty}`, at least 0.

    Returns
    -------
    pair of callable
        ``loss(output, targets)`` and ``loss_backward(output, targets, dloss=1.0)``; targets are the pair that
        :func:`grid_targets` returns.

    Raises
    ------
    TypeError, ValueError
        If a weight is not a number of at least 0; of the two functions, if the shapes do not belong together.

    References
    ----------
    Redmon, Divvala, Girshick and Farhadi, CVPR 2016, arXiv:1506.02640, equation 3.

    Examples
    --------
    A grid of one cell with an object, and an output of zeros: log 2 for the objectness, log 3 for three classes, and
    5 (1/4 + 1/4 + 1/16 + 1/16) for the box.

    >>> targets = grid_targets([[[2, 2, 4, 4]]], [[1]], grid_size=1, image_size=6, num_classes=3)
    >>> targets[0].ravel().round(4), targets[1].item()
    (array([0.5   , 0.5   , 0.5774, 0.5774], dtype=float32), 1)
    >>> loss, loss_backward = grid_loss()
    >>> round(loss(np.zeros((1, 8, 1, 1)), targets), 4)
    7.6251
    """
    box_weight, empty_weight = within("box_weight", box_weight, 0), within("empty_weight", empty_weight, 0)

    def loss(output: ArrayLike, targets: Targets) -> float:
        output, (boxes, classes) = _beside(output, targets)
        full, right = classes > 0, np.maximum(classes - 1, 0)[:, None]
        z, weights = output[:, 0], np.where(full, 1, empty_weight)
        box_cost = np.sum((output[:, _BOX] - boxes) ** 2, axis=1)
        class_cost = -np.take_along_axis(log_softmax(output[:, _CLASSES], axis=1), right, axis=1)[:, 0]
        costs = full * (box_weight * box_cost + class_cost) + weights * (softplus(z) - z * full)
        return float(costs.sum()) / len(output)

    def loss_backward(output: ArrayLike, targets: Targets, dloss: float = 1.0) -> np.ndarray:
        output, (boxes, classes) = _beside(output, targets)
        full, right = classes > 0, np.maximum(classes - 1, 0)[:, None]
        doutput, here = np.empty(output.shape, output.dtype), full[:, None]
        # weights * (softplus(z) - z * full)
        doutput[:, 0] = np.where(full, 1, empty_weight) * (sigmoid(output[:, 0]) - full)
        # full * box_weight * (t - target)^2
        doutput[:, _BOX] = here * (2 * box_weight * (output[:, _BOX] - boxes))
        # full * -log p_k, with log p_k = s_k - log sum exp(s)
        is_right = np.arange(output.shape[1] - 5)[:, None, None] == right
        doutput[:, _CLASSES] = here * (softmax(output[:, _CLASSES], axis=1) - is_right)
        doutput *= number("dloss", dloss) / len(output)
        return doutput

    return loss, loss_backward


def grid_detections(
    output: ArrayLike, *, image_size: Pair, threshold: float = 0.5, iou_threshold: float = 0.5
) -> Detections:
    r"""Return the boxes that the output of a :func:`grid_detector` stands for, by falling score.

    The cell in row i and column j proposes its box, as the class that is most likely, with the score

    .. math:: \sigma(z)\, \max_k p_k = P(\text{object}) \, P(\text{class} \mid \text{object})

    Boxes are cut off at the border of the image. Those with scores below the threshold are dropped, and
    :func:`cvlib.boxes.nms`, class by class, drops those that repeat a better one.

    Parameters
    ----------
    output : array_like, (N, 5 + K, S_h, S_w)
        Of the net.
    image_size : int or pair
        Height and width of the image in pixels.
    threshold : float
        Least score, in [0, 1]. For :func:`cvlib.boxes.mean_average_precision` choose it low, such as 0.05: more
        recall can only help there.
    iou_threshold : float
        Largest IoU of two boxes of one class that are both kept.

    Returns
    -------
    boxes : list of ndarray, (K_i, 4)
        Edges x1, y1, x2, y2 in each image.
    scores : list of ndarray, (K_i,)
    labels : list of ndarray, (K_i,), int64
        Classes, 1 ... K.

    Raises
    ------
    TypeError
        If ``output`` does not hold real numbers, or ``image_size`` is not of integers.
    ValueError
        If ``output`` has another shape, or a number is not finite or out of the range told above.

    References
    ----------
    Redmon, Divvala, Girshick and Farhadi, CVPR 2016, arXiv:1506.02640, equation 1.

    Examples
    --------
    A single cell that is rather sure of class 2, in the middle of the image:

    >>> output = np.array([2, 0.5, 0.5, 0.5, 1, 0, 9, 0]).reshape(1, 8, 1, 1)
    >>> boxes, scores, labels = grid_detections(output, image_size=8)
    >>> boxes[0], scores[0].round(2), labels[0]
    (array([[3., 0., 5., 8.]]), array([0.88]), array([2]))
    """
    output = finite("output", _answers(output))
    image = np.array(pair("image_size", image_size, minimum=1))
    boxes = _boxes_of_cells(output[:, _BOX], image)
    shares = softmax(output[:, _CLASSES], axis=1)
    scores = (sigmoid(output[:, 0]) * shares.max(axis=1)).reshape(len(output), -1)
    labels = 1 + shares.argmax(axis=1).reshape(len(output), -1)
    return best_of_each_class(boxes, scores, labels, threshold=threshold, iou_threshold=iou_threshold)


def _boxes_of_cells(answers: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Return the edges (N, S_h S_w, 4), cut off at the border, for answers (N, 4, S_h, S_w)."""
    rows, columns = grid = answers.shape[2:]
    corners = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)))
    centres = (answers[:, :2] + corners) / np.array(grid[::-1])[:, None, None]
    halves = answers[:, 2:] ** 2 / 2
    edges = np.concatenate([centres - halves, centres + halves], axis=1).reshape(len(answers), 4, -1)
    scale = np.tile(image[::-1], 2).astype(answers.dtype)
    return np.clip(edges.transpose(0, 2, 1), 0, 1).astype(answers.dtype) * scale


def _answers(output: ArrayLike) -> np.ndarray:
    output = as_float("output", output, ndim=4, layout="(N, 5 + K, S_h, S_w)")
    if output.shape[1] < 6 or 0 in output.shape:
        raise ValueError(
            f"output must have shape (N, 5 + K, S_h, S_w) with K of at least 1, got {output.shape}"
        )
    return output


def _beside(output: ArrayLike, targets: Targets) -> tuple[np.ndarray, Targets]:
    """Return the output and the targets, if they belong together, in the output's floating type."""
    output = _answers(output)
    if not isinstance(targets, tuple) or len(targets) != 2:
        raise TypeError(f"targets must be the pair (boxes, classes), got {type(targets).__name__}")
    n, channels, *grid = output.shape
    boxes = same_shape("targets[0]", targets[0], (n, 4, *grid)).astype(output.dtype, copy=False)
    classes = indices_below(channels - 4, "targets[1]", targets[1])
    if classes.shape != (n, *grid):
        raise ValueError(f"targets[1] must have shape {(n, *grid)}, got {classes.shape}")
    return output, (boxes, classes)


def _inside(name: str, boxes: ArrayLike, image: np.ndarray) -> np.ndarray:
    """Return boxes (M, 4) in float64, if all lie in the image."""
    boxes = boxes_of_image(name, boxes).astype(np.float64)
    low, high = boxes[:, :2], boxes[:, 2:]
    wrong = ~((low >= 0) & (low <= high) & (high <= image[::-1])).all(axis=1)
    if wrong.any():
        got, size = boxes[wrong.argmax()].tolist(), " x ".join(map(str, image))
        raise ValueError(f"{name} must hold boxes inside the image of {size} pixels, got {got}")
    return boxes
