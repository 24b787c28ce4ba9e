"""Divergences: how far one distribution is from another."""

from __future__ import annotations

import math
from typing import Any

from byhand._nested import Nested, Number, each, flat, same_shape, shape
from byhand.definitions.losses._terms import distributions, log, log_of_base, number, share, times_log


def kl_divergence(p: Nested, q: Nested, *, base: float | None = None) -> float:
    r"""Return the Kullback-Leibler divergence of q from p, the mean over rows.

    .. math:: D(p \,\|\, q) = \frac1N \sum_n \sum_k p_{n,k} \log \frac{p_{n,k}}{q_{n,k}}

    Parameters
    ----------
    p, q : list (K,) or nested lists (..., K)
        Probabilities that sum to 1 along the last axis. Where p is 0 the term is 0; where only q is 0,
        infinite.
    base : float, optional
        That of :func:`cross_entropy`.

    Examples
    --------
    >>> kl_divergence([1, 0], [0.5, 0.5], base=2)
    1.0
    """
    N = _two_distributions(p, q)
    total = 0.0
    for a, b in zip(flat(p), flat(q), strict=True):
        total += times_log(a, a) - times_log(a, b)
    return total / N / log_of_base(base)


def kl_divergence_backward(
    p: Nested, q: Nested, dloss: Number = 1, *, base: float | None = None
) -> tuple[Any, Any]:
    r"""Return (dp, dq) of :func:`kl_divergence`, every entry taken as free.

    .. math:: dp = \frac1N \left( \log \frac{p}{q} + 1 \right), \qquad dq = -\frac1N\, \frac{p}{q}

    A class that neither p nor q allows has no gradient.

    Examples
    --------
    >>> kl_divergence_backward([0.5, 0.5], [0.5, 0.5])
    ([1.0, 1.0], [-1.0, -1.0])
    """
    scale = number("dloss", dloss) / _two_distributions(p, q) / log_of_base(base)
    # total += p log p - p log q
    dp = each(lambda a, b: scale * (log(a) + 1 - log(b)) if a or b else 0.0, p, q)
    dq = each(lambda a, b: -scale * share(a, b), p, q)
    return dp, dq


def jensen_shannon_divergence(p: Nested, q: Nested, *, base: float | None = None) -> float:
    r"""Return the mean divergence of p and of q from the mixture m halfway between them, the mean over rows.

    .. math:: D_{JS} = \frac12 D(p \,\|\, m) + \frac12 D(q \,\|\, m), \qquad m = \frac{p + q}{2}

    Examples
    --------
    >>> jensen_shannon_divergence([1, 0], [0, 1], base=2)
    1.0
    """
    _two_distributions(p, q)
    m = each(lambda a, b: (a + b) / 2, p, q)
    return (kl_divergence(p, m, base=base) + kl_divergence(q, m, base=base)) / 2


def jensen_shannon_divergence_backward(
    p: Nested, q: Nested, dloss: Number = 1, *, base: float | None = None
) -> tuple[Any, Any]:
    r"""Return (dp, dq) of :func:`jensen_shannon_divergence`, every entry taken as free.

    .. math:: dp = \frac{1}{2N} \log \frac{p}{m}, \qquad dq = \frac{1}{2N} \log \frac{q}{m}

    What p and q do to the logarithm of m cancels against the derivative of p log p + q log q.

    Examples
    --------
    >>> jensen_shannon_divergence_backward([0.5, 0.5], [0.5, 0.5])
    ([0.0, 0.0], [0.0, 0.0])
    """
    scale = number("dloss", dloss) / _two_distributions(p, q) / log_of_base(base)
    # D(p || m) / 2 + D(q || m) / 2
    dp = each(lambda a, b: scale * (log(a) - log((a + b) / 2)) / 2 if a or b else 0.0, p, q)
    dq = each(lambda a, b: scale * (log(b) - log((a + b) / 2)) / 2 if a or b else 0.0, p, q)
    return dp, dq


def _two_distributions(p: Nested, q: Nested) -> int:
    """Return the number of rows of p and q once they are checked."""
    sizes = shape("p", p)
    if not sizes:
        raise ValueError(f"p must be a list of probabilities, got the single number {p!r}")
    same_shape("q", q, sizes, "p")
    distributions("p", p)
    distributions("q", q)
    return math.prod(sizes[:-1])
