"""Bilinear sampling: byhand against SciPy, and its derivatives against central differences."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from routes import hold, recognised, verified
from scipy.ndimage import map_coordinates

import byhand


def sample(image: np.ndarray, x: float, y: float) -> float:
    return float(map_coordinates(image, [[y], [x]], order=1)[0])


def differences(given: SimpleNamespace) -> dict[str, object]:
    """The value by SciPy; as it is piecewise linear, central differences are exact but for rounding."""
    image, x, y, h = given.image, given.x, given.y, 2.0**-10
    pixels = np.zeros_like(image)
    for cell in np.ndindex(image.shape):
        step = np.zeros_like(image)
        step[cell] = 1
        pixels[cell] = (sample(image + step, x, y) - sample(image - step, x, y)) / 2
    return {
        "v": sample(image, x, y),
        "dx": (sample(image, x + h, y) - sample(image, x - h, y)) / (2 * h),
        "dy": (sample(image, x, y + h) - sample(image, x, y - h)) / (2 * h),
        "dI": pixels,
    }


def hats(given: SimpleNamespace) -> dict[str, object]:
    """The definition of Jaderberg et al. 2015: a sum over all pixels with hat functions."""
    rows, columns = np.indices(given.image.shape)
    across, down = np.maximum(0, 1 - abs(given.x - columns)), np.maximum(0, 1 - abs(given.y - rows))
    right = np.where(abs(given.x - columns) < 1, np.sign(columns - given.x), 0)
    below = np.where(abs(given.y - rows) < 1, np.sign(rows - given.y), 0)
    return {
        "v": (given.image * across * down).sum(),
        "dx": (given.image * right * down).sum(),
        "dy": (given.image * across * below).sum(),
        "dI": across * down,
    }


def test_a45():
    hold("A45", hats)
    hold("A45", differences, seeds=100, rtol=1e-8)
    # By hand: weights 0.75 and 0.25 across, 0.6 and 0.4 down, on the pixels 8, 2, 6, 9.
    verified("A45", v=6.6, dx=-2.4, dy=0.25, dI=[[0, 0.45, 0.15], [0, 0.3, 0.1], [0, 0, 0]])


def test_a45_slips():
    recognised("A45", "v = 8", "nearest_pixel")
    recognised(
        "A45", "v = 2.65", "axes_swapped"
    )  # at x = 0.4, y = 1.25: 0.45 * 0 + 0.3 * 6 + 0.15 * 5 + 0.1 * 1
    recognised("A45", "dx = -6", "one_row_only")
    recognised("A45", "dy = -2.4", "derivatives_swapped")
    recognised("A45", "dI = [[0, 3.6, 0.3], [0, 1.8, 0.9], [0, 0, 0]]", "pixel_left_in_the_derivative")


def test_a45_never_lies_on_a_grid_line():
    for seed in range(500):
        given = byhand.variant("A45", seed).given
        assert given.x % 1
        assert given.y % 1
        assert 0 < given.x < len(given.image[0]) - 1
        assert 0 < given.y < len(given.image) - 1
