"""Smooth activations: elementwise, so each gradient is the upstream gradient times the slope at the same place.

Those with a corner are in :mod:`cvlib.ops.rectifiers`. Where a formula has a limit at infinity, that is the value:
``silu`` of minus infinity is 0 and not minus infinity times 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import choice, number
from cvlib.ops._elementwise import as_input, in_pieces, negative, positive, slopes, upstream
from cvlib.ops._erf import normal_tail

__all__ = [
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
    "tanh",
    "tanh_backward",
]

# Farther out than this, e^-|x| is 0 even in float64, and so is a finite number times it.
_FAR = 1000.0
# Farther out than this, tanh in the approximation of GELU is 1 to the last place.
_FLAT = 10.0


def sigmoid(x: ArrayLike) -> np.ndarray:
    r"""Return the logistic sigmoid of ``x``, element by element.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^{\min(x, 0)}}{1 + e^{-|x|}}

    The second form never raises e to a positive power, so it neither overflows nor loses small values.

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.

    Returns
    -------
    ndarray
        Shape of ``x``, values in [0, 1].

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 0.8]).round(7)
    array([0.       , 0.5      , 0.6899745])
    """
    x = as_input(x)
    return np.exp(negative(x)) / (1 + np.exp(-np.abs(x)))


def sigmoid_backward(dy: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return dL/dx of :func:`sigmoid`.

    .. math:: dx = dy \cdot \sigma(x)\,(1 - \sigma(x))

    The slope is at most 1/4, at x = 0, and fades on both sides: the neuron saturates.

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> sigmoid_backward([1.0, 8.0], [0.0, 0.0])
    array([0.25, 2.  ])
    """
    dy, x = upstream(dy, x)
    return dy * _slope(np.exp(-np.abs(x)))  # y = sigma(x)


def tanh(x: ArrayLike) -> np.ndarray:
    r"""Return the hyperbolic tangent of ``x``, element by element.

    .. math:: y = \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2\,\sigma(2x) - 1

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.

    Returns
    -------
    ndarray
        Shape of ``x``, values in [-1, 1].

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.

    Examples
    --------
    >>> tanh([-1000.0, 0.0, 0.5]).round(4)
    array([-1.    ,  0.    ,  0.4621])
    """
    return np.tanh(as_input(x))


def tanh_backward(dy: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return dL/dx of :func:`tanh`.

    .. math:: dx = dy\,(1 - \tanh^2 x) = dy \cdot 4\,\sigma(2x)\,(1 - \sigma(2x))

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> tanh_backward([1.0, 3.0], [0.0, 0.0])
    array([1., 3.])
    """
    dy, x = upstream(dy, x)
    return dy * (4 * _slope(np.exp(-np.abs(x)) ** 2))  # y = 2 sigma(2x) - 1, and 2x could overflow


def elu(x: ArrayLike, *, alpha: float = 1.0) -> np.ndarray:
    r"""Return the exponential linear unit of ``x``, element by element.

    .. math:: y = \max(x, 0) + \alpha\,(e^{\min(x, 0)} - 1)

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.
    alpha : float
        The function falls to -α; with 1 it has no corner at 0.

    Returns
    -------
    ndarray
        Shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, or ``alpha`` is not a number.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units
    (ELUs)", ICLR 2016.

    Examples
    --------
    >>> elu([-1000.0, -1.0, 0.0, 3.0]).round(4)
    array([-1.    , -0.6321,  0.    ,  3.    ])
    """
    x, alpha = as_input(x), number("alpha", alpha)
    # expm1(x) = e^x - 1, without losing small x
    return in_pieces(lambda x: positive(x) + alpha * np.expm1(negative(x)), x)


def elu_backward(dy: ArrayLike, x: ArrayLike, *, alpha: float = 1.0) -> np.ndarray:
    r"""Return dL/dx of :func:`elu`.

    .. math:: dx = dy \cdot \begin{cases} 1 & x > 0 \\ \alpha e^x & x \le 0 \end{cases}

    At 0, a corner unless α = 1, the derivative is defined as α, as in PyTorch and JAX.

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.
    alpha : float
        As in the forward.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``alpha`` is not a number.
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> elu_backward([5.0, 5.0, 5.0], [-1000.0, 0.0, 3.0])
    array([0., 5., 5.])
    """
    dy, x = upstream(dy, x)
    alpha = number("alpha", alpha)
    # y = positive(x) + alpha * (exp(negative(x)) - 1)
    return in_pieces(lambda dy, x: dy * slopes(x, alpha * np.exp(negative(x))), dy, x)


def gelu(x: ArrayLike, *, approximate: str = "none") -> np.ndarray:
    r"""Return the Gaussian error linear unit of ``x``, element by element.

    .. math:: y = x\,\Phi(x) = \frac{x}{2} \Big(1 + \operatorname{erf}\frac{x}{\sqrt 2}\Big)
        = \max(x, 0) - |x|\,\Phi(-|x|)

    Φ(x) is the probability that a standard normal number is smaller than x. The last form is the one computed: its
    limit at minus infinity is 0.

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.
    approximate : {"none", "tanh"}
        With "tanh", the older and coarser formula

        .. math:: y = \frac{x}{2} (1 + \tanh u), \qquad u = \sqrt{2 / \pi}\,(x + 0.044715\,x^3)

        which differs by up to 0.0005.

    Returns
    -------
    ndarray
        Shape of ``x``. The error is that of rounding numbers near x.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.
    ValueError
        If ``approximate`` is neither of the two.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415, 2016.

    Examples
    --------
    >>> gelu([-1000.0, -1.0, 0.0, 1.0]).round(4)
    array([ 0.    , -0.1587,  0.    ,  0.8413])
    >>> gelu([-1.0, 1.0], approximate="tanh").round(4)
    array([-0.1588,  0.8412])
    """
    x = as_input(x)
    choice("approximate", approximate, ("none", "tanh"))
    return in_pieces(_gelu if approximate == "none" else _gelu_tanh, x)


def gelu_backward(dy: ArrayLike, x: ArrayLike, *, approximate: str = "none") -> np.ndarray:
    r"""Return dL/dx of :func:`gelu`.

    .. math:: dx = dy\,\big(\Phi(x) + x\,\varphi(x)\big), \qquad \varphi(x) = \Phi'(x) = \frac{e^{-x^2/2}}{\sqrt{2\pi}}

    and with "tanh"

    .. math:: dx = dy\,\Big(\frac{1 + \tanh u}{2} + \frac{x}{2}\,(1 - \tanh^2 u)\,u'\Big),
        \qquad u' = \sqrt{2 / \pi}\,(1 + 3 \cdot 0.044715\,x^2)

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.
    approximate : {"none", "tanh"}
        As in the forward.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``dy`` has not the shape of ``x``, or ``approximate`` is neither of the two.

    Examples
    --------
    >>> gelu_backward([1.0, 8.0, 1.0], [-1000.0, 0.0, 1000.0])
    array([0., 4., 1.])
    """
    dy, x = upstream(dy, x)
    choice("approximate", approximate, ("none", "tanh"))
    slope = _gelu_slope if approximate == "none" else _gelu_tanh_slope
    return in_pieces(lambda dy, x: dy * slope(x), dy, x)


def silu(x: ArrayLike) -> np.ndarray:
    r"""Return the sigmoid linear unit of ``x``, also called swish, element by element.

    .. math:: y = x\,\sigma(x) = \frac{x}{1 + e^{-x}}

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.

    Returns
    -------
    ndarray
        Shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.

    References
    ----------
    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning", Neural Networks 107, 2018.
    Ramachandran, Zoph and Le, "Searching for activation functions", arXiv:1710.05941, 2017: swish.

    Examples
    --------
    >>> silu([-1000.0, -1.0, 0.0, 1.0]).round(4)
    array([-0.    , -0.2689,  0.    ,  0.7311])
    """
    return in_pieces(_silu, as_input(x))


def silu_backward(dy: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return dL/dx of :func:`silu`.

    .. math:: dx = dy\,\big(\sigma(x) + x\,\sigma(x)\,(1 - \sigma(x))\big)

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> silu_backward([8.0, 1.0], [0.0, 1000.0])
    array([4., 1.])
    """
    dy, x = upstream(dy, x)
    return in_pieces(lambda dy, x: dy * _silu_slope(x), dy, x)


def softplus(x: ArrayLike, *, beta: float = 1.0) -> np.ndarray:
    r"""Return softplus of ``x``, a ReLU with a round corner, element by element.

    .. math:: y = \frac{\log(1 + e^{\beta x})}{\beta} = \max(x, 0) + \frac{\log(1 + e^{-\beta |x|})}{\beta}

    The second form never raises e to a positive power, so it is right for x of any size.

    Parameters
    ----------
    x : array_like
        Pre-activations of any shape.
    beta : float
        Positive; the larger, the sharper the corner.

    Returns
    -------
    ndarray
        Shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers, or ``beta`` is not a number.
    ValueError
        If ``beta`` is not positive.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for better option
    pricing", NIPS 2000.

    Examples
    --------
    >>> softplus([-1000.0, 0.0, 50.0]).round(4)
    array([ 0.    ,  0.6931, 50.    ])
    """
    x, beta = as_input(x), _positive_number("beta", beta)
    with np.errstate(over="ignore"):  # beta x may be infinite: e^-inf = 0 is right
        return in_pieces(lambda x: positive(x) + np.log1p(np.exp(-beta * np.abs(x))) / beta, x)


def softplus_backward(dy: ArrayLike, x: ArrayLike, *, beta: float = 1.0) -> np.ndarray:
    r"""Return dL/dx of :func:`softplus`.

    .. math:: dx = dy \cdot \sigma(\beta x)

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x : array_like
        The forward's input.
    beta : float
        As in the forward.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``beta`` is not a number.
    ValueError
        If ``dy`` has not the shape of ``x``, or ``beta`` is not positive.

    Examples
    --------
    >>> softplus_backward([8.0, 8.0, 8.0], [-1000.0, 0.0, 1000.0])
    array([0., 4., 8.])
    """
    dy, x = upstream(dy, x)
    beta = _positive_number("beta", beta)
    with np.errstate(over="ignore"):
        # y = log(1 + e^(beta x)) / beta
        return in_pieces(lambda dy, x: dy * sigmoid(beta * x), dy, x)


def _gelu(x: np.ndarray) -> np.ndarray:
    """Return x Phi(x) = max(x, 0) - |x| Phi(-|x|)."""
    tail, _ = normal_tail(x)
    tail *= np.abs(np.clip(x, -_FAR, _FAR))
    return positive(x) - tail


def _gelu_slope(x: np.ndarray) -> np.ndarray:
    """Return the derivative of x Phi(x). Phi(x) itself is the tail below zero, and 1 less the tail above."""
    tail, bell = normal_tail(x)
    bell *= np.clip(x, -_FAR, _FAR) / math.sqrt(2 * math.pi)
    return np.abs((x > 0) - tail) + bell


def _gelu_tanh(x: np.ndarray) -> np.ndarray:
    """Return the approximated GELU."""
    return np.clip(x, -_FLAT, np.inf) * (0.5 + 0.5 * np.tanh(_gelu_angle(x)))


def _gelu_angle(x: np.ndarray) -> np.ndarray:
    """Return u of the approximated GELU."""
    x = np.clip(x, -_FLAT, _FLAT)
    return math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))


def _gelu_tanh_slope(x: np.ndarray) -> np.ndarray:
    """Return the derivative of the approximated GELU."""
    t = np.tanh(_gelu_angle(x))
    x = np.clip(x, -_FLAT, _FLAT)
    # y = x/2 (1 + t)
    du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * (x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du


def _silu(x: np.ndarray) -> np.ndarray:
    """Return x / (1 + e^-x)."""
    x = np.clip(x, -_FAR, np.inf)
    return x / _one_plus_exp(-x)


def _silu_slope(x: np.ndarray) -> np.ndarray:
    """Return the derivative of x sigma(x)."""
    x = np.clip(x, -_FAR, _FAR)
    sigma = 1 / _one_plus_exp(-x)
    return sigma * (1 + x * (1 - sigma))


def _one_plus_exp(x: np.ndarray) -> np.ndarray:
    """Return 1 + e^x, infinite without a warning where it is too large: one over it is 0."""
    with np.errstate(over="ignore"):
        e = np.exp(x)
    e += 1
    return e


def _positive_number(name: str, value: object) -> float:
    """Return ``value`` as a float if it is above 0."""
    value = number(name, value)
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return value


def _slope(e: np.ndarray) -> np.ndarray:
    """Return sigma (1 - sigma) from e = exp(-|x|) as e / (1 + e)^2: no cancellation where sigma is near 1."""
    return e / (1 + e) ** 2
