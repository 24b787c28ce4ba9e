"""What every problem is: an id, a question, an answer with its worked solution, and wrong answers it understands."""

from __future__ import annotations

from typing import Any, ClassVar

from byhand.check import Feedback
from byhand.mistakes import WrongAnswer
from byhand.trace import Trace

registry: dict[str, type[Problem]] = {}


class Problem:
    """One problem with its numbers; the base of calculations and concept questions.

    Attributes
    ----------
    id
        The row of the coursework: ``"A1"``.
    title
        A few words.
    topic
        The module in ``byhand.problems`` that holds it, set there.
    seed
        None for the coursework's own numbers, else the variant's number.
    own
        Whether the numbers are a reader's own (see :mod:`byhand.own`).
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    topic: ClassVar[str] = ""
    seed: int | None = None
    own: bool = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Put the class on the list of problems, if it has an id of its own."""
        super().__init_subclass__(**options)
        if "id" not in cls.__dict__:
            return
        if cls.id in registry and registry[cls.id].__qualname__ != cls.__qualname__:
            raise ValueError(f"two problems have the id {cls.id!r}: {registry[cls.id]} and {cls}")
        cls.topic = cls.__module__.rpartition(".")[2]
        registry[cls.id] = cls

    statement: str
    answer: Any
    solution: Trace
    mistakes: tuple[WrongAnswer, ...]

    @classmethod
    def variant(cls, seed: int) -> Problem:
        """Return the problem of the same kind that belongs to the seed."""
        raise NotImplementedError(f"{cls.__name__} does not define variant")

    def check(self, text: str) -> Feedback:
        """Compare what a student typed with the answer, and say what to make of it."""
        raise NotImplementedError(f"{type(self).__name__} does not define check")

    @property
    def name(self) -> str:
        """The id, and the seed where there is one: ``A1`` or ``A1/7``."""
        return self.id if self.seed is None else f"{self.id}/{self.seed}"

    def __repr__(self) -> str:
        from byhand.render import text  # here: renderers stand above problems

        return text.statement(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from byhand.render import html

        return {"text/plain": repr(self), "text/html": html.notebook(self)}


def checked_seed(seed: int) -> int:
    """Return the seed if it is one."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be an integer from 0, got {seed!r}")
    return seed
