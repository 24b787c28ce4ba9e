"""Optimisers: each takes a dictionary of arrays and moves them, in place, a step down the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.ops._arrays import as_float

__all__ = ["SGD", "Adam", "Optimiser"]


class Optimiser:
    """What every optimiser shares: the parameters, the learning rate, and the check of what arrives.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The arrays to train, float32 or float64. They are changed in place, so that a layer that holds the
        same array learns.
    lr : float
        Learning rate. An attribute: change it between steps for a schedule.
    weight_decay : float
        Factor of an L2 penalty: ``weight_decay * p`` is added to the gradient of every parameter p.

    Raises
    ------
    TypeError
        If a parameter is not a float32 or float64 array, or a number is not a number.
    ValueError
        If there are no parameters, an array cannot be written, or a number is outside its range.
    """

    def __init__(self, parameters: Mapping[str, np.ndarray], *, lr: float, weight_decay: float = 0.0):
        self.parameters = _trainable(parameters)
        self.lr = _within("lr", lr)
        self.weight_decay = _within("weight_decay", weight_decay)

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once.

        Parameters
        ----------
        gradients : mapping of str to array_like
            dL/dp under the name of each parameter p, in its shape.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a shape does not fit. Nothing has moved then.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step")

    def _descent(self, gradients: Mapping[str, ArrayLike]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Yield name, parameter and gradient (the penalty's included), all checked before the first."""
        checked = _matching(gradients, self.parameters)
        for name, p in self.parameters.items():
            g = checked[name]
            yield name, p, g + self.weight_decay * p if self.weight_decay else g


class SGD(Optimiser):
    r"""Gradient descent, with momentum if asked for.

    .. math:: g \leftarrow g + \lambda p, \qquad v \leftarrow \mu v + g, \qquad p \leftarrow p - \eta v

    with learning rate eta (``lr``), momentum mu and weight decay lambda; v starts at 0. "Stochastic" is
    what the gradients make it: those of a mini-batch, or of all examples.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The arrays to train, changed in place.
    lr : float
        Learning rate, at least 0.
    momentum : float
        In [0, 1). As in PyTorch the learning rate is outside v, and v has no factor 1 - mu.
    weight_decay : float
        Factor of the L2 penalty, at least 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013. Polyak (1964), doi:10.1016/0041-5553(64)90137-5, is the origin.

    Examples
    --------
    >>> p = {"w": np.array([-1.0, 1.0])}
    >>> SGD(p, lr=0.01).step({"w": [-2.0, 4.0]})
    >>> p["w"]
    array([-0.98,  0.96])
    """

    def __init__(
        self,
        parameters: Mapping[str, np.ndarray],
        *,
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.momentum = _within("momentum", momentum, below=1.0)
        self.velocity = {name: np.zeros_like(p) for name, p in self.parameters.items()}

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once; see :meth:`Optimiser.step`."""
        for name, p, g in self._descent(gradients):
            if self.momentum:
                v = self.velocity[name]
                v *= self.momentum
                v += g
                g = v
            p -= self.lr * g


class Adam(Optimiser):
    r"""Adaptive moment estimation: every parameter has its own step, of a size near ``lr``.

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2

        \hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}

        p \leftarrow p - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}

    m and v start at 0; the hats undo the bias of that start. Weight decay is the L2 penalty, added to g
    before anything else (not the decoupled decay of AdamW).

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The arrays to train, changed in place.
    lr : float
        Learning rate eta, at least 0.
    betas : pair of float
        Decay of the two moments, each in [0, 1).
    eps : float
        Keeps the quotient finite, above 0.
    weight_decay : float
        Factor of the L2 penalty, at least 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980, algorithm 1.

    Examples
    --------
    The first step is ``lr`` in the direction of the gradient's sign, however large the gradient.

    >>> p = {"w": np.array([1.0, 1.0])}
    >>> Adam(p, lr=0.1).step({"w": [1000.0, -0.5]})
    >>> p["w"].round(6)
    array([0.9, 1.1])
    """

    def __init__(
        self,
        parameters: Mapping[str, np.ndarray],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas must be a pair (beta1, beta2), got {betas!r}")
        self.betas = _within("betas[0]", betas[0], below=1.0), _within("betas[1]", betas[1], below=1.0)
        self.eps = _within("eps", eps)
        if self.eps == 0:
            raise ValueError("eps must be above 0: a gradient of 0 would give 0/0")
        self.first_moment = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self.second_moment = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self.num_steps = 0

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once; see :meth:`Optimiser.step`."""
        beta1, beta2 = self.betas
        descent = list(self._descent(gradients))
        self.num_steps += 1
        unbias1, unbias2 = 1 - beta1**self.num_steps, 1 - beta2**self.num_steps
        for name, p, g in descent:
            m, v, scratch = self.first_moment[name], self.second_moment[name], np.empty_like(p)
            m *= beta1
            m += np.multiply(g, 1 - beta1, out=scratch)
            v *= beta2
            v += np.multiply(np.square(g, out=scratch), 1 - beta2, out=scratch)
            denominator = np.sqrt(np.divide(v, unbias2, out=scratch), out=scratch)
            denominator += self.eps
            update = np.divide(m, denominator, out=scratch)
            update *= self.lr / unbias1
            p -= update


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


def _matching(
    gradients: Mapping[str, ArrayLike], parameters: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the gradients as arrays, if there is one of the right shape for every parameter."""
    if not isinstance(gradients, Mapping):
        raise TypeError(f"gradients must map names to arrays, got {type(gradients).__name__}")
    missing, unknown = parameters.keys() - gradients.keys(), gradients.keys() - parameters.keys()
    if missing or unknown:
        raise ValueError(
            "gradients must have the names of the parameters, "
            f"got {sorted(missing, key=str)} missing and {sorted(unknown, key=str)} unknown"
        )
    arrays = {name: as_float(f"gradient {name!r}", gradients[name]) for name in parameters}
    for name, p in parameters.items():
        if arrays[name].shape != p.shape:
            raise ValueError(f"gradient {name!r} must have shape {p.shape}, got {arrays[name].shape}")
    return arrays


def _within(name: str, value: float, *, below: float = np.inf) -> float:
    """Return ``value`` as a float in [0, below)."""
    value = number(name, value)
    if not 0 <= value < below:
        raise ValueError(f"{name} must be in [0, {below:g}), got {value:g}")
    return value
