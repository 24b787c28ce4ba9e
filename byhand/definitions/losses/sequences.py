"""Losses of sequences, where the shorter sentences are filled up with padding."""

from __future__ import annotations

from typing import Any

from byhand._nested import Matrix, Nested, Number, class_indices, indices, same_shape, shape, zeros
from byhand.definitions.losses._terms import number
from byhand.definitions.softmax import log_softmax_of, softmax_of


def sequence_cross_entropy(logits: Nested, labels: Matrix, *, padding_label: int) -> float:
    r"""Return the mean cross-entropy of the M words that are not padding.

    .. math:: L = -\frac1M \sum_{n,t \,:\, y_{n,t} \ne \text{padding}} \log p_{n, t, y_{n,t}}

    Parameters
    ----------
    logits : nested lists (N, T, V)
        N sentences, T positions, scores of V words.
    labels : nested lists (N, T)
        The index of the right word at every position, or ``padding_label``.
    padding_label : int
        Marks the positions that do not count.

    Examples
    --------
    >>> sequence_cross_entropy([[[0, 1000], [7, 7]]], [[0, -1]], padding_label=-1)
    1000.0
    """
    words = _words(logits, labels, padding_label)
    total = 0.0
    for n, t in words:
        total -= log_softmax_of(logits[n][t])[labels[n][t]]
    return total / len(words)


def sequence_cross_entropy_backward(
    logits: Nested, labels: Matrix, dloss: Number = 1, *, padding_label: int
) -> Any:
    r"""Return the gradient of :func:`sequence_cross_entropy`: (p - one-hot) / M at words, and 0 at padding.

    Examples
    --------
    >>> sequence_cross_entropy_backward([[[0, 0], [7, 7]]], [[0, -1]], padding_label=-1)
    [[[-0.5, 0.5], [0.0, 0.0]]]
    """
    words = _words(logits, labels, padding_label)
    scale = number("dloss", dloss) / len(words)
    dz = zeros(shape("logits", logits), 0.0)
    for n, t in words:
        p = softmax_of(logits[n][t])
        dz[n][t] = [scale * (p[v] - (v == labels[n][t])) for v in range(len(p))]
    return dz


def _words(logits: Nested, labels: Matrix, padding_label: int) -> list[tuple[int, ...]]:
    """Return the places (n, t) that are not padding."""
    N, T, V = shape("logits", logits, "N", "T", "V")
    same_shape("labels", labels, (N, T), "one word for each position of logits")
    words = [(n, t) for n, t in indices(N, T) if labels[n][t] != padding_label]
    if not words:
        raise ValueError(f"labels must hold at least one word, got nothing but padding_label {padding_label}")
    class_indices("labels", [[0 if y == padding_label else y for y in row] for row in labels], V)
    return words
