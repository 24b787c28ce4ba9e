"""The variational autoencoder's divergence from the prior."""

from __future__ import annotations

import math
from typing import Any

from byhand._nested import Nested, Number, each, flat, same_shape, shape
from byhand.definitions.losses._terms import number


def gaussian_kl(mean: Nested, log_var: Nested) -> float:
    r"""Return the divergence of a normal distribution from the standard normal, the mean over examples.

    .. math:: D = \frac{1}{2N} \sum_{n,d} \bigl( \mu_{n,d}^2 + \sigma_{n,d}^2 - 1 - \log \sigma_{n,d}^2 \bigr)

    Parameters
    ----------
    mean, log_var : nested lists (N, D)
        The means and the logarithms of the variances.

    Examples
    --------
    >>> gaussian_kl([[1, -2]], [[0, 0]])
    2.5
    """
    N = _examples(mean, log_var)
    total = 0.0
    for mu, s in zip(flat(mean), flat(log_var), strict=True):
        total += mu**2 + math.exp(s) - 1 - s
    return total / (2 * N)


def gaussian_kl_backward(mean: Nested, log_var: Nested, dloss: Number = 1) -> tuple[Any, Any]:
    r"""Return (dmean, dlog_var) of :func:`gaussian_kl`.

    .. math:: d\mu = \frac{\mu}{N}, \qquad d\log\sigma^2 = \frac{\sigma^2 - 1}{2N}

    Examples
    --------
    >>> gaussian_kl_backward([[1, -2]], [[0, 0]])
    ([[1.0, -2.0]], [[0.0, 0.0]])
    """
    scale = number("dloss", dloss) / _examples(mean, log_var)
    # total += mu^2 + exp(s) - 1 - s
    return each(lambda mu: scale * mu, mean), each(lambda s: scale * (math.exp(s) - 1) / 2, log_var)


def _examples(mean: Nested, log_var: Nested) -> int:
    """Return N once the arguments are checked."""
    sizes = shape("mean", mean)
    if len(sizes) < 2:
        raise ValueError(f"mean must be nested lists with at least 2 axes (N, D), got shape {sizes}")
    same_shape("log_var", log_var, sizes, "mean")
    return sizes[0]
