"""Activation layers: one function for every number, of any shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cvlib.nn.layer import Layer, Windows, by_direction
from cvlib.ops import relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward


class _Activation(Layer):
    operation: ClassVar[Callable[..., np.ndarray]]
    operation_backward: ClassVar[Callable[..., np.ndarray]]

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the activations, shape of ``x``."""
        self.x = x
        return self.operation(x)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, shape of ``x``."""
        x = self.last_input()
        return self.operation_backward(dy, x) if needs_dx else None

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the input's shape."""
        return tuple(input_shape)

    def windows(self) -> Windows:
        """Return windows of one pixel."""
        return by_direction(kernel_size=(1, 1))


class ReLU(_Activation):
    """Negative numbers become 0: :func:`cvlib.ops.relu`.

    Examples
    --------
    >>> ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    operation = staticmethod(relu)
    operation_backward = staticmethod(relu_backward)


class Sigmoid(_Activation):
    """Everything lands between 0 and 1: :func:`cvlib.ops.sigmoid`.

    Examples
    --------
    >>> Sigmoid()(np.array([0.0]))
    array([0.5])
    """

    operation = staticmethod(sigmoid)
    operation_backward = staticmethod(sigmoid_backward)


class Tanh(_Activation):
    """Everything lands between -1 and 1: :func:`cvlib.ops.tanh`.

    Examples
    --------
    >>> Tanh()(np.array([0.0]))
    array([0.])
    """

    operation = staticmethod(tanh)
    operation_backward = staticmethod(tanh_backward)
