"""RMSProp: steps divided by the size that the gradient has had lately."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cvlib.optim.optimiser import Optimiser, positive, shared_scratch, within


class RMSProp(Optimiser):
    r"""Divide each gradient by the root of a running mean of its squares.

    .. math::

        v \leftarrow \alpha v + (1 - \alpha)\, g^2, \qquad p \leftarrow p - \eta\, \frac{g}{\sqrt{v} + \epsilon}

    v starts at 0, so the first steps are long: up to eta / sqrt(1 - alpha). Adam undoes that. As in PyTorch
    epsilon stands outside the root. Weight decay is the L2 penalty, added to g before anything else.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The arrays to train, changed in place.
    lr : float
        Learning rate eta, at least 0.
    alpha : float
        Decay of the mean, in [0, 1): it reaches back over about 1/(1 - alpha) steps. PyTorch's 0.99 by
        default; the lecture has 0.9.
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
    Tieleman and Hinton, "Lecture 6.5 - rmsprop", slide 29 of lecture 6e of *Neural Networks for Machine
    Learning*, Coursera 2012.

    Examples
    --------
    With alpha 0.75 the mean of squares is a quarter of the first square, its root half of the gradient.

    >>> p = {"w": np.array([1.0, 1.0])}
    >>> RMSProp(p, lr=0.1, alpha=0.75).step({"w": [1000.0, -0.5]})
    >>> p["w"].round(6)
    array([0.8, 1.2])
    """

    def __init__(
        self,
        parameters: Mapping[str, np.ndarray],
        *,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.alpha = within("alpha", alpha, below=1.0)
        self.eps = positive("eps", eps)
        self.mean_square = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self._scratch = shared_scratch(self.parameters)

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once; see :meth:`Optimiser.step`."""
        for name, g in self.checked(gradients).items():
            p, v, scratch = self.parameters[name], self.mean_square[name], self._scratch[name]
            g = self.penalised(name, g)
            # v = alpha v + (1 - alpha) g^2
            v *= self.alpha
            v += np.multiply(np.square(g, out=scratch), 1 - self.alpha, out=scratch)
            # p = p - lr g / (sqrt(v) + eps)
            denominator = np.sqrt(v, out=scratch)
            denominator += self.eps
            update = np.divide(g, denominator, out=scratch)
            update *= self.lr
            p -= update
