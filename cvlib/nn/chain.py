"""One layer after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from cvlib.nn.layer import Layer


class Chain(Layer):
    """Layers in a row: the output of each is the input of the next. A chain is itself a layer.

    Parameters
    ----------
    *layers : Layer
        The layers, named "0", "1", ... in order.
    **named_layers : Layer
        Or the layers under names of your own, without dots, also in order.

    Attributes
    ----------
    parameters, gradients : mapping of str to ndarray
        Those of all layers as "name.parameter": "0.weight", or "conv1.weight". The arrays are the layers'
        own, the mapping is read-only: to set weights write into the array,
        ``chain.parameters["0.weight"][...] = w``.

    Raises
    ------
    TypeError
        If something is not a layer, or some layers are named and some are not.
    ValueError
        If there is no layer, a name holds a dot, or a layer appears twice, be it in a chain inside (it could
        remember only one of its inputs).

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

    def __init__(self, *layers: Layer, **named_layers: Layer):
        if layers and named_layers:
            raise TypeError(f"layers must be all named or all unnamed, got {len(layers)} unnamed")
        self.layers: dict[str, Layer] = named_layers or {str(n): layer for n, layer in enumerate(layers)}
        if not self.layers:
            raise ValueError("layers must hold at least one layer, got none")
        for name, layer in self.layers.items():
            if not isinstance(layer, Layer):
                raise TypeError(f"layer {name!r} must be a cvlib.nn.Layer, got {type(layer).__name__}")
            if "." in name:  # with one, "a.b" could also be layer "b" of chain "a"
                raise ValueError(f"layer {name!r} must have a name without dots")
        inner = [layer for _, layer in leaves(self)]
        if len(set(map(id, inner))) < len(inner):
            raise ValueError("layers must be different objects: one remembers only its last input")

    @property
    def parameters(self) -> Mapping[str, np.ndarray]:
        """The parameters of all layers."""
        return self._gather(lambda layer: layer.parameters)

    @property
    def gradients(self) -> Mapping[str, np.ndarray]:
        """The gradients of all layers, from the last ``backward``."""
        return self._gather(lambda layer: layer.gradients)

    def _gather(self, what: Callable[[Layer], Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
        return MappingProxyType(
            {
                f"{name}.{key}": array
                for name, layer in self.layers.items()
                for key, array in what(layer).items()
            }
        )

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the last layer's output."""
        for name, layer in self.layers.items():
            with self._naming(name):
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
            with self._naming(name):
                dy = layer.backward(dy, needs_dx=needs_dx or index > last_stop)
        return dy if needs_dx else None

    def _first_with_parameters(self) -> int:
        having = (index for index, layer in enumerate(self.layers.values()) if layer.parameters)
        return next(having, len(self.layers))

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the last layer's output shape."""
        shape = tuple(input_shape)
        for name, layer in self.layers.items():
            with self._naming(name):
                shape = layer.output_shape(shape)
        return shape

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return the sum over all layers."""
        total, shape = 0, tuple(input_shape)
        for layer in self:
            total, shape = total + layer.macs(shape), layer.output_shape(shape)
        return total

    def __getitem__(self, key: int | str) -> Layer:
        return self.layers[key] if isinstance(key, str) else list(self.layers.values())[key]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers.values())

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        lines = (f"  {name}: {layer!r}".replace("\n", "\n  ") for name, layer in self.layers.items())
        return "Chain(\n" + "\n".join(lines) + "\n)"

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Say in which layer an error arose."""
        try:
            yield
        except (TypeError, ValueError, RuntimeError) as error:
            error.add_note(f"in layer {name!r}: {self.layers[name]!r}")
            raise


def leaves(layer: Layer, name: str = "") -> Iterator[tuple[str, Layer]]:
    """Yield the layers that are no chains, in order, under the names of their parameters."""
    if not isinstance(layer, Chain):
        yield name or "0", layer
        return
    for inner_name, inner in layer.layers.items():
        yield from leaves(inner, f"{name}.{inner_name}" if name else inner_name)
