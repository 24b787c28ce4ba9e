"""One layer after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib.nn.container import Container


class Chain(Container):
    """Layers in a row: the output of each is the input of the next.

    Attributes and errors are those of every :class:`Container`.

    Parameters
    ----------
    *layers : Layer
        The layers, named "0", "1", ... in order.
    **named_layers : Layer
        Or the layers under names of your own, without dots, also in order.

    Examples
    --------
    >>> from cvlib.nn import Linear, ReLU
    >>> rng = np.random.default_rng(0)
    >>> model = Chain(Linear(4, 3, rng=rng), ReLU(), Linear(3, 2, rng=rng))
    >>> list(model.parameters)
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> model(np.ones((5, 4))).shape, model[1]
    ((5, 2), ReLU())
    """

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the last layer's output."""
        for name, layer in self.layers.items():
            with self.naming(name):
                x = layer.forward(x, training=training)
        return x

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, from the last layer to the first, and fill every layer's ``gradients``.

        With ``needs_dx=False`` the walk ends at the first layer that has parameters, and skips that one's dx.
        """
        layers = list(self.layers.items())
        last_stop = 0 if needs_dx else self._first_with_parameters()
        for index in reversed(range(last_stop, len(layers))):
            name, layer = layers[index]
            with self.naming(name):
                dy = layer.backward(dy, needs_dx=needs_dx or index > last_stop)
        return dy if needs_dx else None

    def _first_with_parameters(self) -> int:
        having = (index for index, layer in enumerate(self) if layer.parameters)
        return next(having, len(self))

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the last layer's output shape."""
        shape = tuple(input_shape)
        for name, layer in self.layers.items():
            with self.naming(name):
                shape = layer.output_shape(shape)
        return shape

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return the sum over all layers."""
        total, shape = 0, tuple(input_shape)
        for layer in self:
            total, shape = total + layer.macs(shape), layer.output_shape(shape)
        return total
