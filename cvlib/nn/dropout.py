"""The dropout layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib.init import as_generator
from cvlib.nn.activations import Elementwise
from cvlib.ops import dropout, dropout_backward, dropout_mask
from cvlib.ops._arrays import as_float, same_shape


class Dropout(Elementwise):
    """While training, numbers fall out at random and the others grow to make up for it: :func:`cvlib.ops.dropout`.

    Otherwise nothing happens.

    Parameters
    ----------
    p : float
        Probability of being dropped.
    rng : numpy.random.Generator
        Draws a new mask in every forward pass while training.

    Attributes
    ----------
    mask : ndarray of bool or None
        The last forward's mask, which ``backward`` uses too; None if it was not training.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones(8), training=True)
    array([2., 2., 2., 0., 0., 0., 0., 0.])
    >>> layer.backward(np.ones(8))
    array([2., 2., 2., 0., 0., 0., 0., 0.])
    >>> layer(np.ones(8))
    array([1., 1., 1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator) -> None:
        super().__init__()
        dropout([], [], p=p)  # refuses what is no probability
        self.p = p
        self.rng = as_generator(rng)
        self.mask: np.ndarray | None = None

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return ``x`` with numbers dropped while training, and as it is otherwise."""
        self.x = x = as_float("x", x)
        self.mask = dropout_mask(x.shape, p=self.p, rng=self.rng) if training else None
        return x.copy() if self.mask is None else dropout(x, self.mask, p=self.p)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, through the mask of the last forward pass."""
        x = self.last_input()
        if not needs_dx:
            return None
        if self.mask is None:
            return same_shape("dy", dy, x.shape).copy()
        return dropout_backward(dy, x, self.mask, p=self.p)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
