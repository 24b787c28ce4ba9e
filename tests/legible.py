"""What a figure's words must be: inside the picture, large enough for a phone, and clear of each other."""

from __future__ import annotations

import itertools

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

SMALLEST = 9  # points; a phone shows a figure at two thirds of its size


def check_legible(figure: Figure, *, margin: float = 0) -> None:
    """Hold every text of a figure inside it (or at most ``margin`` pixels outside), at 9 points or more."""
    drawn = _drawn(figure)
    assert drawn, "no text to read"
    page = figure.bbox.padded(margin)
    for text in drawn:
        words, box = text.get_text(), text.get_window_extent()
        assert text.get_fontsize() >= SMALLEST, f"{words!r} is too small"
        assert page.contains(*box.min), f"{words!r} is cut off on the left or below"
        assert page.contains(*box.max), f"{words!r} is cut off on the right or above"


def check_apart(figure: Figure) -> None:
    """Hold every text of a figure clear of the others."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in _drawn(figure)]
    for (words, box), (others, other) in itertools.combinations(boxes, 2):
        assert not box.overlaps(other), f"{words!r} lies on {others!r}"


def _drawn(figure: Figure) -> list[Text]:
    figure.draw_without_rendering()
    return [text for axes in figure.axes for text in _of(axes) if text.get_text().strip()]


def _of(axes: Axes) -> list[Text]:
    """Return the texts of a plot that are drawn, and not the labels of ticks beyond its limits."""
    words = [*axes.texts, axes.title]
    if axes.axison:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            words += [axis.label, *(tick.label1 for tick in ticks if tick.label1.get_visible())]
    return words
