"""Regularisation: batch norm and dropout by byhand against NumPy; and what is said about over- and underfitting."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from routes import hold, recognised, verified

import byhand

CONCEPTS = ["A11", "A12", "A13"]


def batch_norm(given: SimpleNamespace) -> dict[str, object]:
    x = given.x
    mean, var = np.mean(x), np.var(x)
    z = (x - mean) / np.std(x)
    return {"mean": mean, "var": var, "z": z, "y": given.gamma * z + given.beta}


def dropout(given: SimpleNamespace) -> dict[str, object]:
    keep = 1 - given.rate
    plain = scaled = 0.0
    for mask in product([False, True], repeat=len(given.h)):
        probability = np.prod(np.where(mask, keep, given.rate))
        plain += probability * given.h[list(mask)].sum()
        scaled += probability * np.where(mask, given.h / keep, 0).sum()
    a = np.where(given.mask == 1, given.h / keep, 0)
    return {"p": keep, "a": a, "plain": plain, "scaled": scaled}


def test_b6():
    hold("B6", batch_norm)
    verified("B6", mean=6, var=8)
    verified("B6", y=[-1.8284, -0.4142, 1, 2.4142, 3.8284], atol=5e-5)


def test_b6_mixes_exact_and_rounded_roots():
    variants = [byhand.variant("B6", seed) for seed in range(200)]
    exact = sum(not any(isinstance(value, float) for value in problem.values["z"]) for problem in variants)
    assert 20 < exact < 180


def test_b6_normalised_values_have_mean_0_and_variance_1():
    for seed in range(100):
        z = [float(value) for value in byhand.variant("B6", seed).values["z"]]
        assert sum(z) == pytest.approx(0, abs=1e-12)
        assert sum(value**2 for value in z) == pytest.approx(len(z))


def test_b6_printed_numbers_lead_to_the_answer():
    """Whoever goes on from the normalised values that the solution prints ends up within the tolerance."""
    for seed in range(100):
        problem = byhand.variant("B6", seed)
        z = [round(float(value), problem.solution.digits) for value in problem.values["z"]]
        y = [float(problem.given.gamma) * value + problem.given.beta for value in z]
        assert problem.check(f"y = [{', '.join(f'{value:.4f}' for value in y)}]").parts == {"y": "right"}


def test_b6_slips():
    recognised("B6", "var = 10", "variance_with_n_minus_1")  # 40 / 4
    recognised("B6", "z = [-0.5, -0.25, 0, 0.25, 0.5]", "variance_for_deviation")
    # gamma 1, beta 2, by hand from z = (x - 6) / 2.828427
    recognised("B6", "y = [0.5858, 1.2929, 2, 2.7071, 3.4142]", "gamma_and_beta_swapped")


def test_b7():
    hold("B7", dropout)
    verified("B7", p=0.8, a=[2.5, 0, 5], plain=8.8, scaled=11)


def test_b7_the_mean_with_division_is_the_sum_without_dropout():
    for seed in range(100):
        problem = byhand.variant("B7", seed)
        assert problem.values["scaled"] == sum(problem.given.h)


def test_b7_slips():
    recognised("B7", "a = [2, 0, 4]", "dropout_not_rescaled")
    recognised("B7", "p = 0.2", "rate_for_keep_probability")
    recognised("B7", "plain = 11", "dropout_without_effect_on_the_mean")


@pytest.mark.parametrize(
    ("identity", "claim", "mistake"),
    [
        ("A12", "Remove the noise from the data.", "remove_noise_against_underfitting"),
        ("A12", "Get more data.", "more_data_against_underfitting"),
        ("A12", "I would collect more training images", "more_data_against_underfitting"),
        ("A12", "Add regularisation: a stronger weight decay", "weight_decay_against_underfitting"),
        ("A13", "Use cross-validation.", "cross_validation_for_regularisation"),
        ("A13", "Dropout, weight decay, cross validation", "cross_validation_for_regularisation"),
        ("A13", "Prune the net.", "pruning_for_regularisation"),
        ("A13", "pruning, dropout and early stopping", "pruning_for_regularisation"),
        ("A11", "We need more data because the model is underfitting", "more_data_against_underfitting"),
    ],
)
def test_misconceptions_in_other_words(identity: str, claim: str, mistake: str):
    recognised(identity, claim, mistake)


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        (
            "A11",
            "An underfitted model already does badly on its training data, because its bias is high. Overfitting means "
            "the training error is low but the test error is high, and the model has high variance. You tell them "
            "apart by comparing training and validation error.",
        ),
        (
            "A11",
            "Underfitting: high error on train and test, high bias. Overfitting: low train error, does not generalise, "
            "so there is a big gap between train and test error. Overfitting has high variance.",
        ),
        (
            "A12",
            "Use a bigger network. Train for more epochs. Reduce the weight decay and dropout. Tune the learning rate "
            "or use Adam. Use better features. More data would not help.",
        ),
        (
            "A13",
            "Collect more data or augment it. L2 penalty (weight decay). Dropout. Early stopping. Use a smaller "
            "network. Average an ensemble of networks.",
        ),
        (
            "A13",
            "Data augmentation, L2 regularisation, dropout, stopping early, fewer parameters, bagging. "
            "Cross-validation does not cure it, it only measures it.",
        ),
    ],
)
def test_good_answers_in_other_words(identity: str, answer: str):
    feedback = byhand.problem(identity).check(answer)
    assert feedback.correct, feedback


@pytest.mark.parametrize("identity", CONCEPTS)
def test_an_incomplete_answer_is_told_what_is_missing(identity: str):
    problem = byhand.problem(identity)
    feedback = problem.check(problem.points[1].text)
    assert not feedback.correct
    assert feedback.mistake is None
    assert 0 < feedback.credit < 1


@pytest.mark.parametrize("identity", CONCEPTS)
def test_choices(identity: str):
    concept = byhand.problem(identity)
    true = {point.text for point in concept.points}
    for seed in range(200):
        choice = byhand.variant(identity, seed)
        truths = [option in true for option in choice.options]
        assert truths.count(True) in (1, 3)
        odd = truths.index(truths.count(True) == 1)
        assert choice.answer == "abcd"[odd]
        assert [choice.check(letter).correct for letter in "abcd"] == [i == odd for i in range(4)]
