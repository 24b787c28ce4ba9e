"""Models of the book, each a function that builds a chain of layers."""

from cvlib.models.alexnet import alexnet
from cvlib.models.captioner import Captioner, captioner
from cvlib.models.densenet import dense_block, dense_layer, densenet, transition
from cvlib.models.inception import googlenet, inception_module, inception_net
from cvlib.models.lenet import lenet5
from cvlib.models.resnet import bottleneck_block, residual_block, resnet
from cvlib.models.softmax_classifier import softmax_classifier
from cvlib.models.vgg import vgg16

__all__ = [
    "Captioner",
    "alexnet",
    "bottleneck_block",
    "captioner",
    "dense_block",
    "dense_layer",
    "densenet",
    "googlenet",
    "inception_module",
    "inception_net",
    "lenet5",
    "residual_block",
    "resnet",
    "softmax_classifier",
    "transition",
    "vgg16",
]
