"""Residual nets, Inception and DenseNet: byhand against cvlib and NumPy, and the coursework's verified answers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from routes import floats, hold, recognised, verified

import byhand
from cvlib import ops

# A25: in words


@pytest.mark.parametrize(
    "claim",
    ["11 layers", "AlexNet has 11 layers", "AlexNet has 11 layers, ResNet has 152.", "eleven layers"],
)
def test_a25_eleven_layers(claim: str):
    recognised("A25", claim, "alexnet_has_11_layers")


@pytest.mark.parametrize(
    ("claim", "mistake"),
    [
        ("Residual blocks were invented to prevent overfitting", "skips_against_overfitting"),
        ("the skip connection concatenates the input and the output", "residual_block_concatenates"),
        ("In a block the input is multiplied with F(x)", "residual_block_multiplies"),
    ],
)
def test_a25_misconceptions_in_other_words(claim: str, mistake: str):
    recognised("A25", claim, mistake)


def test_a25_good_answers():
    concept = byhand.problem("A25")
    answer = (
        "AlexNet: 8 layers (5 conv and 3 fully connected), no batch normalisation. Its first layer has 11x11 filters. "
        "ResNet is far deeper, with 50 or 152 layers and batch norm. Its skip connections add the input to the output "
        "of a block, so that gradients do not vanish. It ends in average pooling and a single dense layer."
    )
    assert concept.check(answer).correct, concept.check(answer)
    for truth in ("AlexNet has 8 layers, not 11.", "The first layer of AlexNet uses filters of size 11."):
        assert concept.check(truth).mistake is None, truth


def test_a25_choices():
    true = {point.text for point in byhand.problem("A25").points}
    for seed in range(200):
        choice = byhand.variant("A25", seed)
        truths = [option in true for option in choice.options]
        assert truths.count(True) in (1, 3)
        odd = truths.index(truths.count(True) == 1)
        assert [choice.check(letter).correct for letter in "abcd"] == [i == odd for i in range(4)]


# A26: a net is built of arrays, and what its layers read is weighed.


def dense_and_residual(given: SimpleNamespace) -> dict[str, object]:
    n, plane = given.layers, (given.size, given.size)

    def map_stack(depth: int) -> np.ndarray:
        return np.zeros((depth, *plane), dtype=np.float32)

    weights_d = weights_r = copied = residual = 0
    pieces = [map_stack(given.depth)]
    read: dict[int, int] = {}
    x = map_stack(given.depth)
    for layer in range(n):
        concatenated = np.concatenate(pieces)
        copied += concatenated.nbytes
        read.update({id(piece): piece.nbytes for piece in pieces})
        weights_d += np.zeros((given.growth, len(concatenated), 3, 3)).size
        pieces.append(map_stack(given.growth))
        residual += x.nbytes
        weights_r += np.zeros((given.depth, len(x), 3, 3)).size
        x = map_stack(given.depth) + x if layer % 2 else map_stack(given.depth)
    return {
        "weightsD": weights_d,
        "weightsR": weights_r,
        "bytesD": copied,
        "bytesR": residual,
        "bytesS": sum(read.values()),
    }


def test_a26():
    hold("A26", dense_and_residual)
    verified("A26", weightsD=89_856, weightsR=221_184)  # 9 * 16 * 624 and 6 * 9 * 64 * 64
    verified(
        "A26", bytesD=624 * 12_544, bytesR=384 * 12_544, bytesS=144 * 12_544
    )  # a map of 56 x 56 in float32


def test_a26_always_comes_to_the_same_conclusion():
    for seed in range(500):
        v = byhand.variant("A26", seed).values
        assert v["weightsD"] < v["weightsR"]
        assert v["bytesS"] < v["bytesR"] < v["bytesD"]


def test_a26_slips():
    recognised("A26", "bytesD = 1956864", "numbers_for_bytes")  # 624 * 56 * 56
    recognised("A26", "weightsD = 20736", "only_the_layer_before")  # 9 * 16 * (64 + 5 * 16)
    recognised("A26", "bytesR = 7,225,344 bytes", "skip_kept_twice")  # 9 * 64 * 56 * 56 * 4


# B11 and B12


def residual_block(given: SimpleNamespace) -> dict[str, object]:
    def block(w1: np.ndarray, w2: np.ndarray) -> tuple[np.ndarray, ...]:
        h = ops.relu(ops.linear(given.x[None], w1))
        change = ops.linear(h, w2)
        return h[0], change[0], change[0] + given.x

    h, change, y = block(given.W1, given.W2)
    return {"h": h, "F": change, "y": y, "y0": block(0 * given.W1, 0 * given.W2)[2]}


def test_b11():
    hold("B11", residual_block)
    # By hand: W1 x = (-1, 4), W2 (0, 4) = (-4, 4, -4).
    verified("B11", h=[0, 4], F=[-4, 4, -4], y=[-2, 3, -1], y0=[2, -1, 3])


def test_b11_slips():
    recognised("B11", "y = [-4, 4, -4]", "skip_forgotten")
    recognised("B11", "y0 = [0, 0, 0]", "zero_weights_zero_output")
    recognised("B11", "h = [-1, 4]", "activation_forgotten")


def slope(f: Callable[[float], float], at: float = 0.0) -> float:
    """A central difference; exact but for rounding where f is linear."""
    h = 2.0**-8
    return (f(at + h) - f(at - h)) / (2 * h)


def through_skips(given: SimpleNamespace) -> dict[str, object]:
    """All gradients by central differences of the nets themselves."""

    def loss(x: np.ndarray) -> float:
        return float(given.dy @ (given.W @ x + x))

    def stack(x: float, slopes: np.ndarray, *, skip: bool) -> float:
        for w in slopes[::-1]:  # forward; the slopes are given as the backward pass meets them
            x = w * x + x if skip else w * x
        return x

    count = len(given.w)
    return {
        "dx": [slope(lambda t, e=e: loss(1.0 + t * e)) for e in np.eye(len(given.dy))],
        "P": [slope(lambda x, n=n: stack(x, given.w[: n + 1], skip=False)) for n in range(count)],
        "R": [slope(lambda x, n=n: stack(x, given.w[: n + 1], skip=True)) for n in range(count)],
    }


def test_b12():
    hold("B12", through_skips)
    # By hand: (I + W)^T dy = (2 * 2 - 1, 2 * 2 + 4); products of 0.5, 0.2, 0.5, 0.1, 0.4 and of 1 plus each.
    verified("B12", dx=[3, 8], P=[0.5, 0.1, 0.05, 0.005, 0.002], R=[1.5, 1.8, 2.7, 2.97, 4.158])


def test_b12_skips_do_not_prevent_growth():
    recognised("B12", "R = [1, 1, 1, 1, 1]", "skip_caps_the_gradient")
    told = next(wrong for wrong in byhand.problem("B12").mistakes if wrong.name == "skip_caps_the_gradient")
    assert "exploding" in told.recorded
    for seed in range(100):
        values = byhand.variant("B12", seed).values
        assert list(values["R"]) == sorted(values["R"])
        assert values["R"][-1] > 1 > values["P"][-1]


def test_b12_slips():
    recognised("B12", "dx = [1, 7]", "gradient_of_the_skip_forgotten")
    recognised("B12", "dx = [6, 2]", "transposed")
    recognised("B12", "P = [0.5, 0.7, 1.2, 1.3, 1.7]", "added_along_the_stack")


# B13 and B14: windows are laid out as arrays and their entries counted.


def products(size: int, depth: int, filters: int, kernel_size: int, padding: int | None = None) -> int:
    """Count the numbers in all windows of a padded image: each filter multiplies each of them once."""
    padding = kernel_size // 2 if padding is None else padding
    image = np.zeros((depth, size + 2 * padding, size + 2 * padding), dtype=np.int8)
    windows = np.lib.stride_tricks.sliding_window_view(image, (kernel_size, kernel_size), axis=(1, 2))
    return windows.size * filters


def bottleneck(given: SimpleNamespace) -> dict[str, object]:
    g = given
    direct3, direct5 = (products(g.size, g.depth, g.filters, k) for k in (3, 5))
    reduce, expand = products(g.size, g.depth, g.reduced, 1), products(g.size, g.reduced, g.filters, 5)
    both = reduce + expand
    return {
        "direct3": direct3,
        "direct5": direct5,
        "reduce": reduce,
        "expand": expand,
        "bottleneck": both,
        "ratio": direct5 / both,
    }


def test_b13():
    hold("B13", bottleneck)
    verified("B13", direct3=43_352_064, direct5=120_422_400)
    verified("B13", reduce=2_408_448, expand=10_035_200, bottleneck=12_443_648)
    verified("B13", ratio=9.68, atol=0.005)


@pytest.mark.parametrize(
    "text", ["12,800,000", "12800000", "bottleneck = 12.8 million", "12.800.000", "reduce = 2764800"]
)
def test_b13_padded_pointwise_convolution(text: str):
    assert products(28, 192, 16, 1, padding=1) == 2_764_800
    recognised("B13", text, "pointwise_convolution_padded")


def test_b13_slips():
    recognised("B13", "ratio = 3.48", "compared_with_the_smaller_filter")
    recognised("B13", "direct5 = 88,473,600", "padding_forgotten")  # 24 * 24 windows
    recognised("B13", "bottleneck = 10,035,200", "reduction_not_counted")


def inception(given: SimpleNamespace) -> dict[str, object]:
    g = given
    branch3, branch5 = products(g.size, g.depth, g.filters3, 3), products(g.size, g.depth, g.filters5, 5)
    reduced3 = products(g.size, g.depth, g.reduced3, 1) + products(g.size, g.reduced3, g.filters3, 3)
    reduced5 = products(g.size, g.depth, g.reduced5, 1) + products(g.size, g.reduced5, g.filters5, 5)
    naive, reduced = branch3 + branch5, reduced3 + reduced5
    return {
        "branch3": branch3,
        "branch5": branch5,
        "naive": naive,
        "reduced3": reduced3,
        "reduced5": reduced5,
        "reduced": reduced,
        "ratio": naive / reduced,
    }


def test_b14():
    hold("B14", inception)
    verified("B14", branch3=226_492_416, branch5=157_286_400, naive=383_778_816)
    verified("B14", reduced3=88_080_384, reduced5=16_252_928, reduced=104_333_312)
    verified("B14", ratio=3.68, atol=0.005)


@pytest.mark.parametrize("text", ["4", "ratio = 4", "ratio: 4"])
def test_b14_rounded_to_4(text: str):
    recognised("B14", text, "rounded_early")


# C2b and C2c: one layer with two filters makes what is concatenated; the sum of the filters makes the sum.


def test_c2b():
    def route(given: SimpleNamespace) -> dict[str, object]:
        a, b = ops.conv2d(given.image[None, None], np.stack([given.first, given.second])[:, None])[0]
        summed = ops.conv2d(given.image[None, None], (given.first + given.second)[None, None])[0]
        return {"A": a, "B": b, "S": summed[0], "depth": len(summed)}

    hold("C2b", route)
    verified("C2b", S=[[2, 2, 2], [0, 2, 6], [0, 0, 2]], depth=1)


def test_c2c():
    def route(given: SimpleNamespace) -> dict[str, object]:
        stack = ops.conv2d(given.image[None, None], np.stack([given.first, given.second])[:, None])[0]
        return {"A": stack[0], "B": stack[1], "C": stack, "depth": stack.shape[0]}

    hold("C2c", route)
    branch = [[1, 1, 1], [0, 1, 3], [0, 0, 1]]
    verified("C2c", C=[branch, branch], depth=2)


def test_c2b_and_c2c_are_not_confused():
    recognised("C2c", "C = [[2, 2, 2], [0, 2, 6], [0, 0, 2]]", "added_for_concatenated")
    recognised("C2c", "depth = 1", "depth_not_added")
    recognised("C2b", "depth = 2", "concatenated_for_added")
    recognised("C2b", "S = [[1, 1, 1], [0, 1, 9], [0, 0, 1]]", "multiplied_for_added")
    right = byhand.problem("C2c").check(
        "C = [[[1,1,1],[0,1,3],[0,0,1]], [[1,1,1],[0,1,3],[0,0,1]]]; depth = 2"
    )
    assert right.parts == {"C": "right", "depth": "right"}


# C4d


def by_depth(given: SimpleNamespace) -> dict[str, object]:
    """Gradients by central differences of the total loss for what stands at each depth."""
    n = len(given.w)

    def total(h: float, start: int, *, skip: bool = False, weight: float = 0.0) -> float:
        loss = 0.0
        for i in range(start, n):
            if i == n // 2:
                loss += weight * given.auxiliary * h
            h = given.w[i] * h + (h if skip else 0)
        return loss + h

    def sizes(**net: float) -> list[float]:
        return [abs(slope(lambda h, i=i: total(h, i, **net))) for i in range(n)]

    return {"P": sizes(), "S": sizes(skip=True), "A": sizes(weight=given.weight)}


def test_c4d():
    hold("C4d", by_depth)
    verified("C4d", P=[0.004, 0.008, 0.02, 0.04, 0.2, 0.4], S=[0.972, 0.648, 1.08, 0.72, 0.9, 0.6])
    verified("C4d", A=[0.034, 0.068, 0.17, 0.34, 0.2, 0.4])


def test_c4d_skips_keep_the_gradient_and_an_auxiliary_head_helps():
    for seed in range(200):
        values = {name: floats(value) for name, value in byhand.variant("C4d", seed).values.items()}
        assert values["P"][0] <= 0.02
        assert 0.5 < values["S"][0] < 2
        assert values["P"][0] < values["A"][0]
        np.testing.assert_array_equal(values["A"][4:], values["P"][4:])


def test_c4d_slips():
    recognised("C4d", "S = [1, 1, 1, 1, 1, 1]", "skip_alone")
    recognised(
        "C4d", "A = [0.104, 0.208, 0.52, 1.04, 0.2, 0.4]", "auxiliary_weight_forgotten"
    )  # 0.04 + 1 at h_3
    recognised("C4d", "P = [2.5, 2, 1.6, 1.1, 0.9, 0.4]", "added_along_the_stack")
