"""Seeded draws that give the same numbers on every machine and in every version of Python.

The standard library promises that ``random.Random(seed).random()`` repeats itself; it does not promise that for
``randint`` or ``shuffle``. A seed is part of a problem's address, so everything here is made from ``random()``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")


class Degenerate(Exception):  # noqa: N818 - not an error: the draw is repeated
    """A draw that would make a bad problem, such as a tie in pooling; its message says why."""


class Inconvenient(Degenerate):
    """A draw that would make more work than it teaches, such as a mean that is not whole.

    Nobody is told: whoever has chosen such numbers wants to see them.
    """


class Draws:
    """Numbers for one variant of a problem.

    Parameters
    ----------
    seed
        A text; the same text always gives the same numbers.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def integer(self, low: int, high: int, *, but: Sequence[int] = ()) -> int:
        """Return an integer from low to high, both included, that is none of ``but``."""
        choices = [number for number in range(low, high + 1) if number not in but]
        return self.choice(choices)

    def decimal(self, low: str, high: str, *, step: str = "0.1", but: Sequence[str] = ()) -> Fraction | int:
        """Return a multiple of ``step`` from low to high, exact: ``decimal("-1", "1", step="0.1")``."""
        unit = Fraction(step)
        refused = {Fraction(number) for number in but}
        first, last = int(Fraction(low) / unit), int(Fraction(high) / unit)
        value = self.choice([i * unit for i in range(first, last + 1) if i * unit not in refused])
        return value.numerator if value.denominator == 1 else value

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        if not options:
            raise ValueError("choice needs at least one option, got none")
        return options[int(self._random() * len(options))]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Return ``count`` different options in random order."""
        if count > len(options):
            raise ValueError(f"count must be at most {len(options)}, the number of options, got {count}")
        left = list(options)
        return [left.pop(int(self._random() * len(left))) for _ in range(count)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return the options in random order."""
        return self.sample(options, len(options))

    def vector(self, length: int, low: int, high: int, *, but: Sequence[int] = ()) -> list[int]:
        """Return a list of integers."""
        return [self.integer(low, high, but=but) for _ in range(length)]

    def matrix(
        self, rows: int, columns: int, low: int, high: int, *, but: Sequence[int] = ()
    ) -> list[list[int]]:
        """Return rows of integers."""
        return [self.vector(columns, low, high, but=but) for _ in range(rows)]

    def decimals(
        self, rows: int, columns: int, low: str, high: str, **options: Any
    ) -> list[list[Fraction | int]]:
        """Return rows of decimals; options as in :meth:`decimal`."""
        return [[self.decimal(low, high, **options) for _ in range(columns)] for _ in range(rows)]
