"""Losses of generative adversarial nets: a discriminator tells real from fake, a generator tries to fool it.

All take logits: the discriminator's scores before its sigmoid. The game is the binary cross-entropy of one
question, "is it real?", and its two players want opposite answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import choice, number
from cvlib.losses._arguments import numbers, quotient
from cvlib.losses.binary import binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_backward
from cvlib.ops._arrays import common_float, finite, same_shape

__all__ = [
    "discriminator_loss",
    "discriminator_loss_backward",
    "generator_loss",
    "generator_loss_backward",
    "optimal_discriminator",
]

REAL, FAKE = 1.0, 0.0


def discriminator_loss(real_logits: ArrayLike, fake_logits: ArrayLike) -> float:
    r"""Return what the discriminator minimises: the negative value -V(D, G) of the game.

    .. math::

        L_D = -\frac{1}{N} \sum_n \log D(x_n) - \frac{1}{M} \sum_m \log \big(1 - D(G(\epsilon_m))\big), \qquad
        D = \sigma(\text{logit})

    A discriminator that cannot tell answers 1/2 to everything and pays log 4.

    Parameters
    ----------
    real_logits : array_like
        Scores of real examples, of any shape, N in all.
    fake_logits : array_like
        Scores of the generator's examples, of any shape, M in all.

    Returns
    -------
    float
        In nats.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If one of them is empty.

    References
    ----------
    Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, "Generative adversarial nets",
    NIPS 2014, equation 1.

    Examples
    --------
    >>> round(discriminator_loss([0.0], [0.0]), 4)
    1.3863
    """
    real, fake = _game(real_logits, fake_logits)
    return _cost(real, REAL) + _cost(fake, FAKE)


def discriminator_loss_backward(
    real_logits: ArrayLike, fake_logits: ArrayLike, dloss: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`discriminator_loss` with respect to both logits.

    .. math::

        \frac{\partial L_D}{\partial \text{real}_n} = \frac{D(x_n) - 1}{N}, \qquad
        \frac{\partial L_D}{\partial \text{fake}_m} = \frac{D(G(\epsilon_m))}{M}

    Parameters
    ----------
    real_logits, fake_logits : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.

    Returns
    -------
    dreal_logits, dfake_logits : ndarray
        Shapes of the logits.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> discriminator_loss_backward([0.0, 0.0], [0.0])
    (array([-0.25, -0.25]), array([0.5]))
    """
    real, fake = _game(real_logits, fake_logits)
    return _slope(real, REAL, dloss), _slope(fake, FAKE, dloss)


def generator_loss(fake_logits: ArrayLike, *, kind: str = "non-saturating") -> float:
    r"""Return what the generator minimises.

    .. math::

        L_{\text{non-saturating}} = -\frac{1}{M} \sum_m \log D(G(\epsilon_m)), \qquad
        L_{\text{minimax}} = \frac{1}{M} \sum_m \log \big(1 - D(G(\epsilon_m))\big)

    Both want D to say "real". Minimax is the value of the game itself; but at the beginning, when D sees through
    every fake, it is flat, and the generator learns nothing. The non-saturating loss is steepest just there, and
    so it is what one trains with.

    Parameters
    ----------
    fake_logits : array_like
        The discriminator's scores of the generator's examples, of any shape, M in all.
    kind : {"non-saturating", "minimax"}
        Which of the two.

    Returns
    -------
    float
        In nats. At least 0 for "non-saturating", at most 0 for "minimax".

    Raises
    ------
    TypeError
        If the logits are not real numbers.
    ValueError
        If there are none, or ``kind`` is another word.

    References
    ----------
    Goodfellow and others, "Generative adversarial nets", NIPS 2014, section 3.

    Examples
    --------
    >>> round(generator_loss([0.0]), 4), round(generator_loss([0.0], kind="minimax"), 4)
    (0.6931, -0.6931)
    """
    fake, label, sign = _wish(fake_logits, kind)
    return sign * _cost(fake, label)


def generator_loss_backward(
    fake_logits: ArrayLike, dloss: float = 1.0, *, kind: str = "non-saturating"
) -> np.ndarray:
    r"""Return the gradient of :func:`generator_loss` with respect to the logits.

    .. math::

        \frac{\partial L_{\text{non-saturating}}}{\partial \text{fake}_m} = \frac{D(G(\epsilon_m)) - 1}{M}, \qquad
        \frac{\partial L_{\text{minimax}}}{\partial \text{fake}_m} = -\frac{D(G(\epsilon_m))}{M}

    From there it goes back through the discriminator, whose weights stay as they are, into the generator.

    Parameters
    ----------
    fake_logits : array_like
        The forward's argument.
    dloss : float
        Upstream gradient.
    kind : {"non-saturating", "minimax"}
        The forward's kind.

    Returns
    -------
    ndarray
        Shape of ``fake_logits``.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> generator_loss_backward([-9.0]).round(4)  # D is sure that it is a fake: a full slope
    array([-0.9999])
    >>> generator_loss_backward([-9.0], kind="minimax").round(4)  # hardly any
    array([-0.0001])
    """
    fake, label, sign = _wish(fake_logits, kind)
    return _slope(fake, label, sign * number("dloss", dloss))


def optimal_discriminator(p_data: ArrayLike, p_model: ArrayLike) -> np.ndarray:
    r"""Return the best answer to "is it real?" when both densities are known.

    .. math:: D^*(x) = \frac{p_{\text{data}}(x)}{p_{\text{data}}(x) + p_{\text{model}}(x)}

    With it the game has the value
    :math:`V(D^*, G) = 2\, D_{JS}(p_{\text{data}}, p_{\text{model}}) - \log 4`: what the generator is left to
    minimise is the :func:`~cvlib.losses.jensen_shannon_divergence`.

    Parameters
    ----------
    p_data, p_model : array_like
        Densities or probabilities at the same places, same shape, at least 0.

    Returns
    -------
    ndarray
        Shape of ``p_data``, in [0, 1]; 1/2 where both are 0, for nothing ever comes from there.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ, or a density is negative, NaN or infinite.

    References
    ----------
    Goodfellow and others, "Generative adversarial nets", NIPS 2014, proposition 1.

    Examples
    --------
    >>> optimal_discriminator([0.75, 0.25, 0.0], [0.25, 0.25, 0.5])
    array([0.75, 0.5 , 0.  ])
    """
    p = _density("p_data", numbers("p_data", p_data))
    q = _density("p_model", numbers("p_model", same_shape("p_model", p_model, p.shape)))
    p, q = common_float(p, q)
    return np.where((p > 0) | (q > 0), quotient(p, p + q), p.dtype.type(0.5))


def _cost(logits: np.ndarray, label: float) -> float:
    """Return the cross-entropy if the right answer is the same for all."""
    return binary_cross_entropy_with_logits(logits, np.full_like(logits, label))


def _slope(logits: np.ndarray, label: float, dloss: float) -> np.ndarray:
    return binary_cross_entropy_with_logits_backward(logits, np.full_like(logits, label), dloss)


def _game(real_logits: ArrayLike, fake_logits: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    return common_float(numbers("real_logits", real_logits), numbers("fake_logits", fake_logits))


def _wish(fake_logits: ArrayLike, kind: str) -> tuple[np.ndarray, float, float]:
    """Return the logits, and how the generator's loss is made of the discriminator's: a label and a sign."""
    fake = numbers("fake_logits", fake_logits)
    if choice("kind", kind, ("non-saturating", "minimax")) == "minimax":
        return fake, FAKE, -1.0  # minus the discriminator's own cost: a sum of zero
    return fake, REAL, 1.0  # the cost of a discriminator that takes the fake for real


def _density(name: str, x: np.ndarray) -> np.ndarray:
    if (finite(name, x) < 0).any():
        raise ValueError(f"{name} must be at least 0, got {x.min()}")
    return x
