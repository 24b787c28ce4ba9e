"""Operations in pairs: ``y = op(x, ...)`` and, right below each, its gradients ``op_backward(dy, x, ...)``.

The backward takes the upstream gradient dy = dL/dy and the forward's own arguments, and returns dL/dx, dL/dw, ... in
their order. Nothing is remembered in between: the signature shows exactly what the chain rule needs.
"""

from cvlib.ops.activations import relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward
from cvlib.ops.conv import conv2d, conv2d_backward
from cvlib.ops.embedding import embedding, embedding_backward
from cvlib.ops.linear import linear, linear_backward
from cvlib.ops.pooling import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cvlib.ops.recurrent import lstm_cell, lstm_cell_backward, rnn_cell, rnn_cell_backward
from cvlib.ops.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "embedding",
    "embedding_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "lstm_cell",
    "lstm_cell_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
    "rnn_cell",
    "rnn_cell_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]
