"""Adam, and AdamW, whose weight decay stands apart from the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike

from cvlib.optim.optimiser import Optimiser, positive, shared_scratch, within


class Adam(Optimiser):
    r"""Adaptive moment estimation: every parameter has its own step, of a size near ``lr``.

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2

        \hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}

        p \leftarrow p - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}

    m and v start at 0; the hats undo the bias of that start. Weight decay is the L2 penalty, added to g
    before anything else; :class:`AdamW` decays the weights themselves.

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
        self.betas = within("betas[0]", betas[0], below=1.0), within("betas[1]", betas[1], below=1.0)
        self.eps = positive("eps", eps)
        self.first_moment = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self.second_moment = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self.num_steps = 0
        self._scratch = shared_scratch(self.parameters)

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once; see :meth:`Optimiser.step`."""
        for name, p, g in self._counted(gradients):
            p -= self._update(name, self.penalised(name, g))

    def _counted(self, gradients: Mapping[str, ArrayLike]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Count the step, once the gradients are known to fit; yield name, parameter and gradient."""
        gradients = self.checked(gradients)
        self.num_steps += 1
        for name, p in self.parameters.items():
            yield name, p, gradients[name]

    def _update(self, name: str, g: np.ndarray) -> np.ndarray:
        """Move the moments; return eta m_hat / (sqrt(v_hat) + eps), valid until the next call."""
        m, v, scratch = self.first_moment[name], self.second_moment[name], self._scratch[name]
        beta1, beta2 = self.betas
        # m = beta1 m + (1 - beta1) g
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=scratch)
        # v = beta2 v + (1 - beta2) g^2
        v *= beta2
        v += np.multiply(np.square(g, out=scratch), 1 - beta2, out=scratch)
        # The hats are numbers, so they go to the other numbers (section 2 of the paper): with r = sqrt(1 - beta2^t)
        # the update is eta r / (1 - beta1^t) m / (sqrt(v) + eps r), one pass over the array less.
        r = math.sqrt(1 - beta2**self.num_steps)
        denominator = np.sqrt(v, out=scratch)
        denominator += self.eps * r
        update = np.divide(m, denominator, out=scratch)
        update *= self.lr * r / (1 - beta1**self.num_steps)
        return update


class AdamW(Adam):
    r"""Adam with decoupled weight decay: the weights shrink by a factor of their own.

    .. math:: p \leftarrow (1 - \eta \lambda)\, p - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}

    with the moments of :class:`Adam`, of the gradient alone. In Adam the penalty's gradient is divided by
    sqrt(v) with the rest, so weights with large gradients hardly decay; here all decay alike.

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
        Lambda, at least 0. As in PyTorch a step takes ``lr * weight_decay`` of the weight.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, arXiv:1711.05101, algorithm 2.

    Examples
    --------
    Without a gradient the weights only decay, here by a tenth.

    >>> p = {"w": np.array([1.0, 2.0])}
    >>> AdamW(p, lr=0.2, weight_decay=0.5).step({"w": [0.0, 0.0]})
    >>> p["w"]
    array([0.9, 1.8])
    """

    def __init__(
        self,
        parameters: Mapping[str, np.ndarray],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def step(self, gradients: Mapping[str, ArrayLike]) -> None:
        """Move every parameter once; see :meth:`Optimiser.step`."""
        for name, p, g in self._counted(gradients):
            update = self._update(name, g)  # before p moves: a gradient may be the parameter itself
            p *= 1 - self.lr * self.weight_decay
            p -= update
