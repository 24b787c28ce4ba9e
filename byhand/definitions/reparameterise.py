"""The reparameterisation trick."""

from __future__ import annotations

import math
from typing import Any

from byhand._nested import Nested, each, same_shape, shape


def reparameterise(mean: Nested, log_var: Nested, noise: Nested) -> Any:
    r"""Return a draw from a normal distribution, made of a given draw from the standard one.

    .. math:: z = \mu + \sigma \epsilon, \qquad \sigma = e^{\frac12 \log \sigma^2}

    Examples
    --------
    >>> reparameterise([5, 5], [0, 0], [1, -0.5])
    [6.0, 4.5]
    """
    _one_shape(mean, log_var, noise)
    return each(lambda mu, s, eps: mu + math.exp(s / 2) * eps, mean, log_var, noise)


def reparameterise_backward(dy: Nested, mean: Nested, log_var: Nested, noise: Nested) -> tuple[Any, Any]:
    r"""Return (dmean, dlog_var) of :func:`reparameterise`; the noise gets no gradient.

    .. math:: d\mu = dz, \qquad d\log\sigma^2 = dz\; \frac{\sigma \epsilon}{2}

    Examples
    --------
    >>> reparameterise_backward([2, 2], [5, 5], [0, 0], [1, -0.5])
    ([2, 2], [1.0, -0.5])
    """
    same_shape("dy", dy, shape("mean", mean), "mean")
    _one_shape(mean, log_var, noise)
    # z = mu + exp(s / 2) * eps
    return each(lambda dz: dz, dy), each(
        lambda dz, s, eps: dz * math.exp(s / 2) * eps / 2, dy, log_var, noise
    )


def _one_shape(mean: Nested, log_var: Nested, noise: Nested) -> None:
    same_shape("log_var", log_var, shape("mean", mean), "mean")
    same_shape("noise", noise, shape("mean", mean), "mean")
