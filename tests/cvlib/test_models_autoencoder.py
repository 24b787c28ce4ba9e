"""Autoencoders: gradients by differences, parameters by hand, and digits through a narrow place."""

import re

import numpy as np
import pytest
from slopes import check_gradients, shake
from strategies import normal

from cvlib import nn
from cvlib.data import load_mnist5k
from cvlib.losses import binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_backward
from cvlib.models import autoencoder, image_decoder, image_encoder
from cvlib.ops import sigmoid
from cvlib.optim import Adam
from cvlib.train import fit

F64 = {"dtype": np.float64}
LOSS = binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_backward
each_kind = pytest.mark.parametrize("kind", ["dense", "convolutional"])


def rng(seed=0):
    return np.random.default_rng(seed)


@each_kind
@pytest.mark.parametrize(("channels", "size", "latent_size"), [(1, 4, 1), (2, 8, 3)])
def test_gradients(kind, channels, size, latent_size):
    model = autoencoder(
        rng=rng(), kind=kind, in_channels=channels, image_size=size, latent_size=latent_size, **F64
    )
    check_gradients(shake(model), normal(3, channels, size, size))


def test_the_dense_layers_one_by_one():
    """A ReLU between any two linear layers, none at the code and at the pixels."""
    model = shake(autoencoder(rng=rng(), image_size=5, **F64))
    p, images = model.parameters, normal(3, 1, 5, 5)

    def linear(x, name):
        return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    h = np.maximum(linear(images.reshape(3, 25), "encoder.linear1"), 0)
    z = linear(np.maximum(linear(h, "encoder.linear2"), 0), "encoder.code")
    h = np.maximum(linear(z, "decoder.linear1"), 0)
    logits = linear(np.maximum(linear(h, "decoder.linear2"), 0), "decoder.pixels")
    np.testing.assert_allclose(model(images), logits.reshape(3, 1, 5, 5), atol=1e-12)


@each_kind
@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32)])
def test_the_way_in_and_the_way_out(kind, channels, size):
    """From images to codes and back to as many pixels; float32 all along."""
    model = autoencoder(rng=rng(), kind=kind, in_channels=channels, image_size=size, latent_size=5)
    images = np.ones((2, channels, size, size), np.float32)
    z, logits = model["encoder"](images), model(images)
    assert (z.shape, z.dtype) == ((2, 5), np.float32)
    assert (logits.shape, logits.dtype) == (images.shape, np.float32)
    assert model.output_shape(images.shape[1:]) == images.shape[1:]
    assert nn.summary(model, images.shape[1:]).parameters == sum(p.size for p in model.parameters.values())


def test_parameters_by_hand():
    dense = nn.summary(autoencoder(rng=rng()), (1, 28, 28))
    encoder = 785 * 256 + 257 * 64 + 65 * 2
    decoder = 3 * 64 + 65 * 256 + 257 * 784
    assert dense.parameters == encoder + decoder == 435_858
    assert dense.macs == 2 * (784 * 256 + 256 * 64 + 64 * 2)
    convolutional = nn.summary(autoencoder(rng=rng(), kind="convolutional"), (1, 28, 28))
    encoder = 16 * (16 + 1) + 32 * (16 * 16 + 1) + (32 * 49 + 1) * 2
    decoder = 3 * 32 * 49 + 16 * (32 * 16) + 16 + 16 * 16 + 1
    assert convolutional.parameters == encoder + decoder == 24_803
    # a transposed convolution costs what the convolution does whose mirror image it is
    assert convolutional.macs == 2 * (14 * 14 * 16 * 16 + 7 * 7 * 32 * 256 + 32 * 49 * 2)


def test_an_encoder_without_its_last_layer_is_for_heads_of_ones_own():
    assert image_encoder(None, rng=rng()).output_shape((1, 28, 28)) == (64,)
    assert image_encoder(None, rng=rng(), kind="convolutional").output_shape((1, 28, 28)) == (32 * 7 * 7,)
    assert "code.weight" not in image_encoder(None, rng=rng()).parameters


@each_kind
def test_the_same_rng_gives_the_same_weights(kind):
    one, two = (autoencoder(rng=rng(3), kind=kind).parameters for _ in range(2))
    other = autoencoder(rng=rng(4), kind=kind).parameters
    for name, p in one.items():
        np.testing.assert_array_equal(p, two[name])
        assert name.endswith("bias") or (p != other[name]).any()


def small_data():
    data = load_mnist5k()
    return data.train_images[:1000], data.test_images[:200]


def reconstruction_error(model, images, clean):
    return float(np.mean((sigmoid(model(images)) - clean) ** 2))


@each_kind
def test_digits_come_back_through_sixteen_numbers(kind):
    """Compared with the best answer of one who knows nothing of the image, the mean of all."""
    train, test = small_data()
    model = autoencoder(rng=rng(1), kind=kind, latent_size=16)
    adam = Adam(model.parameters, lr=2e-3)
    history = fit(model, train, train, optimiser=adam, num_epochs=12, batch_size=32, rng=rng(2), loss=LOSS)
    assert history.loss[-1] < history.loss[0]
    assert reconstruction_error(model, test, test) < 0.5 * np.mean((train.mean(axis=0) - test) ** 2)


def test_it_learns_to_remove_noise():
    """Noisy images in, clean ones as labels: what comes out is far nearer to the clean ones than what went in."""
    train, test = small_data()
    model = autoencoder(rng=rng(1), latent_size=32)

    def noisy(images, rng):
        return images + 0.5 * rng.standard_normal(images.shape)

    adam = Adam(model.parameters, lr=2e-3)
    options = {"num_epochs": 8, "batch_size": 32, "rng": rng(2), "augment": noisy, "loss": LOSS}
    fit(model, train, train, optimiser=adam, **options)
    x = noisy(test, rng(3)).astype(np.float32)
    assert reconstruction_error(model, x, test) < 0.25 * np.mean((x - test) ** 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: autoencoder(rng=rng(), kind="linear"), ValueError, "kind must be one of 'dense', 'convolutional',"),
        (lambda: autoencoder(rng=rng(), latent_size=0), ValueError, "must be at least 1, got 0"),
        (lambda: image_decoder(0, rng=rng(), kind="convolutional"), ValueError, "latent_size must be at least 1, go"),
        (lambda: image_decoder(2, rng=rng(), out_channels=0), ValueError, "out_channels must be at least 1, got 0"),
        (lambda: image_encoder(2, rng=rng(), in_channels=0), ValueError, "in_channels must be at least 1, got 0"),
        (lambda: autoencoder(rng=rng(), image_size=0), ValueError, "image_size must be at least 1, got 0"),
        (
            lambda: autoencoder(rng=rng(), image_size=30, kind="convolutional"),
            ValueError,
            "image_size must be a multiple of 4 for the convolutional kind, got 30",
        ),
        (lambda: autoencoder(rng=rng(), image_size=28.0), TypeError, "image_size must be an integer"),
        (lambda: autoencoder(rng=0), TypeError, "rng must be a numpy Generator"),
        (lambda: autoencoder(rng=rng(), dtype=int), TypeError, "dtype must be float32 or float64"),
    ],
)  # fmt: skip
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
