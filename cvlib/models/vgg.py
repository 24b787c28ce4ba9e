"""VGG-16: how far one gets with 3 x 3 convolutions alone, if there are many."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import integer
from cvlib.models.alexnet import fully_connected
from cvlib.nn import Chain, Conv2d, Layer, MaxPool2d, ReLU

# Convolutions of every stage, and their filters as multiples of the width.
_STAGES = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))


def vgg16(
    *,
    rng: np.random.Generator,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: int = 64,
    hidden_features: int = 4096,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return VGG-16, configuration D: 138,357,544 parameters, in 13 convolutions and three linear layers.

    All filters are 3 x 3 with padding 1 and keep the size; a pooling behind each of the five stages halves it. Two
    such convolutions see 5 x 5 pixels with 18 weights for each pair of channels, where one filter of that size has
    25. What differs from the paper: weights start with He's spread, with which 16 layers learn from the start. The
    paper trained a net of 11 layers first and took its weights over.

    :data:`cvlib.counting.VGG16` is the same network on paper.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, and the masks of dropout.
    num_classes, in_channels : int
        Classes, and channels of the image.
    image_size : int
        Height and width of the image in pixels, at least 32.
    width : int
        Filters in the first stage; the others have 2, 4, 8 and 8 times as many.
    hidden_features : int
        Outputs of the first and the second linear layer.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, image_size, image_size) goes in, logits (N, num_classes) come out.

    Raises
    ------
    ValueError
        If the image is too small, or another size below 1.

    References
    ----------
    Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
    arXiv:1409.1556, tables 1 and 2.

    Examples
    --------
    A small one; the size in full is 553 MB of float32:

    >>> model = vgg16(rng=np.random.default_rng(0), num_classes=10, image_size=32, width=4, hidden_features=16)
    >>> model(np.ones((1, 3, 32, 32), np.float32)).shape
    (1, 10)
    """
    random = {"rng": rng, "dtype": dtype}
    width = integer("width", width, minimum=1)
    side = integer("image_size", image_size, minimum=32) // 32
    layers: dict[str, Layer] = {}
    channels = in_channels
    for stage, (depth, factor) in enumerate(_STAGES, start=1):
        for place in range(1, depth + 1):
            layers[f"conv{stage}_{place}"] = Conv2d(channels, factor * width, 3, padding=1, **random)
            layers[f"relu{stage}_{place}"] = ReLU()
            channels = factor * width
        layers[f"pool{stage}"] = MaxPool2d(2)
    layers |= fully_connected(channels * side * side, hidden_features, num_classes, **random)
    return Chain(**layers)
