"""The pictures of the chapter on backpropagation through convolution: right numbers, one size each, legible words."""

import itertools

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_sizes, texts

from cvlib.ops import conv2d_backward
from cvlib.viz import convolution_backward as draw

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding"), list(itertools.product((2, 3), (1, 2), (0, 1)))
)
def test_readers_are_what_the_gradient_says(kernel_size, stride, padding):
    rng = np.random.default_rng(0)
    x, w = np.zeros((1, 1, 5, 5)), rng.standard_normal((1, 1, kernel_size, kernel_size))
    outputs = (5 + 2 * padding - kernel_size) // stride + 1
    dy = rng.standard_normal((1, 1, outputs, outputs))
    dx = conv2d_backward(dy, x, w, stride=stride, padding=padding)[0][0, 0]
    for row, column in np.ndindex(5, 5):
        taps = draw.readers(row, column, kernel_size, stride, padding)
        assert dx[row, column] == pytest.approx(sum(w[0, 0][tap] * dy[0, 0][at] for at, tap in taps.items()))


def test_the_turned_kernel_appears_among_the_outputs():
    drawn = texts(draw.readers_of_pixel(2, 2, 3, 1, 0))
    letters = [text for text in drawn if text in "abcdefghi"]
    assert "".join(letters) == "abcdefghi" + "ihgfedcba"
    assert [text for text in drawn if text.isdecimal()] == [
        str(a * b) for a in (1, 2, 3, 2, 1) for b in (1, 2, 3, 2, 1)
    ]


def test_a_pixel_without_readers_is_named():
    assert "no output reads the framed pixel: dx = 0" in texts(draw.readers_of_pixel(4, 4, 2, 2, 0))


def test_readers_have_one_size_on_the_page():
    cases = (0, 0, 2, 1, 1), (2, 2, 3, 1, 1), (2, 4, 2, 2, 0), (0, 4, 3, 2, 1)
    assert legible_sizes(draw.readers_of_pixel(*case) for case in cases) == {SINGLE}


def test_three_convolutions_show_both_gradients():
    figure = draw.three_convolutions([[1, 2, 0], [3, 1, 2], [0, 1, 4]], [[1, 2], [0, -1]], [[1, 0], [2, -1]])
    drawn = texts(figure)
    assert {"w turned", "dx", "dw", "dy, zeros around it"} <= set(drawn)
    assert drawn[-7:-2] == ["6", "2", "2", f"{MINUS}1", "dw"]
    assert legible_sizes([figure]) == {TALL}


def test_a_stretched_gradient_has_zeros_between():
    figure = draw.stretched_gradient([[1, -2], [3, 1]], [[1, 2, 0], [0, 1, -1], [3, 0, 1]], stride=2)
    assert legible_sizes(
        [figure, draw.stretched_gradient([[1, -2], [3, 1]], np.eye(3), stride=3, padding=1)]
    ) == {TALL}
    assert texts(figure).count("0") == 49 - 4 + 3 + 5  # the stretched map, the filter, dx


def test_a_matrix_and_its_transpose_leave_zeros_blank():
    figure = draw.matrix_and_transpose([[1, 2, 0], [0, 1, 2]])
    drawn = texts(figure)
    assert drawn.count("1") == drawn.count("2") == 4
    assert "0" not in drawn
    assert legible_sizes([draw.matrix_and_transpose(np.kron(np.eye(2), np.ones((2, 4)))[:, :9])]) == {SINGLE}


@pytest.mark.parametrize(("kind", "share"), [("max", "1"), ("average", "1/4")])
def test_pooling_hands_back_whole_or_in_shares(kind, share):
    x, dy = np.arange(16.0).reshape(4, 4), np.ones((2, 2))
    figure = draw.pooling_backward(x, dy, kind, 2, 2)
    drawn = texts(figure)
    assert (
        drawn[drawn.index("y: max pooling" if kind == "max" else "y: average pooling") + 1 :].count(share)
        >= 4
    )
    assert legible_sizes([figure]) == {TALL}


def test_pooling_is_max_or_average():
    with pytest.raises(ValueError, match="kind must be one of"):
        draw.pooling_backward(np.eye(4), np.ones((2, 2)), "median", 2, 2)


def test_every_array_stands_above_its_gradient():
    rows = [{"I": (np.eye(4, 6), np.eye(4, 6)), "W": (np.eye(3), np.eye(3))}, {"K": ([[2, 9]], [[-5, -1]])}]
    figure = draw.there_and_back(rows, weights=["W"])
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    for name in "IWK":
        assert places[name][0] == places[f"d{name}"][0]
        assert places[name][1] < places[f"d{name}"][1]
    no_gradient = [
        {"I": (np.eye(5), None), "W": (np.eye(2), np.eye(2)), "v": ([1, 2, 3, 4], [0.5, -0.2, 1, 2])}
    ]
    assert legible_sizes([figure, draw.there_and_back(no_gradient, weights=["W", "v"])]) == {TALL}


def test_a_loss_beyond_the_axis_is_marked_at_its_edge():
    steps = np.linspace(0.001, 0.01, 10)
    figures = [
        draw.loss_by_step_size(steps, 10 + 4000 * (steps - 0.004), at, start=13, slope=4470, highest=26)
        for at in (0.002, 0.01)
    ]
    assert legible_sizes(figures) == {SINGLE}
    assert [figure.axes[0].lines[-1].get_marker() for figure in figures] == ["o", "^"]


def test_a_filter_that_learns_states_its_step():
    errors = np.geomspace(1, 1e-6, 1001)
    target = np.array([[1.0, 0, -1]] * 3)
    figures = [draw.learning_filter(target, target * 0.987, errors, step, lowest=0.005) for step in (0, 1000)]
    assert legible_sizes(figures) == {SINGLE}
    assert "learned, step 1,000" in texts(figures[1])


def test_pictures_share_one_signed_scale():
    figure = draw.pictures(
        {"photograph": np.eye(4), "a": np.eye(4) - 0.5, "b": 3 * np.eye(4), "c": np.eye(4)}
    )
    grey, *signed = (axes.images[0].get_clim() for axes in figure.axes)
    assert grey == (0, 1)
    assert signed[0] == signed[1] == signed[2]
    assert signed[0][0] == -signed[0][1]
