"""The check of figures' words bites: a small, a cut-off and an overlapping text are each named."""

import pytest
from legible import check_apart, check_legible

from cvlib.viz import subplots


def figure_with(*texts, **style):
    figure, axes = subplots()
    axes.axis("off")
    for x, words in texts:
        axes.text(x, 0.5, words, transform=figure.transFigure, **style)
    return figure


def test_legible_words_pass():
    figure = figure_with((0.1, "left"), (0.6, "right"))
    check_legible(figure)
    check_apart(figure)


@pytest.mark.parametrize(
    ("figure", "check", "complaint"),
    [
        (figure_with((0.5, "tiny"), fontsize=8), check_legible, "'tiny' is too small"),
        (figure_with((0.99, "far out")), check_legible, "'far out' is cut off on the right"),
        (figure_with((-0.05, "before")), check_legible, "'before' is cut off on the left"),
        (figure_with((0.5, "below"), (0.51, "above")), check_apart, "'below' lies on 'above'"),
        (figure_with(), check_legible, "no text to read"),
    ],
)
def test_each_fault_is_named(figure, check, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check(figure)
