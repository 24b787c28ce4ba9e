"""The picture on the landing page: what nine numbers make of a photograph."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

import numpy as np
from matplotlib.figure import Figure

from cvlib.data import load_photograph, to_grey
from cvlib.ops import conv2d
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, INPUT, OUTPUT, WEIGHTS

__all__ = ["FILTERS", "describe_filter", "draw_filter"]

IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
#: The nine numbers of each filter at full strength, and what a reader sees there.
FILTERS = MappingProxyType(
    {
        "sharpen": (np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32), "every hair stands out"),
        "blur": (np.full((3, 3), 1 / 9, np.float32), "fine detail is washed away"),
        "emboss": (np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.float32), "light falls from one corner"),
        "edges": (np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32), "only outlines remain"),
    }
)


@cache
def photograph() -> np.ndarray:
    """Return the grey photograph as one image, (1, 1, H, W), between 0 and 1."""
    return to_grey(load_photograph("cat"))[None, :, 24:152, 72:200]


def kernel_of(filter: str, strength: float) -> np.ndarray:
    """Return the 3 x 3 kernel, between the one that changes nothing and the filter at full strength."""
    return (1 - np.float32(strength)) * IDENTITY + np.float32(strength) * FILTERS[filter][0]


def draw_filter(filter: str, strength: float) -> Figure:
    """Draw the photograph, the nine numbers, and what they make of it."""
    kernel, before = kernel_of(filter, strength), photograph()
    after = conv2d(before, kernel[None, None])
    figure, ((big, left), (below_big, middle)) = subplots(2, 2, gridspec_kw={"width_ratios": (2, 1)})
    below_big.remove()
    big.set_subplotspec(big.get_gridspec()[:, 0])
    largest = np.abs(kernel).max()
    middle.imshow(kernel, cmap=DIVERGING, vmin=-largest, vmax=largest)
    for (row, column), number in np.ndenumerate(kernel):
        colour = "#ffffff" if abs(number) > 0.6 * largest else "#000000"
        middle.text(column, row, f"{number:.2g}", ha="center", va="center", color=colour, fontsize=10)
    left.imshow(before[0, 0], cmap="gray", vmin=0, vmax=1)
    big.imshow(after[0, 0], cmap="gray", vmin=0, vmax=1)
    roles = {"photograph": (left, INPUT), "nine numbers": (middle, WEIGHTS), "result": (big, OUTPUT)}
    for title, (axes, colour) in roles.items():
        axes.set_title(title)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, color=colour, linewidth=3)
    return figure


def describe_filter(filter: str, strength: float) -> str:
    """Say what the picture shows."""
    kernel = kernel_of(filter, strength)
    return (
        f"A cat's face before and after the filter “{filter}”: "
        f"at full strength, {FILTERS[filter][1]}. "
        f"Here the middle number is {kernel[1, 1]:.2g}, and all nine add up to {kernel.sum():.2g}."
    )
