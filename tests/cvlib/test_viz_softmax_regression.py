"""Every figure of the chapter on softmax regression draws, in its size, and states the numbers it was given."""

from __future__ import annotations

import numpy as np
import pytest
from legible import SINGLE, TALL, axes_texts, check_apart, check_legible, size

from cvlib.train import History
from cvlib.viz import softmax_regression as draw


@pytest.mark.parametrize(("b", "wrong"), [(-0.5, 0), (0.0, 2), (-2.0, 2)])
def test_the_boundary_counts_points_on_the_wrong_side(b, wrong):
    features, labels = [[0.1, 0.1], [0.2, 0.1], [0.6, 0.5], [0.5, 0.5]], [0, 0, 1, 1]
    figure = draw.line_through_two_classes(features, labels, [1, 1], b, names=("left", "right"))
    assert size(figure) == TALL
    assert f"{wrong} of 4 wrong\n(ringed)" in axes_texts(figure)


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
    assert expected <= set(axes_texts(figure))


def test_softmax_knows_two_formulas():
    with pytest.raises(ValueError, match="formula"):
        draw.softmax_steps([1.0, 2.0], formula="other")


def test_marked_points_lie_on_the_curve_of_surprise():
    figure = draw.surprise([(1.0, "nothing"), (0.5, "one bit")])
    assert size(figure) == SINGLE
    assert [float(line.get_ydata()[0]) for line in figure.axes[0].lines[1:]] == pytest.approx([0, 0.6931472])
    assert {"nothing", "one bit"} <= set(axes_texts(figure))


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
    assert {"training", "validation", "guessing: 2.303"} <= set(axes_texts(figure))


def test_a_confusion_matrix_prints_its_counts_but_no_zeros():
    figure = draw.confusion([[5, 1], [0, 7]])
    assert size(figure) == SINGLE
    assert sorted(t.get_text() for t in figure.axes[0].texts) == ["1", "5", "7"]


@pytest.mark.parametrize("true_class", [0, 2])
def test_a_gradient_is_probability_minus_label(true_class):
    figure = draw.gradient_steps([2.0, 1.0, 0.1], true_class)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    *_, bars = ([bar.get_width() for bar in axes.patches] for axes in figure.axes)
    expected = np.exp([2.0, 1.0, 0.1]) / np.exp([2.0, 1.0, 0.1]).sum() - np.eye(3)[true_class]
    np.testing.assert_allclose(bars, expected)


@pytest.mark.parametrize(("truth", "words"), [(1, "says 1, right"), (0, "says 1, wrong")])
def test_a_belief_is_judged_by_the_truth(truth, words):
    figure = draw.belief(np.eye(8), [0.1, 0.8, 0.1], truth=truth)
    check_legible(figure, margin=2)
    check_apart(figure)
    assert size(figure) == SINGLE
    assert {words, f"a {truth}"} <= set(axes_texts(figure))


EXPLORERS = {
    "neuron": lambda k: draw.line_through_two_classes(
        [[0.1, 0.1], [0.6, 0.5]], [0, 1], [10, 0.1], -k, names=("ink on the left", "ink on the right")
    ),
    "softmax": lambda k: draw.softmax_steps([2.0, 1.0, 0.1], shift=100 * k - 600, temperature=0.25),
}


@pytest.mark.parametrize("k", [1, 15])
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_word_of_an_explorer_can_be_read_whole_on_a_phone(name, k):
    check_legible(EXPLORERS[name](k))
