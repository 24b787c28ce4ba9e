"""Convolution and pooling, forward: byhand against cvlib, and the coursework's verified answers."""

from __future__ import annotations

from types import SimpleNamespace

from routes import hold, verified

from cvlib import ops


def conv_pool_relu(given: SimpleNamespace) -> dict[str, object]:
    feature = ops.conv2d(given.image[None, None], given.kernel[None, None])
    pooled = ops.max_pool2d(feature, 2)
    return {"J": feature[0, 0], "K": pooled[0, 0], "O": ops.relu(pooled)[0, 0]}


def test_a1():
    hold("A1", conv_pool_relu)
    verified("A1", J=[[2, -4, 6, -1], [-1, -9, 9, -2]], K=[[2, 9]], O=[[2, 9]])
