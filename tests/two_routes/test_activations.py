"""Activation functions: byhand against cvlib and against measured slopes, and what goes wrong."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from routes import hold, recognised, verified
from shown import hold_steps

import byhand
from cvlib import ops
from cvlib.gradcheck import numerical_gradient

FUNCTIONS = {"s": ops.sigmoid, "t": ops.tanh, "r": ops.relu}
BACKWARD = {"s": ops.sigmoid_backward, "t": ops.tanh_backward, "r": ops.relu_backward}


def measured_largest_slope(function) -> float:
    """Return the largest slope between neighbours of a fine grid; its error is of second order in the distance."""
    x = np.linspace(-6, 6, 120_001)
    return np.max(np.diff(function(x)) / np.diff(x)).round(6)


LARGEST = [measured_largest_slope(function) for function in FUNCTIONS.values()]


def values_and_slopes(given: SimpleNamespace) -> dict[str, object]:
    route: dict[str, object] = {}
    for name, function in FUNCTIONS.items():
        route[name] = function(given.x)
        route[f"d{name}"] = BACKWARD[name](np.ones_like(given.x), given.x)
    return {**route, "m": LARGEST}


def test_b5():
    hold("B5", values_and_slopes)
    verified("B5", m=[0.25, 1, 1])  # the upper ends of (0, 1/4], (0, 1] and {0, 1}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_b5_derivatives_are_the_measured_slopes(name: str):
    for seed in range(50):
        problem = byhand.variant("B5", seed)
        x = np.array(problem.given.x, dtype=np.float64)
        slopes = numerical_gradient(lambda x, function=FUNCTIONS[name]: function(x).sum(), x)
        np.testing.assert_allclose(problem.values[f"d{name}"], slopes, atol=1e-8, err_msg=problem.name)


def test_b5_variants_show_both_sides_and_saturation():
    for seed in range(200):
        low, middle, high = byhand.variant("B5", seed).given.x
        assert low < -2 <= middle <= 2 < high
        assert middle != 0  # the kink


def test_b5_slips():
    recognised("B5", "ds = [-6, 0.25, -12]", "input_for_output")
    recognised("B5", "ds = [0.9858, 0.6125, 0.0356]", "derivative_of_the_other_function")
    recognised("B5", "ds = [0.2491, 0.2273, 0.1982]", "derivative_at_the_wrong_point")
    recognised("B5", "dt = [1.9640, 0.5379, 0.0007]", "square_forgotten")
    recognised("B5", "dr = [1, 1, 1]", "relu_mask_forgotten")
    recognised("B5", "m = [1/2, 0, 1]", "value_for_derivative")
    recognised("B5", "m = [1, 1, 1]", "sigmoid_slope_too_large")


def test_b5_steps_lead_to_their_results():
    hold_steps("B5")


def test_b5_says_where_the_values_and_derivatives_lie():
    words = " ".join(step.what for step in byhand.problem("B5").solution.steps)
    for range_of_values in ("above 0 and below 1", "above $-1$ and below 1", "0 or more"):
        assert range_of_values in words
    assert "saturates" in words
