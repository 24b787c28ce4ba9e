"""Questions in words: what is found in an answer, and multiple choice made of points and misconceptions."""

from __future__ import annotations

import random
import string
from collections import Counter
from fractions import Fraction

import pytest

from byhand.concept import Choice, Concept, Misconception, Point

POINTS = (
    Point("A filter is shared by all positions.", "shar position | same filter"),
    Point("A filter sees a small window.", "small window | local"),
    Point("A filter needs no labels of its own.", "no label"),
    Point("A filter may look for $3 \\times 3$ patterns.", "pattern | 3x3"),
)
MISCONCEPTIONS = (
    Misconception(
        "flips_the_image", "A filter flips the image.", "It stays as it is.", "flip image", "Look."
    ),
    Misconception("sees_everything", "A filter sees the whole image.", "It sees a window.", "whole image"),
    Misconception("has_no_weights", "A filter has no weights.", "It has nine.", "no weight", "Count."),
    Misconception(
        "is_fixed", "A filter is fixed.", "It learns.", "is fixed", recorded="It said so.", why="A guess."
    ),
)
MODEL = "One small window, the same filter everywhere. No labels belong to it. It finds a pattern."


class Filters(Concept):
    title = "What a filter does"
    question = "What does a filter do?"
    model = MODEL
    points = POINTS
    misconceptions = MISCONCEPTIONS


Filters.id = "Z1"  # after the class is made: this problem is on no list
filters = Filters()


def test_the_model_answer_has_every_point():
    feedback = filters.check(filters.answer)
    assert feedback.correct
    assert feedback.credit == 1
    assert feedback.mistake is None
    assert set(feedback.parts.values()) == {"right"}
    assert feedback.message.startswith("I found every point in your answer.")
    assert "cannot judge meaning" in feedback.message


def test_missing_points_are_named_and_cost_credit():
    feedback = filters.check("It uses the same filter and looks at small windows.")
    assert not feedback.correct
    assert feedback.credit == Fraction(2, 4)
    assert feedback.mistake is None
    assert [feedback.parts[point.text] for point in POINTS] == ["right", "right", "missing", "missing"]
    assert "I found 2 of 4 points." in feedback.message
    assert POINTS[2].text in feedback.message
    assert POINTS[0].text not in feedback.message


def test_a_misconception_is_named_even_beside_every_point():
    feedback = filters.check(MODEL + " It flips the image.")
    assert not feedback.correct
    assert feedback.credit == 1
    assert feedback.mistake == "flips_the_image"
    assert feedback.message.startswith("Careful: It stays as it is. I found every point")


def test_every_claim_is_recognised():
    for misconception in MISCONCEPTIONS:
        feedback = filters.check(misconception.claim)
        assert feedback.mistake == misconception.name
        assert misconception.message in feedback.message


def test_several_misconceptions_are_all_answered():
    feedback = filters.check("It sees the whole image and it is fixed.")
    assert feedback.mistake == "sees_everything"
    assert "It sees a window." in feedback.message
    assert "It learns." in feedback.message


@pytest.mark.parametrize("text", ["", "  \n ", "?!", "$$"])
def test_nothing_gets_what_is_expected(text: str):
    feedback = filters.check(text)
    assert feedback == type(feedback)(False, None, "Expected an answer in a few sentences.")


def test_nonsense_does_not_give_the_points_away():
    feedback = filters.check("Bananas are yellow.")
    assert feedback.credit == 0
    assert "Expected a few sentences" in feedback.message
    assert not any(point.text in feedback.message for point in POINTS)


def test_a_book_is_too_long():
    feedback = filters.check("small window " * 1000)
    assert not feedback.correct
    assert "at most 10,000 characters, got 13,000" in feedback.message


def test_any_text_gets_feedback():
    rng = random.Random(1)
    words = [
        *MODEL.split(),
        *(each.claim for each in MISCONCEPTIONS),
        "not",
        "no",
        "$",
        ".",
        ";",
        "\n",
        "-",
        "é",
        "σ",
    ]
    for _ in range(2000):
        letters = rng.choice([string.printable, "".join(map(chr, range(0, 0x3000, 29))), "\ud800ﷺ\u0301 a"])
        text = (
            " ".join(rng.choices(words, k=12))
            if rng.random() < 0.5
            else "".join(rng.choices(letters, k=rng.choice([1, 30, 300])))
        )
        feedback = filters.check(text)
        assert 0 <= feedback.credit <= 1
        assert feedback.message
        choice = Choice(Filters, rng.randrange(1000))
        assert choice.check(text).message


def test_solution_and_mistakes():
    assert [step.what for step in filters.solution.steps] == [MODEL, *(point.text for point in POINTS)]
    assert {step.part for step in filters.solution.steps[1:]} == {"points"}
    wrong = {mistake.name: mistake for mistake in filters.mistakes}
    assert wrong["is_fixed"].answer == "A filter is fixed."
    assert (wrong["is_fixed"].recorded, wrong["is_fixed"].why) == ("It said so.", "A guess.")
    assert wrong["flips_the_image"].catch == "Look."


# Multiple choice

CHOICES = [Choice(Filters, seed) for seed in range(300)]
TRUTHS = {point.text for point in POINTS}


def test_one_option_differs_from_the_others():
    """Either one truth among misconceptions is asked for, or one misconception among truths."""
    for choice in CHOICES:
        assert choice.letters == "abcd"
        assert len(set(choice.options)) == 4
        true = [option in TRUTHS for option in choice.options]
        answer = choice.options[choice.letters.index(choice.answer)]
        if "is right?" in choice.statement:
            assert true.count(True) == 1
            assert answer in TRUTHS
        else:
            assert "is wrong?" in choice.statement
            assert true.count(False) == 1
            assert answer not in TRUTHS
        for letter, option in zip("abcd", choice.options, strict=True):
            assert f"- **{letter})** {option}\n" in choice.statement + "\n"


def test_choices_differ_in_every_respect():
    assert 100 < sum("is right?" in choice.statement for choice in CHOICES) < 200
    assert all(count > 40 for count in Counter(choice.answer for choice in CHOICES).values())
    assert {choice.answer for choice in CHOICES} == set("abcd")
    used = Counter(option for choice in CHOICES for option in choice.options)
    assert set(used) == TRUTHS | {m.claim for m in MISCONCEPTIONS}
    assert min(used.values()) > 80
    assert len({frozenset(choice.options) for choice in CHOICES}) == 4 * 4 + 4 * 4  # all there are


def test_the_same_seed_gives_the_same_choice():
    again = Filters.variant(5)
    assert again.statement == CHOICES[5].statement
    assert again.name == "Z1/5"
    assert again.title == "What a filter does"


FORMS = [
    "{}",
    " {} ",
    "({})",
    "{})",
    "{}.",
    "**{}**",
    "Answer: {}",
    "the answer is {}",
    "Option {}.",
    "My answer is {}",
]


@pytest.mark.parametrize("form", FORMS)
def test_letters_in_every_form(form: str):
    for choice in CHOICES[:40]:
        for letter in "abcd":
            right = letter == choice.answer
            for written in (form.format(letter), form.format(letter.upper())):
                feedback = choice.check(written)
                assert feedback.correct is right, written
                assert feedback.credit == (1 if right else 0)
                assert feedback.parts["option"] == ("right" if right else feedback.mistake)


def test_the_text_of_an_option_will_do():
    for choice in CHOICES[:40]:
        for letter, option in zip("abcd", choice.options, strict=True):
            for written in (
                option,
                option.upper(),
                option.rstrip("."),
                f"{letter}) {option}",
                f"{letter}: {option}",
            ):
                assert choice.check(written).correct is (letter == choice.answer), written


@pytest.mark.parametrize(
    "text", ["", "e", "ab", "a or b", "a b", "1", "a cat", "bananas", "abcd" * 5000, "A filter."]
)
def test_other_answers_get_the_form(text: str):
    feedback = CHOICES[0].check(text)
    assert not feedback.correct
    assert feedback.mistake is None
    assert feedback.message == "Expected the letter of one option: a, b, c, d."


def test_a_letter_before_another_option_is_no_answer():
    choice = CHOICES[0]
    assert choice.check(f"a) {choice.options[1]}").message.startswith("Expected the letter")


def test_wrong_letters_are_explained():
    messages = {m.claim: m for m in MISCONCEPTIONS}
    for choice in CHOICES[:60]:
        assert {mistake.answer for mistake in choice.mistakes} == set("abcd") - {choice.answer}
        for mistake in choice.mistakes:
            option = choice.options["abcd".index(mistake.answer)]
            feedback = choice.check(mistake.answer)
            assert feedback.mistake == mistake.name
            if option in messages:
                assert mistake.name == messages[option].name
                assert messages[option].message in feedback.message
            else:
                assert mistake.name == "a_true_statement"
                assert "true" in feedback.message
        right = choice.options["abcd".index(choice.answer)]
        expected = messages[right].message if right in messages else "is true."
        assert expected in choice.check(choice.answer).message


def test_the_solution_of_a_choice_judges_every_option():
    choice = CHOICES[0]
    first, *rest = [step.what for step in choice.solution.steps]
    assert first == f"The answer is **{choice.answer}**."
    assert [step[2] for step in rest] == list("abcd")
    for step, option in zip(rest, choice.options, strict=True):
        assert ("is true" in step) is (option in TRUTHS)


def test_few_points_make_a_choice_of_one_truth():
    class Short(Filters):
        points = POINTS[:2]

    for seed in range(30):
        choice = Choice(Short, seed)
        assert "is right?" in choice.statement
        assert len(choice.options) == 4


def test_seeds_are_checked():
    for seed in (-1, 1.5, True, "3"):
        with pytest.raises(ValueError, match="seed must be an integer from 0"):
            Filters.variant(seed)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match="Z2 needs points"):
        type("Bad", (Concept,), {"id": "Z2", "misconceptions": MISCONCEPTIONS})
    with pytest.raises(ValueError, match="Z2 needs 3 misconceptions or more"):
        type("Bad", (Concept,), {"id": "Z2", "points": POINTS, "misconceptions": MISCONCEPTIONS[:2]})
    with pytest.raises(ValueError, match="each with its own name"):
        type("Bad", (Concept,), {"id": "Z2", "points": POINTS, "misconceptions": MISCONCEPTIONS[:1] * 4})
    with pytest.raises(ValueError, match="a word to listen for"):
        Point("It is so.", "so |")
    with pytest.raises(ValueError, match="a word to listen for"):
        Misconception("name", "It is so.", "It is not.", "!so")
