"""What the page is told, whatever it asks."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from changes import changes
from hypothesis import given, settings
from hypothesis import strategies as st

import byhand
from byhand import own, page, typed
from byhand.calculation import Calculation
from byhand.formula import mathml
from byhand.render import html

CALCULATIONS = [identity for identity in byhand.ids() if isinstance(byhand.problem(identity), Calculation)]


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


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_a_reader_s_numbers_make_the_problem(identity: str):
    """The page gets back the texts for its form, and with them the same problem; its answer is right."""
    for problem in changes(identity, 3):
        texts = own.texts(problem)
        shown = ask(ask="problem", id=identity, given=texts)
        assert shown["html"] == html.problem(problem)
        assert shown["given"] == texts
        assert shown["seed"] is None
        (attributes,) = (dict(found) for tag, found in tags(shown["html"]) if tag == "section")
        assert json.loads(attributes["data-given"]) == texts
        answer = typed.write(problem.answer)
        assert ask(ask="check", id=identity, given=texts, answer=answer)["correct"] is True
        assert ask(ask="check", id=identity, given=texts, answer="[[0.123]]")["correct"] is False


def test_the_form_is_filled_whatever_the_numbers():
    for seed in (None, 5):
        problem = byhand.problem("A1") if seed is None else byhand.variant("A1", seed)
        assert ask(ask="problem", id="A1", seed=seed)["given"] == own.texts(problem)
    assert ask(ask="problem", id="A9")["given"] == {}


def test_a_refusal_names_its_field():
    told = ask(ask="problem", id="A20", given={"stride": "0"})
    assert told == {"error": "Stride: expected a whole number from 1 to 16, got 0.", "field": "stride"}


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
        (
            {"ask": "problem", "id": "A1", "seed": 1, "given": {}},
            "A problem has a variant's numbers or",
            None,
        ),
        ({"ask": "problem", "id": "A1", "given": []}, "Your own numbers are texts", None),
        ({"ask": "problem", "id": "A1", "given": {"image": 3}}, "Your own numbers are texts", None),
        ({"ask": "problem", "id": "A1", "given": {"<b>": "3"}}, "A1 has no given <b>; there are", None),
        ({"ask": "problem", "id": "A9", "given": {}}, "A9 is answered in words", None),
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


# Whatever a reader types: an answer or a refusal comes back, in time, and nothing in it is the reader's markup.


class _Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def tags(page_: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return the tags of a page and their attributes."""
    parser = _Tags()
    parser.feed(page_)
    parser.close()
    return parser.found


def known() -> set[str]:
    """Return the names of all tags and attributes that byhand writes, from what it writes without any reader."""
    written = [html.problem(byhand.variant(identity, 1)) for identity in byhand.ids()]
    written.append(mathml(r"\frac{1}{2} \sqrt{x^2} \times 10^{-3}"))
    written.append(html.rich("**a** *b* `c`") + '<section data-given="">')
    return {
        name for text in written for tag, found in tags(text) for name in (tag, *(key for key, _ in found))
    }


KNOWN = known()
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onfocus='alert(1)",
    "javascript:alert(1)", "&lt;script&gt;", "&#x3c;b&#x3e;", "</p></section><iframe>", "{{7*7}}", "${7*7}", "$x$",
    r"$\ce{H2O}$", r"\href{javascript:alert(1)}{1}", r"\frac{1}{0}", r"\input{/etc/passwd}", r"\def\x{\x}\x",
    "**1**", "*1*", "`1`", "$", "$$", "__import__('os')", "1; import os", "9" * 61, "9" * 10_001, "1e400", "1e401",
    "-1e-400", "1/0", "0/0", "nan", "inf", "-inf", "[" * 1_000, "[" * 9_999, "[[[[[[[1]]]]]]]", "]", "[]", "[[]]", "{}",
    "[[1, 2], [3]]",
    "1,2,3;4", "\0", "\x1b[31m", "\ud800", "\u202e1", "١٢", "１２", "", " ", "\n", "None", "true", "1_0", "0x10",
]  # fmt: skip
NAMES = sorted({name for identity in CALCULATIONS for name in byhand.problem(identity).givens})
texts_ = st.sampled_from(HOSTILE) | st.text(max_size=30) | st.text("0123456789[],.-/ xe", max_size=40)
anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts_ | st.lists(st.integers(), max_size=2)
)
requests = st.fixed_dictionaries(
    {"ask": st.sampled_from(["problem", "check"]) | anything, "id": st.sampled_from(byhand.ids()) | anything},
    optional={
        "seed": st.none() | st.integers(0, 3) | anything,
        "given": st.none() | st.dictionaries(st.sampled_from(NAMES) | texts_, texts_, max_size=3) | anything,
        "answer": texts_ | anything,
        "level": st.none() | anything,
        "heading": st.none() | anything,
    },
)


def holds(text: str) -> dict[str, Any]:
    """Hold the response to one text to what is promised of all; return it."""
    begin = time.process_time()
    answer = page.respond(text)
    assert time.process_time() - begin < 2  # a hundredth of that where nothing else runs
    told = json.loads(answer)
    if "error" in told:
        assert set(told) == {"error", "field"}
        assert isinstance(told["error"], str)
        assert 10 < len(told["error"]) < 600
        assert "our mistake" not in told["error"], told["error"]
        return told
    assert set(told) in ({"html", "seed", "given"}, {"correct", "html"})
    for tag, attributes in tags(told["html"]):
        assert {tag, *(name for name, _ in attributes)} <= KNOWN, tag
        assert not any(name.startswith("on") for name, _ in attributes)
    assert not re.search("(?i)javascript:", told["html"].replace("&quot;", ""))
    return told


@settings(max_examples=300, deadline=None)
@given(requests)
def test_every_request_is_answered(request_: dict[str, Any]):
    holds(json.dumps(request_))


@settings(max_examples=150, deadline=None)
@given(st.text() | st.text('{}[]":,0123456789asknulid'))
def test_every_text_is_answered(text: str):
    holds(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_do_no_harm(text: str):
    """In every field of a few problems, as an answer, and as the name of a given."""
    for identity in ("A1", "A3", "A20", "A23", "D5"):
        for name in byhand.problem(identity).givens:
            holds(json.dumps({"ask": "problem", "id": identity, "given": {name: text}}))
            holds(json.dumps({"ask": "check", "id": identity, "given": {name: text}, "answer": text}))
        holds(json.dumps({"ask": "check", "id": identity, "answer": text}))
        holds(json.dumps({"ask": "check", "id": identity, "answer": f"J = {text}"}))
        assert "error" in holds(json.dumps({"ask": "problem", "id": identity, "given": {text: "1"}}))
