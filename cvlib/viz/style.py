"""The look of every figure: two sizes, colours with fixed roles, and the settings that keep pictures small and sharp.

The colours are Okabe and Ito's palette, which people with any kind of colour vision can tell apart
(Okabe and Ito, "Color universal design", 2008, https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

from types import MappingProxyType

INPUT = "#0072b2"  #: Blue: what goes in.
WEIGHTS = "#e69f00"  #: Orange: what is learned.
OUTPUT = "#009e73"  #: Green: what comes out.
GRADIENT = "#d55e00"  #: Vermilion: what flows back.
EXTRA = "#cc79a7"  #: Reddish purple: a fifth thing.

INK = "#1d2125"  #: Text and axes.
MUTED = "#66707a"  #: Secondary text.
RULE = "#d5dade"  #: Grid lines.
PAPER = "#fefefe"  #: Background; not pure white, so that white inside a picture stays white in dark mode.

# What each of them becomes in dark mode: lighter, so that lines and text keep their contrast on dark paper.
DARK = MappingProxyType(
    {
        INPUT: "#56b4e9",
        WEIGHTS: "#f0b429",
        OUTPUT: "#2fc79a",
        GRADIENT: "#f08a4b",
        EXTRA: "#e39bc4",
        INK: "#e4e7ea",
        MUTED: "#a3adb6",
        RULE: "#3a4148",
        PAPER: "#121212",
    }
)

SEQUENTIAL = "viridis"  #: For magnitudes.
DIVERGING = "RdBu_r"  #: For signed values, always centred at zero.

#: Inches; there are no others. A phone shows the first two whole, so explorers use them; it scrolls a wide one.
SIZES = MappingProxyType({"single": (5.0, 3.2), "tall": (5.0, 4.8), "wide": (8.0, 3.0)})

SETTINGS = MappingProxyType(
    {
        "figure.figsize": SIZES["single"],
        "figure.dpi": 96,
        "figure.facecolor": PAPER,
        "figure.constrained_layout.use": True,
        "axes.facecolor": PAPER,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 11,
        "axes.labelsize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "axes.prop_cycle": "cycler('color', ['0072b2', 'e69f00', '009e73', 'd55e00', 'cc79a7'])",
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "grid.color": RULE,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 2,
        "font.size": 10,
        "font.family": "sans-serif",
        "image.cmap": SEQUENTIAL,
        "image.interpolation": "none",  # pixels stay pixels, in the picture as in the lesson
        "image.composite_image": False,  # ... and are stored at their own resolution
        "svg.fonttype": "path",  # letters as outlines: the same picture with whatever fonts the reader has
        "svg.hashsalt": "computer-vision-by-hand",  # the same figure is the same file
    }
)
