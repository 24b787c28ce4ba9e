"""Numbers that a reader might put in place of a calculation's givens: entries changed, and sizes where they are free.

Standard library only: ``tests/byhand`` runs without NumPy.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import byhand
from byhand import own
from byhand.calculation import Calculation
from byhand.given import Given, Refused

_TRIES = 60  # for one change; most problems take the first


def changes(identity: str, count: int) -> Iterator[Calculation]:
    """Yield the problem with so many sets of a reader's numbers, all of which it accepts."""
    for number in range(count):
        randoms = random.Random(f"{identity}/{number}")
        tries = (accepted(identity, changed(identity, randoms)) for _ in range(_TRIES))
        problem = next(filter(None, tries), None)
        assert problem, f"{identity}: none of {_TRIES} sets of numbers is accepted"
        yield problem


def accepted(identity: str, texts: dict[str, str]) -> Calculation | None:
    """Return the problem with these numbers; None if it refuses them."""
    try:
        return own.own(identity, texts)
    except Refused:
        return None


def changed(identity: str, randoms: random.Random) -> dict[str, str]:
    """Return texts for all givens, some of them changed a little or of another size."""
    drawn = randoms.random() < 0.7
    problem = byhand.variant(identity, randoms.randrange(500)) if drawn else byhand.problem(identity)
    values = {name: getattr(problem.given, name) for name in problem.givens}
    lengths: dict[str, int] = {}
    resize = randoms.random() < 0.5
    for name, given in problem.givens.items():
        if resize and any(side.name for side in given.sides):
            values[name] = resized(given, values[name], lengths, randoms)
        elif randoms.random() < 0.5:
            values[name] = perturbed(given, values[name], randoms)
    if identity in FITTED and randoms.random() < 0.9:
        values |= FITTED[identity](values, randoms)
    return {name: given.write(values[name]) for name, given in problem.givens.items()}


def resized(given: Given, value: Any, lengths: dict[str, int], randoms: random.Random) -> Any:
    """Return an array of other sides, filled with numbers near those there are; ``lengths`` are those drawn so far."""
    for side in given.sides:
        lengths.setdefault(side.name, randoms.randint(side.low, side.high))
    size = [lengths[side.name] if side.name else side.low for side in given.sides]
    return filled(size, value, lambda number: near(given, number, randoms), randoms)


def filled(size: list[int], value: Any, change: Callable[[Any], Any], randoms: random.Random) -> Any:
    """Return an array of this size, of changed numbers out of another array."""
    if not size:
        while isinstance(value, list | tuple):
            value = randoms.choice(value)
        return change(value)
    return [filled(size[1:], value, change, randoms) for _ in range(size[0])]


def perturbed(given: Given, value: Any, randoms: random.Random) -> Any:
    """Return a value with about half of its numbers changed."""
    if given.words:
        return randoms.choice(list(given.words.values()))
    if isinstance(value, list | tuple):
        return [perturbed(given, each, randoms) for each in value]
    return near(given, value, randoms) if randoms.random() < 0.5 else value


def near(given: Given, value: Any, randoms: random.Random) -> Any:
    """Return a number not far from a value, within the limits, and such that it can be typed."""
    if given.whole:
        step = randoms.choice([-2, -1, 0, 1, 2, 5])
    else:
        step = Fraction(randoms.randint(-30, 30), randoms.choice([1, 2, 3, 10, 100]))
        step = step if given.high > 10 else step / 20
    number = min(max(value + step, given.low), given.high)
    number = Fraction(round(number * 1000), 1000) if number.denominator > 1000 else number
    return math.floor(number) if given.whole else number


# What depends on other givens, brought into line with them.


def _of_size(name: str, size: Callable[[dict[str, Any]], list[int]]) -> Callable[..., dict[str, Any]]:
    """Return a function that gives one given the size that the others ask for."""

    def fit(values: dict[str, Any], randoms: random.Random) -> dict[str, Any]:
        sides = [max(side, 1) for side in size(values)]
        return {name: filled(sides, values[name], lambda number: number, randoms)}

    return fit


def _places(image: list[Any], kernel: list[Any], window: int = 1) -> list[int]:
    rows, columns = len(image) - len(kernel) + 1, len(image[0]) - len(kernel[0]) + 1
    return [rows // window, columns // window]


def _one_hot(values: dict[str, Any], randoms: random.Random) -> dict[str, Any]:
    true = randoms.randrange(len(values["y"]))
    return {"y": [int(k == true) for k in range(len(values["y"]))]}


def _probabilities(values: dict[str, Any], randoms: random.Random) -> dict[str, Any]:
    shares = [randoms.randint(1, 100) for _ in values["p"]]
    return {"p": [Fraction(share, sum(shares)) for share in shares], **_one_hot(values, randoms)}


def _edge(values: dict[str, Any], randoms: random.Random) -> dict[str, Any]:
    rows, columns = len(values["image"]), len(values["image"][0])
    edge, (before, after) = randoms.randrange(columns), randoms.sample(range(20), 2)
    kernel = [[*row[:-1], -sum(row[:-1])] for row in values["kernel"]]
    return {"image": [[before] * edge + [after] * (columns - edge)] * rows, "kernel": kernel}


_TWICE_THE_WEIGHTS = _of_size("x", lambda given: [2 * len(given["W"]), 2 * len(given["W"][0])])
FITTED: dict[str, Callable[[dict[str, Any], random.Random], dict[str, Any]]] = {
    "A2": _of_size("target", lambda given: _places(given["image"], given["kernel"], 2)),
    "A4": _one_hot,
    "A24": _of_size("v", lambda given: [math.prod(_places(given["image"], given["kernel"], 2))]),
    "B8": _edge,
    "C5": _of_size("W2", lambda given: _places(given["x"], given["W1"])),
    "D1": _TWICE_THE_WEIGHTS,
    "D2": _TWICE_THE_WEIGHTS,
    "D5": _probabilities,
}
