"""Every figure of the chapter on adversarial networks draws, in its size, and shows the numbers it was given."""

from __future__ import annotations

import numpy as np
import pytest
from legible import SINGLE, TALL, WIDE, check_apart, check_legible, size

from cvlib.viz import adversarial_networks as draw

X = np.linspace(-6, 6, 25)


@pytest.mark.parametrize("learned", [None, np.full(25, 0.4)])
def test_densities_stand_above_their_judges(learned):
    p = np.exp(-(X**2) / 2)
    figure = draw.judged_densities(X, p, p, np.full(25, 0.5), learned=learned)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    top, bottom = figure.axes
    np.testing.assert_array_equal(top.lines[0].get_ydata(), p)
    np.testing.assert_array_equal(bottom.lines[1].get_ydata(), np.full(25, 0.5))
    assert len(bottom.lines) == (2 if learned is None else 3)


@pytest.mark.parametrize("kind", ["minimax", "non-saturating"])
@pytest.mark.parametrize("at", [-7, 0, 7])
def test_a_tangent_touches_its_loss(kind, at):
    grow = np.log1p(np.exp(X))
    losses = {"minimax": -grow, "non-saturating": grow - X}
    slope = -1 / (1 + np.exp(-at)) if kind == "minimax" else -1 / (1 + np.exp(at))
    figure = draw.two_losses(X, losses, kind, at, slope)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    tangent = figure.axes[0].lines[2].get_xydata()
    assert np.diff(tangent[:, 1]) / np.diff(tangent[:, 0]) == pytest.approx(slope)
    np.testing.assert_allclose(tangent.mean(axis=0), (at, np.interp(at, X, losses[kind])), atol=1e-12)


def test_runs_on_a_line_are_named():
    runs = {"minimax": [np.full(301, -3.0)] * 2, "non-saturating": [np.linspace(-3, 3, 301)] * 2}
    figure = draw.centre_by_step(runs, goal=3)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    np.testing.assert_array_equal(figure.axes[0].lines[3].get_ydata(), runs["non-saturating"][1])


@pytest.mark.parametrize(("growth", "left"), [(0.99, False), (1.5, True), (1e9, True)])
def test_a_path_may_leave_the_picture(growth, left):
    turn = np.arange(21) / 3
    path = growth ** np.arange(21)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    figure = draw.two_player_path(path)
    check_legible(figure, margin=2)
    assert size(figure) == SINGLE
    assert ("has left the picture" in [words.get_text() for words in figure.axes[0].texts]) is left
    np.testing.assert_allclose(figure.axes[1].lines[1].get_ydata(), growth ** np.arange(21))


def test_three_clouds_share_one_window():
    figure = draw.three_clouds(*np.random.default_rng(0).standard_normal((3, 10, 2)))
    check_legible(figure, margin=2)
    assert size(figure) == WIDE
    assert {axes.get_xlim() for axes in figure.axes} == {(-3, 3)}


def test_points_lie_on_the_field_that_judges_them():
    fakes, judged = np.array([[0.5, 1.0], [-2, 0]]), np.linspace(0, 1, 16).reshape(4, 4)
    figure = draw.points_and_field([[2, 0], [-2, 0]], fakes, judged)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == TALL
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), fakes)
    np.testing.assert_array_equal(axes.images[0].get_array(), judged)
    assert axes.images[0].origin == "lower"


def test_every_run_has_a_marker():
    outcomes = {
        "2 numbers": [(8, 0.7), (8, 0.8)],
        "32 numbers": [(1, 1.0), (0, 0.0)],
        "2, minimax": [(3, 0.1)],
    }
    figure = draw.modes_and_shares(outcomes)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [0.7, 0.8])


def test_two_games_share_one_scale():
    histories = {
        "2 numbers of noise": ([1.3, 0.7], [1.0, 2.0]),
        "32 numbers of noise": ([1.3, 0.4], [1.0, 3.0]),
    }
    figure = draw.losses_of_the_game(histories)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    np.testing.assert_array_equal(figure.axes[1].lines[1].get_ydata(), [1.3, 0.4])


def test_a_sheet_holds_its_digits():
    figure = draw.digit_sheet(np.random.default_rng(0).random((50, 1, 8, 8)))
    assert size(figure) == SINGLE
    assert figure.axes[0].images[0].get_array().shape == (5 * 9 - 1, 10 * 9 - 1)
    with pytest.raises(ValueError, match="images must fill 5 rows, got 49"):
        draw.digit_sheet(np.zeros((49, 8, 8)))


def test_measures_have_a_panel_each_and_a_dot_for_every_run():
    names = ("held-out digits", "copier", "Gaussian", "ten Gaussians", "VAE", "GAN")
    measures = {name: {"sure": [0.9, 0.8], "classes": [9.9, 10], "edges": [0.48, 0.3]} for name in names}
    figure = draw.measures_by_model(measures, {"sure": "sure (share)", "edges": "edges"})
    check_legible(figure, margin=2)
    assert size(figure) == WIDE
    assert [axes.get_title() for axes in figure.axes] == ["sure (share)", "edges"]
    dots = figure.axes[1].lines[1:]
    assert len(dots) == len(names)
    np.testing.assert_array_equal(dots[5].get_xydata(), [(0.48, 5), (0.3, 5)])
