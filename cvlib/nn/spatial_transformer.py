"""A layer that learns where to look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, choice, pair
from cvlib.nn.branches import Fork, Identity
from cvlib.nn.layer import Layer, example_shape
from cvlib.ops import affine_grid, affine_grid_backward, grid_sample, grid_sample_backward


class SpatialTransformer(Fork):
    r"""The image goes two ways: a small net finds an affine map, and by this map the image is sampled.

    .. math:: \theta = f(x), \qquad y = \text{grid\_sample}(x, \text{affine\_grid}(\theta))

    Nobody tells the net where to look. The loss of whatever follows comes back through the sampling to the map, and so
    to the net's weights.

    Parameters
    ----------
    localisation : Layer
        Gives six numbers for each image, (N, 6): the two rows of the map (N, 2, 3).
    size : int or pair of int
        Height and width of the output.
    padding_mode : "zeros" or "border"
        As in :func:`cvlib.ops.grid_sample`.
    align_corners : bool
        As in :func:`cvlib.ops.grid_sample` and :func:`cvlib.ops.affine_grid`.

    Attributes
    ----------
    theta : ndarray or None
        The last maps, (N, 2, 3).

    Raises
    ------
    TypeError
        If ``localisation`` is not a layer, or ``size`` holds no integers.
    ValueError
        If ``size`` is below 1, or an option is unknown.

    References
    ----------
    Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial transformer networks", NeurIPS 2015, section 3.

    Examples
    --------
    Start with the identity, so that the layers behind see the image from the first step on: no weights in the last
    layer of the localisation, and a bias that is the identity.

    >>> from cvlib.nn import Chain, Flatten, Linear, Tanh
    >>> rng = np.random.default_rng(0)
    >>> last = Linear(10, 6, rng=rng)
    >>> last.parameters["weight"][...] = 0
    >>> last.parameters["bias"][...] = [1, 0, 0, 0, 1, 0]
    >>> transformer = SpatialTransformer(Chain(Flatten(), Linear(16, 10, rng=rng), Tanh(), last), size=4)
    >>> x = rng.random((2, 1, 4, 4), np.float32)
    >>> np.allclose(transformer(x), x, atol=1e-6)
    True
    >>> list(transformer.parameters)[-1]
    'localisation.3.bias'
    """

    def __init__(
        self, localisation: Layer, size: Pair, *, padding_mode: str = "zeros", align_corners: bool = False
    ):
        super().__init__(image=Identity(), localisation=localisation)
        self.size = pair("size", size, minimum=1)
        self.padding_mode = choice("padding_mode", padding_mode, ("zeros", "border"))
        self.align_corners = choice("align_corners", align_corners, (False, True))
        self.theta: np.ndarray | None = None

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the sampled images (N, C, H_out, W_out) of ``x`` (N, C, H, W)."""
        image, numbers = super().forward(x, training=training)
        if numbers.ndim != 2 or numbers.shape[1] != 6:
            raise ValueError(
                f"localisation must give (N, 6), six numbers for each image, got {numbers.shape}"
            )
        self.theta = numbers.reshape(-1, 2, 3)
        return grid_sample(
            image, self._grid(), padding_mode=self.padding_mode, align_corners=self.align_corners
        )

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx, by the image and by the localisation, and set the gradients of the localisation."""
        image = self["image"].last_input()
        dimage, dgrid = grid_sample_backward(
            dy, image, self._grid(), padding_mode=self.padding_mode, align_corners=self.align_corners
        )
        dtheta = affine_grid_backward(dgrid, self.theta, self.size, align_corners=self.align_corners)
        return super().backward((dimage, dtheta.reshape(-1, 6)), needs_dx=needs_dx)

    def _grid(self) -> np.ndarray:
        return affine_grid(self.theta, self.size, align_corners=self.align_corners)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, int, int]:
        """Return (C, H_out, W_out) for (C, H, W)."""
        image, numbers = super().output_shape(example_shape(input_shape, "(C, H, W)"))
        if numbers != (6,):
            raise ValueError(f"localisation must give six numbers for each image, got shape {numbers}")
        return image[0], *self.size

    def __repr__(self) -> str:
        options = {"size": self.size}
        if self.padding_mode != "zeros":
            options["padding_mode"] = self.padding_mode
        if self.align_corners:
            options["align_corners"] = True
        options = {"localisation": self["localisation"], **options}
        lines = (f"  {name}: {value!r}".replace("\n", "\n  ") for name, value in options.items())
        return "SpatialTransformer(\n" + "\n".join(lines) + "\n)"
