"""Schedules against products, cosines of known angles, and each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlib.optim import constant, cosine, step_decay, warm_up

RATES = st.floats(0, 10)
STEPS = st.integers(0, 200)


def test_constant_stays():
    assert {constant(0.3)(step) for step in range(5)} == {0.3}


@settings(max_examples=60, deadline=None)
@given(lr=RATES, every=st.integers(1, 9), factor=st.floats(0, 1.2), step=STEPS)
def test_step_decay_multiplies_whenever_its_time_has_come(lr, every, factor, step):
    expected = lr
    for s in range(1, step + 1):
        if s % every == 0:
            expected *= factor
    assert step_decay(lr, every=every, factor=factor)(step) == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_cosine_at_known_angles():
    # 0, 60, 90, 120 and 180 degrees have the cosines 1, 1/2, 0, -1/2, -1
    schedule = cosine(5.0, num_steps=6, final=1.0)
    assert [schedule(step) for step in (0, 2, 3, 4, 6)] == pytest.approx([5, 4, 3, 2, 1], rel=1e-15)
    assert schedule(7) == schedule(1000) == 1.0


@settings(max_examples=60, deadline=None)
@given(lr=RATES, num_steps=st.integers(1, 100), final=RATES, step=STEPS)
def test_cosine_is_half_a_wave(lr, num_steps, final, step):
    # 1 + cos a = 2 cos^2(a/2)
    angle = math.pi * min(step, num_steps) / num_steps
    expected = final + (lr - final) * math.cos(angle / 2) ** 2
    assert cosine(lr, num_steps=num_steps, final=final)(step) == pytest.approx(expected, abs=1e-14)


def test_cosine_never_turns_and_is_symmetric():
    rates = [cosine(1.0, num_steps=50)(step) for step in range(51)]
    assert (np.diff(rates) < 0).all()
    np.testing.assert_allclose(np.add(rates, rates[::-1]), 1, rtol=1e-14)


@settings(max_examples=60, deadline=None)
@given(num_steps=st.integers(0, 50), step=STEPS)
def test_warm_up_rises_in_equal_steps_and_hands_over(num_steps, step):
    after = cosine(2.0, num_steps=80)
    schedule = warm_up(after, num_steps=num_steps)
    rates = [schedule(s) for s in range(step + 1)]
    if step < num_steps:
        np.testing.assert_allclose(rates, 2.0 / (num_steps + 1) * np.arange(1, step + 2), rtol=1e-12)
    else:
        assert rates[-1] == after(step - num_steps)


def test_warm_up_follows_any_function():
    assert [warm_up(lambda step: 6 - step, num_steps=2)(step) for step in range(4)] == [2, 4, 6, 5]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: constant(-1), ValueError, r"lr must be in \[0, inf\), got -1"),
        (lambda: constant("fast"), TypeError, "lr must be a number, got 'fast' of type str"),
        (lambda: step_decay(1, every=0, factor=0.1), ValueError, "every must be at least 1, got 0"),
        (lambda: step_decay(1, every=1, factor=-0.1), ValueError, r"factor must be in \[0, inf\), got -0.1"),
        (lambda: step_decay(-1, every=1, factor=0.1), ValueError, "lr must be in"),
        (lambda: cosine(1, num_steps=0), ValueError, "num_steps must be at least 1, got 0"),
        (lambda: cosine(1, num_steps=2.5), TypeError, "num_steps must be an integer"),
        (lambda: cosine(1, num_steps=2, final=-1), ValueError, r"final must be in \[0, inf\), got -1"),
        (lambda: cosine(math.nan, num_steps=2), ValueError, "lr must be in"),
        (lambda: warm_up(0.1, num_steps=3), TypeError, "schedule must be a function step -> learning rate, got 0.1"),
        (lambda: warm_up(lambda step: None, num_steps=3), TypeError, r"schedule\(0\) must be a number, got None"),
        (lambda: warm_up(constant(1), num_steps=-1), ValueError, "num_steps must be at least 0, got -1"),
    ],
)  # fmt: skip
def test_arguments_are_checked(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "schedule",
    [
        constant(1),
        step_decay(1, every=2, factor=0.5),
        cosine(1, num_steps=5),
        warm_up(constant(1), num_steps=2),
    ],
)
def test_steps_are_checked(schedule):
    with pytest.raises(ValueError, match="step must be at least 0, got -1"):
        schedule(-1)
    with pytest.raises(TypeError, match=r"step must be an integer, got 0\.5"):
        schedule(0.5)
