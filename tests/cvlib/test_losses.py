"""Losses against expressions written anew in JAX and SciPy, coursework numbers, and their edges."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from byhand import definitions
from cvlib import losses
from cvlib.gradcheck import gradient_error, numerical_gradient

jax.config.update("jax_enable_x64", True)

RNG = np.random.default_rng(7)
LOGITS = RNG.normal(0, 3, (5, 4))
ROWS = RNG.dirichlet(np.ones(4), 5)
OTHER_ROWS = RNG.dirichlet(np.ones(4), 5)
INDICES = np.array([3, 0, 0, 2, 1])
MAPS = RNG.normal(0, 1, (2, 3, 4))
SOFT = RNG.uniform(0.05, 0.95, (2, 3, 4))
HARD = RNG.integers(0, 2, (2, 3, 4))


def jax_cross_entropy(z, labels):
    q = jnp.eye(z.shape[1])[labels] if labels.ndim == 1 else labels
    return jnp.sum(q * (jax.scipy.special.logsumexp(z, axis=1, keepdims=True) - z)) / z.shape[0]


def jax_binary(p, y):
    return -jnp.mean(jnp.log(jnp.where(y == 1, p, 1 - p)))


CASES = {
    "mean_squared_error": (MAPS, SOFT, lambda p, t: jnp.sum(jnp.square(t - p)) / 24),
    "squared_error": (MAPS, SOFT, lambda p, t: jnp.vdot(t - p, t - p) / 2),
    "cross_entropy": (LOGITS, INDICES, jax_cross_entropy),
    "cross_entropy with soft labels": (LOGITS, ROWS, jax_cross_entropy),
    "binary_cross_entropy": (SOFT, HARD, jax_binary),
    "binary_cross_entropy_with_logits": (MAPS, HARD, lambda z, y: jax_binary(1 / (1 + jnp.exp(-z)), y)),
    "binary_cross_entropy_with_logits with soft labels": (
        MAPS, SOFT, lambda z, y: jnp.mean(jnp.logaddexp(0, z) - y * z),
    ),
}  # fmt: skip
WITH_BASE = [name for name in CASES if "squared" not in name]


def pair_of(case):
    name = case.split(" ")[0]
    return getattr(losses, name), getattr(losses, name + "_backward")


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_match_jax(case):
    prediction, target, oracle = CASES[case]
    loss, backward = pair_of(case)
    expected, gradient = jax.value_and_grad(oracle)(prediction, target)
    value = loss(prediction, target)
    assert type(value) is float
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(backward(prediction, target), gradient, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(backward(prediction, target, -1.75), -1.75 * gradient, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_match_the_definition(case):
    prediction, target, _ = CASES[case]
    for base in ({}, {"base": 2}) if case in WITH_BASE else ({},):
        compare_with_definition(case.split(" ")[0], prediction, target, **base)


def compare_with_definition(name, *arguments, **base):
    """Hold value and gradients to the visible loops over nested lists."""
    as_lists = [np.asarray(argument).tolist() for argument in arguments]
    for suffix, dloss in (("", []), ("_backward", [0.7])):
        got = getattr(losses, name + suffix)(*arguments, *dloss, **base)
        expected = getattr(definitions, name + suffix)(*as_lists, *dloss, **base)
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_gradient_matches_central_differences(case):
    prediction, target, _ = CASES[case]
    loss, backward = pair_of(case)
    numerical = numerical_gradient(lambda p: loss(p, target), prediction)
    assert gradient_error(backward(prediction, target), numerical) < 1e-6


@pytest.mark.parametrize("case", WITH_BASE)
def test_base_two_counts_bits(case):
    prediction, target, _ = CASES[case]
    loss, backward = pair_of(case)
    np.testing.assert_allclose(loss(prediction, target, base=2) * math.log(2), loss(prediction, target))
    numerical = numerical_gradient(lambda p: loss(p, target, base=2), prediction)
    assert gradient_error(backward(prediction, target, base=2), numerical) < 1e-6


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32_whatever_the_target(case):
    prediction, target, _ = CASES[case]
    loss, backward = pair_of(case)
    gradient = backward(prediction.astype(np.float32), target, np.float64(0.5))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, 0.5 * backward(prediction, target), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        loss(prediction.astype(np.float32), target), loss(prediction, target), rtol=1e-5
    )


@pytest.mark.parametrize("case", CASES)
def test_arguments_are_not_changed(case):
    prediction, target, _ = CASES[case]
    before = prediction.copy(), target.copy()
    for function in pair_of(case):
        function(prediction, target)
    np.testing.assert_array_equal(prediction, before[0])
    np.testing.assert_array_equal(target, before[1])


# The coursework's numbers


def test_a7_cross_entropy_in_nats_and_bits():
    logits = [[-0.1, 12, 3, -3.2, -8, 17, 1.9, 0.6, 4.9, -12]]
    assert losses.cross_entropy(logits, [1]) == pytest.approx(5.0067221, abs=5e-8)
    assert losses.cross_entropy(logits, [1], base=2) == pytest.approx(7.2231731, abs=5e-8)


def test_a2_gradient_of_the_hand_calculation():
    np.testing.assert_array_equal(losses.squared_error_backward([[2, 9]], [[7, 10]]), [[-5, -1]])
    assert losses.squared_error([[2, 9]], [[7, 10]]) == 13


def test_a8_cross_entropy_reaches_zero_and_has_no_upper_bound():
    assert losses.cross_entropy([[1000.0, 0.0]], [0]) == 0
    assert losses.cross_entropy([[1000.0, 0.0]], [1]) == 1000
    assert str(losses.cross_entropy([[1000.0, 0.0]], [[1, 0]])) == "0.0"


def test_c1b_binary_cross_entropy_in_nats_and_bits():
    assert losses.binary_cross_entropy_with_logits([0.8], [1]) == pytest.approx(0.3711007, abs=5e-8)
    assert losses.binary_cross_entropy_with_logits([0.8], [1], base=2) == pytest.approx(0.5353851, abs=5e-8)
    assert losses.binary_cross_entropy([special.expit(0.8)], [1]) == pytest.approx(0.3711007, abs=5e-8)


def test_d6_gradient_of_the_true_and_the_other_classes():
    p = special.softmax([2.0, 1.0, 0.1])
    gradient = losses.cross_entropy_backward([[2.0, 1.0, 0.1]], [0])
    np.testing.assert_allclose(gradient, [[p[0] - 1, p[1], p[2]]], rtol=1e-12)


# Cross-entropy


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (3, 4), elements=st.floats(-600, 600)),
    arrays(np.int64, 3, elements=st.integers(0, 3)),
    st.floats(-1e3, 1e3),
)
def test_cross_entropy_properties(logits, labels, shift):
    value = losses.cross_entropy(logits, labels)
    assert 0 <= value < math.inf
    assert losses.cross_entropy(logits + shift, labels) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert losses.cross_entropy(logits, np.eye(4)[labels]) == pytest.approx(value, rel=1e-12, abs=1e-12)
    gradient = losses.cross_entropy_backward(logits, labels)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-12)
    assert (gradient[np.arange(3), labels] <= 0).all()
    np.testing.assert_allclose(losses.cross_entropy_backward(logits, np.eye(4)[labels]), gradient, atol=1e-15)


def test_cross_entropy_survives_a_class_that_is_ruled_out():
    logits = [[0.0, 0.0, -math.inf]]
    assert losses.cross_entropy(logits, [0]) == pytest.approx(math.log(2))
    assert losses.cross_entropy(logits, [[0.5, 0.5, 0]]) == pytest.approx(math.log(2))
    assert losses.cross_entropy(logits, [2]) == math.inf
    np.testing.assert_array_equal(losses.cross_entropy_backward(logits, [0]), [[-0.5, 0.5, 0]])


def test_cross_entropy_shows_a_diverged_model():
    assert math.isnan(losses.cross_entropy([[math.nan, 0.0]], [0]))


def test_unsigned_labels_do_not_wrap_around():
    assert losses.cross_entropy([[1.0, 2.0]], np.array([0], np.uint8)) == pytest.approx(math.log(1 + math.e))


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        ([[1.0, 2.0]], [2], ValueError, r"labels must lie in 0 \.\.\. 1, got 2 at index \(0,\)"),
        (
            [[1.0, 2.0], [0.0, 0.0]],
            [0, -1],
            ValueError,
            r"labels must lie in 0 \.\.\. 1, got -1 at index \(1,\)",
        ),
        ([[1.0, 2.0]], [0, 1], ValueError, r"one class index for each of \(1,\), got shape \(2,\)"),
        ([[1.0, 2.0]], [0.0], TypeError, "labels must be integers, got an array of (float64|bool)"),
        ([[1.0, 2.0]], [True], TypeError, "labels must be integers, got an array of (float64|bool)"),
        ([[1.0, 2.0]], ["cat"], TypeError, "labels must hold real numbers"),
        ([[1.0, 2.0]], 1, ValueError, r"labels must have shape \(1, 2\), got \(\)"),
        ([[1.0, 2.0]], [[0.5, 0.4]], ValueError, "every row of labels must sum to 1, got 0.9 in row"),
        ([[1.0, 2.0]], [[1.5, -0.5]], ValueError, r"labels must lie in \[0, 1\], got 1.5"),
        ([[1.0, 2.0]], [[math.nan, 1.0]], ValueError, r"labels must lie in \[0, 1\], got nan"),
        ([[1.0, 2.0]], [[0.5, 0.5, 0.0]], ValueError, r"labels must have shape \(1, 2\)"),
        ([1.0, 2.0], [0], ValueError, r"logits must have 2 axes \(N, K\), got shape \(2,\)"),
        (np.zeros((0, 3)), [], ValueError, "logits must hold at least one number"),
        ([["a", "b"]], [0], TypeError, "logits must hold real numbers"),
    ],
)
def test_cross_entropy_refuses(logits, labels, error, message):
    for function in (losses.cross_entropy, losses.cross_entropy_backward):
        with pytest.raises(error, match=message):
            function(logits, labels)


@pytest.mark.parametrize(
    ("base", "error"),
    [(1, ValueError), (0, ValueError), (-2, ValueError), (math.inf, ValueError), (math.nan, ValueError),
     ("2", TypeError), (True, TypeError)],
)  # fmt: skip
def test_base_must_be_a_number_above_one(base, error):
    with pytest.raises(error, match="base must be"):
        losses.cross_entropy([[1.0, 2.0]], [0], base=base)


@pytest.mark.parametrize("dloss", ["1", [1.0], None])
def test_dloss_must_be_a_number(dloss):
    with pytest.raises(TypeError, match="dloss must be a number"):
        losses.mean_squared_error_backward([1.0], [2.0], dloss)


# Squared errors


@pytest.mark.parametrize("name", ["mean_squared_error", "squared_error"])
def test_squared_errors_refuse(name):
    for function in pair_of(name):
        with pytest.raises(ValueError, match=r"target must have shape \(3, 1\), got \(3,\)"):
            function(np.zeros((3, 1)), np.zeros(3))  # NumPy would make a 3 x 3 table of differences
        with pytest.raises(ValueError, match="target must be finite, got nan"):
            function([1.0, 2.0], [1.0, math.nan])
        with pytest.raises(ValueError, match="prediction must hold at least one number"):
            function([], [])
    assert math.isnan(pair_of(name)[0]([math.nan], [0.0]))


# Binary cross-entropy


def test_certain_predictions_match_the_definition():
    for labels in ([0, 1, 0.5, 1], [1, 1, 0, 0]):
        compare_with_definition("binary_cross_entropy", [0.0, 1.0, 0.5, 0.25], labels)


def test_certain_predictions_cost_nothing_or_everything():
    loss, backward = losses.binary_cross_entropy, losses.binary_cross_entropy_backward
    assert str(loss([0.0, 1.0], [0, 1])) == "0.0"
    assert loss([0.0, 0.5], [1, 0]) == math.inf
    assert loss([1.0, 0.5], [0, 0]) == math.inf
    np.testing.assert_array_equal(backward([0, 1, 0, 1], [0, 1, 1, 0]), [0.25, -0.25, -math.inf, math.inf])


def test_binary_cross_entropy_of_tiny_probabilities_is_not_rounded():
    assert losses.binary_cross_entropy([1e-20], [0]) == pytest.approx(1e-20, rel=1e-12, abs=0)


def test_binary_cross_entropy_of_soft_labels_matches_scipy():
    expected = -np.mean(special.xlogy(SOFT[::-1], SOFT) + special.xlog1py(1 - SOFT[::-1], -SOFT))
    assert losses.binary_cross_entropy(SOFT, SOFT[::-1]) == pytest.approx(expected, rel=1e-13)


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e300, 1e300), st.sampled_from([0, 1]))
def test_with_logits_is_stable_and_symmetric(logit, label):
    value = losses.binary_cross_entropy_with_logits([logit], [label])
    assert value == pytest.approx(np.logaddexp(0, -logit if label else logit), rel=1e-12)
    assert losses.binary_cross_entropy_with_logits([-logit], [1 - label]) == pytest.approx(value, rel=1e-12)
    gradient = losses.binary_cross_entropy_with_logits_backward([logit], [label])
    assert gradient[0] == pytest.approx(special.expit(logit) - label, abs=1e-15)


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        ([1.2], [1], r"probabilities must lie in \[0, 1\], got 1.2 at index \(0,\)"),
        ([-0.1], [1], r"probabilities must lie in \[0, 1\]"),
        ([math.nan], [1], r"probabilities must lie in \[0, 1\], got nan"),
        ([0.5], [2], r"labels must lie in \[0, 1\], got 2"),
        ([0.5], [math.nan], r"labels must lie in \[0, 1\], got nan"),
        ([0.5, 0.5], [[1, 0]], r"labels must have shape \(2,\), got \(1, 2\)"),
        ([], [], "probabilities must hold at least one number"),
    ],
)
def test_binary_cross_entropy_refuses(probabilities, labels, message):
    for function in (losses.binary_cross_entropy, losses.binary_cross_entropy_backward):
        with pytest.raises(ValueError, match=message):
            function(probabilities, labels)


def test_with_logits_refuses_labels_that_are_no_probabilities():
    for function in pair_of("binary_cross_entropy_with_logits"):
        with pytest.raises(ValueError, match=r"labels must lie in \[0, 1\], got -1"):
            function([0.5], [-1])
        with pytest.raises(ValueError, match="labels must have shape"):
            function([0.5], [[1]])


# Kullback-Leibler divergence


def test_kl_divergence_matches_scipy():
    expected = np.mean(stats.entropy(ROWS, OTHER_ROWS, axis=1))
    assert losses.kl_divergence(ROWS, OTHER_ROWS) == pytest.approx(expected, rel=1e-13)
    assert losses.kl_divergence(ROWS, OTHER_ROWS, base=2) == pytest.approx(expected / math.log(2), rel=1e-13)
    stacked = losses.kl_divergence(ROWS[None, :4].reshape(2, 2, 4), OTHER_ROWS[None, :4].reshape(2, 2, 4))
    assert stacked == pytest.approx(losses.kl_divergence(ROWS[:4], OTHER_ROWS[:4]), rel=1e-13)


@pytest.mark.parametrize("base", [None, 2])
def test_kl_gradients_match_jax(base):
    def oracle(p, q):
        return jnp.sum(p * jnp.log(p / q)) / (5 * math.log(base or math.e))

    expected = jax.grad(oracle, argnums=(0, 1))(ROWS, OTHER_ROWS)
    gradients = losses.kl_divergence_backward(ROWS, OTHER_ROWS, 0.3, base=base)
    for gradient, oracles in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, 0.3 * oracles, rtol=1e-12)


@pytest.mark.parametrize("base", [{}, {"base": 2}])
def test_kl_matches_the_definition(base):
    compare_with_definition("kl_divergence", ROWS, OTHER_ROWS, **base)
    compare_with_definition("kl_divergence", [0.0, 0.5, 0.5, 0.0], [0.5, 0.0, 0.5, 0.0], **base)


def test_kl_at_the_edges():
    inf = math.inf
    assert losses.kl_divergence([0.0, 1.0], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert losses.kl_divergence([0.5, 0.5], [0.0, 1.0]) == inf
    assert losses.kl_divergence([0.0, 1.0], [0.0, 1.0]) == 0
    dp, dq = losses.kl_divergence_backward([0.0, 0.5, 0.5, 0.0], [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_array_equal(dp, [-inf, inf, 1, 0])
    np.testing.assert_array_equal(dq, [0, -inf, -1, 0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_kl_is_what_cross_entropy_adds_to_entropy(seed):
    rng = np.random.default_rng(seed)
    q, z = rng.dirichlet(np.ones(5), 3), rng.normal(0, 2, (3, 5))
    p = special.softmax(z, axis=1)
    divergence = losses.kl_divergence(q, p)
    assert divergence > 0
    assert losses.cross_entropy(z, q) == pytest.approx(
        np.mean(stats.entropy(q, axis=1)) + divergence, rel=1e-11
    )


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([0.5, 0.4], [0.5, 0.5], "every row of p must sum to 1"),
        ([[0.5, 0.5]] * 2, [[0.5, 0.5], [0.5, 0.6]], r"every row of q must sum to 1, got 1.1 in row \(1,\)"),
        ([1.5, -0.5], [0.5, 0.5], r"p must lie in \[0, 1\]"),
        ([0.5, 0.5], [math.nan, 0.5], r"q must lie in \[0, 1\], got nan"),
        ([0.5, 0.5], [[0.5, 0.5]], r"q must have shape \(2,\)"),
        (1.0, 1.0, "p must be a distribution"),
    ],
)  # fmt: skip
def test_kl_refuses(p, q, message):
    for function in (losses.kl_divergence, losses.kl_divergence_backward):
        with pytest.raises(ValueError, match=message):
            function(p, q)


def test_kl_takes_the_wider_type():
    dp, dq = losses.kl_divergence_backward(ROWS.astype(np.float32), OTHER_ROWS)
    assert (dp.dtype, dq.dtype) == (np.float64, np.float64)
    dp, dq = losses.kl_divergence_backward(ROWS.astype(np.float32), OTHER_ROWS.astype(np.float32))
    assert (dp.dtype, dq.dtype) == (np.float32, np.float32)
