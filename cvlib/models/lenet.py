"""LeNet-5, the convolutional network that read the digits on bank cheques."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import choice, integer
from cvlib.init import glorot_uniform, he_normal
from cvlib.nn import AvgPool2d, Chain, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Tanh

_POOLINGS = {"max": MaxPool2d, "average": AvgPool2d}
_ACTIVATIONS = {"relu": (ReLU, he_normal), "tanh": (Tanh, glorot_uniform)}


def lenet5(
    *,
    rng: np.random.Generator,
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
    activation: str = "relu",
    pooling: str = "max",
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return LeNet-5 in its modern form: 61,706 parameters for 28 x 28 grey images and ten classes.

    Two convolutions with 5 x 5 filters (6, then 16), each followed by an activation and 2 x 2 pooling; then
    fully connected layers of 120, 84 and ``num_classes``. What differs from the paper of 1998:

    * 28 x 28 images with padding 2 stand for the 32 x 32 images of the paper. The maps have the same sizes.
    * ReLU and max pooling by default. The paper has a scaled tanh, 1.7159 tanh(2x/3), and sums over 2 x 2
      windows with a learned factor and bias; ``activation="tanh", pooling="average"`` comes near it.
    * Every filter of the second convolution sees all six maps. In the paper each saw three, four or all of
      them, by a hand-made table (1,516 parameters there, 2,416 here).
    * The last layer gives logits for the cross-entropy. The paper has radial basis functions, around a
      hand-drawn bitmap per class, and a loss of its own.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights: He's for ReLU, Glorot's for tanh.
    num_classes, in_channels : int
        Classes, and channels of the image.
    image_size : int
        Height and width of the image in pixels, at least 12.
    activation : {"relu", "tanh"}
        After every layer but the last.
    pooling : {"max", "average"}
        After each convolution.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, image_size, image_size) goes in, logits (N, num_classes) come out.

    Raises
    ------
    ValueError
        If the image is too small, or an option is unknown.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86 (1998) 2278-2324, doi:10.1109/5.726791.

    Examples
    --------
    >>> model = lenet5(rng=np.random.default_rng(0))
    >>> sum(p.size for p in model.parameters.values())
    61706
    """
    integer("image_size", image_size, minimum=12)
    act, init = _ACTIVATIONS[choice("activation", activation, tuple(_ACTIVATIONS))]
    pool = _POOLINGS[choice("pooling", pooling, tuple(_POOLINGS))]
    random = {"rng": rng, "init": init, "dtype": dtype}
    side = (image_size // 2 - 4) // 2  # padding keeps the size, each pooling halves it, a valid 5 x 5 takes 4
    return Chain(
        conv1=Conv2d(in_channels, 6, 5, padding=2, **random),
        activation1=act(),
        pool1=pool(2),
        conv2=Conv2d(6, 16, 5, **random),
        activation2=act(),
        pool2=pool(2),
        flatten=Flatten(),
        linear1=Linear(16 * side * side, 120, **random),
        activation3=act(),
        linear2=Linear(120, 84, **random),
        activation4=act(),
        linear3=Linear(84, num_classes, **random),
    )
