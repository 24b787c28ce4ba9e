"""The convolution chapter's pictures: right numbers in them, one size each, no surprises at the corners."""

import itertools
import re

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_sizes, texts

from cvlib.viz import convolution as draw
from cvlib.viz.style import GRADIENT

M = np.array([[1, 0, 0, 2], [0, 1, 0, 1], [0, 0, 1, 2], [0, 0, 0, 1]])
K = np.array([[0, 0], [1, 1]])
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("position", "flip", "last"),
    [
        (0, False, "1·0 + 0·0 + 0·1 + 1·1 = 1"),
        (5, False, "0·0 + 1·0 + 1·1 + 2·1 = 3"),
        (8, True, "1·1 + 2·1 + 0·0 + 1·0 = 3"),
    ],
)
def test_a_step_writes_its_sum(position, flip, last):
    drawn = texts(draw.conv_step(M, K, position, flip=flip))
    assert last in drawn
    assert ("kernel K, flipped" in drawn) is flip
    assert ("convolution" if flip else "cross-correlation") in drawn
    # input, kernel, and the output cells up to this one
    assert sum(re.fullmatch(r"\d", text) is not None for text in drawn) == 16 + 4 + position + 1


def test_all_steps_fit_a_phone():
    assert legible_sizes(draw.conv_step(M, K, p, flip=f) for p, f in ((0, False), (8, True))) == {SINGLE}
    assert legible_sizes([draw.conv_step(M, np.eye(3), 3)]) == {SINGLE}


def test_a_step_beyond_the_output_is_refused():
    with pytest.raises(ValueError, match=r"position must be below 9, the number of output cells, got 9"):
        draw.conv_step(M, K, 9)


def test_negative_numbers_stand_in_brackets():
    assert draw.conv_sum(np.array([[3, 1]]), np.array([[-1, 1]])) == f"3·({MINUS}1) + 1·1 = {MINUS}2"


@pytest.mark.parametrize(
    ("arguments", "formula", "unread"),
    [
        ((8, 3, 2, 0), f"floor((8 + 2·0 {MINUS} 3) / 2) + 1 = floor(2.5) + 1 = 3", 1),
        ((7, 3, 3, 2), f"floor((7 + 2·2 {MINUS} 3) / 3) + 1 = floor(2.67) + 1 = 3", 2),
        ((8, 5, 1, 2), f"floor((8 + 2·2 {MINUS} 5) / 1) + 1 = floor(7) + 1 = 8", 0),
        ((7, 2, 3, 0), f"floor((7 + 2·0 {MINUS} 2) / 3) + 1 = floor(1.67) + 1 = 2", 3),
    ],
)
def test_windows_state_the_formula_and_cross_out_what_is_unread(arguments, formula, unread):
    size, kernel_size, stride, padding = arguments
    figure = draw.windows_along_a_side(size, kernel_size, stride=stride, padding=padding)
    assert formula in texts(figure)
    assert (f"{unread} never read" in texts(figure)) is (unread > 0)
    crosses = [line for line in figure.axes[0].lines if line.get_color() == GRADIENT]
    assert len(crosses) == unread


def test_windows_with_dilation():
    drawn = texts(draw.windows_along_a_side(9, 3, dilation=2))
    assert f"floor((9 + 2·0 {MINUS} 2·(3 {MINUS} 1) {MINUS} 1) / 1) + 1 = floor(4) + 1 = 5" in drawn


def test_all_windows_have_one_size_on_the_page():
    corners = itertools.product((7, 8), (2, 4), (1, 3))
    figures = [draw.windows_along_a_side(n, k, stride=s, padding=2, dilation=2) for n, k, s in corners]
    assert legible_sizes(
        [*figures, draw.windows_along_a_side(7, 2), draw.windows_along_a_side(8, 5, stride=3)]
    ) == {SINGLE}


def test_dilated_spans():
    titles = texts(draw.dilated_taps(3, [1, 2, 3]))
    assert {"dilation 1:\nspans 3 × 3", "dilation 2:\nspans 5 × 5", "dilation 3:\nspans 7 × 7"} <= set(titles)
    assert legible_sizes([draw.dilated_taps(3, [1, 2, 3])]) == {SINGLE}


def test_filters_reach_through_all_channels():
    drawn = texts(draw.filter_spans_channels(28, 10, 4, 3))
    assert {"10 maps of 28 × 28", "4 filters", "each 3 × 3 × 10 + 1 bias", "4 maps of 26 × 26"} <= set(drawn)


def test_pipeline_shows_every_number():
    drawn = texts(draw.map_pipeline({"J": [[2, -4], [-1, -9]], "w": [[5]], "K": [[7]]}, weights=["w"]))
    assert drawn == ["2", f"{MINUS}4", f"{MINUS}1", f"{MINUS}9", "J", "5", "w", "7", "K"]


def test_photographs_keep_their_size_signed_or_not():
    photograph = np.linspace(0, 1, 144).reshape(12, 12)
    kernel = np.array([[1, 0, -1]] * 3)
    figures = [
        draw.filtered_photograph(photograph, kernel, photograph - 0.5 * signed, flip=signed, signed=signed)
        for signed in (False, True)
    ]
    fine = draw.filtered_photograph(photograph, np.full((5, 5), 0.04), photograph, flip=False, signed=False)
    assert legible_sizes([*figures, fine]) == {TALL}
    assert not {"kernel, flipped", "negative"} & set(texts(figures[0]))
    assert {"kernel, flipped", "negative", "0", "positive"} <= set(texts(figures[1]))


def test_signed_pictures_are_centred_at_zero():
    photograph = np.linspace(0, 1, 144).reshape(12, 12)
    outputs = {"edges": photograph - 0.2, "blur": photograph, "sharpen": photograph}
    figure = draw.filters_on_photograph(photograph, outputs, signed=["edges"])
    plain, edges, blur, sharpen = (axes.images[0].get_clim() for axes in figure.axes)
    assert plain == blur == sharpen == (0, 1)
    assert -edges[0] == edges[1] > 0


def test_an_image_that_is_moved_keeps_its_ruler():
    image, pooled = np.eye(8, 12), np.ones((2, 3))
    still = draw.shift_experiment({"image": image, "pooled": pooled}, ("", "same"), shift=0, width=12)
    moved = draw.shift_experiment({"image": image, "pooled": pooled}, ("", "differs"), shift=3, width=12)
    assert legible_sizes([still, moved]) == {TALL}
    assert [axes.get_xlim() for axes in moved.axes] == [(0, 12), (0, 12)]
    assert {"image", "pooled", "differs", "column (input pixels)"} <= set(texts(moved))


def test_unread_pixels_also_in_the_middle():
    assert draw.unread_pixels(8, 2, stride=3) == [2, 5]
    assert draw.unread_pixels(8, 3, stride=3, padding=1, dilation=3) == [0, 1, 3, 4, 6, 7]
    assert draw.unread_pixels(5, 3) == []


@pytest.mark.parametrize("flip", [False, True])
def test_a_search_rings_the_largest_output(flip):
    photograph = np.random.default_rng(0).random((32, 32))
    response = np.zeros((24, 24))
    response[5, 7] = 1
    figure = draw.template_search(photograph, np.eye(9) - 1 / 9, response, (2, 3), flip=flip)
    assert legible_sizes([figure]) == {TALL}
    assert ("kernel, flipped" in texts(figure)) is flip
    pixel = 4.65 / 32
    ring = figure.axes[0].lines[0]
    assert ring.get_xdata()[0] == pytest.approx(0.2 + (7 + 4.5) * pixel)
    assert ring.get_ydata()[0] == pytest.approx(0.65 + (5 + 4.5) * pixel)
