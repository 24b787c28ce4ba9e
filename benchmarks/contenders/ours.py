"""cvlib, through its public functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import workloads
from workloads import IMAGES, MAPS, TRANSPOSED, Conv, normal

from cvlib import ops
from cvlib.models import lenet5
from cvlib.optim import Adam
from cvlib.train import fit

Step = Callable[[], object]


def conv(shape: Conv) -> Step:
    """Return a step: forward and all gradients of a convolution."""
    x, w, b, dy = shape.arrays()
    options = {"stride": shape.stride, "padding": shape.padding}

    def step() -> None:
        ops.conv2d(x, w, b, **options)
        ops.conv2d_backward(dy, x, w, b, **options)

    return step


def pool(kernel_size: int) -> Step:
    """Return a step of max pooling with stride 2."""
    x = normal(*MAPS)
    dy = np.ones_like(ops.max_pool2d(x, kernel_size, stride=2))

    def step() -> None:
        ops.max_pool2d(x, kernel_size, stride=2)
        ops.max_pool2d_backward(dy, x, kernel_size, stride=2)

    return step


def epoch() -> Step:
    """Return a step: an epoch of LeNet-5."""
    rng = np.random.default_rng(0)
    images, labels = (
        normal(workloads.EPOCH["images"], 1, 28, 28),
        rng.integers(0, 10, workloads.EPOCH["images"]),
    )
    model = lenet5(rng=rng)
    adam = Adam(model.parameters, lr=1e-3)
    options = {"optimiser": adam, "num_epochs": 1, "batch_size": workloads.EPOCH["batch_size"], "rng": rng}
    return lambda: fit(model, images, labels, **options)


def batch_norm() -> Step:
    """Return a step of batch norm in training."""
    x, dy, gamma, beta = normal(*MAPS), normal(*MAPS) + 1, normal(MAPS[1]), normal(MAPS[1])

    def step() -> None:
        ops.batch_norm(x, gamma, beta)
        ops.batch_norm_backward(dy, x, gamma, beta)

    return step


def resize() -> Step:
    """Return a step: to twice the size and back."""
    x = normal(*IMAGES)
    dy = normal(*IMAGES[:2], 128, 128)

    def step() -> None:
        ops.interpolate(x, (128, 128))
        ops.interpolate_backward(dy, x, (128, 128))

    return step


def grid_sample() -> Step:
    """Return a step of sampling, with the gradients of image and grid."""
    x, grid, dy = normal(*IMAGES), workloads.grid(), normal(*IMAGES) + 1

    def step() -> None:
        ops.grid_sample(x, grid)
        ops.grid_sample_backward(dy, x, grid)

    return step


def conv_transpose() -> Step:
    """Return a step of a transposed convolution."""
    x, w, dy = (normal(*TRANSPOSED[name]) for name in ("x", "w", "dy"))
    b = normal(w.shape[1])
    options = {name: TRANSPOSED[name] for name in ("stride", "padding")}

    def step() -> None:
        ops.conv_transpose2d(x, w, b, **options)
        ops.conv_transpose2d_backward(dy, x, w, b, **options)

    return step


STEPS = {name: partial(conv, shape) for name, shape in workloads.CONVOLUTIONS.items()}
STEPS |= {"W6a": partial(pool, 2), "W6b": partial(pool, 3), "W7": epoch, "W8": batch_norm}
STEPS |= {"W9a": resize, "W9b": grid_sample, "W10": conv_transpose}
