"""Models of the book, each a function that builds a chain of layers."""

from cvlib.models.lenet import lenet5
from cvlib.models.softmax_classifier import softmax_classifier

__all__ = ["lenet5", "softmax_classifier"]
