"""A model as a table: what comes out of every layer, how far it sees, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cvlib.counting import LayerRow, LayerTable, memory_bytes
from cvlib.nn.branches import Fork, Identity
from cvlib.nn.chain import Chain
from cvlib.nn.flatten import Flatten, Unflatten
from cvlib.nn.layer import Layer, Windows, example_shape
from cvlib.shapes import receptive_field

Path = list[Windows | None]  # the windows from the input to a layer
_VIEWS = (Flatten, Unflatten, Identity)  # their output is the input, perhaps in another shape


def summary(model: Layer, input_shape: Sequence[int]) -> LayerTable:
    """Return output shape, parameters, MACs, memory and receptive field of every layer, without running the model.

    :func:`cvlib.counting.layer_table` does the same for a network that exists on paper only.

    Parameters
    ----------
    model : Layer
        A layer or a container; containers inside it are opened, and the places where branches join have a line
        of their own. The receptive field behind such a place is that of the branch that sees farthest.
    input_shape : sequence of int
        Shape of one example, without N: (C, H, W) for an image.

    Returns
    -------
    LayerTable
        With ``rows`` and the totals ``parameters``, ``macs`` and ``memory``. It prints, and displays itself in a
        notebook.

    Raises
    ------
    TypeError
        If ``model`` is not a layer, or ``input_shape`` does not hold integers.
    ValueError
        If a size is below 1, or an input shape does not fit a layer.

    Examples
    --------
    >>> import numpy as np
    >>> from cvlib.nn import Chain, Linear, ReLU
    >>> summary(Chain(Linear(4, 3, rng=np.random.default_rng(0)), ReLU()), (4,))
    layer            output  parameters  MACs  bytes  receptive field
    -----------------------------------------------------------------
    input                 4                       16
    0: Linear(4, 3)       3          15    12     12
    1: ReLU()             3           0     0     12
    -----------------------------------------------------------------
    total                            15    12     40
    """
    if not isinstance(model, Layer):
        raise TypeError(f"model must be a cvlib.nn.Layer, got {type(model).__name__}")
    input_shape = example_shape(input_shape)
    model.output_shape(input_shape)  # if a layer does not fit, the container says which
    itemsize = max((p.dtype.itemsize for p in model.parameters.values()), default=4)
    return LayerTable(input_shape, tuple(_rows(model, "", input_shape, [], itemsize)), itemsize)


def _rows(layer: Layer, name: str, shape: tuple[int, ...], path: Path, itemsize: int) -> Iterator[LayerRow]:
    """Yield the lines of a layer, and leave in ``path`` the way through it."""
    if isinstance(layer, Chain):
        for inner_name, inner in layer.layers.items():
            yield from _rows(inner, _join(name, inner_name), shape, path, itemsize)
            shape = inner.output_shape(shape)
        return
    if isinstance(layer, Fork):
        paths = []
        for inner_name, inner in layer.layers.items():
            paths.append(list(path))
            yield from _rows(inner, _join(name, inner_name), shape, paths[-1], itemsize)
        path[:] = max(paths, key=lambda branch: _field(branch) or (math.inf,))
        if type(layer) is not Fork:  # an open fork makes nothing of its own
            joined = layer.output_shape(shape)
            memory = memory_bytes(joined, dtype_bytes=itemsize)
            title = f"{name}: {type(layer).__name__}" if name else type(layer).__name__
            yield LayerRow(title, joined, 0, 0, memory, _field(path))
        return
    path.append(layer.windows())
    output_shape = layer.output_shape(shape)
    memory = 0 if isinstance(layer, _VIEWS) else memory_bytes(output_shape, dtype_bytes=itemsize)
    parameters = sum(p.size for p in layer.parameters.values())
    yield LayerRow(
        f"{name or 0}: {layer!r}", output_shape, parameters, layer.macs(shape), memory, _field(path)
    )


def _join(name: str, inner_name: str) -> str:
    return f"{name}.{inner_name}" if name else inner_name


def _field(path: Path) -> tuple[int, int] | None:
    """Return the receptive field along both directions, or None from the first layer on that sees everything."""
    if None in path:
        return None
    height, width = (receptive_field(sides).size for sides in zip(*path, strict=True)) if path else (1, 1)
    return height, width
