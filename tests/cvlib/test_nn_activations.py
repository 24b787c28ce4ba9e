"""Activation layers: each is its operation with its options; PReLU learns its slopes."""

import re
from inspect import signature

import numpy as np
import pytest

from cvlib import nn, ops
from cvlib.gradcheck import gradient_error, numerical_gradient


def rng(seed=0):
    return np.random.default_rng(seed)


BATCH = rng(1).normal(0, 1, (3, 2, 4, 5))
UPSTREAM = rng(2).normal(0, 1, BATCH.shape)

LAYERS = [
    (nn.LeakyReLU(), "leaky_relu", {}, "LeakyReLU()"),
    (nn.LeakyReLU(0.2), "leaky_relu", {"negative_slope": 0.2}, "LeakyReLU(negative_slope=0.2)"),
    (nn.ELU(), "elu", {}, "ELU()"),
    (nn.ELU(alpha=0.5), "elu", {"alpha": 0.5}, "ELU(alpha=0.5)"),
    (nn.GELU(), "gelu", {}, "GELU()"),
    (nn.GELU(approximate="tanh"), "gelu", {"approximate": "tanh"}, "GELU(approximate='tanh')"),
    (nn.SiLU(), "silu", {}, "SiLU()"),
    (nn.Softplus(), "softplus", {}, "Softplus()"),
    (nn.Softplus(2), "softplus", {"beta": 2}, "Softplus(beta=2)"),
]


@pytest.mark.parametrize(("layer", "name", "options", "text"), LAYERS)
def test_a_layer_is_its_operation(layer, name, options, text):
    np.testing.assert_array_equal(layer(BATCH), getattr(ops, name)(BATCH, **options))
    expected = getattr(ops, name + "_backward")(UPSTREAM, BATCH, **options)
    np.testing.assert_array_equal(layer.backward(UPSTREAM), expected)
    assert layer.backward(UPSTREAM, needs_dx=False) is None
    assert layer.parameters == layer.gradients == layer.buffers == {}
    assert repr(layer) == text
    assert repr(eval(text, vars(nn))) == text


@pytest.mark.parametrize("layer", [*(case[0] for case in LAYERS), nn.PReLU(2)])
def test_shapes_and_counts(layer):
    assert layer.output_shape((2, 4, 5)) == (2, 4, 5)
    assert layer.macs((2, 4, 5)) == 0
    assert layer.windows() == ({"kernel_size": 1}, {"kernel_size": 1})
    assert layer(BATCH.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("count", [1, 2])
def test_prelu_learns_its_slopes(count):
    layer = nn.PReLU(count, dtype=np.float64)
    weight = layer.parameters["weight"]
    np.testing.assert_array_equal(weight, [0.25] * count)
    weight += [0.5, -1.0][:count]
    np.testing.assert_array_equal(layer(BATCH), ops.prelu(BATCH, weight))
    dx, da = ops.prelu_backward(UPSTREAM, BATCH, weight)
    np.testing.assert_array_equal(layer.backward(UPSTREAM), dx)
    np.testing.assert_array_equal(layer.gradients["weight"], da)
    measured = numerical_gradient(lambda a: (ops.prelu(BATCH, a) * UPSTREAM).sum(), weight)
    assert gradient_error(layer.gradients["weight"], measured) < 1e-7
    layer.gradients.clear()
    assert layer.backward(UPSTREAM, needs_dx=False) is None
    np.testing.assert_array_equal(layer.gradients["weight"], da)


def test_prelu_by_hand():
    layer = nn.PReLU(init=0.5)
    np.testing.assert_array_equal(layer([[-2.0, 4.0]]), [[-1, 4]])
    np.testing.assert_array_equal(layer.backward([[3.0, 3.0]]), [[1.5, 3]])
    np.testing.assert_array_equal(layer.gradients["weight"], [-6])
    assert layer.parameters["weight"].dtype == np.float32
    assert nn.PReLU(dtype=np.float64).parameters["weight"].dtype == np.float64


@pytest.mark.parametrize(
    "text", ["PReLU()", "PReLU(3)", "PReLU(init=0.1)", "PReLU(3, init=0.1)"]
)  # as one would have typed them
def test_prelu_shows_itself(text):
    assert repr(eval(text, vars(nn))) == text


def test_in_a_chain():
    """The gradient of every parameter below, through every activation."""
    model = nn.Chain(
        nn.Linear(4, 3, rng=rng(3), dtype=np.float64), nn.GELU(),
        nn.Linear(3, 3, rng=rng(4), dtype=np.float64), nn.PReLU(3, dtype=np.float64), nn.SiLU(), nn.ELU(2),
        nn.LeakyReLU(0.1), nn.Softplus(3),
    )  # fmt: skip
    x, dy = rng(5).normal(0, 1, (6, 4)), rng(6).normal(0, 1, (6, 3))
    model(x)
    model.backward(dy)
    gradients = dict(model.gradients)
    for name, parameter in model.parameters.items():
        start = parameter.copy()

        def loss(moved, parameter=parameter):
            parameter[...] = moved
            return float((model(x) * dy).sum())

        assert gradient_error(gradients[name], numerical_gradient(loss, start)) < 1e-6, name
        parameter[...] = start
    assert "3: PReLU(3)" in repr(model)
    assert nn.summary(model, (4,)).parameters == 15 + 12 + 3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.LeakyReLU("0.1"), TypeError, "negative_slope must be a number, got '0.1' of type str"),
        (lambda: nn.ELU(None), TypeError, "alpha must be a number, got None"),
        (
            lambda: nn.GELU(approximate="erf"),
            ValueError,
            "approximate must be one of 'none', 'tanh', got 'erf'",
        ),
        (lambda: nn.Softplus(0), ValueError, "beta must be positive, got 0"),
        (lambda: nn.PReLU(0), ValueError, "num_parameters must be at least 1, got 0"),
        (lambda: nn.PReLU(2.0), TypeError, "num_parameters must be an integer, got 2.0"),
        (lambda: nn.PReLU(init="small"), TypeError, "init must be a number, got 'small'"),
        (lambda: nn.PReLU(dtype=int), TypeError, "dtype must be"),
        (
            lambda: nn.PReLU(3)(BATCH),
            ValueError,
            "a must have one slope, or one for each of 2 channels, got 3",
        ),
        (
            lambda: nn.PReLU(3).output_shape((2, 4)),
            ValueError,
            "input_shape must have 3 channels, got (2, 4)",
        ),
        (lambda: nn.PReLU().backward([1.0]), RuntimeError, "PReLU() has no input to go back to"),
        (lambda: nn.GELU().backward([1.0]), RuntimeError, "GELU() has no input to go back to"),
    ],
)
def test_refusals(make, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        make()


def test_signatures_are_those_of_the_operations():
    """So that help() and editors show the options, with their defaults."""
    assert [str(signature(layer)) for layer in (nn.ReLU, nn.LeakyReLU, nn.GELU)] == [
        "()",
        "(*, negative_slope: 'float' = 0.01)",
        "(*, approximate: 'str' = 'none')",
    ]
