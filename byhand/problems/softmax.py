"""Softmax, cross-entropy and their gradient: from logits to probabilities to a loss, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand import definitions, mistakes
from byhand.calculation import Calculation
from byhand.draws import Degenerate, Draws
from byhand.given import counted_from_0, expect, reals, wholes
from byhand.mistakes import Slip
from byhand.moves.classification import (
    ERROR_FOR_LOGARITHM,
    MINUS_FORGOTTEN,
    add_powers,
    check_loss,
    exponentials,
    in_bits,
    show_guard_digits,
    softmax,
    weighted_sum,
)
from byhand.moves.counting import number_word
from byhand.notation import exact, factor, plain, tex
from byhand.trace import Work

Vector = Sequence[Any]

OVERFLOW, UNDERFLOW = 710, -746  # from here on and up to here, a power of e is infinite or 0 for a computer
_ROUNDING = 1e-12  # a sum of floating-point numbers that is closer to 0 than this is 0

NOT_NORMALISED = Slip(
    "not_normalised",
    "You took the exponentials and stopped. Divide each of them by their sum.",
    "Probabilities add up to 1.",
)
SIGMOID_FOR_SOFTMAX = Slip(
    "sigmoid_for_softmax",
    "You applied the sigmoid to each logit on its own. Softmax lets the classes compete: all powers share one sum.",
    "Probabilities of classes that exclude one another add up to 1.",
)
EXPONENT_SIGN = Slip(
    "exponent_sign",
    "You took $e^{-z}$, as in the sigmoid. Softmax takes $e^{z}$.",
    "The largest logit must get the largest probability.",
)
PREDICTED_FOR_TRUE = Slip(
    "predicted_for_true_class",
    "You took the logarithm of the largest probability. The loss looks at the probability of the *true* class, "
    "whichever class the model prefers.",
    "Find the 1 in the one-hot label, and cover all other classes with your hand.",
)
OTHER_CLASSES = Slip(
    "other_classes_counted",
    "You also added $-\\ln(1 - p_j)$ for the other classes. That is the loss of separate yes-or-no questions; with "
    "softmax and a one-hot label only the term of the true class is left.",
    "Write out the sum over the classes: each term has a factor from the one-hot label.",
)
LABEL_IGNORED = Slip(
    "label_ignored",
    "You added up $-\\ln p_k$ over all classes. The one-hot label multiplies each term, by 0 or by 1.",
    "Write out the sum over the classes: each term has a factor from the one-hot label.",
)
ENTROPY = Slip(
    "entropy_for_cross_entropy",
    "You weighted the logarithms by the probabilities themselves: that is the entropy of the prediction, which knows "
    "no label. Cross-entropy weights them by the label.",
    "The result must change when another class is the true one.",
)
ENDS_SWAPPED = Slip(
    "ends_swapped",
    "You have the two ends the wrong way round: a *large* probability of the true class makes the loss *small*.",
    "Being certain and right must cost least.",
)
SHIFTED_BY_MINIMUM = Slip(
    "shifted_by_the_minimum",
    "You subtracted the smallest logit. On paper the probabilities are the same, but now the largest power can still "
    "overflow. Subtract the largest.",
    "After the shift no logit is positive.",
)
SHIFT_SIGN = Slip(
    "shift_sign",
    "You subtracted the logits from their maximum: that turns their order round.",
    "The largest logit must stay the largest; after the shift it is 0 and the others are negative.",
)
DIVIDED_BY_MAXIMUM = Slip(
    "divided_by_the_maximum",
    "You divided by the largest logit. That changes the differences between logits, and with them the probabilities.",
    "The differences between the logits must be as before.",
)
LABEL_NOT_SUBTRACTED = Slip(
    "label_not_subtracted",
    "You gave the probabilities themselves. The gradient is $p - y$: subtract 1 at the true class.",
    "The gradient of the logits adds up to 0.",
)
STOPPED_AT_P = Slip(
    "stopped_at_the_probabilities",
    "You differentiated with respect to the probability of the true class: minus 1 over it. There is one more link in "
    "the chain, from the logits to the probabilities.",
    "The gradient of the logits lies between $-1$ and 1.",
)
ONLY_TRUE_CLASS = Slip(
    "only_the_true_class",
    "You gave the other classes no gradient. Their logits stand in the denominator of the true class's probability, so "
    "they count too.",
    "The gradient of the logits adds up to 0.",
)
STRAY_FACTOR = Slip(
    "stray_logarithm_factor",
    "There is a factor $1 / \\ln S$ too many, where $S = \\sum_j e^{z_j}$. The chain rule gives "
    "$\\frac{\\partial \\ln S}{\\partial z_k} = \\frac{1}{S} e^{z_k} = p_k$.",
    "The rows of the gradient add up to 0, because $\\sum_k (p_k - y_k) = 1 - 1$.",
)
INPUT_FORGOTTEN = Slip(
    "input_forgotten",
    "You stopped at the logits: $p_k - y_k$. The weights are one link further; $z_k = x \\cdot w_k$ brings the factor "
    "$x$.",
    "A weight whose input is doubled has twice the influence, and so twice the gradient.",
)


def one_hot(y: int, classes: int) -> list[int]:
    """Return the label as a vector."""
    return [int(k == y) for k in range(classes)]


def proportions(values: Vector) -> list[Any] | None:
    """Return the values divided by their sum; None if that is 0."""
    total = sum(values)
    return [value / total for value in values] if total else None


def natural_log(value: Any) -> float:
    """Return the natural logarithm; minus infinity at 0."""
    return math.log(value) if value else -math.inf


def outer(column: Vector, row: Vector) -> list[list[Any]]:
    """Return the matrix of products."""
    return [[a * b for b in row] for a in column]


def ten_logits(draws: Draws) -> tuple[list[Any], int]:
    """Return ten logits, a clear winner, a runner-up and eight far below, and the runner-up's place."""
    winner = draws.integer(11, 18)
    runner_up = winner - draws.decimal("1", "6")
    others = [exact(Fraction(draws.integer(-120, 30), 10)) for _ in range(8)]
    places = draws.shuffled(range(10))
    logits = [0] * 10
    for place, value in zip(places, [runner_up, winner, *others], strict=True):
        logits[place] = value
    return logits, places[0]


def few_logits(draws: Draws, classes: int = 3) -> list[Any]:
    """Return some different logits between -2 and 3."""
    logits = [draws.decimal("-2", "3", step="0.1", but=["0"]) for _ in range(classes)]
    if len(set(logits)) < classes:
        raise Degenerate(f"two of the logits {logits} are equal")
    return logits


SOFTMAX_SLIPS = (
    mistakes.EXPONENTIAL_FORGOTTEN.on("p", lambda given, right: proportions(given.z)),
    mistakes.SOFTMAX_OF_PROBABILITIES.on("p", lambda given, right: definitions.softmax(right.p)),
    NOT_NORMALISED.on("p", lambda given, right: [math.exp(z) for z in given.z]),
    SIGMOID_FOR_SOFTMAX.on("p", lambda given, right: definitions.sigmoid(given.z)),
    EXPONENT_SIGN.on("p", lambda given, right: definitions.softmax([-z for z in given.z])),
)


class SoftmaxOfThree(Calculation):
    """Softmax of a few logits."""

    id = "B1"
    title = "Softmax of three logits"
    coursework = exact({"z": ["2.0", "1.0", "0.1"]})
    symbols = {"z": "z"}
    givens = {"z": reals("logits $z$", "k:2-10", low=-20, high=20)}
    parts = {"p": "the probabilities of the classes"}
    slips = SOFTMAX_SLIPS

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {"z": few_logits(draws)}

    def pose(self) -> str:
        count = number_word(len(self.given.z))
        return f"A classifier gives the logits $z$ to {count} classes. Turn them into class probabilities with softmax."

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        softmax(work, "p", self.given.z)


class SoftmaxOfTen(Calculation):
    """Softmax of ten logits that lie far apart."""

    id = "A6"
    title = "Softmax of ten logits"
    coursework = exact({"z": ["-0.1", 12, 3, "-3.2", -8, 17, "1.9", "0.6", "4.9", -12]})
    symbols = {"z": "z"}
    givens = {"z": reals("logits $z$", "k:2-12", low=-20, high=20)}
    parts = {"p": "the probabilities of the classes"}
    slips = (
        *SOFTMAX_SLIPS,
        NOT_NORMALISED.on(
            "p",
            lambda given, right: [math.exp(z - max(given.z)) for z in given.z],
            message="You stopped at the powers $u_k$. Divide each of them by their sum.",
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {"z": ten_logits(draws)[0]}

    def pose(self) -> str:
        return (
            f"A classifier gives the logits $z$ to {number_word(len(self.given.z))} classes, numbered from 0. Turn "
            "them into class probabilities with softmax."
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        softmax(work, "p", self.given.z, shift=True)


class CrossEntropyOfTen(Calculation):
    """The loss of ten logits when the true class is not the one the model prefers."""

    id = "A7"
    title = "Cross-entropy of ten logits"
    coursework = exact({"z": ["-0.1", 12, 3, "-3.2", -8, 17, "1.9", "0.6", "4.9", -12], "y": 1})
    symbols = {"z": "z"}
    givens = {
        "z": reals("logits $z$", "k:2-12", low=-20, high=20),
        "y": counted_from_0("true class $t$", "k"),
    }
    parts = {"loss": "the cross-entropy, with the natural logarithm"}
    units = {"loss": "nats"}
    slips = (
        mistakes.BASE_10.on(
            "loss",
            lambda given, right: definitions.cross_entropy([given.z], [given.y], base=10),
            recorded="The loss is 2.17439.",
            why="The key marked log of a pocket calculator takes the logarithm to base 10; the natural one is marked "
            "ln.",
        ),
        mistakes.BASE_2.on(
            "loss", lambda given, right: definitions.cross_entropy([given.z], [given.y], base=2)
        ),
        MINUS_FORGOTTEN.on("loss", lambda given, right: -right.loss),
        PREDICTED_FOR_TRUE.on("loss", lambda given, right: -math.log(max(definitions.softmax(given.z)))),
        ERROR_FOR_LOGARITHM.on("loss", lambda given, right: 1 - math.exp(-right.loss)),
        OTHER_CLASSES.on(
            "loss",
            lambda given, right: (
                10 * definitions.binary_cross_entropy(definitions.softmax(given.z), one_hot(given.y, 10))
            ),
        ),
        mistakes.MEAN_FOR_SUM.on(
            "loss",
            lambda given, right: right.loss / 10,
            message="You divided by the number of classes. The loss of one example is a sum over the classes, in which "
            "a single term is left; a mean is taken over examples.",
        ),
        mistakes.SOFTMAX_OF_PROBABILITIES.on(
            "loss",
            lambda given, right: definitions.cross_entropy([definitions.softmax(given.z)], [given.y]),
            message="You applied softmax twice: first by hand, then inside a loss that expects logits.",
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        z, y = ten_logits(draws)
        return {"z": z, "y": y}

    def pose(self) -> str:
        return (
            f"A classifier gives the logits $z$ to {number_word(len(self.given.z))} classes, numbered from 0. The "
            "true class is "
            f"$t = {self.given.y}$. What is the cross-entropy between the one-hot label and the softmax of the logits?"
        )

    def solve(self, work: Work) -> None:
        z, y = self.given.z, self.given.y
        show_guard_digits(work)
        powers, m = exponentials(work, z, shift=True)
        total = add_powers(work, powers)
        work.step(
            "Divide the power of the true class by the sum: its probability.",
            formula=r"p_t = \frac{u_t}{S}",
            symbol=f"p_{{{y}}}",
            numbers=rf"\frac{{{tex(powers[y], work.digits)}}}{{{tex(total, work.digits)}}}",
            result=powers[y] / total,
            cells={"z": [(y,)]},
        )
        loss = definitions.cross_entropy([z], [y])
        work.step(
            "Take the negative natural logarithm. Written with the logits, nothing small has to be rounded first.",
            formula=r"L = -\ln p_t = \ln S - (z_t - m)",
            symbol="L",
            numbers=rf"\ln {tex(total, work.digits)} - ({tex(z[y])} - {factor(m)})",
            result=loss,
            cells={"z": [(y,)]},
        )
        in_bits(work, loss)
        check_loss(work, loss)
        work.part("loss", loss)


class ExtremeLosses(Calculation):
    """Between which values the cross-entropy lies, when the probability of the true class lies between two others."""

    id = "A8"
    title = "The smallest and the largest cross-entropy"
    coursework = {"low": 0, "high": 1}
    givens = {
        "low": reals("smallest probability", low=0, high=1),
        "high": reals("largest probability", low=0, high=1),
    }
    parts = {
        "smallest": "the smallest value of the loss",
        "largest": "the largest value of the loss (`infinity` if it has no bound)",
    }
    units = {"smallest": "nats", "largest": "nats"}
    slips = (
        ENDS_SWAPPED.on("smallest", lambda given, right: right.largest),
        ENDS_SWAPPED.on("largest", lambda given, right: right.smallest),
        ERROR_FOR_LOGARITHM.on("smallest", lambda given, right: 1 - given.high),
        ERROR_FOR_LOGARITHM.on("largest", lambda given, right: 1 - given.low),
        MINUS_FORGOTTEN.on("smallest", lambda given, right: -right.smallest),
        MINUS_FORGOTTEN.on("largest", lambda given, right: -right.largest),
        mistakes.BASE_10.on("smallest", lambda given, right: right.smallest / math.log(10)),
        mistakes.BASE_10.on("largest", lambda given, right: right.largest / math.log(10)),
        mistakes.BASE_2.on("smallest", lambda given, right: right.smallest / math.log(2)),
        mistakes.BASE_2.on("largest", lambda given, right: right.largest / math.log(2)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        low = draws.choice(exact(["0.001", "0.002", "0.004", "0.005", "0.01", "0.02", "0.04", "0.05", "0.1"]))
        return {"low": low, "high": draws.decimal("0.6", "0.99", step="0.01")}

    @property
    def is_clipped(self) -> bool:
        """Whether the probability is kept away from 0 and 1."""
        return (self.given.low, self.given.high) != (0, 1)

    def accept(self) -> None:
        low, high = self.given.low, self.given.high
        expect(
            0 < low < high < 1 or (low, high) == (0, 1),
            "Expected 0 and 1 for probabilities as they are, or two between them, the smaller one first, for clipped "
            "ones.",
            "low" if low == 0 or low >= high else "high",
        )

    def pose(self) -> str:
        if not self.is_clipped:
            return (
                "A classifier gives the true class of an example the probability $p_t$, and pays the cross-entropy "
                r"$L = -\ln p_t$. What are the smallest and the largest value that the loss can have?"
            )
        return (
            "To be safe, a program clips all probabilities before it takes the logarithm: what is below "
            f"${tex(self.given.low)}$ becomes ${tex(self.given.low)}$, what is above ${tex(self.given.high)}$ becomes "
            rf"${tex(self.given.high)}$. The loss of an example is the cross-entropy $L = -\ln p_t$, with the clipped "
            "probability $p_t$ of its true class. What are the smallest and the largest value that the loss can have?"
        )

    def solve(self, work: Work) -> None:
        low, high = self.given.low, self.given.high
        show_guard_digits(work)
        work.step("The logarithm grows with $p_t$, so the loss falls: a more probable true class costs less.")
        work.step(
            "The loss is smallest where the probability is largest.",
            formula=r"L = -\ln p_t",
            symbol=r"L_{\min}",
            numbers=rf"-\ln {tex(high)}",
            result=0 if high == 1 else -math.log(high),
        )
        work.part("smallest", 0 if high == 1 else -math.log(high))
        if low == 0:
            for p in map(Fraction, ("0.1", "0.01", "0.001")):
                work.step(
                    "Let the probability of the true class go to 0 and watch the loss.",
                    formula=r"L = -\ln p_t",
                    symbol="L",
                    numbers=rf"-\ln {tex(p)}",
                    result=-math.log(p),
                )
        work.step(
            f"Each further factor of 10 costs ${tex(math.log(10), work.digits)}$ nats more, without end: there is no "
            "largest loss. (Softmax itself gives every class a positive probability, so it comes as close as you like "
            "to both ends and reaches neither.)"
            if low == 0
            else "The loss is largest where the probability is smallest. Without the clipping there would be no bound.",
            formula=r"L = -\ln p_t",
            symbol=r"L_{\max}",
            numbers="" if low == 0 else rf"-\ln {tex(low)}",
            result=-natural_log(low),
        )
        work.part("largest", -natural_log(low))


class StableSoftmax(Calculation):
    """Why softmax subtracts the maximum, and why that changes nothing."""

    id = "D4"
    title = "Softmax with the maximum subtracted"
    coursework = {"z": [1000, 1001, 1002]}
    symbols = {"z": "z"}
    givens = {"z": reals("logits $z$", "k:2-6", low=-9999, high=9999)}
    parts = {"s": "the logits after their maximum is subtracted", "p": "the probabilities of the classes"}
    slips = (
        SHIFTED_BY_MINIMUM.on("s", lambda given, right: [z - min(given.z) for z in given.z]),
        SHIFT_SIGN.on("s", lambda given, right: [max(given.z) - z for z in given.z]),
        DIVIDED_BY_MAXIMUM.on("s", lambda given, right: [Fraction(z, max(given.z)) for z in given.z]),
        mistakes.EXPONENTIAL_FORGOTTEN.on(
            "p",
            lambda given, right: proportions(right.s),
            message="You divided the shifted logits by their sum. Softmax takes the exponential of each of them first.",
        ),
        mistakes.SOFTMAX_OF_PROBABILITIES.on("p", lambda given, right: definitions.softmax(right.p)),
        NOT_NORMALISED.on("p", lambda given, right: [math.exp(s) for s in right.s]),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        base = draws.integer(8, 40) * draws.choice([100, -100])
        return {"z": [base + offset for offset in draws.sample(range(-4, 5), 3)]}

    def accept(self) -> None:
        z = self.given.z
        expect(
            min(z) >= OVERFLOW or max(z) <= UNDERFLOW,
            f"The powers are to be too large or too small for a computer: expected logits that are all {OVERFLOW} or "
            f"more, or all {plain(UNDERFLOW)} or less.",
            "z",
        )
        expect(max(z) - min(z) <= 30, "Expected logits that are at most 30 apart.", "z")

    def pose(self) -> str:
        size = "large" if self.given.z[0] > 0 else "strongly negative"
        return (
            f"A classifier gives the {size} logits $z$ to {number_word(len(self.given.z))} classes. Show that softmax "
            "gives the same result after the largest logit is subtracted from all of them, say why a program must do "
            "that here, and compute the probabilities."
        )

    def solve(self, work: Work) -> None:
        z = self.given.z
        show_guard_digits(work)
        self._fail(work)
        work.step(
            "Multiply numerator and denominator by $e^{-m}$, which is never 0. The fraction stays the same for every "
            "$m$: in exact arithmetic the two forms are equal, and the proof is complete.",
            formula=r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}} = \frac{e^{-m} e^{z_k}}{e^{-m} \sum_j e^{z_j}} "
            r"= \frac{e^{z_k - m}}{\sum_j e^{z_j - m}}",
        )
        m = max(z)
        work.step(
            "Choose the largest logit for $m$. Then no exponent is above 0, so no power is above 1; and one power is "
            "$e^0 = 1$, so the sum is never 0.",
            formula=r"m = \max_j z_j",
            symbol="m",
            numbers=rf"\max({', '.join(map(tex, z))})",
            result=m,
            cells={"z": [(k,) for k in range(len(z))]},
        )
        shifted = [value - m for value in z]
        for k, value in enumerate(shifted):
            work.step(
                f"Subtract it from logit {k}.",
                formula="s_k = z_k - m",
                symbol=f"s_{{{k}}}",
                numbers=f"{tex(z[k])} - {factor(m)}",
                result=value,
                cells={"z": [(k,)], "s": [(k,)]},
            )
        shifted = work.part("s", shifted)
        softmax(work, "p", shifted, symbol="s")

    def _fail(self, work: Work) -> None:
        """Say what the formula as written leads to in floating point."""
        z = self.given.z
        largest = max(z)
        power = rf"$e^{{{tex(largest)}}} \approx 10^{{{math.floor(largest / math.log(10))}}}$"
        if largest > 0:
            what = (
                f"As it is written, softmax asks for {power}. The floating-point numbers of a computer end near "
                r"$1.8 \cdot 10^{308}$: every power becomes infinite, and infinity divided by infinity is no number "
                "(`nan`)."
            )
        else:
            what = (
                f"As it is written, softmax asks for {power} and smaller powers. The smallest positive floating-point "
                r"number of a computer is near $5 \cdot 10^{-324}$: every power is rounded to 0, and 0 divided by 0 is "
                "no number (`nan`)."
            )
        work.step(what, formula=r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}")


class CrossEntropyOfOneHot(Calculation):
    """What is left of the cross-entropy when the label is one-hot."""

    id = "D5"
    title = "Cross-entropy against a one-hot label"
    coursework = exact({"p": ["0.7", "0.2", "0.1"], "y": [0, 1, 0]})
    symbols = {"p": "p", "y": "y"}
    givens = {
        "p": reals("probabilities $p$", "k:2-8", low="0.001", high="0.999"),
        "y": wholes("one-hot label $y$", "k", low=0, high=1),
    }
    parts = {"loss": "the cross-entropy, with the natural logarithm"}
    units = {"loss": "nats"}
    slips = (
        mistakes.BASE_10.on("loss", lambda given, right: right.loss / math.log(10)),
        mistakes.BASE_2.on("loss", lambda given, right: right.loss / math.log(2)),
        MINUS_FORGOTTEN.on("loss", lambda given, right: -right.loss),
        LABEL_IGNORED.on("loss", lambda given, right: -sum(map(math.log, given.p))),
        ENTROPY.on("loss", lambda given, right: -sum(p * math.log(p) for p in given.p)),
        PREDICTED_FOR_TRUE.on("loss", lambda given, right: -math.log(max(given.p))),
        OTHER_CLASSES.on(
            "loss",
            lambda given, right: len(given.p) * definitions.binary_cross_entropy(given.p, given.y),
        ),
        ERROR_FOR_LOGARITHM.on("loss", lambda given, right: 1 - given.p[given.y.index(1)]),
        mistakes.MEAN_FOR_SUM.on(
            "loss",
            lambda given, right: right.loss / len(given.p),
            message="You divided by the number of classes. The cross-entropy of one example is a sum over the classes; "
            "a mean is taken over examples.",
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        classes = draws.choice([3, 4])
        p = [draws.decimal("0.05", "0.8", step="0.05") for _ in range(classes - 1)]
        p.append(1 - sum(p))
        if p[-1] <= 0 or len(set(p)) < classes:
            raise Degenerate(f"{p} are not different probabilities")
        return {"p": p, "y": one_hot(draws.integer(0, classes - 1), classes)}

    def accept(self) -> None:
        total = sum(self.given.p)
        expect(total == 1, f"Probabilities add up to 1, and these to {plain(total)}.", "p")
        expect(sum(self.given.y) == 1, "A one-hot label has one 1, and 0 everywhere else.", "y")

    def pose(self) -> str:
        return (
            "A classifier gives the classes the probabilities $p$; the label is the one-hot vector $y$. Show that the "
            "cross-entropy is the negative logarithm of one single probability, and compute it."
        )

    def solve(self, work: Work) -> None:
        p, y = self.given.p, self.given.y
        true = y.index(1)
        show_guard_digits(work)
        work.step(
            "The cross-entropy weights the logarithm of every probability by the label.",
            formula=r"L = -\sum_k y_k \ln p_k",
        )
        work.step(
            "The label is 0 for every class but the true one, $t$, where it is 1: one term is left.",
            formula=r"L = -(0 \cdot \ln p_0 + \ldots + 1 \cdot \ln p_t + \ldots) = -\ln p_t",
        )
        for k, (probability, label) in enumerate(zip(p, y, strict=True)):
            work.step(
                f"The term of class {k}.",
                formula=r"a_k = -y_k \ln p_k",
                symbol=f"a_{{{k}}}",
                numbers=rf"-{label} \cdot \ln {tex(probability)}",
                result=-math.log(probability) if label else 0,
                cells={"p": [(k,)], "y": [(k,)]},
            )
        loss = -math.log(p[true])
        work.step(
            f"The sum is the term of the true class, {true}.",
            formula=r"L = \sum_k a_k",
            symbol="L",
            numbers=rf"-\ln {tex(p[true])}",
            result=loss,
            cells={"p": [(true,)], "y": [(true,)]},
        )
        check_loss(work, loss)
        work.part("loss", loss)


class GradientOfLogits(Calculation):
    """The gradient of softmax cross-entropy with respect to the logits."""

    id = "D6"
    title = "The gradient of softmax cross-entropy"
    coursework = exact({"z": ["2.0", "1.0", "0.1"], "y": 1})
    symbols = {"z": "z"}
    givens = {
        "z": reals("logits $z$", "k:2-8", low=-20, high=20),
        "y": counted_from_0("true class $t$", "k"),
    }
    parts = {
        "p": "the probabilities of the classes",
        "dz": "the gradient of the loss with respect to the logits",
    }
    slips = (
        *SOFTMAX_SLIPS,
        mistakes.GRADIENT_SIGN.on("dz", lambda given, right: [-value for value in right.dz]),
        LABEL_NOT_SUBTRACTED.on("dz", lambda given, right: right.p),
        STOPPED_AT_P.on(
            "dz", lambda given, right: [-y / p for y, p in zip(one_hot(given.y, 3), right.p, strict=True)]
        ),
        ONLY_TRUE_CLASS.on("dz", lambda given, right: [y * right.dz[given.y] for y in one_hot(given.y, 3)]),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {"z": few_logits(draws), "y": draws.integer(0, 2)}

    def pose(self) -> str:
        return (
            f"A classifier gives the logits $z$ to {number_word(len(self.given.z))} classes; the true class is "
            f"$t = {self.given.y}$. Derive the "
            "gradient of the cross-entropy with respect to the logits, for the true class and for the others, and "
            "compute it."
        )

    def solve(self, work: Work) -> None:
        z, y = self.given.z, self.given.y
        show_guard_digits(work)
        p = softmax(work, "p", z)
        derive_gradient_of_logits(work)
        dz = subtract_label(work, p, y)
        total = sum(dz)
        work.step(
            "Check: the entries add up to 0, because both the probabilities and the label add up to 1.",
            symbol=r"\sum_k \frac{\partial L}{\partial z_k}",
            numbers=" + ".join(factor(value, work.digits) for value in dz),
            result=0 if abs(total) < _ROUNDING else total,
        )
        work.part("dz", dz)


def derive_gradient_of_logits(work: Work) -> None:
    """Derive p - y in steps."""
    work.step(
        "Write the loss of the true class $t$ with the logits.",
        formula=r"L = -\ln p_t = -\ln \frac{e^{z_t}}{\sum_j e^{z_j}} = \ln \sum_j e^{z_j} - z_t",
    )
    work.step(
        "The chain rule for the first term: the logarithm of the sum brings 1 over the sum, and of the sum only the "
        "term of class $k$ depends on $z_k$. The quotient is the probability $p_k$.",
        formula=r"\frac{\partial}{\partial z_k} \ln \sum_j e^{z_j} = \frac{1}{\sum_j e^{z_j}} \cdot e^{z_k} = p_k",
    )
    work.step(
        "The second term, $-z_t$, has the derivative $-1$ for the true class and 0 for the others. Together it is the "
        "probabilities minus the one-hot label $y$.",
        formula=r"\frac{\partial L}{\partial z_k} = p_k - y_k = \begin{cases} p_t - 1 & k = t \\ p_k & k \ne t "
        r"\end{cases}",
    )


def subtract_label(work: Work, p: Vector, y: int) -> list[Any]:
    """Write the gradient of every logit; return it."""
    dz = []
    for k, (probability, label) in enumerate(zip(p, one_hot(y, len(p)), strict=True)):
        dz.append(probability - label)
        work.step(
            f"Class {k} is the true one: subtract 1." if label else f"Class {k} is not the true one.",
            formula=r"\frac{\partial L}{\partial z_k} = p_k - y_k",
            symbol=rf"\frac{{\partial L}}{{\partial z_{{{k}}}}}",
            numbers=f"{tex(probability, work.digits)} - {label}",
            result=dz[-1],
            cells={"p": [(k,)], "dz": [(k,)]},
        )
    return dz


class GradientOfWeights(Calculation):
    """The gradient of softmax cross-entropy with respect to the weights of a linear classifier."""

    id = "A3"
    title = "The gradient of a softmax classifier"
    coursework = {"x": [1, 2], "W": [[1, 0], [0, 1], [1, -1]], "y": 0}
    symbols = {"x": "x", "W": "W"}
    givens = {
        "x": reals("input $x$", "n:1-5", low=-10, high=10),
        "W": reals("weights $W$", "k:2-6 n", low=-10, high=10),
        "y": counted_from_0("true class $t$", "k"),
    }
    parts = {
        "z": "the logits",
        "p": "the probabilities of the classes",
        "dW": "the gradient of the loss with respect to the weights, one row for each class",
    }
    slips = (
        mistakes.EXPONENTIAL_FORGOTTEN.on("p", lambda given, right: proportions(right.z)),
        mistakes.SOFTMAX_OF_PROBABILITIES.on("p", lambda given, right: definitions.softmax(right.p)),
        STRAY_FACTOR.on(
            "dW",
            lambda given, right: with_stray_factor(right.z, given.x, given.y),
            recorded="The derivative of the softmax loss has extra factors of 1 over the logarithm of the sum of the "
            "exponentials.",
            why="The derivative of the logarithm was taken as 1 over the logarithm, in place of 1 over what stands "
            "inside it.",
        ),
        mistakes.GRADIENT_SIGN.on("dW", lambda given, right: [[-v for v in row] for row in right.dW]),
        LABEL_NOT_SUBTRACTED.on("dW", lambda given, right: outer(right.p, given.x)),
        INPUT_FORGOTTEN.on(
            "dW", lambda given, right: definitions.cross_entropy_backward([right.z], [given.y])[0]
        ),
        ONLY_TRUE_CLASS.on(
            "dW",
            lambda given, right: [[v if k == given.y else 0 for v in row] for k, row in enumerate(right.dW)],
        ),
        mistakes.TRANSPOSED.on(
            "dW", lambda given, right: [list(column) for column in zip(*right.dW, strict=True)]
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        x = draws.vector(2, -3, 3, but=[0])
        if abs(x[0]) == abs(x[1]):
            raise Degenerate(f"the inputs {x} cannot be told apart")
        return {"x": x, "W": draws.matrix(3, 2, -1, 1), "y": draws.integer(0, 2)}

    def refuse(self) -> None:
        z = self.values["z"]
        if len(set(z)) < len(z) or max(z) - min(z) > 6:
            raise Degenerate("some logits are equal or far apart")

    def pose(self) -> str:
        return (
            "A linear classifier gives class $k$ the logit $z_k = x \\cdot w_k$, where $w_k$ is row $k$ of $W$; there "
            f"are no biases. The true class of the input $x$ is $t = {self.given.y}$, and the loss is the "
            "cross-entropy of the softmax. Derive its gradient with respect to each class's weights, and compute it."
        )

    def solve(self, work: Work) -> None:
        x, weights, y = self.given.x, self.given.W, self.given.y
        inputs = [(i,) for i in range(len(x))]
        show_guard_digits(work)
        z = [
            weighted_sum(
                work,
                x,
                row,
                symbol=f"z_{{{k}}}",
                formula=r"z_k = \sum_i x_i W_{ki}",
                cells={"x": inputs, "W": [(k, i) for (i,) in inputs], "z": [(k,)]},
            )
            for k, row in enumerate(weights)
        ]
        z = work.part("z", z)
        p = softmax(work, "p", z)
        derive_gradient_of_logits(work)
        work.step(
            "The weights of class $k$ reach the loss through $z_k$ alone, and $z_k = x \\cdot w_k$ has the derivative "
            "$x$.",
            formula=r"\frac{\partial L}{\partial w_k} = \frac{\partial L}{\partial z_k} \cdot "
            r"\frac{\partial z_k}{\partial w_k} = (p_k - y_k)\, x",
        )
        work.part("dW", self._rows(work, p, x, one_hot(y, len(p))))

    def _rows(self, work: Work, p: Vector, x: Vector, label: Vector) -> list[list[Any]]:
        """Write each row of the gradient; return them."""
        gradient = []
        for k, (probability, target) in enumerate(zip(p, label, strict=True)):
            gradient.append([(probability - target) * value for value in x])
            work.step(
                f"Class {k} is the true one: subtract 1, then multiply by the input."
                if target
                else f"Class {k} is not the true one: multiply its probability by the input.",
                formula=r"\frac{\partial L}{\partial w_k} = (p_k - y_k)\, x",
                symbol=rf"\frac{{\partial L}}{{\partial w_{{{k}}}}}",
                numbers=rf"({tex(probability, work.digits)} - {target}) \cdot {tex(x)}",
                result=gradient[-1],
                cells={
                    "p": [(k,)],
                    "x": [(i,) for i in range(len(x))],
                    "dW": [(k, i) for i in range(len(x))],
                },
            )
        return gradient


def with_stray_factor(z: Vector, x: Vector, y: int) -> list[list[float]] | None:
    """Return the gradient with 1 / ln S where 1 / S belongs; None if ln S is 0."""
    powers = [math.exp(value) for value in z]
    logarithm = math.log(sum(powers))
    if not logarithm:
        return None
    return outer([power / logarithm - t for power, t in zip(powers, one_hot(y, len(z)), strict=True)], x)
