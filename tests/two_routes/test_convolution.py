"""Convolution and pooling, forward: byhand against cvlib, and the coursework's verified answers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from routes import concept, hold, recognised, verified

import byhand
from byhand.calculation import Calculation
from cvlib import nn, ops


def conv(given: SimpleNamespace, image: str, **options: int) -> np.ndarray:
    x, w = getattr(given, image), given.kernel
    return ops.conv2d(x[None, None], w[None, None], **options)[0, 0]


def conv_shape(shape: np.ndarray, kernel_size: int, filters: int, **options: int) -> list[int]:
    """Return the size of a real convolution's output: the sides found with one map, the depth with one pixel."""
    height, width, depth = map(int, shape)
    one_map = ops.conv2d(np.ones((1, 1, height, width)), np.ones((1, 1, kernel_size, kernel_size)), **options)
    one_pixel = ops.conv2d(np.ones((1, depth, 1, 1)), np.ones((filters, depth, 1, 1)))
    return [*one_map.shape[2:], one_pixel.shape[1]]


# A1, B8, C2a: the maps themselves


def conv_pool_relu(given: SimpleNamespace) -> dict[str, object]:
    feature = conv(given, "image")
    pooled = ops.max_pool2d(feature[None, None], 2)[0, 0]
    return {"J": feature, "K": pooled, "O": ops.relu(pooled)}


def test_a1():
    hold("A1", conv_pool_relu)
    verified("A1", J=[[2, -4, 6, -1], [-1, -9, 9, -2]], K=[[2, 9]], O=[[2, 9]])


def test_a1_variants_have_no_zero_at_the_kink_and_something_to_show():
    for seed in range(100):
        pooled = np.array(byhand.variant("A1", seed).answer["K"])
        assert (pooled != 0).all(), seed
        assert (pooled > 0).any(), seed


def test_a1_slips():
    recognised("A1", "J = [[-2, 4, -6, 1], [1, 9, -9, 2]]", "kernel_flipped")
    recognised("A1", "J = [[2, -1]]", "windows_side_by_side")
    recognised("A1", "K = [[2, 9, 9]]", "stride_ignored")
    recognised("A1", "K = [[-3, 3]]", "average_for_maximum")


def test_b8():
    hold("B8", lambda given: {"J": conv(given, "image")})
    verified("B8", J=[[0, 30, 30, 0]] * 4)


def test_b8_slips():
    recognised(
        "B8", "[[0, -30, -30, 0], [0, -30, -30, 0], [0, -30, -30, 0], [0, -30, -30, 0]]", "kernel_flipped"
    )
    recognised(
        "B8", "[[0, 10, 10, 0], [0, 10, 10, 0], [0, 10, 10, 0], [0, 10, 10, 0]]", "one_line_of_the_filter"
    )
    recognised(
        "B8", "[[10, 10, 10, 0], [10, 10, 10, 0], [10, 10, 10, 0], [10, 10, 10, 0]]", "maximum_for_sum"
    )


def test_b8_one_line_of_a_filter_is_a_shorter_filter():
    """Drawn edges run both ways: the wrong answer must be that of the filter's middle line, along its differences."""
    for seed in range(100):
        problem = byhand.variant("B8", seed)
        image, kernel = np.array(problem.given.image), np.array(problem.given.kernel)
        upright = not kernel.sum(axis=1).any()
        line = kernel[1:2] if upright else kernel[:, 1:2]
        assert sorted(np.sign(line.ravel())) == [-1, 0, 1]
        shorter = ops.conv2d(image[None, None], line[None, None])[0, 0]
        shorter = shorter[1:-1] if upright else shorter[:, 1:-1]
        told = [mistake.answer for mistake in problem.mistakes if mistake.name == "one_line_of_the_filter"]
        assert told == [shorter.astype(int).tolist()], seed


def test_c2a():
    hold("C2a", lambda given: {"Y": conv(given, "M", stride=given.stride, padding=given.padding)})
    verified("C2a", Y=[[1, 1, 1], [0, 1, 3], [0, 0, 1]])


def test_c2a_slips():
    recognised("C2a", "[[1, 0, 2], [1, 1, 1], [0, 1, 3]]", "kernel_flipped")
    recognised("C2a", "[[1, 1], [0, 1]]", "windows_side_by_side")
    recognised("C2a", "[[1, 1, 1], [0, 1, 2], [0, 0, 1]]", "maximum_for_sum")
    recognised(
        "C2a",
        "[[1, 1, 0, 2, 2], [0, 1, 1, 1, 1], [0, 0, 1, 3, 2], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]",
        "padding_added",
    )


def test_largest_products_reach_into_the_padding():
    """The products of a padded window are those with the padding's zeros too."""
    padded = [p for p in map(c2a, range(100)) if p.given.padding and "maximum_for_sum" in names(p)]
    assert padded
    for problem in padded:
        given = problem.given
        x, k = np.pad(np.array(given.M), given.padding), np.array(given.kernel)
        windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)[:: given.stride, :: given.stride]
        wrong = next(m.answer for m in problem.mistakes if m.name == "maximum_for_sum")
        assert wrong == (windows * k).max(axis=(2, 3)).tolist()


def test_c2a_says_where_a_window_reaches_over_the_edge():
    """With a filter of 3 and padding 1 on a map of 3, every window but the middle one does."""
    given = {
        "M": [[1, 2, 0], [0, 1, 1], [2, 0, 1]],
        "kernel": [[1, 0, 0], [0, 1, 0], [0, 1, 1]],
        "stride": 1,
        "padding": 1,
    }
    steps = type(byhand.problem("C2a"))(given).solution.steps
    assert ["beyond the edge" in step.what for step in steps if step.cells] == [True] * 4 + [False] + [
        True
    ] * 4


def c2a(seed: int) -> Calculation:
    problem = byhand.variant("C2a", seed)
    assert isinstance(problem, Calculation)
    return problem


def names(problem: Calculation) -> list[str]:
    return [mistake.name for mistake in problem.mistakes]


# A18, A19, A20: sizes


def three_ways(given: SimpleNamespace) -> dict[str, object]:
    height, width, depth = map(int, given.shape)
    pooled = ops.max_pool2d(np.ones((1, depth, height, width)), given.window)
    return {
        "pooled": [*pooled.shape[2:], pooled.shape[1]],
        "strided": conv_shape(given.shape, given.kernel_size, depth, stride=2, padding=given.padding),
        "reduced": conv_shape(given.shape, 1, given.filters),
    }


def test_a18():
    hold("A18", three_ways)
    verified("A18", pooled=[16, 16, 64], strided=[16, 16, 64], reduced=[32, 32, 16])


def test_a18_stride_does_not_reduce_depth():
    recognised("A18", "strided = 16 x 16 x 32", "stride_reduces_depth")
    recognised("A18", "pooled = 16 x 16 x 32", "stride_reduces_depth")
    recognised("A18", "reduced = 1 x 1 x 16", "one_by_one_means_one_pixel")
    recognised("A18", "reduced = 32 x 32 x 1024", "depth_multiplied")


def halving(given: SimpleNamespace) -> dict[str, object]:
    """Try every padding: exactly one of them halves both sides."""
    height, width, depth = map(int, given.shape)

    def padding(kernel_size: int) -> int:
        sizes = {
            p: conv_shape(given.shape, kernel_size, depth, stride=2, padding=p)
            for p in range(kernel_size + 3)
        }
        (found,) = [p for p, size in sizes.items() if size == [height // 2, width // 2, depth]]
        return found

    return {"even": padding(given.even_filter), "odd": padding(given.odd_filter), "filters": depth}


def test_a19():
    hold("A19", halving)
    verified("A19", even=0, odd=1, filters=16)


def test_a19_slips():
    recognised("A19", "even = 2", "sign_in_the_size_formula")
    recognised("A19", "even = 1", "plus_one_forgotten")
    recognised("A19", "odd = 1/2", "floor_ignored")
    recognised("A19", "odd = 2", "sign_in_the_size_formula")
    recognised("A19", "filters = 32", "stride_reduces_depth")


def test_a20():
    def route(given: SimpleNamespace) -> dict[str, object]:
        options = {"stride": given.stride, "padding": given.padding}
        return {"output": conv_shape(given.shape, given.kernel_size, given.filters, **options)}

    hold("A20", route)
    verified("A20", output=[26, 26, 4])


@pytest.mark.parametrize("text", ["20x20x10", "20 × 20 × 10", "(20, 20, 10)", "output = 20*20*10", "20x20x4"])
def test_a20_filters_one_after_another(text: str):
    recognised("A20", text, "filters_one_after_another")


def test_a20_knows_what_the_hand_written_solution_said():
    (recorded,) = [mistake for mistake in byhand.problem("A20").mistakes if mistake.recorded]
    assert recorded.answer == (20, 20, 10)


def test_a20_slips():
    recognised("A20", "26x26x40", "depth_multiplied")
    recognised("A20", "26x26x10", "depth_of_the_input_kept")
    recognised("A20", "25x25x4", "plus_one_forgotten")
    recognised("A20", "28x28x4", "padding_added")


def test_a20_slips_of_a_layer_with_stride_and_padding():
    """Worked by hand for 22 x 22, filters of 9 x 9, stride 2, padding 4: (22 + 8 - 9) / 2 = 10.5, so 11 places."""
    given = {"shape": [22, 22, 3], "kernel_size": 9, "filters": 8, "stride": 2, "padding": 4}
    problem = type(byhand.problem("A20"))(given)
    wrong = {mistake.name: list(mistake.answer) for mistake in problem.mistakes}
    assert list(problem.answer) == [11, 11, 8]
    assert wrong["ceil_for_floor"] == [12, 12, 8]
    assert wrong["plus_one_forgotten"] == [10, 10, 8]
    assert wrong["stride_ignored"] == [22, 22, 8]
    assert wrong["padding_forgotten"] == [7, 7, 8]  # (22 - 9) / 2 = 6.5
    assert wrong["padding_on_one_side"] == [9, 9, 8]  # (22 + 4 - 9) / 2 = 8.5
    assert "padding_added" not in wrong  # there is padding


def test_rounding_up_is_no_mistake_where_the_division_is_exact():
    assert "ceil_for_floor" not in names(byhand.problem("A20"))


@pytest.mark.parametrize("identity", ["A18", "A20", "C3"])
def test_a_size_is_put_together_from_the_steps_before(identity: str):
    """Height, width (the height once more where maps are square) and depth, each found in a step of its own."""
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(30))]:
        found: dict[str, int] = {}
        for step in problem.solution.steps:
            if "times" not in step.symbol:
                found[step.symbol] = step.result
                continue
            together = [found["h'"], found.get("w'", found["h'"]), found["d'"]]
            assert list(step.result) == together, problem.name
            found = {}


# A21, A22: nothing to learn


def test_a21():
    hold("A21", lambda given: {"parameters": learnable(nn.MaxPool2d(given.window, stride=given.stride))})
    verified("A21", parameters=0)


def test_a22():
    hold("A22", lambda given: {"parameters": learnable(nn.AvgPool2d(given.window, stride=given.stride))})
    verified("A22", parameters=0)


def learnable(layer: nn.Layer) -> int:
    return sum(array.size for array in layer.parameters.values())


@pytest.mark.parametrize("identity", ["A21", "A22"])
def test_pooling_slips(identity: str):
    """A 2 x 2 window on ten maps: cells, cells of all maps, with biases, as ten filters (with biases), two settings."""
    for wrong, name in {
        4: "window_counted_as_weights",
        40: "window_counted_as_weights",
        50: "pooling_counted_as_convolution",
        400: "pooling_counted_as_convolution",
        410: "pooling_counted_as_convolution",
        2: "settings_counted_as_parameters",
    }.items():
        recognised(identity, str(wrong), name)


def test_pooling_variants_speak_of_the_right_pooling():
    assert "max pooling" in byhand.variant("A21", 3).statement
    assert "average pooling" in byhand.variant("A22", 3).statement


# A16: why convolutions


def test_a16_accepts_its_model_answer():
    assert concept("A16").check(concept("A16").model).correct


def test_a16_recognises_every_misconception():
    for wrong in concept("A16").misconceptions:
        assert concept("A16").check(wrong.claim).mistake == wrong.name, wrong.claim


def test_a16_accepts_other_words():
    answer = (
        "Pixels that lie close together are related, so it's enough that each neuron sees a small patch. Because the "
        "kernel slides, the same weights serve the whole picture. That means a much smaller number of parameters than "
        "with dense layers! If the cat moves, its activations move too: the layer is translation-equivariant; pooling "
        "makes the network fairly robust against small shifts."
    )
    feedback = concept("A16").check(answer)
    assert feedback.correct, feedback.message


@pytest.mark.parametrize(
    ("answer", "mistake", "points"),
    [
        ("CNNs are translation invariant.", "invariance_for_equivariance", 0),
        ("Weights are shared, so the filters are translation invariant.", "invariance_for_equivariance", 1),
        ("They share weights, which makes them rotation invariant too.", "rotation_for_free", 1),
        ("Convolution is equivariant and pooling adds approximate invariance.", None, 2),
        ("A convolution is not translation invariant, it is equivariant.", None, 1),
        ("Because they are modern.", None, 0),
    ],
)
def test_a16_judges_short_answers(answer: str, mistake: str | None, points: int):
    feedback = concept("A16").check(answer)
    assert feedback.mistake == mistake, feedback
    assert list(feedback.parts.values()).count("right") == points, feedback
    assert not feedback.correct


def test_a16_multiple_choice():
    """200 variants: four letters, one of them right, and what is right follows from what was drawn."""
    true = {point.text for point in concept("A16").points}
    for seed in range(200):
        choice = byhand.variant("A16", seed)
        options = dict(zip("abcd", choice.options, strict=True))
        wanted = [
            letter
            for letter, option in options.items()
            if (option in true) == ("is right?" in choice.statement)
        ]
        assert wanted == [choice.answer], choice.statement
        assert {letter: choice.check(letter).correct for letter in "abcd"} == {
            k: k == choice.answer for k in "abcd"
        }
