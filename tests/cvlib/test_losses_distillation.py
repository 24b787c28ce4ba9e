"""Soft targets and the loss of distillation, against JAX, the definition, the coursework and the paper's limit."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from scipy import special, stats
from strategies import normal

import byhand
from byhand import definitions
from cvlib import losses

SOFT = losses.soft_target_cross_entropy, losses.soft_target_cross_entropy_backward
DISTILLATION = losses.distillation_loss, losses.distillation_loss_backward
DEFINED_SOFT = definitions.soft_target_cross_entropy, definitions.soft_target_cross_entropy_backward
DEFINED_DISTILLATION = definitions.distillation_loss, definitions.distillation_loss_backward
STUDENT, TEACHER = [[2.0, 3.0, 0.0]], [[6.0, 4.0, -2.0]]
sizes = st.sampled_from([(1, 1), (1, 4), (3, 2), (5, 3)])
temperatures = st.sampled_from([1.0, 2.0, 20.0]) | st.floats(0.3, 30)


@settings(max_examples=30, deadline=None)
@given(sizes=sizes, T=temperatures, seed=st.integers(0, 99))
def test_soft_target_cross_entropy_agrees(sizes, T, seed):
    teacher = 3 * normal(*sizes, seed=seed + 100)
    q = special.softmax(teacher / T, axis=1)

    def oracle(z):
        return jnp.mean(jnp.sum(q * (jax.nn.logsumexp(z / T, axis=1, keepdims=True) - z / T), axis=1))

    logits = 2 * normal(*sizes, seed=seed)
    check_loss(*SOFT, oracle, [logits], teacher, definition=DEFINED_SOFT, temperature=T)


@settings(max_examples=20, deadline=None)
@given(
    sizes=sizes,
    T=temperatures,
    alpha=st.sampled_from([0.0, 1.0]) | st.floats(0.1, 0.9),
    kind=st.sampled_from(["indices", "probabilities", "none"]),
    seed=st.integers(0, 99),
)
def test_distillation_loss_agrees(sizes, T, alpha, kind, seed):
    (N, K), rng = sizes, np.random.default_rng(seed)
    teacher, indices = normal(*sizes, seed=seed + 100), rng.integers(0, K, N)
    rows = rng.dirichlet(np.ones(K), N) if kind == "probabilities" else np.eye(K)[indices]
    labels = {"indices": indices, "probabilities": rows, "none": None}[kind]
    alpha = 1.0 if kind == "none" else alpha

    def oracle(z):
        q, log_p = jax.nn.softmax(teacher / T), jax.nn.log_softmax(z / T)
        soft = jnp.sum(q * (jnp.log(q) - log_p)) / N
        return alpha * T * T * soft - (1 - alpha) * jnp.sum(rows * jax.nn.log_softmax(z)) / N

    check_loss(
        *DISTILLATION, oracle, [normal(*sizes, seed=seed)], teacher, labels,
        definition=DEFINED_DISTILLATION, temperature=T, alpha=alpha,
    )  # fmt: skip


# Numbers from elsewhere


def test_a44():
    """The coursework's example, and variants of it, by the problem engine's own steps."""
    for seed in (None, *range(20)):
        problem = byhand.problem("A44") if seed is None else byhand.variant("A44", seed)
        g = problem.given
        logits = [[[float(value) for value in row]] for row in (g.student, g.teacher)]
        value = losses.distillation_loss(*logits, [g.label], temperature=float(g.T), alpha=float(g.a))
        assert value == pytest.approx(float(problem.values["loss"]), rel=1e-12)


def test_a44_by_scipy():
    q, p = special.softmax([3, 2, -1]), special.softmax([1, 1.5, 0])
    kl, ce = special.rel_entr(q, p).sum(), -special.log_softmax([2, 3, 0])[0]
    value = losses.distillation_loss(STUDENT, TEACHER, [0], temperature=2, alpha=0.7)
    assert value == pytest.approx(0.7 * 4 * kl + 0.3 * ce, rel=1e-14)
    soft = losses.soft_target_cross_entropy(STUDENT, TEACHER, temperature=2)
    assert soft == pytest.approx(kl + stats.entropy(q), rel=1e-14)


def test_at_a_high_temperature_the_student_matches_the_logits():
    """Hinton, Vinyals and Dean, equation 4: dC/dz = (z - v) / (K T^2), here times T^2, for logits with mean 0."""
    z, v = (x - x.mean(axis=1, keepdims=True) for x in (normal(3, 5), normal(3, 5, seed=1)))
    gradient = losses.distillation_loss_backward(z, v, temperature=1e5, alpha=1)
    np.testing.assert_allclose(gradient, (z - v) / (3 * 5), rtol=1e-4, atol=1e-9)


def test_one_hot_teachers_are_labels():
    """A teacher that is certain, at temperature 1."""
    logits, teacher = normal(4, 3), 1000 * np.eye(3)[[0, 2, 1, 2]]
    expected = losses.cross_entropy(logits, [0, 2, 1, 2])
    assert losses.soft_target_cross_entropy(logits, teacher) == pytest.approx(expected, rel=1e-14)
    assert losses.distillation_loss(logits, teacher, temperature=1, alpha=1) == pytest.approx(expected)


def test_a_student_who_knows_all_pays_nothing():
    for T in (1, 7):
        assert losses.distillation_loss(TEACHER, TEACHER, temperature=T, alpha=1) == 0
        np.testing.assert_array_equal(
            losses.distillation_loss_backward(TEACHER, TEACHER, temperature=T, alpha=1), [[0, 0, 0]]
        )


def test_a_class_that_the_student_rules_out():
    logits = [[0.0, 0.0, -math.inf]]
    assert losses.distillation_loss(logits, [[1.0, 1.0, 1.0]], temperature=2, alpha=1) == math.inf
    far = [[1.0, 1.0, -1e5]]  # its probability is 0 in floats: 0 log 0 = 0
    assert losses.distillation_loss(logits, far, temperature=2, alpha=1) == 0
    assert math.isnan(losses.distillation_loss([[math.nan, 0.0]], [[0.0, 0.0]], temperature=1, alpha=1))


# Bad arguments


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"temperature": 0}, ValueError, "^temperature must be a finite number above 0, got 0"),
        ({"temperature": -1.0}, ValueError, "^temperature must be a finite number above 0"),
        ({"temperature": math.inf}, ValueError, "^temperature must be a finite number above 0"),
        ({"temperature": "2"}, TypeError, "^temperature must be a"),
        ({"alpha": 1.5}, ValueError, "^alpha must lie"),
        ({"alpha": None}, TypeError, "^alpha must be a"),
        (
            {"alpha": 0.5, "labels": None},
            ValueError,
            "^labels must be given unless alpha is 1, got None and alpha 0.5",
        ),
        ({"teacher_logits": [[1.0, 2.0]]}, ValueError, "^teacher_logits must have"),
        ({"logits": [1.0, 2.0]}, ValueError, r"^logits must .* \(N, K\), got shape \(2,\)"),
        ({"labels": [3]}, ValueError, "^labels must .* 2, got 3"),
    ],
)
def test_refusals(options, error, message):
    defaults = {"logits": STUDENT, "teacher_logits": TEACHER, "labels": [0], "temperature": 2, "alpha": 0.7}
    for function in (*DISTILLATION, *DEFINED_DISTILLATION):
        with pytest.raises(error, match=message):
            function(**(defaults | options))


def test_the_teacher_must_have_an_opinion():
    for function in SOFT:
        with pytest.raises(ValueError, match=r"^teacher_logits must be finite, got nan at index \(0, 1\)"):
            function([[1.0, 2.0]], [[1.0, math.nan]])
