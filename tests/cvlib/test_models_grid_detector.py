"""The grid detector: targets and boxes by hand and there and back, the loss against its equation and JAX."""

import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from slopes import check_gradients, shake
from strategies import normal

from cvlib import nn
from cvlib.boxes import iou, mean_average_precision
from cvlib.data import make_scenes
from cvlib.models import grid_detections, grid_detector, grid_loss, grid_targets
from cvlib.optim import Adam
from cvlib.train import fit

GRID = {"grid_size": 4, "image_size": 32, "num_classes": 3}


def rng(seed=0):
    return np.random.default_rng(seed)


# The net


def test_the_net_by_its_numbers():
    convs = (27 * 16 + 16) + (144 * 32 + 32) + (288 * 64 + 64) + (576 * 64 + 64) + (64 * 8 + 8)
    table = nn.summary(grid_detector(rng=rng()), (3, 32, 32))
    assert table.parameters == convs == 61_032
    assert table.rows[-1].output_shape == (8, 4, 4)
    assert table.rows[-1].receptive_field == (38, 38)
    assert table.macs == 32**2 * 27 * 16 + 16**2 * 144 * 32 + 8**2 * 288 * 64 + 4**2 * (576 + 8) * 64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_types(dtype):
    model = grid_detector(rng=rng(), num_classes=5, in_channels=1, width=2, dtype=dtype)
    y = model(np.ones((2, 1, 24, 40), dtype))
    assert (y.shape, y.dtype) == ((2, 10, 3, 5), dtype)
    model.backward(y)
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(dtype)}


def test_gradients_fit_the_slopes():
    model = shake(grid_detector(rng=rng(1), in_channels=1, width=2, dtype=np.float64))
    check_gradients(model, rng(2).normal(0, 1, (1, 1, 16, 16)))


def test_the_same_rng_gives_the_same_weights():
    one, two, other = (grid_detector(rng=rng(seed)).parameters for seed in (3, 3, 4))
    for name, p in one.items():
        np.testing.assert_array_equal(p, two[name])
    assert (one["answers.weight"] != other["answers.weight"]).all()


def test_answers_start_with_glorots_spread():
    weights = grid_detector(rng=rng(), width=64).parameters["answers.weight"]
    assert weights.var() == pytest.approx(2 / (256 + 8), rel=0.05)


# Targets


def test_targets_by_hand():
    """An image of 24 rows and 40 columns, 3 x 4 cells of 8 x 10 pixels."""
    boxes = [[[0, 0, 10, 6], [25, 4, 35, 24]], []]
    found, classes = grid_targets(boxes, [[3, 1], []], grid_size=(3, 4), image_size=(24, 40), num_classes=3)
    expected = np.zeros((2, 4, 3, 4))
    expected[0, :, 0, 0] = 5 / 10, 3 / 8, math.sqrt(10 / 40), math.sqrt(6 / 24)  # the centre is (5, 3)
    expected[0, :, 1, 3] = 0, 14 / 8 - 1, math.sqrt(10 / 40), math.sqrt(20 / 24)  # and (30, 14)
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    assert classes.tolist() == [[[3, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], [[0] * 4] * 3]
    assert (found.dtype, classes.dtype) == (np.float32, np.int64)


def test_of_two_objects_in_a_cell_the_first_is_kept():
    boxes = [[0, 0, 6, 6], [1, 1, 8, 8]]
    for first, second in ((0, 1), (1, 0)):
        found, classes = grid_targets([[boxes[first], boxes[second]]], [[first + 1, second + 1]], **GRID)
        alone, _ = grid_targets([[boxes[first]]], [[first + 1]], **GRID)
        np.testing.assert_array_equal(found, alone)
        assert classes[0, 0, 0] == first + 1
        assert np.count_nonzero(classes) == 1


def test_a_centre_on_the_far_edge_belongs_to_the_last_cell():
    found, classes = grid_targets([[[32, 32, 32, 32]]], [[2]], **GRID)
    assert classes[0, 3, 3] == 2
    assert found[0, :, 3, 3].tolist() == [1, 1, 0, 0]


def test_no_two_shapes_share_a_cell():
    """So on the scenes of the book a grid of 4 x 4 loses nothing."""
    scenes = make_scenes(300, rng=rng())
    _, classes = grid_targets(scenes.boxes, scenes.labels, **GRID)
    assert np.count_nonzero(classes) == sum(map(len, scenes.boxes))


# The loss


def perfect(targets, num_classes, certainty=50.0):
    """Return the output that says what the targets say."""
    boxes, classes = targets
    output = np.zeros((len(boxes), 5 + num_classes, *boxes.shape[2:]))
    output[:, 0] = np.where(classes > 0, certainty, -certainty)
    output[:, 1:5] = boxes
    for k in range(num_classes):
        output[:, 5 + k] = np.where(classes == k + 1, certainty, 0)
    return output


def some_targets(n=2):
    scenes = make_scenes(n, rng=rng(5))
    return grid_targets(scenes.boxes, scenes.labels, **GRID)


def jax_loss(output, targets, box_weight, empty_weight):
    boxes, classes = targets
    full = classes > 0
    p = jax.nn.sigmoid(output[:, 0])
    log_shares = jax.nn.log_softmax(output[:, 5:], axis=1)
    total = 0.0
    total += box_weight * jnp.sum(jnp.where(full[:, None], (output[:, 1:5] - boxes) ** 2, 0))
    total -= jnp.sum(jnp.where(full, jnp.log(p), empty_weight * jnp.log1p(-p)))
    for k in range(output.shape[1] - 5):
        total -= jnp.sum(jnp.where(classes == k + 1, log_shares[:, k], 0))
    return total / len(output)


@pytest.mark.parametrize(("box_weight", "empty_weight"), [(5.0, 0.5), (0.7, 3.0), (0.0, 0.0)])
def test_the_loss_and_its_gradient(box_weight, empty_weight):
    loss, loss_backward = grid_loss(box_weight=box_weight, empty_weight=empty_weight)
    targets = some_targets()
    check_loss(
        lambda output, *fixed: loss(output, fixed),
        lambda output, boxes, classes, dloss: loss_backward(output, (boxes, classes), dloss),
        lambda output: jax_loss(output, targets, box_weight, empty_weight),
        [normal(2, 8, 4, 4)],
        *targets,
    )


def test_the_loss_by_its_equation():
    """Cell by cell, with plain numbers."""
    output, (boxes, classes) = normal(2, 8, 4, 4), some_targets()
    total = 0.0
    for n, i, j in np.ndindex(2, 4, 4):
        z, box, scores = output[n, 0, i, j], output[n, 1:5, i, j], output[n, 5:, i, j]
        k = classes[n, i, j]
        if k == 0:
            total += -0.5 * math.log(1 - 1 / (1 + math.exp(-z)))
            continue
        total += 5 * sum((box[q] - boxes[n, q, i, j]) ** 2 for q in range(4))
        total += -math.log(1 / (1 + math.exp(-z)))
        total += -math.log(math.exp(scores[k - 1]) / sum(map(math.exp, scores)))
    assert grid_loss()[0](output, (boxes, classes)) == pytest.approx(total / 2, rel=1e-12)


def test_who_says_the_truth_pays_nothing():
    targets = some_targets(5)
    loss, loss_backward = grid_loss()
    assert loss(perfect(targets, 3), targets) == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(loss_backward(perfect(targets, 3), targets), 0, atol=1e-12)


def test_empty_cells_say_nothing_of_boxes_and_classes():
    targets = grid_targets([[]], [[]], **GRID)
    doutput = grid_loss()[1](normal(1, 8, 4, 4), targets)
    assert (doutput[:, 0] > 0).all()
    np.testing.assert_array_equal(doutput[:, 1:], 0)


def test_scores_of_any_size():
    """No overflow where the net is sure and wrong: the loss is the score."""
    targets = grid_targets([[[4, 4, 12, 12]]], [[1]], grid_size=1, image_size=16, num_classes=2)
    output = perfect(targets, 2, certainty=-1000.0)
    loss, loss_backward = grid_loss()
    assert loss(output, targets) == pytest.approx(1000 + 1000)
    np.testing.assert_allclose(loss_backward(output, targets).ravel(), [-1, 0, 0, 0, 0, -1, 1])


# Detections


@st.composite
def lone_objects(draw):
    """Draw an image size, a grid, and boxes with their centres in different cells."""
    grid = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    image = tuple(g * draw(st.integers(4, 9)) for g in grid)
    cells = draw(st.sets(st.tuples(st.integers(0, grid[0] - 1), st.integers(0, grid[1] - 1)), max_size=5))
    boxes = []
    for cell in cells:
        (y, h), (x, w) = (
            centre_and_size(draw, place, size / count, size)
            for place, count, size in zip(cell, grid, image, strict=True)
        )
        boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    labels = [draw(st.integers(1, 3)) for _ in boxes]
    return grid, image, np.array(boxes).reshape(-1, 4), np.array(labels, int)


def centre_and_size(draw, place, cell, size):
    centre = (place + draw(st.floats(0.1, 0.9))) * cell
    return centre, draw(st.floats(0.2, 1)) * 2 * min(centre, size - centre) * 0.999


@given(lone_objects())
@settings(max_examples=60, deadline=None)
def test_there_and_back(case):
    """Detections of a perfect output are the objects."""
    grid, image, boxes, labels = case
    targets = grid_targets([boxes], [labels], grid_size=grid, image_size=image, num_classes=3)
    found, scores, classes = grid_detections(perfect(targets, 3), image_size=image, iou_threshold=1.0)
    order, true_order = (np.lexsort(np.round(array, 2).T) for array in (found[0], boxes))
    np.testing.assert_allclose(found[0][order], boxes[true_order], rtol=0, atol=1e-4)
    assert classes[0][order].tolist() == labels[true_order].tolist()
    np.testing.assert_allclose(scores[0], 1)


def test_all_scenes_there_and_back():
    scenes = make_scenes(100, rng=rng())
    targets = grid_targets(scenes.boxes, scenes.labels, **GRID)
    for dtype in (np.float32, np.float64):
        found = grid_detections(perfect(targets, 3).astype(dtype), image_size=32)
        assert found[0][0].dtype == found[1][0].dtype == dtype
        assert found[2][0].dtype == np.int64
        assert mean_average_precision(*found, scenes.boxes, scenes.labels, iou_threshold=0.99) == 1


def test_scores_by_falling_order_and_threshold():
    """sigma(z) p_k: 0.5 * 0.8, 0.75 * 1 and 0.9 * 0.5 for a row of three cells with three classes."""
    output = np.full((1, 8, 1, 3), -1e4)
    output[0, 0, 0] = [0, math.log(3), math.log(9)]
    output[0, 1:5] = 0.5
    output[0, 5, 0, 0], output[0, 6, 0, 0] = math.log(4), 0
    output[0, 7, 0, 1] = 0
    output[0, 5, 0, 2], output[0, 7, 0, 2] = 0, 0
    boxes, scores, labels = grid_detections(output, image_size=(12, 36), threshold=0.0)
    np.testing.assert_allclose(scores[0], [0.75, 0.45, 0.4])
    assert labels[0].tolist() == [3, 1, 1]
    np.testing.assert_allclose(boxes[0], [[x, 4.5, x + 9, 7.5] for x in (13.5, 25.5, 1.5)])
    for threshold, count in ((0.39, 3), (0.41, 2), (0.74, 1), (0.76, 0)):
        found = grid_detections(output, image_size=(12, 36), threshold=threshold)
        assert [len(of_image[0]) for of_image in found] == [count] * 3
        np.testing.assert_array_equal(found[1][0], scores[0][:count])
        assert found[0][0].shape == (count, 4)


def test_only_boxes_of_one_class_suppress_each_other():
    """Two cells propose the same box: of one class, the better one stays; of two, both do."""
    output = np.zeros((2, 7, 1, 2))
    output[:, 0] = [[2, 3]]
    output[:, 1], output[:, 2], output[:, 3:5] = (
        [[1, 0]],
        0.5,
        0.7,
    )  # the right end of one, the left of the other
    output[:, 5] = 9
    output[1, 6, 0, 1] = 99
    boxes, scores, labels = grid_detections(output, image_size=16)
    assert [len(of_image) for of_image in boxes] == [1, 2]
    assert scores[0][0] == pytest.approx(1 / (1 + math.exp(-3)), abs=1e-3)
    assert labels[1].tolist() == [2, 1]
    assert iou(boxes[1][:1], boxes[1][1:]).item() == pytest.approx(1)
    assert [len(k) for k in grid_detections(output, image_size=16, iou_threshold=1.0)[0]] == [2, 2]


def test_boxes_end_at_the_border():
    output = np.zeros((1, 6, 1, 1))
    output[0, :5, 0, 0] = 9, 0, 1, 1, 1
    (boxes,), _, _ = grid_detections(output, image_size=(8, 20))
    assert boxes.tolist() == [[0, 4, 10, 8]]


# Training


def test_it_learns_to_find_shapes():
    """Detections on scenes never seen; the untrained net finds nothing."""
    scenes, unseen = make_scenes(400, rng=rng(1)), make_scenes(100, rng=rng(2))
    model = grid_detector(rng=rng(3), width=12)

    def quality():
        found = grid_detections(model(unseen.images), image_size=32, threshold=0.05)
        return mean_average_precision(*found, unseen.boxes, unseen.labels)

    assert quality() < 0.05
    fit(
        model, scenes.images, grid_targets(scenes.boxes, scenes.labels, **GRID), loss=grid_loss(),
        optimiser=Adam(model.parameters, lr=0.005), num_epochs=15, batch_size=16, rng=rng(4),
    )  # fmt: skip
    assert quality() > 0.5


# What it refuses

ONE = ([[[0, 0, 8, 8]]], [[1]])


def loss_of(output, targets):
    return grid_loss()[0](output, targets)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grid_detector(rng=rng(), num_classes=0), ValueError, "num_classes must be at least 1, got 0"),
        (lambda: grid_detector(rng=rng(), width=0), ValueError, "width must be at least 1, got 0"),
        (lambda: grid_detector(rng=0), TypeError, "rng must be a numpy Generator"),
        (lambda: grid_targets(*ONE, **GRID | {"grid_size": 0}), ValueError, "grid_size must be at least 1, got 0"),
        (lambda: grid_targets(*ONE, **GRID | {"image_size": 3.0}), TypeError, "image_size must be an integer"),
        (lambda: grid_targets(*ONE, **GRID | {"num_classes": 0}), ValueError, "num_classes must be at least 1, got 0"),
        (lambda: grid_targets(ONE[0], [], **GRID), ValueError, "labels must have one entry for each of 1 images"),
        (lambda: grid_targets(ONE[0], [[1, 1]], **GRID), ValueError,
         "labels[0] must hold one class for each of 1 boxes, got shape (2,)"),
        (lambda: grid_targets(ONE[0], [[0]], **GRID), ValueError, "labels[0] must lie in 1 ... 3, got 0"),
        (lambda: grid_targets(ONE[0], [[4]], **GRID), ValueError, "labels[0] must lie in 1 ... 3, got 4"),
        (lambda: grid_targets(ONE[0], [[1.0]], **GRID), TypeError, "labels[0] must be integers"),
        (lambda: grid_targets([[[0, 0, 8, 33]]], [[1]], **GRID), ValueError,
         "boxes[0] must hold boxes inside the image of 32 x 32 pixels, got [0.0, 0.0, 8.0, 33.0]"),
        (lambda: grid_targets([[[-1, 0, 8, 8]]], [[1]], **GRID), ValueError, "boxes[0] must hold boxes inside the"),
        (lambda: grid_targets([[[9, 0, 8, 8]]], [[1]], **GRID), ValueError, "boxes[0] must hold boxes inside the"),
        (lambda: grid_targets([[[0, 0, np.nan, 8]]], [[1]], **GRID), ValueError, "boxes[0] must hold boxes inside the"),
        (lambda: grid_targets([[[0, 0, 8]]], [[1]], **GRID), ValueError, "boxes[0] must have shape (M, 4)"),
        (lambda: grid_loss(box_weight=-1), ValueError, "box_weight must be at least 0 and finite, got -1"),
        (lambda: grid_loss(empty_weight="1"), TypeError, "empty_weight must be a number"),
        (lambda: loss_of(np.ones((2, 8, 4)), some_targets()), ValueError, "output must have 4 axes (N, 5 + K, S_h,"),
        (lambda: loss_of(np.ones((2, 5, 4, 4)), some_targets()), ValueError, "with K of at least 1, got (2, 5, 4, 4)"),
        (lambda: loss_of(np.ones((2, 8, 4, 4)), some_targets(3)), ValueError,
         "targets[0] must have shape (2, 4, 4, 4), got (3, 4, 4, 4)"),
        (lambda: loss_of(np.ones((2, 8, 4, 4)), some_targets()[0]), TypeError, "targets must be the pair (boxes,"),
        (lambda: loss_of(np.ones((2, 8, 4, 4)), (some_targets()[0], np.ones((2, 4), int))), ValueError,
         "targets[1] must have shape (2, 4, 4), got (2, 4)"),
        (lambda: loss_of(np.ones((2, 6, 4, 4)), (some_targets()[0], np.full((2, 4, 4), 2))), ValueError,
         "targets[1] must lie in 0 ... 1, got 2"),
        (lambda: grid_detections(np.full((1, 8, 2, 2), np.nan), image_size=8), ValueError, "output must be finite"),
        (lambda: grid_detections(np.ones((1, 8, 2)), image_size=8), ValueError, "output must have 4 axes"),
        (lambda: grid_detections(np.ones((1, 8, 2, 2)), image_size=0), ValueError, "image_size must be at least 1"),
        (lambda: grid_detections(np.ones((1, 8, 2, 2)), image_size=8, threshold=2), ValueError,
         "threshold must be from 0 to 1, got 2"),
        (lambda: grid_detections(np.ones((1, 8, 2, 2)), image_size=8, iou_threshold=-1), ValueError,
         "iou_threshold must be from 0 to 1, got -1"),
    ],
)  # fmt: skip
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
