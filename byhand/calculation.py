"""Problems whose answer is numbers: givens, a solution that computes as it writes, and the slips that are known.

Authors write one class for each row of the coursework: see ``byhand/problems/convolution.py`` for the pattern. An
instance of the class is one problem with its numbers, ``A1()`` the coursework's own and ``A1.variant(7)`` a drawn one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any, ClassVar

from byhand import notation
from byhand.check import Feedback, check_parts
from byhand.draws import Degenerate, Draws
from byhand.given import Given, linked
from byhand.mistakes import Mistake, WrongAnswer
from byhand.question import Problem, checked_seed
from byhand.trace import Trace, Work

_LARGEST_WRONG = 10**15  # a larger number that a reader's own givens lead to is not shown
_MOST_DRAWS = 1000  # a generator that is refused more often than this is wrong


class Calculation(Problem):
    """A problem whose answer is numbers.

    A subclass states ``coursework`` (the givens, exact), ``parts`` (what is asked, in order), :meth:`draw`,
    :meth:`pose`, :meth:`solve` and ``slips``.

    Attributes
    ----------
    coursework
        The givens in the original numbers, by name. Integers and fractions (see :func:`byhand.notation.exact`).
    givens
        The givens that a reader may change, and what each may be (see :mod:`byhand.given`).
    parts
        What is asked: the name a student types, and in words what it is. Often one part only.
    symbols
        The symbol of each given that is shown as an array.
    units
        The unit of a part, where it has one: ``{"loss": "nats"}``.
    decimals
        To how many decimals a part that is not whole is asked.
    slips
        The mistakes that are known for this problem.
    note
        What is special about a reader's numbers, if anything is: a clause.
    """

    coursework: ClassVar[Mapping[str, Any]] = {}
    givens: ClassVar[Mapping[str, Given]] = {}
    parts: ClassVar[Mapping[str, str]] = {}
    symbols: ClassVar[Mapping[str, str]] = {}
    units: ClassVar[Mapping[str, str]] = {}
    decimals: ClassVar[int] = notation.DIGITS
    slips: ClassVar[tuple[Mistake, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        """Carry the limits of a side from the given that states them to the others."""
        super().__init_subclass__(**options)
        cls.givens = linked(cls.givens)

    def __init__(
        self, given: Mapping[str, Any] | None = None, seed: int | None = None, *, own: bool = False
    ) -> None:
        self.given = SimpleNamespace(**(self.coursework if given is None else given))
        self.seed = seed
        self.own = own
        self.note = ""

    @classmethod
    def draw(cls, draws: Draws) -> Mapping[str, Any]:
        """Return new givens of the same kind and difficulty; raise ``Degenerate`` if they would make a bad problem."""
        raise NotImplementedError(f"{cls.__name__} does not define draw")

    def pose(self) -> str:
        """Return the question in words; what is asked is added from ``parts``."""
        raise NotImplementedError(f"{type(self).__name__} does not define pose")

    def solve(self, work: Work) -> None:
        """Write the solution on the sheet, closing every part."""
        raise NotImplementedError(f"{type(self).__name__} does not define solve")

    def refuse(self) -> None:
        """Raise ``Degenerate`` if the solved problem has a flaw, such as a tie; called on variants.

        With a reader's own numbers it is no obstacle, and the message, a clause, is shown as a note.
        """

    @classmethod
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Return a reader's givens with those that follow from them, such as the maps of a forward pass."""
        return given

    def accept(self) -> None:
        """Raise :class:`~byhand.given.Refused` if a reader's numbers do not suit the question or its solution's words.

        Sizes and limits have been checked by then (see ``givens``).
        """

    @classmethod
    def variant(cls, seed: int) -> Calculation:
        """Return the problem of the same kind that belongs to the seed, any integer from 0."""
        draws = Draws(f"{cls.id}/{checked_seed(seed)}")
        for _ in range(_MOST_DRAWS):
            try:
                problem = cls(cls.draw(draws), seed)
                problem.refuse()
            except Degenerate:
                continue
            return problem
        raise RuntimeError(f"{cls.id}: no usable numbers in {_MOST_DRAWS} draws for seed {seed}")

    @property
    def statement(self) -> str:
        """The question in words (Markdown, mathematics between dollar signs); the arrays are in ``arrays``."""
        return self.pose()

    @property
    def arrays(self) -> dict[str, Any]:
        """The given vectors and matrices by symbol; a stack of maps is one matrix for each."""
        return {
            symbol: matrix
            for name, stack in self.symbols.items()
            for symbol, matrix in notation.matrices(stack, getattr(self.given, name)).items()
        }

    def worked(self, instead: Mapping[str, Any] | None = None) -> Work:
        """Return the solved sheet; with ``instead``, going on from these values in place of the right ones."""
        work = Work(self.arrays, instead=instead, digits=self.decimals)
        self.solve(work)
        return work

    @cached_property
    def _work(self) -> Work:
        work = self.worked()
        if list(work.parts) != list(self.parts):
            raise ValueError(
                f"{self.id} asks for {list(self.parts)}, but its solution finds {list(work.parts)}"
            )
        return work

    @property
    def values(self) -> dict[str, Any]:
        """The right value of every part."""
        return self._work.parts

    @property
    def answer(self) -> Any:
        """The answer: a number, nested lists or a shape; a dictionary by name where several parts are asked."""
        return next(iter(self.values.values())) if len(self.values) == 1 else self.values

    @cached_property
    def solution(self) -> Trace:
        """The worked solution."""
        return self._work.trace()

    @cached_property
    def mistakes(self) -> tuple[WrongAnswer, ...]:
        """The wrong answers known for these numbers; none equals the right one, or another in the same part."""
        right = SimpleNamespace(**self.values)
        found: list[WrongAnswer] = []
        for slip in self.slips:
            wrong = self._wrong(slip, right)
            same = [self.values[slip.part], *(other.value for other in found if other.part == slip.part)]
            # None says that the slip cannot happen with these numbers.
            if wrong is None or any(_alike(wrong, value, self.decimals) for value in same):
                continue
            follow = partial(self.following, {slip.part: wrong}) if len(self.parts) > 1 else None
            found.append(
                WrongAnswer(
                    slip.name, slip.message, slip.catch, slip.part, wrong, slip.recorded, slip.why, follow
                )
            )
        return tuple(found)

    def _wrong(self, slip: Mistake, right: SimpleNamespace) -> Any:
        """Return what a slip leads to; None where it cannot happen, as with a reader's numbers one never knows."""
        if not self.own:
            return notation.tidy(slip.wrong(self.given, right))
        try:
            wrong = notation.tidy(slip.wrong(self.given, right))
            return wrong if _is_presentable(wrong) else None
        except (ValueError, IndexError, TypeError, ArithmeticError):
            return None

    def following(self, instead: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parts as they follow from these values of some; without those that their sizes make impossible."""
        try:
            return self.worked(instead).parts
        except (ValueError, IndexError, TypeError, ArithmeticError):
            last = max(map(list(self.values).index, instead))
            return {name: instead.get(name, value) for name, value in list(self.values.items())[: last + 1]}

    def check(self, text: str) -> Feedback:
        """Compare what a student typed with the answer, and say what to make of it.

        Numbers, fractions, lists, matrices and shapes are understood (:mod:`byhand.typed`); several parts are written
        as ``J = [[1, 2]]; K = 3``. Nothing is ever evaluated.
        """
        return check_parts(self, text)


def _is_presentable(value: Any) -> bool:
    """Tell whether a value is a number or a full array, and nothing in it is nan or too long to be shown."""
    found = notation.numbers(value)
    is_full = len(found) == math.prod(notation.sizes(value))
    return is_full and all(abs(number) < _LARGEST_WRONG or abs(number) == math.inf for number in found)


def _alike(a: Any, b: Any, decimals: int) -> bool:
    """Tell whether two values cannot be told apart at the precision asked."""
    if notation.sizes(a) != notation.sizes(b):
        return False
    if notation.is_integral(a) and notation.is_integral(b):
        return notation.numbers(a) == notation.numbers(b)
    pairs = zip(notation.numbers(a), notation.numbers(b), strict=True)
    return all(x == y or abs(float(x) - float(y)) <= 2 * 10.0**-decimals for x, y in pairs)
