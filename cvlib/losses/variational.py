"""The variational autoencoder's loss beside its reconstruction: how far the code is from the prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import numbers
from cvlib.ops._arrays import common_float, same_shape

__all__ = ["gaussian_kl", "gaussian_kl_backward"]


def gaussian_kl(mean: ArrayLike, log_var: ArrayLike) -> float:
    r"""Return the divergence of a normal distribution from the standard normal, per example.

    .. math::

        D\big(\mathcal{N}(\mu, \sigma^2) \,\|\, \mathcal{N}(0, I)\big)
        = \frac{1}{2N} \sum_{n,d} \big( \mu_{nd}^2 + \sigma_{nd}^2 - 1 - \log \sigma_{nd}^2 \big)

    summed over the D numbers of the code, averaged over the N examples: the closed form of an integral, so
    nothing is drawn. It is 0 only for mean 0 and variance 1.

    Parameters
    ----------
    mean : array_like
        The encoder's means :math:`\mu`, (N, D); maps (N, C, H, W) count as D = C H W numbers.
    log_var : array_like
        The logarithms :math:`\log \sigma^2` of its variances, same shape. The logarithm may be any number, so an
        encoder can end in a linear layer.

    Returns
    -------
    float
        In nats.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ, or are not (N, D).

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix B.

    Examples
    --------
    >>> gaussian_kl([[1.0, -2.0]], [[0.0, 0.0]])
    2.5
    """
    mean, log_var = _code(mean, log_var)
    with np.errstate(over="ignore"):  # an infinite variance is infinitely far away
        terms = mean**2 + (np.expm1(log_var) - log_var)
    return float(np.sum(terms)) / (2 * len(mean))


def gaussian_kl_backward(
    mean: ArrayLike, log_var: ArrayLike, dloss: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`gaussian_kl` with respect to the means and the log-variances.

    .. math::

        \frac{\partial D}{\partial \mu_{nd}} = \frac{\mu_{nd}}{N}, \qquad
        \frac{\partial D}{\partial \log \sigma_{nd}^2} = \frac{\sigma_{nd}^2 - 1}{2N}

    Parameters
    ----------
    mean, log_var : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.

    Returns
    -------
    dmean, dlog_var : ndarray
        Shape of ``mean``.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> dmean, dlog_var = gaussian_kl_backward([[1.0, -2.0]], [[0.0, 0.0]])
    >>> dmean, dlog_var
    (array([[ 1., -2.]]), array([[0., 0.]]))
    """
    mean, log_var = _code(mean, log_var)
    scale = number("dloss", dloss) / len(mean)
    with np.errstate(over="ignore"):
        return mean * scale, np.expm1(log_var) * (scale / 2)  # expm1: sigma^2 - 1 keeps its digits near 0


def _code(mean: ArrayLike, log_var: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both checked, row by row in memory and in one floating type."""
    mean = numbers("mean", mean)
    if mean.ndim < 2:
        raise ValueError(f"mean must have at least 2 axes (N, D), got shape {mean.shape}")
    return common_float(mean, numbers("log_var", same_shape("log_var", log_var, mean.shape)))
