"""Softmax and cross-entropy: byhand against cvlib and NumPy, and the coursework's verified answers."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from routes import SEEDS, floats, hold, recognised, verified
from shown import hold_steps, slack, worth

import byhand
from cvlib import losses, ops
from cvlib.gradcheck import numerical_gradient


def probabilities(given: SimpleNamespace) -> dict[str, object]:
    return {"p": ops.softmax(given.z)}


@pytest.mark.parametrize("identity", ["A6", "B1"])
def test_softmax(identity: str):
    hold(identity, probabilities)


def test_a6_verified():
    p = byhand.problem("A6").answer
    assert p[1] == pytest.approx(0.0066928058, abs=5e-11)
    assert p[5] == pytest.approx(0.99330046, abs=5e-9)
    assert all(p[k] < 1e-5 for k in range(10) if k not in (1, 5))
    assert byhand.problem("A6").check("0, 0.0067, 0, 0, 0, 0.9933, 0, 0, 0, 0").correct


def test_b1_verified():
    verified("B1", p=[0.65900, 0.24243, 0.09857], atol=5e-6)
    assert byhand.problem("B1").check("[0.6590, 0.2424, 0.0986]").correct


def test_the_slips_of_softmax_are_recognised():
    """Wrong answers for the logits 2, 1, 0.1, from a calculator."""
    recognised("B1", "[0.6452, 0.3226, 0.0323]", "exponential_forgotten")  # 2 / 3.1, ...
    recognised("B1", "[7.389, 2.718, 1.105]", "not_normalised")
    recognised("B1", "[0.8808, 0.7311, 0.5250]", "sigmoid_for_softmax")
    recognised("B1", "[0.0961, 0.2613, 0.6426]", "exponent_sign")
    recognised("B1", "[0.4484, 0.2956, 0.2560]", "softmax_of_probabilities")


def test_a7():
    hold("A7", lambda given: {"loss": losses.cross_entropy([given.z], [given.y])})
    verified("A7", loss=5.0067221, atol=5e-8)
    assert byhand.problem("A7").check("5.0067221 nats").correct
    assert byhand.problem("A7").check("7.2231731 bits").correct
    recognised("A7", "2.17439", "base_10_logarithm")
    recognised("A7", "7.2231731", "base_2_logarithm")
    recognised("A7", "-5.0067", "minus_forgotten")
    recognised("A7", "0.9933", "probability_of_error")
    recognised("A7", "0.00672", "predicted_for_true_class")


def test_a7_shows_the_loss_in_bits():
    """The step that says the loss in bits holds what cvlib finds with base 2."""
    for problem in [byhand.problem("A7"), *(byhand.variant("A7", seed) for seed in range(50))]:
        z, y = floats(problem.given.z), problem.given.y
        [bits] = [step.result for step in problem.solution.steps if "bits" in step.symbol]
        assert bits == pytest.approx(losses.cross_entropy([z], [y], base=2), rel=1e-12)


def test_a8():
    """-log is monotone: the extremes over a fine grid of allowed probabilities are those of its ends."""

    def extremes(given: SimpleNamespace) -> dict[str, object]:
        with np.errstate(divide="ignore"):
            grid = -np.log(np.linspace(given.low, given.high, 1001))
        return {"smallest": grid.min(), "largest": grid.max()}

    hold("A8", extremes)
    verified("A8", smallest=0, largest=math.inf)
    problem = byhand.problem("A8")
    for answer in (
        "smallest = 0, largest = infinity",
        "smallest = 0; largest = unbounded",
        "smallest: 0 nats\nlargest: inf",
    ):
        assert problem.check(answer).correct, answer
    assert problem.check("smallest = 0; largest = 1").parts["largest"] == "probability_of_error"
    assert problem.check("smallest = inf; largest = 0").parts == dict.fromkeys(problem.parts, "ends_swapped")


def test_d4():
    """The second route divides the powers of e by the largest of them, with arbitrarily large exponents."""

    def shifted(given: SimpleNamespace) -> dict[str, object]:
        s = given.z - given.z.max()
        z = given.z.astype(np.longdouble)
        powers = np.exp2((z - z.max()) / np.log(np.longdouble(2)))
        return {"s": s, "p": np.asarray(powers / powers.sum(), dtype=float)}

    hold("D4", shifted)
    hold("D4", lambda given: {"s": given.z - given.z.max(), "p": ops.softmax(given.z)}, seeds=50)


def test_d4_fails_as_written():
    """In every variant the formula as written really breaks, in the way that the solution says."""
    for problem in [byhand.problem("D4"), *(byhand.variant("D4", seed) for seed in range(SEEDS))]:
        with np.errstate(all="ignore"):
            powers = np.exp(floats(problem.given.z))
            assert np.isnan(powers / powers.sum()).any()
        said = problem.solution.steps[0].what
        assert ("infinite" in said) == bool(np.isinf(powers).all())
        assert ("rounded to 0" in said) == (not powers.any())


def test_d5():
    hold("D5", lambda given: {"loss": -(given.y * np.log(given.p)).sum()})
    verified("D5", loss=-math.log(0.2), atol=1e-12)
    assert byhand.problem("D5").check("1.6094").correct
    recognised("D5", "0.69897", "base_10_logarithm")
    recognised("D5", "2.32193", "base_2_logarithm")
    recognised("D5", "0.8", "probability_of_error")
    recognised("D5", "0.8018", "entropy_for_cross_entropy")


def slope(loss, at: np.ndarray) -> np.ndarray:
    """Return the central difference of a loss, whose error is about 1e-10 here."""
    return np.asarray(numerical_gradient(loss, at))


def test_d6():
    def gradient(given: SimpleNamespace) -> dict[str, object]:
        return {
            "p": ops.softmax(given.z),
            "dz": losses.cross_entropy_backward([given.z], [given.y])[0],
        }

    hold("D6", gradient)
    verified("D6", p=[0.65900, 0.24243, 0.09857], dz=[0.65900, 0.24243 - 1, 0.09857], atol=5e-6)
    recognised("D6", "p = [0.6590, 0.2424, 0.0986]; dz = [-0.6590, 0.7576, -0.0986]", "gradient_sign")
    recognised("D6", "p = [0.6590, 0.2424, 0.0986]; dz = [0, -0.7576, 0]", "only_the_true_class")


def test_d6_is_the_measured_slope():
    for seed in range(100):
        problem = byhand.variant("D6", seed)
        measured = slope(lambda z, y=problem.given.y: losses.cross_entropy([z], [y]), floats(problem.given.z))
        np.testing.assert_allclose(problem.values["dz"], measured, atol=1e-7)


def test_a3():
    def gradient(given: SimpleNamespace) -> dict[str, object]:
        x, label = given.x[None], [given.y]
        z = ops.linear(x, given.W)
        _, dw, _ = ops.linear_backward(losses.cross_entropy_backward(z, label), x, given.W)
        return {"z": z[0], "p": ops.softmax(z)[0], "dW": dw}

    hold("A3", gradient)


def test_a3_is_the_formula_and_the_measured_slope():
    """(p_k - y_k) x, row by row, and the slope of the loss in each weight."""
    for problem in [byhand.problem("A3"), *(byhand.variant("A3", seed) for seed in range(100))]:
        x, w, y = floats(problem.given.x), floats(problem.given.W), problem.given.y
        p = np.exp(w @ x) / np.exp(w @ x).sum()
        np.testing.assert_allclose(
            problem.values["dW"], np.outer(p - np.eye(3)[y], x), rtol=1e-12, atol=1e-15
        )
        measured = slope(lambda w, x=x, y=y: losses.cross_entropy([w @ x], [y]), w)
        np.testing.assert_allclose(problem.values["dW"], measured, atol=1e-7)


def test_a3_recognises_the_stray_factor():
    """For x = (1, 2) and logits 1, 2, -1: S = 10.475217, ln S = 2.349013; e^z / ln S - y, times x."""
    row = [[math.e / 2.349013 - 1], [math.e**2 / 2.349013], [math.exp(-1) / 2.349013]]
    text = [[round(value, 4), round(2 * value, 4)] for [value] in row]
    recognised("A3", f"z = [1, 2, -1]; p = [0.2595, 0.7054, 0.0351]; dW = {text}", "stray_logarithm_factor")
    recognised("A3", f"dW = {[list(column) for column in zip(*text, strict=True)]}", "wrong_size")


def test_a3_follows_through():
    """A wrong logit costs its part only: with z = (1, 2, 1), p and dW are recomputed here by NumPy."""
    p = np.exp([1, 2, 1]) / np.exp([1, 2, 1]).sum()
    dw = np.outer(p - [1, 0, 0], [1, 2])
    feedback = byhand.problem("A3").check(f"z = [1, 2, 1]; p = {p.tolist()}; dW = {dw.tolist()}")
    assert feedback.parts["p"] == feedback.parts["dW"] == "follows", feedback


@pytest.mark.parametrize("identity", ["A3", "B1", "D6"])
def test_probabilities_have_a_clear_order(identity: str):
    """No two classes are equally probable, so that a slip that reorders them can be seen."""
    for seed in range(SEEDS):
        p = sorted(byhand.variant(identity, seed).values["p"])
        assert min(np.diff(p)) > 1e-6


@pytest.mark.parametrize("identity", ["A3", "A6", "A7", "A8", "B1", "D4", "D5", "D6"])
def test_every_line_leads_to_its_result(identity: str):
    hold_steps(identity)


def test_lines_are_read_as_written():
    """The reader of worked solutions, on values worked out by hand."""
    assert worth(r"2 \cdot 0.2 + 1 \cdot (-3) + 0.1") == pytest.approx(-2.5)
    assert worth(r"\frac{-(-0.5)}{0.25}") == 2
    assert worth(r"-\frac12 (1 \cdot 3^2 + 10 \cdot (-1)^2)") == -9.5
    assert worth(r"\ln 1 - (12 - 17)") == 5
    assert worth(r"\max(-1, 7, 2.5) + \left\lceil \frac{1000}{32} \right\rceil") == 39
    assert worth(r"e^{-1 - (-1)} + 1.5 \times 10^{-1} + \ldots") == pytest.approx(1.15)
    assert worth(r"(0.5 - 1) \cdot (1, 2)").tolist() == [-0.5, -1]
    assert worth(r"\sqrt{3^2 + 4^2}") == 5
    assert worth(r"2 > 1.5 > 1") == 2
    assert worth(r"12{,}800 \cdot 2") == 25_600
    with pytest.raises(AssertionError, match="does not hold"):
        worth("2 > 3")
    with pytest.raises(AssertionError, match="cannot read"):
        worth("2 + x")
    assert slack(r"\frac{0.333333}{2}", 6) == pytest.approx(2.5e-7, rel=0.1)
    assert slack(r"\frac{0.5}{2}", 6) == 1e-9
