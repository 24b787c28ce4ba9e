"""Losses in pairs: ``loss(prediction, target)``, a plain number, and ``loss_backward``, its gradient.

Logarithms are natural, so losses count nats; ``base=2`` counts bits. Gradients have the shape and the
floating type of the prediction. ``dloss`` is the upstream gradient: the factor of this loss in a larger
sum.
"""

from cvlib.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
)
from cvlib.losses.classification import cross_entropy, cross_entropy_backward
from cvlib.losses.divergence import kl_divergence, kl_divergence_backward
from cvlib.losses.regression import (
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
