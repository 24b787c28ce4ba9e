"""Region proposals: the order of the anchors, there and back by targets, the loss against its equation and JAX."""

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
from cvlib.boxes import anchor_boxes, match_anchors
from cvlib.data import make_scenes
from cvlib.models import (
    anchor_by_anchor,
    proposal_recall,
    region_proposal_head,
    region_proposal_net,
    rpn_loss,
    rpn_proposals,
    rpn_targets,
)
from cvlib.optim import Adam
from cvlib.train import fit

SCALES, RATIOS = (8, 12), (0.5, 1, 2)
SCENE_ANCHORS = anchor_boxes(8, stride=4, scales=SCALES, ratios=RATIOS)


def rng(seed=0):
    return np.random.default_rng(seed)


# The net


def test_the_head_of_the_paper():
    """On the 512 maps of VGG-16, with 512 shared filters and 9 anchors; one score where the paper has two."""
    head = region_proposal_head(512, 9, rng=rng(), hidden_channels=512)
    shared = 512 * 512 * 9 + 512
    assert sum(p.size for p in head.parameters.values()) == shared + 512 * (9 + 36) + (9 + 36) == 2_382_893
    assert head.macs((512, 14, 14)) == 14 * 14 * 512 * (512 * 9 + 45)


def test_the_net_by_its_numbers():
    maps = (27 * 16 + 16) + (144 * 32 + 32) + (288 * 64 + 64)
    table = nn.summary(region_proposal_net(rng=rng()), (3, 32, 32))
    assert table.parameters == maps + (576 * 64 + 64) + (64 * 30 + 30) == 62_462
    assert [row.output_shape for row in table.rows[-2:]] == [(6, 8, 8), (24, 8, 8)]
    assert [row.receptive_field for row in table.rows[-2:]] == [(26, 26)] * 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_types(dtype):
    model = region_proposal_net(rng=rng(), num_anchors=5, in_channels=1, width=2, dtype=dtype)
    y = model(np.ones((2, 1, 12, 20), dtype))
    assert [part.shape for part in y] == [(2, 5, 3, 5), (2, 20, 3, 5)]
    assert {part.dtype for part in y} == {np.dtype(dtype)}
    model.backward(y)
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(dtype)}


def test_gradients_fit_the_slopes():
    model = shake(region_proposal_net(rng=rng(1), num_anchors=2, in_channels=1, width=2, dtype=np.float64))
    check_gradients(model, rng(2).normal(0, 1, (1, 1, 8, 12)))


def test_the_same_rng_gives_the_same_weights():
    one, two, other = (region_proposal_net(rng=rng(seed)).parameters for seed in (3, 3, 4))
    for name, p in one.items():
        np.testing.assert_array_equal(p, two[name])
    assert (one["head.conv.weight"] != other["head.conv.weight"]).all()


# The order


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 4)),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_the_best_score_wakes_its_own_anchor(feature_size, num_scales, num_ratios, seed):
    """Channel r S + s, row i, column j: the anchor of ratio r and scale s around the middle of that cell."""
    height, width = feature_size
    scales, ratios, stride = [8.0, 11.0, 17.0][:num_scales], [0.5, 1.0, 3.0][:num_ratios], 16
    anchors = anchor_boxes(feature_size, stride=stride, scales=scales, ratios=ratios)
    i, j, r, s = rng(seed).integers(0, [height, width, num_ratios, num_scales])
    scores, offsets = (np.zeros((1, k * num_ratios * num_scales, height, width)) for k in (1, 4))
    channel = r * num_scales + s
    scores[0, channel, i, j] = 1
    move = np.array([0.5, -0.25, math.log(2), math.log(3)])
    offsets[0, 4 * channel : 4 * channel + 4, i, j] = move
    x, y = (j + 0.5) * stride, (i + 0.5) * stride
    w, h = scales[s] / math.sqrt(ratios[r]), scales[s] * math.sqrt(ratios[r])
    x, y, w, h = x + 0.5 * w, y - 0.25 * h, 2 * w, 3 * h
    found, found_scores = rpn_proposals(
        (scores, offsets), anchors, image_size=(height * stride, width * stride), number=1
    )
    edges = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    limits = [width * stride, height * stride] * 2
    expected = [min(max(edge, 0), limit) for edge, limit in zip(edges, limits, strict=True)]
    np.testing.assert_allclose(found[0], [expected], rtol=1e-6, atol=1e-5)
    assert found_scores[0].tolist() == [1]


def test_anchor_by_anchor():
    scores, offsets = normal(2, 3, 4, 5), normal(2, 12, 4, 5)
    rows, fours = anchor_by_anchor((scores, offsets))
    index = 0
    for i in range(4):
        for j in range(5):
            for a in range(3):
                np.testing.assert_array_equal(rows[:, index], scores[:, a, i, j])
                np.testing.assert_array_equal(fours[:, index], offsets[:, 4 * a : 4 * a + 4, i, j])
                index += 1
    assert index == rows.shape[1]


@pytest.mark.parametrize("shape", [(2, 1, 3, 4), (1, 3, 1, 1), (1, 1, 1, 1)])
def test_what_comes_anchor_by_anchor_is_new(shape):
    scores, offsets = normal(*shape), normal(shape[0], 4 * shape[1], *shape[2:])
    for part in anchor_by_anchor((scores, offsets)):
        assert part.flags.c_contiguous
        assert not np.shares_memory(part, scores)
        assert not np.shares_memory(part, offsets)


# Targets


def test_targets_by_hand():
    """Anchors side by side, 4 x 4. The object overlaps the second by 3/5 and the third by 1/7."""
    anchors = [[4 * k, 0, 4 * k + 4, 4] for k in range(4)]
    boxes = [[[5, 0, 9, 4]], [[0, 0, 4, 8], [12, 0, 16, 4]], []]
    labels, offsets = rpn_targets(anchors, boxes, positive_iou=0.6, negative_iou=0.1)
    assert labels.tolist() == [[0, 1, -1, 0], [1, 0, 0, 1], [0, 0, 0, 0]]
    expected = np.zeros((3, 4, 4))
    expected[0, 1, 0] = 1 / 4
    expected[1, 0] = 0, 2 / 4, 0, math.log(2)
    np.testing.assert_allclose(offsets, expected, rtol=1e-6)
    assert (labels.dtype, offsets.dtype) == (np.int64, np.float32)


def test_targets_there_and_back():
    """Scores of 1 for positive anchors and their true offsets propose the objects, whatever the others say."""
    scenes = make_scenes(30, rng=rng())
    labels, offsets = rpn_targets(SCENE_ANCHORS, scenes.boxes, positive_iou=0.6)
    for n, boxes in enumerate(scenes.boxes):
        scores = np.where(labels[n] == 1, 1.0, -1.0).reshape(8, 8, 6).transpose(2, 0, 1)
        moves = offsets[n].reshape(8, 8, 24).transpose(2, 0, 1)
        found, _ = rpn_proposals((scores[None], moves[None]), SCENE_ANCHORS, image_size=32, number=len(boxes))
        assert proposal_recall(found, [boxes], iou_threshold=0.99) == 1
        np.testing.assert_array_equal(labels[n], match_anchors(SCENE_ANCHORS, boxes, positive_iou=0.6)[0])


def test_no_images():
    labels, offsets = rpn_targets(SCENE_ANCHORS, [])
    assert (labels.shape, offsets.shape) == ((0, 384), (0, 384, 4))


# The loss


def some_targets():
    """Two images with 2 x 3 cells and 2 anchors; positive, negative and ignored ones."""
    labels = np.array([[1, 0, 0, -1, 0, 1, 0, 0, -1, 0, 0, 0], [0, 0, 1, 0, -1, -1, 0, 0, 0, 0, 0, 0]])
    return labels, normal(2, 12, 4, seed=5) * (labels == 1)[..., None]


def jax_loss(scores, offsets, labels, true_offsets, box_weight, beta):
    scores = jnp.moveaxis(scores, 1, -1).reshape(labels.shape)
    offsets = jnp.stack([jnp.moveaxis(offsets[:, q::4], 1, -1).reshape(labels.shape) for q in range(4)], -1)
    positive, negative = labels == 1, labels == 0
    yes = -jnp.sum(positive * jax.nn.log_sigmoid(scores)) / positive.sum()
    no = -jnp.sum(negative * jax.nn.log_sigmoid(-scores)) / negative.sum()
    d = jnp.abs(offsets - true_offsets)
    costs = jnp.where(d < beta, d**2 / (2 * beta), d - beta / 2).sum(axis=-1)
    return (yes + no) / 2 + box_weight * jnp.sum(positive * costs) / positive.sum()


@pytest.mark.parametrize(("box_weight", "beta"), [(1.0, 1.0), (2.5, 0.3), (0.0, 1.0)])
def test_the_loss_and_its_gradients(box_weight, beta):
    loss, loss_backward = rpn_loss(box_weight=box_weight, beta=beta)
    targets = some_targets()
    check_loss(
        lambda z, t, *fixed: loss((z, t), fixed),
        lambda z, t, labels, offsets, dloss: loss_backward((z, t), (labels, offsets), dloss),
        lambda z, t: jax_loss(z, t, *targets, box_weight, beta),
        [normal(2, 2, 2, 3), normal(2, 8, 2, 3)],
        *targets,
    )


def test_the_loss_by_its_equation():
    """Anchor by anchor, with plain numbers."""
    scores, offsets, (labels, truth) = normal(2, 2, 2, 3), normal(2, 8, 2, 3), some_targets()
    costs, moves = {1: [], 0: [], -1: []}, []
    for n, i, j, a in np.ndindex(2, 2, 3, 2):
        label, p = labels[n, (i * 3 + j) * 2 + a], 1 / (1 + math.exp(-scores[n, a, i, j]))
        costs[label].append(-math.log(p if label else 1 - p))
        if label == 1:
            distances = [
                abs(offsets[n, 4 * a + q, i, j] - truth[n, (i * 3 + j) * 2 + a, q]) for q in range(4)
            ]
            moves.append(sum(d * d / 2 if d < 1 else d - 1 / 2 for d in distances))
    assert [len(costs[label]) for label in (1, 0, -1)] == [3, 17, 4]
    expected = (np.mean(costs[1]) + np.mean(costs[0])) / 2 + 3 * np.mean(moves)
    assert rpn_loss(box_weight=3)[0]((scores, offsets), (labels, truth)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("label", [1, 0, -1])
def test_batches_with_anchors_of_one_kind(label):
    """What there is none of costs nothing, and ignored anchors have no gradient at all."""
    loss, loss_backward = rpn_loss()
    output = np.zeros((1, 2, 1, 2)), np.zeros((1, 8, 1, 2))
    targets = np.full((1, 4), label), np.zeros((1, 4, 4))
    assert loss(output, targets) == pytest.approx(0 if label == -1 else math.log(2) / 2)
    dscores, doffsets = loss_backward(output, targets)
    np.testing.assert_allclose(
        dscores, {1: -1, 0: 1, -1: 0}[label] / 16
    )  # 1/2 of a mean over 4 of slopes 1/2
    np.testing.assert_array_equal(doffsets, 0)


# Proposals


def test_proposals_are_thinned_out_and_cut_off():
    anchors = np.array([[-2.0, 0, 6, 8], [0, 0, 6, 7], [8, 8, 12, 12], [-9, -9, -1, -1]])
    output = np.array([3.0, 2, 1, 9]).reshape(1, 4, 1, 1), np.zeros((1, 16, 1, 1))
    boxes, scores = rpn_proposals(output, anchors, image_size=(10, 16))
    assert boxes[0].tolist() == [
        [0, 0, 6, 8],
        [8, 8, 12, 10],
    ]  # the second is 7/8 of the first, the last is outside
    assert scores[0].tolist() == [3, 1]
    boxes, _ = rpn_proposals(output, anchors, image_size=(10, 16), iou_threshold=0.9)
    assert boxes[0].tolist() == [[0, 0, 6, 8], [0, 0, 6, 7], [8, 8, 12, 10]]
    boxes, scores = rpn_proposals(output, anchors, image_size=(10, 16), iou_threshold=0.9, number=2)
    assert (boxes[0].shape, scores[0].shape) == ((2, 4), (2,))


def test_proposals_of_every_image_are_its_own():
    output = np.array([[[[1.0]], [[2.0]]], [[[4.0]], [[3.0]]]]), np.zeros((2, 8, 1, 1))
    boxes, scores = rpn_proposals(output, [[0, 0, 4, 4], [4, 4, 8, 8]], image_size=8)
    assert [of_image.tolist() for of_image in scores] == [[2, 1], [4, 3]]
    assert boxes[0][0].tolist() == [4, 4, 8, 8]
    assert boxes[1][0].tolist() == [0, 0, 4, 4]


def test_float32_stays():
    output = normal(1, 6, 8, 8).astype(np.float32), normal(1, 24, 8, 8).astype(np.float32)
    boxes, scores = rpn_proposals(output, SCENE_ANCHORS, image_size=32)
    assert boxes[0].dtype == scores[0].dtype == np.float32
    targets = rpn_targets(SCENE_ANCHORS, [[[4, 4, 12, 12]]])
    assert {part.dtype for part in rpn_loss()[1](output, targets)} == {np.dtype(np.float32)}


def test_recall_by_hand():
    """3 of 4 objects at an IoU of 1/2, one of them just so; 1 of 4 above."""
    truth = [[[0, 0, 4, 4], [10, 10, 14, 14]], [], [[0, 0, 2, 2], [3, 3, 6, 6]]]
    found = [[[10, 10, 14, 12], [0, 0, 4, 4], [0, 0, 4, 4]], [[1, 1, 2, 2]], [[0, 0, 4, 1], [3, 3, 6, 5]]]
    assert proposal_recall(found, truth, iou_threshold=0.5) == 0.75
    assert proposal_recall(found, truth, iou_threshold=0.51) == 0.5
    assert proposal_recall(found, truth, iou_threshold=1) == 0.25
    assert proposal_recall([[]] * 3, truth) == 0


# Training


def test_it_learns_where_something_is():
    """Objects in scenes never seen, found by three proposals each; before, not one in ten."""
    scenes, unseen = make_scenes(200, rng=rng(1)), make_scenes(100, rng=rng(2))
    model = region_proposal_net(rng=rng(3), width=8)

    def recall():
        boxes, _ = rpn_proposals(model(unseen.images), SCENE_ANCHORS, image_size=32, number=3)
        return proposal_recall(boxes, unseen.boxes)

    assert recall() < 0.1
    fit(
        model, scenes.images, rpn_targets(SCENE_ANCHORS, scenes.boxes, positive_iou=0.6), loss=rpn_loss(),
        optimiser=Adam(model.parameters, lr=0.005), num_epochs=6, batch_size=16, rng=rng(4),
    )  # fmt: skip
    assert recall() > 0.6


# What it refuses


def loss_of(scores, offsets, labels, true_offsets):
    return rpn_loss()[0]((scores, offsets), (labels, true_offsets))


Z, T, LABELS, TRUTH = (
    np.zeros((1, 2, 1, 1)),
    np.zeros((1, 8, 1, 1)),
    np.zeros((1, 2), int),
    np.zeros((1, 2, 4)),
)
TWO = [[0, 0, 4, 4], [4, 4, 8, 8]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: region_proposal_head(4, 0, rng=rng()), ValueError, "num_anchors must be at least 1, got 0"),
        (lambda: region_proposal_head(0, 4, rng=rng()), ValueError, "in_channels must be at least 1, got 0"),
        (lambda: region_proposal_net(rng=rng(), width=0), ValueError, "width must be at least 1, got 0"),
        (lambda: region_proposal_net(rng=0), TypeError, "rng must be a numpy Generator"),
        (lambda: rpn_targets([0, 0, 4, 4], []), ValueError, "anchors must have 2 axes (A, 4), got shape (4,)"),
        (lambda: rpn_targets(TWO, [[[0, 0, 4, np.nan]]]), ValueError, "boxes must be finite"),
        (lambda: rpn_targets(TWO, [TWO], positive_iou=2), ValueError, "positive_iou must be in [0, 1], got 2"),
        (lambda: rpn_loss(box_weight=-1), ValueError, "box_weight must be at least 0 and finite, got -1"),
        (lambda: rpn_loss(beta=0), ValueError, "beta must be above 0, got 0"),
        (lambda: rpn_loss(beta="1"), TypeError, "beta must be a number"),
        (lambda: loss_of(Z[0], T, LABELS, TRUTH), ValueError, "output[0] must have 4 axes (N, A, H, W)"),
        (lambda: loss_of(Z, T[:, :4], LABELS, TRUTH), ValueError,
         "output[1] must have shape (1, 8, 1, 1), got (1, 4, 1, 1)"),
        (lambda: loss_of(Z, T, LABELS.T, TRUTH), ValueError, "targets[0] must have shape (1, 2), got (2, 1)"),
        (lambda: loss_of(Z, T, LABELS / 1, TRUTH), TypeError, "targets[0] must be integers, got an array of float64"),
        (lambda: loss_of(Z, T, LABELS + 2, TRUTH), ValueError, "targets[0] must hold 1, 0 or -1, got 2"),
        (lambda: loss_of(Z, T, LABELS, TRUTH[0]), ValueError, "targets[1] must have shape (1, 2, 4), got (2, 4)"),
        (lambda: rpn_loss()[0](Z, (LABELS, TRUTH)), TypeError, "output must be a pair (scores, offsets), got ndarray"),
        (lambda: rpn_loss()[0]((Z, T), LABELS), TypeError, "targets must be the pair (labels, offsets), got ndarray"),
        (lambda: rpn_proposals((Z, T), TWO[:1], image_size=8), ValueError, "anchors must have shape (2, 4), got (1,"),
        (lambda: rpn_proposals((Z, T), TWO, image_size=8, number=0), ValueError, "number must be at least 1, got 0"),
        (lambda: rpn_proposals((Z, T), TWO, image_size=8.0), TypeError, "size must be an integer, got 8.0"),
        (lambda: rpn_proposals((Z, T), TWO, image_size=8, iou_threshold=2), ValueError, "must be in [0, 1], got 2"),
        (lambda: rpn_proposals((Z + np.nan, T), TWO, image_size=8), ValueError, "scores must be finite"),
        (lambda: rpn_proposals((Z, T + np.nan), TWO, image_size=8), ValueError, "boxes must be finite"),
        (lambda: proposal_recall([TWO], []), ValueError, "true_boxes must have one entry for each of 1 images, got 0"),
        (lambda: proposal_recall([TWO], [[]]), ValueError, "true_boxes must hold at least one object, got none"),
        (lambda: proposal_recall([], []), ValueError, "true_boxes must hold at least one object, got none"),
        (lambda: proposal_recall([TWO], [TWO], iou_threshold=2), ValueError, "iou_threshold must be from 0 to 1, got"),
    ],
)  # fmt: skip
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
