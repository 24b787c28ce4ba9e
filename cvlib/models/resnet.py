"""Residual networks: blocks that learn what to add to their input, so that depth does no harm."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import Pair, integer, pair
from cvlib.init import glorot_uniform
from cvlib.nn import BatchNorm, Chain, Conv2d, GlobalAvgPool2d, Identity, Layer, Linear, ReLU, Sum

_EXPANSION = 4  # a bottleneck has a quarter of the block's channels


def residual_block(
    in_channels: int,
    out_channels: int,
    *,
    rng: np.random.Generator,
    stride: Pair = 1,
    skip: bool = True,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return two 3 x 3 convolutions with batch norm, and a skip around them.

    .. math:: y = \operatorname{relu}(F(x) + x), \qquad
        F(x) = \operatorname{norm}_2(W_2 * \operatorname{relu}(\operatorname{norm}_1(W_1 * x)))

    Where the shape changes, x goes through a 1 x 1 convolution :math:`W_s` of the same stride and batch norm. The
    convolutions have no bias: batch norm would subtract it again.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps that go in and come out.
    rng : numpy.random.Generator
        Draws the weights.
    stride : int or pair of int
        Of the first convolution.
    skip : bool
        Without it the block is a pair of layers of the paper's plain net, relu(F(x)).
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in, (N, out_channels, H', W') comes out, H' = ceil(H / stride).

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, arXiv:1512.03385, section
    3.2, equations 1 and 2.

    Examples
    --------
    >>> residual_block(16, 16, rng=np.random.default_rng(0))
    Chain(
      sum: Sum(
        residual: Chain(
          conv1: Conv2d(16, 16, 3, padding=1, bias=False)
          norm1: BatchNorm(16)
          relu1: ReLU()
          conv2: Conv2d(16, 16, 3, padding=1, bias=False)
          norm2: BatchNorm(16)
        )
        skip: Identity()
      )
      relu2: ReLU()
    )
    """
    random = {"rng": rng, "dtype": dtype}
    layers = {
        "conv1": Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False, **random),
        "norm1": BatchNorm(out_channels, dtype=dtype),
        "relu1": ReLU(),
        "conv2": Conv2d(out_channels, out_channels, 3, padding=1, bias=False, **random),
        "norm2": BatchNorm(out_channels, dtype=dtype),
    }
    if not skip:
        return Chain(**layers, relu2=ReLU())
    around = _skip(in_channels, out_channels, stride, **random)
    return Chain(sum=Sum(residual=Chain(**layers), skip=around), relu2=ReLU())


def bottleneck_block(
    in_channels: int,
    out_channels: int,
    *,
    rng: np.random.Generator,
    stride: Pair = 1,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return the block of ResNet-50 and deeper: 1 x 1, 3 x 3, 1 x 1, and a skip around them.

    .. math:: y = \operatorname{relu}(F(x) + x)

    The first convolution reduces the channels to a quarter of ``out_channels``, the last restores them, so that the
    costly one in the middle has few. Where the shape changes, the skip is as in :func:`residual_block`. What differs
    from the paper: ``stride`` is that of the 3 x 3 convolution, as in most later programs. In the paper's nets it is
    that of the first 1 x 1, which then never sees three quarters of the pixels.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps that go in and come out; ``out_channels`` is a multiple of 4.
    rng : numpy.random.Generator
        Draws the weights.
    stride : int or pair of int
        Of the 3 x 3 convolution.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in, (N, out_channels, H', W') comes out, H' = ceil(H / stride).

    Raises
    ------
    ValueError
        If ``out_channels`` is no multiple of 4, or a size is below 1.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, arXiv:1512.03385, section 4.1
    and figure 5.

    Examples
    --------
    The two blocks of figure 5, each with about 70,000 weights, though the second has four times the channels:

    >>> rng = np.random.default_rng(0)
    >>> for block in residual_block(64, 64, rng=rng), bottleneck_block(256, 256, rng=rng):
    ...     print(sum(p.size for p in block.parameters.values()))
    73984
    70400
    """
    random = {"rng": rng, "dtype": dtype}
    hidden = integer("out_channels", out_channels, minimum=1) // _EXPANSION
    if out_channels % _EXPANSION:
        raise ValueError(f"out_channels must be a multiple of {_EXPANSION}, got {out_channels}")
    residual = Chain(
        conv1=Conv2d(in_channels, hidden, 1, bias=False, **random),
        norm1=BatchNorm(hidden, dtype=dtype),
        relu1=ReLU(),
        conv2=Conv2d(hidden, hidden, 3, stride=stride, padding=1, bias=False, **random),
        norm2=BatchNorm(hidden, dtype=dtype),
        relu2=ReLU(),
        conv3=Conv2d(hidden, out_channels, 1, bias=False, **random),
        norm3=BatchNorm(out_channels, dtype=dtype),
    )
    around = _skip(in_channels, out_channels, stride, **random)
    return Chain(sum=Sum(residual=residual, skip=around), relu3=ReLU())


def resnet(
    *,
    rng: np.random.Generator,
    depth: int = 20,
    num_classes: int = 10,
    in_channels: int = 1,
    width: int = 16,
    skips: bool = True,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return a residual network for small images: 6n + 2 layers, in three stages of n blocks with two each.

    A convolution comes first; the stages have 16, 32 and 64 maps, and the second and the third halve the size; at the
    end stand the means of the maps and a linear layer. With three channels in the image, ``skips=False`` gives the
    paper's plain nets, 269,722 parameters for 20 layers and 853,018 for 56. What differs from the paper: where the
    shape changes the skip has a projection, its option B, 2,752 parameters in all. In its nets for small images the
    new maps of the skip are zeros instead, option A, and plain and residual nets have equally many parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    depth : int
        8, 14, 20, ...: the layers with weights, projections aside.
    num_classes, in_channels : int
        Classes, and channels of the image.
    width : int
        Maps of the first stage; the others have 2 and 4 times as many.
    skips : bool
        Whether the blocks have skips.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) of any size goes in, logits (N, num_classes) come out.

    Raises
    ------
    ValueError
        If ``depth`` is not 6n + 2, or a size is below 1.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, arXiv:1512.03385, section 4.2
    and table 6.

    Examples
    --------
    >>> model = resnet(rng=np.random.default_rng(0), depth=8, width=8)
    >>> model(np.ones((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    >>> list(model.layers)
    ['conv', 'norm', 'relu', 'stage1', 'stage2', 'stage3', 'pool', 'linear']
    """
    random = {"rng": rng, "dtype": dtype}
    blocks, rest = divmod(integer("depth", depth, minimum=8) - 2, 6)
    if rest:
        raise ValueError(f"depth must be 6n + 2, such as 8, 14 or 20, got {depth}")
    width = integer("width", width, minimum=1)
    return Chain(
        conv=Conv2d(in_channels, width, 3, padding=1, bias=False, **random),
        norm=BatchNorm(width, dtype=dtype),
        relu=ReLU(),
        stage1=_stage(blocks, width, width, stride=1, skip=skips, **random),
        stage2=_stage(blocks, width, 2 * width, stride=2, skip=skips, **random),
        stage3=_stage(blocks, 2 * width, 4 * width, stride=2, skip=skips, **random),
        pool=GlobalAvgPool2d(),
        linear=Linear(4 * width, num_classes, init=glorot_uniform, **random),
    )


def _stage(
    num_blocks: int,
    in_channels: int,
    out_channels: int,
    *,
    stride: int,
    skip: bool,
    rng: np.random.Generator,
    dtype: DTypeLike,
) -> Chain:
    """Return blocks of one size; the first changes the shape."""
    options = {"skip": skip, "rng": rng, "dtype": dtype}
    blocks = {"block1": residual_block(in_channels, out_channels, stride=stride, **options)}
    for number in range(2, num_blocks + 1):
        blocks[f"block{number}"] = residual_block(out_channels, out_channels, **options)
    return Chain(**blocks)


def _skip(
    in_channels: int, out_channels: int, stride: Pair, *, rng: np.random.Generator, dtype: DTypeLike
) -> Layer:
    """Return what leads x around a block: nothing at all, or a projection where the shape changes."""
    if in_channels == out_channels and pair("stride", stride, minimum=1) == (1, 1):
        return Identity()
    return Chain(
        conv=Conv2d(in_channels, out_channels, 1, stride=stride, bias=False, rng=rng, dtype=dtype),
        norm=BatchNorm(out_channels, dtype=dtype),
    )
