"""The cross-entropy of words against JAX and its definition: padding counts for nothing."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from strategies import normal

from byhand import definitions
from cvlib import losses

PAIR = losses.sequence_cross_entropy, losses.sequence_cross_entropy_backward
DEFINED = definitions.sequence_cross_entropy, definitions.sequence_cross_entropy_backward


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.sampled_from([(1, 1, 1), (1, 4, 3), (3, 2, 5), (4, 3, 2)]),
    padding=st.sampled_from([-100, -1, 0, 7]),
    seed=st.integers(0, 99),
)
def test_agrees(sizes, padding, seed):
    (N, T, V), rng = sizes, np.random.default_rng(seed)
    lengths = np.maximum(rng.integers(0, T + 1, N), np.arange(N) == 0)  # the first sentence has a word
    first = 1 if padding == 0 and V > 1 else 0
    labels = np.where(np.arange(T) < lengths[:, None], rng.integers(first, V, (N, T)), padding)
    if padding == 0 and V == 1:
        return  # a vocabulary of padding alone
    words = labels != padding

    def oracle(z):
        log_p = jax.nn.log_softmax(z, axis=-1)
        right = jnp.take_along_axis(log_p, np.where(words, labels, 0)[..., None], axis=-1)[..., 0]
        return -jnp.sum(jnp.where(words, right, 0)) / words.sum()

    logits = 3 * normal(*sizes, seed=seed)
    check_loss(*PAIR, oracle, [logits], labels, definition=DEFINED, padding_label=padding)


def test_by_hand():
    """Three words in all: odds 3 to 1, even, and certain. (log 4/3 + log 2 + 0) / 3, not a mean of two means."""
    logits = [[[math.log(3), 0.0], [5.0, 5.0]], [[0.0, 1000.0], [1.0, 2.0]]]
    labels = [[0, 1], [1, -1]]
    value = losses.sequence_cross_entropy(logits, labels, padding_label=-1)
    assert value == pytest.approx(math.log(8 / 3) / 3, rel=1e-14)
    gradient = losses.sequence_cross_entropy_backward(logits, labels, 3.0, padding_label=-1)
    np.testing.assert_allclose(gradient, [[[-0.25, 0.25], [0.5, -0.5]], [[0, 0], [0, 0]]], atol=1e-15)


def test_without_padding_every_position_is_an_example():
    logits, labels = normal(3, 4, 5), np.random.default_rng(0).integers(0, 5, (3, 4))
    value = losses.sequence_cross_entropy(logits, labels, padding_label=-1)
    assert value == losses.cross_entropy(logits.reshape(12, 5), labels.ravel())


def test_what_stands_at_padding_does_not_matter():
    logits, labels = normal(2, 3, 4), np.array([[1, 2, 0], [3, 0, 0]])
    value = losses.sequence_cross_entropy(logits, labels, padding_label=0)
    logits[labels == 0] = math.nan
    assert losses.sequence_cross_entropy(logits, labels, padding_label=0) == value
    gradient = losses.sequence_cross_entropy_backward(logits, labels, padding_label=0)
    np.testing.assert_array_equal(gradient[labels == 0], 0)


REFUSALS = [
    ([[1.0, 2.0]], [[0]], -1, ValueError, r"^logits must .* \(N, T, V\), got shape \(1, 2\)"),
    ([[[1.0, 2.0]]], [0], -1, ValueError, "^labels must h.* one word for each"),
    (
        [[[1.0, 2.0]]],
        [[-1]],
        -1,
        ValueError,
        "^labels must hold at least one word, got nothing but padding_label -1",
    ),
    ([[[1.0, 2.0]] * 2], [[-1, 2]], -1, ValueError, r"^labels must .* 1, got 2 at .*1"),
    ([[[1.0, 2.0]] * 2], [[0, -1]], -2, ValueError, r"^labels must .* 1, got -1 at .*1"),
    ([[[1.0, 2.0]]], [[0.5]], -1, TypeError, "^labels must be .*integers"),
]


@pytest.mark.parametrize(("logits", "labels", "padding", "error", "message"), REFUSALS)
def test_refusals(logits, labels, padding, error, message):
    for function in (*PAIR, *DEFINED):
        if function in DEFINED and "h.*" in message:
            message = "^labels must have the shape of one word for each position"
        with pytest.raises(error, match=message):
            function(logits, labels, padding_label=padding)


def test_padding_label_must_be_an_integer():
    for function in PAIR:
        with pytest.raises(TypeError, match=r"^padding_label must be an integer, got None"):
            function([[[1.0, 2.0]]], [[0]], padding_label=None)
