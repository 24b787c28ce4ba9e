"""Gradient descent: byhand against cvlib and NumPy, and the coursework's verified answers."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from routes import SEEDS, floats, hold, recognised, verified
from shown import hold_steps

import byhand
from cvlib import losses, ops, optim
from cvlib.gradcheck import numerical_gradient

# A14: four steps


def value(given: SimpleNamespace, point: np.ndarray) -> float:
    (a, b), (m, n), (x, y) = given.weights, given.powers.astype(int), point
    return a * x**m + b * y**n


def walk(given: SimpleNamespace) -> dict[str, object]:
    """cvlib's optimiser takes the steps, down a gradient from NumPy's polynomials."""
    slopes = [
        np.polynomial.Polynomial.basis(int(n)).deriv() * a
        for a, n in zip(given.weights, given.powers, strict=True)
    ]
    parameters = {"p": given.start.copy()}
    sgd, found = optim.SGD(parameters, lr=given.rate), {}
    for t in (1, 2, 3, 4):
        sgd.step({"p": np.array([slope(p) for slope, p in zip(slopes, parameters["p"], strict=True)])})
        found[f"p{t}"], found[f"f{t}"] = parameters["p"].copy(), value(given, parameters["p"])
    return found


def test_a14():
    hold("A14", walk)
    verified(
        "A14",
        p1=[-0.98, 0.96],
        p2=[-0.9604, 0.92461056],
        p3=[-0.941192, 0.892992404],
        p4=[-0.92236816, 0.864508253],
        f1=1.80974656,
        f2=1.65323018,
        f3=1.52174565,
        f4=1.40933169,
        atol=5e-9,
    )


def test_a14_asks_for_the_values():
    """The recorded omission: points without values are not the whole answer; points in place of values are told."""
    points = {
        "p1": "(-0.98, 0.96)",
        "p2": "(-0.9604, 0.9246)",
        "p3": "(-0.9412, 0.8930)",
        "p4": "(-0.9224, 0.8645)",
    }
    problem = byhand.problem("A14")
    feedback = problem.check("; ".join(f"{name} = {point}" for name, point in points.items()))
    assert not feedback.correct
    assert feedback.credit == pytest.approx(1 / 2)
    assert "f1, f2, f3, f4" in feedback.message
    recognised("A14", "f1 = [-0.98, 0.96]", "point_for_value")
    again = "; ".join(f"f{name[1]} = {point}" for name, point in points.items())
    feedback = problem.check(again)
    assert set(feedback.parts.values()) == {"point_for_value"}, feedback
    [told] = [mistake for mistake in problem.mistakes if mistake.recorded]
    assert told.part == "f1"


def test_a14_slips_are_recognised():
    recognised("A14", "p1 = [-1.02, 1.04]", "step_uphill")
    recognised("A14", "p1 = [1, -3]", "learning_rate_forgotten")
    recognised("A14", "p1 = [-0.99, 0.99]", "exponent_forgotten")
    recognised("A14", "p2 = [-0.96, 0.92]", "stale_gradient")
    feedback = byhand.problem("A14").check("p1 = [-1.02, 1.04]; f1 = 2.21025856")  # 1.02^2 + 1.04^4
    assert feedback.parts == {"p1": "step_uphill", "f1": "follows"}


def test_a14_always_descends():
    for seed in range(200):
        problem = byhand.variant("A14", seed)
        given = SimpleNamespace(**{name: floats(each) for name, each in vars(problem.given).items()})
        values = [value(given, given.start), *(float(problem.values[f"f{t}"]) for t in (1, 2, 3, 4))]
        assert (np.diff(values) < 0).all()


# C4a: learning rates on a quadratic


def rates(given: SimpleNamespace) -> dict[str, object]:
    """The limit from the eigenvalues of the Hessian, turned by some angle; the walks in the turned coordinates."""
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    hessian = turn @ np.diag(given.curvatures) @ turn.T
    found: dict[str, object] = {"limit": 2 / np.linalg.eigvalsh(hessian).max()}
    for name, rate in zip(("small", "good", "large"), given.rates, strict=True):
        parameters = {"x": turn @ given.start}
        sgd = optim.SGD(parameters, lr=rate)
        for _ in range(given.steps):
            sgd.step({"x": hessian @ parameters["x"]})
        found[name] = turn.T @ parameters["x"]
    return found


def test_c4a():
    hold("C4a", rates)
    verified("C4a", limit=2 / 10, small=[4 * 0.99**4, 0.9**4], good=[4 * 0.85**4, 0.5**4], atol=1e-12)
    recognised("C4a", "limit = 0.1", "limit_halved")
    recognised("C4a", "limit = 2", "smallest_curvature")
    recognised("C4a", "good = [2.4565, -0.125]", "one_step_short")
    recognised("C4a", "large = [9.765625, 150.0625]", "step_uphill")


def test_c4a_rates_do_what_their_names_say():
    """After 400 steps: far from 0 or not yet there, at 0, beyond all bounds; and the limit divides the last two."""
    for seed in range(SEEDS):
        problem = byhand.variant("C4a", seed)
        given, limit = problem.given, float(problem.values["limit"])
        curvatures, start = floats(given.curvatures), floats(given.start)

        def size(rate: float, steps: int, curvatures=curvatures, start=start) -> float:
            return np.abs((1 - rate * curvatures) ** steps * start).max()

        small, good, large = map(float, given.rates)
        assert small < good < limit < large
        assert size(small, 40) > size(good, 40)
        assert size(good, 400) < 1e-3
        assert size(large, 400) > 1e6
        assert size(0.999 * limit, 4000) < size(limit, 4000) < size(1.001 * limit, 4000)


# C4b: what an epoch costs


def epoch(given: SimpleNamespace) -> dict[str, object]:
    """Cut real arrays into batches and count their entries: one product for each, forward and again backward."""
    x = np.zeros((given.N, given.d))
    ways = [[x[start : start + size] for start in range(0, given.N, size)] for size in (1, given.B, given.N)]
    rows = [[len(batch) for batch in way] for way in ways]
    return {
        "updates": [len(way) for way in ways],
        "macs": [way[0].size + way[0].size for way in ways],
        "epoch": [2 * sum(batch.size for batch in way) for way in ways],
        "time": [sum(given.example_time * n + given.update_time for n in way) / 1000 for way in rows],
    }


def test_c4b():
    hold("C4b", epoch)
    verified(
        "C4b", updates=[1000, 32, 1], macs=[128, 4096, 128_000], epoch=[128_000] * 3, time=[52, 3.6, 2.05]
    )
    assert byhand.problem("C4b").check(
        "updates = [1000, 32, 1]; epoch = [256000, 256000, 256000] flops"
    ).parts == {
        "updates": "right",
        "epoch": "right",
    }
    recognised("C4b", "updates = [1000, 31, 1]", "last_batch_dropped")
    recognised("C4b", "updates = [1, 32, 1000]", "batch_size_for_number_of_updates")
    recognised("C4b", "epoch = [256000, 256000, 256000]", "flops_for_macs")
    recognised("C4b", "epoch = [128000, 131072, 128000]", "last_batch_counted_as_full")
    recognised("C4b", "time = [2, 2, 2]", "overhead_forgotten")


def test_c4b_follows_through():
    """With 31 updates the time is 2000 + 31 x 50 microseconds."""
    feedback = byhand.problem("C4b").check("updates = [1000, 31, 1]; time = [52, 3.55, 2.05]")
    assert feedback.parts == {"updates": "last_batch_dropped", "time": "follows"}


# C4c: how noisy gradients are


def gradients(given: SimpleNamespace) -> np.ndarray:
    """The gradient of each example's loss, by cvlib, one example at a time."""
    w = np.array([[float(given.w)]])
    found = []
    for x, y in zip(given.x[:, None, None], given.y[:, None, None], strict=True):
        dy = losses.squared_error_backward(ops.linear(x, w), y)
        found.append(ops.linear_backward(dy, x, w)[1].item())
    return np.array(found)


def noise(given: SimpleNamespace) -> dict[str, object]:
    """Every value that the sum of B draws can have, with its probability, one draw after another."""
    g = gradients(given)
    sums = np.zeros(1), np.ones(1)
    for _ in range(given.B):
        values = (sums[0][:, None] + g).ravel()
        weights = np.repeat(sums[1] / len(g), len(g))
        unique, where = np.unique(values, return_inverse=True)
        sums = unique, np.bincount(where, weights=weights)
    means, weights = sums[0] / given.B, sums[1]
    center = means @ weights
    return {"g": g, "mean": g.mean(), "v1": g.var(), "vB": (means - center) ** 2 @ weights}


def test_c4c():
    hold("C4c", noise)
    verified("C4c", g=[-1, 2, -6, -3], mean=-2, v1=8.5, vB=4.25)
    recognised("C4c", "v1 = 34/3", "variance_with_n_minus_1")
    recognised("C4c", "v1 = 12.5", "mean_not_subtracted")
    recognised("C4c", "vB = 8.5", "batch_not_divided")
    recognised("C4c", "vB = 6.0104", "root_of_batch_size")
    recognised("C4c", "g = [-1, 1, -2, -3]", "input_forgotten")


def test_c4c_by_all_batches():
    """The variance over every batch that can be drawn, each as likely as the others, for small batches."""
    for seed in range(200):
        problem = byhand.variant("C4c", seed)
        if problem.given.B > 4:
            continue
        g = floats(problem.values["g"])
        means = [np.mean(batch) for batch in product(g, repeat=problem.given.B)]
        np.testing.assert_allclose(float(problem.values["vB"]), np.var(means), rtol=1e-12)


def test_c4c_gradients_are_measured_slopes():
    for seed in range(50):
        given = byhand.variant("C4c", seed).given
        x, y = floats(given.x), floats(given.y)
        measured = [
            numerical_gradient(
                lambda w, x=x, y=y, n=n: losses.squared_error(w * x[n], [y[n]]), [float(given.w)]
            )[0]
            for n in range(len(x))
        ]
        np.testing.assert_allclose(floats(byhand.variant("C4c", seed).values["g"]), measured, atol=1e-6)


@pytest.mark.parametrize("identity", ["A14", "C4a", "C4b", "C4c"])
def test_every_line_leads_to_its_result(identity: str):
    hold_steps(identity)
