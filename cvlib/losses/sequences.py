"""Losses of sequences: one word after the other, where the shorter sentences are filled up with padding."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer
from cvlib.losses._arguments import numbers
from cvlib.losses.classification import cross_entropy, cross_entropy_backward
from cvlib.ops._arrays import indices_below

__all__ = ["sequence_cross_entropy", "sequence_cross_entropy_backward"]


def sequence_cross_entropy(logits: ArrayLike, labels: ArrayLike, *, padding_label: int) -> float:
    r"""Return the mean :func:`~cvlib.losses.cross_entropy` of the words that are not padding.

    .. math::

        L = -\frac{1}{M} \sum_{n, t \,:\, y_{nt} \ne \text{padding}} \log p_{n,\, t,\, y_{nt}}

    with the softmax p over the V words of the vocabulary, and M words in all that count: a long sentence
    counts for more than a short one, and padding for nothing.

    Parameters
    ----------
    logits : array_like
        Scores before the softmax: N sentences, T positions, V words, (N, T, V).
    labels : array_like
        The index of the right word at every position, or ``padding_label``, (N, T).
    padding_label : int
        Marks the positions that do not count. It may be a word of the vocabulary kept for that, or any other
        integer.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the labels or ``padding_label`` are not integers.
    ValueError
        If a shape does not fit, a label is neither a word nor padding, or there is nothing but padding.

    References
    ----------
    Vinyals, Toshev, Bengio and Erhan, "Show and tell: a neural image caption generator", CVPR 2015, section 3.1.

    Examples
    --------
    >>> logits = np.zeros((1, 3, 4))  # three positions, four words, and no idea which
    >>> round(sequence_cross_entropy(logits, [[1, 2, 0]], padding_label=0), 4)  # log 4, the mean of two
    1.3863
    """
    logits, labels, words = _sequences(logits, labels, padding_label)
    return cross_entropy(logits[words], labels[words])


def sequence_cross_entropy_backward(
    logits: ArrayLike, labels: ArrayLike, dloss: float = 1.0, *, padding_label: int
) -> np.ndarray:
    r"""Return the gradient of :func:`sequence_cross_entropy` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z_{ntv}} = \frac{p_{ntv} - \mathbb{1}[v = y_{nt}]}{M}

    and 0 at padding.

    Parameters
    ----------
    logits, labels : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    padding_label : int
        The forward's padding.

    Returns
    -------
    ndarray
        (N, T, V).

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> sequence_cross_entropy_backward([[[0.0, 0.0], [5.0, 5.0]]], [[1, -1]], padding_label=-1)
    array([[[ 0.5, -0.5],
            [ 0. ,  0. ]]])
    """
    logits, labels, words = _sequences(logits, labels, padding_label)
    dlogits = np.zeros_like(logits)
    dlogits[words] = cross_entropy_backward(logits[words], labels[words], dloss)
    return dlogits


def _sequences(
    logits: ArrayLike, labels: ArrayLike, padding_label: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return logits and labels, and True where a word counts."""
    logits = numbers("logits", logits, ndim=3, layout="(N, T, V)")
    padding_label = integer("padding_label", padding_label, minimum=-sys.maxsize)
    labels = np.asarray(labels)
    if labels.shape != logits.shape[:2]:
        raise ValueError(
            f"labels must hold one word for each of {logits.shape[:2]}, got shape {labels.shape}"
        )
    words = labels != padding_label
    if not words.any():
        raise ValueError(f"labels must hold at least one word, got nothing but padding_label {padding_label}")
    return logits, indices_below(logits.shape[2], "labels", np.where(words, labels, 0)), words
