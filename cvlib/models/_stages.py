"""What the nets for detection and segmentation have in common: stages that see more, and more coarsely."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from cvlib.nn import Chain, Conv2d, MaxPool2d, ReLU


def stage(in_channels: int, out_channels: int, *, rng: np.random.Generator, dtype: DTypeLike) -> Chain:
    """Return a 3 x 3 convolution that keeps the size, a ReLU, and pooling that halves it."""
    return Chain(
        conv=Conv2d(in_channels, out_channels, 3, padding=1, rng=rng, dtype=dtype),
        relu=ReLU(),
        pool=MaxPool2d(2),
    )
