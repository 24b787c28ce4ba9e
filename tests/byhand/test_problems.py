"""What is true of every problem: the coursework's own and its variants. Standard library and pytest only."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from fractions import Fraction

import pytest

import byhand
from byhand import notation, typed
from byhand.calculation import Calculation
from byhand.concept import Concept
from byhand.draws import Degenerate
from byhand.formula import parse
from byhand.mistakes import WrongAnswer
from byhand.render import document, html

SEEDS = 500
RENDERED = 25  # variants whose every rendering is parsed; their forms repeat
IDS = byhand.ids()
ROWS = [f"A{n}" for n in range(1, 46)] + [f"B{n}" for n in range(1, 17)]
ROWS += ["C1a", "C1b", "C1c", "C2a", "C2b", "C2c", "C3", "C4a", "C4b", "C4c", "C4d", "C5"]
ROWS += [f"D{n}" for n in range(1, 7)]
CALCULATIONS = [identity for identity in IDS if isinstance(byhand.problem(identity), Calculation)]
CONCEPTS = [identity for identity in IDS if isinstance(byhand.problem(identity), Concept)]


def test_every_row_of_the_coursework_is_a_problem():
    assert IDS == ROWS
    assert set(CALCULATIONS) | set(CONCEPTS) == set(IDS)


def everything(identity: str, seeds: int = SEEDS) -> list[Calculation]:
    return [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(seeds))]


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_every_variant(identity: str):
    """One pass over all variants, because drawing and solving them is most of the work."""
    forms: set[str] = set()
    for problem in everything(identity):
        holds_numbers(problem)
        accepts_its_answer(problem)
        reads_every_formula(problem, forms)
        for wrong in problem.mistakes:
            names_the_mistake(problem, wrong)


def holds_numbers(problem: Calculation) -> None:
    """Givens are exact; every part is there; results are integers, proper fractions or floats, and never nan."""
    for name, value in vars(problem.given).items():
        for number in notation.numbers(value):
            assert isinstance(number, int | Fraction | str), (
                f"{problem.name}: {name} is {number!r}, not exact"
            )
    assert list(problem.values) == list(problem.parts)
    for part, value in problem.values.items():
        for number in notation.numbers(value):
            assert isinstance(number, int | float | Fraction), f"{problem.name}: {part} holds {number!r}"
            assert not (isinstance(number, float) and math.isnan(number)), (
                f"{problem.name}: {part} is {value}"
            )
            assert not (isinstance(number, Fraction) and number.denominator == 1), f"{problem.name}: {part}"


def reads_every_formula(problem: Calculation, seen: set[str]) -> None:
    """Our reader of LaTeX knows all that is written; formulas that differ in their digits alone are read once."""
    for formula in document.formulas(document.problem(problem)):
        form = re.sub(r"\d+", "1", formula)
        if form not in seen:
            seen.add(form)
            parse(formula)


def accepts_its_answer(problem: Calculation) -> None:
    """The right answer, typed, is right."""
    feedback = problem.check(typed.write(problem.answer))
    assert feedback.correct, f"{problem.name}: {feedback}"
    assert feedback.credit == 1


def names_the_mistake(problem: Calculation, wrong: WrongAnswer) -> None:
    """A wrong answer differs from the right one and, typed, is recognised and explained."""
    text = typed.write(wrong.value)
    feedback = problem.check(f"{wrong.part} = {text}" if len(problem.parts) > 1 else text)
    assert not feedback.correct, f"{problem.name}, {wrong.name}: {text}"
    assert feedback.mistake == wrong.name, f"{problem.name}, {wrong.name}: {text}: {feedback}"
    assert wrong.message in feedback.message


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_follow_through_earns_credit(identity: str):
    """A student who slips once and goes on correctly loses the credit of that part alone."""
    for problem in everything(identity, seeds=20):
        for wrong in problem.mistakes:
            sizes = {part: notation.sizes(value) for part, value in problem.values.items()}
            if {part: notation.sizes(value) for part, value in wrong.parts.items()} != sizes:
                continue  # the wrong value has a size that later parts cannot go on from
            feedback = problem.check(typed.write(wrong.parts))
            assert not feedback.correct
            assert feedback.parts[wrong.part] == wrong.name
            others = {word for part, word in feedback.parts.items() if part != wrong.part}
            assert others <= {"right", "follows"}, f"{problem.name}, {wrong.name}: {feedback}"
            assert feedback.credit == Fraction(len(problem.parts) - 1, len(problem.parts))


@pytest.mark.parametrize("identity", IDS)
def test_variants_differ_and_repeat(identity: str):
    """The same seed gives the same problem; different seeds mostly different ones; none is the coursework's own."""
    variants = [byhand.variant(identity, seed) for seed in range(SEEDS)]
    assert all(
        byhand.variant(identity, seed).statement == variants[seed].statement for seed in (0, 7, SEEDS - 1)
    )
    if isinstance(variants[0], Calculation):
        kinds = Counter(repr(problem.given) for problem in variants)
    else:
        kinds = Counter(problem.statement for problem in variants)
    assert len(kinds) >= 20, f"{identity}: only {len(kinds)} different problems in {SEEDS} seeds"
    assert kinds.most_common(1)[0][1] <= SEEDS / 8, (
        f"{identity}: one problem comes {kinds.most_common(1)} times"
    )


@pytest.mark.parametrize("identity", CONCEPTS)
def test_concepts_know_their_answer_and_their_misconceptions(identity: str):
    problem = byhand.problem(identity)
    assert problem.check(problem.answer).correct, problem.check(problem.answer)
    assert len(problem.points) >= 3
    assert len(problem.misconceptions) >= 4
    for misconception in problem.misconceptions:
        feedback = problem.check(misconception.claim)
        assert not feedback.correct
        assert feedback.mistake == misconception.name, f"{identity}, {misconception.name}: {feedback}"


@pytest.mark.parametrize("identity", CONCEPTS)
def test_a_choice_has_one_right_option(identity: str):
    for seed in range(100):
        choice = byhand.variant(identity, seed)
        assert len(set(choice.options)) == 4
        words = [choice.check(letter).correct for letter in choice.letters]
        assert words.count(True) == 1
        assert choice.check(choice.answer).correct
        for wrong in choice.mistakes:
            assert choice.check(wrong.answer).mistake == wrong.name
            assert choice.check(f" ({wrong.answer.upper()}) ").mistake == wrong.name


@pytest.mark.parametrize("identity", IDS)
def test_html_is_well_formed_and_whole(identity: str):
    """Every start has its end, ids are used once, tables have headings, and the list has every step."""
    for problem in everything(identity, seeds=RENDERED):
        page = ElementTree.fromstring(html.problem(problem))
        assert page.get("data-problem") == identity
        names = [element.get("id") for element in page.iter() if element.get("id")]
        assert len(names) == len(set(names))
        folds = ["Worked solution", "Common mistakes"]
        if isinstance(problem, Calculation):
            folds.insert(0, "Your own numbers")
        assert [element.text for element in page.iter("summary")] == folds
        assert page.find("h3") is not None
        for table in page.iter("table"):
            assert table.find("caption") is not None
            assert table.find(".//th") is not None
        steps = [element for element in page.iter("li") if element.get("data-step")]
        count = len(problem.solution.steps) if identity in CALCULATIONS else 0
        assert [int(step.get("data-step")) for step in steps] == list(range(count))
        arrays = {table.get("data-array") for table in page.iter("table")}
        for step in steps:
            assert set(json.loads(step.get("data-cells", "{}"))) <= arrays


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_steps_touch_cells_that_exist(identity: str):
    """A step points into arrays that are shown, and every cell of a result is found by some step of its part."""
    for problem in everything(identity, seeds=RENDERED):
        trace = problem.solution
        assert trace.steps
        for step in trace.steps:
            assert step.part in problem.parts, f"{problem.name}: a step after the last part: {step.what}"
            for symbol, cells in step.cells.items():
                size = notation.sizes(trace.arrays[symbol])
                for cell in cells:
                    assert len(cell) == len(size), f"{problem.name}: {symbol} {cell}"
                    assert all(0 <= i < n for i, n in zip(cell, size, strict=True)), (
                        f"{problem.name}: {symbol} {cell}"
                    )


@pytest.mark.parametrize("identity", IDS)
def test_words_are_whole_sentences(identity: str):
    """Statements, steps and messages begin with a capital, end with a stop, and have no slips of the keyboard."""
    for problem in everything(identity, seeds=5):
        texts = [problem.statement.split("\n\n")[0], *(step.what for step in problem.solution.steps)]
        texts += [wrong.message for wrong in problem.mistakes]
        for text in texts:
            assert re.match(r"[A-Z0-9$`*(]", text), f"{problem.name}: {text!r}"
            assert text.rstrip()[-1] in ".:?!$*)", f"{problem.name}: {text!r}"
            assert "  " not in text, f"{problem.name}: {text!r}"
            assert not re.search(
                r"Fraction\(|\d\.\d{9,}|\b1 (filters|maps|weights|values|rows|steps)\b", text
            ), text


def test_unknown_ids_and_seeds_are_named():
    with pytest.raises(ValueError, match="there are C1a, C1b, C1c"):
        byhand.problem("C1")
    with pytest.raises(ValueError, match="no problem 'Z9'"):
        byhand.variant("Z9", 1)
    for seed in (-1, 1.0, True, "1"):
        with pytest.raises(ValueError, match="seed must be an integer from 0"):
            byhand.variant("A1", seed)
    assert byhand.problem("A1/7").statement == byhand.variant("A1", 7).statement


def test_a_generator_that_is_always_refused_says_so(monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Calculation) -> None:
        raise Degenerate("always")

    kind = type(byhand.problem("A1"))
    monkeypatch.setattr(kind, "refuse", refuse)
    with pytest.raises(RuntimeError, match="A1: no usable numbers in 1000 draws"):
        byhand.variant("A1", 0)
