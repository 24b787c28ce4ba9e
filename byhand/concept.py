"""Questions that are answered in words: a model answer, the points it must contain, and real misconceptions.

The question itself is open. Its variants are multiple choice, made from the points and the misconceptions.

The words in which points and misconceptions are recognised, their *signs*, are read by :mod:`byhand.wording`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

from byhand.check import Feedback
from byhand.draws import Draws
from byhand.mistakes import WrongAnswer
from byhand.question import Problem, checked_seed
from byhand.trace import Step, Trace
from byhand.wording import Signs, listen, spelled

_LONGEST_ANSWER = 10_000  # characters
_OPTIONS = 4
_FEWEST_MISCONCEPTIONS = _OPTIONS - 1  # beside one truth


@dataclass(frozen=True)
class Point:
    """Something that a full answer says.

    Attributes
    ----------
    text
        The point as a true sentence that can stand alone.
    signs
        Words that show it was said: alternatives separated by ``|``, each some beginnings of words that must all occur
        in one sentence: ``"shar weight | same filter everywhere"``. Words that a "not" takes back do not count; where
        the point is itself a denial, it has a ``no`` among its signs: ``"no label | unlabel"``. See
        :mod:`byhand.wording`.
    """

    text: str
    signs: str

    def __post_init__(self) -> None:
        Signs.of(self.signs)  # a slip in the signs shows when the module is loaded


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
        As in :class:`Point`; but a sentence with a "not" anywhere, or with a word such as "wrong", does not count, so
        that nobody is corrected who only tells what is not so. With a ``no`` among the signs it is the other way round:
        one of the other words must be what is denied.
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

    def __post_init__(self) -> None:
        Signs.of(self.signs)


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

    def __init_subclass__(cls, **options: Any) -> None:
        """Check that an answer can be judged and that there is a choice to be made."""
        if "id" in cls.__dict__:
            names = [misconception.name for misconception in cls.misconceptions]
            if not cls.points:
                raise ValueError(f"{cls.id} needs points to look for, got none")
            if len(set(names)) < max(len(names), _FEWEST_MISCONCEPTIONS):
                raise ValueError(
                    f"{cls.id} needs {_FEWEST_MISCONCEPTIONS} misconceptions or more, each with its own name, "
                    f"got {names}"
                )
        super().__init_subclass__(**options)

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
            WrongAnswer(m.name, m.message, m.catch, "claim", m.claim, m.recorded, m.why)
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
        sentences = listen(text, (each.signs for each in (*self.points, *self.misconceptions)))
        if not sentences:
            return Feedback(False, None, "Expected an answer in a few sentences.")
        telling = [sentence for sentence in sentences if sentence.said]
        wrong = [m for m in self.misconceptions if any(s.falls_for(m.signs) for s in telling)]
        found = [p for p in self.points if any(s.makes(p.signs) for s in telling)]
        missing = [point for point in self.points if point not in found]
        return Feedback(
            correct=not missing and not wrong,
            mistake=wrong[0].name if wrong else None,
            message=_report(wrong, found, missing),
            credit=Fraction(len(found), len(self.points)),
            parts={point.text: "right" if point in found else "missing" for point in self.points},
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
            f"- **{letter})** {option}" for letter, option in zip(self.letters, self.options, strict=True)
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
        steps = [Step(f"**{letter}** {_verdict(each)}", part="options") for letter, each in self._lettered()]
        return Trace((Step(f"The answer is **{self.answer}**."), *steps))

    @cached_property
    def mistakes(self) -> tuple[WrongAnswer, ...]:
        """The other options."""
        wrong = [(letter, each) for letter, each in self._lettered() if each is not self._right]
        return tuple(
            WrongAnswer(each.name, each.message, each.catch, "option", letter)
            if isinstance(each, Misconception)
            else WrongAnswer("a_true_statement", _SOUGHT, "", "option", letter)
            for letter, each in wrong
        )

    def check(self, text: str) -> Feedback:
        """Compare a typed letter, or the text of an option, with the answer."""
        letter = self._chosen(text[:_LONGEST_ANSWER])
        if letter is None:
            return Feedback(False, None, f"Expected the letter of one option: {', '.join(self.letters)}.")
        if letter == self.answer:
            message = f"Correct: statement {letter} {_verdict(self._right)}"
            return Feedback(True, None, message, Fraction(1), {"option": "right"})
        mistake = next(wrong for wrong in self.mistakes if wrong.answer == letter)
        message = f"Statement {letter} is not so. {mistake.message}" if self._seek_truth else mistake.message
        return Feedback(False, mistake.name, message, Fraction(0), {"option": mistake.name})

    def _chosen(self, text: str) -> str | None:
        """Return the letter that was typed: alone, after "the answer is", or before its option; or for its option."""
        typed = spelled(text)
        if found := _LETTER.fullmatch(typed):
            return found[1] if found[1] in self.letters else None
        for letter, option in zip(self.letters, self.options, strict=True):
            if typed in (spelled(option), spelled(f"{letter} {option}")):
                return letter
        return None

    def _lettered(self) -> list[tuple[str, Point | Misconception]]:
        return list(zip(self.letters, self._drawn, strict=True))


def _verdict(option: Point | Misconception) -> str:
    return "is true." if isinstance(option, Point) else f"is not so. {option.message}"


_SOUGHT = "This statement is true; the one that is wrong was asked for."
_LETTER = re.compile(
    r"(?:(?:the |my )?(?:right |correct |wrong )?(?:answer|option|choice|letter|statement) (?:is )?)?([a-z])"
)


def _report(wrong: Sequence[Misconception], found: Sequence[Point], missing: Sequence[Point]) -> str:
    sentences = [f"Careful: {m.message}" for m in wrong]
    if not missing:
        sentences.append("I found every point in your answer.")
    elif found:
        sentences.append(f"I found {len(found)} of {len(found) + len(missing)} points. Not found:")
        sentences += [point.text for point in missing]
    else:
        sentences.append(f"I found none of the {len(missing)} points that I know in your answer.")
        sentences.append("Expected a few sentences in the usual terms.")
    sentences.append("I look for words and cannot judge meaning: compare with the model answer.")
    return " ".join(sentences)
