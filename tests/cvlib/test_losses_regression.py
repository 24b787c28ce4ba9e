"""Absolute and smooth L1 errors against JAX, their definitions and numbers by hand."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from strategies import normal

from byhand import definitions
from cvlib import losses

NAMES = ["mean_absolute_error", "smooth_l1"]


def pair_of(name, module=losses):
    return getattr(module, name), getattr(module, name + "_backward")


def jax_smooth_l1(beta):
    def huber(prediction, target):
        d = jnp.abs(target - prediction)
        return jnp.mean(jnp.where(d < beta, jnp.square(d) / (2 * beta), d - beta / 2))

    return huber


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 3, 2, 3)])
def test_mean_absolute_error_agrees(shape):
    target = normal(*shape, seed=1)
    check_loss(
        *pair_of("mean_absolute_error"),
        lambda p: jnp.mean(jnp.abs(target - p)),
        [normal(*shape)],
        target,
        definition=pair_of("mean_absolute_error", definitions),
    )


@settings(max_examples=30, deadline=None)
@given(
    shape=st.sampled_from([(1,), (5,), (3, 4), (2, 2, 3)]),
    beta=st.floats(0.05, 4),
    scale=st.floats(0.1, 10),
    seed=st.integers(0, 99),
)
def test_smooth_l1_agrees(shape, beta, scale, seed):
    target = normal(*shape, seed=seed + 100)
    check_loss(
        *pair_of("smooth_l1"),
        lambda p: jax_smooth_l1(beta)(p, target),
        [scale * normal(*shape, seed=seed)],
        target,
        definition=pair_of("smooth_l1", definitions),
        central=False,
        beta=beta,
    )


def test_smooth_l1_agrees_with_central_differences():
    target = normal(3, 4, seed=1)
    check_loss(
        *pair_of("smooth_l1"), lambda p: jax_smooth_l1(0.5)(p, target), [normal(3, 4)], target, beta=0.5
    )


# Numbers by hand


def test_equation_3_of_fast_rcnn():
    """0.5 x^2 for |x| < 1, and |x| - 0.5 beyond: 0.02, 0.125, 0.5, 1.5 and 4.5."""
    errors = [0.2, -0.5, 1.0, -2.0, 5.0]
    each = [losses.smooth_l1([e], [0]) for e in errors]
    np.testing.assert_allclose(each, [0.02, 0.125, 0.5, 1.5, 4.5], rtol=1e-15)
    assert losses.smooth_l1(errors, np.zeros(5)) == pytest.approx(6.645 / 5, rel=1e-15)
    slopes = losses.smooth_l1_backward(errors, np.zeros(5), 5.0)
    np.testing.assert_allclose(slopes, [0.2, -0.5, 1, -1, 1], rtol=1e-15)


def test_beta_moves_the_end_of_the_square():
    assert losses.smooth_l1([3.0], [1.0], beta=4) == 0.5  # 2^2 / 8
    assert losses.smooth_l1([3.0], [1.0], beta=0.5) == 1.75  # 2 - 1/4
    np.testing.assert_array_equal(losses.smooth_l1_backward([3.0], [1.0], beta=4), [0.5])


def test_the_two_halves_meet_at_beta_in_value_and_slope():
    for beta in (0.25, 1.0, 8.0):
        below, above = (losses.smooth_l1([beta * (1 + s)], [0.0], beta=beta) for s in (-1e-9, 1e-9))
        assert above - below == pytest.approx(2e-9 * beta, rel=1e-5)


def test_a_tiny_beta_is_the_absolute_error_and_a_huge_one_the_square():
    p, t = normal(4, 3), normal(4, 3, seed=1)
    assert losses.smooth_l1(p, t, beta=1e-12) == pytest.approx(losses.mean_absolute_error(p, t), rel=1e-11)
    np.testing.assert_array_equal(
        losses.smooth_l1_backward(p, t, beta=1e-300), losses.mean_absolute_error_backward(p, t)
    )
    square = losses.mean_squared_error(p, t) / 2e6
    assert losses.smooth_l1(p, t, beta=1e6) == pytest.approx(square, rel=1e-12)


def test_an_outlier_pulls_no_harder_than_its_neighbours():
    p, t = [0.0, 0.0, 0.0], [1.0, 2.0, 1e300]
    for name in NAMES:
        np.testing.assert_allclose(pair_of(name)[1](p, t), [-1 / 3] * 3)


def test_the_kink_has_the_slope_zero():
    np.testing.assert_array_equal(losses.mean_absolute_error_backward([2.0, -0.0], [2.0, 0.0]), [0, 0])


def test_definitions_are_exact():
    p, t = [[Fraction(1, 3), 5]], [[1, Fraction(1, 2)]]
    assert definitions.mean_absolute_error(p, t) == Fraction(31, 12)  # (2/3 + 9/2) / 2
    assert definitions.smooth_l1(p, t, beta=2) == Fraction(65, 36)  # (1/9 + 7/2) / 2
    assert definitions.smooth_l1_backward(p, t, 2, beta=2) == [[Fraction(-1, 3), 1]]
    assert definitions.mean_absolute_error_backward(p, t, 2) == [[-1, 1]]
    kinds = [
        *definitions.mean_absolute_error_backward([1.0, 2.0], [1, 1]),
        *definitions.smooth_l1_backward([1.0, 9.0], [1, 1]),
        definitions.smooth_l1([1.0, 9.0], [1, 1]),
    ]
    assert all(type(value) is float for value in kinds)


def test_nan_and_infinity_flow_through():
    for name in NAMES:
        loss, backward = pair_of(name)
        assert math.isnan(loss([math.nan, 1.0], [0.0, 0.0]))
        assert loss([math.inf, 1.0], [0.0, 0.0]) == math.inf
        np.testing.assert_array_equal(backward([math.inf, math.nan], [0.0, 0.0]), [0.5, math.nan])


# Bad arguments


@pytest.mark.parametrize("name", NAMES)
def test_refusals(name):
    for function in pair_of(name):
        with pytest.raises(ValueError, match=r"^target must have shape \(3, 1\), got \(3,\)"):
            function(np.zeros((3, 1)), np.zeros(3))
        with pytest.raises(ValueError, match=r"^target must be finite, got inf at index \(1,\)"):
            function([1.0, 2.0], [1.0, math.inf])
        with pytest.raises(ValueError, match=r"^prediction must hold at least one number, got shape \(0,\)"):
            function([], [])
        with pytest.raises(TypeError, match=r"^prediction must hold real numbers"):
            function(["a"], [1.0])


@pytest.mark.parametrize("module", [losses, definitions])
@pytest.mark.parametrize("beta", [0, -1.0, math.inf, math.nan])
def test_beta_must_be_above_zero(module, beta):
    for function in pair_of("smooth_l1", module):
        with pytest.raises(ValueError, match=r"^beta must be a finite number above 0, got"):
            function([1.0], [1.0], beta=beta)
        with pytest.raises(TypeError, match=r"^beta must be a"):
            function([1.0], [1.0], beta="1")
