"""PyTorch on the processor, with as many threads as the environment's OMP_NUM_THREADS says."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import workloads
from torch import nn
from torch.nn import functional as F
from workloads import IMAGES, MAPS, TRANSPOSED, Conv, normal

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

Step = Callable[[], object]


def differentiated(function: Callable[..., torch.Tensor], dy: np.ndarray | None, *arrays: np.ndarray) -> Step:
    """Return a step: forward, and the gradients of all arrays for this dL/dy."""
    tensors = [torch.from_numpy(array).requires_grad_() for array in arrays]
    upstream = torch.from_numpy(dy) if dy is not None else torch.ones_like(function(*tensors))
    return lambda: torch.autograd.grad(function(*tensors), tensors, upstream)


def conv(shape: Conv) -> Step:
    """Return a step of a convolution."""
    *arrays, dy = shape.arrays()
    return differentiated(partial(F.conv2d, stride=shape.stride, padding=shape.padding), dy, *arrays)


def pool(kernel_size: int) -> Step:
    """Return a step of max pooling with stride 2."""
    return differentiated(partial(F.max_pool2d, kernel_size=kernel_size, stride=2), None, normal(*MAPS))


def epoch() -> Step:
    """Return a step: an epoch of LeNet-5."""
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    images = torch.from_numpy(normal(workloads.EPOCH["images"], 1, 28, 28))
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 10, len(images)))
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        for batch in torch.randperm(len(images)).split(workloads.EPOCH["batch_size"]):
            adam.zero_grad()
            F.cross_entropy(model(images[batch]), labels[batch]).backward()
            adam.step()

    return step


def batch_norm() -> Step:
    """Return a step of batch norm in training."""
    mean, var = torch.zeros(MAPS[1]), torch.ones(MAPS[1])

    def norm(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, mean, var, gamma, beta, training=True)

    return differentiated(norm, normal(*MAPS) + 1, normal(*MAPS), normal(MAPS[1]), normal(MAPS[1]))


def resize() -> Step:
    """Return a step: to twice the size and back."""
    up = partial(F.interpolate, size=(128, 128), mode="bilinear")
    return differentiated(up, normal(*IMAGES[:2], 128, 128), normal(*IMAGES))


def grid_sample() -> Step:
    """Return a step of sampling, with the gradients of image and grid."""
    sample = partial(F.grid_sample, align_corners=False)
    return differentiated(sample, normal(*IMAGES) + 1, normal(*IMAGES), workloads.grid())


def conv_transpose() -> Step:
    """Return a step of a transposed convolution."""
    x, w, dy = (normal(*TRANSPOSED[name]) for name in ("x", "w", "dy"))
    options = {name: TRANSPOSED[name] for name in ("stride", "padding")}
    return differentiated(partial(F.conv_transpose2d, **options), dy, x, w, normal(w.shape[1]))


STEPS = {name: partial(conv, shape) for name, shape in workloads.CONVOLUTIONS.items()}
STEPS |= {"W6a": partial(pool, 2), "W6b": partial(pool, 3), "W7": epoch, "W8": batch_norm}
STEPS |= {"W9a": resize, "W9b": grid_sample, "W10": conv_transpose}
