"""Losses: one number, and its gradient with respect to the first argument.

``dloss`` is the upstream gradient, for a loss that is itself a part of something larger.
"""

from byhand.definitions.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
)
from byhand.definitions.losses.classification import (
    cross_entropy,
    cross_entropy_backward,
)
from byhand.definitions.losses.divergence import (
    kl_divergence,
    kl_divergence_backward,
)
from byhand.definitions.losses.regression import (
    mean_squared_error,
    mean_squared_error_backward,
    squared_error,
    squared_error_backward,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "kl_divergence",
    "kl_divergence_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "squared_error",
    "squared_error_backward",
]
