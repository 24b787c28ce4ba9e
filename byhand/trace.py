"""A worked solution as data, so that every renderer, player and checker reads the same steps.

A :class:`Trace` is a list of :class:`Step`; a :class:`Work` is the sheet of paper on which a solution is written: the
solution computes as it writes, so what is shown is what was computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, product, zip_longest
from typing import Any

from byhand import notation

Cell = tuple[int, ...]  # row and column, counted from 0; one index for a vector


@dataclass(frozen=True)
class Step:
    r"""One line of a worked solution.

    Attributes
    ----------
    what
        What is done, a sentence; mathematics stands between dollar signs.
    formula
        The rule in symbols, a complete equation in LaTeX: ``J_{ij} = \sum_{a,b} I_{i+a,j+b} W_{ab}``.
    symbol
        What this step finds, in LaTeX: ``J_{0,1}``.
    numbers
        The right-hand side with the numbers in it, in LaTeX: ``1 \cdot (-1) + 3 \cdot 0 + 2 \cdot 1``.
    result
        The value found: a number, nested lists, a :class:`~byhand.notation.Shape`; None for a step of an argument.
    cells
        The cells that this step touches in each array, by the array's symbol; the one it fills is among them.
    part
        The part of the answer that this step works towards.
    """

    what: str
    formula: str = ""
    symbol: str = ""
    numbers: str = ""
    result: Any = None
    cells: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    part: str = ""

    def equation(self, digits: int = notation.DIGITS) -> str:
        """Return "symbol = numbers = result" as LaTeX, with ≈ where the printed result is rounded."""
        left = " = ".join(filter(None, [self.symbol, self.numbers]))
        if self.result is None:
            return left
        written = notation.tex(self.result, digits)
        if not left or written == self.numbers:
            return left or written
        return f"{left} {notation.relation(self.result, digits)} {written}"


@dataclass(frozen=True)
class Trace:
    """A worked solution: its steps, and every array that can be shown beside them.

    Attributes
    ----------
    steps
        In the order in which they are done.
    arrays
        Vectors and matrices by symbol: the given ones, then those that the steps fill.
    owners
        The part of the answer that each array belongs to, but for the given ones.
    digits
        Decimals to which rounded numbers are printed; the computation itself is not rounded.
    """

    steps: tuple[Step, ...]
    arrays: Mapping[str, Any] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    digits: int = notation.DIGITS

    @property
    def parts(self) -> list[tuple[str, list[Step]]]:
        """The steps of each part of the answer, in order."""
        return [(part, list(steps)) for part, steps in groupby(self.steps, key=lambda step: step.part)]

    @property
    def is_rounded(self) -> bool:
        """Whether any printed result is rounded."""
        return any(
            notation.is_rounded(step.result, self.digits) for step in self.steps if step.result is not None
        )

    @cached_property
    def found(self) -> dict[str, dict[Cell, int]]:
        """The number of the step that finds each cell of the arrays that are not given.

        A cell is found by the first step of its array's part that touches it; one that none touches, by the last step.
        """
        found: dict[str, dict[Cell, int]] = {}
        for symbol, part in self.owners.items():
            own = [number for number, step in enumerate(self.steps) if step.part == part]
            cells = dict.fromkeys(_cells(self.arrays[symbol]), own[-1]) if own else {}
            for number in reversed(own):
                cells.update(dict.fromkeys(self.steps[number].cells.get(symbol, ()), number))
            found[symbol] = cells
        return found


def _cells(array: Any) -> list[Cell]:
    """Return the index of every cell of a vector or a matrix."""
    if len(notation.sizes(array)) == 1:
        return [(i,) for i in range(len(array))]
    return list(product(range(len(array)), range(len(array[0]))))


class Work:
    """The sheet on which a solution is written.

    Parameters
    ----------
    arrays
        The given vectors and matrices by symbol.
    instead
        Values to go on with in place of the computed parts: a solution that follows through from a student's own
        earlier result.
    digits
        Decimals to which rounded numbers are printed.
    """

    def __init__(
        self,
        arrays: Mapping[str, Any] | None = None,
        *,
        instead: Mapping[str, Any] | None = None,
        digits: int = notation.DIGITS,
    ) -> None:
        self.parts: dict[str, Any] = {}
        self.digits = digits
        self._arrays = dict(arrays or {})
        self._owners: dict[str, str] = {}
        self._unowned: list[str] = []  # arrays that were shown since the last part was closed
        self._instead = instead or {}
        # Most sheets are solved for their values alone; the steps become a trace only when one is asked for.
        self._lines: list[dict[str, Any]] = []
        self._parts_of_lines: list[str] = []

    def step(
        self,
        what: str,
        *,
        formula: str = "",
        symbol: str = "",
        numbers: str = "",
        result: Any = None,
        cells: Mapping[str, Iterable[Cell]] | None = None,
    ) -> None:
        """Write one step; its fields are those of :class:`Step`."""
        touched = {name: tuple(group) for name, group in cells.items()} if cells else {}
        self._lines.append(
            {
                "what": what,
                "formula": formula,
                "symbol": symbol,
                "numbers": numbers,
                "result": result,
                "cells": touched,
            }
        )

    def show(self, symbol: str, value: Any) -> Any:
        """Let an array on the way to the next part be shown beside the steps; return it."""
        self._arrays |= (shown := notation.matrices(symbol, value))
        self._unowned += shown
        return value

    def part(self, name: str, value: Any) -> Any:
        """Close a part of the answer: the steps since the last one led to ``value``. Return the value to go on with."""
        self._parts_of_lines += [name] * (len(self._lines) - len(self._parts_of_lines))
        value = notation.tidy(self._instead.get(name, value))
        self.parts[name] = value
        self.show(name, value)
        self._owners |= dict.fromkeys(self._unowned, name)
        self._unowned.clear()
        return value

    def trace(self) -> Trace:
        """Return what was written."""
        steps = [
            Step(**{**line, "result": notation.tidy(line["result"])}, part=part)
            for line, part in zip_longest(self._lines, self._parts_of_lines, fillvalue="")
        ]
        return Trace(tuple(steps), self._arrays, self._owners, self.digits)
