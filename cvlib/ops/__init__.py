"""Operations in pairs: ``y = op(x, ...)`` and, right below each, its gradients ``op_backward(dy, x, ...)``.

The backward takes the upstream gradient dy = dL/dy and the forward's own arguments, and returns dL/dx, dL/dw, ... in
their order. Nothing is remembered in between: the signature shows exactly what the chain rule needs.
"""

import cvlib.ops._memory  # noqa: F401  for what its import does
from cvlib.ops.activations import (
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
from cvlib.ops.conv import conv2d, conv2d_backward
from cvlib.ops.conv_transpose import conv_transpose2d, conv_transpose2d_backward
from cvlib.ops.dropout import dropout, dropout_backward, dropout_mask
from cvlib.ops.embedding import embedding, embedding_backward
from cvlib.ops.grid_sample import affine_grid, affine_grid_backward, grid_sample, grid_sample_backward
from cvlib.ops.interpolate import interpolate, interpolate_backward
from cvlib.ops.linear import linear, linear_backward
from cvlib.ops.normalisation import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward
from cvlib.ops.pooling import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cvlib.ops.rectifiers import leaky_relu, leaky_relu_backward, prelu, prelu_backward, relu, relu_backward
from cvlib.ops.recurrent import lstm_cell, lstm_cell_backward, rnn_cell, rnn_cell_backward
from cvlib.ops.reparameterise import reparameterise, reparameterise_backward
from cvlib.ops.roi import roi_align, roi_align_backward, roi_pool, roi_pool_backward
from cvlib.ops.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward

__all__ = [
    "affine_grid",
    "affine_grid_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "dropout",
    "dropout_backward",
    "dropout_mask",
    "elu",
    "elu_backward",
    "embedding",
    "embedding_backward",
    "gelu",
    "gelu_backward",
    "grid_sample",
    "grid_sample_backward",
    "interpolate",
    "interpolate_backward",
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
    "max_pool2d",
    "max_pool2d_backward",
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
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "softmax",
    "softmax_backward",
    "softplus",
    "softplus_backward",
    "tanh",
    "tanh_backward",
]
