"""VGG-16 by its numbers, gradients by differences, and a small one that learns digits."""

from itertools import pairwise

import numpy as np
import pytest
from slopes import check_gradients, shake
from strategies import normal

from cvlib import counting, nn
from cvlib.models import vgg16

SMALL = {"num_classes": 3, "image_size": 32, "width": 2, "hidden_features": 4}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_network_of_the_paper():
    """Weights and biases, written out; a random net looks at one image."""
    model = vgg16(rng=rng())
    table = nn.summary(model, (3, 224, 224))
    counts = {row.name.partition(":")[0]: row.parameters for row in table.rows if row.parameters}
    channels = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    convolutions = [9 * c * k + k for c, k in pairwise(channels)]
    linear = [512 * 7 * 7 * 4096 + 4096, 4096 * 4096 + 4096, 4096 * 1000 + 1000]
    assert list(counts.values()) == convolutions + linear
    assert table.parameters == 138_357_544
    on_paper = counting.layer_table(*counting.VGG16)
    assert list(counts.values()) == [row.parameters for row in on_paper.rows if row.parameters]
    assert table.macs == on_paper.macs == 15_470_264_320
    logits = model(rng(1).random((1, 3, 224, 224), np.float32))
    assert (logits.shape, logits.dtype) == ((1, 1000), np.float32)
    assert np.isfinite(logits).all()
    assert logits.std() > 0.01  # the signal has come through 16 layers


def test_sixteen_layers_learn():
    kinds = [type(layer) for layer in vgg16(rng=rng(), **SMALL) if layer.parameters]
    assert kinds == [nn.Conv2d] * 13 + [nn.Linear] * 3


def test_a_relu_stands_behind_every_layer_that_learns_but_the_last():
    layers = list(vgg16(rng=rng(), **SMALL))
    behind = [type(after) for layer, after in pairwise(layers) if layer.parameters]
    assert behind == [nn.ReLU] * 15
    assert isinstance(layers[-1], nn.Linear)


def test_gradients_of_all_parameters():
    check_gradients(shake(vgg16(rng=rng(), dtype=np.float64, **SMALL)), normal(2, 3, 32, 32))


@pytest.mark.parametrize(("image_size", "side"), [(32, 1), (63, 1), (64, 2), (224, 7)])
def test_other_sizes(image_size, side):
    model = vgg16(rng=rng(), **SMALL | {"image_size": image_size, "in_channels": 1})
    assert model["linear6"].in_features == 16 * side * side
    logits = model(np.ones((2, 1, image_size, image_size), np.float32))
    assert (logits.shape, logits.dtype) == ((2, 3), np.float32)


def test_the_same_rng_gives_the_same_weights():
    one, two = (vgg16(rng=rng(3), **SMALL) for _ in range(2))
    for name, p in one.parameters.items():
        np.testing.assert_array_equal(p, two.parameters[name])
        assert p.dtype == np.float32


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"image_size": 31}, ValueError, "image_size must be at least 32, got 31"),
        ({"image_size": "224"}, TypeError, "image_size must be an integer"),
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
        vgg16(**({"rng": rng()} | SMALL | options))
