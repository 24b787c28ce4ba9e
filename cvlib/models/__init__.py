"""Models of the book, each a function that builds a chain of layers."""

from cvlib.models.captioner import Captioner, captioner
from cvlib.models.lenet import lenet5
from cvlib.models.softmax_classifier import softmax_classifier

__all__ = ["Captioner", "captioner", "lenet5", "softmax_classifier"]
