"""Linear models and nearest neighbours: byhand against cvlib and NumPy, and the coursework's verified answers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from routes import SEEDS, floats, hold, recognised, verified
from shown import hold_steps

import byhand
from cvlib import losses, ops

# A10: nearest neighbours


def neighbours(given: SimpleNamespace) -> dict[str, object]:
    """All squared distances at once, from norms and one product; then a count and a mean."""
    cross = given.X @ given.q
    distances = (given.X**2).sum(axis=1) - 2 * cross + given.q @ given.q
    near = np.argpartition(distances, given.k)[: given.k]
    label = np.bincount(given.c[near].astype(int)).argmax()
    return {"training": 0, "d2": distances, "label": label, "mean": given.v[near].mean()}


def test_a10():
    hold("A10", neighbours)
    verified("A10", training=0, d2=[4, 9, 18, 8, 2, 5], label=1, mean=7)
    assert byhand.problem("A10").check("training = 0, d2 = [4, 9, 18, 8, 2, 5], label = 1, mean = 7").correct


def test_a10_knows_that_training_computes_no_norms():
    feedback = byhand.problem("A10").check("training = 12; d2 = [4, 9, 18, 8, 2, 5]; label = 1; mean = 7")
    assert feedback.parts == {
        "training": "norms_in_training",
        "d2": "right",
        "label": "right",
        "mean": "right",
    }
    assert feedback.mistake == "norms_in_training"


def test_a10_knows_the_slips_of_the_distance():
    recognised("A10", "d2 = [2, 3, 6, 4, 2, 3]", "absolute_differences")
    recognised("A10", "d2 = [2, 3, 4.2426, 2.8284, 1.4142, 2.2361]", "root_taken")
    recognised("A10", "label = 0", "nearest_alone")
    recognised("A10", "label = 2", "all_have_a_say")
    recognised("A10", "mean = 21", "sum_for_mean")


def test_a10_follows_through():
    """With example 4 at distance 20 the neighbours are 0, 5 and 3: class 1, and (9 + 6 + 5) / 3."""
    feedback = byhand.problem("A10").check("d2 = [4, 9, 18, 8, 20, 5]; label = 1; mean = 20/3; training = 0")
    assert feedback.parts == {"training": "right", "d2": "wrong", "label": "right", "mean": "follows"}


def test_a10_has_no_ties():
    for seed in range(SEEDS):
        problem = byhand.variant("A10", seed)
        given, distances = problem.given, problem.values["d2"]
        assert len(set(distances)) == len(distances)
        votes = np.bincount([given.c[n] for n in np.argsort(distances)[: given.k]])
        assert sorted(votes[votes > 0]) == [1, 2]


# C1: one neuron


def logit(given: SimpleNamespace) -> np.ndarray:
    return ops.linear(given.x[None], given.w[None], np.array([given.b]))


def test_c1a():
    hold("C1a", lambda given: {"p": ops.sigmoid(logit(given)).item()})
    verified("C1a", p=0.6899745, atol=5e-8)
    assert byhand.problem("C1a").check("0.6900").correct
    recognised("C1a", "0.8", "activation_forgotten")
    recognised("C1a", "0.3100", "exponent_sign")
    recognised("C1a", "0.6682", "bias_forgotten")  # sigmoid(0.7)


def test_c1b():
    def loss(given: SimpleNamespace) -> dict[str, object]:
        return {"loss": losses.binary_cross_entropy(ops.sigmoid(logit(given)), [[given.y]])}

    hold("C1b", loss)
    verified("C1b", loss=0.3711007, atol=5e-8)
    assert byhand.problem("C1b").check("0.3711007 nats").correct
    assert byhand.problem("C1b").check("0.5353851 bits").correct
    recognised("C1b", "0.53539", "base_2_logarithm")
    recognised("C1b", "1.1711", "wrong_label")  # -ln 0.310026
    recognised("C1b", "-0.3711", "minus_forgotten")


def test_c1b_shows_the_loss_in_bits():
    for problem in [byhand.problem("C1b"), *(byhand.variant("C1b", seed) for seed in range(50))]:
        given = SimpleNamespace(**{name: floats(value) for name, value in vars(problem.given).items()})
        [bits] = [step.result for step in problem.solution.steps if "bits" in step.symbol]
        p = ops.sigmoid(logit(given))
        assert bits == pytest.approx(losses.binary_cross_entropy(p, [[given.y]], base=2), rel=1e-12)


def boundary(given: SimpleNamespace) -> dict[str, object]:
    """Where x . w + b = 0: on each axis by solving two equations, and the point nearest to the origin."""
    other = np.eye(2)[::-1]
    x0, x1 = (np.linalg.solve([given.w, other[axis]], [-given.b, 0])[axis] for axis in (0, 1))
    foot, *_ = np.linalg.lstsq(given.w[None], np.array([-given.b]), rcond=None)  # the shortest solution
    return {"t": given.w @ foot, "x0": x0, "x1": x1, "d": np.linalg.norm(foot)}


def test_c1c():
    hold("C1c", boundary)
    verified("C1c", t=-0.1, x0=-0.5, x1=-1 / 3, d=0.1 / 0.13**0.5, atol=1e-12)
    assert byhand.problem("C1c").check("t = -0.1; x0 = -1/2; x1 = -0.3333; d = 0.2774").correct
    recognised("C1c", "x0 = 0.5", "threshold_sign")
    recognised("C1c", "d = 0", "bias_ignored")
    recognised("C1c", "d = 0.1", "norm_forgotten")


def test_c1c_points_lie_on_the_boundary():
    """The neuron says exactly one half there, and no point at the origin's side of it is nearer."""
    for seed in range(SEEDS):
        problem = byhand.variant("C1c", seed)
        w, b, right = floats(problem.given.w), float(problem.given.b), problem.values
        for point in ([float(right["x0"]), 0.0], [0.0, float(right["x1"])]):
            np.testing.assert_allclose(ops.sigmoid(w @ point + b), 0.5, atol=1e-12)
        angles = np.linspace(0, 2 * np.pi, 721)
        logits = 0.99 * right["d"] * np.stack([np.cos(angles), np.sin(angles)], axis=1) @ w + b
        assert (np.sign(logits) == np.sign(b)).all()


# A9 and A15: answered in words

GOOD = {
    "A9": [
        "Images of the same object look very different: viewpoint, lighting and background change the pixels, so "
        "nobody can write down rules for all cases. Rules become brittle and need endless exceptions. A learning "
        "algorithm extracts the rule from labelled training data. The same algorithm can be used for other classes. "
        "But it needs a lot of labelled data.",
        "There is too much variation in pose and light for rules; every rule has exceptions. A learned model fits the "
        "data itself. You can retrain it for a new task. You do need labels though.",
    ],
    "A15": [
        "With many features inverting the matrix costs O(d^3), while a gradient step costs only O(nd). X^T X needs "
        "O(d^2) memory. If the data arrive online you can update with one example at a time. If X^T X is not "
        "invertible the formula fails, but gradient descent still works. For small d I would use the normal "
        "equations, since they give the exact solution with no learning rate.",
        "Large d: inverting X^TX is O(d³). X^TX doesn't fit in memory. Streaming data. X^TX singular or "
        "ill-conditioned. The closed form is exact and better for small problems.",
    ],
}
BAD = {
    "A9": {
        "The net is always right and never makes mistakes.": "right_on_every_picture",
        "It memorises every picture it was trained on.": "recognises_only_the_training_pictures",
        "The programmer chooses which pixels matter.": "programmers_name_the_pixels",
        "A net trained on digits recognises letters too.": "weights_fit_every_task",
        "Learned classifiers are always faster.": "learned_for_speed",
    },
    "A15": {
        "Gradient descent gets stuck in local minima.": "local_minima",
        "The closed form inverts an n x n matrix.": "inverse_of_size_n",
        "The closed form costs O(n^3).": "inverse_of_size_n",
        "Gradient descent ends up with a lower loss than the closed form.": "descent_fits_better",
        "The normal equations need a learning rate too.": "closed_form_needs_a_learning_rate",
    },
}
HARMLESS = {
    "A9": [
        "A learned classifier isn't right on every picture.",
        "It does not only recognise what it was trained on.",
    ],
    "A15": [
        "Gradient descent cannot get stuck in local minima because the loss is convex.",
        "X^T X for n examples is singular.",
        "The closed form has no learning rate.",
    ],
}


@pytest.mark.parametrize("identity", ["A9", "A15"])
def test_answers_in_words(identity: str):
    problem = byhand.problem(identity)
    assert problem.check(problem.model).correct
    for answer in GOOD[identity]:
        assert problem.check(answer).correct, problem.check(answer)
    for answer, misconception in BAD[identity].items():
        assert problem.check(answer).mistake == misconception, answer
    for answer in HARMLESS[identity]:
        assert problem.check(answer).mistake is None, answer
    for misconception in problem.misconceptions:
        assert problem.check(misconception.claim).mistake == misconception.name
    for point in problem.points:  # a point stands alone, is heard, and is no misconception
        feedback = problem.check(point.text)
        assert feedback.parts[point.text] == "right"
        assert feedback.mistake is None


@pytest.mark.parametrize("identity", ["A9", "A15"])
def test_one_option_is_right(identity: str):
    concept = byhand.problem(identity)
    points = {point.text for point in concept.points}
    for seed in range(200):
        choice = byhand.variant(identity, seed)
        assert choice.letters == "abcd"
        true = [letter for letter, option in zip("abcd", choice.options, strict=True) if option in points]
        right = true if "right?" in choice.statement else sorted(set("abcd") - set(true))
        assert right == [choice.answer]
        assert [letter for letter in "abcd" if choice.check(letter).correct] == right


@pytest.mark.parametrize("identity", ["A10", "C1a", "C1b", "C1c"])
def test_every_line_leads_to_its_result(identity: str):
    hold_steps(identity)
