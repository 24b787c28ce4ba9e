"""The museum of mistakes: what the original hand-written solutions got wrong, found again by computation.

Every exhibit is made from the data that recognises the mistake in a student's answer; none of its numbers is typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import byhand
from byhand import notation
from byhand.calculation import Calculation
from byhand.mistakes import WrongAnswer
from byhand.problems import TOPICS
from byhand.question import Problem


@dataclass(frozen=True)
class Exhibit:
    """One recorded mistake.

    Attributes
    ----------
    problem
        The problem with the coursework's numbers.
    mistake
        The mistake: what was said (``recorded``), why, and how to catch it.
    wrong, right
        The value that the mistake leads to and the right one, for the part it spoils; the claim and the model answer
        for a question answered in words.
    """

    problem: Problem
    mistake: WrongAnswer
    wrong: Any
    right: Any

    @property
    def is_words(self) -> bool:
        """Whether it is a claim and not a number."""
        return isinstance(self.wrong, str)

    @property
    def digits(self) -> int:
        """The decimals to which its numbers are printed."""
        return self.problem.decimals if isinstance(self.problem, Calculation) else notation.DIGITS


def exhibits() -> Iterator[Exhibit]:
    """Yield every recorded mistake, by topic in the book's order and then in the coursework's."""
    order = list(TOPICS)
    problems = [byhand.problem(identity) for identity in byhand.ids()]
    for problem in sorted(problems, key=lambda problem: order.index(problem.topic)):
        for mistake in problem.mistakes:
            if mistake.recorded:
                right = problem.values[mistake.part] if isinstance(problem, Calculation) else problem.answer
                yield Exhibit(problem, mistake, mistake.value, right)
