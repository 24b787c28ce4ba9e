"""DeZero, a teaching framework in NumPy: it lowers the whole batch at once, gradients come from its own autograd."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import workloads
from workloads import MAPS, TRANSPOSED, Conv, normal

np.int = int  # noqa: NPY001  DeZero 0.0.13 says np.int, which NumPy dropped in 1.24
import dezero.functions as F
from dezero import Variable

Step = Callable[[], object]


def differentiated(function: Callable, dy: np.ndarray, *arrays: np.ndarray) -> Step:
    """Return a step: forward, and the gradients of all arrays for this dL/dy."""

    def step() -> None:
        variables = [Variable(array) for array in arrays]
        y = function(*variables)
        y.grad = Variable(dy)
        y.backward()

    return step


def conv(shape: Conv) -> Step:
    """Return a step of a convolution."""
    *arrays, dy = shape.arrays()
    return differentiated(partial(F.conv2d, stride=shape.stride, pad=shape.padding), dy, *arrays)


def pool(kernel_size: int) -> Step:
    """Return a step of max pooling with stride 2."""
    size = (MAPS[2] - kernel_size) // 2 + 1
    dy = np.ones((*MAPS[:2], size, size), np.float32)
    return differentiated(partial(F.pooling, kernel_size=kernel_size, stride=2), dy, normal(*MAPS))


def conv_transpose() -> Step:
    """Return a step of a transposed convolution."""
    x, w, dy = (normal(*TRANSPOSED[name]) for name in ("x", "w", "dy"))
    options = {"stride": TRANSPOSED["stride"], "pad": TRANSPOSED["padding"]}
    return differentiated(partial(F.deconv2d, **options), dy, x, w, normal(w.shape[1]))


STEPS = {name: partial(conv, shape) for name, shape in workloads.CONVOLUTIONS.items()}
STEPS |= {"W6a": partial(pool, 2), "W6b": partial(pool, 3), "W10": conv_transpose}
