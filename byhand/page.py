"""What a page asks and what it is told: JSON text in, JSON text out, and never an exception.

A page shows problems and computes nothing. It sends one text to :func:`respond`, in the browser's own Python or any
other, and puts what comes back where the reader sees it. A request is an object; ``seed`` and ``given`` may be left out
or null, and at most one of them is there: without both, the problem has the coursework's own numbers.

``{"ask": "problem", "id": "A1", "seed": 7, "given": null, "level": 3, "heading": true}``
    is told ``{"html": "<section ...>", "seed": 7, "given": {"image": "[[1, 2], [3, 4]]", ...}}``, the givens as a
    reader would type them.
``{"ask": "check", "id": "A1", "seed": 7, "given": null, "answer": "J = [[2, 9]]"}``
    is told ``{"correct": false, "html": "<p>...</p>"}``.

What cannot be done is told as ``{"error": "a sentence for the reader", "field": "image"}``; the field is null where no
single given is to blame. All ``html`` is written by :mod:`byhand.render`, which escapes whatever the reader typed; an
``error`` is plain text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import byhand
from byhand import own
from byhand.given import Refused
from byhand.question import Problem
from byhand.render import html

LARGEST_SEED = 10**9 - 1
LONGEST_REQUEST = 100_000  # characters; an answer has a limit of its own
_LONGEST_ID = 10
_LEVELS = range(1, 7)

Request = Mapping[str, Any]


def respond(text: str) -> str:
    """Return the response to one request, both as JSON.

    Examples
    --------
    >>> respond('{"ask": "check", "id": "A20", "answer": "26 x 26 x 4"}')
    '{"correct": true, "html": "<p>Correct.</p>"}'
    >>> respond('{"ask": "check", "id": "A99", "answer": "4"}')[:35]
    '{"error": "There is no problem A99.'
    """
    try:
        request = _read(text)
        response = _ASKED[_one_of(request, "ask", _ASKED)](request)
    except Refused as refused:
        response = {"error": str(refused), "field": refused.field}
    except Exception as error:  # a page must not be left without a word, whatever is wrong here
        response = {"error": f"This is our mistake, not yours: {type(error).__name__}.", "field": None}
    return json.dumps(response)


def _read(text: str) -> Request:
    if not isinstance(text, str):
        raise Refused(f"A request is a text, not {type(text).__name__}.")
    if len(text) > LONGEST_REQUEST:
        raise Refused(f"That is too long: {len(text):,} characters, and {LONGEST_REQUEST:,} can be read.")
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("The request is not JSON.") from None
    if not isinstance(request, dict):
        raise Refused("A request is an object of JSON.")
    return request


def _problem(request: Request) -> dict[str, Any]:
    """Return a problem as HTML, and how it was asked for."""
    problem = _asked_for(request)
    level = _one_of(request, "level", _LEVELS, otherwise=3)
    heading = _one_of(request, "heading", (True, False), otherwise=True)
    written = html.problem(problem, level=level, heading=heading)
    return {"html": written, "seed": problem.seed, "given": own.texts(problem)}


def _check(request: Request) -> dict[str, Any]:
    """Return what is to be said about an answer."""
    answer = request.get("answer")
    if not isinstance(answer, str):
        raise Refused("An answer is a text.")
    feedback = _asked_for(request).check(answer)
    return {"correct": feedback.correct, "html": f"<p>{html.rich(feedback.message)}</p>"}


_ASKED: dict[str, Callable[[Request], dict[str, Any]]] = {"problem": _problem, "check": _check}


def _asked_for(request: Request) -> Problem:
    """Return the problem that a request names."""
    identity, seed, given = request.get("id"), request.get("seed"), request.get("given")
    if not isinstance(identity, str) or identity not in byhand.ids():
        raise Refused(f"There is no problem {_shown(identity)}.")
    if seed is not None and not (type(seed) is int and 0 <= seed <= LARGEST_SEED):
        raise Refused(f"A variant's number is a whole number from 0 to {LARGEST_SEED:,}.", "seed")
    if given is None:
        return _made(identity, seed)
    if seed is not None:
        raise Refused("A problem has a variant's numbers or your own, not both.")
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise Refused("Your own numbers are texts, one for each given.")
    return _own(identity, tuple(given.items()))


@lru_cache(maxsize=32)
def _made(identity: str, seed: int | None) -> Problem:
    """Return a problem; a reader mostly goes on with the one before, whose solution is known by then."""
    return byhand.problem(identity) if seed is None else byhand.variant(identity, seed)


@lru_cache(maxsize=32)
def _own(identity: str, given: tuple[tuple[str, str], ...]) -> Problem:
    """Return a problem with a reader's numbers."""
    return own.own(identity, dict(given))


def _one_of(request: Request, name: str, options: Any, otherwise: Any = None) -> Any:
    """Return an entry that must be one of the options; left out or null, it is ``otherwise``."""
    value = request.get(name)
    value = otherwise if value is None else value
    for option in options:
        if type(value) is type(option) and value == option:
            return option
    raise Refused(f"{name} is one of {', '.join(map(json.dumps, options))}, not {_shown(value)}.")


def _shown(value: Any) -> str:
    """Return a few characters of a value for a message."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST_ID else f"{text[:_LONGEST_ID]}…"
