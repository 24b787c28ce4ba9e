"""Every figure of the chapter on neighbours and lines draws, in its size, and states the numbers it was given."""

from __future__ import annotations

import numpy as np
import pytest
from legible import SINGLE, TALL, axes_texts, check_legible, size

from cvlib.viz import linear_models as draw

PICTURES = np.arange(20 * 64).reshape(20, 8, 8) % 17 / 16
HEIGHTS = 3.5 - np.arange(8.0)


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
    assert {"3, at 0.50", "vote: 3, right", str(k)} <= set(axes_texts(figure))


def test_a_vote_that_misses_the_truth_is_called_wrong():
    figure = draw.neighbours(PICTURES[0], PICTURES[1:4], [2, 7, 7], [1.0, 1.1, 1.2], truth=2)
    assert {"vote: 7, wrong", "a 2?"} <= set(axes_texts(figure))


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
    assert ("has left the picture" in axes_texts(figure)) is left


def test_contours_of_the_line_are_where_the_loss_says():
    columns = np.array([4.0, 4.5, 4.0, 3.0, 3.5, 3.0, 2.5, 2.0])
    figure = draw.descent_to_line(PICTURES[0], HEIGHTS, columns, [(0, 0)], window=(-1, 2, -1, 6))
    w, b = figure.axes[1].lines[0].get_data()
    loss = 0.5 * ((np.multiply.outer(HEIGHTS, w) + b - columns[:, None]) ** 2).sum(axis=0)
    _, residuals, *_ = np.linalg.lstsq(np.stack([HEIGHTS, np.ones(8)], axis=1), columns, rcond=None)
    above = (loss - residuals / 2)[np.isfinite(loss)].reshape(5, -1)
    np.testing.assert_allclose(above, np.repeat([[0.5], [2], [8], [32], [128]], above.shape[1], axis=1))


@pytest.mark.parametrize(("slope", "intercept"), [(0.0, 3.5), (-2.0, 9.0)])
def test_a_line_by_hand_states_its_loss(slope, intercept):
    columns = 3 + 0.5 * HEIGHTS
    figure = draw.line_by_hand(PICTURES[0], HEIGHTS, columns, slope, intercept)
    assert size(figure) == SINGLE
    loss = 0.5 * np.sum((slope * HEIGHTS + intercept - columns) ** 2)
    assert f"loss L = {loss:.2f}" in axes_texts(figure)
    assert ("goes on" in axes_texts(figure)) is (slope < 0)


EXPLORERS = {
    "neighbours": lambda k: draw.neighbours(
        PICTURES[0], PICTURES[1 : k + 1], [8] * k, np.linspace(1, 2, k), truth=8
    ),
    "line by hand": lambda k: draw.line_by_hand(PICTURES[0], HEIGHTS, 3 + 0.1 * HEIGHTS, k / 10, 3),
    "descent to a line": lambda k: draw.descent_to_line(
        PICTURES[0], HEIGHTS, 3 + 0.1 * HEIGHTS, [(0, 0), (0.1, 10.0**k)], window=(-1, 2, -1, 6)
    ),
}


@pytest.mark.parametrize("k", [1, 15])
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_word_of_an_explorer_can_be_read_whole_on_a_phone(name, k):
    check_legible(EXPLORERS[name](k))
