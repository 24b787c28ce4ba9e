"""The problems: one module for each topic, one class for each row of the coursework."""

from __future__ import annotations

import importlib
import re

from byhand.question import Problem, registry

# Module and title, in the order of the book.
TOPICS = {
    "linear_models": "Linear models and nearest neighbours",
    "softmax": "Softmax and cross-entropy",
    "optimisation": "Gradient descent",
    "activations": "Activation functions",
    "backpropagation": "Backpropagation",
    "convolution": "Convolution and pooling",
    "counting": "Sizes, parameters and costs",
    "convolution_backward": "Backpropagation through convolution and pooling",
    "regularisation": "Underfitting, overfitting and regularisation",
    "architectures": "Residual nets, Inception and DenseNet",
    "detection": "Object detection",
    "segmentation": "Segmentation and upsampling",
    "sampling": "Differentiable sampling",
    "sequences": "Recurrent nets and captioning",
    "visualisation": "Seeing inside a convolutional net",
    "generative": "Autoencoders, variational autoencoders and GANs",
    "distillation": "Compression by distillation",
}


def load() -> dict[str, type[Problem]]:
    """Return every problem class by id, in the coursework's order."""
    for topic in TOPICS:
        importlib.import_module(f"byhand.problems.{topic}")
    return dict(sorted(registry.items(), key=lambda item: _order(item[0])))


def _order(identity: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([A-D])(\d+)([a-z]?)", identity)
    if not found:
        raise ValueError(
            f"an id is a letter, a number and perhaps a small letter, such as C1a, got {identity!r}"
        )
    return found[1], int(found[2]), found[3]
