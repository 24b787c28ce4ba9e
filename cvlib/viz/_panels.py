"""What the figures of the foundations share: axes at fixed places, mosaics of small pictures, paths on a map."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvlib.viz.style import GRADIENT, INPUT, OUTPUT, PAPER, SIZES

SMALL = 9  # points: the smallest letters in the book
LABEL = {
    "facecolor": PAPER,
    "edgecolor": "none",
    "pad": 1,
}  # so that a line behind a word does not strike it out
GAP = 1  # empty pixels between two pictures of a mosaic


def panels(size: str, *places: tuple[float, float, float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of one of the book's sizes with an axes at each place: left, bottom, width, height in inches.

    For explorers: from frame to frame nothing moves but what the reader changed, and no time goes into a layout.
    """
    width, height = SIZES[size]
    figure = Figure(figsize=(width, height), layout="none")
    shares = [(x / width, y / height, w / width, h / height) for x, y, w, h in places]
    return figure, [figure.add_axes(share) for share in shares]


def mosaic(axes: Axes, pictures: np.ndarray) -> None:
    """Draw pictures (rows, columns, H, W) as one image, with empty pixels between them."""
    rows, columns, height, width = pictures.shape
    canvas = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + GAP), column * (width + GAP)
        canvas[top : top + height, left : left + width] = pictures[row, column]
    axes.imshow(canvas, cmap="gray_r", vmin=0, vmax=max(np.nanmax(canvas), 1e-9))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def walk(
    axes: Axes, path: np.ndarray, window: tuple[float, float, float, float], *, start_above: bool = False
) -> None:
    """Draw a path with its start and its end, and say so if the end is outside the window."""
    (x, y), (x0, x1, y0, y1) = path[-1], window
    axes.plot(*np.clip(path, -1e3, 1e3).T, ".-", color=GRADIENT, linewidth=1.5, markersize=6)
    axes.plot(*path[0], "s", color=INPUT, markersize=7)
    place = {"ha": "center", "va": "bottom"} if start_above else {"ha": "right", "va": "center"}
    offset = (0, 6) if start_above else (-7, 0)
    look = {"textcoords": "offset points", "color": INPUT, "fontsize": SMALL, "bbox": LABEL}
    axes.annotate("start", path[0], offset, **look, **place)
    if x0 <= x <= x1 and y0 <= y <= y1:
        axes.plot(x, y, "o", color=OUTPUT, markersize=7)
    else:
        axes.text(
            0.97,
            0.04,
            "has left the picture",
            transform=axes.transAxes,
            ha="right",
            color=GRADIENT,
            bbox=LABEL,
        )
    axes.set(xlim=(x0, x1), ylim=(y0, y1))
