"""The problem engine: every calculation of the course with its numbers, endless variants, and what goes wrong in them.

Standard library only, so that it runs wherever Python does.

>>> import byhand
>>> byhand.problem("A20").answer
(26, 26, 4)
>>> byhand.problem("A20").check("20x20x10").mistake
'filters_one_after_another'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from byhand.question import Problem

__all__ = ["ids", "problem", "variant"]


def ids() -> list[str]:
    """Return the ids of all problems in the coursework's order: A1, A2, ..., D6."""
    from byhand.problems import load  # here: `import byhand.definitions` needs no problems

    return list(load())


def problem(identity: str) -> Problem:
    """Return a problem with the coursework's own numbers.

    Parameters
    ----------
    identity
        One of :func:`ids`, or a variant's name such as ``"A1/7"``.

    Raises
    ------
    ValueError
        If there is no such problem; the message names the nearest ones.
    """
    name, slash, seed = str(identity).partition("/")
    if slash and seed.isascii() and seed.isdecimal():
        return variant(name, int(seed))
    return _kind(str(identity))()


def variant(identity: str, seed: int) -> Problem:
    """Return a problem of the same kind with other numbers; the same seed gives the same numbers everywhere.

    Parameters
    ----------
    identity
        One of :func:`ids`.
    seed
        Any integer from 0.

    Raises
    ------
    ValueError
        If there is no such problem, or the seed is not such an integer.
    """
    return _kind(str(identity)).variant(seed)


def _kind(identity: str) -> type[Problem]:
    from byhand.problems import load

    kinds = load()
    if identity not in kinds:
        near = [name for name in kinds if name.startswith(identity[:2])] or list(kinds)
        raise ValueError(f"there is no problem {identity!r}; there are {', '.join(near)}")
    return kinds[identity]
