"""Questions that are answered in words: a model answer, the points it must contain, and real misconceptions.

The question itself is open. Its variants are multiple choice, made from the points and the misconceptions.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from byhand.check import Feedback
from byhand.draws import Draws
from byhand.mistakes import WrongAnswer
from byhand.question import Problem, checked_seed
from byhand.trace import Step, Trace

_LONGEST_ANSWER = 10_000  # characters
_OPTIONS = 4
_DENIALS = ("not", "no", "never", "neither", "nor", "without", "cannot", "rather", "instead", "unlike")


@dataclass(frozen=True)
class Point:
    """Something that a full answer says.

    Attributes
    ----------
    text
        The point as a true sentence that can stand alone.
    signs
        Words that show it was said: alternatives separated by ``|``, each some beginnings of words that must all occur
        in one sentence: ``"shar weight | same filter everywhere"``.
    """

    text: str
    signs: str


@dataclass(frozen=True)
class Misconception:
    """Something that people believe and that is not so.

    Attributes
    ----------
    name
        Words joined by underscores.
    claim
        The false sentence, as somebody would say it in earnest.
    message
        What is so instead.
    signs
        As in :class:`Point`; a sentence with a "not" in it does not count.
    catch
        A question to ask oneself.
    recorded
        What the original hand-written solution said, if it said this; else empty.
    why
        How that came about.
    """

    name: str
    claim: str
    message: str
    signs: str
    catch: str = ""
    recorded: str = ""
    why: str = ""


class Concept(Problem):
    """An open question.

    Attributes
    ----------
    question
        The question.
    model
        A model answer of a few sentences.
    points
        What the model answer contains and an answer is checked for.
    misconceptions
        At least three.
    """

    question: ClassVar[str] = ""
    model: ClassVar[str] = ""
    points: ClassVar[tuple[Point, ...]] = ()
    misconceptions: ClassVar[tuple[Misconception, ...]] = ()

    @property
    def statement(self) -> str:
        """The question."""
        return self.question

    @property
    def answer(self) -> str:
        """The model answer."""
        return self.model

    @property
    def solution(self) -> Trace:
        """The model answer, then its points one by one."""
        return Trace((Step(self.model), *(Step(point.text, part="points") for point in self.points)))

    @property
    def mistakes(self) -> tuple[WrongAnswer, ...]:
        """The misconceptions."""
        return tuple(
            WrongAnswer(m.name, m.message, m.catch, "claim", {"claim": m.claim}, m.recorded, m.why)
            for m in self.misconceptions
        )

    @classmethod
    def variant(cls, seed: int) -> Choice:
        """Return the multiple-choice question that belongs to the seed."""
        return Choice(cls, checked_seed(seed))

    def check(self, text: str) -> Feedback:
        """Look for the points and the misconceptions in a typed answer. It looks for words and cannot judge meaning."""
        if len(text) > _LONGEST_ANSWER:
            return Feedback(
                False, None, f"Expected at most {_LONGEST_ANSWER:,} characters, got {len(text):,}."
            )
        sentences = [_words(sentence) for sentence in re.split(r"[.;!?\n]", text.lower())]
        if not any(sentences):
            return Feedback(False, None, "Expected an answer in a few sentences.")
        wrong = [
            m for m in self.misconceptions if any(_shows(m.signs, s) for s in sentences if not _denies(s))
        ]
        found = [point for point in self.points if any(_shows(point.signs, s) for s in sentences)]
        missing = [point for point in self.points if point not in found]
        parts = {point.text: "right" if point in found else "missing" for point in self.points}
        return Feedback(
            correct=not missing and not wrong,
            mistake=wrong[0].name if wrong else None,
            message=_report(wrong, found, missing),
            credit=Fraction(len(found), len(self.points)),
            parts=parts,
        )


class Choice(Problem):
    """A multiple-choice question about a concept: one option is right.

    Attributes
    ----------
    options
        The options in order, each a sentence.
    """

    def __init__(self, concept: type[Concept], seed: int) -> None:
        self.id, self.topic, self.seed = concept.id, concept.topic, seed
        self.title = concept.title
        draws = Draws(f"{concept.id}/{seed}")
        points = draws.shuffled(concept.points)
        wrong = draws.shuffled(concept.misconceptions)
        # Either one truth among misconceptions, or one misconception among truths.
        self._seek_truth = len(points) < _OPTIONS - 1 or draws.choice([True, False])
        few, many = (points, wrong) if self._seek_truth else (wrong, points)
        drawn = [few[0], *many[: _OPTIONS - 1]]
        self._right = drawn[0]
        self._drawn: list[Point | Misconception] = draws.shuffled(drawn)
        self.options = [each.text if isinstance(each, Point) else each.claim for each in self._drawn]

    @property
    def statement(self) -> str:
        """The question and its options."""
        question = (
            "Which of these statements is right?"
            if self._seek_truth
            else "Which of these statements is wrong?"
        )
        lines = [
            f"- **{letter}** {option}" for letter, option in zip(self.letters, self.options, strict=True)
        ]
        return "\n".join([f"{self.title}. {question}", "", *lines])

    @property
    def letters(self) -> str:
        """The letters of the options: "abcd"."""
        return string.ascii_lowercase[: len(self._drawn)]

    @property
    def answer(self) -> str:
        """The letter of the right option."""
        return self.letters[self._drawn.index(self._right)]

    @property
    def solution(self) -> Trace:
        """The answer, then what is to be said about every option."""
        steps = [Step(f"**{letter}**: {_verdict(each)}", part="options") for letter, each in self._lettered()]
        return Trace((Step(f"The answer is **{self.answer}**."), *steps))

    @cached_property
    def mistakes(self) -> tuple[WrongAnswer, ...]:
        """The other options."""
        wrong = [(letter, each) for letter, each in self._lettered() if each is not self._right]
        return tuple(
            WrongAnswer(each.name, each.message, each.catch, "option", {"option": letter})
            if isinstance(each, Misconception)
            else WrongAnswer("a_true_statement", _verdict(each), "", "option", {"option": letter})
            for letter, each in wrong
        )

    def check(self, text: str) -> Feedback:
        """Compare a typed letter, or the text of an option, with the answer."""
        typed = text.strip().strip("().:").strip().lower()
        letters = dict(self._lettered())
        by_text = {
            " ".join(option.lower().split()): letter
            for letter, option in zip(self.letters, self.options, strict=True)
        }
        letter = typed if typed in letters else by_text.get(" ".join(text.lower().split()))
        if letter is None:
            return Feedback(False, None, f"Expected the letter of one option: {', '.join(self.letters)}.")
        if letter == self.answer:
            return Feedback(True, None, f"Correct. {_verdict(self._right)}", Fraction(1), {"option": "right"})
        mistake = next(wrong for wrong in self.mistakes if wrong.answer == letter)
        return Feedback(False, mistake.name, mistake.message, Fraction(0), {"option": mistake.name})

    def _lettered(self) -> list[tuple[str, Point | Misconception]]:
        return list(zip(self.letters, self._drawn, strict=True))


def _verdict(option: Point | Misconception) -> str:
    if isinstance(option, Point):
        return f"This is true: {option.text}"
    return f"This is not so. {option.message}"


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _denies(words: Sequence[str]) -> bool:
    """Tell whether a sentence has a "not" in it; the t of "isn't" stands alone after the apostrophe."""
    return any(word in _DENIALS or word == "t" for word in words)


def _shows(signs: str, words: Sequence[str]) -> bool:
    """Tell whether the words of a sentence fulfil one of the alternatives."""
    return any(
        all(any(word.startswith(stem) for word in words) for stem in alternative.lower().split())
        for alternative in signs.split("|")
    )


def _report(wrong: Sequence[Misconception], found: Sequence[Point], missing: Sequence[Point]) -> str:
    sentences = [f"Careful: {m.message}" for m in wrong]
    if not missing:
        sentences.append("I found every point in your answer.")
    else:
        sentences.append(f"I found {len(found)} of {len(found) + len(missing)} points. Not found:")
        sentences.append(" ".join(point.text for point in missing))
    sentences.append("I look for words and cannot judge meaning: compare with the model answer.")
    return " ".join(sentences)
