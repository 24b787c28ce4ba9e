"""The look-up of rows against JAX, its definition, central differences and a one-hot product."""

import re
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_operation
from strategies import normal

from byhand import definitions
from cvlib.ops import embedding, embedding_backward

W = normal(5, 3)


def check(indices, w):
    """Check a look-up for fixed indices, which are no numbers to differentiate by."""
    lists = np.asarray(indices).tolist()
    check_operation(
        lambda w: embedding(indices, w),
        lambda dy, w: embedding_backward(dy, indices, w),
        lambda w: jnp.take(w, jnp.asarray(indices), axis=0),
        [w],
        definition=(
            lambda w: definitions.embedding(lists, w),
            lambda dy, w: definitions.embedding_backward(dy, lists, w),
        ),
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 3), max_size=3),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(0, 99),
    st.sampled_from([np.int64, np.int32, np.uint8, np.uint64]),
)
def test_agrees_with_jax_and_definition(shape, words, features, seed, dtype):
    indices = np.random.default_rng(seed).integers(0, words, shape).astype(dtype)
    check(indices, normal(words, features, seed=seed))


@pytest.mark.parametrize(
    "indices",
    [
        np.array(4),  # one word, no sentence
        np.array([1]),
        np.array([[3, 3, 3], [3, 3, 3]]),  # one word over and over
        np.array([[4, 3], [2, 1], [0, 4]]),  # every word, falling
        np.arange(10).reshape(2, 5).T[::-2] // 2,  # indices with holes between them
    ],
    ids=lambda indices: str(indices.shape),
)
def test_corners(indices):
    check(indices, W)
    check(indices, W[:, :1])


def test_it_is_the_product_with_one_hot_rows():
    """y = E w, so dw = E^T dy."""
    indices, dy = np.array([2, 0, 2, 4]), normal(4, 3)
    one_hot = np.eye(5)[indices]
    np.testing.assert_array_equal(embedding(indices, W), one_hot @ W)
    np.testing.assert_allclose(embedding_backward(dy, indices, W), one_hot.T @ dy, rtol=1e-15)


def test_by_hand():
    """Word 1 occurs three times: 1 + 2 + 4; word 0 never."""
    np.testing.assert_array_equal(embedding_backward([[[1], [2], [4]]], [[1, 1, 1]], [[9], [9]]), [[0], [7]])


def test_many_words_are_added_up_in_the_right_rows():
    """Against NumPy's slow and certain way."""
    rng = np.random.default_rng(0)
    indices, dy, expected = rng.integers(0, 300, (40, 30)), normal(40, 30, 8), np.zeros((300, 8))
    np.add.at(expected, indices, dy)
    np.testing.assert_allclose(
        embedding_backward(dy, indices, np.ones((300, 8))), expected, rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("shape", [(0,), (0, 4), (3, 0)])
def test_no_words(shape):
    indices = np.zeros(shape, int)
    assert embedding(indices, W).shape == (*shape, 3)
    dw = embedding_backward(np.ones((*shape, 3)), indices, W)
    assert dw.shape == W.shape
    assert not dw.any()


def test_precision_follows_the_widest():
    w, dy = np.ones((2, 3), np.float32), np.ones((1, 3))
    assert embedding([1], w).dtype == np.float32
    assert embedding([0], [[1, 2]]).dtype == np.float64
    assert embedding_backward(dy, [1], w).dtype == np.float64


def test_nan_stays_in_its_row():
    w = np.array([[np.nan], [1.0], [np.inf]])
    np.testing.assert_array_equal(embedding([1, 0, 2], w), [[1], [np.nan], [np.inf]])
    np.testing.assert_array_equal(embedding_backward([[np.nan], [2.0]], [0, 1], w), [[np.nan], [2], [0]])


@pytest.mark.parametrize(
    ("indices", "w", "error", "message"),
    [
        ([0.0, 1.0], W, TypeError, "indices must be integers, got an array of float64"),
        ([True], W, TypeError, "indices must be integers, got an array of bool"),
        (["a"], W, TypeError, "indices must be integers, got an array of <U1"),
        ([[1, 2], [3]], W, TypeError, "indices must be a rectangle of integers, got lists of unequal"),
        ([[1, 2], [5, 0]], W, ValueError, "indices must lie in 0 ... 4, got 5 at index (1, 0)"),
        (-1, W, ValueError, "indices must lie in 0 ... 4, got -1 at index ()"),
        ([0], W[0], ValueError, "w must have 2 axes (V, D), got shape (3,)"),
        ([0], W[:0], ValueError, "w must hold at least one weight, got shape (0, 3)"),
        ([0], W[:, :0], ValueError, "w must hold at least one weight, got shape (5, 0)"),
        ([0], W * 1j, TypeError, "w must hold real numbers, got ndarray of dtype complex128"),
    ],
)
def test_bad_arguments(indices, w, error, message):
    with pytest.raises(error, match=re.escape(message)):
        embedding(indices, w)
    with pytest.raises(error, match=re.escape(message)):
        embedding_backward(np.ones((1, 3)), indices, w)


@pytest.mark.parametrize("shape", [(2, 2), (2, 1, 3), (6,)])
def test_bad_upstream_gradient(shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 3), got {shape}")):
        embedding_backward(np.ones(shape), [0, 1], W)


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([0.5], TypeError, "indices must be integers, got 0.5"),
        ([[0], [5]], ValueError, "indices must be rows of w, from 0 to 4, got 5"),
        ([-1], ValueError, "indices must be rows of w, from 0 to 4, got -1"),
        ([[0], [1, 2]], ValueError, "indices is ragged"),
    ],
)
def test_the_definition_says_what_is_wrong(indices, error, message):
    with pytest.raises(error, match=re.escape(message)):
        definitions.embedding(indices, W.tolist())
    with pytest.raises(error, match=re.escape(message)):
        definitions.embedding_backward([[1, 2, 3]], indices, W.tolist())


def test_the_definition_is_exact():
    third = Fraction(1, 3)
    assert definitions.embedding([1], [[0], [third]]) == [[third]]
    assert definitions.embedding_backward([[third], [third], [third]], [1, 1, 1], [[0], [0]]) == [[0], [1]]
    with pytest.raises(ValueError, match="dy must have the shape of the output"):
        definitions.embedding_backward([[1]], [1, 1], [[0], [0]])
