"""The pictures of the chapter on shapes and costs: right numbers in them, one size each, words that fit."""

import re

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_sizes, texts

from cvlib import counting
from cvlib.counting import Conv, Dense, Flatten, Pool, layer_table
from cvlib.viz import network_sizes as draw

FAMOUS = {
    "LeNet-5": layer_table(*counting.LENET5),
    "AlexNet": layer_table(*counting.ALEXNET),
    "VGG-16": layer_table(*counting.VGG16),
}


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (61_706, "61.7 thousand"),
        (138_357_544, "138 million"),
        (2_060_000, "2.06 million"),
    ],
)
def test_counts_in_words(count, words):
    assert draw.in_words(count) == words


def test_networks_are_compared_in_numbers_and_bars():
    figure = draw.costs_compared(FAMOUS)
    assert legible_sizes([figure]) == {SINGLE}
    assert {"61.0 million", "138 million", "724 million", "15.5 billion", *FAMOUS} <= set(texts(figure))
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == [table.parameters for table in FAMOUS.values()]


def small(channels: int, pooling: int) -> counting.LayerTable:
    layers = [
        Conv(channels, 5, padding=2, name="conv 1"), Pool(pooling, name="pool 1"),
        Conv(2 * channels, 5, padding=2, name="conv 2"), Pool(pooling, name="pool 2"), Flatten(), Dense(10),
    ]  # fmt: skip
    return layer_table((3, 64, 64), layers)


def test_a_small_network_shows_shapes_counts_and_totals():
    figure = draw.small_network(small(16, 2))
    drawn = texts(figure)
    assert {"conv 2\n32 × 32 × 32", "dense\n10", "together", "input\n3 × 64 × 64", "1,216", "12,832"} <= set(
        drawn
    )
    assert {f"{small(16, 2).parameters:,}", f"{small(16, 2).macs:,}"} <= set(drawn)


def test_small_networks_have_one_size_and_one_scale():
    figures = [draw.small_network(small(*setting)) for setting in ((8, 4), (32, 1))]
    assert legible_sizes(figures) == {TALL}
    assert len({axes.get_xlim() for figure in figures for axes in figure.axes}) == 1


@pytest.mark.parametrize("cost", ["parameters", "work", "memory"])
@pytest.mark.parametrize("name", FAMOUS)
def test_costs_are_shares_of_the_whole(name, cost):
    figure = draw.cost_of_layers(FAMOUS[name], cost)
    assert legible_sizes([figure]) == {TALL}
    shares = sum(bar.get_width() for bar in figure.axes[0].patches)
    first = 100 * 4 * np.prod(FAMOUS[name].input_shape) / FAMOUS[name].memory  # the input is kept too
    assert shares + (first if cost == "memory" else 0) == pytest.approx(100)


def test_an_unknown_cost_is_refused():
    with pytest.raises(ValueError, match=r"cost must be one of .*parameters.*work.*memory.* got 'time'"):
        draw.cost_of_layers(FAMOUS["LeNet-5"], "time")


def test_a_sparse_matrix_leaves_zeros_blank():
    matrix = np.array([[1.0, 2, 0], [0, 1, 2]])
    drawn = texts(draw.sparse_matrix(matrix, np.array([[1.0, 2]])))
    assert "0" not in drawn
    assert drawn.count("1") == drawn.count("2") == 1 + 2  # the kernel, and each row
    assert any(text.startswith("4 of 6") for text in drawn)


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        ((1, 1, 1), "layer 1 sees 1 px,\nsteps by 1"),
        ((3, 3, 1), "layer 3 sees 7 px,\nsteps by 1"),
        ((3, 3, 2), "layer 3 sees 15 px,\nsteps by 8"),
        ((4, 7, 2), "layer 4 sees 91 px,\nsteps by 16"),
    ],
)
def test_the_ladder_states_each_receptive_field(arguments, last):
    figure = draw.receptive_ladder(*arguments)
    assert legible_sizes([figure]) == {SINGLE}
    assert last in texts(figure)
    # the blue dots on the ground are the receptive field
    ground = [line for line in figure.axes[0].lines if set(line.get_ydata()) == {0}][-1]
    assert len(ground.get_xdata()) <= int(re.search(r"sees (\d+)", last)[1])
    assert max(ground.get_xdata()) - min(ground.get_xdata()) + 1 == int(re.search(r"sees (\d+)", last)[1])


def test_parameters_of_both_layers_are_written():
    drawn = texts(draw.parameters_by_size(32, 3, 8))
    assert f"convolution: {8 * (3 * 9 + 1):,}" in drawn
    assert f"dense layer: {8 * 32 * 32 * (3 * 32 * 32 + 1):,}" in drawn
    assert legible_sizes([draw.parameters_by_size(8, 1, 1), draw.parameters_by_size(224, 7, 64)]) == {SINGLE}


def test_the_framed_window_and_its_column_stand_in_line():
    strip, probabilities = np.zeros((8, 20)), np.full((10, 4), 0.1)
    figure = draw.window_on_strip(strip, probabilities, 2, window=8, stride=4)
    assert legible_sizes([figure]) == {TALL}
    window, column = (axes.patches[0] for axes in figure.axes[:2])
    assert (window.get_x(), window.get_width()) == (8, 8)
    assert column.get_x() + column.get_width() / 2 == window.get_x() + 4
    left, right, *_ = figure.axes[1].images[0].get_extent()
    assert (left, right) == (2, 18)  # centres at 4, 8, 12, 16
    assert [bar.get_height() for bar in figure.axes[2].patches] == [0.1] * 10


def test_a_window_beyond_the_strip_is_refused():
    with pytest.raises(ValueError, match="position must be one of 0, 1, 2, 3, got 4"):
        draw.window_on_strip(np.zeros((8, 20)), np.full((10, 4), 0.1), 4, window=8, stride=4)
