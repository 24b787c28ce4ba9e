"""The words of a figure, and what they must be: inside the picture, large enough for a phone, clear of each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from cvlib.viz import render

SMALLEST = 9  # points; a phone shows a figure at two thirds of its size
SINGLE, TALL, WIDE = (480, 307), (480, 461), (768, 288)  # in CSS pixels; a phone shows the first two whole


def texts(figure: Figure) -> list[str]:
    """Return every text drawn in a figure, those of the ticks too."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def axes_texts(figure: Figure) -> list[str]:
    """Return the words in the figure's axes: texts, titles and labels."""
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        found += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
    return [words.strip() for words in found if words]


def size(figure: Figure) -> tuple[int, int]:
    """Return the rendered size in CSS pixels; drawing everything is part of the test."""
    picture = render(figure)
    return picture.width, picture.height


def legible_sizes(figures: Iterable[Figure], *, apart: bool = True) -> set[tuple[int, int]]:
    """Return the sizes of figures, after checking that no text is cut off, tiny or (unless told) on another one."""
    found = set()
    for figure in figures:
        check_legible(figure, margin=2)  # a line of text is a little taller than its letters
        if apart:
            check_apart(figure)
        found.add(size(figure))
    return found


def legible_size(figure: Figure) -> tuple[int, int]:
    """Return the size of one figure, likewise."""
    (found,) = legible_sizes([figure])
    return found


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
