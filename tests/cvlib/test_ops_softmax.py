"""Softmax and its logarithm against JAX, their definitions and central differences, for logits of any size."""

import math
from fractions import Fraction

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from oracle import check_operation
from strategies import normal

from byhand import definitions
from cvlib import ops

ORACLES = {"softmax": jax.nn.softmax, "log_softmax": jax.nn.log_softmax}
NAMES = list(ORACLES)


def pair_of(name, module=ops):
    return getattr(module, name), getattr(module, name + "_backward")


def check(name, x, axis, **options):
    def oracle(x):
        return ORACLES[name](x, axis=axis)

    check_operation(*pair_of(name), oracle, [x], axis=axis, **options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((5,), 0), ((5,), -1), ((3, 4), -1), ((3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), -3), ((4, 1), 1)],
)
def test_agrees_with_jax_definition_and_central_differences(name, shape, axis):
    check(name, 2 * normal(*shape), axis, definition=pair_of(name, definitions))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), shape=array_shapes(max_dims=4, max_side=4), scale=st.floats(0.1, 50))
def test_agrees_with_jax_on_any_axis(name, data, shape, scale):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    check(name, scale * normal(*shape), axis, central=False)


@pytest.mark.parametrize("name", NAMES)
def test_the_last_axis_is_the_default(name):
    forward, backward = pair_of(name)
    x, dy = normal(3, 4), normal(3, 4, seed=1)
    np.testing.assert_array_equal(forward(x), forward(x, axis=1))
    np.testing.assert_array_equal(backward(dy, x), backward(dy, x, axis=1))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_jacobian_of_the_textbook(name):
    x, dy = normal(4), normal(4, seed=1)
    p = [math.exp(v) / sum(map(math.exp, x)) for v in x]
    expected = []
    for j in range(4):
        column = [
            (k == j) - p[j] if name == "log_softmax" else p[k] * ((k == j) - p[j]) for k in range(4)
        ]  # d y_k / d x_j
        expected.append(sum(dy[k] * column[k] for k in range(4)))
    np.testing.assert_allclose(pair_of(name)[1](dy, x), expected, rtol=1e-12)


# The coursework's numbers


def test_b1_class_probabilities():
    np.testing.assert_allclose(ops.softmax([2.0, 1.0, 0.1]), [0.65900, 0.24243, 0.09857], atol=5e-6)


def test_a6_softmax_of_ten_logits():
    p = ops.softmax([-0.1, 12, 3, -3.2, -8, 17, 1.9, 0.6, 4.9, -12])
    assert p[1] == pytest.approx(0.0066928058, abs=5e-11)
    assert p[5] == pytest.approx(0.99330046, abs=5e-9)
    assert np.delete(p, [1, 5]).max() < 1e-5


def test_d4_logits_near_a_thousand():
    exact = [Fraction(1, 7), Fraction(2, 7), Fraction(4, 7)]
    logits = 1000 + np.log([1.0, 2.0, 4.0])
    np.testing.assert_allclose(ops.softmax(logits), [float(p) for p in exact], rtol=1e-12)
    np.testing.assert_allclose(ops.log_softmax(logits), [math.log(p) for p in exact], rtol=1e-12)


# Stability


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (2, 3), elements=st.floats(-1e300, 1e300)), st.floats(-1e3, 1e3))
def test_every_row_is_a_distribution(x, shift):
    p, log_p = ops.softmax(x), ops.log_softmax(x)
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-14)
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-12, atol=1e-300)
    small = np.arctan(x)
    np.testing.assert_allclose(ops.softmax(small + shift), ops.softmax(small), rtol=1e-12)
    np.testing.assert_allclose(ops.softmax_backward(x[::-1] / 1e300, x).sum(axis=1), 0, atol=1e-14)


def test_the_logarithm_of_a_probability_that_rounds_to_zero():
    assert ops.softmax([0.0, 1000.0])[0] == 0
    np.testing.assert_array_equal(ops.log_softmax([0.0, 1000.0]), [-1000, 0])
    np.testing.assert_array_equal(ops.log_softmax(np.array([0, 1000], np.float32)), [-1000, 0])
    np.testing.assert_array_equal(ops.log_softmax_backward([1.0, 0.0], [0.0, 1000.0]), [1, -1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_logits_there_are(dtype):
    largest = np.finfo(dtype).max
    np.testing.assert_array_equal(ops.softmax(np.array([-largest, largest], dtype)), [0, 1])
    np.testing.assert_array_equal(ops.log_softmax(np.array([largest, 0], dtype)), [0, -largest])


def test_a_class_that_is_ruled_out():
    x = [0.0, -math.inf, 0.0]
    np.testing.assert_array_equal(ops.softmax(x), [0.5, 0, 0.5])
    np.testing.assert_array_equal(ops.softmax_backward([1.0, 7.0, 0.0], x), [0.25, 0, -0.25])
    assert ops.log_softmax(x)[1] == -math.inf


def test_nan_stays_in_its_row():
    p = ops.softmax([[math.nan, 0.0], [0.0, 0.0]])
    assert np.isnan(p[0]).all()
    np.testing.assert_array_equal(p[1], [0.5, 0.5])


@pytest.mark.parametrize("name", NAMES)
def test_floating_types(name):
    forward, backward = pair_of(name)
    single, double = np.ones(3, np.float32), np.ones(3)
    assert forward(single).dtype == backward(single, single).dtype == np.float32
    assert backward(double, single).dtype == backward(single, double).dtype == np.float64
    assert forward([1, 2, 3]).dtype == np.float64


# Bad arguments


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("x", "axis", "error", "message"),
    [
        (np.zeros((2, 3)), 2, ValueError, r"axis must be below 2 for x of shape \(2, 3\), got 2"),
        (np.zeros((2, 3)), -3, ValueError, "axis must be at least -2, got -3"),
        (np.zeros((2, 3)), None, TypeError, "axis must be an integer, got None"),
        (np.zeros((2, 3)), (0, 1), TypeError, "axis must be an integer"),
        (
            np.zeros((2, 0)),
            -1,
            ValueError,
            r"x must have at least one logit along axis -1, got shape \(2, 0\)",
        ),
        (1.0, -1, ValueError, "x must have at least 1 axis .* got the single number 1.0"),
        (["a"], -1, TypeError, "x must hold real numbers"),
    ],
)
def test_refusals(name, x, axis, error, message):
    forward, backward = pair_of(name)
    with pytest.raises(error, match=message):
        forward(x, axis=axis)
    with pytest.raises(error, match=message):
        backward(x, x, axis=axis)


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_of_another_shape_is_refused(name):
    for dy in (np.ones((2, 1)), np.ones(3), 1.0):
        with pytest.raises(ValueError, match=r"dy must have shape \(2, 3\), got"):
            pair_of(name)[1](dy, np.ones((2, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_is_no_error(name):
    assert pair_of(name)[0](np.zeros((0, 3))).shape == (0, 3)
