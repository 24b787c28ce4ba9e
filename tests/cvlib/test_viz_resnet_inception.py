"""The pictures of the chapter on residual nets: right numbers in them, one size for each explorer, legible corners."""

import numpy as np
import pytest
from legible import SINGLE, TALL, WIDE, legible_sizes, texts

from cvlib.nn import Conv2d, summary
from cvlib.viz import resnet_inception as draw
from cvlib.viz.style import GRADIENT


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"), (0.39, "0.39"), (7.25, "7.2"), (19.7, "20"), (3325.3, "3,300"), (-0.5, "-0.5"),
        (0.001, "0.001"), (0.00098, "10⁻³"), (99_999, "100,000"), (2e6, "10⁶"), (1e-12, "10⁻¹²"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, words):
    assert draw.short_number(value) == words


def test_losses_have_a_dot_for_every_seed_and_a_line_through_their_mean():
    losses = {"plain": [[0.2, 0.5, 1.4], [0.3, 0.7, 1.8]], "residual": [[0.2, 0.1, 0.3], [0.2, 0.3, 0.3]]}
    figure = draw.loss_by_depth(losses, (8, 20, 38))
    assert legible_sizes([figure]) == {SINGLE}
    assert {"plain", "residual"} <= set(texts(figure))
    assert [line.get_marker() for line in figure.axes[0].lines] == ["o", "o", "None"] * 2
    np.testing.assert_allclose(figure.axes[0].lines[2].get_ydata(), [0.25, 0.6, 1.6])


def test_a_sum_is_one_map_and_a_stack_two():
    figure = draw.two_joins(np.eye(4), [[1, 2], [3, 4]], [[10, 20], [30, 40]])
    assert legible_sizes([figure]) == {WIDE}
    drawn = texts(figure)
    assert {"11", "22", "33", "44", "A + B", "[A, B]"} <= set(drawn)
    assert drawn.count("10") == 2  # the branch, and the stack


def test_a_block_is_drawn():
    figure = draw.skip_around()
    assert legible_sizes([figure]) == {SINGLE}
    assert {"x", "y", "+", "y = F(x) + x"} <= set(texts(figure))


def test_factors_reach_the_end_that_powers_give():
    figure = draw.gradient_factors(0.5, 10, 1.0)
    plain, residual = figure.axes[0].lines[:2]
    assert plain.get_ydata()[-1] == 0.5**10
    assert residual.get_ydata()[-1] == 1.5**10
    assert {"plain: 10⁻³", "with the skip: 58"} <= set(texts(figure))


def test_a_skip_that_is_subtracted_leaves_nothing():
    assert "with the skip: 0" in texts(draw.gradient_factors(-1, 5))


def test_all_factors_fit_a_phone():
    corners = [(-2.5, 20, 1), (-1, 5, 1), (0.1, 20, 0.4), (1.5, 10, 0.4)]
    assert legible_sizes(draw.gradient_factors(w, n, a) for w, n, a in corners) == {SINGLE}


def test_a_profile_brings_out_one_kind_with_every_seed():
    profiles = {"plain": np.full((3, 5), 0.1), "residual": np.full((3, 5), 12.0)}
    figure = draw.gradient_profiles(profiles, "residual")
    assert sum(line.get_color() == GRADIENT for line in figure.axes[0].lines) == 4
    assert "residual: 12" in texts(figure)
    assert legible_sizes(
        [figure, draw.gradient_profiles(profiles | {"plain": np.full((3, 25), 1e-12)}, "plain")]
    ) == {SINGLE}


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="chosen"):
        draw.gradient_profiles({"plain": np.ones((1, 3))}, "residual")


def test_a_lesion_marks_one_block():
    accuracies, whole = (
        {"residual": [0.9, 0.99, 0.1], "plain": [0.1, 0.0, 0.3]},
        {"residual": 0.97, "plain": 0.95},
    )
    figures = [draw.lesion(accuracies, whole, kind, n) for kind in accuracies for n in (1, 2, 3)]
    assert legible_sizes(figures) == {SINGLE}
    assert {"all blocks: 97 %", "without block 2: 99 %", "guessing"} <= set(texts(figures[1]))
    with pytest.raises(ValueError, match="block must be from 1 to 3, got 4"):
        draw.lesion(accuracies, whole, "plain", 4)


def test_a_module_names_every_branch():
    branches = {
        "one": [("1 × 1", 64)], "three": [("1 × 1", 96), ("3 × 3", 128)],
        "five": [("1 × 1", 16), ("5 × 5", 32)], "pool": [("3 × 3\nmax pool", 192), ("1 × 1", 32)],
    }  # fmt: skip
    figure = draw.inception_module(192, 28, branches, 256)
    assert legible_sizes([figure]) == {TALL}
    assert {"192 maps of 28 × 28", "256 maps of 28 × 28, stacked", "5 × 5\n32 maps"} <= set(texts(figure))


def test_reductions_cost_what_problem_b13_says():
    drawn = texts(draw.reduction_costs(192, 32, 5, 16))
    assert "direct: 120.4 million" in drawn
    assert "1 × 1 to 16 maps: 12.4 million" in drawn


def test_all_reductions_fit_a_phone():
    corners = [(16, 32, 3, 64), (480, 128, 5, 8), (192, 32, 5, 64)]
    assert legible_sizes(draw.reduction_costs(*corner) for corner in corners) == {SINGLE}


def test_block_costs_are_those_of_problem_a26():
    costs = draw.block_costs(6, 64, 16, 56)
    assert costs == {
        "residual": (221_184, 4_816_896),
        "dense, copied": (89_856, 7_827_456),
        "dense, shared": (89_856, 1_806_336),
    }


def test_block_costs_agree_with_the_summary_of_a_layer():
    layer = Conv2d(24, 8, 3, padding=1, bias=False, rng=np.random.default_rng(0))
    weights = summary(layer, (24, 5, 5)).parameters
    last, before = draw.block_costs(2, 16, 8, 5), draw.block_costs(1, 16, 8, 5)
    assert last["dense, copied"][0] - before["dense, copied"][0] == weights
    assert last["dense, copied"][1] - before["dense, copied"][1] == 24 * 5 * 5 * 4


def test_all_dense_blocks_fit_a_phone():
    corners = [(8, 2), (32, 12)]
    assert legible_sizes(draw.dense_block_costs(k, n) for k, n in corners) == {TALL}
