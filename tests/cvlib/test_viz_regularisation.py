"""The regularisation chapter's pictures: the numbers they were given, one size each, words that can be read."""

from __future__ import annotations

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_size, texts
from matplotlib.figure import Figure

from cvlib.train import History
from cvlib.viz import regularisation as draw
from cvlib.viz.style import EXTRA, GRADIENT, MUTED, OUTPUT, WEIGHTS

GRID = np.linspace(-1, 1, 21)
X = np.linspace(-1, 1, 5)


def marks(figure: Figure, marker: str, axes: int = 0) -> list[tuple[float, float]]:
    """Where single points with this marker stand."""
    lines = [line for line in figure.axes[axes].lines if line.get_marker() == marker]
    return [tuple(map(float, line.get_xydata()[0])) for line in lines if len(line.get_xdata()) == 1]


def test_three_fits_share_their_points_and_their_scale():
    figure = draw.three_fits(X, X**2, GRID, {"one": GRID, "two": GRID**2, "three": 9 * GRID})
    assert legible_size(figure) == SINGLE
    assert {"one", "two", "three"} <= set(texts(figure))
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for axes in figure.axes:
        np.testing.assert_allclose(axes.lines[1].get_ydata(), X**2)


@pytest.mark.parametrize("errors", [(0.0, 1.57), (0.31, 0.42)])
def test_a_fitted_curve_states_both_errors_and_stays_in_its_frame(errors):
    figure = draw.fitted_curve(X, X, GRID, 100 * GRID, GRID, errors)
    assert legible_size(figure) == SINGLE
    assert {f"{error:.2f}" for error in errors} | {"train", "new"} <= set(texts(figure))
    assert [bar.get_height() for bar in figure.axes[1].patches] == [errors[0], min(errors[1], 1)]
    assert figure.axes[0].get_ylim() == (-draw.HEIGHT, draw.HEIGHT)


def test_the_smallest_expected_error_is_marked():
    degrees = np.arange(13)
    figure = draw.bias_and_variance(list(degrees), 0.5 * 4.0**-degrees, 0.004 * (degrees + 1), noise=0.09)
    assert legible_size(figure) == SINGLE
    assert "smallest, degree 4" in texts(figure)
    (place,) = marks(figure, "o")
    assert place == (4.0, pytest.approx(0.5 / 256 + 0.02 + 0.09))


def test_error_curves_are_in_percent_with_a_dot_for_every_run():
    train, test = np.array([[0.5, 0.1], [0.4, 0.0]]), np.array([[0.6, 0.3], [0.5, 0.2]])
    figure = draw.error_curves({"units": ([4, 128], train, test), "images": ([100, 4000], train, test)})
    assert legible_size(figure) == TALL
    means = [line.get_ydata() for line in figure.axes[1].lines if line.get_linestyle() != "None"]
    np.testing.assert_allclose(means, [[45, 5], [55, 25]])
    assert sum(line.get_linestyle() == "None" for line in figure.axes[1].lines) == 4
    assert {"units", "images", "4,000", "training error", "test error"} <= set(texts(figure))


def test_ridge_shrinks_each_direction_by_its_own_factor():
    figure = draw.shrinkage([2, 1], np.eye(2), [1.0, 1.0], 1.0, [0.01, 1, 100])
    assert legible_size(figure) == SINGLE
    assert {"0.80", "0.50", "s = 2.00", "s = 1.00"} <= set(texts(figure))
    assert marks(figure, "s") == [(1.0, 1.0)]
    assert marks(figure, "o") == [(0.8, 0.5)]
    (path,) = (
        line for line in figure.axes[0].lines if line.get_color() == WEIGHTS and len(line.get_xdata()) == 3
    )
    np.testing.assert_allclose(path.get_xydata()[1], (0.8, 0.5))


def test_sums_show_their_mean_and_the_sum_without_dropout():
    figure = draw.masked_sums([4.0, 6.0, 8.0, 99.0], 10.0, most=30)
    assert legible_size(figure) == SINGLE
    places = {line.get_color(): line.get_xdata()[0] for line in figure.axes[0].lines}
    assert places == {MUTED: 10.0, OUTPUT: pytest.approx(29.25)}


def test_running_statistics_keep_their_frame():
    steady = draw.running_statistics(np.full(101, 6.0), np.full(101, 8.0), true_mean=6, true_var=8)
    wild = draw.running_statistics(np.full(101, 1e6), np.full(101, 1e9), true_mean=6, true_var=8)
    assert legible_size(steady) == legible_size(wild) == SINGLE
    assert (
        [axes.get_ylim() for axes in steady.axes]
        == [axes.get_ylim() for axes in wild.axes]
        == [(0, 12), (0, 16)]
    )


def test_losses_by_rate_name_both_nets():
    figure = draw.loss_by_rate(
        [0.01, 0.1, 1], {"without": [[2.2, 1, 1.4]], "with batch norm": [[1.8, 0.5, 0.2]]}, guessing=2.3
    )
    assert legible_size(figure) == SINGLE
    assert {"without", "with batch norm", "guessing: 2.30", "0.01"} <= set(texts(figure))


def test_augmented_pictures_stand_below_the_given_ones():
    pictures = np.linspace(-0.5, 1.5, 3 * 16).reshape(3, 4, 4)
    figure = draw.before_and_after(pictures, np.stack([pictures] * 2))
    assert legible_size(figure) == SINGLE
    given, drawn = (axes.images[0].get_array() for axes in figure.axes)
    assert given.shape == (4, 3 * 5 - 1)
    assert drawn.shape == (2 * 5 - 1, 3 * 5 - 1)
    assert (given.min(), given.max()) == (0, 1)  # what noise pushes beyond paper and ink is cut off


def test_the_epoch_with_the_smallest_validation_loss_is_kept():
    history = History(loss=[2.0, 1.0, 0.5, 0.2, 0.1, 0.05], validation_loss=[2.0, 1.2, 0.8, 0.9, 1.0, 1.1])
    figure = draw.early_stopping(history)
    assert legible_size(figure) == SINGLE
    assert marks(figure, "o") == [(3.0, 0.8)]
    assert figure.axes[0].lines[-1].get_color() == GRADIENT


def test_cures_show_runs_mean_and_one_standard_deviation():
    errors = {"nothing": [0.1, 0.2, 0.3], "better": [0.05, 0.1, 0.15], "worse": [0.2, 0.3, 0.4]}
    figure = draw.cures_compared(errors, reference="nothing", xlabel="test error (%)")
    assert legible_size(figure) == SINGLE
    assert {"nothing", "better", "worse", "test error (%)"} <= set(texts(figure))
    means = {bars[0].get_ydata()[0]: bars[0] for bars in (c.lines for c in figure.axes[0].containers)}
    assert [float(line.get_xdata()[0]) for line in means.values()] == pytest.approx([20, 10, 30])
    assert [line.get_color() for line in means.values()] == [MUTED, OUTPUT, EXTRA]
    (bar,) = figure.axes[0].containers[1].lines[2]
    np.testing.assert_allclose(bar.get_segments()[0][:, 0], [5, 15])  # the standard deviation is 5


def test_many_cures_get_a_tall_figure():
    errors = {f"cure {n}": [0.1, 0.2] for n in range(10)}
    assert legible_size(draw.cures_compared(errors, reference="cure 0", xlabel="test error (%)")) == TALL


def test_the_reference_must_be_one_of_the_cures():
    with pytest.raises(ValueError, match="reference must be one of"):
        draw.cures_compared({"a": [0.1, 0.2]}, reference="b", xlabel="error (%)")
