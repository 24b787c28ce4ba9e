"""Rectifiers against JAX, their definitions and central differences; their kinks, extremes and bad arguments."""

import math
import re
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from oracle import check_operation
from strategies import normal

from byhand import definitions
from cvlib import ops


def pair_of(name, module=ops):
    return getattr(module, name), getattr(module, name + "_backward")


def dx_of(result):
    return result[0] if isinstance(result, tuple) else result


def leaky_in_jax(slope):
    return lambda x: jnp.where(x > 0, x, slope * x)


def prelu_in_jax(x, a):
    return jnp.where(x > 0, x, (a if len(a) == 1 else a.reshape(-1, *[1] * (x.ndim - 2))) * x)


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 3, 2, 3)])
def test_relu_agrees_with_jax_definition_and_central_differences(shape):
    arrays = [3 * normal(*shape)]
    check_operation(*pair_of("relu"), jax.nn.relu, arrays, definition=pair_of("relu", definitions))


@pytest.mark.parametrize("slope", [0.01, 0.3, 0, 1, 2.5, -0.5])
@pytest.mark.parametrize("shape", [(1,), (2, 3, 2, 3)])
def test_leaky_relu_agrees_with_jax_definition_and_central_differences(slope, shape):
    """Slopes above 1 and below 0 too: then the function is not the larger of two lines, or turns up again."""
    check_operation(
        *pair_of("leaky_relu"), leaky_in_jax(slope), [3 * normal(*shape)],
        definition=pair_of("leaky_relu", definitions), negative_slope=slope,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ((5,), 1),
        ((4, 3), 3),
        ((4, 3), 1),
        ((2, 3, 5), 3),
        ((2, 3, 4, 5), 3),
        ((2, 3, 4, 5), 1),
        ((1, 1, 1, 1), 1),
        ((3, 1, 2, 2), 1),
        ((1, 2, 1, 1), 2),
    ],
)
def test_prelu_agrees_with_jax_definition_and_central_differences(shape, count):
    """Slopes of either sign, and larger than 1."""
    arrays = [normal(*shape), 1.5 * normal(count, seed=1)]
    check_operation(*pair_of("prelu"), prelu_in_jax, arrays, definition=pair_of("prelu", definitions))


@settings(max_examples=30, deadline=None)
@given(shape=array_shapes(min_dims=2, max_dims=5, max_side=4), single=st.booleans(), seed=st.integers(0, 99))
def test_prelu_agrees_with_jax_on_any_shape(shape, single, seed):
    arrays = [normal(*shape, seed=seed), normal(1 if single else shape[1], seed=seed)]
    check_operation(*pair_of("prelu"), prelu_in_jax, arrays, central=False)


@settings(max_examples=60, deadline=None)
@given(
    shape=array_shapes(max_dims=4, max_side=4),
    slope=st.integers(-8, 8).map(lambda n: n / 4),
    seed=st.integers(0, 99),
)
def test_whole_numbers_are_exact_zeros_included(shape, slope, seed):
    """Quarters times whole numbers: no rounding, so every number must be the definition's."""
    x, dy = np.round(2 * normal(*shape, seed=seed)), np.round(4 * normal(*shape, seed=seed + 1))
    for name, arguments, options in (
        ("relu", [x], {}),
        ("leaky_relu", [x], {"negative_slope": slope}),
        ("prelu", [x, np.array([slope])], {}),
    ):
        (forward, backward), (definition, definition_backward) = pair_of(name), pair_of(name, definitions)
        lists = [argument.tolist() for argument in arguments]
        np.testing.assert_array_equal(forward(*arguments, **options), definition(*lists, **options))
        results = backward(dy, *arguments, **options)
        expected = definition_backward(dy.tolist(), *lists, **options)
        for result, target in zip(
            results if name == "prelu" else [results],
            expected if name == "prelu" else [expected],
            strict=True,
        ):
            np.testing.assert_array_equal(result, target)


def test_by_hand():
    np.testing.assert_array_equal(ops.leaky_relu([-4.0, 0, 4], negative_slope=0.25), [-1, 0, 4])
    np.testing.assert_array_equal(ops.leaky_relu([-4.0, 0, 4], negative_slope=2), [-8, 0, 4])
    np.testing.assert_array_equal(ops.leaky_relu([-4.0, 0, 4], negative_slope=-1), [4, 0, 4])
    np.testing.assert_array_equal(ops.leaky_relu([-100.0]), [-1])
    x = [[[-1, 2], [-3, -4]], [[5, -6], [7, 8]]]  # two examples of two channels
    np.testing.assert_array_equal(ops.prelu(x, [10, 0.5]), [[[-10, 2], [-1.5, -2]], [[5, -60], [7, 8]]])
    dx, da = ops.prelu_backward(np.full((2, 2, 2), 3.0), x, [10, 0.5])
    np.testing.assert_array_equal(dx, [[[30, 3], [1.5, 1.5]], [[3, 30], [3, 3]]])
    np.testing.assert_array_equal(da, [3 * (-1 - 6), 3 * (-3 - 4)])
    dx, da = ops.prelu_backward(np.full((2, 2, 2), 3.0), x, [10])
    np.testing.assert_array_equal(da, [3 * (-1 - 3 - 4 - 6)])


def test_definitions_are_exact_in_fractions():
    tenth = Fraction(1, 10)
    assert definitions.leaky_relu([-3, 3], negative_slope=tenth) == [Fraction(-3, 10), 3]
    assert definitions.prelu([[-3, -3]], [tenth, 2]) == [[Fraction(-3, 10), -6]]
    dx, da = definitions.prelu_backward([[Fraction(1, 3), 5]], [[-3, 7]], [tenth, 2])
    assert (dx, da) == ([[Fraction(1, 30), 5]], [-1, 0])
    assert all(not isinstance(number, float) for number in (*dx[0], *da))


# At zero


def test_the_slope_of_relu_at_zero_is_zero():
    x = [-1.0, -0.0, 0.0, 5e-324, 1.0]
    np.testing.assert_array_equal(ops.relu_backward([3, 3, 3, 3, 3], x), [0, 0, 0, 3, 3])


def test_leaky_slopes_at_zero_are_those_of_the_left():
    x, dy = [-5e-324, -0.0, 0.0, 5e-324], [3, 3, 3, 3]
    np.testing.assert_array_equal(ops.leaky_relu_backward(dy, x, negative_slope=2), [6, 6, 6, 3])
    np.testing.assert_array_equal(ops.leaky_relu_backward(dy, x, negative_slope=0), [0, 0, 0, 3])
    dx, da = ops.prelu_backward(dy, x, [2])
    np.testing.assert_array_equal(dx, [6, 6, 6, 3])
    np.testing.assert_array_equal(da, [3 * -5e-324])


# Infinity and NaN


def test_a_blocked_negative_gradient_is_a_plain_zero():
    dx = ops.relu_backward([-5.0, -5.0], [-1.0, 1.0])
    np.testing.assert_array_equal(np.signbit(dx), [False, True])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_blocked_infinite_or_nan_gradient_is_a_plain_zero(dtype):
    dy = np.array([math.inf, -math.inf, math.nan, -1, math.inf, math.nan], dtype)
    x = np.array([-1, 0, -1, -1, 1, 1], dtype)
    for dx in (ops.relu_backward(dy, x), ops.leaky_relu_backward(dy, x, negative_slope=0)):
        np.testing.assert_array_equal(dx, [0, 0, 0, 0, math.inf, math.nan])
        assert not np.signbit(dx[:4]).any()


def test_nan_and_infinity_go_through():
    x = [math.nan, -math.inf, math.inf, -1e308, 1e308]
    np.testing.assert_array_equal(ops.relu(x), [math.nan, 0, math.inf, 0, 1e308])
    assert math.isnan(ops.relu_backward([math.nan], [1.0])[0])
    for slope, left, low in ((0.5, -math.inf, -5e307), (0, 0, 0), (1, -math.inf, -1e308)):
        expected = [math.nan, left, math.inf, low, 1e308]
        np.testing.assert_array_equal(ops.leaky_relu(x, negative_slope=slope), expected)
    np.testing.assert_array_equal(ops.prelu(x, [0.5]), [math.nan, -math.inf, math.inf, -5e307, 1e308])
    one = np.ones(5)
    np.testing.assert_array_equal(ops.leaky_relu_backward(one, x, negative_slope=0.5)[1:], [0.5, 1, 0.5, 1])
    dx, da = ops.prelu_backward(one, x, [0.5])
    np.testing.assert_array_equal(dx[1:], [0.5, 1, 0.5, 1])
    assert math.isnan(da[0])
    infinite = ops.leaky_relu_backward([-math.inf, math.inf, math.nan], [-1.0, 1.0, 1.0])
    np.testing.assert_array_equal(infinite, [-math.inf, math.inf, math.nan])


# Types, shapes, bad arguments

CALLS = [("relu", []), ("leaky_relu", []), ("prelu", [[0.25]])]


@pytest.mark.parametrize(("name", "others"), CALLS)
def test_empty_arrays_and_single_numbers(name, others):
    forward, backward = pair_of(name)
    empty = np.zeros((0, 3))
    assert forward(empty, *others).shape == dx_of(backward(empty, empty, *others)).shape == (0, 3)
    assert forward(-0.7, *others) == forward([-0.7], *others)[0]
    assert dx_of(backward(2.0, -0.7, *others)) == dx_of(backward([2.0], [-0.7], *others))[0]


def test_an_empty_batch_has_slopes_all_the_same():
    dx, da = ops.prelu_backward(np.ones((0, 3, 2)), np.ones((0, 3, 2)), [1, 2, 3])
    assert dx.shape == (0, 3, 2)
    np.testing.assert_array_equal(da, [0, 0, 0])


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
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


@pytest.mark.parametrize("wide", [0, 1, 2])
def test_arrays_that_meet_share_the_wider_type(wide):
    arrays = [np.ones(3, np.float64 if i == wide else np.float32) for i in range(3)]
    arrays[2] = arrays[2][:1]
    assert [g.dtype for g in ops.prelu_backward(*arrays)] == [np.float64, np.float64]
    assert ops.prelu(*arrays[1:]).dtype == (np.float64 if wide else np.float32)


@pytest.mark.parametrize(("name", "others"), CALLS)
def test_refusals(name, others):
    forward, backward = pair_of(name)
    for x in ("1.0", [1j], [None], [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match=r"^x must"):
            forward(x, *others)
    with pytest.raises(TypeError, match=r"^dy must hold real numbers"):
        backward(["a"], [1.0], *others)
    for dy in (np.ones((3, 1)), np.ones(1), 1.0):  # all of which NumPy would stretch
        with pytest.raises(ValueError, match=r"^dy must have shape \(3,\), got"):
            backward(dy, np.ones(3), *others)


@pytest.mark.parametrize("slope", ["0.1", None, True])
def test_bad_negative_slope(slope):
    message = re.escape(f"negative_slope must be a number, got {slope!r}")
    with pytest.raises(TypeError, match=message):
        ops.leaky_relu([1.0], negative_slope=slope)
    with pytest.raises(TypeError, match=message):
        ops.leaky_relu_backward([1.0], [1.0], negative_slope=slope)


@pytest.mark.parametrize("module", [ops, definitions])
@pytest.mark.parametrize(
    ("shape", "count", "message"),
    [
        ((2, 3), 2, "a must have one slope, or one for each of 3 channels, got 2"),
        ((3,), 3, "a must have one slope, or one for each of 1 channels, got 3"),
        ((2, 3, 4, 4), 4, "a must have one slope, or one for each of 3 channels, got 4"),
    ],
)
def test_bad_number_of_slopes(module, shape, count, message):
    forward, backward = pair_of("prelu", module)
    x, a = normal(*shape).tolist(), [1.0] * count
    with pytest.raises(ValueError, match=message):
        forward(x, a)
    with pytest.raises(ValueError, match=message):
        backward(x, x, a)


def test_slopes_are_a_list():
    for a in (0.25, [[0.25]]):
        with pytest.raises(ValueError, match=re.escape("a must have 1 axis (1,) or (C,), got shape")):
            ops.prelu([1.0], a)
    with pytest.raises(TypeError, match="a must hold real numbers"):
        ops.prelu([1.0], ["a"])
