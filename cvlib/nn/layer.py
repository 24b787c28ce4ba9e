"""What all layers share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer

Windows = tuple[dict[str, int], dict[str, int]]


class Layer:
    """A step of a model: ``forward`` remembers its input, ``backward`` needs it and fills ``gradients``.

    Write your own by defining ``forward``, ``backward`` and, for :func:`cvlib.nn.summary`, ``output_shape``.

    Attributes
    ----------
    parameters : dict of str to ndarray
        The arrays that are learned; empty for most layers.
    gradients : dict of str to ndarray
        dL/dp under the name of each parameter p, from the last ``backward``.
    buffers : dict of str to ndarray
        What a layer keeps but does not learn, such as running statistics; empty for most.
    x : ndarray or None
        The last input.

    Examples
    --------
    >>> class Double(Layer):
    ...     def forward(self, x, *, training=False):
    ...         self.x = np.asarray(x)
    ...         return 2 * self.x
    ...
    ...     def backward(self, dy, *, needs_dx=True):
    ...         return 2 * np.asarray(dy)  # y = 2 x
    >>> double = Double()
    >>> double([1.0, 4.0]), double.backward([1.0, -1.0])
    (array([2., 8.]), array([ 2., -2.]))
    """

    def __init__(self) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self.buffers: dict[str, np.ndarray] = {}
        self.x: ArrayLike | None = None

    def __call__(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return ``forward(x)``."""
        return self.forward(x, training=training)

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the layer's output for a batch ``x``, and remember ``x``.

        ``training`` is for layers that behave differently while learning; the others ignore it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define forward")

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx for the last input, and set ``gradients``.

        With ``needs_dx=False`` only the gradients of the parameters are wanted, and None is returned: the
        first layer's input is the image, and nobody asks for its gradient.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define backward")

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of one example's output, without N, for one example's input shape."""
        raise NotImplementedError(f"{type(self).__name__} does not define output_shape")

    def macs(self, input_shape: Sequence[int]) -> int:
        """Return the multiply-accumulate operations of one example's forward pass: 0 without weights."""
        return 0

    def windows(self) -> Windows | None:
        """Return the window of input pixels behind an output, vertically and horizontally.

        Each as the arguments of :func:`cvlib.shapes.receptive_field`; None where an output may depend on everything.
        """
        return None

    def last_input(self) -> ArrayLike:
        """Return the input of the last forward pass.

        Raises
        ------
        RuntimeError
            If there was none.
        """
        if self.x is None:
            raise RuntimeError(f"{self!r} has no input to go back to: call forward before backward")
        return self.x

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def example_shape(input_shape: Sequence[int], layout: str | None = None) -> tuple[int, ...]:
    """Return the shape of one example as a tuple of positive integers, with the axes that ``layout`` names.

    Examples
    --------
    >>> example_shape([3, 8, 8], "(C, H, W)")
    (3, 8, 8)
    >>> example_shape([8, 8], "(C, H, W)")
    Traceback (most recent call last):
        ...
    ValueError: input_shape must be (C, H, W), without N, got (8, 8)
    """
    if not isinstance(input_shape, Sequence) or isinstance(input_shape, str):
        raise TypeError(f"input_shape must be a sequence of integers, got {input_shape!r}")
    shape = tuple(input_shape)
    if layout and len(shape) != layout.count(",") + (not layout.endswith(",)")):
        raise ValueError(f"input_shape must be {layout}, without N, got {shape}")
    return tuple(integer(f"input_shape[{axis}]", size, minimum=1) for axis, size in enumerate(shape))


def brief(value: object) -> object:
    """Return one number for a pair of equal ones: what one would have typed.

    Examples
    --------
    >>> brief((3, 3)), brief((1, 3))
    (3, (1, 3))
    """
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def by_direction(**options: tuple[int, int]) -> Windows:
    """Return the options along the height and those along the width.

    Examples
    --------
    >>> by_direction(kernel_size=(3, 1), stride=(2, 2))
    ({'kernel_size': 3, 'stride': 2}, {'kernel_size': 1, 'stride': 2})
    """
    height, width = (
        dict(zip(options, values, strict=True)) for values in zip(*options.values(), strict=True)
    )
    return height, width
