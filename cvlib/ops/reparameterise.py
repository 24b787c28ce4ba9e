"""The reparameterisation trick: a random code whose gradient still reaches the encoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib.ops._arrays import as_float, common_float, same_shape

__all__ = ["reparameterise", "reparameterise_backward"]


def reparameterise(mean: ArrayLike, log_var: ArrayLike, noise: ArrayLike) -> np.ndarray:
    r"""Return a draw from a normal distribution, made of a given draw from the standard one.

    .. math:: z = \mu + \sigma \epsilon, \qquad \sigma = e^{\frac{1}{2} \log \sigma^2}

    Drawing z itself would be a dead end for gradients. Here chance comes in from the side, and z is a smooth
    function of the two numbers that the encoder gives.

    Parameters
    ----------
    mean : array_like
        Means :math:`\mu`, of any shape.
    log_var : array_like
        Logarithms :math:`\log \sigma^2` of the variances, same shape.
    noise : array_like
        Standard normal numbers :math:`\epsilon`, same shape: ``rng.standard_normal(mean.shape)``. Zeros give
        the mean, as one wants after training.

    Returns
    -------
    ndarray
        Shape of ``mean``.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, section 2.4.

    Examples
    --------
    >>> reparameterise([5.0, 5.0], np.log([4.0, 4.0]), [1.0, -0.5]).round(12)  # mean 5, sigma 2
    array([7., 4.])
    """
    mean, log_var, noise = _checked(mean, log_var, noise)
    return mean + np.exp(log_var / 2) * noise


def reparameterise_backward(
    dy: ArrayLike, mean: ArrayLike, log_var: ArrayLike, noise: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return dL/dmean and dL/dlog_var of :func:`reparameterise`.

    .. math:: d\mu = dz, \qquad d\log\sigma^2 = dz \cdot \tfrac{1}{2} \sigma \epsilon

    The noise is drawn, not computed: nothing comes before it, and it gets no gradient.

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dz, shape of ``mean``.
    mean, log_var, noise : array_like
        The forward's arguments.

    Returns
    -------
    dmean, dlog_var : ndarray
        Shape of ``mean``.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> dmean, dlog_var = reparameterise_backward([1.0, 1.0], [5.0, 5.0], np.log([4.0, 4.0]), [1.0, -0.5])
    >>> dmean, dlog_var.round(12)
    (array([1., 1.]), array([ 1. , -0.5]))
    """
    mean, log_var, noise = _checked(mean, log_var, noise)
    dy, log_var, noise = common_float(_rows(same_shape("dy", dy, mean.shape)), log_var, noise)
    # z = mean + exp(log_var / 2) * noise
    return dy.copy(), dy * (np.exp(log_var / 2) * noise / 2)


def _checked(
    mean: ArrayLike, log_var: ArrayLike, noise: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three in one shape and one floating type, row by row in memory."""
    mean = _rows(as_float("mean", mean))
    others = (_rows(same_shape(name, x, mean.shape)) for name, x in (("log_var", log_var), ("noise", noise)))
    return common_float(mean, *others)


def _rows(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, order="C")
