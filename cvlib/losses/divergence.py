"""Divergences: how far one distribution is from another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import numbers, quotient, rows_sum_to_one, times_log, unit
from cvlib.ops._arrays import common_float, same_shape

__all__ = [
    "jensen_shannon_divergence",
    "jensen_shannon_divergence_backward",
    "kl_divergence",
    "kl_divergence_backward",
]


def kl_divergence(p: ArrayLike, q: ArrayLike, *, base: float | None = None) -> float:
    r"""Return the Kullback-Leibler divergence of q from p, summed over the last axis, averaged over rows.

    .. math:: D(p \,\|\, q) = \frac{1}{N} \sum_n \sum_k p_{nk} \log \frac{p_{nk}}{q_{nk}}

    With 0 log 0 = 0, and ``inf`` where q rules out what p allows (q = 0 < p). It is 0 only for p = q, and not
    symmetric.

    Parameters
    ----------
    p, q : array_like
        Distributions along the last axis: (K,), or (N, K), or more leading axes. Same shape.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, or a row is no distribution (NaN, negative, or not summing to 1).

    References
    ----------
    Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951) 79-86,
    doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> kl_divergence([0.5, 0.5, 0.0], [0.25, 0.25, 0.5], base=2)
    1.0
    """
    p, q = _distributions(p, q)
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant
        terms = times_log(p, np.log(p)) - times_log(p, np.log(q))
    return float(np.mean(terms.sum(axis=-1))) / unit(base)


def kl_divergence_backward(
    p: ArrayLike, q: ArrayLike, dloss: float = 1.0, *, base: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`kl_divergence` with respect to p and to q.

    .. math::

        \frac{\partial D}{\partial p_{nk}} = \frac{1}{N} \Big( \log \frac{p_{nk}}{q_{nk}} + 1 \Big), \qquad
        \frac{\partial D}{\partial q_{nk}} = -\frac{1}{N} \frac{p_{nk}}{q_{nk}}

    Every entry counts as free: that rows sum to 1 is the business of the softmax before it. At the edges
    the limits are returned: dp is -inf where p = 0 < q and inf where q = 0 < p, dq is -inf there. Where p =
    q = 0 the class does not exist, and both are 0.

    Parameters
    ----------
    p, q : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    base : float, optional
        The forward's base.

    Returns
    -------
    dp, dq : ndarray
        Shape of ``p``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> dp, dq = kl_divergence_backward([0.5, 0.5], [0.25, 0.75])
    >>> dq
    array([-2.        , -0.66666667])
    """
    p, q = _distributions(p, q)
    scale = number("dloss", dloss) / (p.size // p.shape[-1] * unit(base))
    exists = (p > 0) | (q > 0)
    with np.errstate(divide="ignore"):
        log_ratio = np.subtract(np.log(p), np.log(q), out=np.zeros_like(p), where=exists)
    return (log_ratio + exists) * scale, (0 - quotient(p, q)) * scale


def jensen_shannon_divergence(p: ArrayLike, q: ArrayLike, *, base: float | None = None) -> float:
    r"""Return the mean divergence of p and of q from the mixture halfway between them.

    .. math::

        D_{JS}(p, q) = \frac{1}{2} D(p \,\|\, m) + \frac{1}{2} D(q \,\|\, m), \qquad m = \frac{p + q}{2}

    with :func:`kl_divergence` D, and like it averaged over rows. It is symmetric and never infinite: 0 for
    p = q, and at most log 2, one bit, where p and q have nothing in common. It is what a generator minimises
    against the best discriminator: see :func:`~cvlib.losses.optimal_discriminator`.

    Parameters
    ----------
    p, q : array_like
        Distributions along the last axis: (K,), or (N, K), or more leading axes. Same shape.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, or a row is no distribution (NaN, negative, or not summing to 1).

    References
    ----------
    Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37 (1991)
    145-151, doi:10.1109/18.61115.

    Examples
    --------
    >>> jensen_shannon_divergence([1.0, 0.0], [0.0, 1.0], base=2)
    1.0
    """
    p, q = _distributions(p, q)
    terms = times_log(p, _log_of_twice_the_share(p, q)) + times_log(q, _log_of_twice_the_share(q, p))
    return float(np.mean(terms.sum(axis=-1))) / (2 * unit(base))


def jensen_shannon_divergence_backward(
    p: ArrayLike, q: ArrayLike, dloss: float = 1.0, *, base: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`jensen_shannon_divergence` with respect to p and to q.

    .. math::

        \frac{\partial D_{JS}}{\partial p_{nk}} = \frac{1}{2N} \log \frac{p_{nk}}{m_{nk}}, \qquad
        \frac{\partial D_{JS}}{\partial q_{nk}} = \frac{1}{2N} \log \frac{q_{nk}}{m_{nk}}

    The dependence through m cancels. Every entry counts as free, as in :func:`kl_divergence_backward`. Where
    one of the two is 0 its gradient is -inf; where both are, the class does not exist, and both gradients are 0.

    Parameters
    ----------
    p, q : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    base : float, optional
        The forward's base.

    Returns
    -------
    dp, dq : ndarray
        Shape of ``p``.

    Raises
    ------
    ValueError
        As the forward does.

    Examples
    --------
    >>> dp, dq = jensen_shannon_divergence_backward([0.75, 0.25], [0.25, 0.75])
    >>> dp.round(4)  # log 1.5 and log 0.5, halved
    array([ 0.2027, -0.3466])
    """
    p, q = _distributions(p, q)
    scale = number("dloss", dloss) / (p.size // p.shape[-1] * 2 * unit(base))
    return _log_of_twice_the_share(p, q) * scale, _log_of_twice_the_share(q, p) * scale


def _log_of_twice_the_share(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return log(p / m) = log(2 p / (p + q)): -inf where only p is 0, and 0 where both are."""
    with np.errstate(divide="ignore"):
        return np.log(2 * quotient(p, p + q), out=np.zeros_like(p), where=(p > 0) | (q > 0))


def _distributions(p: ArrayLike, q: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    p = numbers("p", p)
    if p.ndim == 0:
        raise ValueError(f"p must be a distribution along its last axis, got the single number {p}")
    q = numbers("q", same_shape("q", q, p.shape))
    return common_float(rows_sum_to_one("p", p), rows_sum_to_one("q", q))
