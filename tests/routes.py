"""The second route: every answer of the problem engine, computed anew by cvlib.

A route is a function of a problem's givens that returns the value of every part, by cvlib and NumPy alone. Nothing in
it may come from byhand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
from changes import changes

import byhand
from byhand.calculation import Calculation
from byhand.concept import Concept

SEEDS = 500
CHANGES = 30


def floats(value: Any) -> Any:
    """Return exact nested numbers as float64 arrays or floats."""
    if isinstance(value, list | tuple):
        return np.array([floats(each) for each in value], dtype=np.float64)
    return float(value) if isinstance(value, Fraction) else value


def hold(
    identity: str,
    route: Callable[[SimpleNamespace], Mapping[str, Any]],
    *,
    seeds: int = SEEDS,
    rtol: float = 1e-9,
) -> None:
    """Hold a problem, as the coursework has it, in its first variants and with a reader's numbers, to a second route.

    Both must find the same parts with the same values; whole numbers must be equal.
    """
    variants = (byhand.variant(identity, seed) for seed in range(seeds))
    for problem in [byhand.problem(identity), *variants, *changes(identity, CHANGES)]:
        assert isinstance(problem, Calculation)
        given = SimpleNamespace(**{name: floats(value) for name, value in vars(problem.given).items()})
        expected = route(given)
        assert list(expected) == list(problem.values), problem.name
        for part, value in problem.values.items():
            np.testing.assert_allclose(
                floats(value), expected[part], rtol=rtol, atol=1e-12, err_msg=f"{problem.name}, part {part}"
            )


def verified(identity: str, *, atol: float = 0.0, **parts: Any) -> None:
    """Hold the coursework's problem to its verified answer; with one part, its name does not matter."""
    problem = byhand.problem(identity)
    assert isinstance(problem, Calculation)
    for part, value in parts.items():
        np.testing.assert_allclose(
            floats(problem.values[part]), floats(value), rtol=0, atol=atol, err_msg=f"{identity} {part}"
        )


def recognised(identity: str, text: str, mistake: str) -> None:
    """Hold a problem to recognising a wrong answer that was found in the original solutions."""
    feedback = byhand.problem(identity).check(text)
    assert not feedback.correct, feedback
    assert feedback.mistake == mistake, feedback


def concept(identity: str) -> Concept:
    """Return a question that is answered in words."""
    problem = byhand.problem(identity)
    assert isinstance(problem, Concept)
    return problem
