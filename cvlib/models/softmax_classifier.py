"""The linear classifier: one score per class, each a weighted sum of the pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib.init import glorot_uniform
from cvlib.nn import Chain, Flatten, Linear


def softmax_classifier(
    in_features: int, num_classes: int, *, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> Chain:
    """Return a linear classifier of logits: the softmax is in :func:`cvlib.losses.cross_entropy`.

    Parameters
    ----------
    in_features : int
        Numbers per example, C H W for an image.
    num_classes : int
        K.
    rng : numpy.random.Generator
        Draws the weights.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        ``flatten`` and ``linear``: (N, ...) goes in, logits (N, K) come out.

    Examples
    --------
    >>> model = softmax_classifier(64, 10, rng=np.random.default_rng(0))
    >>> model(np.ones((5, 1, 8, 8), np.float32)).shape
    (5, 10)
    """
    return Chain(
        flatten=Flatten(),
        linear=Linear(in_features, num_classes, rng=rng, init=glorot_uniform, dtype=dtype),
    )
