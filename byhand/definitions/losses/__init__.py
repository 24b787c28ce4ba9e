"""Losses: one number, and its gradient with respect to the first argument.

``dloss`` is the upstream gradient, for a loss that is itself a part of something larger.
"""

from byhand.definitions.losses.adversarial import (
    discriminator_loss,
    discriminator_loss_backward,
    generator_loss,
    generator_loss_backward,
    optimal_discriminator,
)
from byhand.definitions.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
)
from byhand.definitions.losses.classification import (
    cross_entropy,
    cross_entropy_backward,
    one_hot,
    pixel_cross_entropy,
    pixel_cross_entropy_backward,
)
from byhand.definitions.losses.distillation import (
    distillation_loss,
    distillation_loss_backward,
    soft_target_cross_entropy,
    soft_target_cross_entropy_backward,
)
from byhand.definitions.losses.divergence import (
    jensen_shannon_divergence,
    jensen_shannon_divergence_backward,
    kl_divergence,
    kl_divergence_backward,
)
from byhand.definitions.losses.regression import (
    mean_absolute_error,
    mean_absolute_error_backward,
    mean_squared_error,
    mean_squared_error_backward,
    smooth_l1,
    smooth_l1_backward,
    squared_error,
    squared_error_backward,
)
from byhand.definitions.losses.sequences import (
    sequence_cross_entropy,
    sequence_cross_entropy_backward,
)
from byhand.definitions.losses.variational import (
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
