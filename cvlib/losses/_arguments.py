"""What enters a loss: checks shared by all losses, and products and quotients with a meaning at 0."""

from __future__ import annotations

import math

import numpy as np

from cvlib._checks import number

SUM_TOLERANCE = 1e-5  # how far a row of probabilities may miss 1: a float32 softmax over many classes rounds


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
    return np.multiply(weights, logarithms, out=np.zeros_like(logarithms), where=weights > 0)


def quotient(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b with 0/0 = 0, and infinity (no warning) for a/0."""
    with np.errstate(divide="ignore"):
        return np.divide(a, b, out=np.zeros_like(a), where=a > 0)


def not_empty(name: str, x: np.ndarray) -> np.ndarray:
    if x.size == 0:
        raise ValueError(f"{name} must hold at least one number, got shape {x.shape}")
    return x


def class_indices(labels: np.ndarray, num_examples: int, num_classes: int) -> np.ndarray:
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels (N,) must be integer class indices, got an array of {labels.dtype}")
    if len(labels) != num_examples:
        raise ValueError(f"labels must hold a class index for each of {num_examples} rows, got {len(labels)}")
    wrong = (labels < 0) | (labels >= num_classes)
    if wrong.any():
        index = int(np.argmax(wrong))
        raise ValueError(f"labels must lie in 0 ... {num_classes - 1}, got {labels[index]} at index {index}")
    return labels


def probabilities_in(name: str, x: np.ndarray) -> np.ndarray:
    """Return ``x`` if every number is a probability."""
    wrong = ~((x >= 0) & (x <= 1))  # written so that NaN is wrong as well
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"{name} must lie in [0, 1], got {x[index]} at index {index}")
    return x


def rows_sum_to_one(name: str, x: np.ndarray) -> np.ndarray:
    sums = probabilities_in(name, x).sum(axis=-1)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"every row of {name} must sum to 1, got {sums[index]} in row {index}")
    return x
