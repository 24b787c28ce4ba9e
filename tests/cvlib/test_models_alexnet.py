"""AlexNet by its numbers: sizes, groups, parameters and MACs against the paper, and gradients by differences."""

from itertools import pairwise

import numpy as np
import pytest
from slopes import check_gradients, shake
from strategies import normal

from cvlib import counting, nn
from cvlib.models import alexnet
from cvlib.models.alexnet import fully_connected

SMALL = {"num_classes": 3, "image_size": 67, "width": 2, "hidden_features": 4}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_network_of_the_paper():
    """Weights and biases, written out; a random net looks at one image."""
    model = alexnet(rng=rng())
    table = nn.summary(model, (3, 227, 227))
    counts = {row.name.partition(":")[0]: row.parameters for row in table.rows if row.parameters}
    assert counts == {
        "conv1": 96 * 3 * 11 * 11 + 96,
        "conv2": 256 * 48 * 5 * 5 + 256,  # two groups: a filter reads 48 of 96 maps
        "conv3": 384 * 256 * 3 * 3 + 384,
        "conv4": 384 * 192 * 3 * 3 + 384,
        "conv5": 256 * 192 * 3 * 3 + 256,
        "linear6": 4096 * 256 * 6 * 6 + 4096,
        "linear7": 4096 * 4096 + 4096,
        "linear8": 1000 * 4096 + 1000,
    }
    assert table.parameters == 60_965_224
    on_paper = counting.layer_table(*counting.ALEXNET)
    assert list(counts.values()) == [row.parameters for row in on_paper.rows if row.parameters]
    assert table.macs == on_paper.macs
    logits = model(rng(1).random((1, 3, 227, 227), np.float32))
    assert (logits.shape, logits.dtype) == ((1, 1000), np.float32)
    assert np.isfinite(logits).all()
    assert logits.std() > 0.01


def test_the_maps_have_the_sizes_of_the_paper():
    """Section 3.5: 55 x 55 x 96 behind the first convolution, 27, 13 and 13 x 13 x 256 behind the last."""
    table = nn.summary(alexnet(rng=rng(), width=2, hidden_features=4), (3, 227, 227))
    sides = {row.name.partition(":")[0]: row.output_shape[1:] for row in table.rows[:13]}
    assert {name: side[0] for name, side in sides.items() if "relu" not in name} == {
        "conv1": 55, "pool1": 27, "conv2": 27, "pool2": 13, "conv3": 13, "conv4": 13, "conv5": 13, "pool5": 6,
    }  # fmt: skip


def test_eight_layers_learn():
    """Coursework A25: five convolutions and three linear layers."""
    model = alexnet(rng=rng(), **SMALL)
    kinds = [type(layer) for layer in model if layer.parameters]
    assert kinds == [nn.Conv2d] * 5 + [nn.Linear] * 3


def test_a_relu_stands_behind_every_layer_that_learns_but_the_last():
    layers = list(alexnet(rng=rng(), **SMALL))
    behind = [type(after) for layer, after in pairwise(layers) if layer.parameters]
    assert behind == [nn.ReLU] * 7
    assert isinstance(layers[-1], nn.Linear)


def test_the_groups_do_not_see_each_other():
    """Noise in the first half of conv1's maps reaches the first half of conv2's alone; the third layer mixes them."""
    model, maps = alexnet(rng=rng(), **SMALL), normal(1, 6, 15, 15)
    other = maps.copy()
    other[:, :3] += 1
    same = (model["conv2"](maps) == model["conv2"](other)).all(axis=(0, 2, 3))
    assert same.tolist() == [False] * 8 + [True] * 8
    assert [model[f"conv{n}"].options["groups"] for n in range(1, 6)] == [1, 2, 1, 2, 2]


def test_gradients_of_all_parameters():
    check_gradients(shake(alexnet(rng=rng(), dtype=np.float64, **SMALL)), normal(2, 3, 67, 67))


@pytest.mark.parametrize(("image_size", "side"), [(67, 1), (98, 1), (99, 2), (131, 3), (227, 6)])
def test_other_sizes(image_size, side):
    model = alexnet(rng=rng(), **SMALL | {"image_size": image_size, "in_channels": 1})
    assert model["linear6"].in_features == 16 * side * side
    logits = model(np.ones((2, 1, image_size, image_size), np.float32))
    assert (logits.shape, logits.dtype) == ((2, 3), np.float32)


def test_dropout_acts_in_training_alone():
    model, x = alexnet(rng=rng(), **SMALL | {"hidden_features": 64}), normal(2, 3, 67, 67).astype(np.float32)
    np.testing.assert_array_equal(model(x), model(x))
    assert (model.forward(x, training=True) != model.forward(x, training=True)).any()
    assert [layer.p for layer in model if isinstance(layer, nn.Dropout)] == [0.5, 0.5]


def test_the_same_rng_gives_the_same_weights():
    one, two = (alexnet(rng=rng(3), **SMALL) for _ in range(2))
    for name, p in one.parameters.items():
        np.testing.assert_array_equal(p, two.parameters[name])
        assert p.dtype == np.float32


def test_fully_connected_layers():
    layers = fully_connected(9216, 64, 10, rng=rng())
    assert nn.Chain(**layers).output_shape((256, 6, 6)) == (10,)
    assert list(layers) == [
        "flatten", "linear6", "relu6", "dropout6", "linear7", "relu7", "dropout7", "linear8",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"image_size": 66}, ValueError, "image_size must be at least 67, got 66"),
        ({"image_size": 67.0}, TypeError, "image_size must be an integer"),
        ({"width": 3}, ValueError, "width must be even, as the maps go in two groups, got 3"),
        ({"width": 0}, ValueError, "width must be at least 1, got 0"),
        ({"hidden_features": 0}, ValueError, "out_features must be at least 1, got 0"),
        ({"num_classes": 0}, ValueError, "out_features must be at least 1, got 0"),
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1, got 0"),
        ({"rng": 0}, TypeError, "rng must be a numpy Generator"),
        ({"dtype": int}, TypeError, "dtype must be float32 or float64"),
    ],
)
def test_it_refuses(options, error, message):
    with pytest.raises(error, match=message):
        alexnet(**({"rng": rng()} | SMALL | options))
