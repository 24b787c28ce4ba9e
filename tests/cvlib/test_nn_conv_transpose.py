"""The transposed convolutional layer: its operation with parameters, and its costs."""

import re

import numpy as np
import pytest

from cvlib import init, nn, ops
from cvlib.counting import conv_transpose2d_macs
from cvlib.gradcheck import gradient_error, numerical_gradient

F64 = {"dtype": np.float64}
BATCH = np.random.default_rng(5).normal(0, 1, (3, 4, 5, 6))


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": (1, 0), "bias": False},
        {"stride": (1, 3), "groups": 2},
        {"dilation": (2, 1), "padding": (1, 0)},
    ],
)
def test_is_its_operation(options):
    layer = nn.ConvTranspose2d(4, 6, 3, rng=rng(8), **F64, **options)
    w, b = layer.parameters["weight"], layer.parameters.get("bias")
    assert (b is None) == ("bias" in options)
    if b is not None:
        b[...] = range(6)
    given = {name: value for name, value in options.items() if name != "bias"}
    y = ops.conv_transpose2d(BATCH, w, b, **given)
    np.testing.assert_array_equal(layer(BATCH), y)
    assert layer.output_shape(BATCH.shape[1:]) == y.shape[1:]
    dy = rng(9).normal(0, 1, y.shape)
    dx, dw, db = ops.conv_transpose2d_backward(dy, BATCH, w, b, **given)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    assert layer.backward(dy, needs_dx=False) is None
    assert list(layer.gradients) == list(layer.parameters)
    np.testing.assert_array_equal(layer.gradients["weight"], dw)
    if b is not None:
        np.testing.assert_array_equal(layer.gradients["bias"], db)


def test_new_parameters():
    layer = nn.ConvTranspose2d(4, 6, (3, 5), groups=2, rng=rng())
    assert layer.parameters["weight"].shape == (4, 3, 3, 5)
    assert layer.parameters["weight"].dtype == layer.parameters["bias"].dtype == np.float32
    assert layer.parameters["bias"].shape == (6,)
    assert not layer.parameters["bias"].any()
    assert list(nn.ConvTranspose2d(4, 6, 3, bias=False, rng=rng()).parameters) == ["weight"]


def test_default_weights_keep_the_size_of_gradients():
    layer = nn.ConvTranspose2d(60, 30, 4, stride=2, padding=1, rng=rng())
    assert layer.parameters["weight"].var() == pytest.approx(2 / (30 * 16), rel=0.03)


def test_starts_as_bilinear_upsampling():
    """The last layer of a fully convolutional net, and its class scores stay apart."""
    layer = nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1, bias=False, init=init.bilinear, rng=rng(), **F64)
    inside = np.s_[:, :, 2:-2, 2:-2]
    expected = ops.interpolate(BATCH, scale_factor=2)
    np.testing.assert_allclose(layer(BATCH)[inside], expected[inside], atol=1e-12)


def test_encoder_and_decoder_in_a_chain():
    """Every parameter's gradient, through a convolution that halves and a transposed one that doubles."""
    net = nn.Chain(
        nn.Conv2d(4, 3, 3, stride=2, padding=1, rng=rng(1), **F64),
        nn.Tanh(),
        nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=(0, 1), rng=rng(2), **F64),
    )
    assert net.output_shape((4, 5, 6)) == (2, 5, 6)
    dy = rng(3).normal(0, 1, (3, 2, 5, 6))
    net(BATCH)
    net.backward(dy)
    for name, parameter in net.parameters.items():
        start = parameter.copy()

        def loss(value, parameter=parameter):
            parameter[...] = value
            return np.vdot(dy, net(BATCH))

        numerical = numerical_gradient(loss, start)
        parameter[...] = start
        assert gradient_error(net.gradients[name], numerical) < 1e-6, name


def test_costs():
    layer = nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1, groups=2, rng=rng())
    assert layer.macs((32, 14, 10)) == 14 * 10 * 32 * 8 * 16
    assert layer.macs([32, 14, 10]) == conv_transpose2d_macs(32, 16, 4, (14, 10), groups=2)
    assert layer.windows() is None
    table = nn.summary(nn.Chain(layer, nn.ReLU()), (32, 14, 10))
    assert table.rows[0].output_shape == (16, 28, 20)
    assert table.parameters == 32 * 8 * 16 + 16
    assert table.rows[1].receptive_field is None


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1, rng=rng()), "8, 4, 4, stride=2, padding=1"),
        (
            nn.ConvTranspose2d(4, 6, (1, 3), stride=(1, 2), output_padding=(0, 1), groups=2, rng=rng()),
            "4, 6, (1, 3), stride=(1, 2), output_padding=(0, 1), groups=2",
        ),
        (nn.ConvTranspose2d(4, 6, 3, dilation=2, bias=False, rng=rng()), "4, 6, 3, dilation=2, bias=False"),
    ],
)
def test_prints_as_it_was_written(layer, text):
    assert repr(layer) == f"ConvTranspose2d({text})"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1, got 0"),
        ({"out_channels": 2.0}, TypeError, "out_channels must be an integer"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be at least 1, got 0"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"padding": "same"}, TypeError, "padding must be an integer, got 'same' of type str"),
        (
            {"output_padding": 2, "stride": 2},
            ValueError,
            "output_padding must be smaller than stride or dilation, got 2",
        ),
        ({"dilation": 0}, ValueError, "dilation must be at least 1, got 0"),
        ({"groups": 2}, ValueError, "groups must divide 3 and 4 channels, got 2"),
        ({"groups": 0}, ValueError, "groups must be at least 1, got 0"),
        ({"rng": 0}, TypeError, "rng must be a numpy Generator"),
        ({"dtype": int}, TypeError, "dtype must be float32 or float64"),
        ({"init": init.bilinear}, ValueError, "with as many outputs as inputs, got (3, 4, 3, 3)"),
    ],
)
def test_refuses(options, error, message):
    arguments = {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "rng": rng(), **options}
    with pytest.raises(error, match=re.escape(message)):
        nn.ConvTranspose2d(**arguments)


def test_refuses_other_inputs():
    layer = nn.ConvTranspose2d(3, 4, 1, padding=2, rng=rng())
    with pytest.raises(RuntimeError, match="call forward before backward"):
        layer.backward(BATCH)
    for method in (layer.output_shape, layer.macs):
        with pytest.raises(ValueError, match="input_shape must have 3 channels, got 4"):
            method((4, 8, 8))
        with pytest.raises(ValueError, match=r"input_shape must be \(C, H, W\), without N, got \(8, 8\)"):
            method((8, 8))
        with pytest.raises(ValueError, match="padding 2 leaves nothing"):
            method((3, 4, 8))
