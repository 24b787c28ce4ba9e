"""Activation layers: one function for every number, of any shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Signature, signature
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer, number
from cvlib.init import float_dtype
from cvlib.nn.layer import Layer, Windows, by_direction
from cvlib.ops import (
    elu,
    elu_backward,
    gelu,
    gelu_backward,
    leaky_relu,
    leaky_relu_backward,
    prelu,
    prelu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    silu,
    silu_backward,
    softplus,
    softplus_backward,
    tanh,
    tanh_backward,
)


class Elementwise(Layer):
    """What the layers share whose every output comes from the one input in its place."""

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the input's shape."""
        return tuple(input_shape)

    def windows(self) -> Windows:
        """Return windows of one pixel."""
        return by_direction(kernel_size=(1, 1))


class _Activation(Elementwise):
    operation: ClassVar[Callable[..., np.ndarray]]
    operation_backward: ClassVar[Callable[..., np.ndarray]]

    def __init_subclass__(cls) -> None:
        parameters = signature(cls.operation).parameters.values()
        cls.__signature__ = Signature(
            [p for p in parameters if p.kind is p.KEYWORD_ONLY]
        )  # for help() and editors

    def __init__(self, **options: float | str) -> None:
        super().__init__()
        self.operation(np.empty(0), **options)  # refuses what it would refuse later
        self.options = options

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the activations, shape of ``x``."""
        self.x = x
        return self.operation(x, **self.options)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, shape of ``x``."""
        x = self.last_input()
        return self.operation_backward(dy, x, **self.options) if needs_dx else None

    def __repr__(self) -> str:
        usual = signature(self.operation).parameters
        given = (f"{name}={value!r}" for name, value in self.options.items() if value != usual[name].default)
        return f"{type(self).__name__}({', '.join(given)})"


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


class LeakyReLU(_Activation):
    """Negative numbers shrink: :func:`cvlib.ops.leaky_relu`.

    Parameters
    ----------
    negative_slope : float
        The slope below zero.

    Examples
    --------
    >>> LeakyReLU(0.5)(np.array([-1.0, 2.0]))
    array([-0.5,  2. ])
    """

    operation = staticmethod(leaky_relu)
    operation_backward = staticmethod(leaky_relu_backward)

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__(negative_slope=negative_slope)


class PReLU(Elementwise):
    """Negative numbers are scaled by learned slopes: :func:`cvlib.ops.prelu` with its parameter.

    Parameters
    ----------
    num_parameters : int
        1 for a single slope, or the number of channels for one each.
    init : float
        Where the slopes start.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight`` (num_parameters,).

    Examples
    --------
    >>> layer = PReLU()
    >>> layer(np.array([[-1.0, 2.0]]))
    array([[-0.25,  2.  ]])
    >>> layer.backward(np.array([[4.0, 8.0]])), layer.gradients["weight"]
    (array([[1., 8.]]), array([-4.]))
    """

    def __init__(self, num_parameters: int = 1, *, init: float = 0.25, dtype: DTypeLike = np.float32) -> None:
        super().__init__()
        count = integer("num_parameters", num_parameters, minimum=1)
        self.init = number("init", init)
        self.parameters["weight"] = np.full(count, self.init, float_dtype(dtype))

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the activations, shape of ``x``."""
        self.x = x
        return prelu(x, self.parameters["weight"])

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, shape of ``x``, and set the gradient of the slopes."""
        dx, self.gradients["weight"] = prelu_backward(dy, self.last_input(), self.parameters["weight"])
        return dx if needs_dx else None

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the input's shape, if it has a channel for every slope."""
        shape, count = tuple(input_shape), len(self.parameters["weight"])
        if count > 1 and shape[:1] != (count,):
            raise ValueError(f"input_shape must have {count} channels, got {shape}")
        return shape

    def __repr__(self) -> str:
        count = len(self.parameters["weight"])
        given = [str(count)] if count > 1 else []
        if self.init != 0.25:
            given.append(f"init={self.init!r}")
        return f"PReLU({', '.join(given)})"


class ELU(_Activation):
    """Negative numbers bend towards -alpha: :func:`cvlib.ops.elu`.

    Parameters
    ----------
    alpha : float
        How deep the function falls.

    Examples
    --------
    >>> ELU()(np.array([-1000.0, 2.0]))
    array([-1.,  2.])
    """

    operation = staticmethod(elu)
    operation_backward = staticmethod(elu_backward)

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha=alpha)


class GELU(_Activation):
    """Each number times its rank in a normal distribution: :func:`cvlib.ops.gelu`.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        Exact, or by the formula with tanh.

    Examples
    --------
    >>> GELU()(np.array([-1.0, 1.0])).round(4)
    array([-0.1587,  0.8413])
    """

    operation = staticmethod(gelu)
    operation_backward = staticmethod(gelu_backward)

    def __init__(self, *, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)


class SiLU(_Activation):
    """Each number times its sigmoid: :func:`cvlib.ops.silu`.

    Examples
    --------
    >>> SiLU()(np.array([-1.0, 1.0])).round(4)
    array([-0.2689,  0.7311])
    """

    operation = staticmethod(silu)
    operation_backward = staticmethod(silu_backward)


class Softplus(_Activation):
    """A ReLU with a round corner: :func:`cvlib.ops.softplus`.

    Parameters
    ----------
    beta : float
        Positive; the larger, the sharper the corner.

    Examples
    --------
    >>> Softplus()(np.array([0.0, 1.0])).round(4)
    array([0.6931, 1.3133])
    """

    operation = staticmethod(softplus)
    operation_backward = staticmethod(softplus_backward)

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__(beta=beta)
