"""Losses of generative adversarial nets, from the discriminator's logits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from byhand._nested import Nested, Number, divide, each, flat, same_shape, shape
from byhand.definitions.activations import sigmoid_of, softplus
from byhand.definitions.losses._terms import count, number
from cvlib._checks import choice


def discriminator_loss(real_logits: Nested, fake_logits: Nested) -> float:
    r"""Return what the discriminator minimises.

    .. math:: L_D = -\frac1N \sum_n \log s(r_n) - \frac1M \sum_m \log (1 - s(f_m))
        = \frac1N \sum_n \log (1 + e^{-r_n}) + \frac1M \sum_m \log (1 + e^{f_m})

    Examples
    --------
    >>> discriminator_loss([1000, -2000], [-1000])
    1000.0
    """
    shape("real_logits", real_logits), shape("fake_logits", fake_logits)
    of_real = sum(softplus(-r) for r in flat(real_logits)) / count(real_logits)
    of_fake = sum(softplus(f) for f in flat(fake_logits)) / count(fake_logits)
    return of_real + of_fake


def discriminator_loss_backward(
    real_logits: Nested, fake_logits: Nested, dloss: Number = 1
) -> tuple[Any, Any]:
    """Return (dreal_logits, dfake_logits) of :func:`discriminator_loss`: -s(-r) / N and s(f) / M.

    Examples
    --------
    >>> discriminator_loss_backward([0, 0], [0])
    ([-0.25, -0.25], [0.5])
    """
    shape("real_logits", real_logits), shape("fake_logits", fake_logits)
    N, M = count(real_logits), count(fake_logits)
    number("dloss", dloss)
    # softplus(-r) / N + softplus(f) / M
    return each(lambda r: -dloss * sigmoid_of(-r) / N, real_logits), each(
        lambda f: dloss * sigmoid_of(f) / M, fake_logits
    )


def generator_loss(fake_logits: Nested, *, kind: str = "non-saturating") -> float:
    r"""Return what the generator minimises.

    .. math:: -\frac1M \sum_m \log s(f_m) \quad\text{(non-saturating)}, \qquad
        \frac1M \sum_m \log (1 - s(f_m)) \quad\text{(minimax)}

    Examples
    --------
    >>> generator_loss([-1000, 1000]), generator_loss([-1000, 1000], kind="minimax")
    (500.0, -500.0)
    """
    shape("fake_logits", fake_logits)
    if choice("kind", kind, _KINDS) == "minimax":
        return -sum(softplus(f) for f in flat(fake_logits)) / count(fake_logits)
    return sum(softplus(-f) for f in flat(fake_logits)) / count(fake_logits)


def generator_loss_backward(fake_logits: Nested, dloss: Number = 1, *, kind: str = "non-saturating") -> Any:
    """Return the gradient of :func:`generator_loss`: -s(-f) / M, or -s(f) / M for minimax.

    Examples
    --------
    >>> generator_loss_backward([-1000, 1000]), generator_loss_backward([-1000, 1000], kind="minimax")
    ([-0.5, -0.0], [-0.0, -0.5])
    """
    shape("fake_logits", fake_logits)
    scale = -number("dloss", dloss) / count(fake_logits)
    sign = 1 if choice("kind", kind, _KINDS) == "minimax" else -1
    return each(lambda f: scale * sigmoid_of(sign * f), fake_logits)


def optimal_discriminator(p_data: Nested, p_model: Nested) -> Any:
    r"""Return the best answer to "is it real?" for known densities, and 1/2 where both are 0.

    .. math:: D^* = \frac{p_\text{data}}{p_\text{data} + p_\text{model}}

    Examples
    --------
    >>> optimal_discriminator([3, 0], [1, 0])
    [Fraction(3, 4), Fraction(1, 2)]
    """
    same_shape("p_model", p_model, shape("p_data", p_data), "p_data")
    for name, densities in (("p_data", p_data), ("p_model", p_model)):
        if min(flat(densities)) < 0:
            raise ValueError(f"{name} must be at least 0, got {min(flat(densities))}")
    return each(lambda p, q: divide(p, p + q) if p + q else Fraction(1, 2), p_data, p_model)


_KINDS = ("non-saturating", "minimax")
