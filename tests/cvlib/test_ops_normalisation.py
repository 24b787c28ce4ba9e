"""Batch norm and layer norm against JAX, their definitions, central differences, and NumPy's mean and variance."""

import math
import re
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_operation
from strategies import Case, normal

from byhand import definitions
from cvlib.ops import (
    batch_norm,
    batch_norm_backward,
    layer_norm,
    layer_norm_backward,
    normalisation,
)

BATCH_ARRAYS = [0, 1, 2]  # x, gamma and beta have gradients, the running statistics have none


def first_result(*arguments, **options):
    return batch_norm(*arguments, **options)[0]


def first_result_of_definition(*arguments, **options):
    return definitions.batch_norm(*arguments, **options)[0]


BATCH_NORM = first_result, batch_norm_backward
LAYER_NORM = layer_norm, layer_norm_backward
BATCH_DEFINITION = first_result_of_definition, definitions.batch_norm_backward
LAYER_DEFINITION = definitions.layer_norm, definitions.layer_norm_backward


def jax_batch_norm(*, training=True, eps=1e-5, momentum=0.1):
    def oracle(x, gamma, beta, running_mean, running_var):
        others = (0, *range(2, x.ndim))
        columns = (-1, *(1 for _ in others[1:]))
        mean = x.mean(others) if training else running_mean
        var = x.var(others) if training else running_var
        mean, var, gamma, beta = (a.reshape(columns) for a in (mean, var, gamma, beta))
        return gamma * (x - mean) / jnp.sqrt(var + eps) + beta

    return oracle


def jax_layer_norm(*, eps=1e-5):
    def oracle(x, gamma, beta):
        last = tuple(range(-gamma.ndim, 0))
        mean, var = x.mean(last, keepdims=True), x.var(last, keepdims=True)
        return gamma * (x - mean) / jnp.sqrt(var + eps) + beta

    return oracle


def batch_arrays(shape, *, seed=0, offset=0.0):
    """Return x, gamma, beta and running statistics of a batch; every channel has another mean and spread."""
    channels = shape[1]
    x = normal(*shape, seed=seed) * np.linspace(0.5, 2, channels).reshape(-1, *[1] * (len(shape) - 2))
    x += offset * normal(channels, seed=seed + 1).reshape(-1, *[1] * (len(shape) - 2))
    gamma, beta, running_mean = (normal(channels, seed=seed + k) for k in (2, 3, 4))
    return [x, gamma, beta, running_mean, 0.2 + normal(channels, seed=seed + 5) ** 2]


# Against the oracles


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "shape",
    [
        (5, 3),
        (2, 1),
        (4, 2, 3),
        (2, 3, 4, 5),
        (1, 2, 3, 2),  # one image has many numbers
        (3, 2, 1, 1),
        (3, 1, 2, 2),  # one channel
        (2, 2, 1, 2, 2),  # volumes, too
    ],
)
def test_batch_norm_agrees(shape, training):
    options = {"training": training, "eps": 0.01}
    arrays, differentiate = batch_arrays(shape), BATCH_ARRAYS
    check_operation(*BATCH_NORM, jax_batch_norm(**options), arrays,
                    definition=BATCH_DEFINITION, differentiate=differentiate, **options)  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "axes"), [((4, 3), 1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((2, 2, 3, 2), 3), ((5,), 1), ((3, 1), 1),
                        ((2, 3), 2), ((1, 2), 1)]
)  # fmt: skip
def test_layer_norm_agrees(shape, axes):
    arrays = [normal(*shape), normal(*shape[-axes:], seed=1), normal(*shape[-axes:], seed=2)]
    check_operation(*LAYER_NORM, jax_layer_norm(eps=0.01), arrays, definition=LAYER_DEFINITION, eps=0.01)


@st.composite
def batch_cases(draw):
    n, channels, seed = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(0, 99))
    size = draw(st.sampled_from([(), (1,), (3,), (2, 3), (1, 4)]))
    # a mean of 30 standard deviations takes the other path to the statistics
    arrays = batch_arrays((n, channels, *size), seed=seed, offset=draw(st.sampled_from([0, 1, 30])))
    training = draw(st.booleans()) and n * math.prod(size) > 1
    return Case(arrays, {"training": training, "eps": draw(st.sampled_from([0.02, 0.5]))})


@settings(max_examples=40, deadline=None)
@given(batch_cases())
def test_batch_norm_agrees_with_its_definition(case: Case):
    """Many shapes, without compiling them."""
    arrays, options = case
    y, *running = batch_norm(*arrays, momentum=0.3, **options)
    lists = [array.tolist() for array in arrays]
    expected, *expected_running = definitions.batch_norm(*lists, momentum=0.3, **options)
    np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(running, expected_running, rtol=1e-12, atol=1e-13)
    dy = normal(*arrays[0].shape, seed=7)
    results = batch_norm_backward(dy, *arrays, **options)
    for result, target in zip(
        results, definitions.batch_norm_backward(dy.tolist(), *lists, **options), strict=True
    ):
        np.testing.assert_allclose(result, target, rtol=1e-10, atol=1e-10)


@st.composite
def layer_cases(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axes, seed = draw(st.integers(1, len(shape))), draw(st.integers(0, 99))
    x = normal(*shape, seed=seed) + draw(st.sampled_from([0, 1, -30]))
    vectors = [normal(*shape[-axes:], seed=seed + k) for k in (1, 2)]
    return Case([x, *vectors], {"eps": draw(st.sampled_from([0.02, 0.5]))})


@settings(max_examples=40, deadline=None)
@given(layer_cases())
def test_layer_norm_agrees_with_its_definition(case: Case):
    arrays, options = case
    lists = [array.tolist() for array in arrays]
    expected = definitions.layer_norm(*lists, **options)
    np.testing.assert_allclose(layer_norm(*arrays, **options), expected, rtol=1e-11, atol=1e-11)
    dy = normal(*arrays[0].shape, seed=7)
    results = layer_norm_backward(dy, *arrays, **options)
    targets = definitions.layer_norm_backward(dy.tolist(), *lists, **options)
    for result, target in zip(results, targets, strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-10, atol=1e-10)


# Numbers by hand, and the statistics


def test_coursework_b6():
    """B6: 2, 4, 6, 8, 10 with gamma 2, beta 1 and no eps; the mean is 6, the variance 8, the unbiased one 10."""
    x = [[2.0], [4.0], [6.0], [8.0], [10.0]]
    y, running_mean, running_var = batch_norm(x, [2], [1], [100], [200], eps=0, momentum=0.25)
    np.testing.assert_allclose(y.ravel(), [-1.8284, -0.4142, 1, 2.4142, 3.8284], atol=5e-5)
    np.testing.assert_allclose(y.ravel(), 1 + np.array([-4, -2, 0, 2, 4]) / math.sqrt(2), rtol=1e-14)
    np.testing.assert_allclose(running_mean, [0.75 * 100 + 0.25 * 6])
    np.testing.assert_allclose(running_var, [0.75 * 200 + 0.25 * 10])


def test_inference_by_hand():
    """(7 - 1) / sqrt(3 + 1) = 3 and (-3 - 1) / 2 = -2; then 10 times that, plus 5."""
    y, running_mean, running_var = batch_norm([[7.0], [-3.0]], [10], [5], [1], [3], training=False, eps=1)
    np.testing.assert_array_equal(y, [[35], [-15]])
    np.testing.assert_array_equal([running_mean, running_var], [[1], [3]])
    dx, dgamma, dbeta = batch_norm_backward(
        [[1], [2]], [[7], [-3]], [10], [5], [1], [3], training=False, eps=1
    )
    np.testing.assert_array_equal(dx, [[5], [10]])
    np.testing.assert_array_equal([dgamma, dbeta], [[1 * 3 + 2 * -2], [3]])


def test_layer_norm_by_hand():
    """1, 3, 5, 7: mean 4, variance 5, and with eps 4 a root of 3."""
    y = layer_norm([1, 3, 5, 7], [3, 3, 3, 6], [0, 0, 1, 0], eps=4)
    np.testing.assert_allclose(y, [-3, -1, 2, 6], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (4, 3, 5, 2)])
@pytest.mark.parametrize("momentum", [0, 0.1, 1])
def test_running_statistics_are_those_of_numpy(shape, momentum, dtype):
    x, gamma, beta, mean, var = (array.astype(dtype) for array in batch_arrays(shape, offset=5))
    _, new_mean, new_var = batch_norm(x, gamma, beta, mean, var, momentum=momentum)
    others = (0, *range(2, len(shape)))
    exact = x.astype(np.float64)
    tolerance = {"rtol": 2e-6 if dtype == np.float32 else 1e-13, "atol": 1e-6 if dtype == np.float32 else 0}
    expected_mean = (1 - momentum) * mean + momentum * exact.mean(others)
    expected_var = (1 - momentum) * var + momentum * exact.var(others, ddof=1)
    np.testing.assert_allclose(new_mean, expected_mean, **tolerance)
    np.testing.assert_allclose(new_var, expected_var, **tolerance)
    assert new_mean.dtype == new_var.dtype == dtype
    if momentum == 0:
        np.testing.assert_array_equal([new_mean, new_var], [mean, var])


@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_are_new_arrays_and_the_old_ones_unchanged(training):
    x, gamma, beta, mean, var = batch_arrays((4, 3))
    kept = mean.copy(), var.copy()
    _, new_mean, new_var = batch_norm(x, gamma, beta, mean, var, training=training)
    np.testing.assert_array_equal([mean, var], kept)
    assert not np.shares_memory(new_mean, mean)
    assert not np.shares_memory(new_var, var)
    assert np.array_equal(new_mean, mean) != training


@pytest.mark.parametrize("training", [True, False])
def test_without_running_statistics_they_are_zeros_and_ones(training):
    x, gamma, beta, *_ = batch_arrays((4, 3, 2))
    given = batch_norm(x, gamma, beta, np.zeros(3), np.ones(3), training=training)
    for result, expected in zip(batch_norm(x, gamma, beta, training=training), given, strict=True):
        np.testing.assert_array_equal(result, expected)
    dy = normal(4, 3, 2)
    gradients = batch_norm_backward(dy, x, gamma, beta, training=training)
    expected = batch_norm_backward(dy, x, gamma, beta, np.zeros(3), np.ones(3), training=training)
    for result, target in zip(gradients, expected, strict=True):
        np.testing.assert_array_equal(result, target)


def test_running_statistics_find_those_of_the_data():
    """After many batches inference does what training does on all the data."""
    rng = np.random.default_rng(0)
    running = np.zeros(2), np.ones(2)
    for _ in range(600):
        batch = rng.normal([3, -5], [2, 0.5], (50, 2))
        _, *running = batch_norm(batch, np.ones(2), np.zeros(2), *running, momentum=0.02)
    np.testing.assert_allclose(running, [[3, -5], [4, 0.25]], rtol=0.05)


# What normalisation is for


@settings(max_examples=30, deadline=None)
@given(batch_cases())
def test_a_normalised_channel_has_mean_beta_and_deviation_gamma(case: Case):
    x, gamma, beta, *_ = case.arrays
    if x.size // len(gamma) < 2:
        return
    y, *_ = batch_norm(x, gamma, beta, eps=0)
    others = (0, *range(2, x.ndim))
    np.testing.assert_allclose(y.mean(others), beta, rtol=0, atol=1e-11)
    np.testing.assert_allclose(y.std(others), np.abs(gamma), rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(batch_cases())
def test_dx_is_orthogonal_to_constants_and_to_xhat(case: Case):
    """Adding a constant to a channel, or stretching it, changes nothing: so the loss has no slope that way."""
    x, gamma, beta, *_ = case.arrays
    if x.size // len(gamma) < 2:
        return
    dy = normal(*x.shape, seed=7)
    dx, *_ = batch_norm_backward(dy, x, gamma, beta, eps=0)
    xhat, *_ = batch_norm(x, np.ones_like(gamma), np.zeros_like(beta), eps=0)
    others = (0, *range(2, x.ndim))
    scale = np.abs(dx).sum(others) + np.abs(dy).sum(others) * np.abs(gamma) / x.std(others)
    assert (np.abs(dx.sum(others)) <= 1e-10 * scale).all()
    assert (np.abs((dx * xhat).sum(others)) <= 1e-10 * scale).all()


@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_gamma_and_beta(training):
    """They are sums over the channel, and gamma itself does not enter."""
    x, gamma, beta, *running = batch_arrays((3, 2, 4, 5), offset=2)
    xhat, *_ = batch_norm(x, np.ones(2), np.zeros(2), *running, training=training)
    dy = normal(3, 2, 4, 5, seed=8)
    for scale in (gamma, np.zeros(2)):
        dx, dgamma, dbeta = batch_norm_backward(dy, x, scale, beta, *running, training=training)
        np.testing.assert_allclose(dgamma, (dy * xhat).sum((0, 2, 3)), rtol=1e-12)
        np.testing.assert_allclose(dbeta, dy.sum((0, 2, 3)), rtol=1e-12)
    np.testing.assert_array_equal(dx, np.zeros_like(x))


def test_inference_is_an_affine_map_of_every_number_by_itself():
    x, gamma, beta, mean, var = batch_arrays((3, 2, 4))
    y, *_ = batch_norm(x, gamma, beta, mean, var, training=False, eps=0.1)
    scale = gamma / np.sqrt(var + 0.1)
    expected = x * scale[:, None] + (beta - mean * scale)[:, None]
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-13)
    alone, *_ = batch_norm(x[1:2], gamma, beta, mean, var, training=False, eps=0.1)
    np.testing.assert_array_equal(alone, y[1:2])


def test_an_example_of_layer_norm_does_not_see_the_others():
    x, gamma, beta = normal(4, 3, 5), normal(3, 5, seed=1), normal(3, 5, seed=2)
    y = layer_norm(x, gamma, beta)
    for n in range(4):
        np.testing.assert_allclose(layer_norm(x[n], gamma, beta), y[n], rtol=1e-13)
    turned, *_ = batch_norm(x.reshape(4, 15).T, np.ones(4), np.zeros(4))
    np.testing.assert_allclose(y, gamma * turned.T.reshape(4, 3, 5) + beta, rtol=1e-12, atol=1e-13)


# Numbers that are hard


@pytest.mark.parametrize("shape", [(32, 4, 14, 14), (2000, 4), (1, 2, 300, 300)])
@pytest.mark.parametrize("mean", [0, 1.9, 1e4, -1e6])
def test_a_large_mean_costs_no_digits(shape, mean):
    """Against float64 sums on the very numbers that float32 holds; at 1e6 these are sixteenths."""
    x = (np.random.default_rng(0).normal(0, 1, shape) + mean).astype(np.float32)
    dy = normal(*shape).astype(np.float32)
    ones, zeros = np.ones(shape[1], np.float32), np.zeros(shape[1], np.float32)
    y, running_mean, running_var = batch_norm(x, ones, zeros, momentum=1)
    exact, others = x.astype(np.float64), (0, *range(2, len(shape)))
    expected = (exact - exact.mean(others, keepdims=True)) / np.sqrt(exact.var(others, keepdims=True) + 1e-5)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(running_mean, exact.mean(others), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(running_var, exact.var(others, ddof=1), rtol=2e-6)
    dx, dgamma, _ = batch_norm_backward(dy, x, ones, zeros)
    dx64, dgamma64, _ = batch_norm_backward(dy.astype(np.float64), exact, ones, zeros)
    np.testing.assert_allclose(dx, dx64, rtol=0, atol=2e-6)
    np.testing.assert_allclose(dgamma, dgamma64, rtol=0, atol=1e-5 * np.abs(dgamma64).max())


@pytest.mark.parametrize("mean", [0, 1.9, 1e4])
def test_a_large_mean_costs_layer_norm_no_digits(mean):
    x = (np.random.default_rng(0).normal(0, 1, (50, 300)) + mean).astype(np.float32)
    exact = x.astype(np.float64)
    expected = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-5)
    ones, zeros = np.ones(300, np.float32), np.zeros(300, np.float32)
    np.testing.assert_allclose(layer_norm(x, ones, zeros), expected, rtol=0, atol=5e-6)
    dy = normal(50, 300).astype(np.float32)
    results = layer_norm_backward(dy, x, ones, zeros)
    targets = layer_norm_backward(dy.astype(np.float64), exact, ones, zeros)
    for result, target in zip(results, targets, strict=True):
        np.testing.assert_allclose(result, target, rtol=0, atol=5e-6 * np.abs(target).max())


def test_one_channel_far_from_0_does_not_disturb_the_others():
    x = normal(8, 3, 5, 5) + np.array([0, 1e5, -4])[:, None, None]
    y, running_mean, running_var = batch_norm(x, np.ones(3), np.zeros(3), momentum=1, eps=0)
    np.testing.assert_allclose(running_mean, x.mean((0, 2, 3)), rtol=1e-14)
    np.testing.assert_allclose(running_var, x.var((0, 2, 3), ddof=1), rtol=1e-12)
    np.testing.assert_allclose(y.std((0, 2, 3)), 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0, 0.1, -7e4])
def test_a_constant_channel_becomes_beta(value, dtype):
    x = normal(4, 2, 3, 3).astype(dtype)
    x[:, 1] = value
    gamma, beta = np.array([2, 3], dtype), np.array([5, -6], dtype)
    y, _, running_var = batch_norm(x, gamma, beta, momentum=1)
    np.testing.assert_allclose(y[:, 1], -6, rtol=1e-6)
    assert 0 <= running_var[1] <= 1e-9 * value**2
    dy = normal(4, 2, 3, 3).astype(dtype)
    dx, dgamma, _ = batch_norm_backward(dy, x, gamma, beta)
    # xhat = 0, so only the mean is taken out
    expected = 3 / math.sqrt(1e-5) * (dy[:, 1] - dy[:, 1].mean())
    np.testing.assert_allclose(dx[:, 1], expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert abs(dgamma[1]) < 1e-3
    same = layer_norm(np.full((2, 5), value, dtype), np.full(5, 3, dtype), np.full(5, -6, dtype))
    np.testing.assert_allclose(same, -6, rtol=1e-6)


def test_eps_is_added_to_the_variance():
    """Variance 1: without eps 1, with eps 3 one half."""
    for eps, expected in ((0, 1), (3, 0.5), (1e30, 1e-15)):
        y, *_ = batch_norm([[3.0], [5.0]], [1], [0], eps=eps)
        np.testing.assert_allclose(y, [[-expected], [expected]])
        np.testing.assert_allclose(layer_norm([3.0, 5.0], [1, 1], [0, 0], eps=eps), [-expected, expected])


def test_zero_over_zero_is_said():
    """A constant channel without eps has no answer."""
    with pytest.warns(RuntimeWarning, match="divide by zero"), np.errstate(invalid="ignore"):
        y, *_ = batch_norm([[3.0], [3.0]], [1], [0], eps=0)
    assert np.isnan(y).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_stay_in_their_channel(value, dtype):
    x, gamma, beta, *running = (array.astype(dtype) for array in batch_arrays((4, 3, 2, 2)))
    x[1, 1, 0, 1] = value
    y, running_mean, _ = batch_norm(x, gamma, beta, *running)
    assert np.isnan(y[:, 1]).all()
    assert not np.isfinite(running_mean[1])
    assert np.isfinite(np.delete(y, 1, axis=1)).all()
    dx, dgamma, dbeta = batch_norm_backward(np.ones_like(x), x, gamma, beta, *running)
    assert np.isnan(dx[:, 1]).all()
    assert np.isnan(dgamma).tolist() == [False, True, False]
    assert np.isfinite(np.delete(dx, 1, axis=1)).all()
    assert np.isfinite(dbeta).all()
    y, *_ = batch_norm(x, gamma, beta, *running, training=False)
    assert np.isfinite(y).sum() == y.size - 1
    rows = layer_norm(x.reshape(12, 4), np.ones(4, dtype), np.zeros(4, dtype))
    assert np.isnan(rows).all(1).tolist() == [row == 4 for row in range(12)]
    dx, *_ = layer_norm_backward(np.ones((12, 4), dtype), x.reshape(12, 4), np.ones(4), np.zeros(4))
    assert np.isnan(dx).all(1).tolist() == [row == 4 for row in range(12)]


@pytest.mark.parametrize("training", [True, False])
def test_an_infinite_gradient_stays_in_its_channel(training):
    x, gamma, beta, *running = batch_arrays((4, 3))
    dy = normal(4, 3)
    dy[2, 0], dy[3, 0] = np.inf, -np.inf
    results = batch_norm_backward(dy, x, gamma, beta, *running, training=training)
    for result in results:
        assert np.isfinite(result[..., 1:]).all()
        assert not np.isfinite(result[..., 0]).all()
    dx, *_ = layer_norm_backward(dy, x, np.ones(3), np.zeros(3))
    assert np.isfinite(dx).all(1).tolist() == [True, True, False, False]


# Shapes and types


def test_blocks_change_nothing(monkeypatch):
    """The work is done on a few images, or a few examples, at a time."""
    arrays = batch_arrays((7, 3, 4, 5), offset=2)
    dy = normal(7, 3, 4, 5)
    gamma, beta = normal(4, 5, seed=1), normal(4, 5, seed=2)

    def all_results():
        batch = *batch_norm(*arrays), *batch_norm_backward(dy, *arrays)
        return *batch, layer_norm(arrays[0], gamma, beta), *layer_norm_backward(dy, arrays[0], gamma, beta)

    expected = all_results()
    for size in (0, 2 * arrays[0][0].nbytes, 5 * arrays[0][0].nbytes):
        monkeypatch.setattr(normalisation, "SHARED_BYTES", size)
        for result, target in zip(all_results(), expected, strict=True):
            np.testing.assert_allclose(result, target, rtol=1e-12, atol=1e-13)


def test_empty_batches():
    """Nothing to measure in training, nothing to do in inference."""
    empty = np.ones((0, 3, 4, 4), np.float32)
    ones = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="at least 2 numbers per channel in training"):
        batch_norm(empty, ones, ones)
    y, *_ = batch_norm(empty, ones, ones, training=False)
    assert (y.shape, y.dtype) == (empty.shape, np.float32)
    dx, dgamma, dbeta = batch_norm_backward(y, empty, ones, ones, training=False)
    assert dx.shape == empty.shape
    np.testing.assert_array_equal([dgamma, dbeta], np.zeros((2, 3)))
    ones = np.ones((4, 4), np.float32)
    assert layer_norm(empty, ones, ones).shape == empty.shape
    dx, dgamma, dbeta = layer_norm_backward(empty, empty, ones, ones)
    assert (dx.shape, dgamma.dtype) == (empty.shape, np.float32)
    np.testing.assert_array_equal([dgamma, dbeta], np.zeros((2, 4, 4)))


@pytest.mark.parametrize("training", [True, False])
def test_types_meet_in_the_wider_one(training):
    arrays = [np.ones((2, 3), np.float32), *(np.ones(3, np.float32) for _ in range(4))]
    for results in (
        batch_norm(*arrays, training=training),
        batch_norm_backward(arrays[0], *arrays, training=training),
    ):
        assert {result.dtype for result in results} == {np.dtype(np.float32)}
    for wider in range(5):
        mixed = [a.astype(np.float64) if k == wider else a for k, a in enumerate(arrays)]
        for results in (
            batch_norm(*mixed, training=training),
            batch_norm_backward(arrays[0], *mixed, training=training),
        ):
            assert {result.dtype for result in results} == {np.dtype(np.float64)}
    assert batch_norm([[1], [2]], [1], [0])[0].dtype == np.float64
    assert layer_norm([1, 2], [1, 1], [0, 0]).dtype == np.float64


@pytest.mark.parametrize("training", [True, False])
def test_results_are_new_and_writeable(training):
    arrays = batch_arrays((3, 2, 4))
    for array in arrays:
        array.flags.writeable = False
    results = (
        *batch_norm(*arrays, training=training),
        *batch_norm_backward(arrays[0], *arrays, training=training),
    )
    for result in results:
        assert result.flags.c_contiguous
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in arrays)


# The definition


def test_the_definition_is_exact_where_it_can_be():
    y, running_mean, running_var = definitions.batch_norm(
        [[1], [3]], [4], [Fraction(1, 3)], [1], [1], eps=0, momentum=Fraction(1, 2)
    )
    assert y == [[Fraction(-11, 3)], [Fraction(13, 3)]]
    assert (running_mean, running_var) == ([Fraction(3, 2)], [Fraction(3, 2)])
    dx, dgamma, dbeta = definitions.layer_norm_backward([1, 0], [1, 3], [6, 6], [0, 0], eps=3)
    assert (dx, dgamma, dbeta) == ([Fraction(9, 8), Fraction(-9, 8)], [Fraction(-1, 2), 0], [1, 0])
    assert all(type(number) is not float for number in (*dx, *dgamma, *dbeta))
    assert definitions.batch_norm([[1], [2]], [1], [0], eps=0)[0] == [[-1], [1]]  # variance 1/4
    assert definitions.batch_norm([[1], [1]], [1], [7], eps=1)[0] == [[7], [7]]


def test_the_definition_follows_zero_over_zero():
    assert np.isnan(definitions.batch_norm([[3], [3]], [1], [0], eps=0)[0]).all()


# Bad arguments

X = normal(2, 3, 4)
BATCH = {"x": X, "gamma": np.ones(3), "beta": np.ones(3)}
LAYER = {"x": X, "gamma": np.ones(4), "beta": np.ones(4)}


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[0, 0]}, ValueError, "x must have at least 2 axes (N, C, ...), got shape (4,)"),
        ({"x": 1.0}, ValueError, "x must have at least 2 axes (N, C, ...), got shape ()"),
        ({"x": [["a"]]}, TypeError, "x must hold real numbers, got list of dtype <U1"),
        ({"x": X[:1, :, :1]}, ValueError, "at least 2 numbers per channel in training, got shape (1, 3, 1)"),
        ({"x": X[:1, :, 0]}, ValueError, "at least 2 numbers per channel in training, got shape (1, 3)"),
        ({"x": X[:, :, :0]}, ValueError, "at least 2 numbers per channel in training, got shape (2, 3, 0)"),
        ({"gamma": np.ones(4)}, ValueError, "gamma must have shape (3,), got (4,)"),
        ({"gamma": 1.0}, ValueError, "gamma must have shape (3,), got ()"),
        ({"beta": np.ones((3, 1))}, ValueError, "beta must have shape (3,), got (3, 1)"),
        ({"beta": None}, TypeError, "beta must hold real numbers, got NoneType of dtype object"),
        ({"running_mean": np.ones(1)}, ValueError, "running_mean must have shape (3,), got (1,)"),
        ({"running_var": np.ones(2)}, ValueError, "running_var must have shape (3,), got (2,)"),
        ({"running_var": [1, -0.5, 1]}, ValueError, "running_var must not be negative, got -0.5"),
        ({"momentum": 1.5}, ValueError, "momentum must be from 0 to 1, got 1.5"),
        ({"momentum": -0.1}, ValueError, "momentum must be from 0 to 1, got -0.1"),
        ({"momentum": None}, TypeError, "momentum must be a number, got None of type NoneType"),
        ({"eps": -1e-5}, ValueError, "eps must be at least 0 and finite, got -1e-05"),
        ({"eps": math.nan}, ValueError, "eps must be at least 0 and finite, got nan"),
        ({"eps": math.inf}, ValueError, "eps must be at least 0 and finite, got inf"),
        ({"eps": "small"}, TypeError, "eps must be a number, got 'small' of type str"),
    ],
)  # fmt: skip
def test_bad_arguments_of_batch_norm(bad, error, message):
    for call in (batch_norm, lambda **given: batch_norm_backward(np.ones((2, 3, 4)), **given)):
        with pytest.raises(error, match=re.escape(message)):
            call(**BATCH | bad)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[..., :2]}, ValueError, "x must end with the axes of gamma, (4,), got shape (2, 3, 2)"),
        ({"x": 1.0}, ValueError, "x must end with the axes of gamma, (4,), got shape ()"),
        ({"x": [["a"]]}, TypeError, "x must hold real numbers, got list of dtype <U1"),
        ({"gamma": np.ones((2, 2, 3, 4)), "beta": np.ones((2, 2, 3, 4))}, ValueError,
         "x must end with the axes of gamma, (2, 2, 3, 4), got shape (2, 3, 4)"),
        ({"gamma": 1.0, "beta": 0.0}, ValueError, "gamma must have at least 1 axis and 1 entry, got shape ()"),
        ({"gamma": [], "beta": []}, ValueError, "gamma must have at least 1 axis and 1 entry, got shape (0,)"),
        ({"beta": np.ones((3, 4))}, ValueError, "beta must have shape (4,), got (3, 4)"),
        ({"eps": -1}, ValueError, "eps must be at least 0 and finite, got -1"),
    ],
)  # fmt: skip
def test_bad_arguments_of_layer_norm(bad, error, message):
    for call in (layer_norm, lambda **given: layer_norm_backward(np.ones((2, 3, 4)), **given)):
        with pytest.raises(error, match=re.escape(message)):
            call(**LAYER | bad)


@pytest.mark.parametrize(("backward", "given"), [(batch_norm_backward, BATCH), (layer_norm_backward, LAYER)])
@pytest.mark.parametrize("shape", [(2, 3), (1, 3, 4), (2, 3, 4, 1)])
def test_bad_upstream_gradient(backward, given, shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 3, 4), got {shape}")):
        backward(np.ones(shape), **given)


@pytest.mark.parametrize(
    ("name", "arguments", "options", "message"),
    [
        ("batch_norm", ([1, 2], [1], [1]), {}, "x must be nested lists with at least 2 axes (N, C, ...), got"),
        ("batch_norm", ([[1]], [1], [1]), {}, "at least 2 numbers per channel in training, got shape (1, 1)"),
        ("batch_norm", ([[1], [2]], [1, 2], [1]), {}, "gamma must have the shape of one number for each channel, (1,)"),
        ("batch_norm", ([[1], [2]], [1], [1], [0], [-1]), {}, "running_var must not be negative, got -1"),
        ("batch_norm", ([[1], [2]], [1], [1]), {"momentum": 2}, "momentum must be from 0 to 1, got 2"),
        ("batch_norm", ([[1], [2]], [1], [1]), {"eps": -1}, "eps must be at least 0 and finite, got -1"),
        ("layer_norm", ([1, 2], 1, 1), {}, "gamma must be nested lists with at least 1 axis, got the number 1"),
        ("layer_norm", ([1, 2], [1], [1]), {}, "x must end with the axes of gamma, (1,), got shape (2,)"),
        ("layer_norm", ([1], [1], [1, 2]), {}, "beta must have the shape of gamma, (1,), got (2,)"),
        ("layer_norm", ([1], [1], [1]), {"eps": -1}, "eps must be at least 0 and finite, got -1"),
    ],
)  # fmt: skip
def test_the_definitions_refuse(name, arguments, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(definitions, name)(*arguments, **options)
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(definitions, name + "_backward")(arguments[0], *arguments, **options)


def test_the_definitions_refuse_another_upstream_gradient():
    for name, x in (("batch_norm", [[1], [2]]), ("layer_norm", [[1], [2]])):
        with pytest.raises(ValueError, match=r"dy must have the shape of x, \(2, 1\), got \(1, 1\)"):
            getattr(definitions, name + "_backward")([[1]], x, [1], [0])
