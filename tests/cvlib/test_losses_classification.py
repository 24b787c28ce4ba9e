"""Label smoothing, the cross-entropy of pixels and one-hot rows. Plain cross-entropy is in test_losses.py."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from scipy import stats
from strategies import normal

from byhand import definitions
from cvlib import losses

CROSS_ENTROPY = losses.cross_entropy, losses.cross_entropy_backward
PIXELS = losses.pixel_cross_entropy, losses.pixel_cross_entropy_backward
DEFINED_CROSS_ENTROPY = definitions.cross_entropy, definitions.cross_entropy_backward
DEFINED_PIXELS = definitions.pixel_cross_entropy, definitions.pixel_cross_entropy_backward


def classes(*shape, below, seed=0):
    return np.random.default_rng([seed, *shape]).integers(0, below, shape)


# Label smoothing


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.sampled_from([(1, 1), (1, 5), (4, 3)]),
    smoothing=st.sampled_from([0.0, 1.0]) | st.floats(0.01, 0.99),
    soft=st.booleans(),
    base=st.sampled_from([None, 2]),
    seed=st.integers(0, 99),
)
def test_smoothed_cross_entropy_agrees(sizes, smoothing, soft, base, seed):
    N, K = sizes
    indices = classes(N, below=K, seed=seed)
    q = np.random.default_rng(seed).dirichlet(np.ones(K), N) if soft else np.eye(K)[indices]

    def oracle(z):
        smoothed = (1 - smoothing) * q + smoothing / K
        return -jnp.sum(smoothed * jax.nn.log_softmax(z, axis=1)) / N / math.log(base or math.e)

    check_loss(
        *CROSS_ENTROPY, oracle, [3 * normal(N, K, seed=seed)], q if soft else indices,
        definition=DEFINED_CROSS_ENTROPY, base=base, label_smoothing=smoothing,
    )  # fmt: skip


def test_smoothing_0_4_of_four_classes_asks_for_seven_tenths_and_three_times_one_tenth():
    target = [0.7, 0.1, 0.1, 0.1]
    logits = np.log([target])
    assert losses.cross_entropy(logits, [0], label_smoothing=0.4) == pytest.approx(stats.entropy(target))
    gradient = losses.cross_entropy_backward(logits, [0], label_smoothing=0.4)
    np.testing.assert_allclose(gradient, 0, atol=1e-15)
    at_zero = losses.cross_entropy_backward([[0.0] * 4], [0], label_smoothing=0.4)
    np.testing.assert_allclose(at_zero, [[-0.45, 0.15, 0.15, 0.15]], rtol=1e-14)


def test_smoothing_does_not_change_what_ignorance_costs():
    for smoothing in (0, 0.1, 1):
        value = losses.cross_entropy(np.zeros((3, 8)), [0, 7, 3], base=2, label_smoothing=smoothing)
        assert value == pytest.approx(3, rel=1e-15)


def test_smoothing_makes_certainty_expensive():
    assert losses.cross_entropy([[1000.0, 0.0]], [0]) == 0
    assert losses.cross_entropy([[1000.0, 0.0]], [0], label_smoothing=0.1) == pytest.approx(50)


@pytest.mark.parametrize("functions", [CROSS_ENTROPY, DEFINED_CROSS_ENTROPY])
def test_smoothing_must_be_a_share(functions):
    for function in functions:
        for wrong in (-0.1, 1.1, math.nan):
            with pytest.raises(ValueError, match=r"^label_smoothing must lie"):
                function([[1.0, 2.0]], [0], label_smoothing=wrong)
        with pytest.raises(TypeError, match=r"^label_smoothing must be a"):
            function([[1.0, 2.0]], [0], label_smoothing="0.1")


# Pixels


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.sampled_from([(1, 1, 1, 1), (1, 4, 1, 1), (2, 3, 2, 3), (3, 2, 1, 4), (1, 5, 3, 2)]),
    scale=st.floats(0.1, 10),
    seed=st.integers(0, 99),
)
def test_pixel_cross_entropy_agrees(sizes, scale, seed):
    N, K, H, W = sizes
    labels = classes(N, H, W, below=K, seed=seed)

    def oracle(z):
        rows = jnp.moveaxis(z, 1, -1).reshape(-1, K)
        return -jnp.mean(jax.nn.log_softmax(rows)[np.arange(N * H * W), labels.ravel()])

    check_loss(*PIXELS, oracle, [scale * normal(*sizes, seed=seed)], labels, definition=DEFINED_PIXELS)


def test_one_pixel_is_one_example():
    logits, labels = 2 * normal(6, 4), classes(6, below=4)
    as_pixels = logits.reshape(6, 4, 1, 1), labels.reshape(6, 1, 1)
    assert losses.pixel_cross_entropy(*as_pixels) == losses.cross_entropy(logits, labels)
    np.testing.assert_array_equal(
        losses.pixel_cross_entropy_backward(*as_pixels, 0.3).reshape(6, 4),
        losses.cross_entropy_backward(logits, labels, 0.3),
    )


def test_pixels_by_hand():
    """Odds 3 to 1 at the left pixel, 1 to 1 at the right one: (log 4/3 + log 2) / 2."""
    logits = [[[[math.log(3), 5.0]], [[0.0, 5.0]]]]
    assert losses.pixel_cross_entropy(logits, [[[0, 1]]]) == pytest.approx(math.log(8 / 3) / 2, rel=1e-15)
    gradient = losses.pixel_cross_entropy_backward(logits, [[[0, 1]]])
    np.testing.assert_allclose(gradient, [[[[-1 / 8, 1 / 4]], [[1 / 8, -1 / 4]]]], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_labels_of_any_integer_type(dtype):
    labels = np.array([[[0, 2]]], dtype)
    expected = losses.pixel_cross_entropy(np.ones((1, 3, 1, 2)), labels.astype(int))
    assert losses.pixel_cross_entropy(np.ones((1, 3, 1, 2)), labels) == expected


PIXEL_REFUSALS = [
    (np.zeros((2, 3)), [0, 1], ValueError, r"^logits must .* \(N, K, H, W\), got shape \(2, 3\)"),
    (np.zeros((0, 3, 2, 2)), np.zeros((0, 2, 2), int), ValueError, "^logits must hold at least one number"),
    (
        np.zeros((1, 3, 1, 2)),
        [[0, 1]],
        ValueError,
        r"^labels must hold one class index for each of \(1, 1, 2\)",
    ),
    (
        np.zeros((1, 3, 1, 2)),
        [[[0, 3]]],
        ValueError,
        r"^labels must lie in 0 ... 2, got 3 at index \(0, 0, 1\)",
    ),
    (np.zeros((1, 3, 1, 2)), [[[-1, 0]]], ValueError, r"^labels must lie in 0 ... 2, got -1"),
    (np.zeros((1, 3, 1, 2)), [[[0.0, 1.0]]], TypeError, "^labels must be integers, got an array of float64"),
    (np.zeros((1, 3, 1, 2)), [[[0], [0, 1]]], TypeError, "^labels must be a rectangle of integers"),
]


@pytest.mark.parametrize(("logits", "labels", "error", "message"), PIXEL_REFUSALS)
def test_pixels_refuse(logits, labels, error, message):
    for function in PIXELS:
        with pytest.raises(error, match=message):
            function(logits, labels)


def test_definition_of_pixels_refuses():
    logits = np.zeros((1, 3, 1, 2)).tolist()
    for function in DEFINED_PIXELS:
        with pytest.raises(
            ValueError, match=r"^labels must have the shape of one class index for each pixel"
        ):
            function(logits, [[0, 1]])
        with pytest.raises(
            ValueError, match=r"^labels must be class indices from 0 to 2, got 3 at labels\[0\]\[0\]"
        ):
            function(logits, [[[3, 1]]])


# One-hot rows


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 4), max_size=3).map(tuple), st.integers(1, 6), st.integers(0, 99), st.booleans()
)
def test_one_hot_rows(shape, num_classes, seed, double):
    labels, dtype = classes(*shape, below=num_classes, seed=seed), np.float64 if double else np.uint8
    rows = losses.one_hot(labels, num_classes, dtype=dtype)
    assert rows.shape == (*shape, num_classes)
    assert rows.dtype == dtype
    np.testing.assert_array_equal(rows, np.eye(num_classes)[labels])
    if labels.size:
        assert definitions.one_hot(labels.tolist(), num_classes) == rows.tolist()


@pytest.mark.parametrize("module", [losses, definitions])
def test_one_hot_refuses(module):
    with pytest.raises(ValueError, match=r"^labels must .* 2, got 3"):
        module.one_hot([0, 3], 3)
    with pytest.raises(TypeError, match=r"^labels must be .*integers"):
        module.one_hot([0.0], 3)
    with pytest.raises(ValueError, match=r"^num_classes must be at least 1, got 0"):
        module.one_hot([0], 0)
