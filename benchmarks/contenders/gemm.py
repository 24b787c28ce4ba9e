"""The bare matrix products that lowering a convolution comes down to, on matrices that already lie there.

One for the output, one for each gradient, image by image. No convolution by lowering can be faster.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import workloads
from workloads import TRANSPOSED, Conv, normal

Step = Callable[[], object]


def products(images: int, outputs: int, taps: int, pixels: int) -> Step:
    """Return a step: three products for each image."""
    w, columns, dy = normal(outputs, taps), normal(taps, pixels), normal(outputs, pixels)
    y, dw, dcolumns = np.empty_like(dy), np.empty_like(w), np.empty_like(columns)

    def step() -> None:
        for _ in range(images):
            np.matmul(w, columns, out=y)
            np.matmul(dy, columns.T, out=dw)
            np.matmul(w.T, dy, out=dcolumns)

    return step


def conv(shape: Conv) -> Step:
    """Return the products of a convolution."""
    return products(shape.n, shape.k, shape.c * shape.kernel**2, shape.output**2)


def conv_transpose() -> Step:
    """Return the products of the transposed convolution."""
    (n, c, h, w), (_, k, kh, kw) = TRANSPOSED["x"], TRANSPOSED["w"]
    return products(n, c, k * kh * kw, h * w)


STEPS = {name: partial(conv, shape) for name, shape in workloads.CONVOLUTIONS.items()}
STEPS |= {"W10": conv_transpose}
