"""What holds layers: names, gathers, and says in which of them an error arose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np

from cvlib.nn.layer import Layer


class Container(Layer):
    """Layers under names. A container is itself a layer, and may stand in another.

    What becomes of the input is told by the subclass: :class:`Chain`, :class:`Sum`, :class:`Concat`, :class:`Fork`,
    or one of your own.

    Parameters
    ----------
    *layers : Layer
        The layers, named "0", "1", ... in order.
    **named_layers : Layer
        Or the layers under names of your own, without dots, also in order.

    Attributes
    ----------
    layers : dict of str to Layer
        The layers by name. ``container["name"]`` and ``container[0]`` give one of them.
    parameters, gradients, buffers : mapping of str to ndarray
        Those of all layers as "name.parameter": "0.weight", or "conv1.weight". The arrays are the layers'
        own, the mapping is read-only: to set weights write into the array,
        ``chain.parameters["0.weight"][...] = w``.

    Raises
    ------
    TypeError
        If something is not a layer, or some layers are named and some are not.
    ValueError
        If there is no layer, a name holds a dot, or a layer appears twice, be it in a container inside (it could
        remember only one of its inputs).

    Examples
    --------
    >>> from cvlib.nn import Chain, Linear, ReLU
    >>> rng = np.random.default_rng(0)
    >>> model = Chain(hidden=Linear(4, 3, rng=rng), relu=ReLU(), output=Linear(3, 2, rng=rng))
    >>> isinstance(model, Container), list(model.parameters)
    (True, ['hidden.weight', 'hidden.bias', 'output.weight', 'output.bias'])
    >>> model["relu"]
    ReLU()
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
            if "." in name:  # with one, "a.b" could also be layer "b" of container "a"
                raise ValueError(f"layer {name!r} must have a name without dots")
        inner = list(_inner(self))
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

    @property
    def buffers(self) -> Mapping[str, np.ndarray]:
        """The buffers of all layers."""
        return self._gather(lambda layer: layer.buffers)

    def _gather(self, what: Callable[[Layer], Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
        return MappingProxyType(
            {
                f"{name}.{key}": array
                for name, layer in self.layers.items()
                for key, array in what(layer).items()
            }
        )

    def __getitem__(self, key: int | str) -> Layer:
        return self.layers[key] if isinstance(key, str) else list(self.layers.values())[key]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers.values())

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        lines = (f"  {name}: {layer!r}".replace("\n", "\n  ") for name, layer in self.layers.items())
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"

    @contextmanager
    def naming(self, name: str) -> Iterator[None]:
        """Say in which layer an error arose."""
        try:
            yield
        except (TypeError, ValueError, RuntimeError) as error:
            error.add_note(f"in layer {name!r}: {self.layers[name]!r}")
            raise


def _inner(layer: Layer) -> Iterator[Layer]:
    """Yield the layers that hold no others."""
    if not isinstance(layer, Container):
        yield layer
        return
    for inner in layer:
        yield from _inner(inner)
