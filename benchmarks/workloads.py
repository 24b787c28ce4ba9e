"""What is measured, on the same arrays for every contender: forward and backward in float32."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Conv(NamedTuple):
    """A convolution: images (N, C, H, W), filters (K, C, k, k)."""

    n: int
    c: int
    size: int
    k: int
    kernel: int
    stride: int = 1
    padding: int = 0

    @property
    def output(self) -> int:
        """Height and width of the output."""
        return (self.size + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the forward pass."""
        return self.n * self.k * self.output**2 * self.c * self.kernel**2

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return x, w, b and dy."""
        shape = (self.n, self.c, self.size, self.size)
        w, b = normal(self.k, self.c, self.kernel, self.kernel), normal(self.k)
        return normal(*shape), w, b, normal(self.n, self.k, self.output, self.output)


def normal(*shape: int) -> np.ndarray:
    """Return standard normal numbers in float32, the same for the same shape."""
    return np.random.default_rng(shape).standard_normal(shape, dtype=np.float32)


CONVOLUTIONS = {
    "W1": Conv(32, 3, 32, 16, 3, padding=1),
    "W2": Conv(32, 64, 28, 64, 3, padding=1),
    "W3": Conv(8, 192, 28, 32, 5, padding=2),
    "W4": Conv(8, 192, 28, 16, 1),
    "W5": Conv(1, 1, 6, 1, 3),
}
DESCRIPTIONS = {
    "W1": "convolution 32×3×32×32 → 16, 3×3",
    "W2": "convolution 32×64×28×28 → 64, 3×3",
    "W3": "convolution 8×192×28×28 → 32, 5×5",
    "W4": "convolution 8×192×28×28 → 16, 1×1",
    "W5": "convolution 1×1×6×6 → 1, 3×3",
    "W6a": "max pooling 2×2, 32×64×28×28",
    "W6b": "max pooling 3×3, stride 2",
    "W7": "LeNet-5, an epoch of 2,000 images, Adam",
    "W8": "batch norm 32×64×28×28",
    "W9a": "bilinear resize 32×3×64×64 → 128×128",
    "W9b": "grid sample 32×3×64×64",
    "W10": "transposed convolution 4×4, stride 2, 16×32×14×14 → 16",
}

MAPS = (32, 64, 28, 28)  # W6, W8
IMAGES = (32, 3, 64, 64)  # W9
TRANSPOSED = {"x": (16, 32, 14, 14), "w": (32, 16, 4, 4), "dy": (16, 16, 28, 28), "stride": 2, "padding": 1}
EPOCH = {"images": 2000, "batch_size": 64}


def grid() -> np.ndarray:
    """Return sampling positions (32, 64, 64, 2): each image turned, sheared and shifted a little."""
    axis = np.linspace(-1, 1, 64, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    theta = np.eye(2, 3, dtype=np.float32) + 0.1 * normal(32, 2, 3)
    return np.einsum("nij,hwj->nhwi", theta, np.stack([x, y, np.ones_like(x)], axis=-1)).astype(np.float32)


def growth() -> dict[str, dict[int, Conv]]:
    """Return convolutions that differ in one number only, for the growth of time with it."""
    return {
        "image size": {size: Conv(4, 16, size, 16, 3, padding=1) for size in (14, 28, 56, 112, 224)},
        "channels": {c: Conv(8, c, 28, c, 3, padding=1) for c in (8, 16, 32, 64, 128, 256)},
        "kernel size": {k: Conv(8, 32, 28, 32, k, padding=k // 2) for k in (1, 3, 5, 7, 9, 11)},
    }
