"""Where weights start: random, with a spread that keeps signals and gradients of one size across layers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from cvlib._checks import integer

__all__ = [
    "as_generator",
    "bilinear",
    "fan",
    "float_dtype",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
]


def fan(shape: Sequence[int]) -> tuple[int, int]:
    """Return how many inputs feed one output of a layer, and how many outputs one input feeds.

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights: (out, in) of a linear layer, or (C_out, C_in/groups, K_h, K_w) of a convolution.

    Returns
    -------
    fan_in, fan_out : int
        (in, out), or (C_in/groups * K_h * K_w, C_out * K_h * K_w).

    Raises
    ------
    ValueError
        If the shape has neither 2 nor 4 axes, or an axis is empty.

    Examples
    --------
    >>> fan((10, 84))
    (84, 10)
    >>> fan((16, 6, 5, 5))
    (150, 400)
    """
    shape = tuple(shape)
    if len(shape) not in (2, 4):
        raise ValueError(f"shape must be (out, in) or (C_out, C_in/groups, K_h, K_w), got {shape}")
    sizes = [integer(f"shape[{axis}]", size, minimum=1) for axis, size in enumerate(shape)]
    taps = math.prod(sizes[2:])
    return sizes[1] * taps, sizes[0] * taps


def glorot_uniform(
    shape: Sequence[int], *, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> np.ndarray:
    r"""Return weights for layers followed by tanh, sigmoid or softmax (Glorot, also called Xavier).

    .. math:: w \sim U(-a, a), \quad a = \sqrt{\frac{6}{n_\text{in} + n_\text{out}}}, \quad
        \operatorname{Var} w = \frac{2}{n_\text{in} + n_\text{out}}

    A compromise between keeping the variance of the signals (1/n_in) and of the gradients (1/n_out).

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights, see :func:`fan`.
    rng : numpy.random.Generator
        Source of the numbers.
    dtype : dtype
        float32 or float64; both get the same numbers from the same ``rng``, up to rounding.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        If ``rng`` is not a Generator, or ``dtype`` another type.
    ValueError
        If the shape is not that of a linear layer or a convolution.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    2010, equations 12 and 16.

    Examples
    --------
    >>> w = glorot_uniform((10, 84), rng=np.random.default_rng(0))
    >>> w.shape, bool(abs(w).max() <= (6 / 94) ** 0.5)
    ((10, 84), True)
    """
    return _uniform(shape, 2 / sum(fan(shape)), rng, dtype)


def glorot_normal(
    shape: Sequence[int], *, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> np.ndarray:
    r"""Return normally distributed weights of the variance of :func:`glorot_uniform`.

    .. math:: w \sim N\Big(0, \frac{2}{n_\text{in} + n_\text{out}}\Big)

    Errors and source are those of :func:`glorot_uniform`.

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights, see :func:`fan`.
    rng : numpy.random.Generator
        Source of the numbers.
    dtype : dtype
        float32 or float64; both get the same numbers from the same ``rng``, up to rounding.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> w = glorot_normal((100, 300), rng=np.random.default_rng(0))
    >>> round(float(w.std()), 3), round((2 / 400) ** 0.5, 3)
    (0.071, 0.071)
    """
    return _normal(shape, 2 / sum(fan(shape)), rng, dtype)


def he_uniform(
    shape: Sequence[int], *, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> np.ndarray:
    r"""Return uniformly distributed weights of the variance of :func:`he_normal`.

    .. math:: w \sim U(-a, a), \quad a = \sqrt{\frac{6}{n_\text{in}}}

    Errors and source are those of :func:`he_normal`.

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights, see :func:`fan`.
    rng : numpy.random.Generator
        Source of the numbers.
    dtype : dtype
        float32 or float64; both get the same numbers from the same ``rng``, up to rounding.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> w = he_uniform((16, 6, 5, 5), rng=np.random.default_rng(0))
    >>> w.shape, bool(abs(w).max() <= (6 / 150) ** 0.5)
    ((16, 6, 5, 5), True)
    """
    return _uniform(shape, 2 / fan(shape)[0], rng, dtype)


def he_normal(shape: Sequence[int], *, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    r"""Return weights for layers followed by a ReLU (He, also called Kaiming).

    .. math:: w \sim N\Big(0, \frac{2}{n_\text{in}}\Big)

    The 2 makes up for the half of the signal's second moment that the ReLU cuts away.

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights, see :func:`fan`.
    rng : numpy.random.Generator
        Source of the numbers.
    dtype : dtype
        float32 or float64; both get the same numbers from the same ``rng``, up to rounding.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        If ``rng`` is not a Generator, or ``dtype`` another type.
    ValueError
        If the shape is not that of a linear layer or a convolution.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852, equation 10.

    Examples
    --------
    >>> w = he_normal((100, 300), rng=np.random.default_rng(0))
    >>> round(float(w.std()), 2), round((2 / 300) ** 0.5, 2)
    (0.08, 0.08)
    """
    return _normal(shape, 2 / fan(shape)[0], rng, dtype)


def bilinear(
    shape: Sequence[int], *, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32
) -> np.ndarray:
    r"""Return the weights with which a transposed convolution enlarges every map for itself, as bilinear resizing does.

    .. math:: w_{c,k,u,v} = \left(1 - \frac{|u - \frac{k_h - 1}{2}|}{s_h}\right) \left(1 -
        \frac{|v - \frac{k_w - 1}{2}|}{s_w}\right), \qquad s = \left\lfloor \frac{k + 1}{2} \right\rfloor

    if output k belongs to map c, and 0 otherwise: a tent that falls to 0 just outside the kernel. With stride s the
    tents of neighbouring pixels add up to 1. A kernel of 2s taps for an even s, or of 2s - 1 for an odd one, and the
    padding ``s // 2`` enlarge exactly s times. Only the border differs from :func:`cvlib.ops.interpolate`: outside
    the map are zeros here, and there the pixels of the border go on.

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights of a transposed convolution, (C_in, C_out/groups, K_h, K_w), with as many outputs as
        inputs: (C, C, K_h, K_w), or (C, 1, K_h, K_w) with C groups.
    rng : numpy.random.Generator, optional
        Not needed, as nothing is drawn: layers hand it to every initialiser.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        If ``dtype`` is another type.
    ValueError
        If the shape is not that of a transposed convolution with as many outputs as inputs.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015,
    arXiv:1411.4038, section 3.3.

    Examples
    --------
    >>> bilinear((1, 1, 4, 4), dtype=np.float64)[0, 0] * 16
    array([[1., 3., 3., 1.],
           [3., 9., 9., 3.],
           [3., 9., 9., 3.],
           [1., 3., 3., 1.]])
    """
    fan(shape)  # says what is wrong with the sizes
    if len(shape) != 4 or shape[0] % shape[1]:
        raise ValueError(
            f"shape must be (C, C/groups, K_h, K_w), with as many outputs as inputs, got {tuple(shape)}"
        )
    w = np.zeros(tuple(shape), float_dtype(dtype))
    channels = np.arange(shape[0])
    w[channels, channels % shape[1]] = np.outer(_tent(shape[2]), _tent(shape[3]))
    return w


def _tent(kernel_size: int) -> np.ndarray:
    """Return taps that rise to the middle and fall again, linearly."""
    taps = np.arange(kernel_size)
    return 1 - abs(taps - (kernel_size - 1) / 2) / ((kernel_size + 1) // 2)


def as_generator(rng: np.random.Generator) -> np.random.Generator:
    """Return ``rng`` if it is a NumPy Generator, or say how to make one.

    Parameters
    ----------
    rng : numpy.random.Generator
        What is to be one.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    TypeError
        If it is something else.

    Examples
    --------
    >>> as_generator(0)
    Traceback (most recent call last):
        ...
    TypeError: rng must be a numpy Generator such as np.random.default_rng(0), got 0
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator such as np.random.default_rng(0), got {rng!r}")
    return rng


def float_dtype(dtype: DTypeLike) -> np.dtype:
    """Return ``dtype`` as a NumPy dtype if it is float32 or float64, the types of all parameters.

    Parameters
    ----------
    dtype : dtype
        Or its name.

    Returns
    -------
    numpy.dtype

    Raises
    ------
    TypeError
        If it is another type.

    Examples
    --------
    >>> float_dtype("float32")
    dtype('float32')
    >>> float_dtype(int)
    Traceback (most recent call last):
        ...
    TypeError: dtype must be float32 or float64, got <class 'int'>
    """
    try:
        known = None if dtype is None else np.dtype(dtype)  # to NumPy None would be float64
    except (TypeError, ValueError):  # NumPy's word for what is no dtype at all
        known = None
    if known is None or known not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64, got {dtype!r}")
    return known


def _uniform(shape: Sequence[int], variance: float, rng: np.random.Generator, dtype: DTypeLike) -> np.ndarray:
    dtype = float_dtype(dtype)
    bound = math.sqrt(3 * variance)  # U(-a, a) has variance a^2 / 3
    return as_generator(rng).uniform(-bound, bound, tuple(shape)).astype(dtype)


def _normal(shape: Sequence[int], variance: float, rng: np.random.Generator, dtype: DTypeLike) -> np.ndarray:
    dtype = float_dtype(dtype)
    return (math.sqrt(variance) * as_generator(rng).standard_normal(tuple(shape))).astype(dtype)
