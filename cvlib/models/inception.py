"""Inception modules: filters of several sizes side by side, made cheap by 1 x 1 convolutions. And GoogLeNet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import integer
from cvlib.init import glorot_uniform
from cvlib.nn import (
    AvgPool2d,
    BatchNorm,
    Chain,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    Fork,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
)
from cvlib.shapes import conv_output_size

_COLUMNS = ("one", "three_reduce", "three", "five_reduce", "five", "pool")
_GOOGLENET = {  # table 1 of the paper
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def inception_module(
    in_channels: int,
    *,
    one: int,
    three_reduce: int | None,
    three: int,
    five_reduce: int | None,
    five: int,
    pool: int | None,
    rng: np.random.Generator,
    norm: bool = False,
    dtype: DTypeLike = np.float32,
) -> Concat:
    r"""Return an Inception module: 1 x 1, 3 x 3 and 5 x 5 convolutions and a pooling, side by side.

    .. math:: y = \big[ c_1(x),\; c_3(r_3(x)),\; c_5(r_5(x)),\; c_p(\operatorname{pool}(x)) \big]

    Each c is a convolution of that size with ReLU, c_p one of 1 x 1; each r is a 1 x 1 convolution with ReLU that
    reduces the maps beforehand. All keep height and width. With None in the place of all three reductions this is
    the paper's naive module, whose convolutions read all maps, and whose pooling passes on all of them.

    Parameters
    ----------
    in_channels : int
        Maps that go in.
    one, three, five : int
        Filters of size 1 x 1, 3 x 3 and 5 x 5.
    three_reduce, five_reduce : int or None
        Maps that the 3 x 3 and the 5 x 5 filters read; None without the convolution before them.
    pool : int or None
        Filters behind the pooling; None without a convolution there.
    rng : numpy.random.Generator
        Draws the weights.
    norm : bool
        Whether batch norm stands between every convolution, then without bias, and its ReLU. The first paper has
        none; the second reached the same accuracy in 14 times fewer steps with it.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Concat
        (N, in_channels, H, W) goes in, (N, one + three + five + pool, H, W) comes out.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv:1409.4842, section 4 and figure 2.
    Ioffe and Szegedy, "Batch normalization", ICML 2015, arXiv:1502.03167, section 4.2.

    Examples
    --------
    The first module of GoogLeNet, with the numbers of table 1:

    >>> sizes = {"one": 64, "three_reduce": 96, "three": 128, "five_reduce": 16, "five": 32, "pool": 32}
    >>> module = inception_module(192, **sizes, rng=np.random.default_rng(0))
    >>> module.output_shape((192, 28, 28)), module.macs((192, 28, 28))
    ((256, 28, 28), 128049152)
    >>> module["five"]
    Chain(
      reduce_conv: Conv2d(192, 16, 1)
      reduce_relu: ReLU()
      conv: Conv2d(16, 32, 5, padding=2)
      relu: ReLU()
    )
    """
    for name, filters in {"one": one, "three": three, "five": five}.items():
        integer(name, filters, minimum=1)
    for name, filters in {"three_reduce": three_reduce, "five_reduce": five_reduce, "pool": pool}.items():
        if filters is not None:
            integer(name, filters, minimum=1)
    options = {"norm": norm, "rng": rng, "dtype": dtype}
    pooled: dict[str, Layer] = {"pool": MaxPool2d(3, stride=1, padding=1)}
    if pool is not None:
        pooled |= _conv(in_channels, pool, 1, **options)
    return Concat(
        one=Chain(**_conv(in_channels, one, 1, **options)),
        three=_reduced(in_channels, three_reduce, three, 3, **options),
        five=_reduced(in_channels, five_reduce, five, 5, **options),
        pool=Chain(**pooled),
    )


def inception_net(
    *,
    rng: np.random.Generator,
    num_classes: int = 10,
    in_channels: int = 1,
    width: int = 8,
    norm: bool = True,
    auxiliary_head: bool = False,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return a small network of three Inception modules, for digits.

    A 3 x 3 convolution and a pooling come first, then two modules, a pooling and a third module; at the end stand the
    means of the maps and a linear layer. It is GoogLeNet's plan in small: two poolings less in front, three modules
    in the place of nine.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    num_classes, in_channels : int
        Classes, and channels of the image.
    width : int
        Scales all layers: the modules give 5, 8 and 12 times as many maps.
    norm : bool
        Whether there is batch norm behind every convolution.
    auxiliary_head : bool
        Whether a second classifier reads the maps of the second module. The output is then a pair, the main logits
        first, for :func:`cvlib.train.auxiliary_loss`.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, H, W) of at least 4 x 4 pixels goes in, logits (N, num_classes) come out, or two of them.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv:1409.4842.

    Examples
    --------
    >>> model = inception_net(rng=np.random.default_rng(0), auxiliary_head=True)
    >>> logits, auxiliary = model(np.ones((2, 1, 28, 28), np.float32))
    >>> logits.shape, auxiliary.shape
    ((2, 10), (2, 10))
    """
    random = {"rng": rng, "dtype": dtype}
    options = {"norm": norm, **random}
    k = integer("width", width, minimum=1)
    lower = {
        **_conv(in_channels, 2 * k, 3, **options),
        "pool1": MaxPool2d(2),
        "inception1": _module(2 * k, (k, k, 2 * k, k, k, k), **options),
        "inception2": _module(5 * k, (2 * k, 2 * k, 4 * k, k, k, k), **options),
    }
    upper = {
        "pool2": MaxPool2d(2),
        "inception3": _module(8 * k, (3 * k, 3 * k, 6 * k, k, 2 * k, k), **options),
        **_means(12 * k, num_classes, **random),
    }
    if not auxiliary_head:
        return Chain(**lower, **upper)
    auxiliary = Chain(**_means(8 * k, num_classes, **random))
    return Chain(**lower, heads=Fork(main=Chain(**upper), auxiliary=auxiliary))


def googlenet(
    *,
    rng: np.random.Generator,
    num_classes: int = 1000,
    auxiliary_heads: bool = True,
    in_channels: int = 3,
    image_size: int = 224,
    dtype: DTypeLike = np.float32,
) -> Chain:
    r"""Return GoogLeNet: 22 layers deep, nine Inception modules, 6,998,552 parameters and 6,379,728 in its extra heads.

    Two auxiliary heads, on modules 4a and 4d, give the layers below them a gradient that has not come the whole way;
    see :func:`cvlib.train.auxiliary_loss`. The heads change nothing in the main net: from the same seed it starts with
    the same weights, and after training they may be left unread. What differs from the paper:

    * The local response normalisation behind the first poolings is left out; it has no parameters.
    * Poolings have padding 1, and all sizes are halves, rounded up. The paper's sizes are the same.

    The sizes are those of the paper's table 1; parameters and MACs are counted from them, not taken from the table.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, and the masks of dropout.
    num_classes : int
        Classes.
    auxiliary_heads : bool
        Whether the two heads are there.
    in_channels, image_size : int
        Channels, and height and width in pixels, of the image. The auxiliary heads need at least 65 pixels, and no
        other size; without them any size will do.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, image_size, image_size) goes in; logits (N, num_classes) come out, with heads the nested pair
        ((main, auxiliary2), auxiliary1): the fork on 4d lies behind that on 4a.

    Raises
    ------
    ValueError
        If the image is too small for the auxiliary heads, or another size below 1.

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv:1409.4842, section 5, table 1 and figure 3.

    Examples
    --------
    >>> model = googlenet(rng=np.random.default_rng(0), num_classes=10, auxiliary_heads=False)
    >>> sum(p.size for p in model.parameters.values())
    5983802
    """
    random = {"rng": rng, "dtype": dtype}
    lower = {
        "conv1": Conv2d(in_channels, 64, 7, stride=2, padding=3, **random),
        "relu1": ReLU(),
        "pool1": MaxPool2d(3, stride=2, padding=1),
        "conv2_reduce": Conv2d(64, 64, 1, **random),
        "relu2_reduce": ReLU(),
        "conv2": Conv2d(64, 192, 3, padding=1, **random),
        "relu2": ReLU(),
        "pool2": MaxPool2d(3, stride=2, padding=1),
        **_modules(192, ("3a", "3b"), **random),
        "pool3": MaxPool2d(3, stride=2, padding=1),
        **_modules(480, ("4a",), **random),
    }
    middle = _modules(512, ("4b", "4c", "4d"), **random)
    upper = {
        **_modules(528, ("4e",), **random),
        "pool4": MaxPool2d(3, stride=2, padding=1),
        **_modules(832, ("5a", "5b"), **random),
        **_means(1024, num_classes, dropout=0.4, **random),
    }
    if not auxiliary_heads:
        return Chain(**lower, **middle, **upper)
    side = -(-integer("image_size", image_size, minimum=65) // 16)  # four times halved, rounded up
    auxiliary1, auxiliary2 = (_auxiliary_head(c, side, num_classes, **random) for c in (512, 528))
    second = Fork(main=Chain(**upper), auxiliary2=auxiliary2)
    return Chain(**lower, heads=Fork(main=Chain(**middle, heads=second), auxiliary1=auxiliary1))


def _module(in_channels: int, sizes: tuple[int, ...], **options: Any) -> Concat:
    return inception_module(in_channels, **dict(zip(_COLUMNS, sizes, strict=True)), **options)


def _modules(in_channels: int, names: tuple[str, ...], **random: Any) -> dict[str, Layer]:
    """Return modules of GoogLeNet, one behind the other."""
    modules = {}
    for name in names:
        modules[f"inception{name}"] = _module(in_channels, _GOOGLENET[name], **random)
        one, _, three, _, five, pool = _GOOGLENET[name]
        in_channels = one + three + five + pool
    return modules


def _reduced(in_channels: int, reduce: int | None, filters: int, kernel_size: int, **options: Any) -> Chain:
    """Return a convolution behind one that reduces the maps."""
    if reduce is None:
        return Chain(**_conv(in_channels, filters, kernel_size, **options))
    before = _conv(in_channels, reduce, 1, **options)
    return Chain(
        **{f"reduce_{name}": layer for name, layer in before.items()},
        **_conv(reduce, filters, kernel_size, **options),
    )


def _conv(
    in_channels: int,
    filters: int,
    kernel_size: int,
    *,
    norm: bool,
    rng: np.random.Generator,
    dtype: DTypeLike,
) -> dict[str, Layer]:
    """Return a convolution that keeps the size, batch norm if wanted, and ReLU."""
    options = {"padding": kernel_size // 2, "bias": not norm, "rng": rng, "dtype": dtype}
    return {
        "conv": Conv2d(in_channels, filters, kernel_size, **options),
        **({"norm": BatchNorm(filters, dtype=dtype)} if norm else {}),
        "relu": ReLU(),
    }


def _means(
    in_channels: int, num_classes: int, *, dropout: float | None = None, **random: Any
) -> dict[str, Layer]:
    """Return a classifier of the maps' means."""
    layers: dict[str, Layer] = {"pool": GlobalAvgPool2d()}
    if dropout is not None:
        layers["dropout"] = Dropout(dropout, rng=random["rng"])
    return {**layers, "linear": Linear(in_channels, num_classes, init=glorot_uniform, **random)}


def _auxiliary_head(in_channels: int, side: int, num_classes: int, **random: Any) -> Chain:
    """Return a classifier of maps of ``side`` x ``side`` pixels, as section 5 of the paper lists it."""
    side = conv_output_size(side, 5, stride=3)
    return Chain(
        pool=AvgPool2d(5, stride=3),
        conv=Conv2d(in_channels, 128, 1, **random),
        relu1=ReLU(),
        flatten=Flatten(),
        linear1=Linear(128 * side * side, 1024, **random),
        relu2=ReLU(),
        dropout=Dropout(0.7, rng=random["rng"]),
        linear2=Linear(1024, num_classes, init=glorot_uniform, **random),
    )
