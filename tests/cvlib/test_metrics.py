"""Confusion matrix and intersection over union: by hand, by sets, and by their definitions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand import definitions
from cvlib import metrics

# Two masks of 3 x 4 pixels, drawn by hand: background 0, a box 1, a disc 2; the class 3 is nowhere.
TRUTH = np.array([[0, 1, 1, 0], [0, 1, 1, 2], [0, 0, 0, 2]])
GUESS = np.array([[0, 0, 1, 1], [0, 0, 1, 2], [0, 0, 2, 2]])


def test_masks_counted_by_hand():
    np.testing.assert_array_equal(
        metrics.confusion_matrix(TRUTH, GUESS, 4), [[4, 1, 1, 0], [2, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    )
    np.testing.assert_allclose(metrics.iou_per_class(TRUTH, GUESS, 4), [4 / 8, 2 / 5, 2 / 3, math.nan])
    assert metrics.mean_iou(TRUTH, GUESS, 4) == pytest.approx((1 / 2 + 2 / 5 + 2 / 3) / 3, rel=1e-15)
    assert definitions.mean_iou(TRUTH.tolist(), GUESS.tolist(), 4) == Fraction(47, 90)


labels_and_predictions = st.integers(1, 5).flatmap(
    lambda K: st.tuples(
        st.just(K),
        st.lists(st.tuples(st.integers(0, K - 1), st.integers(0, K - 1)), min_size=1, max_size=20),
    )
)


@settings(max_examples=60, deadline=None)
@given(labels_and_predictions)
def test_agrees_with_sets_and_with_the_definition(case):
    K, pairs = case
    truth, guess = (list(column) for column in zip(*pairs, strict=True))
    counts = metrics.confusion_matrix(truth, guess, K)
    assert counts.tolist() == definitions.confusion_matrix(truth, guess, K)
    assert counts.sum() == len(pairs)
    shares = metrics.iou_per_class(truth, guess, K)
    for k in range(K):
        places = [{n for n, label in enumerate(labels) if label == k} for labels in (truth, guess)]
        union = places[0] | places[1]
        expected = len(places[0] & places[1]) / len(union) if union else math.nan
        assert shares[k] == expected or (math.isnan(shares[k]) and not union)
    np.testing.assert_allclose(shares, np.array(definitions.iou_per_class(truth, guess, K), float))
    mean = metrics.mean_iou(truth, guess, K)
    assert type(mean) is float
    assert mean == pytest.approx(float(definitions.mean_iou(truth, guess, K)), rel=1e-14)
    assert mean == pytest.approx(metrics.mean_iou(guess, truth, K), rel=1e-14)


def test_all_right_and_all_wrong():
    assert metrics.mean_iou([0, 1, 2], [0, 1, 2], 9) == 1
    assert metrics.mean_iou([0, 1, 2], [1, 2, 0], 9) == 0


def test_calling_everything_background_does_not_pay():
    """95 of 100 pixels are right, and yet the mean is less than a half."""
    truth, guess = np.zeros(100, int), np.zeros(100, int)
    truth[:5] = 1
    assert metrics.mean_iou(truth, guess, 2) == pytest.approx(0.475)


def test_rows_are_the_truth():
    assert metrics.confusion_matrix([0], [1], 2).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_small_integers_do_not_wrap_around(dtype):
    labels = np.array([200, 3], dtype)
    assert metrics.confusion_matrix(labels, labels, 250)[200, 200] == 1


@pytest.mark.parametrize("module", [metrics, definitions])
@pytest.mark.parametrize("name", ["confusion_matrix", "iou_per_class", "mean_iou"])
def test_refusals(module, name):
    function = getattr(module, name)
    with pytest.raises(ValueError, match=r"^predictions must have .*\(2,\), got \(1,\)"):
        function([0, 1], [0], 2)
    with pytest.raises(ValueError, match=r"^labels must .* 1, got 2 at"):
        function([0, 2], [0, 1], 2)
    with pytest.raises(ValueError, match=r"^predictions must .* 1, got -1 at"):
        function([0, 1], [0, -1], 2)
    with pytest.raises(TypeError, match=r"^predictions must be .*integers"):
        function([0, 1], [0.0, 1.0], 2)
    with pytest.raises(ValueError, match=r"^num_classes must be at least 1, got 0"):
        function([0], [0], 0)
    with pytest.raises(TypeError, match=r"^num_classes must be an integer"):
        function([0], [0], 2.0)


def test_a_mean_needs_pixels():
    with pytest.raises(ValueError, match=r"^labels must hold at least one class index, got none"):
        metrics.mean_iou(np.zeros((0, 2), int), np.zeros((0, 2), int), 3)
    assert metrics.confusion_matrix(np.zeros(0, int), np.zeros(0, int), 2).tolist() == [[0, 0], [0, 0]]
