"""A reader's own numbers in place of a calculation's givens.

Texts come in, a solved calculation comes out, or one sentence says what stands in the way and in which field. Nothing
that a reader types is evaluated: ``byhand.typed`` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import byhand
from byhand import notation
from byhand.calculation import Calculation
from byhand.draws import Degenerate, Inconvenient
from byhand.given import Refused, check_sizes, expect
from byhand.question import Problem

__all__ = ["Field", "Refused", "fields", "own", "texts"]

MOST_STEPS = 120  # of a solution; the coursework's longest has 60


class Field(NamedTuple):
    """What a form needs to know of one given.

    Attributes
    ----------
    name
        The name by which :func:`own` knows it.
    label
        A few words, with mathematics between dollar signs.
    expected
        What to type, in words.
    text
        The problem's own value, as a reader would type it.
    words
        For a choice, the words to choose from.
    """

    name: str
    label: str
    expected: str
    text: str
    words: tuple[str, ...] = ()


def own(identity: str, texts: Mapping[str, str]) -> Calculation:
    """Return the calculation of this id with a reader's numbers, solved.

    Parameters
    ----------
    identity
        The id of a calculation.
    texts
        What the reader typed for each given; a given that is left out stays as the coursework has it.

    Raises
    ------
    ValueError
        A ``Refused``, whose message is for the reader: if there is no such calculation, a text cannot be read or is not
        what is expected, or the numbers do not go together.

    Examples
    --------
    >>> own("A20", {"shape": "9x9x3", "stride": "2"}).answer
    (4, 4, 4)
    >>> own("A20", {"shape": "9x9x3", "stride": "0"})
    Traceback (most recent call last):
        ...
    byhand.given.Refused: Stride: expected a whole number from 1 to 16, got 0.
    """
    problem = _original(identity)
    unknown = [name for name in texts if name not in problem.givens]
    if unknown:
        names = ", ".join(problem.givens)
        raise Refused(f"{identity} has no given {_shortened(unknown[0])}; there are {names}.")
    given = dict(vars(problem.given))
    given |= {name: problem.givens[name].read(text, name) for name, text in texts.items()}
    check_sizes(problem.givens, given)
    return _solved(type(problem)(problem.complete(given), own=True))


def texts(problem: Problem) -> dict[str, str]:
    """Return the givens that a reader may change, as a reader would type them.

    Examples
    --------
    >>> texts(byhand.problem("A20"))
    {'shape': '28x28x10', 'kernel_size': '3', 'filters': '4', 'stride': '1', 'padding': '0'}
    """
    return {field.name: field.text for field in fields(problem)}


def fields(problem: Problem) -> list[Field]:
    """Return a field for each given that a reader may change; none for a question that is answered in words."""
    if not isinstance(problem, Calculation):
        return []
    return [
        Field(
            name, given.label, given.expected, given.write(getattr(problem.given, name)), tuple(given.words)
        )
        for name, given in problem.givens.items()
    ]


def _original(identity: str) -> Calculation:
    """Return the coursework's problem of this id, if its numbers can be changed."""
    if identity not in byhand.ids():
        raise Refused(f"There is no problem {_shortened(identity)}.")
    problem = byhand.problem(identity)
    if not isinstance(problem, Calculation):
        raise Refused(f"{identity} is answered in words: it has no numbers to change.")
    return problem


def _solved(problem: Calculation) -> Calculation:
    """Solve a problem, so that whatever is wrong with its numbers is told at once; note what is special about them."""
    try:
        problem.accept()
        values = notation.numbers(list(problem.values.values()))
    except Refused:
        raise
    except (ValueError, ArithmeticError, IndexError) as error:
        raise Refused(f"There is no solution with these numbers: {error}.") from error
    if any(isinstance(value, float) and math.isnan(value) for value in values):
        raise Refused("There is no solution with these numbers: it would divide 0 by 0.")
    steps = len(problem.solution.steps)
    expect(steps <= MOST_STEPS, f"A solution of {steps} steps is too long to read: expected smaller arrays.")
    try:
        problem.refuse()
    except Inconvenient:
        pass
    except Degenerate as flaw:
        problem.note = str(flaw)
    return problem


def _shortened(text: str) -> str:
    return text if len(text) <= 12 else f"{text[:12]}…"
