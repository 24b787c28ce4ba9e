"""Losses in pairs: ``loss(prediction, target)``, a plain number, and ``loss_backward``, its gradient.

Logarithms are natural, so losses count nats; ``base=2`` counts bits. Gradients have the shape and the
floating type of the prediction. ``dloss`` is the upstream gradient: the factor of this loss in a larger
sum. Two helpers are no losses and have no gradient: :func:`one_hot` and :func:`optimal_discriminator`.
"""

from cvlib.losses.adversarial import (
    discriminator_loss,
    discriminator_loss_backward,
    generator_loss,
    generator_loss_backward,
    optimal_discriminator,
)
from cvlib.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
)
from cvlib.losses.classification import (
    cross_entropy,
    cross_entropy_backward,
    one_hot,
    pixel_cross_entropy,
    pixel_cross_entropy_backward,
)
from cvlib.losses.distillation import (
    distillation_loss,
    distillation_loss_backward,
    soft_target_cross_entropy,
    soft_target_cross_entropy_backward,
)
from cvlib.losses.divergence import (
    jensen_shannon_divergence,
    jensen_shannon_divergence_backward,
    kl_divergence,
    kl_divergence_backward,
)
from cvlib.losses.regression import (
    mean_absolute_error,
    mean_absolute_error_backward,
    mean_squared_error,
    mean_squared_error_backward,
    smooth_l1,
    smooth_l1_backward,
    squared_error,
    squared_error_backward,
)
from cvlib.losses.sequences import (
    sequence_cross_entropy,
    sequence_cross_entropy_backward,
)
from cvlib.losses.variational import (
    gaussian_kl,
    gaussian_kl_backward,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "discriminator_loss",
    "discriminator_loss_backward",
    "distillation_loss",
    "distillation_loss_backward",
    "gaussian_kl",
    "gaussian_kl_backward",
    "generator_loss",
    "generator_loss_backward",
    "jensen_shannon_divergence",
    "jensen_shannon_divergence_backward",
    "kl_divergence",
    "kl_divergence_backward",
    "mean_absolute_error",
    "mean_absolute_error_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "one_hot",
    "optimal_discriminator",
    "pixel_cross_entropy",
    "pixel_cross_entropy_backward",
    "sequence_cross_entropy",
    "sequence_cross_entropy_backward",
    "smooth_l1",
    "smooth_l1_backward",
    "soft_target_cross_entropy",
    "soft_target_cross_entropy_backward",
    "squared_error",
    "squared_error_backward",
]
