"""Comparing a typed answer with the right one, and saying in one kind, precise message what to make of it.

An answer is compared part by part. A part that is wrong may still follow from the student's own earlier slip: then
it earns its credit. Otherwise the known mistakes of the problem are tried, then signs, transposition and rounding; the
right value is never given away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from byhand import notation
from byhand.compare import (
    as_typed,
    equal,
    in_form,
    is_converted,
    near,
    same_size,
    says_enough,
    tolerance,
    transposed,
    typed_numbers,
    typed_sizes,
)
from byhand.typed import Entry, Reading, Unreadable, read

if TYPE_CHECKING:
    from byhand.calculation import Calculation
    from byhand.mistakes import WrongAnswer

_LONGEST_SIGN_LIST = 3  # more wrong signs than this are not listed one by one


@dataclass(frozen=True)
class Feedback:
    """What is said about an answer.

    Attributes
    ----------
    correct
        Whether everything that was asked is there and right.
    mistake
        The name of the first mistake that was recognised; None if there is none.
    message
        One paragraph for the student.
    credit
        The share of the parts that are right, or rightly follow from an earlier slip: from 0 to 1.
    parts
        What is true of each part that was answered: "right", "follows", the name of a mistake, or "wrong".
    """

    correct: bool
    mistake: str | None
    message: str
    credit: Fraction = Fraction(0)
    parts: dict[str, str] = field(default_factory=dict)


class Verdict(NamedTuple):
    """What is true of one part: "right", "follows", a mistake's name or "wrong"; and a sentence."""

    word: str
    sentence: str


def check_parts(problem: Calculation, text: str) -> Feedback:
    """Compare a typed answer with the parts of a calculation."""
    try:
        answered = _assign(problem, read(text))
    except Unreadable as error:
        return Feedback(False, None, f"{_quotable(str(error))} {expected_form(problem)}")
    verdicts: dict[str, Verdict] = {}
    instead: dict[str, Any] = {}
    for name, right in problem.values.items():
        if name not in answered:
            continue
        verdict, value = _judge(problem, name, right, answered[name], instead)
        verdicts[name] = verdict
        if verdict.word != "right":
            instead[name] = value
    return _summary(problem, verdicts)


def _quotable(text: str) -> str:
    """Return a message that quotes what was typed, without the marks that rich text gives a meaning to."""
    return text.translate(dict.fromkeys(map(ord, "$*`")))


def expected_form(problem: Calculation) -> str:
    """Return a sentence that says what to type."""
    if len(problem.values) == 1:
        (name,) = problem.values
        return f"Expected {form_of(problem, name)}{_example(problem.values[name])}."
    parts = "; ".join(f"{name} = {form_of(problem, name)}" for name in problem.values)
    return f"Expected one or more parts by name: {parts}. A matrix is written [[1, 2], [3, 4]], a shape 8 x 8 x 3."


def form_of(problem: Calculation, name: str) -> str:
    """Return words for the form of a part: "a matrix of 2 × 4 whole numbers"."""
    value = problem.values[name]
    size = notation.sizes(value)
    if isinstance(value, notation.Shape):
        return f"a shape of {len(value)} sizes"
    is_integral = notation.is_integral(value)
    number, decimals = (
        ("whole number", "") if is_integral else ("number", f" with {problem.decimals} decimals")
    )
    unit = f" in {problem.units[name]}" if name in problem.units else ""
    if not size:
        return f"a {number}{unit}{decimals}"
    what = {1: "a list of", 2: "a matrix of"}.get(len(size), f"{size[0]} matrices of")
    return f"{what} {' × '.join(map(str, size[-2:]))} {number}s{unit}{decimals}"


def _example(value: Any) -> str:
    if isinstance(value, notation.Shape):
        return f", such as {' x '.join(['8', '8', '3', '2'][: len(value)])}"
    return ("", ", such as [1, 2, 3]", ", such as [[1, 2], [3, 4]]", ", such as [[[1, 2]], [[3, 4]]]")[
        min(len(notation.sizes(value)), 3)
    ]


def _assign(problem: Calculation, entries: Sequence[Entry]) -> dict[str, Entry]:
    """Return the entry for each part; ``Unreadable`` if an entry belongs to none or to one that has its entry."""
    names = list(problem.values)
    entries = _one_for_each(problem, entries)
    unnamed = [entry for entry in entries if entry.name is None]
    if len(unnamed) == len(entries) == len(names):
        return dict(zip(names, entries, strict=True))
    if len(unnamed) > 1 or (unnamed and len(entries) > 1):
        raise Unreadable(
            f"I read {len(entries)} values without a name for each, and cannot tell which parts they answer."
        )
    known = {_simple(name): name for name in names}
    answered: dict[str, Entry] = {}
    for entry in entries:
        if entry.name is None:
            name = _meant(problem, entry)
        elif len(names) == 1:
            name = names[0]
        elif _simple(entry.name) in known:
            name = known[_simple(entry.name)]
        else:
            raise Unreadable(
                f"No part of this problem is called {entry.name!r}; there are {', '.join(names)}."
            )
        if name in answered:
            raise Unreadable(f"There are two values for {name}.")
        answered[name] = entry
    return answered


def _one_for_each(problem: Calculation, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return an entry for each part where a single list has a number for each, as in "0; 2.5"; else the entries."""
    count = len(problem.values)
    single = count > 1 and not any(notation.sizes(value) for value in problem.values.values())
    if not single or len(entries) != 1 or entries[0].name is not None:
        return entries
    lists = [typed_numbers(r.value) for r in entries[0].readings if r.form == "list"]
    numbers = next((numbers for numbers in lists if len(numbers) == count), None)
    if numbers is None:
        return entries
    return [Entry(None, (Reading(number, "number", None),), entries[0].text) for number in numbers]


def _simple(name: str) -> str:
    """Return a name without what people type differently: capitals stay, for $w$ and $W$ are two things."""
    return "".join(letter for letter in name if letter.isalnum())


def _meant(problem: Calculation, entry: Entry) -> str:
    """Return the part that a single value without a name is meant for: one it fits, else the last."""
    names = list(problem.values)[::-1]
    for name in names:
        if any(_agrees(problem, name, problem.values[name], reading) for reading in entry.readings):
            return name
    named = next((name for name in names if _named(problem, name, entry)), None)
    if named:
        return named
    fitting = [
        name for name in names if any(same_size(problem.values[name], r.value) for r in entry.readings)
    ]
    return (fitting or names)[0]


def _judge(
    problem: Calculation, name: str, right: Any, entry: Entry, instead: dict[str, Any]
) -> tuple[Verdict, Any]:
    """Return what is true of one part, and the student's value in the form of the right one."""
    for reading in entry.readings:
        if _agrees(problem, name, right, reading):
            return Verdict("right", _other_unit(problem, name, reading)), right
    reading = _likeliest(right, entry)
    value = in_form(right, reading)
    if instead:
        followed = problem.following(instead).get(name)
        if followed is not None and _matches(problem, followed, entry):
            return Verdict("follows", "It follows correctly from your earlier value."), value
    wrong = _named(problem, name, entry)
    if wrong:
        return Verdict(wrong.name, wrong.message), value
    return _general(problem, right, reading), value


def _general(problem: Calculation, right: Any, reading: Reading) -> Verdict:
    """Return what can be said without knowing the problem: size, signs, rounding, transposition, how many are right."""
    size, typed = notation.sizes(right), typed_numbers(reading.value)
    if not same_size(right, reading.value):
        given, expected = _size_words(typed_sizes(reading.value)), _right_words(right)
        return Verdict("wrong_size", f"You gave {given}, but {expected} is expected.")
    values, allowed = notation.numbers(right), tolerance(right, problem.decimals)
    agree = [near(value, number, allowed) for value, number in zip(values, typed, strict=True)]
    negated = [near(-value, number, allowed) for value, number in zip(values, typed, strict=True)]
    if all(a or b for a, b in zip(agree, negated, strict=True)):
        return _wrong_signs(size, [place for place, ok in enumerate(agree) if not ok], len(values))
    rounded = zip(values, typed, strict=True)
    if all(
        says_enough(number) and near(value, number, as_typed(number, allowed)) for value, number in rounded
    ):
        asked = "whole numbers are" if notation.is_integral(right) else f"{problem.decimals} decimals are"
        return Verdict("rounded_too_far", f"It is right as far as it goes, but {asked} asked.")
    turned = typed_numbers(transposed(reading.value, size))
    if turned and all(near(value, number, allowed) for value, number in zip(values, turned, strict=True)):
        return Verdict("transposed", "Rows and columns have changed places: your matrix is the transpose.")
    if len(values) == 1:
        return Verdict(
            "wrong", "That is not right, and none of the mistakes I know. Take it one step at a time."
        )
    count, first = f"{sum(agree)} of {len(values)}", _place(size, agree.index(False))
    return Verdict("wrong", f"{count} values are right; the first that is not stands {first}.")


def _wrong_signs(size: tuple[int, ...], wrong: list[int], count: int) -> Verdict:
    if len(wrong) == count:
        return Verdict(
            "sign",
            "The size is right and the sign is not." if count == 1 else "Every sign is the wrong way round.",
        )
    places = " and ".join(_place(size, i) for i in wrong[:_LONGEST_SIGN_LIST])
    more = "" if len(wrong) <= _LONGEST_SIGN_LIST else " and elsewhere"
    return Verdict("some_signs", f"The numbers are right, but not every sign: look {places}{more}.")


def _place(size: tuple[int, ...], number: int) -> str:
    """Return where the number-th value stands, counted from 0 as in the solutions."""
    if len(size) < 2:
        return f"at position {number}"
    row, column = divmod(number % (size[-2] * size[-1]), size[-1])
    where = f"in row {row}, column {column}"
    return where if len(size) == 2 else f"{where} of map {number // (size[-2] * size[-1])}"


def _right_words(value: Any) -> str:
    return (
        f"a shape of {len(value)} sizes"
        if isinstance(value, notation.Shape)
        else _size_words(notation.sizes(value))
    )


def _size_words(size: tuple[int, ...]) -> str:
    if -1 in size:
        return "rows of different lengths"
    if not size:
        return "a single number"
    return f"a list of {size[0]}" if len(size) == 1 else f"a {' × '.join(map(str, size))} array"


def _likeliest(right: Any, entry: Entry) -> Reading:
    """Return the reading with the size of the right value, else the first."""
    return next((r for r in entry.readings if same_size(right, r.value)), entry.readings[0])


def _agrees(problem: Calculation, name: str, right: Any, reading: Reading) -> bool:
    """Tell whether a reading is the right value, in its unit or in one that can be converted to it."""
    return equal(right, reading, problem.decimals, unit=problem.units.get(name, ""))


def _matches(problem: Calculation, wrong: Any, entry: Entry, *, coarse: bool = True) -> bool:
    """Tell whether an entry is this wrong value, perhaps typed with fewer digits."""
    return any(equal(wrong, reading, problem.decimals, coarse=coarse) for reading in entry.readings)


def _named(problem: Calculation, name: str, entry: Entry) -> WrongAnswer | None:
    """Return the mistake in a part that an entry shows: one it is exactly before one it could be rounded from.

    A mistake made in the part itself is a nearer cause than one that it only follows from.
    """
    own = [wrong for wrong in problem.mistakes if wrong.part == name]
    before = list(problem.values)[: list(problem.values).index(name)]
    earlier = [wrong for wrong in problem.mistakes if wrong.part in before]
    for coarse in (False, True):
        for wrong in own:
            if _matches(problem, wrong.value, entry, coarse=coarse):
                return wrong
        for wrong in earlier:
            value = wrong.parts.get(name, problem.values[name])
            if value != problem.values[name] and _matches(problem, value, entry, coarse=coarse):
                return wrong
    return None


def _other_unit(problem: Calculation, name: str, reading: Reading) -> str:
    unit = problem.units.get(name, "")
    if not is_converted(reading, unit):
        return ""
    written = notation.plain(problem.values[name], problem.decimals)
    return f"You gave it in {reading.unit}; in {unit} it is {written}."


# What is said in the end


def _summary(problem: Calculation, verdicts: dict[str, Verdict]) -> Feedback:
    names = list(problem.values)
    words = {name: verdict.word for name, verdict in verdicts.items()}
    good = [name for name, word in words.items() if word in ("right", "follows")]
    mistake = next((word for word in words.values() if word not in ("right", "follows", "wrong")), None)
    missing = [name for name in names if name not in words]
    correct = not missing and all(word == "right" for word in words.values())
    if len(names) == 1:
        sentence = verdicts[names[0]].sentence
        message = f"Correct. {sentence}".strip() if correct else sentence
    else:
        message = _part_by_part(names, verdicts, missing)
    return Feedback(correct, mistake, message, Fraction(len(good), len(names)), words)


def _part_by_part(names: list[str], verdicts: dict[str, Verdict], missing: list[str]) -> str:
    """Return what is right, what follows, what is wrong and why, and what is still to do, in this order."""
    right = [name for name in names if name in verdicts and verdicts[name].word == "right"]
    sentences = []
    if len(right) == len(names):
        sentences.append("Correct, every part.")
    elif right:
        sentences.append(f"Right: {', '.join(right)}.")
    for name, verdict in verdicts.items():
        if verdict.sentence:
            sentences.append(f"{name}: {verdict.sentence}")
    if missing:
        sentences.append(f"Still to do: {', '.join(missing)}.")
    return " ".join(sentences)
