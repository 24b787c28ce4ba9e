"""Every figure of the chapter on optimisation draws, in its size, and states the numbers it was given."""

from __future__ import annotations

import numpy as np
import pytest
from legible import SINGLE, WIDE, axes_texts, check_apart, check_legible, size

from cvlib.viz import optimisation as draw


def test_contours_of_the_bowl_are_where_f_says():
    x, y = draw.descent_on_bowl([(-1, 1)]).axes[0].lines[0].get_data()
    f = (x**2 + y**4)[np.isfinite(x)].reshape(7, -1)
    np.testing.assert_allclose(f, np.repeat([[0.01], [0.1], [0.4], [1], [2], [4], [8]], f.shape[1], axis=1))


@pytest.mark.parametrize(("path", "left"), [([(-1, 1)], False), ([(-1, 1), (0.1, -40), (0.2, 1e30)], True)])
def test_a_walk_on_the_bowl_draws_from_the_start_to_overflow(path, left):
    figure = draw.descent_on_bowl(path)
    assert size(figure) == SINGLE
    assert ("has left the picture" in axes_texts(figure)) is left
    assert figure.axes[1].lines[0].get_ydata()[0] == 2


PATH = np.array([-1.3, 1.0]) * 0.9 ** np.arange(41)[:, None]


def test_contours_of_a_quadratic_are_where_f_says():
    x, y = draw.descent_on_quadratic(PATH, (1, 4)).axes[0].lines[0].get_data()
    inside = np.isfinite(x) & (np.abs(x) < 3) & (np.abs(y) < 3)  # beyond, the curves are clipped
    f = (x**2 + 4 * y**2)[inside] / 2
    levels = np.array([0.02, 0.1, 0.3, 0.6, 1.0, 1.6]) * 2.5
    np.testing.assert_allclose(np.abs(f[:, None] - levels).min(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("growth", [0.5, 1.5])
def test_a_path_on_a_quadratic_is_named_and_measured(growth):
    wild = PATH[:1] * growth ** np.arange(41)[:, None]
    figure = draw.descent_on_quadratic(wild, (1, 30), compare=PATH, names=("Nesterov", "plain"))
    check_legible(figure, margin=2)
    assert size(figure) == SINGLE
    assert {"Nesterov", "plain"} <= set(axes_texts(figure))
    assert ("has left the picture" in axes_texts(figure)) is (growth > 1)
    assert figure.axes[1].lines[1].get_ydata()[0] == pytest.approx(np.hypot(1.3, 1))


@pytest.mark.parametrize("ends", [(1, 1.01, 1.02), (0.06, 0.05, 19), (1000, 900, 0.001)])
def test_curves_are_named_side_by_side(ends):
    runs = {f"lr {n}": np.geomspace(2.3, end, 11) for n, end in enumerate(ends)}
    figure = draw.loss_by_step(runs, xlabel="step", ylim=(0.05, 20), reference=(2.303, "guessing"))
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    assert set(runs) | {"guessing"} <= set(axes_texts(figure))


@pytest.mark.parametrize("count", [0, 6])
def test_too_many_curves_are_refused(count):
    with pytest.raises(ValueError, match=rf"runs must hold 1 to 5 curves, got {count}"):
        draw.loss_by_step({str(n): [1.0, 0.5] for n in range(count)}, xlabel="step", ylim=(0.1, 2))


@pytest.mark.parametrize(("losses", "lost"), [((2.3, 1, 0.5), False), ((900, 800, np.inf), True)])
def test_one_run_stands_out(losses, lost):
    others = [([0, 1, 2], [2.3, 2.2, 2.1])]
    figure = draw.one_run([0, 1, 2], losses, others, title="B = 8, lr 0.1", ylim=(0.03, 30))
    check_legible(figure, margin=2)
    assert size(figure) == SINGLE
    assert {"B = 8, lr 0.1", "grey: other runs"} <= set(axes_texts(figure))
    assert ("above the picture" in axes_texts(figure)) is lost


def test_three_clocks_show_the_same_losses():
    run = ([2.3, 1.0, 0.5], [0, 1, 2], [0, 45, 90], [0, 0.1, 0.2])
    figure = draw.three_clocks({"B = 1": run, "B = 32": run})
    check_legible(figure, margin=2)
    assert size(figure) == WIDE
    for axes, clock in zip(figure.axes, run[1:], strict=True):
        np.testing.assert_array_equal(axes.lines[0].get_data(), (clock[1:], run[0][1:]))


def test_noise_is_held_against_one_over_b():
    figure = draw.gradient_noise([1, 4, 16], [8.0, 2.1, 0.5])
    check_legible(figure, margin=2)
    assert size(figure) == SINGLE
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [8, 2, 0.5])


def test_schedules_share_one_scale():
    figure = draw.schedules(
        {name: [0.1, 0.05] for name in ("constant", "step decay", "cosine", "warm-up, cosine")}
    )
    check_legible(figure, margin=2)
    assert size(figure) == SINGLE
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


@pytest.mark.parametrize("k", [1, 15])
def test_every_word_of_the_bowl_can_be_read_whole_on_a_phone(k):
    check_legible(draw.descent_on_bowl([(-1, 1), (0.1, 10.0**k)]))
