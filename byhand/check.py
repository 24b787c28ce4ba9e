"""Comparing a typed answer with the right one, and saying in one kind, precise message what to make of it.

An answer is compared part by part. A part that is wrong may still follow from the student's own earlier slip: then
it earns its credit. Otherwise the known mistakes of the problem are tried, then signs, transposition and rounding; the
right value is never given away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from byhand import notation
from byhand.typed import Entry, Reading, Typed, Unreadable, read

if TYPE_CHECKING:
    from byhand.calculation import Calculation
    from byhand.mistakes import WrongAnswer

# How far a typed value may be from the right one, in units of the last decimal asked: half for rounding, and a little.
_SLACK = Fraction(6, 10)
_TO_UNIT = {
    ("bits", "nats"): math.log(2),
    ("nats", "bits"): 1 / math.log(2),
    ("flops", "macs"): 0.5,
    ("macs", "flops"): 2,
}
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


def _simple(name: str) -> str:
    """Return a name without what people type differently: capitals stay, for $w$ and $W$ are two things."""
    return "".join(letter for letter in name if letter.isalnum())


def _meant(problem: Calculation, entry: Entry) -> str:
    """Return the part that a single value without a name is meant for: one it fits, else the last."""
    names = list(problem.values)[::-1]
    for name in names:
        if any(_agrees(problem, name, problem.values[name], reading) for reading in entry.readings):
            return name
    for wrong in problem.mistakes:
        for name in (wrong.part, *wrong.parts):
            if name in wrong.parts and _matches(problem, name, wrong.parts[name], entry):
                return name
    fitting = [
        name for name in names if any(_same_size(problem.values[name], r.value) for r in entry.readings)
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
    value = _in_form(right, reading)
    if instead:
        followed = problem.following(instead).get(name)
        if followed is not None and _matches(problem, name, followed, entry):
            return Verdict("follows", "It follows correctly from your earlier value."), value
    for wrong in _nearest_first(problem, name):
        if wrong.parts[name] != right and _matches(problem, name, wrong.parts[name], entry):
            return Verdict(wrong.name, wrong.message), value
    return _general(problem, right, reading), value


def _nearest_first(problem: Calculation, name: str) -> list[WrongAnswer]:
    """Return the mistakes that change a part: those made in it, then those that it follows from."""
    changing = [wrong for wrong in problem.mistakes if name in wrong.parts]
    return sorted(changing, key=lambda wrong: wrong.part != name)


def _general(problem: Calculation, right: Any, reading: Reading) -> Verdict:
    """Return what can be said without knowing the problem: size, signs, transposition, rounding, how many are right."""
    typed, size = reading.value, notation.sizes(right)
    if not _same_size(right, typed):
        return Verdict("wrong_size", f"You gave {_size_words(typed)}, but {_size_words(right)} is expected.")
    pairs = list(zip(notation.numbers(right), _numbers(typed), strict=True))
    tolerance = _tolerance(problem, right)
    agree = [_near(value, number, tolerance) for value, number in pairs]
    negated = [value != 0 and _near(-value, number, tolerance) for value, number in pairs]
    if all(a or b for a, b in zip(agree, negated, strict=True)):
        return _wrong_signs(size, [i for i, ok in enumerate(agree) if not ok], len(pairs))
    if all(
        _near(value, number, _coarse(number, tolerance)) and _says_enough(number) for value, number in pairs
    ):
        asked = "whole numbers are" if notation.is_integral(right) else f"{problem.decimals} decimals are"
        return Verdict("rounded_too_far", f"It is right as far as it goes, but {asked} asked.")
    if (
        len(size) == 2
        and _numbers(_transpose(typed, size))
        and all(
            _near(value, number, tolerance)
            for value, number in zip(notation.numbers(right), _numbers(_transpose(typed, size)), strict=True)
        )
    ):
        return Verdict("transposed", "Rows and columns have changed places: your matrix is the transpose.")
    if len(pairs) == 1:
        return Verdict(
            "wrong", "That is not right, and it is none of the mistakes I know. Take it one step at a time."
        )
    first = _place(size, agree.index(False))
    return Verdict(
        "wrong", f"{sum(agree)} of {len(pairs)} values are right; the first that is not stands {first}."
    )


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


def _size_words(value: Any) -> str:
    size = notation.sizes(value) if not isinstance(value, Typed) else ()
    if isinstance(value, tuple) and not isinstance(value, Typed | notation.Shape):
        size = _typed_sizes(value)
        if -1 in size:
            return "rows of different lengths"
    if isinstance(value, notation.Shape):
        return f"a shape of {len(value)} sizes"
    if not size:
        return "a single number"
    return f"a list of {size[0]}" if len(size) == 1 else f"a {' × '.join(map(str, size))} array"


# Comparing


def _agrees(problem: Calculation, name: str, right: Any, reading: Reading) -> bool:
    """Tell whether a reading is the right value, in its unit or in one that can be converted to it."""
    factor = _TO_UNIT.get((reading.unit or "", problem.units.get(name, "")), 1)
    return _equal(right, reading, _tolerance(problem, right), factor)


def _matches(problem: Calculation, name: str, wrong: Any, entry: Entry) -> bool:
    """Tell whether an entry is this wrong value, perhaps typed with fewer digits (but two at least)."""
    return any(
        _equal(wrong, reading, _tolerance(problem, wrong), 1, coarse=True) for reading in entry.readings
    )


def _equal(value: Any, reading: Reading, tolerance: Fraction, factor: float, *, coarse: bool = False) -> bool:
    if isinstance(value, notation.Shape) and reading.form == "number" and len(value) > 1:
        return False
    if not _same_size(value, reading.value):
        return False
    pairs = zip(notation.numbers(value), _numbers(reading.value), strict=True)
    return all(
        _near(
            number, typed, _coarse(typed, tolerance) if coarse and _digits(typed) > 1 else tolerance, factor
        )
        for number, typed in pairs
    )


def _near(value: Any, typed: Typed, tolerance: Fraction, factor: float = 1) -> bool:
    if isinstance(value, float) and math.isinf(value):
        return typed.value == value
    if isinstance(typed.value, float):
        return False
    if factor != 1:
        return abs(float(typed.value) * factor - float(value)) <= float(tolerance)
    return abs(typed.value - Fraction(value)) <= tolerance


def _tolerance(problem: Calculation, value: Any) -> Fraction:
    """Return how far a typed value may be off: nothing for whole numbers."""
    return Fraction(0) if notation.is_integral(value) else _SLACK / 10**problem.decimals


def _coarse(typed: Typed, tolerance: Fraction) -> Fraction:
    """Return the tolerance for a value that was typed with fewer digits than asked."""
    return max(tolerance, (typed.resolution or 0) * _SLACK)


def _says_enough(typed: Typed) -> bool:
    """Tell whether a rounded value is more than an order of magnitude: its last digit at most a fifth of it."""
    return isinstance(typed.value, Fraction) and 5 * (typed.resolution or 0) <= abs(typed.value)


def _digits(typed: Typed) -> int:
    """Return how many significant digits were typed."""
    if typed.resolution is None or isinstance(typed.value, float) or not typed.value:
        return 0
    return len(str(abs(int(typed.value / typed.resolution))))


def _same_size(value: Any, typed: Any) -> bool:
    """Tell whether sizes agree, but for axes of length one."""
    wanted, got = notation.sizes(value), _typed_sizes(typed)
    return [n for n in wanted if n != 1] == [n for n in got if n != 1]


def _typed_sizes(value: Any) -> tuple[int, ...]:
    """Return the sizes of a typed value; (-1,) where rows differ in length."""
    if isinstance(value, Typed):
        return ()
    inner = {_typed_sizes(each) for each in value}
    return (len(value), *inner.pop()) if len(inner) == 1 else (-1,)


def _numbers(value: Any) -> list[Typed]:
    return list(_walk(value))


def _walk(value: Any) -> Iterator[Typed]:
    if isinstance(value, Typed):
        yield value
    else:
        for each in value:
            yield from _walk(each)


def _likeliest(right: Any, entry: Entry) -> Reading:
    """Return the reading with the size of the right value, else the first."""
    return next((r for r in entry.readings if _same_size(right, r.value)), entry.readings[0])


def _in_form(right: Any, reading: Reading) -> Any:
    """Return the student's value nested as the right one is, where the sizes agree; else as it was typed."""
    values = iter([number.value for number in _numbers(reading.value)])
    if _same_size(right, reading.value):
        filled = notation.nested(right, lambda _: next(values))
        return notation.Shape(*map(int, filled)) if isinstance(right, notation.Shape) else filled
    return _plain_values(reading.value)


def _plain_values(value: Any) -> Any:
    return value.value if isinstance(value, Typed) else [_plain_values(each) for each in value]


def _transpose(typed: Any, size: tuple[int, ...]) -> Any:
    """Return the transpose of a typed square matrix; nothing for others, whose size is wrong already."""
    return tuple(zip(*typed, strict=True)) if size[0] == size[1] and _typed_sizes(typed) == size else ()


def _other_unit(problem: Calculation, name: str, reading: Reading) -> str:
    unit = problem.units.get(name, "")
    if (reading.unit or "", unit) in _TO_UNIT:
        written = notation.plain(problem.values[name], problem.decimals)
        return f"You gave it in {reading.unit}; in {unit} it is {written}."
    return ""


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
