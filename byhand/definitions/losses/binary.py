"""Losses of yes-or-no questions."""

from __future__ import annotations

from typing import Any

from byhand._nested import Nested, Number, each, flat, same_shape, shape
from byhand.definitions.activations import sigmoid_of, softplus
from byhand.definitions.losses._terms import count, log_of_base, number, share, times_log


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
        total -= times_log(y, p) + times_log(1 - y, 1 - p)
    return total / count(labels) / log_of_base(base)


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
    scale = number("dloss", dloss) / count(labels) / log_of_base(base)
    # total -= y log p + (1 - y) log (1 - p)
    return each(lambda p, y: scale * (share(1 - y, 1 - p) - share(y, p)), probabilities, labels)


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
        total += y * softplus(-z) + (1 - y) * softplus(z)
    return total / count(labels) / log_of_base(base)


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
    scale = number("dloss", dloss) / count(labels) / log_of_base(base)
    return each(lambda z, y: scale * (sigmoid_of(z) - y), logits, labels)


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
