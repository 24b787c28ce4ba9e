"""The spatial transformer: two ways through the layer, and learning where to look."""

import re

import numpy as np
import pytest

from cvlib import nn
from cvlib.gradcheck import gradient_error, numerical_gradient
from cvlib.init import glorot_uniform
from cvlib.ops import affine_grid, grid_sample

F64 = {"dtype": np.float64}
BATCH = np.random.default_rng(5).normal(0, 1, (3, 2, 5, 6))
UPSTREAM = np.random.default_rng(6).normal(0, 1, (3, 2, 4, 3))


def transformer(size=(4, 3), **options):
    """A localisation with weights everywhere: its maps are near the identity, and no point near a grid line."""
    rng = np.random.default_rng(1)
    last = nn.Linear(7, 6, rng=rng, init=glorot_uniform, **F64)
    last.parameters["weight"][...] *= 0.2
    last.parameters["bias"][...] = [0.9, 0.1, 0.05, -0.1, 0.8, -0.1]
    localisation = nn.Chain(
        nn.Flatten(), nn.Linear(60, 7, rng=rng, init=glorot_uniform, **F64), nn.Tanh(), last
    )
    return nn.SpatialTransformer(localisation, size, **options)


@pytest.mark.parametrize("options", [{}, {"padding_mode": "border"}, {"align_corners": True}])
def test_it_samples_where_the_localisation_says(options):
    layer = transformer(**options)
    y = layer(BATCH)
    theta = layer["localisation"](BATCH).reshape(3, 2, 3)
    np.testing.assert_array_equal(layer.theta, theta)
    grid = affine_grid(theta, (4, 3), align_corners="align_corners" in options)
    np.testing.assert_array_equal(y, grid_sample(BATCH, grid, **options))
    assert layer.output_shape((2, 5, 6)) == y.shape[1:]


@pytest.mark.parametrize("options", [{}, {"padding_mode": "border", "align_corners": True}])
@pytest.mark.parametrize("name", list(transformer().parameters))
def test_gradients_of_the_localisation(name, options):
    layer = transformer(**options)

    def loss(value):
        layer.parameters[name][...] = value
        return np.vdot(UPSTREAM, layer(BATCH))

    start = layer.parameters[name].copy()
    numerical = numerical_gradient(loss, start, eps=1e-5)
    layer.parameters[name][...] = start
    layer(BATCH)
    layer.backward(UPSTREAM)
    assert np.abs(numerical).max() > 1e-3
    assert gradient_error(layer.gradients[name], numerical) < 1e-6


def test_gradient_of_the_input_comes_both_ways():
    layer = transformer()
    numerical = numerical_gradient(lambda x: np.vdot(UPSTREAM, layer(x)), BATCH, eps=1e-5)
    layer(BATCH)
    assert gradient_error(layer.backward(UPSTREAM), numerical) < 1e-6


def test_without_dx_the_gradients_are_the_same():
    layer, lazy = transformer(), transformer()
    layer(BATCH), lazy(BATCH)
    assert layer.backward(UPSTREAM).shape == BATCH.shape
    assert lazy.backward(UPSTREAM, needs_dx=False) is None
    for name, gradient in layer.gradients.items():
        np.testing.assert_allclose(lazy.gradients[name], gradient, rtol=1e-12)


def test_it_learns_to_centre_a_blob():
    """Trained through the sampling alone: the loss compares the output with the blob in the middle."""
    rows, columns = np.mgrid[:9.0, :9.0]

    def blob(row, column):
        return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 8)

    rng = np.random.default_rng(0)
    x = np.stack([[blob(*rng.uniform(2.5, 5.5, 2))] for _ in range(32)])
    target = blob(4, 4)
    last = nn.Linear(81, 6, rng=rng, **F64)
    last.parameters["weight"][...] = 0
    last.parameters["bias"][...] = [1, 0, 0, 0, 1, 0]
    layer = nn.SpatialTransformer(nn.Chain(nn.Flatten(), last), 9)
    before = np.mean((layer(x) - target) ** 2)
    for _ in range(60):
        layer.backward(2 * (layer(x) - target) / 32, needs_dx=False)
        for name, gradient in layer.gradients.items():
            layer.parameters[name][...] -= 0.001 * gradient
    after = np.mean((layer(x) - target) ** 2)
    assert after < before / 20


def test_in_a_chain_and_in_a_summary():
    model = nn.Chain(
        look=transformer(), flatten=nn.Flatten(), head=nn.Linear(24, 5, rng=np.random.default_rng(0))
    )
    assert model(BATCH).shape == (3, 5)
    assert "look.localisation.1.weight" in model.parameters
    table = nn.summary(model, (2, 5, 6))
    names = [row.name.split(":")[0] for row in table.rows]
    assert names == ["look.image", "look.localisation.0", "look.localisation.1", "look.localisation.2",
                     "look.localisation.3", "look", "flatten", "head"]  # fmt: skip
    assert table.parameters == 60 * 7 + 7 + 7 * 6 + 6 + 24 * 5 + 5
    assert model["look"].macs((2, 5, 6)) == 60 * 7 + 7 * 6


def test_it_prints_as_it_was_written():
    layer = nn.SpatialTransformer(nn.Flatten(), (4, 3))
    assert repr(layer) == "SpatialTransformer(\n  localisation: Flatten()\n  size: (4, 3)\n)"
    layer = nn.SpatialTransformer(nn.Chain(nn.Flatten()), 4, padding_mode="border", align_corners=True)
    assert repr(layer) == (
        "SpatialTransformer(\n  localisation: Chain(\n    0: Flatten()\n  )\n  size: (4, 4)\n"
        "  padding_mode: 'border'\n  align_corners: True\n)"
    )


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.SpatialTransformer(np.ones, 4), TypeError, "layer 'localisation' must be a cvlib.nn.Layer, got"),
        (lambda: nn.SpatialTransformer(nn.Flatten(), 0), ValueError, "size must be at least 1, got 0"),
        (lambda: nn.SpatialTransformer(nn.Flatten(), 4, padding_mode="wrap"), ValueError,
         "padding_mode must be one of 'zeros', 'border', got 'wrap'"),
        (lambda: nn.SpatialTransformer(nn.Flatten(), 4, align_corners="no"), ValueError,
         "align_corners must be one of False, True, got 'no'"),
        (lambda: nn.SpatialTransformer(nn.Flatten(), 4)(BATCH), ValueError,
         "localisation must give (N, 6), six numbers for each image, got (3, 60)"),
        (lambda: nn.SpatialTransformer(nn.Identity(), 4)(BATCH), ValueError,
         "localisation must give (N, 6), six numbers for each image, got (3, 2, 5, 6)"),
        (lambda: nn.SpatialTransformer(nn.Flatten(), 4).output_shape((2, 5, 6)), ValueError,
         "localisation must give six numbers for each image, got shape (60,)"),
        (lambda: nn.SpatialTransformer(nn.Flatten(), 4).output_shape((6,)), ValueError,
         "input_shape must be (C, H, W), without N, got (6,)"),
        (lambda: transformer().backward(UPSTREAM), RuntimeError, "call forward before backward"),
    ],
)  # fmt: skip
def test_it_refuses(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_it_refuses_another_gradient():
    layer = transformer()
    layer(BATCH)
    with pytest.raises(ValueError, match=re.escape("dy must have shape (3, 2, 4, 3), got (3, 2, 3, 4)")):
        layer.backward(np.ones((3, 2, 3, 4)))
