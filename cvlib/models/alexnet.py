"""AlexNet, the network whose victory of 2012 turned computer vision to deep learning."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import integer
from cvlib.init import glorot_uniform
from cvlib.nn import Chain, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from cvlib.shapes import conv_output_size


def alexnet(
    *,
    rng: np.random.Generator,
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 227,
    width: int = 32,
    hidden_features: int = 4096,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return AlexNet with its two groups: 60,965,224 parameters, in five convolutions and three linear layers.

    The 2nd, 4th and 5th convolution have two groups of channels that do not see each other: in 2012 each lay on a
    graphics card of its own. Pooling windows are 3 x 3 with stride 2, so neighbours overlap. What differs from the
    paper:

    * The local response normalisation behind the first two convolutions is left out. It has no parameters, and later
      networks did without it.
    * Images have 227 x 227 pixels. The paper says 224, but its 55 x 55 maps need (227 - 11) / 4 + 1 = 55.
    * Weights start with He's spread and biases at 0. The paper draws all weights with standard deviation 0.01, and
      some of its biases start at 1.

    :data:`cvlib.counting.ALEXNET` is the same network on paper.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, and the masks of dropout.
    num_classes, in_channels : int
        Classes, and channels of the image.
    image_size : int
        Height and width of the image in pixels, at least 67.
    width : int
        An even number; the convolutions have 3, 8, 12, 12 and 8 times as many filters.
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
        If the image is too small, ``width`` odd, or another size below 1.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012.

    Examples
    --------
    A small one; the size in full is 244 MB of float32:

    >>> model = alexnet(rng=np.random.default_rng(0), num_classes=10, image_size=67, width=2, hidden_features=16)
    >>> model(np.ones((1, 3, 67, 67), np.float32)).shape
    (1, 10)
    """
    random = {"rng": rng, "dtype": dtype}
    if integer("width", width, minimum=1) % 2:
        raise ValueError(f"width must be even, as the maps go in two groups, got {width}")
    side = conv_output_size(integer("image_size", image_size, minimum=67), 11, stride=4)
    for _ in range(3):  # poolings; the other convolutions keep the size
        side = conv_output_size(side, 3, stride=2)
    return Chain(
        conv1=Conv2d(in_channels, 3 * width, 11, stride=4, **random),
        relu1=ReLU(),
        pool1=MaxPool2d(3, stride=2),
        conv2=Conv2d(3 * width, 8 * width, 5, padding=2, groups=2, **random),
        relu2=ReLU(),
        pool2=MaxPool2d(3, stride=2),
        conv3=Conv2d(8 * width, 12 * width, 3, padding=1, **random),
        relu3=ReLU(),
        conv4=Conv2d(12 * width, 12 * width, 3, padding=1, groups=2, **random),
        relu4=ReLU(),
        conv5=Conv2d(12 * width, 8 * width, 3, padding=1, groups=2, **random),
        relu5=ReLU(),
        pool5=MaxPool2d(3, stride=2),
        **fully_connected(8 * width * side * side, hidden_features, num_classes, **random),
    )


def fully_connected(
    in_features: int,
    hidden_features: int,
    num_classes: int,
    *,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float32,
) -> dict[str, Layer]:
    """Return the end of AlexNet, which VGG-16 has too: three linear layers, with dropout behind the hidden ones.

    Parameters
    ----------
    in_features, hidden_features, num_classes : int
        Numbers in the flattened maps, outputs of the two hidden layers, and outputs of the last.
    rng : numpy.random.Generator
        Draws the weights, and the masks of dropout.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    dict of str to Layer
        To stand at the end of a :class:`cvlib.nn.Chain`.

    Examples
    --------
    >>> layers = fully_connected(9216, 64, 10, rng=np.random.default_rng(0))
    >>> [name for name, layer in layers.items() if layer.parameters]
    ['linear6', 'linear7', 'linear8']
    """
    random = {"rng": rng, "dtype": dtype}
    return {
        "flatten": Flatten(),
        "linear6": Linear(in_features, hidden_features, **random),
        "relu6": ReLU(),
        "dropout6": Dropout(0.5, rng=rng),
        "linear7": Linear(hidden_features, hidden_features, **random),
        "relu7": ReLU(),
        "dropout7": Dropout(0.5, rng=rng),
        "linear8": Linear(hidden_features, num_classes, init=glorot_uniform, **random),
    }
