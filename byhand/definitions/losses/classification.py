"""Losses between scores of classes and the classes that are right: of an image, or of each of its pixels."""

from __future__ import annotations

from typing import Any

from byhand._nested import (
    Maps,
    Matrix,
    Nested,
    Number,
    Vector,
    class_indices,
    divide,
    each,
    indices,
    same_shape,
    shape,
    zeros,
)
from byhand.definitions.losses._terms import distributions, log_of_base, number, part
from byhand.definitions.softmax import log_softmax_of, softmax_of
from cvlib._checks import integer


def cross_entropy(
    logits: Matrix, labels: Vector | Matrix, *, base: float | None = None, label_smoothing: Number = 0
) -> float:
    r"""Return the mean cross-entropy between labels and the softmax of logits.

    .. math:: L = -\frac1N \sum_n \sum_k t_{n,k} \log p_{n,k}

    Parameters
    ----------
    logits : nested lists (N, K)
    labels : list (N,) of class indices, or nested lists (N, K) of probabilities
        A class index y stands for the one-hot row t with t_y = 1, which leaves -log p_y.
    base : float, optional
        Base of the logarithm: 2 for bits; natural (nats) if not given.
    label_smoothing : number
        The share of every label, from 0 to 1, that is spread evenly over all K classes.

    Raises
    ------
    TypeError, ValueError
        If a label is not a class, a row of labels does not sum to 1, or the shapes disagree.

    Examples
    --------
    >>> cross_entropy([[3, 3, 3, 3]], [0], base=2)
    2.0
    """
    targets = _targets(logits, labels, label_smoothing)
    total = 0.0
    for z, t in zip(logits, targets, strict=True):
        log_p = log_softmax_of(z)
        total -= sum(t[k] * log_p[k] for k in range(len(z)) if t[k])  # 0 log 0 = 0
    return total / len(logits) / log_of_base(base)


def cross_entropy_backward(
    logits: Matrix,
    labels: Vector | Matrix,
    dloss: Number = 1,
    *,
    base: float | None = None,
    label_smoothing: Number = 0,
) -> list[list[float]]:
    r"""Return the gradient of :func:`cross_entropy` with respect to the logits.

    .. math:: dz_{n,k} = \frac{p_{n,k} - t_{n,k}}{N} \qquad\text{(divided by } \ln \text{base, if given)}

    Examples
    --------
    >>> cross_entropy_backward([[3, 3, 3, 3]], [0])
    [[-0.75, 0.25, 0.25, 0.25]]
    """
    targets = _targets(logits, labels, label_smoothing)
    scale = number("dloss", dloss) / len(logits) / log_of_base(base)
    dz = []
    for z, t in zip(logits, targets, strict=True):
        p = softmax_of(z)
        dz.append([scale * (p[k] - t[k]) for k in range(len(z))])
    return dz


def pixel_cross_entropy(logits: Maps, labels: Nested) -> float:
    r"""Return the mean cross-entropy of the pixels.

    .. math:: L = -\frac{1}{N H W} \sum_{n,i,j} \log p_{n, y_{n,i,j}, i, j}

    Parameters
    ----------
    logits : nested lists (N, K, H, W)
        One map of scores per class; the softmax of a pixel runs over the K maps.
    labels : nested lists (N, H, W)
        The class index of every pixel.

    Examples
    --------
    >>> pixel_cross_entropy([[[[0, 0]], [[0, 1000]]]], [[[0, 0]]])  # (log 2 + 1000) / 2
    500.34657359027995
    """
    N, K, H, W = _pixels(logits, labels)
    total = 0.0
    for n, i, j in indices(N, H, W):
        total -= log_softmax_of([logits[n][k][i][j] for k in range(K)])[labels[n][i][j]]
    return total / (N * H * W)


def pixel_cross_entropy_backward(logits: Maps, labels: Nested, dloss: Number = 1) -> Any:
    r"""Return the gradient of :func:`pixel_cross_entropy` with respect to the logits.

    .. math:: dz_{n,k,i,j} = \frac{p_{n,k,i,j} - t_{n,k,i,j}}{N H W}

    with the one-hot t of the pixel's class.

    Examples
    --------
    >>> pixel_cross_entropy_backward([[[[0, 0]], [[0, 0]]]], [[[0, 1]]])
    [[[[-0.25, 0.25]], [[0.25, -0.25]]]]
    """
    N, K, H, W = _pixels(logits, labels)
    scale = number("dloss", dloss) / (N * H * W)
    dz = zeros((N, K, H, W), 0.0)
    for n, i, j in indices(N, H, W):
        p = softmax_of([logits[n][k][i][j] for k in range(K)])
        for k in range(K):
            dz[n][k][i][j] = scale * (p[k] - (k == labels[n][i][j]))
    return dz


def one_hot(labels: Nested, num_classes: int) -> Any:
    """Return each class index as a row of zeros with a single one.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    [[0, 0, 1], [1, 0, 0]]
    """
    class_indices("labels", labels, integer("num_classes", num_classes, minimum=1))
    return each(lambda label: [int(k == label) for k in range(num_classes)], labels)


def _targets(logits: Matrix, labels: Vector | Matrix, label_smoothing: Number) -> Matrix:
    """Return labels as rows of probabilities: one-hot for class indices, and smoothed."""
    N, K = shape("logits", logits, "N", "K")
    share = part("label_smoothing", label_smoothing)
    if len(shape("labels", labels)) == 2:
        same_shape("labels", labels, (N, K), "logits")
        distributions("labels", labels)
    else:
        same_shape("labels", labels, (N,), "one class index for each row of logits")
        labels = one_hot(labels, K)
    return each(lambda t: (1 - share) * t + divide(share, K), labels)


def _pixels(logits: Maps, labels: Nested) -> tuple[int, ...]:
    """Return N, K, H and W once the arguments are checked."""
    N, K, H, W = shape("logits", logits, "N", "K", "H", "W")
    same_shape("labels", labels, (N, H, W), "one class index for each pixel")
    class_indices("labels", labels, K)
    return N, K, H, W
