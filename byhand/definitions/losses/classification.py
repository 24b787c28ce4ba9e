"""Losses between scores of classes and the classes that are right."""

from __future__ import annotations

from numbers import Integral

from byhand._nested import Matrix, Number, Vector, same_shape, shape
from byhand.definitions.losses._terms import distributions, log_of_base, number
from byhand.definitions.softmax import log_softmax_of, softmax_of


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
    return total / len(logits) / log_of_base(base)


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
    scale = number("dloss", dloss) / len(logits) / log_of_base(base)
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
        distributions("labels", labels)
        return labels
    same_shape("labels", labels, (N,), "one class index for each row of logits")
    for n, label in enumerate(labels):
        if not isinstance(label, Integral):
            raise TypeError(f"labels must be class indices (integers), got {label!r} at labels[{n}]")
        if not 0 <= label < K:
            raise ValueError(f"labels must be class indices from 0 to {K - 1}, got {label} at labels[{n}]")
    return [[int(k == label) for k in range(K)] for label in labels]
