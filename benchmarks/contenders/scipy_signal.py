"""SciPy: forward only, since it has no gradients, and one pair of maps at a time, since it has no channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import workloads
from scipy import ndimage
from scipy.signal import correlate
from workloads import IMAGES, Conv, normal

Step = Callable[[], object]


def conv(shape: Conv) -> Step:
    """Return a step: the forward pass alone, by the faster of SciPy's methods for this shape."""
    x, w, b, _ = shape.arrays()
    p = shape.padding
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))

    def step() -> np.ndarray:
        return (
            np.stack([[correlate(image, kernel, "valid")[0] for kernel in w] for image in x])
            + b[:, None, None]
        )

    return step


def grid_sample() -> Step:
    """Return a step: the forward pass alone."""
    x, grid = normal(*IMAGES), workloads.grid()
    rows_and_columns = ((grid[..., ::-1] + 1) * 32 - 0.5).transpose(0, 3, 1, 2)

    def step() -> np.ndarray:
        return np.stack(
            [
                [ndimage.map_coordinates(channel, place, order=1) for channel in image]
                for image, place in zip(x, rows_and_columns, strict=True)
            ]
        )

    return step


def resize() -> Step:
    """Return a step: the forward pass alone."""
    x = normal(*IMAGES)
    return lambda: ndimage.zoom(x, (1, 1, 2, 2), order=1, grid_mode=True, mode="nearest")


STEPS = {name: partial(conv, shape) for name, shape in workloads.CONVOLUTIONS.items() if name in ("W1", "W5")}
STEPS |= {"W9a": resize, "W9b": grid_sample}
