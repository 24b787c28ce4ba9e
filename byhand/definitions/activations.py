"""Smooth activations, element by element, as floats."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from byhand._nested import Nested, Number, each, same_shape, shape
from cvlib._checks import choice

_CUBIC = Fraction(44715, 1000000)  # the cubic term in the approximation of GELU, as its authors rounded it


def sigmoid(x: Nested) -> Any:
    """Return 1 / (1 + e^-x) of every entry, as floats.

    Examples
    --------
    >>> sigmoid([0, -1000])
    [0.5, 0.0]
    """
    shape("x", x)
    return each(sigmoid_of, x)


def sigmoid_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`sigmoid`: dy s(x) (1 - s(x)), where 1 - s(x) = s(-x).

    Examples
    --------
    >>> sigmoid_backward([8], [0])
    [2.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * sigmoid_of(x) * sigmoid_of(-x), dy, x)


def sigmoid_of(x: Number) -> float:
    """Return the sigmoid of one number."""
    # The same fraction, extended by e^x where e^-x would overflow.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (math.exp(x) + 1)


def tanh(x: Nested) -> Any:
    """Return the hyperbolic tangent of every entry, as floats.

    Examples
    --------
    >>> tanh([0, -1000])
    [0.0, -1.0]
    """
    shape("x", x)
    return each(math.tanh, x)


def tanh_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`tanh`: dy (1 - tanh(x)^2).

    Examples
    --------
    >>> tanh_backward([3], [0])
    [3.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * (1 - math.tanh(x) ** 2), dy, x)


def elu(x: Nested, *, alpha: Number = 1.0) -> Any:
    """Return x where x > 0, and alpha (e^x - 1) elsewhere.

    Examples
    --------
    >>> elu([-1000, 0, 3], alpha=2)
    [-2.0, 0.0, 3]
    """
    shape("x", x)
    same_shape("alpha", alpha, (), "a single number")
    return each(lambda x: x if x > 0 else alpha * math.expm1(x), x)


def elu_backward(dy: Nested, x: Nested, *, alpha: Number = 1.0) -> Any:
    """Return dx of :func:`elu`: dy where x > 0, and dy alpha e^x elsewhere (at 0 too).

    Examples
    --------
    >>> elu_backward([5, 5, 5], [-1000, 0, 3], alpha=2)
    [0.0, 10.0, 5]
    """
    same_shape("dy", dy, shape("x", x), "x")
    same_shape("alpha", alpha, (), "a single number")
    return each(lambda dy, x: dy if x > 0 else dy * alpha * math.exp(x), dy, x)


def gelu(x: Nested, *, approximate: str = "none") -> Any:
    """Return x times the probability that a standard normal number is smaller than x.

    With ``approximate="tanh"``, x/2 (1 + tanh u) with u = sqrt(2/pi) (x + 0.044715 x^3).

    Examples
    --------
    >>> gelu([-100, 0])
    [-0.0, 0.0]
    >>> [round(y, 4) for y in gelu([-1, 1])], [round(y, 4) for y in gelu([-1, 1], approximate="tanh")]
    ([-0.1587, 0.8413], [-0.1588, 0.8412])
    """
    shape("x", x)
    if choice("approximate", approximate, ("none", "tanh")) == "none":
        return each(lambda x: x * _normal_below(x), x)
    return each(lambda x: x / 2 * (1 + math.tanh(_angle(x))), x)


def gelu_backward(dy: Nested, x: Nested, *, approximate: str = "none") -> Any:
    """Return dx of :func:`gelu`: both factors depend on x.

    Examples
    --------
    >>> gelu_backward([8, 1], [0, 100]), gelu_backward([8], [0], approximate="tanh")
    ([4.0, 1.0], [4.0])
    """
    same_shape("dy", dy, shape("x", x), "x")

    def slope(x: Number) -> float:
        if approximate == "none":
            # y = x Phi(x), and the derivative of Phi is the bell
            return _normal_below(x) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        # y = x/2 (1 + tanh u(x))
        t, du = math.tanh(_angle(x)), math.sqrt(2 / math.pi) * (1 + 3 * _CUBIC * x * x)
        return (1 + t) / 2 + x / 2 * (1 - t * t) * du

    choice("approximate", approximate, ("none", "tanh"))
    return each(lambda dy, x: dy * slope(x), dy, x)


def _normal_below(x: Number) -> float:
    """Return the probability that a standard normal number is smaller than x."""
    return (1 + math.erf(x / math.sqrt(2))) / 2


def _angle(x: Number) -> float:
    return math.sqrt(2 / math.pi) * (x + _CUBIC * x**3)


def silu(x: Nested) -> Any:
    """Return x s(x) with the sigmoid s.

    Examples
    --------
    >>> silu([0, 1000])
    [0.0, 1000.0]
    """
    shape("x", x)
    return each(lambda x: x * sigmoid_of(x), x)


def silu_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`silu`: dy (s(x) + x s(x) (1 - s(x))), where 1 - s(x) = s(-x).

    Examples
    --------
    >>> silu_backward([8, 1], [0, 1000])
    [4.0, 1.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy * sigmoid_of(x) * (1 + x * sigmoid_of(-x)), dy, x)


def softplus(x: Nested, *, beta: Number = 1.0) -> Any:
    """Return log(1 + e^(beta x)) / beta of every entry.

    Examples
    --------
    >>> [round(y, 4) for y in softplus([-1000, 0, 1000])]
    [0.0, 0.6931, 1000.0]
    """
    shape("x", x)
    _check_beta(beta)
    # log(1 + e^u) = u + log(e^-u + 1): of the two, the one whose power of e is at most 1
    return each(lambda x: max(x, 0) + math.log1p(math.exp(-beta * abs(x))) / beta, x)


def softplus_backward(dy: Nested, x: Nested, *, beta: Number = 1.0) -> Any:
    """Return dx of :func:`softplus`: dy s(beta x).

    Examples
    --------
    >>> softplus_backward([8, 8], [0, 1000])
    [4.0, 8.0]
    """
    same_shape("dy", dy, shape("x", x), "x")
    _check_beta(beta)
    return each(lambda dy, x: dy * sigmoid_of(beta * x), dy, x)


def _check_beta(beta: Number) -> None:
    same_shape("beta", beta, (), "a single number")
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta}")
