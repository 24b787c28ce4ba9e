"""What all optimisers share: each takes a dictionary of arrays and moves them, in place, a step down the gradient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.ops._arrays import as_float


class Optimiser:
    """The parameters, the learning rate, and the check of the gradients that arrive.

    Write your own by defining ``step``.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The arrays to train, float32 or float64. They are changed in place, so that a layer that holds the
        same array learns.
    lr : float
        Learning rate. An attribute: a schedule changes it between steps.
    weight_decay : float
        Factor of an L2 penalty: ``weight_decay * p`` is added to the gradient of every parameter p.

    Raises
    ------
    TypeError
        If a parameter is not a float32 or float64 array, or a number is not a number.
    ValueError
        If there are no parameters, an array cannot be written, or a number is outside its range.

    Examples
    --------
    >>> class SignDescent(Optimiser):
    ...     def step(self, gradients):
    ...         for name, g in self.checked(gradients).items():
    ...             self.parameters[name] -= self.lr * np.sign(g)
    >>> w = np.array([1.0, 2.0])
    >>> SignDescent({"w": w}, lr=0.5).step({"w": [-100.0, 0.01]})
    >>> w
    array([1.5, 1.5])
    """

    def __init__(self, parameters: Mapping[str, np.ndarray], *, lr: float, weight_decay: float = 0.0):
        self.parameters = _trainable(parameters)
        self.lr = within("lr", lr)
        self.weight_decay = within("weight_decay", weight_decay)
        self._penalty = shared_scratch(self.parameters)

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once.

        Parameters
        ----------
        gradients : mapping of str to array_like
            dL/dp under the name of each parameter p, in its shape.

        Raises
        ------
        TypeError
            If a gradient does not hold real numbers.
        ValueError
            If a name is missing or unknown, or a shape does not fit. Nothing has moved then.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step")

    def checked(self, gradients: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
        """Return the gradients as arrays, if there is one of the right shape for every parameter.

        Raises
        ------
        TypeError, ValueError
            As :meth:`step` says.
        """
        if not isinstance(gradients, Mapping):
            raise TypeError(f"gradients must map names to arrays, got {type(gradients).__name__}")
        if gradients.keys() != self.parameters.keys():
            missing, unknown = (
                self.parameters.keys() - gradients.keys(),
                gradients.keys() - self.parameters.keys(),
            )
            raise ValueError(
                "gradients must have the names of the parameters, "
                f"got {sorted(missing, key=str)} missing and {sorted(unknown, key=str)} unknown"
            )
        arrays = {name: as_float(f"gradient {name!r}", gradients[name]) for name in self.parameters}
        for name, p in self.parameters.items():
            if arrays[name].shape != p.shape:
                raise ValueError(f"gradient {name!r} must have shape {p.shape}, got {arrays[name].shape}")
        return arrays

    def penalised(self, name: str, g: np.ndarray) -> np.ndarray:
        """Return the gradient ``g`` of a parameter, the L2 penalty's included: valid until the next call."""
        if not self.weight_decay:
            return g
        total = np.multiply(self.parameters[name], self.weight_decay, out=self._penalty[name])
        total += g
        return total


def shared_scratch(parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return for every parameter an array of its shape and type to work in; all lie in one piece of memory.

    A fresh array at every step would cost more than the arithmetic.

    Examples
    --------
    >>> scratch = shared_scratch({"w": np.ones((2, 3)), "b": np.ones(3)})
    >>> scratch["b"].shape, np.shares_memory(scratch["w"], scratch["b"])
    ((3,), True)
    """
    memory = np.empty(max(p.nbytes for p in parameters.values()), np.uint8)
    return {name: memory[: p.nbytes].view(p.dtype).reshape(p.shape) for name, p in parameters.items()}


def within(name: str, value: float, *, below: float = np.inf) -> float:
    """Return ``value`` as a float in [0, below).

    Examples
    --------
    >>> within("momentum", 1, below=1)
    Traceback (most recent call last):
        ...
    ValueError: momentum must be in [0, 1), got 1
    """
    value = number(name, value)
    if not 0 <= value < below:
        raise ValueError(f"{name} must be in [0, {below:g}), got {value:g}")
    return value


def positive(name: str, value: float) -> float:
    """Return ``value`` as a float above 0.

    Examples
    --------
    >>> positive("max_norm", 0)
    Traceback (most recent call last):
        ...
    ValueError: max_norm must be above 0, got 0
    """
    value = within(name, value)
    if value == 0:
        raise ValueError(f"{name} must be above 0, got 0")
    return value


def _trainable(parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a dictionary of the same arrays, if all can be trained in place."""
    if not isinstance(parameters, Mapping):
        raise TypeError(f"parameters must map names to arrays, got {type(parameters).__name__}")
    if not parameters:
        raise ValueError("parameters must hold at least one array, got none")
    for name, p in parameters.items():
        if not isinstance(p, np.ndarray) or p.dtype not in (np.float32, np.float64):
            kind = p.dtype if isinstance(p, np.ndarray) else type(p).__name__
            raise TypeError(f"parameter {name!r} must be a float32 or float64 array, got {kind}")
        if not p.flags.writeable:
            raise ValueError(f"parameter {name!r} must be writeable, got a read-only array")
    return dict(parameters)
