"""Boxes against their definitions in fractions, against counted pixels, and against published examples."""

import inspect
import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand import definitions
from cvlib import boxes as module
from cvlib.boxes import (
    anchor_boxes,
    area,
    average_precision,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    iou,
    match_anchors,
    mean_average_precision,
    nms,
    precision_recall,
)

F = Fraction
FUNCTIONS = [getattr(module, name) for name in module.__all__]
draws = settings(max_examples=60, deadline=None)
THRESHOLDS = st.sampled_from([F(0), F(1, 4), F(1, 3), F(1, 2), F(7, 10), F(1)])


@st.composite
def box_lists(draw, low=1, high=8, *, empty=True):
    """Boxes with small whole coordinates: many ties, touching edges, equal boxes, and some without area."""
    least = 0 if empty else 1
    count = draw(st.integers(low, high))
    corner, size = st.integers(-3, 6), st.integers(least, 5)
    return [
        [x, y, x + w, y + h]
        for x, y, w, h in draw(
            st.lists(st.tuples(corner, corner, size, size), min_size=count, max_size=count)
        )
    ]


def arrays(*values):
    return [np.array(value, dtype=np.float64) for value in values]


def floats(nested):
    """Fractions as floats, in an array."""
    return np.array(nested, dtype=object).astype(np.float64)


# Overlap.


@draws
@given(box_lists(), box_lists())
def test_iou_counts_pixels(a, b):
    """For whole coordinates the areas are numbers of pixels: sets, with no formula for their overlap."""

    def pixels(box):
        return {(i, j) for i in range(box[1], box[3]) for j in range(box[0], box[2])}

    counted = [[F(len(p & q), len(p | q)) if p | q else 0 for q in map(pixels, b)] for p in map(pixels, a)]
    assert definitions.iou(a, b) == counted
    np.testing.assert_array_max_ulp(iou(a, b), floats(counted), 1)
    np.testing.assert_array_equal(area(a), [len(pixels(box)) for box in a])
    np.testing.assert_array_equal(iou(b, a), iou(a, b).T)


def test_iou_by_hand():
    # The boxes and values of torchvision's own test of box_iou.
    first = [[0, 0, 100, 100], [0, 0, 50, 50], [200, 200, 300, 300], [0, 0, 25, 25]]
    expected = [[1, 0.25, 0], [0.25, 1, 0], [0, 0, 1], [0.0625, 0.25, 0]]
    assert iou(first, first[:3]).tolist() == expected
    assert definitions.iou(first, first[:3]) == expected
    # Fractions of a pixel count: 0.5 x 0.5 of 1 + 1 - 0.25.
    assert iou([[0, 0, 1, 1]], [[0.5, 0.5, 1.5, 1.5]])[0, 0] == pytest.approx(1 / 7)


@given(box_lists(empty=False), st.floats(0.01, 100), st.floats(-50, 50))
@draws
def test_iou_does_not_depend_on_place_and_scale(a, scale, shift):
    moved = scale * np.array(a) + shift
    np.testing.assert_allclose(iou(moved, moved), iou(a, a), atol=1e-9)


def test_boxes_without_area_share_nothing():
    line, point = [2, 0, 2, 4], [1, 1, 1, 1]
    assert iou([line, point, [0, 0, 4, 4]], [line, point]).tolist() == [[0, 0]] * 3
    assert area(line) == 0


def test_no_boxes():
    assert iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert iou(np.zeros((3, 4)), np.zeros((0, 4))).shape == (3, 0)
    assert nms([], []).shape == (0,)
    assert nms([], []).dtype == np.int64
    assert area(np.zeros((2, 0, 4))).shape == (2, 0)
    assert encode_boxes(np.zeros((0, 4)), np.zeros((0, 4))).shape == (0, 4)
    assert clip_boxes(np.zeros((0, 4)), 5).shape == (0, 4)


def test_nan_and_infinity_flow_through():
    whole_plane = [-np.inf, -np.inf, np.inf, np.inf]
    a = [[np.nan, 0, 2, 2], whole_plane, [0, 0, 2, 2]]
    np.testing.assert_array_equal(area(a), [np.nan, np.inf, 4])
    np.testing.assert_array_equal(iou(a, [[0, 0, 2, 2]])[:, 0], [np.nan, 0, 1])
    np.testing.assert_array_equal(area([0, 0, 0, np.inf]), np.nan)
    np.testing.assert_array_equal(iou([whole_plane], [whole_plane]), [[np.nan]])
    np.testing.assert_array_equal(clip_boxes([whole_plane], (3, 4)), [[0, 0, 4, 3]])
    np.testing.assert_array_equal(
        decode_boxes([[np.nan, 0, 0, -np.inf]], [[0, 0, 2, 2]]), [[np.nan, 1, np.nan, 1]]
    )


# Suppression.


@draws
@given(st.data(), box_lists(high=10), THRESHOLDS)
def test_nms_is_its_definition(data, boxes, threshold):
    """Scores tie often; thresholds are values that the IoU of small boxes really takes.

    The definition gets the fraction itself: 1/3 as a float is not a third, but the IoU in floats is that same float.
    """
    scores = data.draw(st.lists(st.integers(0, 3), min_size=len(boxes), max_size=len(boxes)))
    expected = definitions.nms(boxes, scores, iou_threshold=threshold)
    assert nms(boxes, scores, iou_threshold=float(threshold)).tolist() == expected


def test_nms_on_many_boxes_keeps_apart_and_covers():
    """What suppression promises: no two kept boxes overlap too much, and each removed one is excused by a better."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 100, (2000, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 30, (2000, 2))], axis=1)
    scores = rng.random(2000)
    kept = nms(boxes, scores, iou_threshold=0.4)
    assert np.all(np.diff(scores[kept]) < 0)
    overlaps = iou(boxes, boxes[kept])
    assert np.all(overlaps[kept] - np.eye(len(kept)) <= 0.4)
    removed = np.setdiff1d(np.arange(2000), kept)
    better = scores[kept] > scores[removed, None]
    assert np.all(((overlaps[removed] > 0.4) & better).any(axis=1))
    assert 50 < len(kept) < 1000


def test_nms_on_several_blocks_is_its_definition():
    rng = np.random.default_rng(1)
    corners = rng.integers(0, 60, (400, 2))
    boxes = np.concatenate([corners, corners + rng.integers(4, 16, (400, 2))], axis=1)
    scores = rng.integers(0, 50, 400)
    kept = nms(boxes, scores, iou_threshold=0.3).tolist()
    assert kept == definitions.nms(boxes.tolist(), scores.tolist(), iou_threshold=F(3, 10))
    assert len(kept) > 130


def test_nms_by_hand():
    # A chain: each overlaps its neighbour by 3/5 of the union, the next but one by 1/3.
    chain = [[0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4]]
    assert nms(chain, [0.9, 0.8, 0.7]).tolist() == [0, 2]  # the middle one is gone and suppresses nobody
    assert nms(chain, [0.8, 0.9, 0.7]).tolist() == [1]
    assert nms(chain, [0.9, 0.8, 0.7], iou_threshold=0.2).tolist() == [0]
    assert nms(chain, [0.7, 0.8, 0.9], iou_threshold=0.6).tolist() == [2, 1, 0]  # exactly 3/5 is not above it
    assert nms(chain, [1, 1, 1]).tolist() == [0, 2]
    assert nms([[0, 0, 1, 1]] * 3, [-1, -1, 0]).tolist() == [2]


# Anchors.


def test_anchors_of_the_paper():
    """The nine anchors listed in the authors' code, 1-based and inclusive, at the middle of a 16-pixel cell.

    They rounded the sides of their smallest box, 22.6 to 23 and 11.5 to 12: hence six per cent. The squares are exact.
    """
    listed = """-83 -39 100 56    -175 -87 192 104    -359 -183 376 200
                -55 -55 72 72     -119 -119 136 136   -247 -247 264 264
                -35 -79 52 96     -79 -167 96 184     -167 -343 184 360"""
    expected = np.array(listed.split(), dtype=float).reshape(9, 4) - [1, 1, 0, 0]
    anchors = anchor_boxes(1, stride=16, scales=[128, 256, 512], ratios=[0.5, 1, 2])
    assert anchors[3:6].tolist() == expected[3:6].tolist()
    np.testing.assert_allclose(anchors - 8, expected - 8, rtol=0.06)


def test_anchors_stand_in_the_order_of_a_head():
    anchors = anchor_boxes((2, 3), stride=(8, 10), scales=[4, 6], ratios=[1, 4, 0.25])
    assert anchors.dtype == np.float32
    assert anchors.flags.c_contiguous
    grid = anchors.reshape(2, 3, 6, 4)
    for i in range(2):
        for j in range(3):
            x1, y1, x2, y2 = grid[i, j].T
            np.testing.assert_allclose((x1 + x2) / 2, 10 * j + 5, rtol=1e-6)
            np.testing.assert_allclose((y1 + y2) / 2, 8 * i + 4, rtol=1e-6)
            assert (x2 - x1).tolist() == [4, 6, 2, 3, 8, 12]
            assert (y2 - y1).tolist() == [4, 6, 8, 12, 2, 3]


@draws
@given(box_lists(1, 6, empty=False), st.data())
def test_coding_is_its_definition_and_inverts(boxes, data):
    count = len(boxes)
    anchors = data.draw(box_lists(count, count, empty=False))
    deltas = encode_boxes(boxes, anchors)
    np.testing.assert_allclose(
        deltas, floats(definitions.encode_boxes(boxes, anchors)), rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(decode_boxes(deltas, anchors), boxes, rtol=1e-12, atol=1e-12)
    steps = data.draw(st.lists(st.floats(-6, 6), min_size=4 * count, max_size=4 * count))
    steps = np.array(steps).reshape(count, 4)
    expected = np.array(definitions.decode_boxes(steps.tolist(), anchors))
    np.testing.assert_allclose(decode_boxes(steps, anchors), expected, rtol=1e-12, atol=1e-11)


def test_coding_by_hand():
    anchor = [10, 20, 30, 60]  # centre (20, 40), 20 wide, 40 high
    box = [20, 10, 30, 90]  # centre (25, 50), 10 wide, 80 high
    expected = [0.25, 0.25, -math.log(2), math.log(2)]
    np.testing.assert_allclose(encode_boxes([box], [anchor]), [expected], rtol=1e-15)
    np.testing.assert_allclose(decode_boxes([expected], [anchor]), [box], rtol=1e-15)


def test_coding_broadcasts_a_batch_over_the_anchors():
    rng = np.random.default_rng(0)
    anchors = anchor_boxes(3, stride=8, scales=[8], ratios=[1, 2]).astype(np.float64)
    deltas = rng.normal(size=(5, 18, 4))
    decoded = decode_boxes(deltas, anchors)
    assert decoded.shape == (5, 18, 4)
    np.testing.assert_array_equal(decoded[3], decode_boxes(deltas[3], anchors))
    np.testing.assert_allclose(encode_boxes(decoded, anchors), deltas, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_exponential_overflows(dtype):
    """Up to 62.5 times the anchor decoding inverts encoding; beyond, it stays there."""
    anchors = np.array([[0, 0, 2, 2]], dtype)
    for growth, expected in ((60, 60), (62.4, 62.4), (70, 62.5), (1e30, 62.5)):
        deltas = np.array([[0, 0, np.log(growth), 0]], dtype)
        width = np.diff(decode_boxes(deltas, anchors)[0, [0, 2]])
        np.testing.assert_allclose(width, 2 * expected, rtol=1e-5)
    wild = decode_boxes(np.array([[0, 0, 1e30, -1e30]], dtype), anchors)
    assert np.isfinite(wild).all()
    np.testing.assert_allclose(wild, [[-61.5, 1, 63.5, 1]], rtol=1e-6)


@draws
@given(box_lists(), st.integers(1, 6), st.integers(1, 6))
def test_clipping_keeps_what_is_in_the_image(boxes, height, width):
    clipped = clip_boxes(boxes, (height, width))
    for box, cut in zip(boxes, clipped.astype(int).tolist(), strict=True):
        rows, columns = range(height), range(width)
        assert set(range(cut[1], cut[3])) == set(range(box[1], box[3])) & set(rows)
        assert set(range(cut[0], cut[2])) == set(range(box[0], box[2])) & set(columns)
        assert 0 <= cut[0] <= cut[2] <= width
        assert 0 <= cut[1] <= cut[3] <= height


# Matching.


@draws
@given(box_lists(1, 10), box_lists(1, 4), THRESHOLDS, THRESHOLDS)
def test_matching_is_its_definition(anchors, boxes, one, other):
    options = {"positive_iou": float(max(one, other)), "negative_iou": float(min(one, other))}
    # Fractions for the definition, as for nms.
    exact = {"positive_iou": max(one, other), "negative_iou": min(one, other)}
    labels, matched = match_anchors(anchors, boxes, **options)
    assert labels.dtype == matched.dtype == np.int64
    assert (labels.tolist(), matched.tolist()) == definitions.match_anchors(anchors, boxes, **exact)


def test_every_object_gets_an_anchor():
    anchors = anchor_boxes(4, stride=8, scales=[8, 16], ratios=[1])
    objects = [[1, 1, 4, 4], [10, 12, 30, 31], [25, 2, 31, 20]]
    labels, matched = match_anchors(anchors, objects)
    assert set(matched[labels == 1].tolist()) == {0, 1, 2}
    assert {-1, 0, 1} == set(labels.tolist())


def test_matching_by_hand():
    anchors = [
        [0, 0, 10, 10],  # object 0 with 1/2, object 1 with 0
        [0, 0, 10, 4],  # object 0 with 4/5
        [0, 0, 10, 16],  # object 0 with 5/16
        [20, 20, 30, 30],  # object 1 with 1/4: below both thresholds, but nobody has more
        [50, 50, 60, 60],  # nothing
    ]
    objects = [[0, 0, 10, 5], [20, 20, 25, 25]]
    labels, matched = match_anchors(anchors, objects)
    assert labels.tolist() == [-1, 1, -1, 1, 0]
    assert matched.tolist() == [0, 0, 0, 1, 0]
    assert match_anchors(anchors, objects, positive_iou=0.5, negative_iou=0.4)[0].tolist() == [1, 1, 0, 1, 0]


def test_an_anchor_belongs_to_an_object_that_made_it_positive():
    """It overlaps object 1 more, but only object 0 has no better anchor: without it object 0 would go without."""
    anchors = [[0, 0, 10, 4], [0, 1, 10, 4]]
    objects = [
        [0, 0, 10, 1],
        [0, 1, 10, 4],
    ]  # overlaps with the first anchor: 1/4 and 3/4; with the second: 0 and 1
    labels, matched = match_anchors(anchors, objects, positive_iou=0.8)
    assert labels.tolist() == [1, 1]
    assert matched.tolist() == [0, 1]
    labels, matched = match_anchors(anchors, objects, positive_iou=0.7)  # now object 1 claims it as well
    assert matched.tolist() == [1, 1]


def test_equal_best_anchors_are_all_positive_and_touching_ones_are_not():
    labels, _ = match_anchors([[0, 0, 4, 4], [2, 0, 6, 4], [6, 0, 9, 4]], [[1, 0, 5, 4]])
    assert labels.tolist() == [1, 1, 0]
    labels, _ = match_anchors([[0, 0, 4, 4], [8, 0, 9, 1]], [[4, 0, 6, 4]])
    assert labels.tolist() == [0, 0]


def test_matching_without_objects_or_anchors():
    labels, matched = match_anchors([[0, 0, 4, 4]] * 3, [])
    assert labels.tolist() == [0, 0, 0]
    assert matched.tolist() == [-1, -1, -1]
    labels, matched = match_anchors([], [[0, 0, 4, 4]])
    assert labels.shape == matched.shape == (0,)


# Evaluation.

# "A survey on performance metrics for object-detection algorithms" (Padilla, Netto and da Silva, IWSSIP 2020): 24
# detections of 15 objects by falling score, 1 where true. Their AP over all points is 24.56 %.
PADILLA = [1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
PADILLA_PRECISION = {1: 1, 3: 0.6666, 10: 0.3, 12: 0.3333, 13: 0.3846, 14: 0.4285, 23: 0.3043, 24: 0.2916}


def far_apart(places):
    return [[10 * k, 0, 10 * k + 5, 5] for k in places]


def test_average_precision_of_a_published_example():
    truth = far_apart(range(15))
    found = iter(range(15))
    detections = far_apart([next(found) if hit else 50 + k for k, hit in enumerate(PADILLA)])
    scores = np.linspace(0.95, 0.14, 24)
    images = [detections], [scores], [truth]
    assert average_precision(*images) == pytest.approx(0.24560955, abs=1e-4)
    precision, recall = precision_recall(*images)
    for k, expected in PADILLA_PRECISION.items():
        assert precision[k - 1] == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(recall, np.cumsum(PADILLA) / 15)


def test_images_are_ranked_together_but_objects_count_in_their_own():
    truth = far_apart(range(15))
    found = iter(range(15))
    detections = np.array(far_apart([next(found) if hit else 50 + k for k, hit in enumerate(PADILLA)]))
    scores = np.linspace(0.95, 0.14, 24)
    dealt = np.random.default_rng(0).integers(0, 3, 24)
    images = range(3)
    boxes, scores = [detections[dealt == n] for n in images], [scores[dealt == n] for n in images]
    own = [[box for box in truth if box in part.tolist()] for part in boxes]
    own[1] += [box for box in truth if box not in detections.tolist()]
    assert average_precision(boxes, scores, own) == pytest.approx(0.24560955, abs=1e-4)
    assert average_precision(boxes, scores, [truth, [], []]) < 0.2


@st.composite
def evaluations(draw):
    """Detections near and on objects in a few images; some images without either."""
    boxes, scores, truth = [], [], []
    for _ in range(draw(st.integers(1, 3))):
        objects, detected = draw(box_lists(0, 3)), draw(box_lists(0, 4))
        detected += draw(st.lists(st.sampled_from(objects), max_size=3)) if objects else []
        boxes.append(detected)
        scores.append(draw(st.lists(st.integers(0, 4), min_size=len(detected), max_size=len(detected))))
        truth.append(objects)
    truth[0] = truth[0] or [[0, 0, 2, 2]]
    return boxes, scores, truth


@draws
@given(evaluations(), THRESHOLDS)
def test_average_precision_is_its_definition(images, threshold):
    precision, recall = precision_recall(*images, iou_threshold=float(threshold))
    expected = definitions.precision_recall(*images, iou_threshold=threshold)
    np.testing.assert_allclose(precision, floats(expected[0]), rtol=1e-15)
    np.testing.assert_allclose(recall, floats(expected[1]), rtol=1e-15)
    exact = definitions.average_precision(*images, iou_threshold=threshold)
    result = average_precision(*images, iou_threshold=float(threshold))
    assert type(result) is float
    assert result == pytest.approx(float(exact), abs=1e-14)


def test_average_precision_by_hand():
    truth, wrong = far_apart([0, 1]), far_apart([7])
    assert average_precision([truth], [[2, 1]], [truth]) == 1
    assert average_precision([wrong], [[1]], [truth]) == 0
    assert average_precision([[]], [[]], [truth]) == 0
    assert average_precision([truth[:1]], [[1]], [truth]) == 0.5
    assert average_precision([wrong + truth], [[3, 2, 1]], [truth]) == pytest.approx(
        2 / 3
    )  # 0, 1/2, 2/3: all 2/3
    assert average_precision([truth[:1] * 2 + truth[1:]], [[3, 2, 1]], [truth]) == pytest.approx(5 / 6)
    # Only the best-overlapped object counts: the second detection does not fall back on the other one.
    close = [[0, 0, 4, 4], [1, 0, 5, 4]]
    assert average_precision([[close[0], close[0]]], [[2, 1]], [close], iou_threshold=0.5) == 0.5


def test_iou_exactly_at_the_threshold_is_enough():
    half = [[0, 0, 2, 4]], [1], [[0, 0, 4, 4]]
    assert average_precision(*([part] for part in half), iou_threshold=0.5) == 1
    assert average_precision(*([part] for part in half), iou_threshold=0.51) == 0


def test_the_mean_is_over_classes_that_have_objects():
    truth = [far_apart([0, 1, 2]), far_apart([0])]
    true_labels = [[1, 1, 5], [5]]
    boxes = [far_apart([0, 9, 1, 2, 3]), far_apart([8])]
    labels = [[1, 1, 1, 5, 3], [5]]
    scores = [[0.9, 0.8, 0.7, 0.6, 0.99], [0.95]]
    # Class 1: found, wrong, found: (1 + 2/3) / 2. Class 5: wrong, found: 1/2 of the recall at precision 1/2.
    expected = ((1 + 2 / 3) / 2 + 1 / 4) / 2
    assert mean_average_precision(boxes, scores, labels, truth, true_labels) == pytest.approx(expected)
    assert mean_average_precision([[], []], [[], []], [[], []], truth, true_labels) == 0
    assert mean_average_precision(truth, [[1, 1, 1], [1]], true_labels, truth, true_labels) == 1
    one = (truth[:1], [[1, 1, 1]], [[1, 1, 1]], truth[:1], [[1, 1, 1]])
    assert mean_average_precision(*one, iou_threshold=0.75) == 1


# Types, memory and messages.

TWO = [[0.0, 1.0, 4.0, 3.0], [1.0, 0.0, 5.0, 6.0]]
CALLS = {
    "area": lambda a: area(a),
    "iou": lambda a: iou(a, a),
    "encode": lambda a: encode_boxes(a, a),
    "decode": lambda a: decode_boxes(a / 10, a),
    "clip": lambda a: clip_boxes(a, 3),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_new_contiguous_arrays_of_the_same_type(name, dtype):
    plain = np.array(TWO, dtype)
    spread = np.full((8, 4), np.nan, dtype).T[::-2, ::-2][:2]  # columns first, with holes and backwards
    spread[...] = plain
    for boxes in (plain, spread):
        boxes.flags.writeable = False
        result = CALLS[name](boxes)
        assert result.dtype == dtype
        assert result.flags.c_contiguous
        assert result.flags.writeable
        assert not np.shares_memory(result, boxes)
        np.testing.assert_array_equal(result, CALLS[name](plain))


def test_mixed_types_meet_in_float64():
    single, double = np.array(TWO, np.float32), np.array(TWO)
    assert iou(single, double).dtype == np.float64
    assert encode_boxes(double, single).dtype == np.float64
    assert decode_boxes(single, double).dtype == np.float64
    assert match_anchors(single, double)[0].tolist() == [1, 1]


GOOD, BAD = [[0, 0, 4, 4]], [[0, 0, 4, 4], [5, 0, 4, 4]]
FLIPPED = r" must have x1 <= x2 and y1 <= y2, got \[5.0, 0.0, 4.0, 4.0\] at index \(1,\)"
NO_IMAGE = r" must have one entry for each of 1 images, got 2"
WRONG = [
    (ValueError, lambda: area(BAD), "boxes" + FLIPPED),
    (ValueError, lambda: area([0, 3, 1, 2]), r"boxes must have x1 <= x2 and y1 <= y2, got \[0.0, 3.0, 1.0, 2.0\]$"),
    (ValueError, lambda: area([1, 2, 3]), r"boxes must have shape \(..., 4\) for x1, y1, x2, y2, got \(3,\)"),
    (ValueError, lambda: area(5), r"boxes must have shape \(..., 4\) for x1, y1, x2, y2, got \(\)"),
    (TypeError, lambda: area("box"), "boxes must hold real numbers"),
    (ValueError, lambda: iou(BAD, GOOD), "a" + FLIPPED),
    (ValueError, lambda: iou(GOOD, BAD), "b" + FLIPPED),
    (ValueError, lambda: iou(GOOD[0], GOOD), r"a must have 2 axes \(N, 4\), got shape \(4,\)"),
    (ValueError, lambda: iou(GOOD, [[1, 2]]), r"b must have shape \(..., 4\) for x1, y1, x2, y2, got \(1, 2\)"),
    (ValueError, lambda: nms(BAD, [1, 2]), "boxes" + FLIPPED),
    (ValueError, lambda: nms(GOOD, [1, 2]), "scores must hold one score for each of 1 boxes, got 2"),
    (ValueError, lambda: nms(GOOD, [[1]]), r"scores must have 1 axis \(N,\), got shape \(1, 1\)"),
    (ValueError, lambda: nms(GOOD, [np.nan]), r"scores must be finite, got nan at index \(0,\)"),
    (ValueError, lambda: nms([[0, 0, np.inf, 1]], [1]), r"boxes must be finite, got inf at index \(0, 2\)"),
    (ValueError, lambda: nms(GOOD, [1], iou_threshold=1.5), r"iou_threshold must be in \[0, 1\], got 1.5"),
    (ValueError, lambda: nms(GOOD, [1], iou_threshold=math.nan), r"iou_threshold must be in \[0, 1\], got nan"),
    (TypeError, lambda: nms(GOOD, [1], iou_threshold="0.5"), "iou_threshold must be a number, got '0.5'"),
    (ValueError, lambda: anchors(0), "feature_size must be at least 1, got 0"),
    (TypeError, lambda: anchors(2.0), "feature_size must be an integer, got 2.0"),
    (ValueError, lambda: anchors(stride=(1, 0)), "stride must be at least 1, got 0"),
    (ValueError, lambda: anchors(scales=[]), "scales must hold at least one number, got none"),
    (ValueError, lambda: anchors(ratios=[1, 0]), r"ratios must be positive and finite, got \[1.0, 0.0\]"),
    (ValueError, lambda: anchors(ratios=[np.inf]), r"ratios must be positive and finite, got \[inf\]"),
    (ValueError, lambda: anchors(scales=2), r"scales must have 1 axis \(K,\), got shape \(\)"),
    (ValueError, lambda: encode_boxes(BAD, GOOD), "boxes" + FLIPPED),
    (ValueError, lambda: encode_boxes([[0, 0, 0, 4]], GOOD), "boxes must have positive width and height, got"),
    (ValueError, lambda: encode_boxes(GOOD, [[0, 1, 4, 1]]), "anchors must have positive width and height, got"),
    (ValueError, lambda: encode_boxes(GOOD * 2, GOOD * 3),
     r"boxes and anchors must have shapes that can be broadcast, got \(2, 4\) and \(3, 4\)"),
    (ValueError, lambda: decode_boxes(GOOD * 2, GOOD * 3),
     r"deltas and anchors must have shapes that can be broadcast, got \(2, 4\) and \(3, 4\)"),
    (ValueError, lambda: decode_boxes([[1, 2]], GOOD),
     r"deltas must have shape \(..., 4\) for t_x, t_y, t_w, t_h, got \(1, 2\)"),
    (ValueError, lambda: decode_boxes(GOOD, [[0, 0, 0, 1]]), "anchors must have positive width and height"),
    (ValueError, lambda: clip_boxes(BAD, 4), "boxes" + FLIPPED),
    (ValueError, lambda: clip_boxes(GOOD, (4, 0)), "size must be at least 1, got 0"),
    (ValueError, lambda: match_anchors(BAD, GOOD), "anchors" + FLIPPED),
    (ValueError, lambda: match_anchors(GOOD, BAD), "boxes" + FLIPPED),
    (ValueError, lambda: match_anchors([[0, 0, 1, np.nan]], GOOD), "anchors must be finite, got nan"),
    (ValueError, lambda: match_anchors(GOOD, GOOD, positive_iou=-1), r"positive_iou must be in \[0, 1\], got -1.0"),
    (ValueError, lambda: match_anchors(GOOD, GOOD, negative_iou=2), r"negative_iou must be in \[0, 1\], got 2.0"),
    (ValueError, lambda: match_anchors(GOOD, GOOD, negative_iou=0.8),
     "negative_iou must be at most positive_iou, 0.7, got 0.8"),
    (ValueError, lambda: average_precision([GOOD], [[1]], [GOOD] * 2), "true_boxes" + NO_IMAGE),
    (ValueError, lambda: average_precision([GOOD], [[1]] * 2, [GOOD]), "scores" + NO_IMAGE),
    (ValueError, lambda: average_precision([GOOD], [[1, 2]], [GOOD]), r"scores\[0\] must hold one score for each of 1"),
    (ValueError, lambda: average_precision([BAD], [[1, 2]], [GOOD]), r"boxes\[0\]" + FLIPPED),
    (ValueError, lambda: average_precision([GOOD], [[1]], [BAD]), r"true_boxes\[0\]" + FLIPPED),
    (ValueError, lambda: average_precision([GOOD], [[1]], [[]]), "true_boxes must hold at least one object, got none"),
    (ValueError, lambda: average_precision([], [], []), "true_boxes must hold at least one object, got none"),
    (TypeError, lambda: average_precision(5, [], []), "boxes must be a list with one entry for each image, got int"),
    (ValueError, lambda: average_precision([GOOD], [[1]], [GOOD], iou_threshold=2), "iou_threshold must be in"),
    (ValueError, lambda: precision_recall([GOOD], [[1]], [GOOD], iou_threshold=2), "iou_threshold must be in"),
    (ValueError, lambda: mean_ap(iou_threshold=2), "iou_threshold must be in"),
    (ValueError, lambda: mean_ap(true_boxes=[[]], true_labels=[[]]), "true_boxes must hold at least one object"),
    (ValueError, lambda: mean_ap(labels=[[1], [1]]), "labels" + NO_IMAGE),
    (ValueError, lambda: mean_ap(labels=[[1, 2]]),
     r"labels\[0\] must hold one label for each of 1 boxes, got shape \(2,\)"),
    (ValueError, lambda: mean_ap(true_labels=[[]]),
     r"true_labels\[0\] must hold one label for each of 1 boxes, got shape \(0,\)"),
    (TypeError, lambda: mean_ap(true_labels=[[1.0]]), r"true_labels\[0\] must be integers, got an array of float64"),
    (ValueError, lambda: definitions.iou([[3, 0, 1, 1]], GOOD), r"a\[0\] must have x1 <= x2 and y1 <= y2, got"),
    (ValueError, lambda: definitions.iou([[3, 0, 1]], GOOD), r"a must hold boxes x1, y1, x2, y2, got shape \(1, 3\)"),
    (ValueError, lambda: definitions.nms(GOOD, [1, 2]), "scores must have the shape of the list of boxes"),
    (ValueError, lambda: definitions.nms(GOOD, [1], iou_threshold=2), r"iou_threshold must be in \[0, 1\], got 2"),
    (ValueError, lambda: definitions.encode_boxes([[0, 0, 0, 4]], GOOD), r"boxes\[0\] must have positive width"),
    (ValueError, lambda: definitions.average_precision([GOOD], [[1]], [[]]), "true_boxes must hold at least one"),
    (ValueError, lambda: definitions.average_precision([GOOD], [], [[]]), "scores must have one entry for each of 1"),
]  # fmt: skip


def anchors(feature_size=2, **options):
    return anchor_boxes(feature_size, **({"stride": 1, "scales": [1], "ratios": [1]} | options))


def mean_ap(*, true_boxes=(GOOD,), labels=([1],), true_labels=([1],), **options):
    return mean_average_precision([GOOD], [[1]], labels, true_boxes, true_labels, **options)


@pytest.mark.parametrize(("kind", "call", "message"), WRONG)
def test_wrong_arguments_are_named(kind, call, message):
    with pytest.raises(kind, match="^" + message):
        call()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_function_is_documented(function):
    """As the operations are: each parameter told and typed, results and errors, and an example."""
    signature, text = inspect.signature(function), inspect.getdoc(function)
    parameters, returns = re.search(
        r"\nParameters\n-+\n(.*?)\n\nReturns\n-+\n(.*?)\n\nRaises\n-+\n", text, re.S
    ).groups()
    heads = [line.partition(" : ")[0] for line in parameters.splitlines() if line[:1] != " "]
    assert ", ".join(heads).split(", ") == list(signature.parameters)
    assert returns
    annotations = [p.annotation for p in signature.parameters.values()] + [signature.return_annotation]
    assert inspect.Signature.empty not in annotations
    assert "\n>>> " in text


@pytest.mark.parametrize("name", [name for name in module.__all__ if hasattr(definitions, name)])
def test_definitions_take_the_same_arguments(name):
    fast, slow = (
        inspect.signature(getattr(where, name)).parameters.values() for where in (module, definitions)
    )
    assert [(p.name, p.kind, p.default) for p in fast] == [(p.name, p.kind, p.default) for p in slow]
