"""Draw the picture that a shared link shows: `python tools/make_card.py` writes _static/social_card.png.

What is on it is computed by the book's own code, as everything else is: a photograph, nine numbers, and what they make
of it. Draw it anew when the title, the filters or the colours change; a test says so.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from cvlib.ops import conv2d
from cvlib.viz.landing import kernel_of, photograph
from cvlib.viz.style import INK, INPUT, MUTED, OUTPUT, PAPER, WEIGHTS

CARD = Path(__file__).parent.parent / "_static" / "social_card.png"
WIDTH, HEIGHT = 1200, 630  # what those who show cards ask for
DPI = 100
SIDE, TOP = 300, 258  # of the three squares, in pixels
LEFTS = (72, 450, 828)
TITLE = "Computer Vision by Hand"
PURPOSE = "Every number computed in front of you, every parameter yours to turn."


def square(figure: Figure, left: int, colour: str) -> Axes:
    """Return axes for one of the three squares, framed in the colour of its role."""
    bottom = HEIGHT - TOP - SIDE
    axes = figure.add_axes((left / WIDTH, bottom / HEIGHT, SIDE / WIDTH, SIDE / HEIGHT), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color=colour, linewidth=5)
    return axes


def write(figure: Figure, left: float, top: float, text: str, **style: object) -> None:
    """Write a line whose middle is ``top`` pixels below the upper edge."""
    figure.text(left / WIDTH, 1 - top / HEIGHT, text, va="center", **style)


def draw_numbers(axes: Axes, kernel: np.ndarray) -> None:
    """Write nine numbers into a square, large enough to be read on a phone."""
    axes.set(xlim=(0, 3), ylim=(3, 0))
    for (row, column), number in np.ndenumerate(kernel):
        text = f"{number:g}".replace("-", "\N{MINUS SIGN}")
        axes.text(column + 0.5, row + 0.52, text, ha="center", va="center", fontsize=34, color=INK)
    for line in (1, 2):
        axes.axhline(line, color=WEIGHTS, linewidth=2)
        axes.axvline(line, color=WEIGHTS, linewidth=2)


def draw() -> Image.Image:
    """Return the card: the book's title above a photograph, nine numbers and the result."""
    kernel, before = kernel_of("emboss", 1), photograph()
    after = conv2d(before, kernel[None, None])
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=PAPER, layout="none")
    write(figure, LEFTS[0] - 4, 98, TITLE, fontsize=52, weight="bold", family="DejaVu Serif", color=INK)
    write(figure, LEFTS[0], 180, PURPOSE, fontsize=21, family="DejaVu Sans", color=MUTED)
    grey = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
    square(figure, LEFTS[0], INPUT).imshow(before[0, 0], **grey)
    draw_numbers(square(figure, LEFTS[1], WEIGHTS), kernel)
    square(figure, LEFTS[2], OUTPUT).imshow(after[0, 0], **grey)
    for left, sign in zip(LEFTS[1:], "\N{ASTERISK OPERATOR}=", strict=True):
        write(figure, left - 39, TOP + SIDE / 2, sign, fontsize=40, ha="center", color=INK)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


if __name__ == "__main__":
    draw().save(CARD, optimize=True)
    print(f"{CARD.name}: {CARD.stat().st_size // 1000} kB")
