"""The activation chapter's pictures: right numbers in them, one size each, no surprises at the corners."""

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_size, texts
from matplotlib.colors import to_hex

from cvlib import ops
from cvlib.viz import activations as draw
from cvlib.viz.style import GRADIENT, OUTPUT

MINUS = "\N{MINUS SIGN}"


def slope_of(backward):
    return lambda x: backward(np.ones_like(x), x)


@pytest.mark.parametrize("at", [-4, 2])
@pytest.mark.parametrize(
    ("name", "function", "backward"),
    [
        ("sigmoid", ops.sigmoid, ops.sigmoid_backward),
        ("leaky ReLU", ops.leaky_relu, ops.leaky_relu_backward),
        ("GELU", ops.gelu, ops.gelu_backward),
    ],
)
def test_value_and_slope_are_written_and_drawn(name, function, backward, at):
    figure = draw.curve_and_slope(function, slope_of(backward), at, name=name)
    assert legible_size(figure) == TALL
    value, slope = float(function(float(at))), float(backward(1.0, float(at)))
    words = [f"{name}({at}) = {value:.3g}", f"slope at {at}: {slope:.3g}"]
    assert {w.replace("-", MINUS) for w in words} <= set(texts(figure))
    tangent = next(line for line in figure.axes[0].lines if line.get_color() == GRADIENT)
    (x0, x1), (y0, y1) = tangent.get_data()
    np.testing.assert_allclose((y1 - y0) / (x1 - x0), slope)


def test_the_jump_of_a_slope_is_not_a_line():
    figure = draw.curve_and_slope(ops.relu, slope_of(ops.relu_backward), 1, name="ReLU")
    slope = next(line for line in figure.axes[1].lines if line.get_color() == GRADIENT)
    assert np.isnan(slope.get_ydata()).sum() == 1


def test_knots_stand_below_the_fitted_curve():
    x = np.linspace(-3, 3, 7)
    figure = draw.fitted_bends(x, np.sin(x), 0 * x, [-1.0, 1.0])
    assert legible_size(figure) == SINGLE
    fitted = next(line for line in figure.axes[0].lines if line.get_color() == OUTPUT)
    np.testing.assert_array_equal(fitted.get_ydata(), 0)
    np.testing.assert_array_equal(figure.axes[0].lines[-1].get_xdata(), [-1, 1])


def test_losses_are_named_where_they_end():
    figure = draw.loss_by_epoch(
        {"sigmoid": [2.31, 2.31, 2.31, 2.31], "ReLU": [1.5, 0.4, 0.2, 0.1]}, guessing=2.303
    )
    assert legible_size(figure) == SINGLE
    assert {"sigmoid", "ReLU", "guessing"} <= set(texts(figure))


@pytest.mark.parametrize(("factor", "depth"), [(0.2, 30), (1.0, 20), (3.0, 5)])
def test_a_profile_is_drawn_in_powers_of_ten(factor, depth):
    signal, gradient = np.full(depth + 1, 10.0), factor ** np.arange(depth, -1, -1)
    figure = draw.depth_profile((signal, gradient), (signal, gradient))
    assert legible_size(figure) == TALL
    dots = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots[0].get_ydata(), 1)
    np.testing.assert_allclose(dots[1].get_ydata(), np.log10(gradient))
    assert any(text.endswith(f" {factor:.2f} per layer") for text in texts(figure))
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim() == (-0.6, 30.6)


def test_saturation_is_in_percent():
    figure = draw.saturation_by_layer({"sigmoid": ([0, 0], [0.1, 0.4]), "tanh": ([0, 0.1], [0.2, 0.5])})
    assert legible_size(figure) == SINGLE
    np.testing.assert_allclose(figure.axes[1].lines[1].get_ydata(), [20, 50])
    assert {"sigmoid", "tanh", "before", "after training"} <= set(texts(figure))


def test_every_layer_of_silent_units_has_its_colour():
    silent = [[0, 0.1, 0.2], [0.5, 0.6, 1.0], [0.5, 0.6, 1.0]]
    figure = draw.silent_units(silent, [0.1, 0.9, 0.1], note="slope 0.01, bias -2")
    assert f"slope 0.01, bias {MINUS}2" in texts(figure)
    assert legible_size(figure) == SINGLE
    left, right = figure.axes
    for layer, line in enumerate(left.lines):
        (label,) = (text for text in left.texts if text.get_text() == f"layer {layer + 1}")
        assert to_hex(label.get_color()) == to_hex(line.get_color())
        np.testing.assert_allclose(line.get_ydata(), 100 * np.asarray(silent)[:, layer])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [10, 90, 10])


def test_slopes_have_a_dot_for_each_training_and_a_line_through_the_means():
    figure = draw.learned_slopes(
        {0: [[0.2, 0.1, 0.0], [0.4, 0.1, -0.2]], 1: [[0.6, 0.5, 0.4], [0.8, 0.5, 0.6]]}
    )
    assert legible_size(figure) == SINGLE
    mean, dots, start, *_ = figure.axes[0].lines
    np.testing.assert_allclose(mean.get_ydata(), [0.3, 0.1, -0.1])
    np.testing.assert_allclose(dots.get_xdata(), [1, 2, 3, 1, 2, 3])
    assert set(start.get_ydata()) == {0}
    assert {"start 0", "start 1"} <= set(texts(figure))


def test_each_net_is_a_marker():
    predicted = {"sigmoid": [1e-7, 1e-5], "ReLU": [1e-2, 1.0], "tanh": [0.1, 20.0]}
    losses = {"sigmoid": [2.3, 2.3], "ReLU": [1.0, 0.1], "tanh": [0.2, float("nan")]}
    figure = draw.prediction_and_training(predicted, losses, guessing=2.303)
    assert legible_size(figure) == SINGLE
    nets = [
        line for line in figure.axes[0].lines if len(line.get_xdata()) == 2 and line.get_marker() != "None"
    ]
    np.testing.assert_allclose([line.get_xdata() for line in nets], [[-7, -5], [-2, 0], [-1, np.log10(20)]])
    assert nets[2].get_ydata()[1] > 2.303
    assert {*predicted, "overflow"} <= set(texts(figure))
