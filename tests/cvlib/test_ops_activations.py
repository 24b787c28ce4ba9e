"""Activations against JAX, their definitions and central differences; their kinks, tails and bad arguments."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from oracle import check_operation
from scipy import special
from strategies import normal

from byhand import definitions
from cvlib import ops

ORACLES = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh}
NAMES = list(ORACLES)


def pair_of(name, module=ops):
    return getattr(module, name), getattr(module, name + "_backward")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 3, 2, 3)])
def test_agrees_with_jax_definition_and_central_differences(name, shape):
    check_operation(
        *pair_of(name), ORACLES[name], [3 * normal(*shape)], definition=pair_of(name, definitions)
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(shape=array_shapes(max_dims=4, max_side=5), scale=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_agrees_with_jax_on_any_shape(name, shape, scale, seed):
    check_operation(*pair_of(name), ORACLES[name], [scale * normal(*shape, seed=seed)], central=False)


@pytest.mark.parametrize("name", NAMES)
def test_empty_arrays_and_single_numbers(name):
    forward, backward = pair_of(name)
    assert forward(np.zeros((0, 3))).shape == backward(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)
    assert forward(0.7) == forward([0.7])[0]
    assert backward(2.0, 0.7) == backward([2.0], [0.7])[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("given_types", "expected"),
    [
        ((np.float32, np.float32), np.float32),
        ((np.float64, np.float32), np.float64),
        ((np.float32, np.float64), np.float64),
        ((np.float16, np.float16), np.float32),
        ((np.int64, np.uint8), np.float64),
    ],
)
def test_floating_types(name, given_types, expected):
    forward, backward = pair_of(name)
    dy, x = (np.ones(3, dtype) for dtype in given_types)
    assert backward(dy, x).dtype == expected
    assert forward(dy).dtype == (np.float32 if dy.dtype.itemsize < 8 and dy.dtype.kind == "f" else np.float64)


# ReLU


def test_the_slope_of_relu_at_zero_is_zero():
    x = [-1.0, -0.0, 0.0, 5e-324, 1.0]
    np.testing.assert_array_equal(ops.relu_backward([3, 3, 3, 3, 3], x), [0, 0, 0, 3, 3])


def test_a_blocked_negative_gradient_is_a_plain_zero():
    dx = ops.relu_backward([-5.0, -5.0], [-1.0, 1.0])
    np.testing.assert_array_equal(np.signbit(dx), [False, True])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_blocked_infinite_or_nan_gradient_is_a_plain_zero(dtype):
    dy = np.array([math.inf, -math.inf, math.nan, -1, math.inf, math.nan], dtype)
    dx = ops.relu_backward(dy, np.array([-1, 0, -1, -1, 1, 1], dtype))
    np.testing.assert_array_equal(dx, [0, 0, 0, 0, math.inf, math.nan])
    assert not np.signbit(dx[:4]).any()


def test_relu_lets_nan_through():
    np.testing.assert_array_equal(ops.relu([math.nan, -math.inf, math.inf]), [math.nan, 0, math.inf])
    assert math.isnan(ops.relu_backward([math.nan], [1.0])[0])


# Sigmoid and tanh


def test_b5_values_and_slopes():
    np.testing.assert_array_equal(ops.sigmoid([0.0]), [0.5])
    np.testing.assert_array_equal(ops.sigmoid_backward([1.0], [0.0]), [0.25])
    np.testing.assert_array_equal(ops.tanh_backward([1.0], [0.0]), [1])
    x = np.linspace(-20, 20, 401)
    slopes = [pair_of(name)[1](np.ones_like(x), x) for name in ("sigmoid", "tanh")]
    assert [s.max() for s in slopes] == [0.25, 1]
    assert all((s > 0).all() for s in slopes)


def test_c1a_sigmoid_of_the_neuron():
    assert ops.sigmoid(0.8) == pytest.approx(0.6899745, abs=5e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_overflow_at_the_largest_numbers(dtype):
    x = np.array([-math.inf, -np.finfo(dtype).max, -1e4, 1e4, np.finfo(dtype).max, math.inf], dtype)
    one = np.ones(6, dtype)
    np.testing.assert_array_equal(ops.sigmoid(x), [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(ops.tanh(x), [-1, -1, -1, 1, 1, 1])
    np.testing.assert_array_equal(ops.sigmoid_backward(one, x), 0)
    np.testing.assert_array_equal(ops.tanh_backward(one, x), 0)
    assert np.isnan(ops.sigmoid(np.array([math.nan], dtype))).all()


def test_the_tails_keep_their_digits():
    x = np.array([-700.0, -300.0, -40.0, -5.0, 5.0, 40.0, 300.0, 700.0])
    np.testing.assert_allclose(ops.sigmoid(x), special.expit(x), rtol=1e-14)
    slope = special.expit(x) * special.expit(-x)
    np.testing.assert_allclose(ops.sigmoid_backward(np.ones(8), x), slope, rtol=1e-13)
    np.testing.assert_allclose(ops.tanh_backward(np.ones(8), x / 2), np.cosh(x / 2) ** -2.0, rtol=1e-13)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e6, 1e6))
def test_symmetries(x):
    assert ops.sigmoid(x) + ops.sigmoid(-x) == pytest.approx(1, abs=1e-15)
    assert ops.sigmoid_backward(1.0, x) == ops.sigmoid_backward(1.0, -x)
    assert ops.tanh(-x) == -ops.tanh(x)
    assert ops.tanh(x) == pytest.approx(2 * ops.sigmoid(2 * x) - 1, abs=1e-15)


# Bad arguments


@pytest.mark.parametrize("name", NAMES)
def test_refusals(name):
    forward, backward = pair_of(name)
    for x in ("1.0", [1j], [None], [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match=r"^x must"):
            forward(x)
    with pytest.raises(TypeError, match=r"^dy must hold real numbers"):
        backward(["a"], [1.0])
    for dy in (np.ones((3, 1)), np.ones(1), 1.0):  # all of which NumPy would stretch
        with pytest.raises(ValueError, match=r"^dy must have shape \(3,\), got"):
            backward(dy, np.ones(3))
