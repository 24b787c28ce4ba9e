"""Pooling against JAX, its definition and central differences. Where pixels tie, the definition is the oracle."""

import re

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from oracle import check_operation
from strategies import Case, normal, pool_cases

from byhand import definitions
from cvlib.ops import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    pooling,
)

OPERATIONS = {
    "max": (max_pool2d, max_pool2d_backward),
    "avg": (avg_pool2d, avg_pool2d_backward),
}
DEFINITIONS = {
    "max": (definitions.max_pool2d, definitions.max_pool2d_backward),
    "avg": (definitions.avg_pool2d, definitions.avg_pool2d_backward),
}


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def jax_pool(kind, kernel_size, *, stride=None, padding=0):
    """Return a pooling in JAX; its gradient is right where no two pixels of a window tie."""
    kernel = as_pair(kernel_size)
    steps = (1, 1, *(kernel if stride is None else as_pair(stride)))
    edges = [(0, 0), (0, 0), *((p, p) for p in as_pair(padding))]
    if kind == "max":
        return lambda x: jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 1, *kernel), steps, edges)
    area = kernel[0] * kernel[1]
    return lambda x: jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 1, *kernel), steps, edges) / area


@pytest.mark.parametrize("kind", OPERATIONS)
@settings(max_examples=30, deadline=None)
@given(case=pool_cases(ties=False))
def test_agrees_with_jax(kind, case: Case):
    check_operation(*OPERATIONS[kind], jax_pool(kind, **case.options), case.arrays, **case.options)


@settings(max_examples=60, deadline=None)
@given(pool_cases(ties=True))
def test_first_maximum_in_reading_order_gets_the_gradient(case: Case):
    """At a tie JAX may choose another pixel and there is no derivative to measure: only the definition counts."""
    (x,), options = case
    forward, backward = DEFINITIONS["max"]
    y = max_pool2d(x, **options)
    np.testing.assert_array_equal(y, forward(x.tolist(), **options))
    dy = np.round(4 * normal(*y.shape))  # whole numbers: sums are exact, in any order
    expected = backward(dy.tolist(), x.tolist(), **options)
    np.testing.assert_array_equal(max_pool2d_backward(dy, x, **options), expected)
    np.testing.assert_array_equal(
        max_pool2d_backward(dy.astype(np.float32), x.astype(np.float32), **options), expected
    )


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2, 3, 4, 6), {"kernel_size": 2}),
        (
            (2, 3, 7, 6),
            {"kernel_size": 3, "stride": 2},
        ),  # does not divide: the last row or column is left out
        ((1, 2, 5, 5), {"kernel_size": 3, "stride": 2, "padding": 1}),
        ((1, 2, 5, 4), {"kernel_size": 3, "stride": 1, "padding": "same"}),
        ((2, 1, 1, 7), {"kernel_size": (1, 2)}),
        ((2, 1, 3, 3), {"kernel_size": 1}),
        ((2, 1, 5, 5), {"kernel_size": 1, "stride": 2}),
        ((1, 1, 6, 6), {"kernel_size": 2, "stride": 3}),  # holes between the windows
        ((1, 1, 4, 5), {"kernel_size": (4, 5)}),
    ],
)
def test_agrees_with_definition(kind, shape, options):
    numbers = {**options, "padding": 1 if options.get("padding") == "same" else options.get("padding", 0)}
    oracle = jax_pool(kind, **numbers)
    check_operation(*OPERATIONS[kind], oracle, [normal(*shape)], definition=DEFINITIONS[kind], **options)


def test_blocks_change_nothing(monkeypatch):
    """The backward of max pooling works on a few images at a time."""
    x = np.round(2 * normal(5, 2, 7, 7))
    dy = normal(5, 2, 3, 3)
    expected = DEFINITIONS["max"][1](dy.tolist(), x.tolist(), 3, stride=2)
    for size in (0, 2 * x[0].nbytes, 5 * x[0].nbytes):
        monkeypatch.setattr(pooling, "PHASE_BYTES", size)
        np.testing.assert_allclose(max_pool2d_backward(dy, x, 3, stride=2), expected, rtol=1e-14)


def test_all_equal_goes_to_the_first():
    dx = max_pool2d_backward([[[[1, 2], [3, 4]]]], np.zeros((1, 1, 4, 4)), 2)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]])


def test_row_comes_before_column():
    """The maximum stands top right and bottom left: reading row by row, top right comes first."""
    dx = max_pool2d_backward([[[[5]]]], [[[[0, 1], [1, 0]]]], 2)
    np.testing.assert_array_equal(dx[0, 0], [[0, 5], [0, 0]])


def test_padding_never_wins_and_counts_as_zero():
    x = np.full((1, 1, 2, 2), -8.0)
    np.testing.assert_array_equal(max_pool2d(x, 2, padding=1), np.full((1, 1, 2, 2), -8.0))
    np.testing.assert_array_equal(avg_pool2d(x, 2, padding=1), np.full((1, 1, 2, 2), -2.0))


def test_nan_flows_through_and_keeps_its_gradient():
    x = np.array([[[[np.nan, 1.0, 2.0, 3.0]]]])
    np.testing.assert_array_equal(max_pool2d(x, (1, 2)), [[[[np.nan, 3.0]]]])
    np.testing.assert_array_equal(avg_pool2d(x, (1, 2)), [[[[np.nan, 2.5]]]])
    dx = max_pool2d_backward([[[[7.0, 1.0]]]], x, (1, 2))
    assert dx[0, 0, 0, :2].sum() == 7


def test_the_first_nan_gets_the_gradient():
    nan = np.nan
    dx = max_pool2d_backward([[[[5]]]], [[[[1, nan], [3, 4]]]], 2)
    np.testing.assert_array_equal(dx[0, 0], [[0, 5], [0, 0]])
    dx = max_pool2d_backward([[[[5]]]], [[[[np.inf, 1], [nan, nan]]]], 2)
    np.testing.assert_array_equal(dx[0, 0], [[0, 0], [5, 0]])
    dx = max_pool2d_backward([[[[1, 2], [3, 4]]]], [[[[nan, -np.inf], [7, nan]]]], 2, padding=1)
    np.testing.assert_array_equal(dx[0, 0], [[1, 2], [3, 4]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2, "padding": 1},
        {"kernel_size": 2, "padding": 1, "stride": 1},
        {"kernel_size": 3, "padding": 1, "stride": 2},
        {"kernel_size": 3, "padding": "same", "stride": 1},
        {"kernel_size": (1, 2), "padding": (0, 1)},
    ],
)
def test_padding_never_wins_the_gradient_of_minus_infinity(options, dtype):
    """Images with a few finite pixels, without any, and with the smallest finite number next to minus infinity."""
    low = np.finfo(dtype).min
    x = np.full((3, 2, 4, 5), -np.inf, dtype)
    x[0, :, 1, ::2] = 3
    x[1, :, ::2] = low
    dy = np.round(4 * normal(*max_pool2d(x, **options).shape)).astype(dtype)
    expected = DEFINITIONS["max"][1](dy.tolist(), x.tolist(), **options)
    dx = max_pool2d_backward(dy, x, **options)
    np.testing.assert_array_equal(dx, expected)
    assert dx.dtype == dtype


def test_minus_infinity_in_every_corner_keeps_its_gradient():
    np.testing.assert_array_equal(max_pool2d_backward([[[[1.0]]]], [[[[-np.inf]]]], 2, padding=1), [[[[1]]]])
    x = np.full((1, 1, 2, 2), -np.inf)
    np.testing.assert_array_equal(max_pool2d_backward(np.ones_like(x), x, 2, padding=1), np.ones_like(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("padding", [0, 1])
def test_an_infinite_gradient_stays_with_its_pixel(value, padding, dtype):
    x = normal(1, 2, 6, 6).astype(dtype)
    dy = np.ones_like(max_pool2d(x, 2, padding=padding))
    dy[0, 0, 1, 1] = value
    expected = DEFINITIONS["max"][1](dy.tolist(), x.tolist(), 2, padding=padding)
    np.testing.assert_array_equal(max_pool2d_backward(dy, x, 2, padding=padding), expected)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_whole_numbers_and_empty_batches(kind):
    forward, backward = OPERATIONS[kind]
    assert forward(np.ones((1, 1, 4, 4), int), 2).dtype == np.float64
    empty = np.ones((0, 3, 4, 4), np.float32)
    y = forward(empty, 2)
    assert (y.shape, y.dtype) == ((0, 3, 2, 2), np.float32)
    assert backward(y, empty, 2).shape == empty.shape


X = normal(2, 3, 5, 6)


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[0]}, ValueError, "x must have 4 axes (N, C, H, W), got shape (3, 5, 6)"),
        ({"x": [["a"]]}, TypeError, "x must hold real numbers, got list of dtype <U1"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be at least 1, got 0"),
        ({"kernel_size": 2.0}, TypeError, "kernel_size must be an integer, got 2.0 of type float"),
        ({"kernel_size": (2, 7)}, ValueError, "kernel_size 7 with dilation 1 spans 7 pixels"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"stride": -2}, ValueError, "stride must be at least 1, got -2"),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
        ({"padding": 2}, ValueError, "padding must be at most half of kernel_size (2, 2), got (2, 2)"),
        ({"padding": (0, 2)}, ValueError, "padding must be at most half of kernel_size (2, 2), got (0, 2)"),
        ({"padding": "full"}, ValueError, "padding must be one of 'same', got 'full'"),
        ({"padding": "same"}, ValueError, 'padding "same" needs stride 1, got stride (2, 2)'),
    ],
)
def test_bad_arguments(kind, bad, error, message):
    forward, backward = OPERATIONS[kind]
    arguments = {"x": X, "kernel_size": 2, **bad}
    with pytest.raises(error, match=re.escape(message)):
        forward(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        backward(np.ones((2, 3, 2, 3)), **arguments)


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize("shape", [(2, 3, 5, 6), (1, 3, 2, 3), (2, 3, 6)])
def test_bad_upstream_gradient(kind, shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 3, 2, 3), got {shape}")):
        OPERATIONS[kind][1](np.ones(shape), X, 2)
