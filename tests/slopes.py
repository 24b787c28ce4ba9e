"""Whole models against slopes: gradients of all parameters, each along one random direction."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cvlib.nn import Layer

Outputs = np.ndarray | tuple


def check_gradients(
    model: Layer,
    x: np.ndarray,
    *,
    names: Iterable[str] | None = None,
    training: bool = False,
    eps: float = 1e-6,
    rtol: float = 1e-6,
) -> None:
    """Hold dL/dx and the gradient of every parameter against central differences.

    L = sum(dy * y) with normal dy. An array p is moved along a random v, and the slope of L must be sum(dL/dp * v):
    two forward passes an array, however large. ``names`` of parameters check these alone. Nothing random may happen in
    the model; in a large one a smaller ``eps`` is needed, for no number to cross a kink on the way.
    """
    assert {p.dtype for p in model.parameters.values()} == {np.dtype(float)}
    rng = np.random.default_rng(99)
    dy = _like(model.forward(x, training=training), rng)
    gradients = {"x": model.backward(dy), **model.gradients}
    assert gradients.keys() - {"x"} == model.parameters.keys()
    dead = [name for name, gradient in gradients.items() if not gradient.any()]
    assert not dead, f"no gradient arrives at {dead}: there is nothing to compare"
    moved = {"x": x, **{name: model.parameters[name] for name in names or model.parameters}}
    for name, p in moved.items():
        v, centre, losses = rng.standard_normal(p.shape), p.copy(), []
        for sign in (1, -1):
            p[...] = centre + sign * eps * v
            losses.append(_inner(dy, model.forward(x, training=training)))
        p[...] = centre
        slope = (losses[0] - losses[1]) / (2 * eps)
        bound = rtol * (np.linalg.norm(gradients[name]) + 1e-2)
        np.testing.assert_allclose(slope, np.sum(gradients[name] * v), rtol=0, atol=bound, err_msg=name)


def shake(model: Layer, scale: float = 0.1) -> Layer:
    """Return the model with noise in all parameters and statistics: no 0 and no 1 is to hide a mistake."""
    rng = np.random.default_rng(98)
    for p in model.parameters.values():
        p[...] += scale * rng.standard_normal(p.shape)
    for name, buffer in model.buffers.items():
        noise = scale * rng.standard_normal(buffer.shape)
        buffer[...] = buffer * np.exp(noise) if name.endswith("var") else buffer + noise
    return model


def _like(y: Outputs, rng: np.random.Generator) -> Outputs:
    if isinstance(y, tuple):
        return tuple(_like(part, rng) for part in y)
    return rng.standard_normal(y.shape)


def _inner(dy: Outputs, y: Outputs) -> float:
    if isinstance(y, tuple):
        return sum(_inner(dpart, part) for dpart, part in zip(dy, y, strict=True))
    return float(np.sum(dy * y))
