"""What is said about an answer: right, wrong, recognised, following through, or not readable."""

from __future__ import annotations

import random
import string
from fractions import Fraction

import pytest

import byhand
from byhand import notation
from byhand.calculation import Calculation
from byhand.check import Feedback
from byhand.mistakes import Slip
from byhand.trace import Work

DOUBLED = Slip("doubled", "You doubled it.", "Halve it again.")


class Chain(Calculation):
    """A problem of the tests' own, outside the coursework's list: a number, a matrix with it, and its size."""

    title = "A chain"
    coursework = {"start": 3}
    parts = {"a": "start times 2/7", "M": "a matrix with it", "s": "its size"}
    decimals = 3
    slips = (DOUBLED.on("a", lambda given, right: 2 * right.a),)

    def pose(self) -> str:
        return "Multiply."

    def solve(self, work: Work) -> None:
        work.step("Times two sevenths.", result=Fraction(2 * self.given.start, 7))
        a = work.part("a", Fraction(2 * self.given.start, 7))
        work.step("Fill it in.")
        matrix = work.part("M", [[a, -1], [2, a * a]])
        work.part("s", notation.Shape(len(matrix), len(matrix[0])))


class Loss(Calculation):
    """One number in nats."""

    title = "A loss"
    coursework = {"p": Fraction(1, 2)}
    parts = {"loss": "the loss"}
    units = {"loss": "nats"}
    decimals = 4

    def pose(self) -> str:
        return "Take the logarithm."

    def solve(self, work: Work) -> None:
        import math

        work.part("loss", -math.log(self.given.p))


def chain(text: str) -> Feedback:
    return Chain().check(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = 6/7; M = [[6/7, -1], [2, 36/49]]; s = 2x2",
        "a: 0.857\nM: [[0.857, -1], [2, 0.735]]\ns: 2 × 2",
        "{'a': 0.8571, 'M': [[0.8571, -1.0], [2, 0.7347]], 's': (2, 2)}",
        "6/7; [[6/7, -1], [2, 36/49]]; 2 by 2",
        "s=2x2; a=0.857; M=[0.857 -1; 2 0.735]",
    ],
)
def test_right_answers_in_many_forms(text: str):
    feedback = chain(text)
    assert feedback == Feedback(
        True, None, "Correct, every part.", Fraction(1), {"a": "right", "M": "right", "s": "right"}
    )


def test_parts_one_at_a_time():
    feedback = chain("M = [[6/7, -1], [2, 36/49]]")
    assert not feedback.correct
    assert feedback.credit == Fraction(1, 3)
    assert feedback.message == "Right: M. Still to do: a, s."
    assert chain("0.857").parts == {"a": "right"}
    assert chain("2x2").parts == {"s": "right"}


def test_follow_through():
    """From a doubled a, the matrix that follows is right; one that does not follow is wrong."""
    feedback = chain("a = 12/7; M = [[12/7, -1], [2, 144/49]]; s = 2x2")
    assert feedback.parts == {"a": "doubled", "M": "follows", "s": "right"}
    assert feedback.credit == Fraction(2, 3)
    assert feedback.mistake == "doubled"
    assert feedback.message == (
        "Right: s. a: You doubled it. M: It follows correctly from your earlier value."
    )
    assert chain("a = 5; M = [[5, -1], [2, 25]]; s = 2x2").parts == {
        "a": "wrong",
        "M": "follows",
        "s": "right",
    }
    assert chain("a = 5; M = [[5, -1], [2, 24]]; s = 2x2").parts["M"] == "wrong"
    # From nothing wrong before it, what would follow from a doubled a is recognised as that.
    assert chain("M = [[12/7, -1], [2, 144/49]]").mistake == "doubled"


@pytest.mark.parametrize(
    ("text", "word", "sentence"),
    [
        ("a = -6/7", "sign", "The size is right and the sign is not."),
        ("M = [[-6/7, 1], [-2, -36/49]]", "sign", "Every sign is the wrong way round."),
        ("M = [[6/7, 1], [2, 36/49]]", "some_signs", "but not every sign: look in row 0, column 1."),
        ("M = [[6/7, 2], [-1, 36/49]]", "transposed", "Rows and columns have changed places"),
        ("a = 0.86", "rounded_too_far", "It is right as far as it goes, but 3 decimals are asked."),
        ("a = 0.9", "rounded_too_far", "It is right as far as it goes, but 3 decimals are asked."),
        ("a = 1", "wrong", "none of the mistakes I know"),
        ("a = 0.85", "wrong", "That is not right, and none of the mistakes I know. Take it one step at a time."),
        ("a = [1, 2]", "wrong_size", "You gave a list of 2, but a single number is expected."),
        ("M = [[1, 2, 3]]", "wrong_size", "You gave a 1 × 3 array, but a 2 × 2 array is expected."),
        ("M = [[6/7, -1], [3, 36/49]]", "wrong", "3 of 4 values are right; the first that is not stands in row 1"),
        ("s = 2", "wrong_size", "You gave a single number, but a shape of 2 sizes is expected."),
    ],
)  # fmt: skip
def test_what_can_be_said_in_general(text: str, word: str, sentence: str):
    feedback = chain(text)
    part = text[0]
    assert feedback.parts == {part: word}
    assert sentence in feedback.message
    assert not feedback.correct
    assert feedback.credit == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Expected one or more parts by name"),
        ("what?", "Expected one or more parts by name"),
        ("z = 1", "No part of this problem is called 'z'; there are a, M, s."),
        ("a = 1; a = 2", "There are two values for a."),
        ("6/7; [[1, 2], [3, 4]]", "I read 2 values without a name for each"),
        (
            "__import__('os').system('true')",
            "Expected one or more parts by name: a = a number with 3 decimals;",
        ),
    ],
)
def test_what_cannot_be_read_is_answered_with_the_form(text: str, sentence: str):
    feedback = chain(text)
    assert sentence in feedback.message
    assert "M = a matrix of 2 × 2 numbers with 3 decimals; s = a shape of 2 sizes." in feedback.message
    assert feedback.mistake is None
    assert feedback.parts == {}


def test_extreme_values_are_only_wrong():
    """Infinite and enormous numbers follow through to nan and overflow; the answer is still an answer."""
    for text in ("a = inf; M = [[inf, -1], [2, inf]]", "a = 1e400; M = [[1e400, -1], [2, 1e400]]"):
        assert not chain(text).correct
    assert not Loss().check("1e400 bits").correct
    assert not byhand.problem("A3").check("z=[inf,1,2]; p=[1,0,0]").correct
    assert byhand.problem("A8").check("0; unbounded").correct


def test_an_exact_match_comes_before_a_rounded_one():
    """A mistake of 22 is meant by 22, although 22.4 could be rounded to it."""

    class Two(Loss):
        decimals = 2
        slips = (
            Slip("near", "Near.", "").on("loss", lambda given, right: 22.4),
            Slip("exact", "Exact.", "").on("loss", lambda given, right: 22.0),
        )

    assert Two().check("22").mistake == "exact"
    assert Two().check("22.4").mistake == "near"


def test_units_are_converted_or_asked_for():
    loss = Loss()
    assert loss.check("0.6931").correct
    assert loss.check("0.69315 nats").correct
    assert loss.check("1 bit").message == "Correct. You gave it in bits; in nats it is 0.6931."
    assert not loss.check("1").correct
    assert loss.check("loss = ln 2").message.endswith("Expected a number in nats with 4 decimals.")


def test_messages_never_open_a_formula_from_what_was_typed():
    for text in ("$x", "`", "**", "a = $$", "3 $ 4"):
        message = chain(text).message
        assert not set("$`") & set(message.partition("Expected")[0])


ALPHABETS = [
    string.printable,
    "0123456789.,-+eE/x*[](){};:= \n",
    "JKOadWM=[]0123456789,.; -",
    "0123456789\u2212\u00d7\u00b7\u221e\u00bd\u2070\u00b9\u00b2\u0660\u0967\u4e00\U0001f600\u202e\u0000$\\{}",
]


@pytest.mark.parametrize("identity", ["A1", "A7", "A20", "C3", "A9"])
def test_any_string_gets_an_answer(identity: str):
    """20,000 random strings for each of five kinds of problem: an answer in the stated form, and no exception."""
    pick = random.Random(identity)
    problem = byhand.problem(identity)
    parts = set(getattr(problem, "parts", ()))
    for _ in range(20_000):
        text = "".join(pick.choices(pick.choice(ALPHABETS), k=pick.choice([1, 3, 10, 30, 100])))
        feedback = problem.check(text)
        assert isinstance(feedback, Feedback)
        assert feedback.message
        assert 0 <= feedback.credit <= 1
        assert not parts or set(feedback.parts) <= parts
        assert feedback.correct <= (feedback.credit == 1)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 9999,
        "1" * 9999,
        "9" * 300 + "e" + "9" * 20,
        "-" * 9999,
        "1e400",
        "1/0",
        "a=" * 3000,
        "x" * 20_000,
        "1 " * 5000,
    ],
)
def test_long_and_extreme_answers(text: str):
    for identity in ("A1", "A7", "A20", "A9"):
        assert not byhand.problem(identity).check(text).correct
