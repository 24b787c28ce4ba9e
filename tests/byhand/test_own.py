"""A reader's own numbers: what may be changed, how it is read, what is refused and in which words."""

from __future__ import annotations

import re

import pytest
from changes import changes

import byhand
from byhand import notation, own
from byhand.calculation import Calculation
from byhand.formula import parse
from byhand.given import Refused
from byhand.render import document, html

CALCULATIONS = [identity for identity in byhand.ids() if isinstance(byhand.problem(identity), Calculation)]
CONCEPTS = [identity for identity in byhand.ids() if identity not in CALCULATIONS]
# Givens that a reader cannot change, or that follow from others, as the maps of a forward pass do.
NOT_OFFERED = {
    "A2": {"feature", "pooled", "output"},
    "B3": {"X", "t"},  # they are XOR
    "B8": {"stride", "padding"},  # the words of the solution are for 1 and 0
    "D2": {"U", "V", "y", "dV"},
    "D3": {"x", "W", "V", "y", "t"},
}


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_every_given_has_a_label(identity: str):
    problem = byhand.problem(identity)
    assert set(problem.coursework) - set(problem.givens) == NOT_OFFERED.get(identity, set())
    assert set(problem.givens) <= set(problem.coursework)
    for name, given in problem.givens.items():
        assert re.fullmatch(r"[^_{}\\]*[^_{}\\ .:]", re.sub(r"\$[^$]+\$", "", given.label) + "x"), given.label
        assert given.label[0] == "$" or given.label[0].islower() or given.label[0].isdigit(), given.label
        assert 3 <= len(given.name) <= 100
        assert "\\" not in given.name
        assert "$" not in given.name
        if name in problem.symbols and problem.symbols[name] not in ("p0", "T"):
            assert f"${problem.symbols[name]}$" in given.label, f"{identity} {name}: {given.label}"
        assert html.rich(given.label)


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_the_form_holds_what_makes_the_problem(identity: str):
    """The texts of the coursework's problem and of its variants lead back to them, and none of these is refused."""
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(20))]:
        again = own.own(identity, own.texts(problem))
        assert again.statement == problem.statement
        assert again.arrays == problem.arrays
        assert again.values == problem.values
        assert again.solution == problem.solution
        assert [wrong.value for wrong in again.mistakes] == [wrong.value for wrong in problem.mistakes]


@pytest.mark.parametrize("identity", CALCULATIONS)
def test_a_reader_s_numbers_make_a_whole_problem(identity: str):
    """It can be shown in full, its answer is right, and the form of the page leads back to it."""
    for problem in changes(identity, 10):
        shown = html.problem(problem)
        assert f"{identity}, your numbers: " in shown
        assert len(shown) < 250_000
        for formula in document.formulas(document.problem(problem)):
            parse(formula)
        assert own.own(identity, own.texts(problem)).values == problem.values
        assert "  " not in problem.statement.replace("\n", "")
        assert not re.search(
            r"\b1 (maps|filters|units|inputs|outputs|classes|places|examples)\b", problem.statement
        )


def test_what_is_left_out_stays_as_the_coursework_has_it():
    assert own.own("A20", {}).answer == byhand.problem("A20").answer
    assert own.own("A20", {"stride": "2"}).answer == (13, 13, 4)


@pytest.mark.parametrize("identity", CONCEPTS)
def test_a_question_in_words_has_no_numbers(identity: str):
    assert own.fields(byhand.problem(identity)) == []
    with pytest.raises(Refused, match=f"{identity} is answered in words"):
        own.own(identity, {})


@pytest.mark.parametrize(
    ("identity", "texts", "sentence", "field"),
    [
        ("A99", {}, "There is no problem A99.", None),
        ("A1", {"img": "3"}, "A1 has no given img; there are image, kernel.", None),
        ("A1", {"image": ""}, "Map I: There is nothing to read yet", "image"),
        ("A1", {"image": "[[1, 2], [3]]"}, "Map I: expected a matrix of 3 to 8 × 3 to 8 numbers from −1000 to 1000, "
         "got rows of different lengths.", "image"),
        ("A1", {"image": "[1, 2, 3]"}, "Map I: expected a matrix", "image"),
        ("A1", {"image": "import os"}, "Map I: I do not know the word", "image"),
        ("A1", {"kernel": "[[2]]; [[3]]"}, "Filter W: expected a matrix of 1 to 5 × 1 to 5 numbers from −1000 to 1000, "
         "got 2 values.", "kernel"),
        ("A1", {"kernel": "[[1e9]]"}, "Filter W: expected a matrix of 1 to 5 × 1 to 5 numbers from −1000 to 1000, got "
         "1,000,000,000.", "kernel"),
        ("A1", {"kernel": "[[0.00001]]"}, "Filter W: expected numbers with at most 3 decimals", "kernel"),
        ("A1", {"kernel": "[[inf]]"}, "Filter W: expected a matrix of 1 to 5 × 1 to 5 numbers from −1000 to 1000, got "
         "infinity.", "kernel"),
        ("A1", {"kernel": "[[1], [1], [1], [1]]"}, "Expected a window that has 2 places along each side of the map: "
         "one of 4 has 1 along a side of 4.", "kernel"),
        ("A3", {"x": "[1, 2, 3]"}, "Weights W: expected 3 × 3, to go with input x, got 3 × 2.", "W"),
        ("A3", {"y": "3"}, "True class t: the classes are 0 to 2, got 3.", "y"),
        ("A3", {"y": "-1"}, "True class t: expected the number of a class, counted from 0, got −1.", "y"),
        ("A4", {"y": "[1, 1, 0]"}, "A one-hot target has one 1, and 0 everywhere else.", "y"),
        ("A10", {"k": "6"}, "Expected fewer neighbours than examples, at most 5.", "k"),
        ("A10", {"k": "2"}, "The 2 nearest neighbours are tied", "k"),
        ("A20", {"stride": "2.5"}, "Stride: expected a whole number from 1 to 16, got 2.5.", "stride"),
        ("A20", {"shape": "28x28"}, "Height × width × depth of the input: expected a shape of 3 whole numbers from 1 "
         "to 1024, got 2 numbers.", "shape"),
        ("A20", {"kernel_size": "30"}, "Expected a window that has a place along each side of the map: one of 30 "
         "has none along a side of 28.", "kernel_size"),
        ("A23", {"bias": "perhaps"}, "A bias for each filter: expected yes or no, got another word.", "bias"),
        ("A45", {"x": "2"}, "The point is to lie between four pixels: expected less than 2.", "x"),
        ("B6", {"x": "[3, 3, 3]"}, "Equal values have the variance 0, and nothing can be divided by it.", "x"),
        ("B6", {"x": "[3 kB, 2 kB]"}, "Batch x: expected a list of 2 to 8 numbers from −1000 to 1000, got a number "
         "with a unit.", "x"),
        ("C1c", {"w": "[0, 1]"}, "With a weight of 0 the boundary does not cross that axis.", "w"),
        ("D5", {"p": "[0.5, 0.2, 0.2]"}, "Probabilities add up to 1, and these to 0.9.", "p"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong_and_what_is_expected(
    identity: str, texts: dict[str, str], sentence: str, field: str | None
):
    with pytest.raises(Refused) as caught:
        own.own(identity, texts)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(".")
    assert caught.value.field == field


def test_numbers_may_be_typed_in_many_ways():
    typed = [
        "[[1, 2], [3, 4]]",
        "1 2\n3 4",
        "[1 2; 3 4]",
        "K = ((1, 2), (3, 4))",
        r"\begin{matrix}1&2\\3&4\end{matrix}",
    ]
    answers = [own.own("C2a", {"kernel": text}).answer for text in typed]
    assert answers == [answers[0]] * len(typed)
    for text in ("0.5", ".5", "1/2", "50%", "½", "5e-1", "0,5"):
        assert own.own("A5", {"gamma": text}).given.gamma == notation.exact("0.5"), text
    for text in ("9x9x3", "9 × 9 × 3", "[9, 9, 3]", "9, 9, 3"):
        assert own.own("A20", {"shape": text}).answer == (7, 7, 4), text


def test_what_is_special_is_said_and_no_obstacle():
    """A tie in max pooling has a rule, and the solution says it."""
    tied = own.own("D2", {"x": "[[5, 5], [1, 2]]", "W": "[[3]]", "t": "14"})
    assert tied.note == "the window [5, 5, 1, 2] has its maximum twice, and the first one counts"
    assert f"<em>Your numbers are special: {tied.note}.</em>" in html.problem(tied)
    assert tied.values["dx"] == [[3, 0], [0, 0]]
    assert not own.own("D2", {"x": "[[5, 4], [1, 2]]", "W": "[[3]]", "t": "14"}).note


def test_words_follow_the_numbers():
    assert "to four classes" in own.own("B1", {"z": "[1, 2, 3, 0]"}).statement
    assert "a batch of three examples" in own.own("B6", {"x": "[1, 2, 6]"}).statement
    assert "all four masks" in own.own("B7", {"h": "[1, 2]", "mask": "[1, 0]"}).statement
    uphill = own.own("A14", {"start": "[2, 0.5]", "powers": "[2, 2]", "rate": "1"})
    assert any("does not fall in every step" in step.what for step in uphill.solution.steps)
    more = own.own("A26", {"growth": "128"})
    assert any("the dense block has more weights" in step.what for step in more.solution.steps)
