"""A model as a table: what comes out of every layer, how far it sees, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from cvlib.counting import LayerRow, LayerTable
from cvlib.nn.chain import leaves
from cvlib.nn.layer import Layer, Windows, example_shape
from cvlib.shapes import receptive_field


def summary(model: Layer, input_shape: Sequence[int]) -> LayerTable:
    """Return output shape, parameters, MACs and receptive field of every layer, without running the model.

    :func:`cvlib.counting.layer_table` does the same for a network that exists on paper only.

    Parameters
    ----------
    model : Layer
        A layer or a chain; chains inside it are opened.
    input_shape : sequence of int
        Shape of one example, without N: (C, H, W) for an image.

    Returns
    -------
    LayerTable
        With ``rows`` and the totals ``parameters`` and ``macs``. It prints, and displays itself in a notebook.

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
    layer            output  parameters  MACs  receptive field
    ----------------------------------------------------------
    input                 4
    0: Linear(4, 3)       3          15    12
    1: ReLU()             3           0     0
    ----------------------------------------------------------
    total                            15    12
    """
    if not isinstance(model, Layer):
        raise TypeError(f"model must be a cvlib.nn.Layer, got {type(model).__name__}")
    shape = input_shape = example_shape(input_shape)
    model.output_shape(shape)  # if a layer does not fit, the chain says which
    rows, path = [], []
    for name, layer in leaves(model):
        path.append(layer.windows())
        output_shape, macs = layer.output_shape(shape), layer.macs(shape)
        parameters = sum(p.size for p in layer.parameters.values())
        rows.append(LayerRow(f"{name}: {layer!r}", output_shape, parameters, macs, _field(path)))
        shape = output_shape
    return LayerTable(input_shape, tuple(rows))


def _field(path: Sequence[Windows | None]) -> tuple[int, int] | None:
    """Return the receptive field along both directions, or None from the first layer on that sees everything."""
    if None in path:
        return None
    height, width = (receptive_field(sides).size for sides in zip(*path, strict=True))
    return height, width
