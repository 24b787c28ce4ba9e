"""Layers: thin shells that hold parameters and their last input, and call the pairs of :mod:`cvlib.ops`."""

from cvlib.nn.activations import ELU, GELU, LeakyReLU, PReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from cvlib.nn.branches import Concat, Fork, Identity, Sum
from cvlib.nn.chain import Chain
from cvlib.nn.container import Container
from cvlib.nn.conv import Conv2d
from cvlib.nn.conv_transpose import ConvTranspose2d
from cvlib.nn.dropout import Dropout
from cvlib.nn.embedding import Embedding
from cvlib.nn.flatten import Flatten, Unflatten
from cvlib.nn.layer import Layer
from cvlib.nn.linear import Linear
from cvlib.nn.normalisation import BatchNorm, LayerNorm
from cvlib.nn.pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from cvlib.nn.recurrent import LSTM, RNN
from cvlib.nn.spatial_transformer import SpatialTransformer
from cvlib.nn.storage import load, save
from cvlib.nn.summary import summary
from cvlib.nn.upsample import Upsample

__all__ = [
    "ELU",
    "GELU",
    "LSTM",
    "RNN",
    "AvgPool2d",
    "BatchNorm",
    "Chain",
    "Concat",
    "Container",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "Fork",
    "GlobalAvgPool2d",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "SpatialTransformer",
    "Sum",
    "Tanh",
    "Unflatten",
    "Upsample",
    "load",
    "save",
    "summary",
]
