"""Layers that normalise: the operations with memory, and running statistics that are kept but not learned."""

import re

import numpy as np
import pytest

from cvlib import nn, ops
from cvlib.gradcheck import gradient_error, numerical_gradient

F64 = {"dtype": np.float64}


def rng(seed=0):
    return np.random.default_rng(seed)


MAPS = rng(1).normal(3, 2, (4, 3, 5, 2))
ROWS = rng(2).normal(-1, 0.5, (6, 3))


def trained_batch_norm():
    """Return a layer whose gamma, beta and running statistics are nowhere ones or zeros."""
    layer = nn.BatchNorm(3, momentum=0.3, eps=0.01, **F64)
    layer.parameters["gamma"][...] = [2, -1, 0.5]
    layer.parameters["beta"][...] = [0, 4, -3]
    layer.buffers["running_mean"][...] = [1, 2, 3]
    layer.buffers["running_var"][...] = [4, 0.5, 1]
    return layer


@pytest.mark.parametrize("x", [MAPS, ROWS], ids=["maps", "rows"])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_is_its_operation(x, training):
    layer = trained_batch_norm()
    before = [array.copy() for array in (*layer.parameters.values(), *layer.buffers.values())]
    options = {"training": training, "momentum": 0.3, "eps": 0.01}
    y, running_mean, running_var = ops.batch_norm(x, *before, **options)
    np.testing.assert_array_equal(layer(x, training=training), y)
    np.testing.assert_array_equal(layer.buffers["running_mean"], running_mean)
    np.testing.assert_array_equal(layer.buffers["running_var"], running_var)
    dy = rng(3).normal(0, 1, x.shape)
    dx, dgamma, dbeta = ops.batch_norm_backward(dy, x, *before, **options)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    assert layer.backward(dy, needs_dx=False) is None
    assert list(layer.gradients) == list(layer.parameters) == ["gamma", "beta"]
    np.testing.assert_array_equal(layer.gradients["gamma"], dgamma)
    np.testing.assert_array_equal(layer.gradients["beta"], dbeta)


@pytest.mark.parametrize(
    ("shape", "x"), [((3, 5, 2), MAPS), ((5, 2), MAPS), (2, MAPS), (3, ROWS), ([3], ROWS)]
)
def test_layer_norm_is_its_operation(shape, x):
    layer = nn.LayerNorm(shape, eps=0.01, **F64)
    for array in layer.parameters.values():
        array[...] = rng(4).normal(0, 1, array.shape)
    gamma, beta = layer.parameters.values()
    y = ops.layer_norm(x, gamma, beta, eps=0.01)
    for training in (True, False):
        np.testing.assert_array_equal(layer(x, training=training), y)
    dy = rng(3).normal(0, 1, x.shape)
    dx, dgamma, dbeta = ops.layer_norm_backward(dy, x, gamma, beta, eps=0.01)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    assert layer.backward(dy, needs_dx=False) is None
    assert list(layer.gradients) == list(layer.parameters) == ["gamma", "beta"]
    np.testing.assert_array_equal(layer.gradients["gamma"], dgamma)
    np.testing.assert_array_equal(layer.gradients["beta"], dbeta)
    assert not layer.buffers


def test_new_layers():
    batch, layer = nn.BatchNorm(3), nn.LayerNorm((2, 4))
    starts = {"gamma": 1, "beta": 0, "running_mean": 0, "running_var": 1}
    arrays = {**batch.parameters, **batch.buffers}
    assert arrays.keys() == starts.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, np.full(3, starts[name]))
        assert array.dtype == np.float32
    for name, array in layer.parameters.items():
        np.testing.assert_array_equal(array, np.full((2, 4), starts[name]))
        assert array.dtype == np.float32
    assert nn.BatchNorm(3, **F64).buffers["running_var"].dtype == np.float64
    assert nn.LayerNorm(3, **F64).parameters["beta"].dtype == np.float64


def test_buffers_are_updated_in_place_by_training_alone():
    """Whoever holds the array (a file being saved, a container) sees the new statistics."""
    layer = nn.BatchNorm(1, momentum=0.5, **F64)
    mean, var = layer.buffers.values()
    layer(np.array([[3.0], [5.0]]), training=True)
    assert (mean.tolist(), var.tolist()) == ([2], [1.5])  # halfway from 0 to 4, and from 1 to 2
    mean.flags.writeable = var.flags.writeable = False
    layer(np.array([[3.0], [5.0]]))
    layer.backward(np.ones((2, 1)))
    assert (mean.tolist(), var.tolist()) == ([2], [1.5])
    assert layer.buffers["running_mean"] is mean
    assert layer.buffers["running_var"] is var


def test_float32_statistics_stay_float32_for_other_inputs():
    layer = nn.BatchNorm(3)
    assert layer(MAPS, training=True).dtype == np.float64
    assert layer(MAPS.astype(np.float32), training=True).dtype == np.float32
    assert {array.dtype for array in layer.buffers.values()} == {np.dtype(np.float32)}


def test_the_gradient_is_that_of_the_last_forward_pass():
    """In training every number moves the statistics, in inference none does."""
    dy = np.ones_like(ROWS)
    layer = trained_batch_norm()
    layer(ROWS, training=True)
    np.testing.assert_allclose(layer.backward(dy), 0, atol=1e-13)
    layer(ROWS)
    assert (np.abs(layer.backward(dy)) > 0.1).all()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_gradients_inside_a_chain(kind, training):
    """The way down to the convolution in front goes through the normalisation."""
    norm = trained_batch_norm() if kind == "batch" else nn.LayerNorm((3, 4, 3), eps=0.01, **F64)
    net = nn.Chain(nn.Conv2d(2, 3, 2, rng=rng(5), **F64), norm, nn.Tanh())
    x, upstream = rng(6).normal(0, 1, (3, 2, 5, 4)), rng(7).normal(0, 1, (3, 3, 4, 3))

    def loss():
        return np.vdot(upstream, net.forward(x, training=training))

    for name, array in net.parameters.items():
        if training and kind == "batch" and name == "0.bias":
            continue  # the next test
        start = array.copy()

        def of(value, array=array):
            array[...] = value
            saved = {key: buffer.copy() for key, buffer in norm.buffers.items()}
            result = loss()
            for key, buffer in norm.buffers.items():
                buffer[...] = saved[key]
            return result

        numerical = numerical_gradient(of, start)
        array[...] = start
        loss()
        net.backward(upstream)
        assert gradient_error(net.gradients[name], numerical) < 1e-6, name


def test_a_bias_in_front_of_batch_norm_is_useless():
    """The mean takes it away again: so its gradient is 0, and bias=False saves parameters."""
    net = nn.Chain(nn.Conv2d(2, 3, 2, rng=rng(5), **F64), nn.BatchNorm(3, **F64))
    y = net.forward(MAPS[:, :2], training=True)
    net.backward(rng(8).normal(0, 1, y.shape))
    np.testing.assert_allclose(net.gradients["0.bias"], 0, atol=1e-12)
    net.parameters["0.bias"][...] = [5, -7, 100]
    np.testing.assert_allclose(net.forward(MAPS[:, :2], training=True), y, atol=1e-11)


def test_shapes_counts_and_windows():
    batch, layer = nn.BatchNorm(3), nn.LayerNorm((3, 5, 2))
    for norm in (batch, layer):
        assert norm.output_shape((3, 5, 2)) == (3, 5, 2)
        assert norm.macs((3, 5, 2)) == 0
    assert batch.output_shape((3,)) == (3,)
    assert nn.LayerNorm(2).output_shape((3, 5, 2)) == (3, 5, 2)
    assert batch.windows() == ({"kernel_size": 1}, {"kernel_size": 1})
    assert layer.windows() is None
    first, second = nn.summary(nn.Chain(batch, layer), (3, 5, 2)).rows
    assert (first.name, first.parameters, first.receptive_field) == ("0: BatchNorm(3)", 6, (1, 1))
    assert (second.name, second.parameters, second.receptive_field) == ("1: LayerNorm((3, 5, 2))", 60, None)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.BatchNorm(3), "BatchNorm(3)"),
        (nn.BatchNorm(3, momentum=0.01, eps=0.001), "BatchNorm(3, momentum=0.01, eps=0.001)"),
        (nn.BatchNorm(3, eps=0, dtype=np.float64), "BatchNorm(3, eps=0.0)"),
        (nn.LayerNorm(5), "LayerNorm(5)"),
        (nn.LayerNorm((5,)), "LayerNorm(5)"),
        (nn.LayerNorm([3, 8, 8], eps=1e-6), "LayerNorm((3, 8, 8), eps=1e-06)"),
    ],
)
def test_a_layer_prints_as_it_was_written(layer, text):
    assert repr(layer) == text


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.BatchNorm(0), ValueError, "num_features must be at least 1, got 0"),
        (lambda: nn.BatchNorm((3, 4)), TypeError, "num_features must be an integer"),
        (lambda: nn.BatchNorm(3, momentum=2), ValueError, "momentum must be from 0 to 1, got 2"),
        (lambda: nn.BatchNorm(3, momentum=None), TypeError, "momentum must be a number, got None"),
        (lambda: nn.BatchNorm(3, eps=-1), ValueError, "eps must be at least 0 and finite, got -1"),
        (lambda: nn.BatchNorm(3, dtype=int), TypeError, "dtype must be float32 or float64"),
        (lambda: nn.LayerNorm(0), ValueError, "normalized_shape must be at least 1, got 0"),
        (lambda: nn.LayerNorm("34"), TypeError, "normalized_shape must be an integer"),
        (lambda: nn.LayerNorm(()), ValueError, "normalized_shape must have at least one axis, got none"),
        (lambda: nn.LayerNorm((3, 0)), ValueError, "normalized_shape[1] must be at least 1, got 0"),
        (lambda: nn.LayerNorm((3, 2.0)), TypeError, "normalized_shape[1] must be an integer, got 2.0"),
        (lambda: nn.LayerNorm(3, eps=-1), ValueError, "eps must be at least 0 and finite, got -1"),
        (lambda: nn.LayerNorm(3, dtype="abc"), TypeError, "dtype must be float32 or float64"),
        (lambda: nn.BatchNorm(3).output_shape((4, 5, 5)), ValueError, "must have 3 channels first, got (4, 5, 5)"),
        (lambda: nn.BatchNorm(3).output_shape(()), ValueError, "input_shape must have 3 channels first, got ()"),
        (lambda: nn.LayerNorm((3, 4)).output_shape((4,)), ValueError, "input_shape must end with (3, 4), got (4,)"),
        (lambda: nn.LayerNorm(3).output_shape((3, 0)), ValueError, "input_shape[1] must be at least 1, got 0"),
        (lambda: nn.BatchNorm(3).backward(MAPS), RuntimeError, "call forward before backward"),
        (lambda: nn.LayerNorm(2).backward(MAPS), RuntimeError, "call forward before backward"),
        (lambda: nn.BatchNorm(3)(ROWS[:1], training=True), ValueError, "at least 2 numbers per channel in training"),
    ],
)  # fmt: skip
def test_layers_refuse(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()
