"""A fully convolutional net: a class for every pixel, from maps at several scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import integer
from cvlib.init import bilinear, float_dtype
from cvlib.models._stages import stage
from cvlib.nn import Chain, Conv2d, ConvTranspose2d, Layer, ReLU, Sum


def fcn(
    *,
    rng: np.random.Generator,
    num_classes: int = 4,
    in_channels: int = 3,
    width: int = 16,
    skips: bool = True,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return a net in the form of FCN-8s: coarse scores say what there is, skips from finer maps say where.

    Three stages halve the maps to 1/2, 1/4 and 1/8 of the image. Scores :math:`s_k = W_k * x_k` of the classes are
    read off each by a 1 x 1 convolution, and the coarser ones, enlarged twice, are added to the finer:

    .. math::

        y = \operatorname{up}\big(s_1 + \operatorname{up}(s_2 + \operatorname{up}(s_3))\big)

    Up is a transposed convolution that starts as bilinear interpolation and learns from there; the scores start at 0,
    so that an untrained net finds all classes equally likely everywhere. Without skips, as in FCN-32s,
    :math:`y = \operatorname{up}_8(s_3)` enlarges the coarsest scores at a stroke.

    What differs from the paper: there the stages are those of VGG-16, trained on ImageNet before, the skips come from
    1/8, 1/16 and 1/32 of the image, and the last upsampling stays bilinear. It pads the image by 100 pixels and crops
    in the end, for images of any size; here sizes that are multiples of 8 do without.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    num_classes, in_channels : int
        Classes, the background among them, and channels of the image.
    width : int
        Maps of the first stage; the others have 2 and 4 times as many.
    skips : bool
        Whether the finer maps have a say.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in, H and W multiples of 8; logits (N, num_classes, H, W) come out, for
        :func:`cvlib.losses.pixel_cross_entropy`.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015,
    arXiv:1411.4038, section 4.2 and figure 3.

    Examples
    --------
    >>> model = fcn(rng=np.random.default_rng(0))
    >>> model(np.ones((2, 3, 32, 48), np.float32)).shape
    (2, 4, 32, 48)
    >>> list(model.layers), list(model["scores1"].layers)
    (['stage1', 'scores1', 'up1'], ['skip', 'coarser'])
    """
    random = {"rng": rng, "dtype": dtype}
    width, classes = integer("width", width, minimum=1), integer("num_classes", num_classes, minimum=1)
    stages = [stage(in_channels, width, **random)]
    stages += [stage(factor * width, 2 * factor * width, **random) for factor in (1, 2)]
    deepest = Chain(
        conv=Conv2d(4 * width, 4 * width, 3, padding=1, **random),
        relu=ReLU(),
        score=_score(4 * width, classes, **random),
    )
    if not skips:
        stages = {f"stage{number}": layer for number, layer in enumerate(stages, start=1)}
        return Chain(**stages, scores3=deepest, up=_up(classes, 8, **random))
    coarser: Layer = Chain(stage3=stages[2], scores3=deepest, up3=_up(classes, 2, **random))
    for number in (2, 1):
        fused = Sum(skip=_score(number * width, classes, **random), coarser=coarser)
        layers = {f"stage{number}": stages[number - 1], f"scores{number}": fused}
        coarser = Chain(**layers, **{f"up{number}": _up(classes, 2, **random)})
    return coarser


def _score(in_channels: int, num_classes: int, **random: object) -> Conv2d:
    """Return the classes' scores of every pixel of the maps."""
    return Conv2d(in_channels, num_classes, 1, init=_zeros, **random)


def _up(num_classes: int, factor: int, **random: object) -> ConvTranspose2d:
    """Return what enlarges scores, class by class to begin with."""
    return ConvTranspose2d(
        num_classes, num_classes, 2 * factor, stride=factor, padding=factor // 2, bias=False, init=bilinear, **random
    )  # fmt: skip


def _zeros(shape: Sequence[int], *, rng: np.random.Generator, dtype: DTypeLike) -> np.ndarray:
    """Return weights with no opinion."""
    return np.zeros(shape, float_dtype(dtype))
