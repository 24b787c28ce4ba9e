"""Autoencoders: an image through a narrow place and back, so that the narrow place must hold what matters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import choice, integer
from cvlib.init import glorot_uniform
from cvlib.nn import Chain, Conv2d, ConvTranspose2d, Flatten, Layer, Linear, ReLU, Unflatten

_KINDS = ("dense", "convolutional")
_HIDDEN_SIZES = (256, 64)
_CHANNELS = (16, 32)


def autoencoder(
    *,
    rng: np.random.Generator,
    latent_size: int = 2,
    kind: str = "dense",
    in_channels: int = 1,
    image_size: int = 28,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return an encoder and a decoder in a row, to be trained with the images as their own labels.

    .. math:: z = f(x), \qquad \hat x = \sigma(g(z))

    The code z has ``latent_size`` numbers, far fewer than the image has pixels. The decoder ends in logits: train with
    :func:`cvlib.losses.binary_cross_entropy_with_logits`, and look at :func:`cvlib.ops.sigmoid` of them. For a
    denoising autoencoder (Vincent et al. 2008) train the same model with ``augment`` of :func:`cvlib.train.fit`: noisy
    images go in, the labels stay clean.

    The dense kind has the layers 784 - 256 - 64 - code - 64 - 256 - 784 for a digit, 435,858 parameters with a code
    of 2; the convolutional kind, with 24,803, halves and doubles the size twice. The paper's net for digits is deeper,
    784 - 1000 - 500 - 250 - 30, with sigmoids inside, and was trained layer by layer first; with ReLUs, Adam and
    today's initial weights that is no longer needed.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    latent_size : int
        Numbers of the code; 2 for a plane to walk in.
    kind : {"dense", "convolutional"}
        Of what the encoder and the decoder are made.
    in_channels, image_size : int
        Channels, and height and width in pixels, of the images. For the convolutional kind the size must be a
        multiple of 4.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        ``encoder`` and ``decoder``: images (N, C, H, W) go in, logits (N, C, H, W) come out.

    Raises
    ------
    ValueError
        If a size is below 1 or no multiple of 4, or the kind unknown.

    References
    ----------
    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313 (2006) 504-507,
    doi:10.1126/science.1127647.
    Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features with denoising autoencoders",
    ICML 2008, doi:10.1145/1390156.1390294.

    Examples
    --------
    >>> model = autoencoder(rng=np.random.default_rng(0), latent_size=2)
    >>> images = np.ones((5, 1, 28, 28), np.float32)
    >>> model["encoder"](images).shape, model(images).shape
    ((5, 2), (5, 1, 28, 28))
    """
    shared = {"rng": rng, "kind": kind, "image_size": image_size, "dtype": dtype}
    return Chain(
        encoder=image_encoder(latent_size, in_channels=in_channels, **shared),
        decoder=image_decoder(latent_size, out_channels=in_channels, **shared),
    )


def image_encoder(
    out_features: int | None,
    *,
    rng: np.random.Generator,
    kind: str = "dense",
    in_channels: int = 1,
    image_size: int = 28,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return layers from images to a few numbers: dense ones of 256 and 64, or two convolutions of stride 2.

    Parameters
    ----------
    out_features : int or None
        Numbers of the code. With None the last linear layer is missing, for heads of your own: what comes out then
        has 64 numbers (dense) or 32 maps in a row (convolutional).
    rng : numpy.random.Generator
        Draws the weights.
    kind : {"dense", "convolutional"}
        Of what it is made.
    in_channels, image_size : int
        Channels, and height and width in pixels, of the images.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in, (N, out_features) comes out.

    Raises
    ------
    ValueError
        As :func:`autoencoder` says.

    Examples
    --------
    >>> image_encoder(2, rng=np.random.default_rng(0), kind="convolutional")
    Chain(
      conv1: Conv2d(1, 16, 4, stride=2, padding=1)
      relu1: ReLU()
      conv2: Conv2d(16, 32, 4, stride=2, padding=1)
      relu2: ReLU()
      flatten: Flatten()
      code: Linear(1568, 2)
    )
    """
    random = {"rng": rng, "dtype": dtype}
    shape = _shape(kind, in_channels, image_size)
    if kind == "dense":
        layers = {"flatten": Flatten(), **_dense((math.prod(shape), *_HIDDEN_SIZES), **random)}
    else:
        first, second = _CHANNELS
        layers = {
            "conv1": Conv2d(in_channels, first, 4, stride=2, padding=1, **random),
            "relu1": ReLU(),
            "conv2": Conv2d(first, second, 4, stride=2, padding=1, **random),
            "relu2": ReLU(),
            "flatten": Flatten(),
        }
    if out_features is not None:
        (features,) = Chain(**layers).output_shape(shape)
        layers["code"] = Linear(features, out_features, init=glorot_uniform, **random)
    return Chain(**layers)


def image_decoder(
    latent_size: int,
    *,
    rng: np.random.Generator,
    kind: str = "dense",
    out_channels: int = 1,
    image_size: int = 28,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return the mirror image of :func:`image_encoder`: from a code to the logits of the pixels.

    Parameters
    ----------
    latent_size : int
        Numbers of the code.
    rng : numpy.random.Generator
        Draws the weights.
    kind : {"dense", "convolutional"}
        Of what it is made: linear layers, or transposed convolutions of stride 2.
    out_channels, image_size : int
        Channels, and height and width in pixels, of the images.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, latent_size) goes in, logits (N, out_channels, H, W) come out.

    Raises
    ------
    ValueError
        As :func:`autoencoder` says.

    Examples
    --------
    >>> image_decoder(2, rng=np.random.default_rng(0), kind="convolutional")
    Chain(
      linear: Linear(2, 1568)
      relu1: ReLU()
      unflatten: Unflatten((32, 7, 7))
      conv1: ConvTranspose2d(32, 16, 4, stride=2, padding=1)
      relu2: ReLU()
      conv2: ConvTranspose2d(16, 1, 4, stride=2, padding=1)
    )
    """
    random = {"rng": rng, "dtype": dtype}
    shape = _shape(kind, out_channels, image_size, name="out_channels")
    latent_size = integer("latent_size", latent_size, minimum=1)
    if kind == "dense":
        hidden = _dense((latent_size, *reversed(_HIDDEN_SIZES)), **random)
        pixels = Linear(_HIDDEN_SIZES[0], math.prod(shape), init=glorot_uniform, **random)
        return Chain(**hidden, pixels=pixels, unflatten=Unflatten(shape))
    first, second = _CHANNELS
    maps = (second, image_size // 4, image_size // 4)
    return Chain(
        linear=Linear(latent_size, math.prod(maps), **random),
        relu1=ReLU(),
        unflatten=Unflatten(maps),
        conv1=ConvTranspose2d(second, first, 4, stride=2, padding=1, **random),
        relu2=ReLU(),
        conv2=ConvTranspose2d(first, out_channels, 4, stride=2, padding=1, **random),
    )


def _shape(kind: str, channels: int, image_size: int, *, name: str = "in_channels") -> tuple[int, int, int]:
    """Return (C, H, W) of the images, once they suit the kind."""
    choice("kind", kind, _KINDS)
    channels = integer(name, channels, minimum=1)
    if integer("image_size", image_size, minimum=1) % 4 and kind == "convolutional":
        raise ValueError(f"image_size must be a multiple of 4 for the convolutional kind, got {image_size}")
    return channels, image_size, image_size


def _dense(sizes: Sequence[int], **random: object) -> dict[str, Layer]:
    """Return linear layers between these sizes, a ReLU behind each, under their names."""
    layers: dict[str, Layer] = {}
    for number, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        layers[f"linear{number}"] = Linear(inputs, outputs, **random)
        layers[f"relu{number}"] = ReLU()
    return layers
