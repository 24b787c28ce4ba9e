"""Distillation: byhand against cvlib and SciPy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from routes import floats, hold, recognised, verified
from scipy.special import log_softmax, rel_entr, softmax

import byhand
from cvlib import losses, ops


def distillation(given: SimpleNamespace) -> dict[str, object]:
    q, p = ops.softmax(given.teacher / given.T), ops.softmax(given.student / given.T)
    divergence = losses.kl_divergence(q, p)
    hard = losses.cross_entropy(given.student[None], [given.label])
    loss = given.a * given.T**2 * divergence + (1 - given.a) * hard
    return {"q": q, "p": p, "KL": divergence, "CE": hard, "loss": loss}


def soft_loss(z: np.ndarray, given: SimpleNamespace) -> float:
    """The whole loss as a function of the student's logits, by SciPy."""
    q, p = softmax(given.teacher / given.T), softmax(z / given.T)
    return given.a * given.T**2 * rel_entr(q, p).sum() - (1 - given.a) * log_softmax(z)[given.label]


def test_a44():
    hold("A44", distillation)
    given = SimpleNamespace(
        teacher=np.array([6.0, 4, -2]), student=np.array([2.0, 3, 0]), label=0, T=2, a=0.7
    )
    verified("A44", loss=soft_loss(given.student, given), atol=1e-12)


def test_a44_scipy_agrees():
    for seed in range(100):
        problem = byhand.variant("A44", seed)
        given = SimpleNamespace(**{name: floats(value) for name, value in vars(problem.given).items()})
        assert problem.values["loss"] == pytest.approx(soft_loss(given.student, given), rel=1e-9)


def test_a44_why_the_temperature_is_squared():
    """With T^2 the soft gradient hardly changes with the temperature, as the solution says; without, it shrinks."""

    def gradient(temperature: float) -> float:
        teacher, student, h = np.array([6.0, 4, -2]), np.array([2.0, 3, 0]), 1e-5
        given = SimpleNamespace(teacher=teacher, T=temperature, a=1.0, label=0)
        steps = np.eye(3) * h
        return np.linalg.norm(
            [(soft_loss(student + d, given) - soft_loss(student - d, given)) / (2 * h) for d in steps]
        )

    with_square = [gradient(t) for t in (20.0, 40.0)]
    assert with_square[1] == pytest.approx(with_square[0], rel=0.1)
    assert with_square[1] / 40**2 < 0.3 * with_square[0] / 20**2


def test_a44_roles_of_teacher_and_student():
    # By SciPy: the teacher's and the student's probabilities at T = 2, swapped in the divergence.
    q, p = softmax([3, 2, -1]), softmax([1, 1.5, 0])
    recognised("A44", f"KL = {rel_entr(p, q).sum():.4f}", "roles_swapped")
    recognised("A44", f"q = [{', '.join(f'{value:.4f}' for value in p)}]", "roles_swapped")
    recognised("A44", f"CE = {-log_softmax([6, 4, -2])[0]:.4f}", "roles_swapped")


def test_a44_slips():
    kl, ce = rel_entr(softmax([3, 2, -1]), softmax([1, 1.5, 0])).sum(), -log_softmax([2, 3, 0])[0]
    recognised("A44", f"loss = {0.7 * kl + 0.3 * ce:.4f}", "temperature_squared_forgotten")
    recognised("A44", f"loss = {0.3 * 4 * kl + 0.7 * ce:.4f}", "weights_swapped")
    recognised("A44", f"CE = {ce / np.log(2):.4f}", "base_2_logarithm")
    assert byhand.problem("A44").check(f"CE = {ce / np.log(2):.4f} bits").parts == {"CE": "right"}


def test_a44_printed_numbers_lead_to_the_answer():
    """Whoever goes on from what the solution prints, at its digits, ends up within the tolerance."""
    for seed in range(100):
        problem = byhand.variant("A44", seed)
        digits, g, v = problem.solution.digits, problem.given, problem.values
        kl, ce = round(v["KL"], digits), round(v["CE"], digits)
        loss = float(g.a) * g.T**2 * kl + (1 - float(g.a)) * ce
        assert problem.check(f"loss = {loss:.4f}").parts == {"loss": "right"}
