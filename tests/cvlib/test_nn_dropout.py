"""The dropout layer: a new mask in every training pass, used again on the way back; nothing otherwise."""

import re

import numpy as np
import pytest

from cvlib import nn, ops


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng(1).normal(0, 1, (50, 40))
DY = rng(2).normal(0, 1, X.shape)


def test_training_drops_and_scales():
    layer = nn.Dropout(0.3, rng=rng())
    y = layer(X, training=True)
    mask = ops.dropout_mask(X.shape, p=0.3, rng=rng())
    np.testing.assert_array_equal(layer.mask, mask)
    np.testing.assert_allclose(y, np.where(mask, X / 0.7, 0), rtol=1e-15)
    assert 0.6 < mask.mean() < 0.8


def test_backward_uses_the_same_mask():
    layer = nn.Dropout(0.3, rng=rng())
    y = layer(X, training=True)
    dx = layer.backward(DY)
    np.testing.assert_allclose(dx, np.where(y != 0, DY / 0.7, 0), rtol=1e-15)
    np.testing.assert_array_equal(layer.backward(DY), dx)
    assert layer.backward(DY, needs_dx=False) is None


def test_every_training_pass_draws_anew_and_seeds_repeat():
    layer, again = nn.Dropout(rng=rng(5)), nn.Dropout(rng=rng(5))
    first, second = layer(X, training=True), layer(X, training=True)
    assert (first != second).any()
    np.testing.assert_array_equal(again(X, training=True), first)
    np.testing.assert_array_equal(again(X, training=True), second)


def test_without_training_nothing_happens():
    layer = nn.Dropout(0.9, rng=rng())
    layer(X, training=True)
    y = layer(X)
    np.testing.assert_array_equal(y, X)
    assert not np.shares_memory(y, X)
    dx = layer.backward(DY)
    np.testing.assert_array_equal(dx, DY)
    assert not np.shares_memory(dx, DY)
    assert layer.backward(DY, needs_dx=False) is None
    # and draws no numbers
    np.testing.assert_array_equal(layer(X, training=True) != 0, _second_mask(0.9))


def _second_mask(p):
    generator = rng()
    ops.dropout_mask(X.shape, p=p, rng=generator)
    return ops.dropout_mask(X.shape, p=p, rng=generator)


@pytest.mark.parametrize("training", [True, False])
def test_types_and_layouts(training):
    layer = nn.Dropout(0.5, rng=rng())
    narrow = np.asfortranarray(X.astype(np.float32))
    for result in (layer(narrow, training=training), layer.backward(narrow)):
        assert result.dtype == np.float32
        assert result.flags.c_contiguous
        assert result.flags.writeable
    assert layer([[1, 2]], training=training).dtype == np.float64


def test_the_ends():
    np.testing.assert_array_equal(nn.Dropout(0, rng=rng())(X, training=True), X)
    everything = nn.Dropout(1, rng=rng())
    assert not everything(X, training=True).any()
    assert not everything.backward(DY).any()


def test_in_a_chain():
    model = nn.Chain(nn.Linear(40, 8, rng=rng(3)), nn.Dropout(0.5, rng=rng(4)), nn.ReLU())
    assert (model(X, training=True) == 0).mean() > 0.6
    np.testing.assert_array_equal(model(X), model(X))
    rows = nn.summary(model, (40,)).rows
    assert [(row.output_shape, row.parameters, row.macs) for row in rows[1:]] == [((8,), 0, 0)] * 2
    assert nn.Dropout(rng=rng()).windows() == ({"kernel_size": 1}, {"kernel_size": 1})


@pytest.mark.parametrize("text", ["Dropout(0.5)", "Dropout(0.1)"])
def test_shows_itself(text):
    assert repr(nn.Dropout(float(text[8:-1]), rng=rng())) == text


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Dropout(1.5, rng=rng()), ValueError, "p must be a probability between 0 and 1, got 1.5"),
        (lambda: nn.Dropout("half", rng=rng()), TypeError, "p must be a number, got 'half'"),
        (lambda: nn.Dropout(0.5, rng=3), TypeError, "rng must be a numpy Generator such as"),
        (
            lambda: nn.Dropout(0.5, rng=rng()).backward(DY),
            RuntimeError,
            "Dropout(0.5) has no input to go back to",
        ),
        (lambda: nn.Dropout(0.5, rng=rng())("x"), TypeError, "x must hold real numbers"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        call()


@pytest.mark.parametrize("training", [True, False])
def test_bad_upstream_gradient(training):
    layer = nn.Dropout(0.5, rng=rng())
    layer(X, training=training)
    with pytest.raises(ValueError, match=re.escape("dy must have shape (50, 40), got (40,)")):
        layer.backward(X[0])
