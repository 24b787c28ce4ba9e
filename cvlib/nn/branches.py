"""One input, several ways: a graph that forks, and mostly joins again.

With :class:`Chain` these are enough for residual blocks (a sum with a skip), Inception modules and dense blocks
(concatenations), and models with several heads (a fork that stays open).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib.nn.container import Container
from cvlib.nn.layer import Layer
from cvlib.ops._arrays import as_float


class Identity(Layer):
    """Nothing happens: the skip of a residual block.

    Examples
    --------
    >>> Identity()(np.array([1.0, 2.0]))
    array([1., 2.])
    """

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return ``x``."""
        self.x = x
        return as_float("x", x)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return ``dy``."""
        self.last_input()
        return as_float("dy", dy) if needs_dx else None

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the input's shape."""
        return tuple(input_shape)

    def windows(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return windows of one pixel."""
        return {"kernel_size": 1}, {"kernel_size": 1}


class Fork(Container):
    r"""The same input to every branch; the outputs come as a tuple.

    .. math:: y_b = f_b(x), \qquad dx = \sum_b \frac{\partial y_b}{\partial x}^{\!\top} dy_b

    Each branch hands back its share of dL/dx, and the shares add up: x influenced the loss in all these ways.

    Attributes and errors are those of every :class:`Container`.

    Parameters
    ----------
    *layers : Layer
        The branches, named "0", "1", ... in order.
    **named_layers : Layer
        Or the branches under names of your own, without dots, also in order.

    Examples
    --------
    A classifier that also gives the box of what it sees:

    >>> from cvlib.nn import Linear
    >>> rng = np.random.default_rng(0)
    >>> heads = Fork(classes=Linear(8, 3, rng=rng), box=Linear(8, 4, rng=rng))
    >>> classes, box = heads(np.ones((2, 8)))
    >>> classes.shape, box.shape
    ((2, 3), (2, 4))
    """

    def forward(self, x: ArrayLike, *, training: bool = False) -> tuple[np.ndarray, ...]:
        """Return the output of every branch."""
        outputs = []
        for name, layer in self.layers.items():
            with self.naming(name):
                outputs.append(layer.forward(x, training=training))
        return tuple(outputs)

    def backward(self, dy: Sequence[ArrayLike | None], *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, summed over the branches, and fill every layer's ``gradients``."""
        if not isinstance(dy, Sequence) or len(dy) != len(self):
            got = f"{len(dy)}" if isinstance(dy, Sequence) else type(dy).__name__
            raise ValueError(
                f"dy must hold one upstream gradient for each of {len(self)} branches, got {got}"
            )
        dx = None
        for (name, layer), dy_branch in zip(self.layers.items(), dy, strict=True):
            with self.naming(name):
                share = layer.backward(dy_branch, needs_dx=needs_dx)
            if needs_dx:
                dx = share if dx is None else dx + share
        return dx

    def output_shape(self, input_shape: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Return the output shape of every branch."""
        shapes = []
        for name, layer in self.layers.items():
            with self.naming(name):
                shapes.append(layer.output_shape(input_shape))
        return tuple(shapes)

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return the sum over all branches."""
        return sum(layer.macs(input_shape) for layer in self)


class Sum(Fork):
    r"""The branches' outputs, of one shape, added.

    .. math:: y = \sum_b f_b(x)

    With :class:`Identity` as one branch this is a residual block: dL/dx then holds dL/dy itself, however small the
    gradient through the other branch.

    Attributes and errors are those of every :class:`Container`.

    Parameters
    ----------
    *layers : Layer
        The branches, named "0", "1", ... in order.
    **named_layers : Layer
        Or the branches under names of your own, without dots, also in order.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, arXiv:1512.03385, eq. 1.

    Examples
    --------
    >>> from cvlib.nn import ReLU
    >>> block = Sum(main=ReLU(), skip=Identity())
    >>> block(np.array([-1.0, 2.0])), block.backward(np.array([1.0, 1.0]))
    (array([-1.,  4.]), array([1., 2.]))
    """

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the sum of all branches' outputs."""
        outputs = super().forward(x, training=training)
        _one_shape([y.shape for y in outputs], "be equal")
        return sum(outputs[1:], start=outputs[0])

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx: dL/dy goes into every branch, and what comes back is summed."""
        return super().backward([dy] * len(self), needs_dx=needs_dx)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape that all branches' outputs share."""
        shapes = super().output_shape(input_shape)
        _one_shape(shapes, "be equal")
        return shapes[0]


class Concat(Fork):
    r"""The branches' outputs side by side, along the channels: an Inception module, or a layer of a dense block.

    .. math:: y = \big[ f_1(x),\; f_2(x),\; \ldots \big]

    The gradient is cut up in the same places.

    Attributes and errors are those of every :class:`Container`.

    Parameters
    ----------
    *layers : Layer
        The branches, named "0", "1", ... in order.
    **named_layers : Layer
        Or the branches under names of your own, without dots, also in order.

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv:1409.4842, figure 2.
    Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017,
    arXiv:1608.06993, eq. 2.

    Examples
    --------
    >>> from cvlib.nn import Conv2d
    >>> rng = np.random.default_rng(0)
    >>> Concat(Conv2d(8, 4, 1, rng=rng), Conv2d(8, 2, 3, padding=1, rng=rng)).output_shape((8, 5, 5))
    (6, 5, 5)
    """

    def __init__(self, *layers: Layer, **named_layers: Layer):
        super().__init__(*layers, **named_layers)
        self.cuts: list[int] | None = None

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the outputs joined along axis 1."""
        outputs = super().forward(x, training=training)
        _one_shape([y.shape[:1] + y.shape[2:] for y in outputs], "agree but for the channels")
        self.cuts = np.cumsum([y.shape[1] for y in outputs]).tolist()
        return np.concatenate(outputs, axis=1)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx: every branch gets its own channels of dL/dy, and what comes back is summed."""
        if self.cuts is None:
            raise RuntimeError(
                f"{type(self).__name__} has no input to go back to: call forward before backward"
            )
        dy = as_float("dy", dy)
        if dy.ndim < 2 or dy.shape[1] != self.cuts[-1]:
            raise ValueError(f"dy must have {self.cuts[-1]} channels in axis 1, got shape {dy.shape}")
        return super().backward(np.split(dy, self.cuts[:-1], axis=1), needs_dx=needs_dx)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of one branch with the channels of all."""
        shapes = super().output_shape(input_shape)
        _one_shape([shape[1:] for shape in shapes], "agree but for the channels")
        return sum(shape[0] for shape in shapes), *shapes[0][1:]


def _one_shape(shapes: Sequence[tuple[int, ...]], what: str) -> None:
    if len(set(shapes)) > 1:
        raise ValueError(f"the branches' output shapes must {what}, got {', '.join(map(str, shapes))}")
