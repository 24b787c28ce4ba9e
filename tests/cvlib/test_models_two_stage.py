"""The second stage: every region is read and judged as if it were alone; its loss against its equation and JAX."""

import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracle import check_loss
from strategies import normal

from cvlib.boxes import decode_boxes, mean_average_precision
from cvlib.data import make_scenes
from cvlib.models import RegionClassifier, region_classifier, region_detections, region_loss, region_targets
from cvlib.nn import Flatten, Fork, Identity
from cvlib.ops import roi_align
from cvlib.optim import Adam
from cvlib.train import fit

REGIONS = np.array(
    [[[1.0, 2, 9, 8], [0, 0, 6, 12], [3, 3, 7, 5]], [[2, 1, 10, 12], [0, 4, 5, 9], [6, 6, 12, 12]]]
)


def rng(seed=0):
    return np.random.default_rng(seed)


# The net


def test_every_region_is_read_as_if_it_were_alone():
    model = region_classifier(rng=rng(), width=2, dtype=np.float64)
    images = normal(2, 3, 12, 12)
    together = model((images, REGIONS))
    for n, r in np.ndindex(2, 3):
        maps = model["features"](images[n : n + 1])
        pooled = roi_align(maps, [[0, *REGIONS[n, r]]], 4, spatial_scale=1 / 4)
        for part, alone in zip(together, model["head"](pooled), strict=True):
            np.testing.assert_allclose(part[n, r], alone[0], rtol=0, atol=1e-12)


def test_gradients_fit_the_slopes():
    """Along random directions; the image's gradient comes through the regions alone."""
    model = region_classifier(rng=rng(1), num_classes=2, in_channels=1, width=2, dtype=np.float64)
    for p in model.parameters.values():
        p[...] += 0.1 * rng(2).standard_normal(p.shape)
    images = normal(2, 1, 12, 12)
    dscores, doffsets = normal(2, 3, 3, seed=1), normal(2, 3, 4, seed=2)

    def total():
        scores, offsets = model((images, REGIONS))
        return np.sum(scores * dscores) + np.sum(offsets * doffsets)

    total()
    dimages, dregions = model.backward((dscores, doffsets))
    assert dregions is None
    gradients = {**{name: g.copy() for name, g in model.gradients.items()}, "images": dimages}
    assert gradients.keys() - {"images"} == model.parameters.keys()
    for name, array in {**model.parameters, "images": images}.items():
        direction, centre, eps = rng(3).standard_normal(array.shape), array.copy(), 1e-6
        array[...] = centre + eps * direction
        rise = total()
        array[...] = centre - eps * direction
        rise -= total()
        array[...] = centre
        expected = np.sum(gradients[name] * direction)
        assert rise / (2 * eps) == pytest.approx(expected, rel=1e-6, abs=1e-7), name
    total()
    assert model.backward((dscores, doffsets), needs_dx=False) is None
    for name, g in model.gradients.items():
        np.testing.assert_array_equal(g, gradients[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_types_and_numbers(dtype):
    model = region_classifier(rng=rng(), dtype=dtype)
    scores, offsets = model((np.ones((2, 3, 32, 32), dtype), REGIONS.astype(dtype)))
    assert (scores.shape, offsets.shape) == ((2, 3, 4), (2, 3, 4))
    assert {scores.dtype, offsets.dtype} == {np.dtype(dtype)}
    model.backward((scores, offsets))
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(dtype)}
    features = (27 * 16 + 16) + (144 * 32 + 32) + (288 * 64 + 64)
    assert sum(p.size for p in model.parameters.values()) == features + (1024 * 64 + 64) + 2 * (64 * 4 + 4)
    assert model.output_shape(((3, 32, 32), (7, 4))) == ((7, 4), (7, 4))
    convs = 32**2 * 27 * 16 + 16**2 * 144 * 32 + 8**2 * 288 * 64
    assert model.macs(((3, 32, 32), (7, 4))) == convs + 7 * (1024 * 64 + 2 * 64 * 4)


def test_a_head_of_ones_own():
    """The mean over each of the 2 x 1 bins of an image with rows of one colour."""
    model = RegionClassifier(features=Identity(), head=Flatten(), output_size=(2, 1), stride=1)
    image = np.repeat(np.arange(8.0), 8).reshape(1, 1, 8, 8)
    with pytest.raises(ValueError, match="head must give a pair"):
        model((image, [[[2, 2, 6, 6]]]))
    model = RegionClassifier(
        features=Identity(), head=Fork(Flatten(), Flatten()), output_size=(2, 1), stride=1
    )
    scores, _ = model((image, [[[2, 2, 6, 6]]]))
    np.testing.assert_allclose(scores, [[[2.5, 4.5]]])  # rows 2 and 3, rows 4 and 5


def test_no_regions():
    """Nothing is said, and nothing learned."""
    model = region_classifier(rng=rng())
    scores, offsets = model((np.ones((2, 3, 8, 8), np.float32), np.zeros((2, 0, 4))))
    assert (scores.shape, offsets.shape) == ((2, 0, 4), (2, 0, 4))
    dimages, _ = model.backward((scores, offsets))
    assert not dimages.any()
    assert not any(g.any() for g in model.gradients.values())


def test_the_same_rng_gives_the_same_weights():
    one, two = (region_classifier(rng=rng(3)).parameters for _ in range(2))
    for name, p in one.items():
        np.testing.assert_array_equal(p, two[name])


# Targets


def test_targets_by_hand():
    """Of 4 x 4 boxes: one moved by 1 of 4 pixels overlaps by 3/5, one by 2 of 4 pixels by 1/3."""
    regions = [[[0, 0, 4, 4], [2, 0, 6, 4], [8, 8, 12, 12]], [[0, 0, 4, 4]] * 3]
    boxes, labels = [[[1, 0, 5, 4], [8, 8, 12, 16]], []], [[3, 1], []]
    classes, offsets = region_targets(regions, boxes, labels, positive_iou=0.5)
    assert classes.tolist() == [[3, 3, 1], [0, 0, 0]]
    expected = np.zeros((2, 3, 4))
    expected[0] = [1 / 4, 0, 0, 0], [-1 / 4, 0, 0, 0], [0, 1 / 2, 0, math.log(2)]
    np.testing.assert_allclose(offsets, expected, rtol=1e-6)
    assert (classes.dtype, offsets.dtype) == (np.int64, np.float32)
    fewer, _ = region_targets(regions, boxes, labels, positive_iou=0.55)
    assert fewer.tolist() == [[3, 3, 0], [0, 0, 0]]


def test_detections_of_what_the_targets_say_are_the_objects():
    scenes = make_scenes(20, rng=rng())
    regions = np.stack([np.resize(boxes, (6, 4)) for boxes in scenes.boxes])
    regions += rng(1).uniform(-1, 1, regions.shape)
    classes, offsets = region_targets(regions, scenes.boxes, scenes.labels)
    scores = np.where(np.arange(4) == classes[..., None], 20.0, 0.0)
    np.testing.assert_allclose(
        decode_boxes(offsets, regions)[0, 0], scenes.boxes[0][0], atol=1e-3
    )  # whose first region is the first object, moved
    found = region_detections((scores, offsets), regions, image_size=32)
    assert mean_average_precision(*found, scenes.boxes, scenes.labels, iou_threshold=0.99) == 1
    assert [len(boxes) for boxes in found[0]] == [len(boxes) for boxes in scenes.boxes]


# The loss


def some_targets():
    classes = np.array([[0, 2, 0], [1, 0, 2]])
    return classes, normal(2, 3, 4, seed=5) * (classes > 0)[..., None]


@pytest.mark.parametrize("box_weight", [1.0, 2.5, 0.0])
def test_the_loss_and_its_gradients(box_weight):
    loss, loss_backward = region_loss(box_weight=box_weight)
    classes, truth = some_targets()

    def oracle(scores, offsets):
        log_p = jax.nn.log_softmax(scores, axis=-1)
        costs = -sum(jnp.sum(log_p[..., k] * (classes == k)) for k in range(3))
        d = jnp.abs(offsets - truth)
        moves = jnp.where(d < 1, d**2 / 2, d - 1 / 2).sum(axis=-1)
        return (costs + box_weight * jnp.sum(moves * (classes > 0))) / classes.size

    check_loss(
        lambda s, t, *fixed: loss((s, t), fixed),
        lambda s, t, classes, offsets, dloss: loss_backward((s, t), (classes, offsets), dloss),
        oracle,
        [normal(2, 3, 3), normal(2, 3, 4)],
        classes,
        truth,
    )


def test_background_alone():
    targets = np.zeros((1, 2), int), np.zeros((1, 2, 4))
    output = np.zeros((1, 2, 2)), np.ones((1, 2, 4))
    loss, loss_backward = region_loss()
    assert loss(output, targets) == pytest.approx(math.log(2))
    np.testing.assert_array_equal(loss_backward(output, targets)[1], 0)


# Detections


def test_background_is_no_class():
    """Shares 0.5, 0.3, 0.2: the score of class 1 is 0.3, though the background is likelier."""
    scores = np.log([[[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]])
    regions = np.array([[[0, 0, 4, 4], [4, 4, 8, 10.0]]])
    boxes, found, labels = region_detections(
        (scores, np.zeros((1, 2, 4))), regions, image_size=8, threshold=0.1
    )
    np.testing.assert_allclose(found[0], [0.7, 0.3])
    assert labels[0].tolist() == [2, 1]
    assert boxes[0].tolist() == [[4, 4, 8, 8], [0, 0, 4, 4]]
    assert len(region_detections((scores, np.zeros((1, 2, 4))), regions, image_size=8)[0][0]) == 1


# Training


def test_it_learns_what_regions_show():
    """Regions are the objects, shaken, and as many random boxes; scenes never seen."""
    scenes, unseen = make_scenes(300, rng=rng(1)), make_scenes(60, rng=rng(2))
    model = region_classifier(rng=rng(3), width=12)

    def shaken(scenes, seed):
        boxes = np.stack([np.resize(of_image, (4, 4)) for of_image in scenes.boxes])
        elsewhere = rng(seed).uniform(0, 22, (*boxes.shape[:2], 2))
        elsewhere = np.concatenate([elsewhere, elsewhere + 9], axis=2)
        return np.concatenate([boxes + rng(seed).uniform(-1.5, 1.5, boxes.shape), elsewhere], axis=1)

    def quality():
        regions = shaken(unseen, 6)
        found = region_detections(model((unseen.images, regions)), regions, image_size=32, threshold=0.05)
        return mean_average_precision(*found, unseen.boxes, unseen.labels)

    before, regions = quality(), shaken(scenes, 5)
    fit(
        model, (scenes.images, regions), region_targets(regions, scenes.boxes, scenes.labels), loss=region_loss(),
        optimiser=Adam(model.parameters, lr=0.005), num_epochs=12, batch_size=16, rng=rng(4),
    )  # fmt: skip
    assert before < 0.4
    assert quality() > 0.7


# What it refuses

S, T, K, TRUTH = np.zeros((1, 2, 3)), np.zeros((1, 2, 4)), np.zeros((1, 2), int), np.zeros((1, 2, 4))
IMAGES = np.ones((1, 3, 8, 8), np.float32)
TWO = [[[0, 0, 4, 4], [4, 4, 8, 8]]]


def model():
    return region_classifier(rng=rng(), width=1)


def loss_of(scores, offsets, classes, true_offsets):
    return region_loss()[0]((scores, offsets), (classes, true_offsets))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: region_classifier(rng=rng(), num_classes=0), ValueError, "num_classes must be at least 1, got 0"),
        (lambda: region_classifier(rng=rng(), width=0), ValueError, "width must be at least 1, got 0"),
        (lambda: region_classifier(rng=0), TypeError, "rng must be a numpy Generator"),
        (lambda: RegionClassifier(features=Identity(), head=Flatten(), output_size=0, stride=1), ValueError,
         "output_size must be at least 1, got 0"),
        (lambda: RegionClassifier(features=Identity(), head=Flatten(), output_size=1, stride=0), ValueError,
         "stride must be at least 1, got 0"),
        (lambda: model()(IMAGES), TypeError, "x must be a pair (images, regions), got ndarray"),
        (lambda: model()((IMAGES, TWO[0])), ValueError, "regions must have 3 axes (N, R, 4), got shape (2, 4)"),
        (lambda: model()((IMAGES, TWO * 2)), ValueError, "regions must have shape (1, R, 4), got (2, 2, 4)"),
        (lambda: model()((IMAGES, S)), ValueError, "regions must have shape (1, R, 4), got (1, 2, 3)"),
        (lambda: model().backward((S, T)), RuntimeError, "has no input to go back to: call forward before backward"),
        (lambda: region_targets(TWO[0], [[]], [[]]), ValueError, "regions must have 3 axes (N, R, 4)"),
        (lambda: region_targets(TWO, [], [[]]), ValueError, "boxes must have one entry for each of 1 images, got 0"),
        (lambda: region_targets(TWO, [[]], []), ValueError, "labels must have one entry for each of 1 images, got 0"),
        (lambda: region_targets(TWO, TWO, [[1]]), ValueError, "labels[0] must hold one class for each of 2 boxes"),
        (lambda: region_targets(TWO, TWO, [[1, 0]]), ValueError, "labels[0] must be at least 1, got 0"),
        (lambda: region_targets(TWO, TWO, [[1, 1.5]]), TypeError, "labels[0] must be integers"),
        (lambda: region_targets(TWO, [[[0, 0, 4]]], [[1]]), ValueError, "boxes[0] must have shape (M, 4)"),
        (lambda: region_targets(TWO, TWO, [[1, 1]], positive_iou=2), ValueError, "positive_iou must be from 0 to"),
        (lambda: region_loss(box_weight=-1), ValueError, "box_weight must be at least 0 and finite, got -1"),
        (lambda: region_loss()[0](S, (K, TRUTH)), TypeError, "output must be a pair (scores, offsets), got ndarray"),
        (lambda: region_loss()[0]((S, T), K), TypeError, "targets must be the pair (classes, offsets), got ndarray"),
        (lambda: loss_of(S[0], T, K, TRUTH), ValueError, "output[0] must have 3 axes (N, R, K + 1)"),
        (lambda: loss_of(S[..., :1], T, K, TRUTH), ValueError, "output[0] must hold scores of at least 2 classes"),
        (lambda: loss_of(S, T[:, :1], K, TRUTH), ValueError, "output[1] must have shape (1, 2, 4), got (1, 1, 4)"),
        (lambda: loss_of(S, T, K[:, :1], TRUTH), ValueError, "targets[0] must have shape (1, 2), got (1, 1)"),
        (lambda: loss_of(S, T, K + 3, TRUTH), ValueError, "targets[0] must lie in 0 ... 2, got 3"),
        (lambda: loss_of(S, T, K, TRUTH[0]), ValueError, "targets[1] must have shape (1, 2, 4), got (2, 4)"),
        (lambda: region_detections((S, T), TWO[0], image_size=8), ValueError, "regions must have shape (1, 2, 4)"),
        (lambda: region_detections((S, T), TWO, image_size=0), ValueError, "size must be at least 1, got 0"),
        (lambda: region_detections((S + np.nan, T), TWO, image_size=8), ValueError, "output[0] must be finite"),
        (lambda: region_detections((S, T + np.nan), TWO, image_size=8), ValueError, "output[1] must be finite"),
        (lambda: region_detections((S, T), TWO, image_size=8, threshold=2), ValueError, "threshold must be from 0 to"),
    ],
)  # fmt: skip
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
