"""Losses: one number, and its gradient with respect to the first argument.

``dloss`` is the upstream gradient, for a loss that is itself a part of something larger.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from byhand._nested import (
    Matrix,
    Nested,
    Number,
    Vector,
    divide,
    each,
    flat,
    rows,
    same_shape,
    shape,
)
from byhand.definitions.activations import sigmoid_of
from byhand.definitions.softmax import log_softmax_of, softmax_of

_SUM_TOLERANCE = 1e-5  # how far from 1 the sum of a row of probabilities may be


def squared_error(prediction: Nested, target: Nested) -> Number:
    r"""Return half the sum of squared differences.

    .. math:: L = \tfrac12 \sum_i (y_i - t_i)^2

    Examples
    --------
    >>> squared_error([2, 9], [7, 10])
    Fraction(13, 1)
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    return divide(sum(_squares(prediction, target)), 2)


def squared_error_backward(prediction: Nested, target: Nested, dloss: Number = 1) -> Any:
    """Return the gradient of :func:`squared_error`, dloss (y - t).

    Examples
    --------
    >>> squared_error_backward([2, 9], [7, 10])
    [-5, -1]
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    _number("dloss", dloss)
    return each(lambda y, t: dloss * (y - t), prediction, target)


def mean_squared_error(prediction: Nested, target: Nested) -> Number:
    r"""Return the mean of the squared differences over all entries.

    .. math:: L = \frac1n \sum_i (y_i - t_i)^2

    Examples
    --------
    >>> mean_squared_error([2, 9], [7, 10])
    Fraction(13, 1)
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    squares = _squares(prediction, target)
    return divide(sum(squares), len(squares))


def mean_squared_error_backward(prediction: Nested, target: Nested, dloss: Number = 1) -> Any:
    """Return the gradient of :func:`mean_squared_error`, dloss 2 (y - t) / n.

    Examples
    --------
    >>> mean_squared_error_backward([2.0, 9.0], [7, 10])
    [-5.0, -1.0]
    """
    same_shape("target", target, shape("prediction", prediction), "prediction")
    _number("dloss", dloss)
    n = _count(prediction)
    return each(lambda y, t: divide(dloss * 2 * (y - t), n), prediction, target)


def _squares(prediction: Nested, target: Nested) -> list[Number]:
    return [(y - t) * (y - t) for y, t in zip(flat(prediction), flat(target), strict=True)]


def cross_entropy(logits: Matrix, labels: Vector | Matrix, *, base: float | None = None) -> float:
    r"""Return the mean cross-entropy between labels and the softmax of logits.

    .. math:: L = -\frac1N \sum_n \sum_k t_{n,k} \log p_{n,k}

    Parameters
    ----------
    logits : nested lists (N, K)
    labels : list (N,) of class indices, or nested lists (N, K) of probabilities
        A class index y stands for the one-hot row t with t_y = 1, which leaves -log p_y.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.

    Raises
    ------
    TypeError, ValueError
        If a label is not a class, a row of labels does not sum to 1, or the shapes disagree.

    Examples
    --------
    >>> cross_entropy([[3, 3, 3, 3]], [0], base=2)
    2.0
    """
    targets = _targets(logits, labels)
    total = 0.0
    for z, t in zip(logits, targets, strict=True):
        log_p = log_softmax_of(z)
        total -= sum(t[k] * log_p[k] for k in range(len(z)))
    return total / len(logits) / _log_of_base(base)


def cross_entropy_backward(
    logits: Matrix, labels: Vector | Matrix, dloss: Number = 1, *, base: float | None = None
) -> list[list[float]]:
    r"""Return the gradient of :func:`cross_entropy` with respect to the logits.

    .. math:: dz_{n,k} = \frac{p_{n,k} - t_{n,k}}{N} \qquad\text{(divided by } \ln \text{base, if given)}

    Examples
    --------
    >>> cross_entropy_backward([[3, 3, 3, 3]], [0])
    [[-0.75, 0.25, 0.25, 0.25]]
    """
    targets = _targets(logits, labels)
    scale = _number("dloss", dloss) / len(logits) / _log_of_base(base)
    dz = []
    for z, t in zip(logits, targets, strict=True):
        p = softmax_of(z)
        dz.append([scale * (p[k] - t[k]) for k in range(len(z))])
    return dz


def _targets(logits: Matrix, labels: Vector | Matrix) -> Matrix:
    """Return labels as rows of probabilities, one-hot for class indices."""
    N, K = shape("logits", logits, "N", "K")
    if len(shape("labels", labels)) == 2:
        same_shape("labels", labels, (N, K), "logits")
        _distributions("labels", labels)
        return labels
    same_shape("labels", labels, (N,), "one class index for each row of logits")
    for n, label in enumerate(labels):
        if not isinstance(label, Integral):
            raise TypeError(f"labels must be class indices (integers), got {label!r} at labels[{n}]")
        if not 0 <= label < K:
            raise ValueError(f"labels must be class indices from 0 to {K - 1}, got {label} at labels[{n}]")
    return [[int(k == label) for k in range(K)] for label in labels]


def _log_of_base(base: float | None) -> float:
    """Return ln(base), by which natural logarithms are divided; 1 for natural logarithms."""
    if base is None:
        return 1.0
    _number("base", base)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be a finite number above 1, got {base}")
    return math.log(base)


def binary_cross_entropy(probabilities: Nested, labels: Nested, *, base: float | None = None) -> float:
    r"""Return the mean cross-entropy between 0/1 labels and probabilities of 1.

    .. math:: L = -\frac1n \sum_i \bigl( y_i \log p_i + (1 - y_i) \log (1 - p_i) \bigr)

    Certain and wrong (p = 0 for y = 1) costs infinity. ``base`` is that of :func:`cross_entropy`.

    Raises
    ------
    TypeError, ValueError
        If a probability or a label lies outside [0, 1], or the shapes differ.

    Examples
    --------
    >>> binary_cross_entropy([0.5, 0.5], [1, 0], base=2)
    1.0
    """
    _unit_interval(probabilities, labels)
    total = 0.0
    for p, y in zip(flat(probabilities), flat(labels), strict=True):
        total -= _times_log(y, p) + _times_log(1 - y, 1 - p)
    return total / _count(labels) / _log_of_base(base)


def binary_cross_entropy_backward(
    probabilities: Nested, labels: Nested, dloss: Number = 1, *, base: float | None = None
) -> Any:
    r"""Return the gradient of :func:`binary_cross_entropy` with respect to the probabilities.

    .. math:: dp_i = \frac1n \left( -\frac{y_i}{p_i} + \frac{1 - y_i}{1 - p_i} \right)

    Examples
    --------
    >>> binary_cross_entropy_backward([0.5, 0.5], [1, 0])
    [-1.0, 1.0]
    """
    _unit_interval(probabilities, labels)
    scale = _number("dloss", dloss) / _count(labels) / _log_of_base(base)
    # total -= y log p + (1 - y) log (1 - p)
    return each(lambda p, y: scale * (_share(1 - y, 1 - p) - _share(y, p)), probabilities, labels)


def binary_cross_entropy_with_logits(logits: Nested, labels: Nested, *, base: float | None = None) -> float:
    r"""Return the binary cross-entropy of the probabilities sigmoid(z), from the logits z themselves.

    .. math:: L = \frac1n \sum_i \bigl( y_i \log (1 + e^{-z_i}) + (1 - y_i) \log (1 + e^{z_i}) \bigr)

    because log s(z) = -log(1 + e^-z) and 1 - s(z) = s(-z).

    Examples
    --------
    >>> binary_cross_entropy_with_logits([0, -1000], [1, 0], base=2)
    0.5
    """
    _binary_labels(shape("logits", logits), labels, "logits")
    total = 0.0
    for z, y in zip(flat(logits), flat(labels), strict=True):
        total += y * _softplus(-z) + (1 - y) * _softplus(z)
    return total / _count(labels) / _log_of_base(base)


def binary_cross_entropy_with_logits_backward(
    logits: Nested, labels: Nested, dloss: Number = 1, *, base: float | None = None
) -> Any:
    """Return the gradient of :func:`binary_cross_entropy_with_logits`, dloss (s(z) - y) / n.

    Examples
    --------
    >>> binary_cross_entropy_with_logits_backward([0, 0], [1, 0])
    [-0.25, 0.25]
    """
    _binary_labels(shape("logits", logits), labels, "logits")
    scale = _number("dloss", dloss) / _count(labels) / _log_of_base(base)
    return each(lambda z, y: scale * (sigmoid_of(z) - y), logits, labels)


def _softplus(x: Number) -> float:
    """Return log(1 + e^x), with x taken out of the logarithm where e^x would overflow."""
    return max(float(x), 0.0) + math.log1p(math.exp(-abs(x)))


def kl_divergence(p: Nested, q: Nested, *, base: float | None = None) -> float:
    r"""Return the Kullback-Leibler divergence of q from p, the mean over rows.

    .. math:: D(p \,\|\, q) = \frac1N \sum_n \sum_k p_{n,k} \log \frac{p_{n,k}}{q_{n,k}}

    Parameters
    ----------
    p, q : list (K,) or nested lists (..., K)
        Probabilities that sum to 1 along the last axis. Where p is 0 the term is 0; where only q is 0,
        infinite.
    base : float, optional
        That of :func:`cross_entropy`.

    Examples
    --------
    >>> kl_divergence([1, 0], [0.5, 0.5], base=2)
    1.0
    """
    N = _two_distributions(p, q)
    total = 0.0
    for a, b in zip(flat(p), flat(q), strict=True):
        total += _times_log(a, a) - _times_log(a, b)
    return total / N / _log_of_base(base)


def kl_divergence_backward(
    p: Nested, q: Nested, dloss: Number = 1, *, base: float | None = None
) -> tuple[Any, Any]:
    r"""Return (dp, dq) of :func:`kl_divergence`, every entry taken as free.

    .. math:: dp = \frac1N \left( \log \frac{p}{q} + 1 \right), \qquad dq = -\frac1N\, \frac{p}{q}

    A class that neither p nor q allows has no gradient.

    Examples
    --------
    >>> kl_divergence_backward([0.5, 0.5], [0.5, 0.5])
    ([1.0, 1.0], [-1.0, -1.0])
    """
    scale = _number("dloss", dloss) / _two_distributions(p, q) / _log_of_base(base)
    # total += p log p - p log q
    dp = each(lambda a, b: scale * (_log(a) + 1 - _log(b)) if a or b else 0.0, p, q)
    dq = each(lambda a, b: -scale * _share(a, b), p, q)
    return dp, dq


def _log(x: Number) -> float:
    """Return the natural logarithm, minus infinity at 0."""
    return math.log(x) if x else -math.inf


def _times_log(a: Number, b: Number) -> float:
    """Return a log b, where 0 log 0 is 0: the limit."""
    return a * _log(b) if a else 0.0


def _share(a: Number, b: Number) -> float:
    """Return the derivative of a log b for b: a / b, and 0 where a = 0 leaves no term."""
    if not a:
        return 0.0
    return a / b if b else math.inf


def _number(name: str, value: Number) -> Number:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r} of type {type(value).__name__}")
    return value


def _count(value: Nested) -> int:
    return sum(1 for _ in flat(value))


def _binary_labels(sizes: tuple[int, ...], labels: Nested, what: str) -> None:
    same_shape("labels", labels, sizes, what)
    for label in flat(labels):
        if not 0 <= label <= 1:
            raise ValueError(f"labels must lie between 0 and 1, got {label}")


def _unit_interval(probabilities: Nested, labels: Nested) -> None:
    _binary_labels(shape("probabilities", probabilities), labels, "probabilities")
    for probability in flat(probabilities):
        if not 0 <= probability <= 1:
            raise ValueError(f"probabilities must lie between 0 and 1, got {probability}")


def _distributions(name: str, value: Nested) -> None:
    """Check that every row holds probabilities; their sum may be off by what float32 loses."""
    for row in rows(value):
        if not (min(row) >= 0 and abs(sum(row) - 1) <= _SUM_TOLERANCE):
            raise ValueError(f"{name} must hold probabilities that sum to 1 in each row, got {row!r}")


def _two_distributions(p: Nested, q: Nested) -> int:
    """Return the number of rows of p and q once they are checked."""
    sizes = shape("p", p)
    if not sizes:
        raise ValueError(f"p must be a list of probabilities, got the single number {p!r}")
    same_shape("q", q, sizes, "p")
    _distributions("p", p)
    _distributions("q", q)
    return math.prod(sizes[:-1])
