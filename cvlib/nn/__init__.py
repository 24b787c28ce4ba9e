"""Layers: thin shells that hold parameters and their last input, and call the pairs of :mod:`cvlib.ops`."""

from cvlib.nn.activations import ReLU, Sigmoid, Tanh
from cvlib.nn.chain import Chain
from cvlib.nn.conv import Conv2d
from cvlib.nn.flatten import Flatten
from cvlib.nn.layer import Layer
from cvlib.nn.linear import Linear
from cvlib.nn.pooling import AvgPool2d, MaxPool2d
from cvlib.nn.summary import summary

__all__ = [
    "AvgPool2d",
    "Chain",
    "Conv2d",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Sigmoid",
    "Tanh",
    "summary",
]
