"""The textbook's sums as visible loops over nested lists: what each operation *is*, exact where it can be.

Names and arguments are those of ``cvlib.ops``, ``cvlib.losses``, ``cvlib.boxes`` and ``cvlib.metrics``; maps are
(N, C, H, W). Every backward is read off its forward: the forward line is quoted, and each product hands its share of
the upstream gradient to both of its factors. ``dx`` means dL/dx; gradients come back in the order of the forward's
arguments.

*Exactness.* Integers and :class:`fractions.Fraction` stay exact wherever an operation only adds, multiplies, divides
and compares: convolutions, poolings, resizing and sampling, the rectifiers, squared and absolute errors, boxes; and in
the normalisations where the root is rational. A mean of integers is a Fraction. What needs an exponential or a
logarithm is computed in floats.

References
----------
Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016: convolution (9.6), softmax (6.29).
Bishop, *Pattern Recognition and Machine Learning*, Springer 2006: sigmoid (4.59) and its derivative (4.88),
binary (4.90) and multiclass (4.108) cross-entropy and the gradient (4.109), relative entropy (1.113).
For the others see the operation of the same name in ``cvlib``.
"""

from byhand.definitions.activations import (
    elu,
    elu_backward,
    gelu,
    gelu_backward,
    sigmoid,
    sigmoid_backward,
    silu,
    silu_backward,
    softplus,
    softplus_backward,
    tanh,
    tanh_backward,
)
from byhand.definitions.boxes import (
    average_precision,
    decode_boxes,
    encode_boxes,
    iou,
    match_anchors,
    nms,
    precision_recall,
)
from byhand.definitions.conv import conv2d, conv2d_backward
from byhand.definitions.conv_transpose import conv_transpose2d, conv_transpose2d_backward
from byhand.definitions.dropout import dropout, dropout_backward
from byhand.definitions.embedding import embedding, embedding_backward
from byhand.definitions.grid_sample import (
    affine_grid,
    affine_grid_backward,
    grid_sample,
    grid_sample_backward,
)
from byhand.definitions.interpolate import interpolate, interpolate_backward
from byhand.definitions.linear import linear, linear_backward
from byhand.definitions.losses import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    cross_entropy,
    cross_entropy_backward,
    discriminator_loss,
    discriminator_loss_backward,
    distillation_loss,
    distillation_loss_backward,
    gaussian_kl,
    gaussian_kl_backward,
    generator_loss,
    generator_loss_backward,
    jensen_shannon_divergence,
    jensen_shannon_divergence_backward,
    kl_divergence,
    kl_divergence_backward,
    mean_absolute_error,
    mean_absolute_error_backward,
    mean_squared_error,
    mean_squared_error_backward,
    one_hot,
    optimal_discriminator,
    pixel_cross_entropy,
    pixel_cross_entropy_backward,
    sequence_cross_entropy,
    sequence_cross_entropy_backward,
    smooth_l1,
    smooth_l1_backward,
    soft_target_cross_entropy,
    soft_target_cross_entropy_backward,
    squared_error,
    squared_error_backward,
)
from byhand.definitions.metrics import confusion_matrix, iou_per_class, mean_iou
from byhand.definitions.normalisation import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward
from byhand.definitions.pooling import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from byhand.definitions.rectifiers import (
    leaky_relu,
    leaky_relu_backward,
    prelu,
    prelu_backward,
    relu,
    relu_backward,
)
from byhand.definitions.recurrent import lstm_cell, lstm_cell_backward, rnn_cell, rnn_cell_backward
from byhand.definitions.reparameterise import reparameterise, reparameterise_backward
from byhand.definitions.roi import roi_align, roi_align_backward, roi_pool, roi_pool_backward
from byhand.definitions.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward

__all__ = [
    "affine_grid",
    "affine_grid_backward",
    "average_precision",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "confusion_matrix",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "decode_boxes",
    "discriminator_loss",
    "discriminator_loss_backward",
    "distillation_loss",
    "distillation_loss_backward",
    "dropout",
    "dropout_backward",
    "elu",
    "elu_backward",
    "embedding",
    "embedding_backward",
    "encode_boxes",
    "gaussian_kl",
    "gaussian_kl_backward",
    "gelu",
    "gelu_backward",
    "generator_loss",
    "generator_loss_backward",
    "grid_sample",
    "grid_sample_backward",
    "interpolate",
    "interpolate_backward",
    "iou",
    "iou_per_class",
    "jensen_shannon_divergence",
    "jensen_shannon_divergence_backward",
    "kl_divergence",
    "kl_divergence_backward",
    "layer_norm",
    "layer_norm_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "lstm_cell",
    "lstm_cell_backward",
    "match_anchors",
    "max_pool2d",
    "max_pool2d_backward",
    "mean_absolute_error",
    "mean_absolute_error_backward",
    "mean_iou",
    "mean_squared_error",
    "mean_squared_error_backward",
    "nms",
    "one_hot",
    "optimal_discriminator",
    "pixel_cross_entropy",
    "pixel_cross_entropy_backward",
    "precision_recall",
    "prelu",
    "prelu_backward",
    "relu",
    "relu_backward",
    "reparameterise",
    "reparameterise_backward",
    "rnn_cell",
    "rnn_cell_backward",
    "roi_align",
    "roi_align_backward",
    "roi_pool",
    "roi_pool_backward",
    "sequence_cross_entropy",
    "sequence_cross_entropy_backward",
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "smooth_l1",
    "smooth_l1_backward",
    "soft_target_cross_entropy",
    "soft_target_cross_entropy_backward",
    "softmax",
    "softmax_backward",
    "softplus",
    "softplus_backward",
    "squared_error",
    "squared_error_backward",
    "tanh",
    "tanh_backward",
]
