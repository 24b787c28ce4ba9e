"""Sizes, parameters and costs: byhand's counts against the arrays of real layers, and the coursework's answers."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from routes import concept, hold, recognised, verified

import byhand
from byhand.calculation import Calculation
from byhand.draws import Degenerate
from cvlib import nn, ops

MINE = ["A17", "A18", "A19", "A20", "A21", "A22", "A23", "A28", "B4", "B8", "B9", "B10", "B15", "C2a", "C3"]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def learnable(*layers: nn.Layer) -> int:
    """Return how many numbers the parameter arrays of these layers hold."""
    return sum(array.size for layer in layers for array in layer.parameters.values())


def size(maps: np.ndarray) -> list[int]:
    """Return height, width and depth of one image's maps."""
    _, depth, height, width = maps.shape
    return [height, width, depth]


def blank(height: int, width: int, depth: int) -> np.ndarray:
    return np.zeros((1, depth, height, width), np.float32)


# A23, B4: one layer, and a few


def test_a23():
    def route(given: SimpleNamespace) -> dict[str, object]:
        layer = nn.Conv2d(given.depth, given.filters, (given.rows, given.columns), bias=given.bias, rng=rng())
        return {"parameters": learnable(layer)}

    hold("A23", route)
    verified("A23", parameters=1255)


def test_a23_without_bias():
    problem = type(byhand.problem("A23"))({"rows": 5, "columns": 5, "depth": 10, "filters": 5, "bias": False})
    assert problem.answer == 1250
    assert problem.check("1255").mistake == "bias_counted"


def test_a23_slips():
    recognised("A23", "1250", "bias_forgotten")
    recognised("A23", "130", "depth_not_multiplied")  # 5 (25 + 1)
    recognised("A23", "1300", "bias_per_input_channel")  # 5 (250 + 10)
    recognised("A23", "1251", "one_bias_for_the_layer")
    recognised("A23", "251", "one_filter_only")


def test_b4():
    def route(given: SimpleNamespace) -> dict[str, object]:
        widths = list(map(int, given.widths))
        return {"parameters": learnable(*(nn.Linear(*pair, rng=rng()) for pair in pairwise(widths)))}

    hold("B4", route)
    verified("B4", parameters=26)


def test_b4_slips():
    recognised("B4", "20", "bias_forgotten")  # 12 + 8
    recognised("B4", "29", "bias_on_inputs")  # 20 + 9 units
    recognised("B4", "22", "one_bias_for_the_layer")  # 20 + 2 layers
    recognised("B4", "24", "widths_multiplied")  # 3 * 4 * 2
    recognised("B4", "9", "units_counted")


# A17, B10, B15: convolution against fully connected


def connected(inputs: np.ndarray, outputs: np.ndarray) -> int:
    """Return how many weights lie between all numbers of two arrays; the table of weights takes no memory."""
    return np.broadcast_to(np.float32(0), (outputs.size, inputs.size)).size


def test_a17():
    def route(given: SimpleNamespace) -> dict[str, object]:
        x = blank(*map(int, given.shape))
        layer = nn.Conv2d(x.shape[1], given.filters, given.kernel_size, padding=given.padding, rng=rng())
        y = layer(x)
        return {"conv": learnable(layer), "dense": connected(x, y) + y.size}

    hold("A17", route)
    verified("A17", conv=448, dense=50_348_032)  # 16 (27 + 1) and 16,384 (3,072 + 1)


def test_a17_slips():
    recognised("A17", "conv = 458752", "weights_not_shared")  # 448 at 1,024 places
    recognised("A17", "conv = 432", "bias_forgotten")
    recognised("A17", "dense = 50331648", "bias_forgotten")
    recognised("A17", "dense = 49168", "one_unit_per_map")  # 16 (3,072 + 1)
    recognised("A17", "dense = 16793600", "depth_not_multiplied")  # 16,384 (1,024 + 1)


def test_b10():
    def route(given: SimpleNamespace) -> dict[str, object]:
        height, width, depth = map(int, given.shape)
        x = np.ones((1, depth, height, width))
        w = np.ones((given.filters, depth, given.kernel_size, given.kernel_size))
        y = ops.conv2d(x, w)  # of ones: each output number is the number of its connections
        return {"dense": connected(x, y), "sparse": y.sum(), "shared": w.size}

    hold("B10", route)
    verified("B10", dense=3_612_672, sparse=115_200, shared=200)


def test_b10_slips():
    recognised("B10", "sparse = 200", "shared_already")
    recognised("B10", "sparse = 156800", "a_window_on_every_pixel")  # 784 * 8 * 25
    recognised("B10", "shared = 115200", "weights_not_shared")
    recognised("B10", "shared = 25", "one_filter_only")
    recognised("B10", "dense = 6272", "one_unit_per_map")  # 8 * 784


def test_b15():
    def route(given: SimpleNamespace) -> dict[str, object]:
        x = blank(given.size, given.size, 1)
        convolution = nn.Conv2d(1, given.filters, given.kernel_size, bias=False, rng=rng())
        flat = nn.Chain(convolution, nn.MaxPool2d(given.pool), nn.Flatten())(x)
        head = nn.Linear(flat.shape[1], given.classes, bias=False, rng=rng())
        dense = nn.Linear(x.size, given.classes, bias=False, rng=rng())
        return {
            "dense": learnable(dense),
            "filters": learnable(convolution),
            "head": learnable(head),
            "total": learnable(convolution, head),
        }

    hold("B15", route)
    verified("B15", dense=5120, filters=150, head=1470, total=1620)


def test_b15_slips():
    recognised("B15", "dense = 5125", "bias_counted")
    recognised("B15", "dense = 160", "side_for_area")
    recognised("B15", "head = 23520", "pooling_forgotten")  # 28 * 28 * 6 * 5
    recognised("B15", "head = 5120", "head_reads_the_image")
    recognised("B15", "head = 245", "depth_not_multiplied")  # 7 * 7 * 5


def test_b15_the_convolution_wins_in_every_variant():
    for seed in range(100):
        answer = byhand.variant("B15", seed).answer
        assert 2 * answer["total"] <= answer["dense"], seed


# C3: a layer table


def layer_table(given: SimpleNamespace) -> dict[str, object]:
    """Run the net on a blank image and look at what comes out and at what its layers hold."""
    (f, filters, stride), (window, jump), (g, more) = (
        list(map(int, layer)) for layer in (given.conv1, given.pool, given.conv2)
    )
    x = blank(*map(int, given.shape))
    conv1 = nn.Conv2d(x.shape[1], filters, f, stride=stride, rng=rng())
    pool = nn.MaxPool2d(window, stride=jump)
    conv2 = nn.Conv2d(filters, more, g, padding="same", rng=rng())
    flatten = nn.Flatten()
    after1 = conv1(x)
    after2 = pool(after1)
    after3 = conv2(after2)
    after4 = flatten(after3)
    dense = nn.Linear(after4.shape[1], given.units, rng=rng())
    return {
        "conv1": size(after1),
        "params1": learnable(conv1),
        "pool": size(after2),
        "params2": learnable(pool),
        "conv2": size(after3),
        "params3": learnable(conv2),
        "flat": after4.shape[1],
        "params4": learnable(flatten),
        "dense": dense(after4).shape[1],
        "params5": learnable(dense),
        "total": learnable(conv1, pool, conv2, flatten, dense),
    }


def test_c3():
    hold("C3", layer_table)
    verified(
        "C3",
        conv1=[9, 9, 6],
        params1=456,
        pool=[4, 4, 6],
        params2=0,
        conv2=[4, 4, 10],
        params3=550,
        flat=160,
        params4=0,
        dense=10,
        params5=1610,
        total=2616,
    )


@pytest.mark.parametrize("text", ["2606", "1600", "total = 2606", "params5: 1600", "2,606 parameters"])
def test_c3_bias_of_the_dense_layer_forgotten(text: str):
    recognised("C3", text, "bias_forgotten")


def test_c3_knows_what_the_hand_written_solution_said():
    (recorded,) = [mistake for mistake in byhand.problem("C3").mistakes if mistake.recorded]
    assert (recorded.parts["params5"], recorded.parts["total"]) == (1600, 2606)


def test_c3_follows_through():
    """A wrong pooling spoils the rest, but what is built on it rightly keeps its credit: 7 x 7 x 10 = 490."""
    text = "pool = 7x7x6; conv2 = 7x7x10; params3 = 550; flat = 490; params5 = 4910; total = 5916"
    feedback = byhand.problem("C3").check(text)
    assert feedback.mistake == "stride_ignored"
    assert feedback.parts == {
        "pool": "stride_ignored",
        "conv2": "follows",
        "params3": "right",
        "flat": "follows",
        "params5": "follows",
        "total": "follows",
    }


def test_c3_slips():
    recognised("C3", "total = 2590", "bias_forgotten")  # 450 + 540 + 1600
    recognised("C3", "total = 1610", "last_layer_only")
    recognised("C3", "conv1 = 17x17x6", "stride_ignored")
    recognised("C3", "conv1 = 9x9x3", "depth_of_the_input_kept")
    recognised("C3", "conv2 = 2x2x10", "padding_forgotten")
    recognised("C3", "params1 = 156", "depth_not_multiplied")  # 6 (25 + 1)
    recognised("C3", "params2 = 54", "window_counted_as_weights")
    recognised("C3", "flat = 16", "depth_not_multiplied")


# B9: what units see


def seen(layers: np.ndarray) -> int:
    """Send a gradient back from one unit through filters of ones, and count the pixels that it reaches."""
    gradient = np.ones((1, 1, 1, 1))
    for kernel_size, stride, _ in layers[::-1].astype(int):
        below = np.zeros((1, 1, 1, (gradient.shape[3] - 1) * stride + kernel_size))
        window = np.ones((1, 1, 1, kernel_size))
        gradient, _, _ = ops.conv2d_backward(gradient, below, window, stride=(1, stride))
    return np.count_nonzero(gradient)


def test_b9():
    hold("B9", lambda given: {f"r{n}": seen(given.layers[:n]) for n in range(1, 5)})
    verified("B9", r1=3, r2=5, r3=6, r4=10)


def test_b9_slips():
    recognised("B9", "r4 = 8", "stride_ignored")  # 1 + 2 + 2 + 1 + 2
    recognised("B9", "r3 = 7", "stride_counted_too_early")
    recognised("B9", "r2 = 6", "whole_window_added")
    recognised("B9", "r3 = 18", "windows_multiplied")


def test_b9_slips_of_layers_with_strides():
    """Worked by hand for filters of 3, 5, 2, 3 with strides 2, 1, 2, 1: jumps 2, 2, 4, 4."""
    problem = type(byhand.problem("B9"))({"layers": [[3, 2, 0], [5, 1, 0], [2, 2, 1], [3, 1, 0]]})
    assert problem.answer == {"r1": 3, "r2": 11, "r3": 13, "r4": 21}
    wrong = {(mistake.name, mistake.part): mistake.value for mistake in problem.mistakes}
    assert wrong["stride_counted_too_early", "r1"] == 5  # 1 + 2 * 2
    assert wrong["stride_counted_too_early", "r3"] == 17  # 5 + 4 * 2 + 1 * 4
    assert wrong["whole_window_added", "r4"] == 29  # 3 + 5 * 2 + 2 * 2 + 3 * 4
    assert wrong["stride_ignored", "r4"] == 10  # 1 + 2 + 4 + 1 + 2
    assert wrong["windows_multiplied", "r4"] == 90


# A28: the same head twice


def two_heads(given: SimpleNamespace) -> dict[str, object]:
    """Lay the dense head on every window by hand, and count what its two forms hold."""
    windows = np.lib.stride_tricks.sliding_window_view(given.X, (2, 2))
    scores = ops.linear(windows.reshape(-1, 4), given.W, given.b).T.reshape(2, *windows.shape[:2])
    return {
        "z": scores[:, 0, 0],
        "P": scores[0],
        "Q": scores[1],
        "dense": learnable(nn.Linear(4, 2, rng=rng())),
        "conv": learnable(nn.Conv2d(1, 2, 2, rng=rng())),
    }


def test_a28():
    """Sliding the dense head over the map gives what the convolution gives, with as many parameters."""
    hold("A28", two_heads)
    verified("A28", z=[8, -4], P=[[8, -2, 4], [4, 7, -1]], Q=[[-4, 2, 0], [0, -3, 1]], dense=10, conv=10)


def test_a28_heads_agree_in_every_variant():
    for seed in range(100):
        answer = byhand.variant("A28", seed).answer
        assert [answer["P"][0][0], answer["Q"][0][0]] == answer["z"], seed
        assert answer["dense"] == answer["conv"], seed


def test_a28_refuses_two_classes_that_differ_in_their_bias_alone():
    given = {"X": [[1, 0, 2], [3, 2, 4], [2, 2, 0]], "W": [[-2, 1, 2, -1]] * 2, "b": [1, -1]}
    with pytest.raises(Degenerate, match="same weights"):
        type(byhand.problem("A28"))(given).refuse()


def test_a28_slips():
    given = byhand.problem("A28").given
    X, F = np.array(given.X)[None, None], np.array(given.W).reshape(2, 2, 2)

    def typed(kernel: np.ndarray, bias: int, **options: int) -> str:
        return str((ops.conv2d(X, kernel[None, None], **options)[0, 0] + bias).astype(int).tolist())

    recognised("A28", f"P = {typed(F[0][::-1, ::-1], 1)}", "kernel_flipped")
    recognised("A28", f"P = {typed(F[0].T, 1)}", "flattened_by_columns")
    recognised("A28", f"P = {typed(F[0], 0)}", "bias_forgotten")
    recognised("A28", f"Q = {typed(F[1], 0)}", "bias_forgotten")
    recognised("A28", f"Q = {typed(F[1], -2, stride=2)}", "windows_side_by_side")
    recognised("A28", "z = [9, -4]", "flattened_by_columns")  # 2 * 1 + 1 * 0 - 0 * 1 + 3 * 2 + 1
    recognised("A28", "z = [7, -2]", "bias_forgotten")
    recognised("A28", "dense = 8", "bias_forgotten")
    recognised("A28", "conv = 60", "weights_not_shared")  # 10 at six places


# A27: what it is good for


def test_a27_accepts_its_model_answer():
    assert concept("A27").check(concept("A27").model).correct


def test_a27_recognises_every_misconception():
    for wrong in concept("A27").misconceptions:
        assert concept("A27").check(wrong.claim).mistake == wrong.name, wrong.claim


def test_a27_accepts_other_words():
    answer = (
        "The dense layer can be rewritten as a convolution with a kernel that covers the whole map; its weights are "
        "just reshaped. Then pictures of arbitrary size may go in. You get a heatmap of class scores. It's like a "
        "sliding window, but in a single forward pass."
    )
    feedback = concept("A27").check(answer)
    assert feedback.correct, feedback.message


@pytest.mark.parametrize(
    ("answer", "mistake", "points"),
    [
        ("It has fewer parameters.", "conversion_saves_parameters", 0),
        (
            "We have to retrain the network, which must be retrained on larger images.",
            "needs_new_training",
            1,
        ),
        ("The network need not be trained again, as the weights stay the same.", None, 1),
        ("All images are resized first.", "resizes_the_image", 0),
        ("It works for inputs of any size and gives a map of scores.", None, 2),
        ("Nothing.", None, 0),
    ],
)
def test_a27_judges_short_answers(answer: str, mistake: str | None, points: int):
    feedback = concept("A27").check(answer)
    assert feedback.mistake == mistake, feedback
    assert list(feedback.parts.values()).count("right") == points, feedback
    assert not feedback.correct


def test_a27_multiple_choice():
    """200 variants: four letters, one of them right, and what is right follows from what was drawn."""
    true = {point.text for point in concept("A27").points}
    for seed in range(200):
        choice = byhand.variant("A27", seed)
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


# What is shown: the numbers of every step lead to its result


@pytest.mark.parametrize("identity", MINE)
def test_the_numbers_shown_lead_to_the_result_shown(identity: str):
    checked = 0
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(30))]:
        assert isinstance(problem, Calculation)
        for step in problem.solution.steps:
            if step.numbers:
                assert worth(step.numbers) == step.result, f"{problem.name}: {step.numbers} = {step.result}"
                checked += 1
    assert checked >= 31


def test_the_check_of_shown_numbers_bites():
    assert worth(r"\left\lfloor \frac{28 + 2 \cdot 0 - 3}{2} \right\rfloor + 1") == 13
    assert worth(r"12{,}800 \cdot (-2) + \max(0, -1, 4)") == -25_596
    assert worth(r"\frac{784}{25}") == Fraction(784, 25)


def worth(tex: str) -> Fraction:
    """Return the value of sums, products, fractions, floors and maxima in LaTeX."""
    text = re.sub(r"\\left|\\right|\{,\}", "", tex)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = text.replace(r"\lfloor", "floor(").replace(r"\rfloor", ")").replace(r"\max", "max")
    return _value(ast.parse(text.replace(r"\cdot", "*"), mode="eval").body)


_OPERATIONS: dict[type[ast.AST], Callable[..., Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATIONS[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATIONS[type(op)](_value(operand))
        case ast.Call(func=ast.Name(id=name), args=args):
            return Fraction({"floor": math.floor, "max": max}[name](*map(_value, args)))
    raise ValueError(f"not arithmetic: {ast.unparse(node)}")
