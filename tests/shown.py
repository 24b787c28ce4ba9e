"""Reading worked solutions as a student with a calculator would: every line must lead to its result.

The numbers of a step are LaTeX. :func:`worth` works them out anew, knowing nothing of how they were found;
:func:`hold_steps` compares what comes out with the result that the step claims.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

import byhand
from byhand.calculation import Calculation

_TOKEN = re.compile(r"\s+|\d+(?:\.\d+)?|\\[a-zA-Z]+|\\,|.")
_IGNORED = (r"\left", r"\right", r"\,", r"\quad")
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    r"\le": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}
_ENDS = frozenset("+-,)}<>") | {"", r"\cdot", r"\times", r"\le", r"\rceil", r"\ldots"}


def worth(tex: str) -> np.ndarray:
    """Return the value of arithmetic in LaTeX; of a chain of relations, which must hold, the value of its start."""
    return _Reader(tex).value()


def slack(tex: str, digits: int) -> np.ndarray:
    """Return how far the value may be off because numbers that were printed with ``digits`` decimals are rounded."""
    rounded = re.compile(rf"\d+\.\d{{{digits}}}(?!\d)|\d\.\d\d(?= \\times)")
    total, value = 1e-9, worth(tex)
    for found in rounded.finditer(tex):
        half = 0.5 * 10.0 ** -len(found[0].partition(".")[2])
        moved = tex[: found.start()] + f"{float(found[0]) + half:.12f}" + tex[found.end() :]
        total = total + 1.05 * np.abs(worth(moved) - value)
    return total


def hold_steps(identity: str, seeds: int = 40) -> None:
    """Hold every line of the worked solutions to its result, and every part to the lines that lead to it."""
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(seeds))]:
        assert isinstance(problem, Calculation)
        trace = problem.solution
        for step in trace.steps:
            if step.numbers:
                value, off = worth(step.numbers), slack(step.numbers, trace.digits)
                if step.result is not None:
                    claimed = np.array(step.result, dtype=float)
                    where = f"{problem.name}: {step.symbol} = {step.numbers} = {claimed}, but it is {value}"
                    assert np.all(np.abs(value - claimed) <= off), where
        for part, value in problem.values.items():
            lines = [step for step in trace.steps if step.part == part]
            if isinstance(value, list):
                _hold_cells(problem.name, part, value, lines)
            else:
                assert value in [step.result for step in lines], (
                    f"{problem.name}: no line leads to {part} = {value}"
                )


def _hold_cells(name: str, part: str, value: list[Any], lines: list[Any]) -> None:
    """Hold every entry to the line that fills it; a line may fill a row, or the whole."""
    if value in [step.result for step in lines]:
        return
    for i, entry in enumerate(value):
        filled = [step.result for step in lines if {cell[0] for cell in step.cells.get(part, ())} == {i}]
        assert entry in filled, f"{name}: no line leads to {part}[{i}] = {entry}"


class _Reader:
    """Arithmetic in LaTeX, by recursive descent."""

    def __init__(self, tex: str) -> None:
        tokens = [token.strip() for token in _TOKEN.findall(tex.replace("{,}", ""))]
        self.tokens = [token for token in tokens if token and token not in _IGNORED]
        self.tex = tex

    def value(self) -> np.ndarray:
        first = before = self.sum()
        while self.seen() in _RELATIONS:
            relation = _RELATIONS[self.take()]
            if self.seen() == r"\ldots":
                self.take()
                break
            after = self.sum()
            assert relation(before, after), f"{self.tex} does not hold"
            before = after
        assert not self.tokens, f"{self.tex}: cannot read {self.tokens[:3]}"
        return first

    def seen(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, expected: str = "") -> str:
        token = self.tokens.pop(0) if self.tokens else ""
        assert not expected or token == expected, f"{self.tex}: {expected} expected, got {token!r}"
        return token

    def sum(self) -> np.ndarray:
        sign = -1 if self.seen() == "-" and self.take() else 1
        total = sign * self.product()
        while self.seen() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total = total + (0 if self.seen() == r"\ldots" and self.take() else sign * self.product())
        return total

    def product(self) -> np.ndarray:
        value = self.power()
        while self.seen() not in _ENDS or self.seen() in (r"\cdot", r"\times"):
            if self.seen() in (r"\cdot", r"\times"):
                self.take()
            value = value * self.power()
        return value

    def power(self) -> np.ndarray:
        base = self.atom()
        return base ** self.argument() if self.seen() == "^" and self.take() else base

    def argument(self) -> np.ndarray:
        """Read what stands in braces, or the next digit."""
        if self.seen() == "{":
            self.take("{")
            value = self.sum()
            self.take("}")
            return value
        token = self.take()
        if len(token) > 1:  # \frac12
            self.tokens.insert(0, token[1:])
        return np.float64(token[0])

    def atom(self) -> np.ndarray:
        token = self.take()
        if re.fullmatch(r"[\d.]+", token):
            return np.float64(token)
        if token in ("(", r"\max"):
            if token == r"\max":
                self.take("(")
            items = [self.sum()]
            while self.seen() == ",":
                self.take()
                items.append(self.sum())
            self.take(")")
            return np.max(items) if token == r"\max" else np.array(items) if len(items) > 1 else items[0]
        match token:
            case r"\frac":
                return self.argument() / self.argument()
            case r"\sqrt":
                return np.sqrt(self.argument())
            case r"\ln":
                return np.log(self.power())
            case r"\lceil":
                value = self.sum()
                self.take(r"\rceil")
                return np.ceil(value)
            case "e":
                return np.float64(math.e)
        raise AssertionError(f"{self.tex}: cannot read {token!r}")
