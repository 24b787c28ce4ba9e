"""A drawing board for small arrays: matrices as numbered cells, frames around what a step touches."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvlib.viz.picture import subplots
from cvlib.viz.style import INK, INPUT, RULE, SIZES, WEIGHTS

__all__ = ["canvas", "cells", "frame", "number"]

TINT = 0.45  # the most opaque tint behind a number: INK stays readable on it, in light and in dark mode
UNIT = 0.5  # inches: a wide canvas is 16 units wide and 6 high, a single one 10 and 6.4


def canvas(size: str = "wide") -> tuple[Figure, Axes]:
    """Return a figure that is one empty drawing board, measured in units of half an inch, y downwards."""
    figure, axes = subplots(size=size)
    figure.set_layout_engine("none")
    width, height = SIZES[size]
    axes.set(position=(0, 0, 1, 1), xlim=(0, width / UNIT), ylim=(height / UNIT, 0))
    axes.axis("off")
    return figure, axes


def number(value: float) -> str:
    """Return a number in at most three digits, with a true minus sign and without a minus zero.

    Examples
    --------
    >>> number(-2.5), number(-0.0)
    ('−2.5', '0')
    """
    return f"{float(value) + 0.0:.3g}".replace("-", "\N{MINUS SIGN}")


def cells(
    axes: Axes,
    values: np.ndarray,
    left: float,
    top: float,
    *,
    unit: float = 1.0,
    colour: str = INPUT,
    name: str = "",
    tint: bool = False,
    window: tuple[int, int, int, int] | None = None,
    visible: np.ndarray | None = None,
    fontsize: float = 10,
) -> None:
    """Draw a matrix as numbered cells, its name above; ``window`` (row, column, height, width) is framed."""
    values = np.asarray(values)
    largest = max(float(np.abs(values).max()), 1e-12)
    for (row, column), value in np.ndenumerate(values):
        x, y = left + column * unit, top + row * unit
        alpha = TINT * abs(float(value)) / largest if tint else 0.0
        axes.add_patch(
            Rectangle((x, y), unit, unit, facecolor=(colour, alpha), edgecolor=RULE, linewidth=0.8)
        )
        if visible is None or visible[row, column]:
            axes.text(x + unit / 2, y + unit / 2, number(value), ha="center", va="center", fontsize=fontsize)
    height, width = values.shape
    axes.add_patch(
        Rectangle((left, top), width * unit, height * unit, fill=False, edgecolor=colour, linewidth=1.6)
    )
    if name:
        axes.text(left, top - 0.18, name, ha="left", va="bottom", fontsize=10)
    if window is not None:
        row, column, height, width = window
        frame(axes, left + column * unit, top + row * unit, width * unit, height * unit, WEIGHTS)


def frame(axes: Axes, left: float, top: float, width: float, height: float, colour: str) -> None:
    """Point out a part of a matrix: a thick frame, tinted inside."""
    look = {"facecolor": (colour, 0.3), "edgecolor": INK, "linewidth": 2.6}
    axes.add_patch(Rectangle((left, top), width, height, **look))
