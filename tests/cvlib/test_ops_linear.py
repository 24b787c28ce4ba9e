"""The affine map against JAX, its definition and central differences; and what it says of bad arguments."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from oracle import check_operation
from strategies import Case, linear_cases, normal

from byhand import definitions
from cvlib.ops import linear, linear_backward

X, W, B = normal(5, 3), normal(4, 3), normal(4)


def jax_linear(x, w, b):
    y = jnp.einsum("...i,mi->...m", x, w)
    return y if b is None else y + b


@settings(max_examples=40, deadline=None)
@given(linear_cases())
def test_agrees_with_jax(case: Case):
    check_operation(linear, linear_backward, jax_linear, case.arrays)


@pytest.mark.parametrize("b", [None, B])
def test_agrees_with_definition(b):
    definition = definitions.linear, definitions.linear_backward
    check_operation(linear, linear_backward, jax_linear, [X, W, b], definition=definition)


def test_one_row_may_come_without_batch():
    """y = (3*2 + 4*1 + 10, -1*1 + 20)."""
    np.testing.assert_array_equal(linear([2, 1], [[3, 4], [0, -1]], [10, 20]), [20, 19])


def test_empty_batch():
    dx, dw, db = linear_backward(np.ones((0, 4)), np.ones((0, 3)), W, B)
    assert linear(np.ones((0, 3)), W, B).shape == (0, 4)
    assert dx.shape == (0, 3)
    assert not dw.any()
    assert not db.any()


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        ((np.float32, np.float32, np.float32), np.float32),
        ((np.float16, np.float32, np.float16), np.float32),
        ((np.float32, np.float64, np.float32), np.float64),
        ((np.float32, np.float32, np.float64), np.float64),
        ((np.int64, np.int8, np.uint8), np.float64),
        ((np.bool_, np.int8, np.int32), np.float64),
        ((">f4", "<f4", ">f2"), np.float32),  # from a file of the other byte order
        ((np.longdouble, np.float32, np.float32), np.float64),
    ],
)
def test_precision(dtypes, expected):
    """The widest type wins; whole numbers become float64."""
    x, w, b = (np.ones(shape, dtype) for shape, dtype in zip([(2, 3), (4, 3), (4,)], dtypes, strict=True))
    assert linear(x, w, b).dtype == expected
    dy = np.ones((2, 4), np.float32)
    assert {gradient.dtype for gradient in linear_backward(dy, x, w, b)} == {np.dtype(expected)}


def test_nan_flows_through():
    x = np.array([[1.0, np.nan], [1.0, 2.0]])
    np.testing.assert_array_equal(linear(x, [[1.0, 1.0]]), [[np.nan], [3.0]])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["a"], W), TypeError, "x must hold real numbers, got list of dtype <U1"),
        (([[1, 2], [3]], W), TypeError, "x must be a rectangle of numbers, got lists of unequal lengths"),
        ((X * 1j, W), TypeError, "x must hold real numbers, got ndarray of dtype complex128"),
        ((X, None), TypeError, "w must hold real numbers, got NoneType of dtype object"),
        ((X, W[0]), ValueError, "w must have 2 axes (M, D), got shape (3,)"),
        (
            (X, W[:, :2]),
            ValueError,
            "x must have 2 features on its last axis, as w has columns, got shape (5, 3)",
        ),
        ((1.0, W), ValueError, "x must have 3 features on its last axis, as w has columns, got shape ()"),
        ((X, W, B[:3]), ValueError, "b must have shape (4,), got (3,)"),
        ((X, W, 1.0), ValueError, "b must have shape (4,), got ()"),
        ((X[:, :0], W[:, :0]), ValueError, "w must hold at least one weight, got shape (4, 0)"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        linear(*arguments)
    with pytest.raises(error, match=re.escape(message)):
        linear_backward(np.ones((5, 4)), *arguments)


@pytest.mark.parametrize("shape", [(5, 3), (4, 5), (1, 4), (20,)])
def test_bad_upstream_gradient(shape):
    """A gradient that would broadcast is wrong all the same."""
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (5, 4), got {shape}")):
        linear_backward(np.ones(shape), X, W)
