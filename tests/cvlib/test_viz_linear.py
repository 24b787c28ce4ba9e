"""Every figure of the linear-models chapter draws, in its size, and states the numbers it was given."""

from __future__ import annotations

import numpy as np
import pytest
from legible import check_legible
from matplotlib.figure import Figure

from cvlib.train import History
from cvlib.viz import linear as draw
from cvlib.viz import render

SINGLE, TALL = (480, 307), (480, 461)  # both fit a phone
PICTURES = np.arange(20 * 64).reshape(20, 8, 8) % 17 / 16
HEIGHTS = 3.5 - np.arange(8.0)


def texts(figure: Figure) -> list[str]:
    """Every word in the figure's axes: texts, titles and labels."""
    found = [t.get_text() for axes in figure.axes for t in axes.texts]
    found += [
        words for axes in figure.axes for words in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel())
    ]
    return [words.strip() for words in found if words]


def size(figure: Figure) -> tuple[int, int]:
    """The rendered size; drawing everything is part of the test."""
    picture = render(figure)
    return picture.width, picture.height


def test_a_table_has_one_column_per_class_and_the_rows_asked_for():
    figure = draw.digit_table(PICTURES, np.arange(20) % 10, rows=2)
    assert size(figure) == SINGLE
    (image,) = figure.axes[0].images
    assert image.get_array().shape == (2 * 9 - 1, 10 * 9 - 1)
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == list("0123456789")


@pytest.mark.parametrize("k", [1, 5, 15])
def test_neighbours_are_shown_with_class_distance_and_votes(k):
    labels = np.array([3] * k)
    figure = draw.neighbours(PICTURES[0], PICTURES[1 : k + 1], labels, np.linspace(0.5, 1.5, k), truth=3)
    assert size(figure) == TALL
    assert {"3, at 0.50", "vote: 3, right", str(k)} <= set(texts(figure))


def test_a_vote_that_misses_the_truth_is_called_wrong():
    figure = draw.neighbours(PICTURES[0], PICTURES[1:4], [2, 7, 7], [1.0, 1.1, 1.2], truth=2)
    assert {"vote: 7, wrong", "a 2?"} <= set(texts(figure))


@pytest.mark.parametrize("k", [0, 16])
def test_more_neighbours_than_places_are_refused(k):
    with pytest.raises(ValueError, match=rf"nearest must hold 1 to 15 neighbours, got {k}"):
        draw.neighbours(PICTURES[0], PICTURES[:k], [1] * k, [1.0] * k, truth=1)


def test_the_curve_over_k_is_in_percent():
    figure = draw.neighbours_curve([1, 3, 5, 9], [0.9, 0.92, 0.91, 0.8], [1, 0.95, 0.94, 0.85])
    assert size(figure) == SINGLE
    stored, new = (line.get_ydata() for line in figure.axes[0].lines)
    np.testing.assert_allclose(stored, [100, 95, 94, 85])
    np.testing.assert_allclose(new, [90, 92, 91, 80])


def test_completions_keep_the_given_half_and_show_the_predicted_one():
    figure = draw.completions(PICTURES[:3], [np.full((3, 4, 8), 0.25)], ["k = 1"])
    assert size(figure) == SINGLE
    canvas = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(canvas[:4, :8], PICTURES[0, :4])
    np.testing.assert_array_equal(canvas[4:8, :8], 0.25)
    np.testing.assert_array_equal(canvas[9:, :8], PICTURES[0])


def test_the_fitted_line_runs_through_the_predicted_columns():
    figure = draw.fitted_line(PICTURES[0], HEIGHTS, 3 + 0.5 * HEIGHTS, 0.5, 3.0)
    assert size(figure) == SINGLE
    np.testing.assert_allclose(figure.axes[0].lines[-1].get_xdata(), 3 + 0.5 * HEIGHTS)


@pytest.mark.parametrize(("end", "left"), [((0.5, 3.0), False), ((1e9, 3.0), True)])
def test_a_descent_says_when_it_left_the_picture(end, left):
    path = [(0, 0), (0.2, 1.0), end]
    figure = draw.descent_to_line(PICTURES[0], HEIGHTS, 3 + 0.5 * HEIGHTS, path, window=(-1, 2, -1, 6))
    assert size(figure) == SINGLE
    assert ("has left the picture" in texts(figure)) is left


def test_contours_of_the_line_are_where_the_loss_says():
    columns = np.array([4.0, 4.5, 4.0, 3.0, 3.5, 3.0, 2.5, 2.0])
    figure = draw.descent_to_line(PICTURES[0], HEIGHTS, columns, [(0, 0)], window=(-1, 2, -1, 6))
    w, b = figure.axes[1].lines[0].get_data()
    loss = 0.5 * ((np.multiply.outer(HEIGHTS, w) + b - columns[:, None]) ** 2).sum(axis=0)
    _, residuals, *_ = np.linalg.lstsq(np.stack([HEIGHTS, np.ones(8)], axis=1), columns, rcond=None)
    above = (loss - residuals / 2)[np.isfinite(loss)].reshape(5, -1)
    np.testing.assert_allclose(above, np.repeat([[0.5], [2], [8], [32], [128]], above.shape[1], axis=1))


def test_contours_of_the_bowl_are_where_f_says():
    x, y = draw.descent_on_bowl([(-1, 1)]).axes[0].lines[0].get_data()
    f = (x**2 + y**4)[np.isfinite(x)].reshape(7, -1)
    np.testing.assert_allclose(f, np.repeat([[0.01], [0.1], [0.4], [1], [2], [4], [8]], f.shape[1], axis=1))


@pytest.mark.parametrize(("path", "left"), [([(-1, 1)], False), ([(-1, 1), (0.1, -40), (0.2, 1e30)], True)])
def test_a_walk_on_the_bowl_draws_from_the_start_to_overflow(path, left):
    figure = draw.descent_on_bowl(path)
    assert size(figure) == SINGLE
    assert ("has left the picture" in texts(figure)) is left
    assert figure.axes[1].lines[0].get_ydata()[0] == 2


@pytest.mark.parametrize(("b", "wrong"), [(-0.5, 0), (0.0, 2), (-2.0, 2)])
def test_the_boundary_counts_points_on_the_wrong_side(b, wrong):
    features, labels = [[0.1, 0.1], [0.2, 0.1], [0.6, 0.5], [0.5, 0.5]], [0, 0, 1, 1]
    figure = draw.line_through_two_classes(features, labels, [1, 1], b, names=("left", "right"))
    assert size(figure) == TALL
    assert f"{wrong} of 4 wrong\n(ringed)" in texts(figure)


@pytest.mark.parametrize(
    ("temperature", "shift", "formula", "expected"),
    [
        (1, 0, "as written", {"7.389", "2.718", "1.105", "0.659", "0.2424", "0.09857"}),
        (1, 0, "maximum subtracted", {"1", "0.3679", "0.1496", "0.659", "0.2424", "0.09857"}),
        (1, 1000, "as written", {"inf (overflow)", "nan", "not a number"}),
        (1, 1000, "maximum subtracted", {"1002", "0.659", "0.2424", "0.09857"}),
        (1, -1000, "as written", {"0", "nan", "not a number"}),
    ],
)
def test_softmax_shows_logits_powers_and_probabilities(temperature, shift, formula, expected):
    figure = draw.softmax_steps([2.0, 1.0, 0.1], temperature=temperature, shift=shift, formula=formula)
    assert size(figure) == SINGLE
    assert expected <= set(texts(figure))


def test_softmax_knows_two_formulas():
    with pytest.raises(ValueError, match="formula"):
        draw.softmax_steps([1.0, 2.0], formula="other")


def test_marked_points_lie_on_the_curve_of_surprise():
    figure = draw.surprise([(1.0, "nothing"), (0.5, "one bit")])
    assert size(figure) == SINGLE
    assert [float(line.get_ydata()[0]) for line in figure.axes[0].lines[1:]] == pytest.approx([0, 0.6931472])
    assert {"nothing", "one bit"} <= set(texts(figure))


@pytest.mark.parametrize("count", [1, 2, 10])
def test_weight_pictures_share_one_scale_centred_at_zero(count):
    weights = np.linspace(-3, 1, count * 64).reshape(count, 8, 8)
    figure = draw.weight_pictures(weights, [f"class {c}" for c in range(count)])
    assert size(figure) == SINGLE
    images = [image for axes in figure.axes for image in axes.images]
    assert [image.get_clim() for image in images] == [(-3, 3)] * count


def test_loss_curves_name_themselves_and_guessing():
    history = History(loss=[2.0, 0.5, 0.1], validation_loss=[2.1, 0.6, 0.3])
    figure = draw.loss_curves(history, guessing=2.302585)
    assert size(figure) == SINGLE
    assert {"training", "validation", "guessing: 2.303"} <= set(texts(figure))


def test_a_confusion_matrix_prints_its_counts_but_no_zeros():
    figure = draw.confusion([[5, 1], [0, 7]])
    assert size(figure) == SINGLE
    assert sorted(t.get_text() for t in figure.axes[0].texts) == ["1", "5", "7"]


EXPLORERS = {
    "neighbours": lambda k: draw.neighbours(
        PICTURES[0], PICTURES[1 : k + 1], [8] * k, np.linspace(1, 2, k), truth=8
    ),
    "descent to a line": lambda k: draw.descent_to_line(
        PICTURES[0], HEIGHTS, 3 + 0.1 * HEIGHTS, [(0, 0), (0.1, 10.0**k)], window=(-1, 2, -1, 6)
    ),
    "descent on a bowl": lambda k: draw.descent_on_bowl([(-1, 1), (0.1, 10.0**k)]),
    "neuron": lambda k: draw.line_through_two_classes(
        [[0.1, 0.1], [0.6, 0.5]], [0, 1], [10, 0.1], -k, names=("ink on the left", "ink on the right")
    ),
    "softmax": lambda k: draw.softmax_steps([2.0, 1.0, 0.1], shift=100 * k - 600, temperature=0.25),
}


@pytest.mark.parametrize("k", [1, 15])
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_word_of_an_explorer_can_be_read_whole_on_a_phone(name, k):
    check_legible(EXPLORERS[name](k))
