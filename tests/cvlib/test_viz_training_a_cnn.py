"""The training chapter's pictures: right numbers in them, one size each, nothing cut off or written over."""

import itertools

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_sizes, texts

from cvlib.train import History
from cvlib.viz import training_a_cnn as draw

DIGITS = np.linspace(0, 1, 10 * 784).reshape(10, 28, 28)
SURE = np.eye(10) * 0.9 + 0.01


def test_answers_stand_below_the_digits():
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 8])
    figure = draw.digit_answers(DIGITS, labels, SURE)
    assert legible_sizes([figure]) == {SINGLE}
    assert {"a 0", "0 ✓ 91 %", "8 ✗ 91 %", "9 ✗ 91 %"} <= set(texts(figure))


def test_a_probability_is_not_rounded_to_certainty():
    figure = draw.digit_answers(DIGITS[:3], [0, 0, 0], [[0.9996, 0.0004], [1, 0], [0.3, 0.7]])
    assert {"0 ✓ 99.9 %", "0 ✓ 100 %", "1 ✗ 70 %"} <= set(texts(figure))


def test_there_is_room_for_ten_answers():
    with pytest.raises(ValueError, match="images must be 1 to 10, got 11"):
        draw.digit_answers(np.zeros((11, 28, 28)), np.zeros(11), np.zeros((11, 10)))


@pytest.mark.parametrize("last", [0.05, 0.12])
def test_curves_are_named_where_they_end(last):
    history = History(
        loss=[1.0, 0.2, 0.02],
        accuracy=[0.8, 0.95, 0.995],
        validation_loss=[0.5, 0.3, last],
        validation_accuracy=[0.85, 0.93, 0.97],
    )
    figure = draw.training_curves(history, guessing=np.log(10))
    assert legible_sizes([figure]) == {TALL}
    assert texts(figure).count("validation") == 2


def test_a_run_stands_in_its_grid():
    curves = {
        (lr, size): [2.4, 1.0 + lr, np.inf if lr > 0.5 else lr + size / 1000]
        for lr, size in itertools.product((0.001, 0.01, 0.1, 1.0), (10, 50, 250))
    }
    figures = [
        draw.run_in_grid(curves, lr, size, guessing=np.log(10)) for lr, size in ((1.0, 10), (0.01, 250))
    ]
    assert legible_sizes(figures) == {SINGLE}
    assert texts(figures[0]).count("> 10") == 3
    assert {"0.3", "learning rate"} <= set(texts(figures[0]))


def test_accuracies_have_error_bars():
    figure = draw.accuracy_bars({"chance": 0.1, "softmax": 0.885, "LeNet-5": 0.972}, 1000)
    assert legible_sizes([figure]) == {SINGLE}
    assert {"10.0 %", "88.5 %", "97.2 %"} <= set(texts(figure))


def test_two_nets_state_their_intervals():
    figures = [
        draw.two_nets(a, b, n) for a, b, n in ((0.04, 0.01, 100), (0.03, 0.025, 10_000), (0.03, 0.02, 1000))
    ]
    assert legible_sizes(figures) == {SINGLE}
    assert "net B: 98 ± 0.89" in texts(figures[2])


def test_every_seed_is_a_dot():
    results = {"LeNet-5": [[0.8, 0.9], [0.82, 0.97]], "dense net": [[0.7, 0.9], [0.72, 0.92]]}
    figure = draw.learning_curves([100, 3000], results)
    assert legible_sizes([figure]) == {SINGLE}
    assert len(figure.axes[0].lines) == 2 * (1 + 2)


def test_a_confusion_cell_is_framed_and_illustrated():
    counts = np.diag(np.full(10, 97)) + np.eye(10, k=3, dtype=int) * 3
    figure = draw.confusion_cell(counts, 4, 7, DIGITS[:5], SURE[[7, 7, 4, 4, 4]])
    assert legible_sizes([figure]) == {TALL}
    drawn = texts(figure)
    assert drawn.count("7: 91 % ✗") == 2
    assert drawn.count("called 4") == 3
    with pytest.raises(ValueError, match="images must be 5, got 4"):
        draw.confusion_cell(counts, 4, 7, DIGITS[:4], SURE[:4])


def test_reliability_names_its_groups():
    figure = draw.reliability(
        ["9 digits", "25 digits", "60 digits", "906 digits"],
        [0.5, 0.77, 0.96, 0.999],
        [0.4] * 4,
        [9, 25, 60, 906],
    )
    assert legible_sizes([figure]) == {SINGLE}
    assert "906 digits" in texts(figure)


def test_filters_are_centred_at_zero():
    figure = draw.filter_rows({"before": np.ones((6, 5, 5)), "after": -np.ones((6, 5, 5)) / 2})
    assert legible_sizes([figure]) == {SINGLE}
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(-1, 1), (-0.5, 0.5)}


def test_moved_digits_state_both_numbers():
    figure = draw.moved_digit(
        DIGITS[3], {"softmax": (0.3, 0.61), "dense net": (0.4, 0.8), "LeNet-5": (0.95, 0.97)}
    )
    assert legible_sizes([figure]) == {SINGLE}
    assert "LeNet-5: right 95 %, sure 97 %" in texts(figure)


def test_times_are_compared_with_the_slowest():
    figure = draw.times(["visible loops", "lowering, product", "cvlib.ops.conv2d"], [0.2, 0.0001, 0.0002])
    assert legible_sizes([figure]) == {SINGLE}
    assert {"2,000 times faster", "1,000 times faster"} <= set(texts(figure))


def test_faults_that_explode_stay_on_the_page():
    curves = {f"fault {n}": [2.3, 1, 0.5] for n in range(5)} | {"fault 5": [2.3, np.inf, np.nan]}
    figure = draw.faults(curves, [2.3, 0.9, 0.3], guessing=np.log(10))
    assert legible_sizes([figure]) == {TALL}


def test_lowering_counts_copies():
    drawn = texts(draw.lowered(3, 2, 1, 4))
    assert {"image: 9 pixels", "4 taps: one row each", "4 windows: one column each", "16 entries"} <= set(
        drawn
    )
    assert "pixel 4 stands in 4 of them" in drawn
    assert drawn.count("4") == 1 + 4
    assert "pixel 0 stands in 1 of them" in texts(draw.lowered(5, 3, 2, 0))
    assert "9 pixels never read" in texts(draw.lowered(5, 2, 2, 0))


def test_all_lowered_images_fit_a_phone():
    settings = itertools.product((4, 5), (2, 3), (1, 2), (0, 5))
    assert legible_sizes(draw.lowered(*setting) for setting in settings) == {TALL}
    with pytest.raises(ValueError, match="image_size must be at most 5, got 6"):
        draw.lowered(6, 2, 1, 0)
