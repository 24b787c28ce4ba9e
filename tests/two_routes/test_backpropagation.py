"""Backpropagation: byhand against cvlib, against measured slopes, and the coursework's verified answers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from routes import floats, hold, recognised, verified
from shown import slack, worth

import byhand
from cvlib import losses, ops
from cvlib.gradcheck import numerical_gradient

CALCULATIONS = ["A2", "A4", "A5", "A24", "B2", "B3", "C5", "D1", "D2", "D3"]
SLOPES = 25  # variants whose gradients are measured


def maps(x: Any) -> np.ndarray:
    return np.asarray(x, dtype=np.float64)[None, None]


def conv(image: np.ndarray, kernel: np.ndarray, bias: float = 0.0) -> np.ndarray:
    return ops.conv2d(maps(image), maps(kernel))[0, 0] + bias


def conv_backward(dy: np.ndarray, image: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    dx, dw, _ = ops.conv2d_backward(maps(dy), maps(image), maps(kernel))
    return dx[0, 0], dw[0, 0]


def pool(x: np.ndarray) -> np.ndarray:
    return ops.max_pool2d(maps(x), 2)[0, 0]


def pool_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    return ops.max_pool2d_backward(maps(dy), maps(x), 2)[0, 0]


def leaky(x: np.ndarray, slope: float) -> np.ndarray:
    return np.where(x > 0, x, slope * x)


def leaky_backward(dy: np.ndarray, x: np.ndarray, slope: float) -> np.ndarray:
    return np.where(x > 0, 1.0, slope) * dy


def measure(
    identity: str,
    loss: Callable[..., float],
    parts: dict[str, str],
    *,
    seeds: int = SLOPES,
    atol: float = 1e-6,
) -> None:
    """Hold gradients to the slopes of the loss, measured by moving each given number to both sides.

    ``loss`` takes the givens by name; ``parts`` says which part is the gradient for which given.
    """
    for seed in range(seeds):
        problem = byhand.variant(identity, seed)
        given = {name: floats(value) for name, value in vars(problem.given).items()}
        for part, name in parts.items():
            x = np.asarray(given[name], dtype=np.float64)

            def moved(x: np.ndarray, given: dict[str, Any] = given, name: str = name) -> float:
                return float(loss(SimpleNamespace(**{**given, name: x})))

            np.testing.assert_allclose(
                floats(problem.values[part]),
                numerical_gradient(moved, x),
                rtol=1e-6,
                atol=atol,
                err_msg=f"{problem.name}, part {part}",
            )


# A2: convolution, max pooling, ReLU


def a2(given: SimpleNamespace) -> dict[str, Any]:
    feature = conv(given.image, given.kernel)
    pooled = pool(feature)
    dO = losses.squared_error_backward(ops.relu(pooled), given.target)
    dK = ops.relu_backward(dO, pooled)
    dJ = pool_backward(dK, feature)
    dI, dW = conv_backward(dJ, given.image, given.kernel)
    return {"dO": dO, "dK": dK, "dJ": dJ, "dW": dW, "dI": dI}


def a2_loss(given: SimpleNamespace) -> float:
    return losses.squared_error(ops.relu(pool(conv(given.image, given.kernel))), given.target)


def test_a2():
    hold("A2", a2)
    verified(
        "A2",
        dO=[[-5, -1]],
        dK=[[-5, -1]],
        dJ=[[-5, 0, 0, 0], [0, 0, -1, 0]],
        dW=[[-8, -16, -10], [-24, -43, -24], [-12, -8, -29]],
    )


def test_a2_gradient_for_the_image_is_the_full_correlation_with_the_turned_filter():
    problem = byhand.problem("A2")
    dJ, kernel = np.array(problem.values["dJ"]), np.array(problem.given.kernel)
    np.testing.assert_array_equal(problem.values["dI"], conv(np.pad(dJ, 2), kernel[::-1, ::-1]))


def test_a2_gradients_are_the_measured_slopes():
    measure("A2", a2_loss, {"dW": "kernel", "dI": "image"})


def test_a2_shows_the_maps_of_its_own_forward_pass():
    for seed in range(100):
        given = byhand.variant("A2", seed).given
        feature = conv(given.image, given.kernel)
        np.testing.assert_array_equal(given.feature, feature)
        np.testing.assert_array_equal(given.pooled, pool(feature))
        np.testing.assert_array_equal(given.output, ops.relu(pool(feature)))


def test_a2_slips():
    recognised("A2", "dO = [5, 1]", "gradient_sign")
    recognised("A2", "dO = [-10, -2]", "half_forgotten")
    recognised("A2", "dK = [0, 0]", "relu_of_the_gradient")
    spread = "[[-1.25, -1.25, -0.25, -0.25], [-1.25, -1.25, -0.25, -0.25]]"
    recognised("A2", f"dJ = {spread}", "max_pool_gradient_spread")
    recognised("A2", "dJ = [[-5, 0, -1, 0], [0, 0, 0, 0]]", "max_pool_gradient_in_the_corner")
    recognised("A2", "dW = [[-29, -8, -12], [-24, -43, -24], [-10, -16, -8]]", "gradient_turned")
    recognised(
        "A2",
        "dI = [[-5, 0, 5, 0, 0, 0], [-5, 0, 4, 0, 1, 0], [-5, 0, 4, 0, 1, 0], [0, 0, -1, 0, 1, 0]]",
        "filter_not_turned",
    )


def test_a2_arithmetic_slips_in_the_first_row_as_in_the_original():
    # -5 * 1 + 1 * 3 and -5 * 3 + 1 * 1, with the minus of the second gradient lost; the third entry has 0 there.
    recognised("A2", "dW = [[-2, -14, -10], [-24, -43, -24], [-12, -8, -29]]", "minus_lost")
    feedback = byhand.problem("A2").check("dW = [[-8, 16, -10], [-24, -43, -24], [-12, -8, -29]]")
    assert feedback.mistake == "some_signs"
    assert "row 0, column 1" in feedback.message
    feedback = byhand.problem("A2").check("dW = [[-9, -17, -10], [-24, 43, -24], [-12, -8, -29]]")
    assert "6 of 9 values are right" in feedback.message


# A4: one hidden layer, cross-entropy


def a4(given: SimpleNamespace) -> dict[str, Any]:
    s = ops.linear(given.x[None], given.W1.T)
    h = ops.relu(s)
    z = ops.linear(h, given.W2.T)
    dz = losses.cross_entropy_backward(z, given.y[None])
    dh, dW2, _ = ops.linear_backward(dz, h, given.W2.T)
    ds = ops.relu_backward(dh, s)
    _, dW1, _ = ops.linear_backward(ds, given.x[None], given.W1.T)
    return {
        "s": s[0],
        "h": h[0],
        "z": z[0],
        "p": ops.softmax(z)[0],
        "dz": dz[0],
        "dW2": dW2.T,
        "dh": dh[0],
        "ds": ds[0],
        "dW1": dW1.T,
    }


def a4_loss(given: SimpleNamespace) -> float:
    z = np.maximum(given.x @ given.W1, 0) @ given.W2
    return float(np.log(np.exp(z).sum()) - given.y @ z)


def test_a4():
    hold("A4", a4)


def test_a4_is_the_derived_formula():
    given = SimpleNamespace(
        **{name: floats(value) for name, value in vars(byhand.problem("A4").given).items()}
    )
    h = np.maximum(given.x @ given.W1, 0)
    dz = np.exp(h @ given.W2) / np.exp(h @ given.W2).sum() - given.y
    dW1 = np.outer(given.x, (dz @ given.W2.T) * (given.x @ given.W1 > 0))
    verified("A4", atol=1e-12, dW2=np.outer(h, dz), dW1=dW1)


def test_a4_gradients_are_the_measured_slopes():
    measure("A4", a4_loss, {"dW1": "W1", "dW2": "W2"})


def test_a4_slips():
    recognised("A4", "dz = [0.7553, -0.0900, -0.6652]", "gradient_sign")
    recognised("A4", "dz = [0.2447, 0.0900, 0.6652]", "target_not_subtracted")
    recognised("A4", "ds = [-0.8453, 0.4852, 0.7553]", "relu_mask_forgotten")


def test_a4_mistakes_of_the_original():
    # dh = (-0.8453, 0.4852, 0.7553), times the hidden values 2, 0 and 3; and without the unit at the kink.
    recognised("A4", "ds = [-1.6906, 0, 2.2658]", "activation_for_derivative")
    recognised("A4", "ds = [-0.8453, 0.7553]", "kink_left_out")


# A5: a linear net with penalties


def a5(given: SimpleNamespace) -> dict[str, Any]:
    h = ops.linear(given.x, given.W1, given.b1)
    W2, b2 = given.W2[None], np.array([float(given.b2)])
    z = ops.linear(h, W2, b2)
    dz = losses.squared_error_backward(z, given.y[:, None])
    dh, dW2, db2 = ops.linear_backward(dz, h, W2, b2)
    _, dW1, db1 = ops.linear_backward(dh, given.x, given.W1, given.b1)
    return {
        "h": h,
        "z": z[:, 0],
        "dz": dz[:, 0],
        "dW2": dW2[0] + given.beta * given.W2,
        "db2": db2[0],
        "dh": dh,
        "dW1": dW1 + given.gamma * given.W1,
        "db1": db1,
    }


def a5_loss(given: SimpleNamespace) -> float:
    z = (given.x @ given.W1.T + given.b1) @ given.W2 + given.b2
    penalty = given.gamma * (given.W1**2).sum() + given.beta * (given.W2**2).sum()
    return (((z - given.y) ** 2).sum() + penalty) / 2


def test_a5():
    hold("A5", a5)


def test_a5_gradients_are_the_measured_slopes():
    measure("A5", a5_loss, {"dW1": "W1", "db1": "b1", "dW2": "W2", "db2": "b2"})


def test_a5_mistakes_of_the_original():
    # dz = (2, -3), h = ((4, 2), (3, -6)), dh = ((4, 2), (-6, -3)): the error alone, without the penalties.
    recognised("A5", "dW2 = [-1, 22]", "penalty_forgotten")
    recognised("A5", "dW1 = [[-14, 14], [-7, 7]]", "penalty_forgotten")


def test_a5_slips():
    recognised("A5", "dz = [4, -6]", "half_forgotten")
    recognised("A5", "dW2 = [0, 22.5]", "penalties_swapped")
    recognised("A5", "db2 = -1/2", "mean_for_sum")
    recognised("A5", "db1 = [-1.5, -1.5]", "penalty_on_the_biases")


# A24: a whole small net


def a24(given: SimpleNamespace) -> dict[str, Any]:
    J = conv(given.image, given.kernel)
    K = pool(J)
    H = leaky(K, given.slope)
    w, b = given.v[None], np.array([float(given.b)])
    y = ops.linear(H.reshape(1, -1), w, b)
    target = np.array([[given.t]])
    dy = losses.squared_error_backward(y, target)
    dflat, dv, db = ops.linear_backward(dy, H.reshape(1, -1), w, b)
    dH = dflat.reshape(H.shape)
    dK = leaky_backward(dH, K, given.slope)
    dJ = pool_backward(dK, J)
    return {
        "J": J,
        "K": K,
        "H": H,
        "y": y[0, 0],
        "L": losses.squared_error(y, target),
        "dy": dy[0, 0],
        "dv": dv[0],
        "db": db[0],
        "dH": dH,
        "dK": dK,
        "dJ": dJ,
        "dW": conv_backward(dJ, given.image, given.kernel)[1],
    }


def a24_loss(given: SimpleNamespace) -> float:
    hidden = leaky(pool(conv(given.image, given.kernel)), given.slope).ravel()
    return losses.squared_error(np.array([given.v @ hidden + given.b]).ravel(), np.array([given.t]))


def test_a24():
    hold("A24", a24)


def test_a24_gradients_are_the_measured_slopes():
    measure("A24", a24_loss, {"dW": "kernel", "dv": "v", "db": "b"})


def test_a24_variants_have_a_positive_and_a_negative_unit_and_both_activations():
    slopes = set()
    for seed in range(100):
        problem = byhand.variant("A24", seed)
        slopes.add(problem.given.slope)
        pooled = np.array(problem.values["K"])
        assert (pooled > 0).any(), seed
        assert (pooled < 0).any(), seed
        assert problem.values["dy"] != 0
    assert slopes == {0, Fraction(1, 10), Fraction(1, 5)}


def test_a24_slips():
    recognised("A24", "H = [[0.5, -1], [0.3, 0.4]]", "leaky_slope_on_the_wrong_side")
    recognised("A24", "H = [[5, 0], [3, 4]]", "relu_for_leaky_relu")
    recognised("A24", "y = 6.3", "bias_forgotten")
    recognised("A24", "L = 4", "half_forgotten")
    recognised("A24", "dv = [10, -2, 6, 8]", "derivative_at_the_wrong_point")
    recognised("A24", "dK = [[-2, -6], [2, 4]]", "slope_forgotten")
    recognised("A24", "dW = [[2, 12.8], [-0.4, 3.4]]", "gradient_turned")


# B2: three layers


def b2(given: SimpleNamespace) -> dict[str, Any]:
    z1 = ops.linear(given.x[None], given.W1)
    a1 = ops.relu(z1)
    z2 = ops.linear(a1, given.W2)
    a2 = ops.relu(z2)
    z3 = ops.linear(a2, given.W3)
    parts = {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "z3": z3, "p": ops.softmax(z3)}
    return {name: value[0] for name, value in parts.items()}


def test_b2():
    hold("B2", b2)
    verified(
        "B2",
        z1=[Fraction("0.2"), Fraction("-0.1")],
        a1=[Fraction("0.2"), 0],
        z2=[Fraction("0.02"), Fraction("-0.06"), Fraction("0.04")],
        a2=[Fraction("0.02"), 0, Fraction("0.04")],
        z3=[Fraction("0.010"), Fraction("0.014")],
    )
    verified("B2", atol=5e-4, p=[0.499, 0.501])


def test_b2_three_decimals_are_enough_and_one_is_not():
    assert byhand.problem("B2").check("p = [0.499, 0.501]").parts == {"p": "right"}
    recognised("B2", "p = [0.5, 0.5]", "rounded_early")
    recognised("B2", "[0.5, 0.5]", "rounded_early")


def test_b2_slips():
    recognised("B2", "z1 = [-0.3, -0.35]", "weights_transposed")
    recognised("B2", "a1 = [0.2, -0.1]", "activation_forgotten")
    recognised("B2", "p = [0.4167, 0.5833]", "exponential_forgotten")
    recognised("B2", "p = [0.4995, 0.5005]", "softmax_of_probabilities")


def test_b2_variants_have_a_clear_winner():
    for seed in range(100):
        p = byhand.variant("B2", seed).values["p"]
        assert abs(p[0] - p[1]) >= 0.002, seed


# B3: XOR


def b3(given: SimpleNamespace) -> dict[str, Any]:
    w2, b2 = given.w2[None], np.array([float(given.b2)])
    S = ops.linear(given.X, given.W1, given.b1)
    H = ops.relu(S)
    o = ops.linear(H, w2, b2)
    do = losses.squared_error_backward(o, given.t[:, None])
    dH, dw2, db2 = ops.linear_backward(do, H, w2, b2)
    dS = ops.relu_backward(dH, S)
    _, dW1, db1 = ops.linear_backward(dS, given.X, given.W1, given.b1)
    return {
        "S": S,
        "H": H,
        "o": o[:, 0],
        "L": losses.squared_error(o, given.t[:, None]),
        "do": do[:, 0],
        "dw2": dw2[0],
        "db2": db2[0],
        "dH": dH,
        "dS": dS,
        "dW1": dW1,
        "db1": db1,
        "W1new": given.W1 - given.lr * dW1,
        "b1new": given.b1 - given.lr * db1,
        "w2new": given.w2 - given.lr * dw2[0],
        "b2new": given.b2 - given.lr * db2[0],
    }


def b3_loss(given: SimpleNamespace) -> float:
    o = np.maximum(given.X @ given.W1.T + given.b1, 0) @ given.w2 + given.b2
    return ((o - given.t) ** 2).sum() / 2


def test_b3():
    hold("B3", b3)
    zeros = [[0, 0], [0, 0]]
    verified("B3", o=[0, 1, 1, 0], L=0, do=[0, 0, 0, 0], dw2=[0, 0], db2=0, dW1=zeros, db1=[0, 0])
    verified("B3", W1new=[[1, 1], [1, 1]], b1new=[0, -1], w2new=[1, -2], b2new=0)


def test_b3_gradients_are_the_measured_slopes():
    measure("B3", b3_loss, {"dW1": "W1", "db1": "b1", "dw2": "w2", "db2": "b2"})


def test_b3_variants_have_something_to_learn():
    for seed in range(100):
        values = byhand.variant("B3", seed).values
        for part in ("L", "dw2", "db2", "dW1", "db1"):
            assert np.any(floats(values[part])), (seed, part)


def test_b3_outputs_written_as_vectors_as_in_the_original():
    # The hidden values (0,0), (1,0), (1,0), (2,1), times the weights 1 and -2, not added up; and as they are.
    recognised("B3", "o = [[0, 0], [1, 0], [1, 0], [2, -2]]", "outputs_as_vectors")
    recognised("B3", "o = [[0, 0], [1, 0], [1, 0], [2, 1]]", "outputs_as_vectors")


def test_b3_slips():
    recognised("B3", "S = [[0, 0], [1, 1], [1, 1], [2, 2]]", "bias_forgotten")
    recognised("B3", "H = [[0, -1], [1, 0], [1, 0], [2, 1]]", "activation_forgotten")


# C5: sigmoids and a filter


def c5(given: SimpleNamespace) -> dict[str, Any]:
    z1 = conv(given.x, given.W1, given.b1)
    c = ops.sigmoid(z1)
    z2 = np.sum(given.W2 * c) + given.b2
    o = ops.sigmoid(z2)
    dz2 = ops.sigmoid_backward(losses.mean_squared_error_backward([o], [float(given.y)]), [z2])[0]
    dz1 = ops.sigmoid_backward(dz2 * given.W2, z1)
    return {
        "z1": z1,
        "c": c,
        "z2": z2,
        "o": o,
        "dz2": dz2,
        "dW2": dz2 * c,
        "db2": dz2,
        "dz1": dz1,
        "dW1": conv_backward(dz1, given.x, given.W1)[1],
        "db1": dz1.sum(),
    }


def c5_error(given: SimpleNamespace) -> float:
    c = 1 / (1 + np.exp(-conv(given.x, given.W1, given.b1)))
    o = 1 / (1 + np.exp(-(np.sum(given.W2 * c) + given.b2)))
    return float((given.y - o) ** 2)


def test_c5():
    hold("C5", c5)


def test_c5_is_the_derived_formula():
    values = byhand.problem("C5").values
    c, o, w_f, y = np.array(values["c"]), values["o"], np.array([[1.5, -2]]), 1
    d_o = -2 * (y - o) * o * (1 - o)
    d_c = d_o * w_f * c * (1 - c)
    x = np.array([[1, 0, 2], [0, 1, -1]])
    dw_c = [[(d_c * x[a : a + 1, b : b + 2]).sum() for b in (0, 1)] for a in (0, 1)]
    verified("C5", atol=1e-12, dW2=d_o * c, db2=d_o, dW1=dw_c, db1=d_c.sum())


def test_c5_gradients_are_the_measured_slopes():
    measure("C5", c5_error, {"dW1": "W1", "db1": "b1", "dW2": "W2", "db2": "b2"})


def test_c5_mistakes_of_the_original():
    recognised("C5", "z1 = [2, -1.5]", "bias_forgotten")
    recognised("C5", "z2 = 0.8483", "bias_forgotten")
    # -0.2674 c (1 - c), without the weights 1.5 and -2
    recognised("C5", "dz1 = [-0.0187, -0.0526]", "factor_forgotten")
    # -2 (1 - 0.4622) sigmoid'(-1), and -0.2674 (1.5, -2) sigmoid'(0.5)
    recognised("C5", "dz2 = -0.2115", "derivative_at_the_wrong_point")
    recognised("C5", "dz1 = [-0.0943, 0.1257]", "derivative_at_the_wrong_point")


def test_c5_slips():
    recognised("C5", "dz2 = -0.1337", "two_forgotten")
    recognised("C5", "dz2 = 0.2674", "gradient_sign")
    recognised("C5", "db1 = 0.0385", "mean_for_sum")


# D1, D2, D3: max pooling, leaky ReLU, a weighted sum


def d1(given: SimpleNamespace) -> dict[str, Any]:
    U = pool(given.x)
    V = leaky(U, given.a)
    return {"U": U, "V": V, "y": np.sum(given.W * V)}


def d2(given: SimpleNamespace) -> dict[str, Any]:
    forward = d1(given)
    dV = (forward["y"] - given.t) * given.W
    dU = leaky_backward(dV, forward["U"], given.a)
    return {"dV": dV, "dU": dU, "dx": pool_backward(dU, given.x)}


def d3(given: SimpleNamespace) -> dict[str, Any]:
    if hasattr(given, "x"):
        contributions = d2(given)["dV"] * np.minimum(pool(given.x), 0)
    else:  # a reader's U and dV come out of no net
        contributions = -given.dV * ops.relu(-given.U)
    return {"G": contributions, "da": contributions.sum()}


def d_loss(given: SimpleNamespace) -> float:
    y = np.sum(given.W * leaky(pool(given.x), given.a))
    return 0.5 * float(y - given.t) ** 2


def test_d1():
    hold("D1", d1)
    V = [[8, 6], [Fraction("-0.05"), Fraction("-0.05")]]
    verified("D1", U=[[8, 6], [Fraction("-0.5"), Fraction("-0.5")]], V=V, y=Fraction("19.3"))


def test_d1_slips():
    recognised("D1", "U = [[-10, -8], [-8, -10]]", "largest_absolute_value")
    recognised("D1", "U = [[0.5, -0.625], [-3.875, -4.875]]", "average_for_maximum")
    recognised("D1", "V = [[0.8, 0.6], [-0.5, -0.5]]", "leaky_slope_on_the_wrong_side")
    recognised("D1", "V = [[8, 6], [0, 0]]", "relu_for_leaky_relu")
    recognised("D1", "y = 13", "slope_forgotten")  # 8 + 12 - 5 - 2


def test_d2():
    hold("D2", d2)
    dx = np.zeros((4, 4))
    dx[0, 1], dx[0, 3], dx[2, 0], dx[3, 2] = 2, 4, 2, 0.8
    verified("D2", atol=1e-12, dV=[[2, 4], [20, 8]], dU=[[2, 4], [2, 0.8]], dx=dx)
    assert byhand.problem("D2").given.t == Fraction("17.3")


def test_d2_gradients_are_the_measured_slopes():
    measure("D2", d_loss, {"dx": "x"})


def test_d2_slips():
    recognised("D2", "dU = [[0.2, 0.4], [20, 8]]", "leaky_slope_on_the_wrong_side")
    recognised("D2", "dU = [[2, 4], [0, 0]]", "relu_for_leaky_relu")
    recognised("D2", "dU = [[2, 4], [20, 8]]", "slope_forgotten")
    recognised("D2", "dV = [[4, 8], [40, 16]]", "half_forgotten")
    quarters = "[[0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1], [0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]"
    recognised("D2", f"dx = {quarters}", "max_pool_gradient_spread")


def test_d2_follows_through():
    """The slope on the wrong side, then rightly on: only that part is lost."""
    feedback = byhand.problem("D2").check(
        "dV = [[2, 4], [20, 8]]; dU = [[0.2, 0.4], [20, 8]]; "
        "dx = [[0, 0.2, 0, 0.4], [0, 0, 0, 0], [20, 0, 0, 0], [0, 0, 8, 0]]"
    )
    assert feedback.parts == {"dV": "right", "dU": "leaky_slope_on_the_wrong_side", "dx": "follows"}
    assert feedback.credit == Fraction(2, 3)


def test_d3():
    hold("D3", d3)
    verified("D3", G=[[0, 0], [-10, -4]], da=-14)


def test_d3_gradient_is_the_measured_slope():
    measure("D3", d_loss, {"da": "a"})


def test_d3_not_summed_as_in_the_original():
    recognised("D3", "da = [[0, 0], [-10, -4]]", "not_summed")
    feedback = byhand.problem("D3").check(
        "[[0, 0], [-10, -4]]"
    )  # the contributions alone: half of the answer
    assert not feedback.correct
    assert feedback.parts == {"G": "right"}


def test_d3_slips():
    recognised("D3", "G = [[16, 24], [-10, -4]]", "positive_cells_counted")
    recognised("D3", "G = [[0, 0], [2, 0.8]]", "gradient_for_the_input")
    recognised("D3", "G = [[0, 0], [-1, -0.4]]", "derivative_at_the_wrong_point")
    recognised("D3", "da = -3.5", "mean_for_sum")


# All of them


RECORDED = {"A2": 1, "A4": 2, "A5": 2, "B2": 1, "B3": 1, "C5": 3, "D3": 1}


@pytest.mark.parametrize("identity", RECORDED)
def test_recorded_mistakes_are_told_with_their_reason(identity: str):
    recorded = [mistake for mistake in byhand.problem(identity).mistakes if mistake.recorded]
    assert len(recorded) == RECORDED[identity]
    assert all(mistake.why and mistake.catch and mistake.message for mistake in recorded)


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_variants_are_many(identity: str):
    """Sixty draws out of a thousand problems would agree once or twice, out of two hundred some ten times."""
    assert len({repr(byhand.variant(identity, seed).given) for seed in range(60)}) >= 58


@pytest.mark.parametrize("identity", ["A2", "A24", "D1", "D2", "D3"])
def test_no_variant_has_a_tie_in_pooling_or_a_value_at_the_kink(identity: str):
    for seed in range(60):
        problem = byhand.variant(identity, seed)
        x = problem.given.x if identity[0] == "D" else conv(problem.given.image, problem.given.kernel)
        x = floats(x)
        for i, j in np.ndindex(x.shape[0] // 2, x.shape[1] // 2):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            assert (window == window.max()).sum() == 1, problem.name
            assert window.max() != 0, problem.name


@pytest.mark.parametrize("identity", ["D1", "D2", "D3"])
def test_a_leaky_relu_has_work_on_both_sides(identity: str):
    for seed in range(60):
        pooled = pool(floats(byhand.variant(identity, seed).given.x))
        assert pooled.min() < 0 < pooled.max(), seed


# What is written in the steps


def products(written: str) -> list[float] | None:
    r"""Return the terms of ``2 \cdot (-1) + 3``; None where something else is written."""
    try:
        return [
            float(
                np.prod([float(factor.strip("()").replace("{,}", "")) for factor in term.split(r" \cdot ")])
            )
            for term in written.split(" + ")
        ]
    except ValueError:
        return None


def at_cells(array: Any, cells: tuple[tuple[int, ...], ...]) -> np.ndarray:
    return np.array([floats(array)[cell] for cell in cells])


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_the_numbers_written_in_a_step_give_its_result(identity: str):
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(10))]:
        trace = problem.solution
        for step in trace.steps:
            if step.numbers:
                off = abs(worth(step.numbers) - float(step.result))
                assert off <= slack(step.numbers, trace.digits), f"{problem.name}: {step}"


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_every_value_stands_in_a_step(identity: str):
    """A number is found by a step, or is the 0 of a cell that a step passes over."""
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(10))]:
        for part, value in problem.values.items():
            steps = [step for step in problem.solution.steps if step.part == part and step.result is not None]
            found = {step.result for step in steps}
            values = set(np.ravel(np.array(value, dtype=object)))
            assert values <= (found | {0} if part in ("dJ", "dx") else found), f"{problem.name}, {part}"


# Not D2 and D3: they multiply by numbers that stand in no array.
@pytest.mark.parametrize("identity", CALCULATIONS[:-2])
def test_the_cells_of_a_step_hold_the_numbers_it_multiplies(identity: str):
    """Where a step writes one product for each pair of cells, the cells come in the order of the products."""
    checked = 0
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(5))]:
        trace = problem.solution
        for step in trace.steps:
            inputs = [symbol for symbol in step.cells if symbol != step.part]
            terms = products(step.numbers) if step.numbers else None
            if terms is None or len(inputs) != 2 or "cases" in step.formula:
                continue
            a, b = (at_cells(trace.arrays[symbol], step.cells[symbol]) for symbol in inputs)
            if len(a) == len(b) == len(terms):
                checked += 1
                np.testing.assert_allclose(a * b, terms, atol=1e-4, err_msg=f"{problem.name}: {step}")
    assert checked >= 2
