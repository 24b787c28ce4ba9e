"""The embedding layer: the operation with its table."""

import numpy as np
import pytest

from cvlib import nn, ops


def rng(seed=0):
    return np.random.default_rng(seed)


WORDS = np.array([[1, 4, 1], [0, 0, 2]])


def test_it_is_its_operation():
    layer = nn.Embedding(5, 3, rng=rng(), dtype=np.float64)
    w, dy = layer.parameters["weight"], rng(1).standard_normal((2, 3, 3))
    np.testing.assert_array_equal(layer(WORDS), ops.embedding(WORDS, w))
    assert layer.backward(dy) is None
    np.testing.assert_array_equal(layer.gradients["weight"], ops.embedding_backward(dy, WORDS, w))
    assert layer.output_shape((3,)) == (3, 3)
    assert layer.output_shape((2, 3)) == (2, 3, 3)
    assert layer.macs((3,)) == 0


def test_it_may_stand_first_in_a_chain():
    chain = nn.Chain(nn.Embedding(5, 3, rng=rng()), nn.Flatten(), nn.Linear(9, 2, rng=rng()))
    y = chain(WORDS)
    assert y.dtype == np.float32
    assert chain.backward(np.ones_like(y), needs_dx=False) is None
    assert chain.gradients["0.weight"].any(axis=1).tolist() == [True, True, True, False, True]
    table = nn.summary(chain, (3,))
    assert [row.output_shape for row in table.rows] == [(3, 3), (9,), (2,)]
    assert (table.parameters, table.macs) == (15 + 20, 18)


def test_new_parameters():
    big = nn.Embedding(200, 100, rng=rng()).parameters["weight"]
    assert (big.shape, big.dtype) == ((200, 100), np.float32)
    assert big.mean() == pytest.approx(0, abs=0.02)
    assert big.std() == pytest.approx(1, rel=0.02)
    np.testing.assert_array_equal(big, nn.Embedding(200, 100, rng=rng()).parameters["weight"])


def test_it_prints_as_it_was_written():
    assert repr(nn.Embedding(5, 3, rng=rng())) == "Embedding(5, 3)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Embedding(0, 3, rng=rng()), ValueError, "num_embeddings must be at least 1, got 0"),
        (lambda: nn.Embedding(5, 1.5, rng=rng()), TypeError, "embedding_dim must be an integer, got 1.5"),
        (lambda: nn.Embedding(5, 3, rng=0), TypeError, "rng must be a numpy Generator"),
        (lambda: nn.Embedding(5, 3, rng=rng(), dtype=int), TypeError, "dtype must be float32 or float64"),
        (lambda: nn.Embedding(5, 3, rng=rng())([5]), ValueError, r"indices must lie in 0 \.\.\. 4, got 5"),
        (lambda: nn.Embedding(5, 3, rng=rng()).backward([1.0]), RuntimeError, "call forward before backward"),
        (lambda: nn.Embedding(5, 3, rng=rng()).output_shape(3), TypeError, "input_shape must be a sequence"),
    ],
)
def test_it_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make()
