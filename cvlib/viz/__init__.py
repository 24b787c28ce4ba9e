"""Figures: the book's look, pictures with words, and what several chapters draw.

Importing this package sets matplotlib's defaults to the book's style, so a plain ``plt.subplots()`` looks right too.
"""

import matplotlib

from cvlib.viz.picture import Picture, render, show, subplots
from cvlib.viz.style import (
    DIVERGING,
    EXTRA,
    GRADIENT,
    INK,
    INPUT,
    MUTED,
    OUTPUT,
    PAPER,
    RULE,
    SEQUENTIAL,
    SETTINGS,
    SIZES,
    WEIGHTS,
)

matplotlib.rcParams.update(SETTINGS)

__all__ = [
    "DIVERGING",
    "EXTRA",
    "GRADIENT",
    "INK",
    "INPUT",
    "MUTED",
    "OUTPUT",
    "PAPER",
    "RULE",
    "SEQUENTIAL",
    "SIZES",
    "WEIGHTS",
    "Picture",
    "render",
    "show",
    "subplots",
]
