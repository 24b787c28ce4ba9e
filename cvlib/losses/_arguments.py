"""What enters a loss: checks shared by all losses, and products and quotients with a meaning at 0."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.ops._arrays import as_float, same_shape

SUM_TOLERANCE = 1e-5  # how far a row of probabilities may miss 1: a float32 softmax over many classes rounds


def numbers(name: str, x: ArrayLike, *, ndim: int | None = None, layout: str | None = None) -> np.ndarray:
    """Return ``x`` as floats, at least one, row by row in memory, as the gradient is to be."""
    x = np.asarray(as_float(name, x, ndim=ndim, layout=layout), order="C")
    if x.size == 0:
        raise ValueError(f"{name} must hold at least one number, got shape {x.shape}")
    return x


def beside(name: str, x: ArrayLike, prediction: np.ndarray) -> np.ndarray:
    """Return ``x``, a target, in the shape, the floating type and the memory layout of the prediction."""
    return same_shape(name, x, prediction.shape).astype(prediction.dtype, order="C", copy=False)


def probabilities_in(name: str, x: np.ndarray) -> np.ndarray:
    """Return ``x`` if every number is a probability."""
    wrong = ~((x >= 0) & (x <= 1))  # written so that NaN is wrong as well
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"{name} must lie in [0, 1], got {x[index]} at index {index}")
    return x


def rows_sum_to_one(name: str, x: np.ndarray) -> np.ndarray:
    """Return ``x`` if every row, along the last axis, is a distribution."""
    sums = probabilities_in(name, x).sum(axis=-1)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"every row of {name} must sum to 1, got {sums[index]} in row {index}")
    return x


def share(name: str, value: float) -> float:
    """Return ``value`` as a float from 0 to 1."""
    value = number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got {value:g}")
    return value


def positive(name: str, value: float) -> float:
    """Return ``value`` as a finite float above 0."""
    value = number(name, value)
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a finite number above 0, got {value:g}")
    return value


def unit(base: float | None) -> float:
    """Return the nats in one unit of the loss: log(base), or 1 for natural logarithms."""
    if base is None:
        return 1.0
    base = number("base", base)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be a finite number above 1, got {base}")
    return math.log(base)


def times_log(weights: np.ndarray, logarithms: np.ndarray) -> np.ndarray:
    """Return weights * logarithms with 0 log 0 = 0."""
    return np.multiply(weights, logarithms, out=np.zeros_like(logarithms), where=weights != 0)


def quotient(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b with 0/0 = 0, and infinity (no warning) for a/0."""
    with np.errstate(divide="ignore"):
        return np.divide(a, b, out=np.zeros_like(a), where=a > 0)
