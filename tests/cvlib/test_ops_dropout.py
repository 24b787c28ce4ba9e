"""Dropout against JAX, its definition and central differences; the statistics of its masks; bad arguments."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from oracle import check_operation
from strategies import normal

from byhand import definitions
from cvlib import ops
from cvlib.ops import dropout, dropout_backward, dropout_mask

DEFINITION = (definitions.dropout, definitions.dropout_backward)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("p", [0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(1,), (3, 4), (2, 3, 2, 3)])
def test_agrees_with_jax_definition_and_central_differences(p, shape):
    arrays = [normal(*shape), rng(1).random(shape) >= p]
    check_operation(
        dropout, dropout_backward, lambda x, mask: mask * x / (1 - p), arrays,
        definition=DEFINITION, differentiate=[0], p=p,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(shape=array_shapes(max_dims=4, max_side=4), p=st.floats(0, 0.99), seed=st.integers(0, 99))
def test_agrees_with_the_definition(shape, p, seed):
    x, dy = normal(*shape, seed=seed), normal(*shape, seed=seed + 1)
    mask = dropout_mask(shape, p=p, rng=rng(seed))
    expected = definitions.dropout(x.tolist(), mask.tolist(), p=p)
    np.testing.assert_allclose(dropout(x, mask, p=p), expected, rtol=1e-14)
    expected = definitions.dropout_backward(dy.tolist(), x.tolist(), mask.tolist(), p=p)
    np.testing.assert_allclose(dropout_backward(dy, x, mask, p=p), expected, rtol=1e-14)


def test_by_hand():
    x, mask = [[8.0, -4.0], [2.0, 6.0]], [[True, False], [False, True]]
    np.testing.assert_array_equal(dropout(x, mask), [[16, 0], [0, 12]])
    np.testing.assert_array_equal(dropout(x, mask, p=0.75), [[32, 0], [0, 24]])
    np.testing.assert_array_equal(dropout(x, mask, p=0), [[8, 0], [0, 6]])
    np.testing.assert_array_equal(dropout_backward(np.ones((2, 2)), x, mask, p=0.75), [[4, 0], [0, 4]])


def test_definition_is_exact_in_fractions():
    kept = definitions.dropout([1, 2, 3], [1, 0, True], p=Fraction(1, 3))
    assert kept == [Fraction(3, 2), 0, Fraction(9, 2)]
    assert not any(isinstance(number, float) for number in kept)
    assert definitions.dropout([1, 2], [False, False], p=1) == [0, 0]


def test_ones_and_zeros_are_a_mask_too():
    for dtype in (int, np.uint8, np.float32):
        mask = np.array([1, 0, 1], dtype)
        np.testing.assert_array_equal(dropout([1.0, 2.0, 3.0], mask), [2, 0, 6])


def test_dropping_everything():
    nothing = np.zeros(3, bool)
    np.testing.assert_array_equal(dropout([1.0, math.inf, math.nan], nothing, p=1), [0, 0, 0])
    np.testing.assert_array_equal(
        dropout_backward([1.0, math.inf, math.nan], np.ones(3), nothing, p=1), [0, 0, 0]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_dropped_is_a_plain_zero(dtype):
    x = np.array([math.inf, -math.inf, math.nan, -1, math.inf, math.nan, -2], dtype)
    mask = np.array([0, 0, 0, 0, 1, 1, 1], bool)
    for result in (dropout(x, mask), dropout_backward(x, np.ones_like(x), mask)):
        np.testing.assert_array_equal(result, [0, 0, 0, 0, math.inf, math.nan, -4])
        assert not np.signbit(result[:4]).any()
        assert result.dtype == dtype


def test_empty_arrays_single_numbers_and_types():
    assert dropout(np.ones((0, 3)), np.ones((0, 3), bool)).shape == (0, 3)
    assert dropout(3.0, True, p=0.5) == 6
    assert dropout(np.ones(2, int), [True, True]).dtype == np.float64
    assert dropout_backward(np.ones(2, np.float32), np.ones(2), [True, True]).dtype == np.float64


def test_memory_layout_of_the_mask():
    x, mask = normal(3, 4), rng().random((3, 4)) > 0.5
    for other in (np.asfortranarray(mask), np.repeat(mask, 2, 1)[:, ::2], mask.astype(int).T.copy().T):
        result = dropout(x, other)
        assert result.flags.c_contiguous
        np.testing.assert_array_equal(result, np.where(mask, 2 * x, 0))


# Masks


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_masks_drop_the_share_p_everywhere(p):
    """400 masks of 50 x 50: mean and spread of a binomial distribution, neighbours independent."""
    generator = rng(7)
    masks = np.array([dropout_mask((50, 50), p=p, rng=generator) for _ in range(400)])
    spread = math.sqrt(p * (1 - p))
    assert masks.mean() == pytest.approx(1 - p, abs=4 * spread / 1000)
    assert masks.mean(0).std() == pytest.approx(spread / 20, rel=0.1)
    centred = masks - (1 - p)
    for axis in range(3):
        neighbours = (centred * np.roll(centred, 1, axis)).mean() / spread**2
        assert abs(neighbours) < 5 / 1000


def test_the_expected_value_is_kept():
    x = 1 + rng(1).random(200_000)
    y = dropout(x, dropout_mask(x.shape, p=0.3, rng=rng(2)), p=0.3)
    assert y.mean() == pytest.approx(x.mean(), rel=0.01)


def test_masks_at_the_ends_and_seeds():
    assert dropout_mask((20, 30), p=0, rng=rng()).all()
    assert not dropout_mask((20, 30), p=1, rng=rng()).any()
    mask = dropout_mask(100, p=0.5, rng=rng(3))
    assert (mask.shape, mask.dtype) == ((100,), bool)
    np.testing.assert_array_equal(mask, dropout_mask([100], p=0.5, rng=rng(3)))
    assert (mask != dropout_mask(100, p=0.5, rng=rng(4))).any()
    assert dropout_mask((), p=0, rng=rng()).shape == ()


# Bad arguments


@pytest.mark.parametrize("p", [-0.1, 1.5, math.nan])
def test_p_is_a_probability(p):
    message = f"p must be a probability between 0 and 1, got {p}"
    for call in (
        lambda: dropout([1.0], [True], p=p),
        lambda: dropout_backward([1.0], [1.0], [True], p=p),
        lambda: definitions.dropout([1.0], [True], p=p),
        lambda: dropout_mask(3, p=p, rng=rng()),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: dropout(["a"], [True]), TypeError, "x must hold real numbers"),
        (lambda: dropout([1.0], [True], p="0.5"), TypeError, "p must be a number, got '0.5' of type str"),
        (lambda: dropout([1.0, 2.0], [True]), ValueError, "mask must have shape (2,), got (1,)"),
        (lambda: dropout([1.0, 2.0], True), ValueError, "mask must have shape (2,), got ()"),
        (lambda: dropout([1.0, 2.0], [1, 2]), ValueError, "mask must hold True and False only, got 2.0"),
        (lambda: dropout([1.0, 2.0], [1, math.nan]), ValueError, "mask must hold True and False only, got nan"),
        (lambda: dropout([1.0, 2.0], ["a", "b"]), TypeError, "mask must hold real numbers, got list"),
        (lambda: dropout([1.0, 2.0], [[True], [True, False]]), TypeError, "mask must be a rectangle of numbers"),
        (lambda: dropout([1.0, 2.0], [True, True], p=1), ValueError,
         "p = 1 drops everything, but the mask keeps 2 numbers"),
        (lambda: dropout_backward(np.ones((2, 1)), [1.0, 2.0], [True, True]), ValueError,
         "dy must have shape (2,), got (2, 1)"),
        (lambda: dropout_mask(3, p=0.5, rng=0), TypeError,
         "rng must be a numpy Generator such as np.random.default_rng(0), got 0"),
        (lambda: dropout_mask((2, 0.5), p=0.5, rng=rng()), TypeError, "shape[1] must be an integer, got 0.5"),
        (lambda: dropout_mask(-1, p=0.5, rng=rng()), ValueError, "shape[0] must be at least 0, got -1"),
        (lambda: definitions.dropout([1, 2], [1, 2]), ValueError, "mask must hold True and False only, got 2"),
        (lambda: definitions.dropout([1, 2], [True]), ValueError, "mask must have the shape of x, (2,), got (1,)"),
        (lambda: definitions.dropout([1, 2], "no"), TypeError, "mask must be a real number or nested lists"),
        (lambda: definitions.dropout([1, 2], [True, True], p=1), ValueError,
         "p = 1 drops everything, but the mask keeps 2 numbers"),
    ],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        call()


def test_ops_has_it_all():
    assert {"dropout", "dropout_backward", "dropout_mask"} <= set(ops.__all__)
