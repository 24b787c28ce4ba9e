"""Densely connected networks: every layer reads the maps of all layers before it in its block."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import integer, within
from cvlib.init import glorot_uniform
from cvlib.nn import (
    AvgPool2d,
    BatchNorm,
    Chain,
    Concat,
    Conv2d,
    GlobalAvgPool2d,
    Identity,
    Layer,
    Linear,
    ReLU,
)

_STAGES = 3
_BOTTLENECK = 4  # a 1 x 1 convolution first makes this many maps for each new one


def dense_layer(
    in_channels: int,
    growth_rate: int,
    *,
    rng: np.random.Generator,
    bottleneck: bool = False,
    dtype: DTypeLike = np.float32,
) -> Concat:
    r"""Return a layer that adds k = ``growth_rate`` maps to those it got.

    .. math:: y = \big[ x,\; W * \operatorname{relu}(\operatorname{norm}(x)) \big]

    Parameters
    ----------
    in_channels, growth_rate : int
        Maps that go in, and maps that come in addition.
    rng : numpy.random.Generator
        Draws the weights.
    bottleneck : bool
        Whether norm, ReLU and a 1 x 1 convolution to 4k maps come first (DenseNet-B).
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Concat
        (N, C, H, W) goes in, (N, C + k, H, W) comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017,
    arXiv:1608.06993, section 3, equation 2.

    Examples
    --------
    >>> dense_layer(16, 12, rng=np.random.default_rng(0))
    Concat(
      before: Identity()
      new: Chain(
        norm: BatchNorm(16)
        relu: ReLU()
        conv: Conv2d(16, 12, 3, padding=1, bias=False)
      )
    )
    """
    random = {"rng": rng, "dtype": dtype}
    channels = in_channels = integer("in_channels", in_channels, minimum=1)
    growth_rate = integer("growth_rate", growth_rate, minimum=1)
    reduce: dict[str, Layer] = {}
    if bottleneck:
        channels = _BOTTLENECK * growth_rate
        reduce = {
            "reduce_norm": BatchNorm(in_channels, dtype=dtype),
            "reduce_relu": ReLU(),
            "reduce_conv": Conv2d(in_channels, channels, 1, bias=False, **random),
        }
    new = Chain(
        **reduce,
        norm=BatchNorm(channels, dtype=dtype),
        relu=ReLU(),
        conv=Conv2d(channels, growth_rate, 3, padding=1, bias=False, **random),
    )
    return Concat(before=Identity(), new=new)


def dense_block(
    num_layers: int,
    in_channels: int,
    growth_rate: int,
    *,
    rng: np.random.Generator,
    bottleneck: bool = False,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return dense layers in a row.

    .. math:: x_l = \big[ x_0, x_1', \ldots, x_l' \big], \qquad
        \text{layer } l \text{ reads } k_0 + k (l - 1) \text{ maps}

    with :math:`k_0` the maps that go in and k the growth rate.

    Parameters
    ----------
    num_layers : int
        At least 1.
    in_channels, growth_rate : int
        Maps that go in, and maps that every layer adds.
    rng, bottleneck, dtype
        As in :func:`dense_layer`.

    Returns
    -------
    Chain
        (N, C, H, W) goes in, (N, C + num_layers k, H, W) comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017,
    arXiv:1608.06993, section 3, figure 1.

    Examples
    --------
    The block of figure 1: five layers, growth rate 4.

    >>> block = dense_block(5, 6, 4, rng=np.random.default_rng(0))
    >>> [layer["new"]["conv"].in_channels for layer in block], block.output_shape((6, 8, 8))
    ([6, 10, 14, 18, 22], (26, 8, 8))
    """
    num_layers = integer("num_layers", num_layers, minimum=1)
    in_channels = integer("in_channels", in_channels, minimum=1)
    growth_rate = integer("growth_rate", growth_rate, minimum=1)
    options = {"rng": rng, "bottleneck": bottleneck, "dtype": dtype}
    layers = {
        f"layer{place + 1}": dense_layer(in_channels + growth_rate * place, growth_rate, **options)
        for place in range(num_layers)
    }
    return Chain(**layers)


def transition(
    in_channels: int, out_channels: int, *, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> Chain:
    """Return what stands between two dense blocks: norm, ReLU, a 1 x 1 convolution, and 2 x 2 means.

    Maps of different sizes cannot be joined, so the size changes between the blocks. The paper's text does not name
    the ReLU, its authors' program has it.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps that go in and come out.
    rng : numpy.random.Generator
        Draws the weights.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) goes in, (N, out_channels, H // 2, W // 2) comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017,
    arXiv:1608.06993, section 3.

    Examples
    --------
    >>> transition(26, 13, rng=np.random.default_rng(0)).output_shape((26, 8, 8))
    (13, 4, 4)
    """
    return Chain(
        norm=BatchNorm(integer("in_channels", in_channels, minimum=1), dtype=dtype),
        relu=ReLU(),
        conv=Conv2d(in_channels, out_channels, 1, bias=False, rng=rng, dtype=dtype),
        pool=AvgPool2d(2),
    )


def densenet(
    *,
    rng: np.random.Generator,
    depth: int = 40,
    growth_rate: int = 12,
    num_classes: int = 10,
    in_channels: int = 1,
    first_channels: int = 16,
    bottleneck: bool = False,
    compression: float = 1.0,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return a densely connected network for small images: three dense blocks with transitions between them.

    A convolution comes first, then blocks and transitions; at the end stand norm, ReLU, the means of the maps and a
    linear layer. With three channels in the image, depth 40 and growth rate 12 this is the paper's DenseNet of 1.0
    million parameters: 1,019,722. What differs from the paper: the dropout of 0.2 that it adds when training without
    augmentation is left out.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    depth : int
        3n + 4: three blocks of n layers, the first convolution, two transitions and the linear layer. With
        ``bottleneck`` a dense layer counts twice, so 6n + 4.
    growth_rate : int
        Maps that every dense layer adds.
    num_classes, in_channels : int
        Classes, and channels of the image.
    first_channels : int
        Maps of the first convolution: 16 in the paper, and twice the growth rate for its DenseNet-BC.
    bottleneck : bool
        As in :func:`dense_layer`: DenseNet-B, and with ``compression=0.5`` DenseNet-BC.
    compression : float
        Share of the maps that a transition keeps, rounded down; above 0, at most 1.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) of at least 4 x 4 pixels goes in, logits (N, num_classes) come out.

    Raises
    ------
    ValueError
        If ``depth`` or ``compression`` is not as described, or a size is below 1.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017,
    arXiv:1608.06993, section 3 and table 2.

    Examples
    --------
    >>> model = densenet(rng=np.random.default_rng(0), depth=13, growth_rate=8)
    >>> model(np.ones((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    >>> list(model.layers)[:4]
    ['conv', 'block1', 'transition1', 'block2']
    """
    random = {"rng": rng, "dtype": dtype}
    num_layers = _layers_per_block(depth, bottleneck)
    if within("compression", compression, 0, 1) == 0:
        raise ValueError("compression must be above 0, got 0")
    channels = integer("first_channels", first_channels, minimum=1)
    layers: dict[str, Layer] = {"conv": Conv2d(in_channels, channels, 3, padding=1, bias=False, **random)}
    for stage in range(1, _STAGES + 1):
        block = dense_block(num_layers, channels, growth_rate, bottleneck=bottleneck, **random)
        layers[f"block{stage}"] = block
        channels += num_layers * growth_rate
        if stage < _STAGES:
            kept = max(1, int(compression * channels))
            layers[f"transition{stage}"] = transition(channels, kept, **random)
            channels = kept
    return Chain(
        **layers,
        norm=BatchNorm(channels, dtype=dtype),
        relu=ReLU(),
        pool=GlobalAvgPool2d(),
        linear=Linear(channels, num_classes, init=glorot_uniform, **random),
    )


def _layers_per_block(depth: int, bottleneck: bool) -> int:
    per_layer = 6 if bottleneck else 3  # convolutions of one more layer in all three blocks
    num_layers, rest = divmod(integer("depth", depth, minimum=per_layer + 4) - 4, per_layer)
    if rest:
        raise ValueError(f"depth must be {per_layer}n + 4, such as {per_layer + 4}, got {depth}")
    return num_layers
