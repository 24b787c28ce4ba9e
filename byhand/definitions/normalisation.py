"""Normalisation: numbers to mean 0 and variance 1; exact in exact numbers where the root is rational."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from numbers import Rational
from typing import Any

from byhand._nested import Nested, Number, Vector, divide, each, flat, same_shape, shape, zeros
from cvlib._checks import within


def batch_norm(
    x: Nested,
    gamma: Vector,
    beta: Vector,
    running_mean: Vector | None = None,
    running_var: Vector | None = None,
    *,
    training: bool = True,
    momentum: Number = 0.1,
    eps: Number = 1e-5,
) -> tuple[Any, list[Number], list[Number]]:
    r"""Normalise every channel over the batch, then scale and shift it; also return the new running statistics.

    .. math:: \hat{x} = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}, \qquad y = \gamma_c\, \hat{x} + \beta_c

    In training the mean and the variance are those of the m numbers of the channel, and the running statistics,
    zeros and ones to start with, move towards them; in inference the running statistics take their place:

    .. math::

        \mu_c = \frac{1}{m} \sum x, \qquad \sigma_c^2 = \frac{1}{m} \sum (x - \mu_c)^2, \qquad
        \mu^\text{run} \leftarrow (1 - \rho)\, \mu^\text{run} + \rho\, \mu, \qquad
        v^\text{run} \leftarrow (1 - \rho)\, v^\text{run} + \rho\, \frac{m}{m - 1}\, \sigma^2

    Parameters
    ----------
    x : nested lists (N, C), (N, C, L) or (N, C, H, W)
    gamma, beta : list (C,)
    running_mean, running_var : list (C,), optional
    training : bool
        Whether the statistics are those of this batch.
    momentum : number from 0 to 1
        The weight of this batch in the running statistics.
    eps : number
        With ``eps=0`` and a variance that is a square, exact numbers stay exact.

    Returns
    -------
    y : nested lists, shape of ``x``
    running_mean, running_var : list (C,)

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together; if an option is out of
        its range; if a channel has fewer than two numbers in training.

    Examples
    --------
    >>> y, running_mean, running_var = batch_norm([[3], [5]], [10], [1], eps=0, momentum=1)
    >>> y, running_mean, running_var
    ([[Fraction(-9, 1)], [Fraction(11, 1)]], [Fraction(4, 1)], [Fraction(2, 1)])
    """
    running_mean, running_var = _batch_arguments(
        x, gamma, beta, running_mean, running_var, training, momentum, eps
    )
    y = [list(image) for image in x]
    for c in range(len(gamma)):
        numbers = _channel(x, c)
        if training:
            m, mean, var = len(numbers), *_mean_and_variance(numbers)
            running_mean[c] = (1 - momentum) * running_mean[c] + momentum * mean
            running_var[c] = (1 - momentum) * running_var[c] + momentum * divide(m, m - 1) * var
        else:
            mean, var = running_mean[c], running_var[c]
        root = square_root(var + eps)
        _fill(y, c, (gamma[c] * divide(value - mean, root) + beta[c] for value in numbers))
    return y, running_mean, running_var


def batch_norm_backward(
    dy: Nested,
    x: Nested,
    gamma: Vector,
    beta: Vector,
    running_mean: Vector | None = None,
    running_var: Vector | None = None,
    *,
    training: bool = True,
    momentum: Number = 0.1,
    eps: Number = 1e-5,
) -> tuple[Any, list[Number], list[Number]]:
    """Return (dx, dgamma, dbeta) of :func:`batch_norm`, from the last line of the forward to the first.

    Examples
    --------
    >>> batch_norm_backward([[1], [0]], [[3], [5]], [6], [0], eps=3)
    ([[Fraction(9, 8)], [Fraction(-9, 8)]], [Fraction(-1, 2)], [1])
    """
    running_mean, running_var = _batch_arguments(
        x, gamma, beta, running_mean, running_var, training, momentum, eps
    )
    same_shape("dy", dy, shape("x", x), "x")
    dx, dgamma, dbeta = [list(image) for image in x], list(gamma), list(beta)
    for c in range(len(gamma)):
        numbers, upstream = _channel(x, c), _channel(dy, c)
        mean, var = _mean_and_variance(numbers) if training else (running_mean[c], running_var[c])
        root = square_root(var + eps)
        xhat = [divide(value - mean, root) for value in numbers]
        # y = gamma[c] * xhat + beta[c]
        dbeta[c] = sum(upstream)
        dgamma[c] = sum(d * z for d, z in zip(upstream, xhat, strict=True))
        dxhat = [d * gamma[c] for d in upstream]
        # xhat = (x - mean) / root
        if training:
            _fill(dx, c, _through_statistics(dxhat, numbers, eps))
        else:
            _fill(dx, c, (divide(d, root) for d in dxhat))
    return dx, dgamma, dbeta


def layer_norm(x: Nested, gamma: Nested, beta: Nested, *, eps: Number = 1e-5) -> Any:
    r"""Normalise every example by itself, over the last axes, then scale and shift its entries.

    .. math:: \hat{x}_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y_i = \gamma_i\, \hat{x}_i + \beta_i,
        \qquad \mu = \frac{1}{D} \sum_i x_i, \qquad \sigma^2 = \frac{1}{D} \sum_i (x_i - \mu)^2

    Parameters
    ----------
    x : nested lists (..., D)
        Examples, whose axes are the last ones: as many as ``gamma`` has.
    gamma, beta : nested lists (D,) or more axes
    eps : number
        With ``eps=0`` and a variance that is a square, exact numbers stay exact.

    Returns
    -------
    nested lists, shape of ``x``

    Raises
    ------
    TypeError, ValueError
        If the lists are ragged, hold something other than numbers, or do not fit together; if ``eps`` is negative.

    Examples
    --------
    >>> layer_norm([[1, 3], [40, 20]], [1, 10], [0, Fraction(1, 2)], eps=0)
    [[Fraction(-1, 1), Fraction(21, 2)], [Fraction(1, 1), Fraction(-19, 2)]]
    """

    def normalised(example: Nested) -> Any:
        mean, var = _mean_and_variance(list(flat(example)))
        root = square_root(var + eps)
        return each(lambda x, g, b: g * divide(x - mean, root) + b, example, gamma, beta)

    return _each_example(normalised, _leading_axes(x, gamma, beta, eps), x)


def layer_norm_backward(
    dy: Nested, x: Nested, gamma: Nested, beta: Nested, *, eps: Number = 1e-5
) -> tuple[Any, Any, Any]:
    """Return (dx, dgamma, dbeta) of :func:`layer_norm`.

    Examples
    --------
    >>> layer_norm_backward([[1, 0]], [[1, 3]], [6, 6], [0, 0], eps=3)
    ([[Fraction(9, 8), Fraction(-9, 8)]], [Fraction(-1, 2), Fraction(0, 1)], [1, 0])
    """
    axes = _leading_axes(x, gamma, beta, eps)
    same_shape("dy", dy, shape("x", x), "x")
    dgamma = dbeta = zeros(shape("gamma", gamma))

    def gradient(dy: Nested, example: Nested) -> Any:
        nonlocal dgamma, dbeta
        numbers = list(flat(example))
        mean, var = _mean_and_variance(numbers)
        root = square_root(var + eps)
        xhat = each(lambda x: divide(x - mean, root), example)
        # y = gamma * xhat + beta
        dbeta = each(lambda total, d: total + d, dbeta, dy)
        dgamma = each(lambda total, d, z: total + d * z, dgamma, dy, xhat)
        dxhat = each(lambda d, g: d * g, dy, gamma)
        # xhat = (x - mean) / root
        return _refilled(example, iter(_through_statistics(list(flat(dxhat)), numbers, eps)))

    return _each_example(gradient, axes, dy, x), dgamma, dbeta


def square_root(value: Number) -> Number:
    """Return the square root: exact if the value is exact and its root rational, else a float.

    Examples
    --------
    >>> square_root(Fraction(4, 9)), square_root(6.25)
    (Fraction(2, 3), 2.5)
    """
    if isinstance(value, Rational):
        root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
        if root * root == value:
            return root
    return math.sqrt(value)


def _mean_and_variance(numbers: Vector) -> tuple[Number, Number]:
    """Return the mean, and the mean of the squared distances from it."""
    m = len(numbers)
    mean = divide(sum(numbers), m)
    return mean, divide(sum((x - mean) ** 2 for x in numbers), m)


def _through_statistics(dxhat: Vector, numbers: Vector, eps: Number) -> list[Number]:
    """Return dx for xhat = (x - mean) / root: each x is also in the mean and in the variance under the root."""
    m = len(numbers)
    mean, var = _mean_and_variance(numbers)
    root = square_root(var + eps)
    # xhat = (x - mean) / root
    dx = [divide(d, root) for d in dxhat]
    dmean = -sum(dx)
    droot = -divide(sum(d * (x - mean) for d, x in zip(dxhat, numbers, strict=True)), root**2)
    # root = sqrt(var + eps), whose slope is 1 / (2 root)
    dvar = divide(droot, 2 * root)
    # var = sum of (x - mean)^2 / m
    dx = [d + divide(dvar * 2 * (x - mean), m) for d, x in zip(dx, numbers, strict=True)]
    dmean -= sum(divide(dvar * 2 * (x - mean), m) for x in numbers)
    # mean = sum of x / m
    return [d + divide(dmean, m) for d in dx]


def _channel(x: Nested, c: int) -> list[Number]:
    """Return the numbers of channel c: image by image, row by row."""
    return [value for image in x for value in flat(image[c])]


def _fill(x: list[Any], c: int, numbers: Iterable[Number]) -> None:
    """Put ``numbers`` into channel c in the order of :func:`_channel`."""
    numbers = iter(numbers)
    for image in x:
        image[c] = _refilled(image[c], numbers)


def _refilled(like: Nested, numbers: Iterator[Number]) -> Any:
    """Return the next numbers in nested lists of the shape of ``like``."""
    return each(lambda _: next(numbers), like)


def _each_example(function: Callable[..., Any], axes: int, *values: Any) -> Any:
    """Return ``function`` of every example; ``axes`` lead to one."""
    if axes == 0:
        return function(*values)
    return [_each_example(function, axes - 1, *parts) for parts in zip(*values, strict=True)]


def _batch_arguments(
    x: Nested,
    gamma: Vector,
    beta: Vector,
    running_mean: Vector | None,
    running_var: Vector | None,
    training: bool,
    momentum: Number,
    eps: Number,
) -> tuple[list[Number], list[Number]]:
    """Return copies of the running statistics, once all arguments fit together."""
    sizes = shape("x", x)
    if len(sizes) < 2:
        raise ValueError(f"x must be nested lists with at least 2 axes (N, C, ...), got shape {sizes}")
    channels = sizes[1]
    if training and sizes[0] * math.prod(sizes[2:]) < 2:
        raise ValueError(f"x must have at least 2 numbers per channel in training, got shape {sizes}")
    running_mean = [0] * channels if running_mean is None else running_mean
    running_var = [1] * channels if running_var is None else running_var
    vectors = {"gamma": gamma, "beta": beta, "running_mean": running_mean, "running_var": running_var}
    for name, vector in vectors.items():
        same_shape(name, vector, (channels,), "one number for each channel")
    if min(running_var) < 0:
        raise ValueError(f"running_var must not be negative, got {min(running_var)}")
    within("momentum", momentum, 0, 1)
    within("eps", eps, 0)
    return list(running_mean), list(running_var)


def _leading_axes(x: Nested, gamma: Nested, beta: Nested, eps: Number) -> int:
    """Return how many axes of ``x`` lead to an example, once all arguments fit together."""
    sizes, example = shape("x", x), shape("gamma", gamma)
    if not example:
        raise ValueError(f"gamma must be nested lists with at least 1 axis, got the number {gamma}")
    same_shape("beta", beta, example, "gamma")
    if sizes[-len(example) :] != example:
        raise ValueError(f"x must end with the axes of gamma, {example}, got shape {sizes}")
    within("eps", eps, 0)
    return len(sizes) - len(example)
