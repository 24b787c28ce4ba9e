"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cvlib.optim.optimiser import Optimiser, shared_scratch, within


class SGD(Optimiser):
    r"""Gradient descent, with momentum if asked for.

    .. math:: g \leftarrow g + \lambda p, \qquad v \leftarrow \mu v + g, \qquad p \leftarrow p - \eta v

    with learning rate eta (``lr``), momentum mu and weight decay lambda; v starts at 0. "Stochastic" is
    what the gradients make it: those of a mini-batch, or of all examples. Nesterov's variant looks one step
    of the velocity ahead:

    .. math:: p \leftarrow p - \eta\, (g + \mu v)

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The arrays to train, changed in place.
    lr : float
        Learning rate, at least 0.
    momentum : float
        In [0, 1). As in PyTorch the learning rate is outside v, and v has no factor 1 - mu.
    nesterov : bool
        Whether to look ahead. Needs momentum.
    weight_decay : float
        Factor of the L2 penalty, at least 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, for both kinds of momentum (the second here in the form where p is the point that looks ahead).
    Polyak (1964), doi:10.1016/0041-5553(64)90137-5, is the origin of the first.

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
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.momentum = within("momentum", momentum, below=1.0)
        self.nesterov = bool(nesterov)
        if self.nesterov and not self.momentum:
            raise ValueError(
                "momentum must be above 0 for nesterov=True, got 0: there is no velocity to look along"
            )
        self.velocity = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self._scratch = shared_scratch(self.parameters)

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once; see :meth:`Optimiser.step`."""
        for name, g in self.checked(gradients).items():
            p, scratch = self.parameters[name], self._scratch[name]
            direction = self._direction(self.velocity[name], self.penalised(name, g), scratch)
            p -= np.multiply(direction, self.lr, out=scratch)

    def _direction(self, v: np.ndarray, g: np.ndarray, scratch: np.ndarray) -> np.ndarray:
        if not self.momentum:
            return g
        v *= self.momentum
        v += g
        if not self.nesterov:
            return v
        ahead = np.multiply(v, self.momentum, out=scratch)
        ahead += g
        return ahead
