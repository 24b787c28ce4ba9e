"""What the page is told, whatever it asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

import byhand
from byhand import page, typed
from byhand.render import html


def ask(**request: Any) -> dict[str, Any]:
    """Return the response to a request, both as Python."""
    return json.loads(page.respond(json.dumps(request)))


@pytest.mark.parametrize("identity", byhand.ids())
def test_a_problem_is_what_the_book_shows(identity: str):
    shown = ask(ask="problem", id=identity, seed=None, given=None, level=4, heading=False)
    assert shown["html"] == html.problem(byhand.problem(identity), level=4, heading=False)
    assert shown["seed"] is None


def test_a_seed_gives_the_variant_of_the_same_seed():
    shown = ask(ask="problem", id="A1", seed=7)
    assert shown["html"] == html.problem(byhand.variant("A1", 7))
    assert shown["seed"] == 7
    assert 'data-problem="A1" data-seed="7"' in shown["html"]


@pytest.mark.parametrize("identity", byhand.ids())
def test_the_answer_is_right(identity: str):
    for seed in (None, 3):
        problem = byhand.problem(identity) if seed is None else byhand.variant(identity, seed)
        answer = problem.answer if isinstance(problem.answer, str) else typed.write(problem.answer)
        assert ask(ask="check", id=identity, seed=seed, answer=answer)["correct"] is True


def test_a_known_mistake_is_named():
    told = ask(ask="check", id="A20", answer="20 x 20 x 10")
    assert told["correct"] is False
    assert "one after another" in told["html"]


@pytest.mark.parametrize(
    ("request_", "sentence", "field"),
    [
        ({}, "ask is one of", None),
        ({"ask": "evaluate"}, "ask is one of", None),
        ({"ask": "problem"}, "There is no problem null.", None),
        ({"ask": "problem", "id": "<script>alert(1)</script>"}, "There is no problem <script>al….", None),
        ({"ask": "problem", "id": ["A1"]}, 'There is no problem ["A1"].', None),
        ({"ask": "problem", "id": "A1", "seed": "7"}, "A variant's number is", "seed"),
        ({"ask": "problem", "id": "A1", "seed": -1}, "A variant's number is", "seed"),
        ({"ask": "problem", "id": "A1", "seed": True}, "A variant's number is", "seed"),
        ({"ask": "problem", "id": "A1", "seed": 10**9}, "A variant's number is", "seed"),
        ({"ask": "problem", "id": "A1", "seed": 0.5}, "A variant's number is", "seed"),
        ({"ask": "problem", "id": "A1", "level": 7}, "level is one of", None),
        ({"ask": "problem", "id": "A1", "level": True}, "level is one of", None),
        ({"ask": "problem", "id": "A1", "heading": 1}, "heading is one of", None),
        ({"ask": "check", "id": "A1"}, "An answer is a text.", None),
        ({"ask": "check", "id": "A1", "answer": 3}, "An answer is a text.", None),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    request_: dict[str, Any], sentence: str, field: str | None
):
    told = ask(**request_)
    assert set(told) == {"error", "field"}
    assert told["error"].startswith(sentence)
    assert told["field"] == field


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "7",
        "[]",
        "not JSON",
        "[" * 50_000,
        "[" * 10**6,
        '{"seed": ' + "9" * 5_000 + "}",
        "{'ask': 1}",
    ],
)
def test_what_is_no_request_is_told_so(text: str):
    told = json.loads(page.respond(text))
    assert "our mistake" not in told["error"]
