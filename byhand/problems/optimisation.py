"""Gradient descent: steps on a bowl, how large they may be, and what batches cost and gain."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from byhand import mistakes
from byhand.calculation import Calculation
from byhand.draws import Degenerate, Draws, Inconvenient
from byhand.given import expect, reals, wholes
from byhand.mistakes import Mistake, Slip
from byhand.moves.classification import show_guard_digits
from byhand.moves.convolution import mean
from byhand.notation import base, exact, factor, plain, tex
from byhand.trace import Work

Vector = Sequence[Any]

_STEEPEST = 20  # times the flat curvature; beyond, the flat coordinate hardly moves in a few steps
_FAR = 100  # no coordinate gets so far from the minimum
_LONGEST = 10**20  # an exact number with a longer numerator or denominator goes on as a rounded one

POINT_FOR_VALUE = Slip(
    "point_for_value",
    "That is where descent has come to. The value of $f$ there is asked as well: put the two numbers into $f$.",
    "Tick off each thing that the question asks for. Here the values are also the check that descent works: they fall.",
)
VALUE_BEFORE = Slip(
    "value_before_the_step",
    "You gave the value of $f$ at the point before the step.",
    "In every step of descent with a small enough rate the value falls.",
)
RATE_FORGOTTEN = Slip(
    "learning_rate_forgotten",
    "You subtracted the whole gradient. The learning rate multiplies it first.",
    "With a small learning rate the point moves only a little.",
)
EXPONENT_FORGOTTEN = Slip(
    "exponent_forgotten",
    "You lowered the exponents and did not bring them down as factors: the derivative of $x^n$ is $n x^{n-1}$.",
    "The derivative of $x^2$ at 1 is 2: try the slope between 0.9 and 1.1.",
)
EXPONENT_KEPT = Slip(
    "exponent_not_lowered",
    "You brought the exponents down as factors and did not lower them: the derivative of $x^n$ is $n x^{n-1}$.",
    "An even power falls left of 0: its derivative is negative there.",
)
STALE_GRADIENT = Slip(
    "stale_gradient",
    "You used the gradient of the starting point again. Each step takes the gradient at the point where it begins.",
    "Where the bowl is flatter the steps must become shorter.",
)
LIMIT_HALVED = Slip(
    "limit_halved",
    "You gave $1 / \\lambda_{\\max}$. There the steep direction reaches its minimum in a single step; beyond it, "
    "descent overshoots, but it still converges up to twice that rate.",
    "Put your rate into $1 - \\eta \\lambda$: at the limit it must be $-1$.",
)
FLATTEST_FOR_STEEPEST = Slip(
    "smallest_curvature",
    "You took the smallest curvature. The steepest direction is the first to diverge.",
    "Put your rate into $1 - \\eta \\lambda$ for both curvatures: neither may leave the range from $-1$ to 1.",
)
LIMIT_INVERTED = Slip(
    "limit_inverted",
    "You have the fraction upside down: the steeper the bowl, the smaller the rate must be.",
    "Put your rate into $1 - \\eta \\lambda$: at the limit it must be $-1$.",
)
STEP_SHORT = Slip(
    "one_step_short",
    "You took one step too few: the starting point is not the result of a step.",
    "Number the points from 0; the start is point 0.",
)
GRADIENT_DOUBLED = Slip(
    "half_forgotten",
    "Your gradient is twice too large. The factor $\\frac12$ in $f$ cancels the 2 from the square: it is "
    "$\\lambda_i x_i$.",
    "Differentiate the function as it is written, factor and all.",
)
ONE_CURVATURE = Slip(
    "one_curvature_for_both",
    "You used the largest curvature in both directions. Each coordinate has its own factor $1 - \\eta \\lambda_i$.",
    "A flat direction moves slowly, a steep one fast.",
)
LAST_BATCH_DROPPED = Slip(
    "last_batch_dropped",
    "You rounded down. The examples that are left over make one more, smaller batch, and one more update.",
    "Multiply back: number of batches times batch size must cover all examples.",
)
SIZE_FOR_NUMBER = Slip(
    "batch_size_for_number_of_updates",
    "You gave the number of examples in a batch. There is one update for each *batch*: the larger the batches, the "
    "fewer of them.",
    "In full-batch descent an epoch is a single update.",
)
BATCH_FORGOTTEN = Slip(
    "batch_size_forgotten",
    "You counted one example for each update. An update looks at a whole batch.",
    "Updates times MACs of an update must give the MACs of an epoch, about.",
)
BACKWARD_FORGOTTEN = Slip(
    "backward_pass_forgotten",
    "You counted the forward pass alone. The gradient of the weights takes as many multiplications again.",
    "Write two lines for each update: forward, backward.",
)
LAST_BATCH_FULL = Slip(
    "last_batch_counted_as_full",
    "You multiplied the number of updates by the MACs of a whole mini-batch. The last one of the epoch is smaller.",
    "Every example is used exactly once in an epoch, however they are grouped.",
)
UPDATE_FOR_EPOCH = Slip(
    "update_for_epoch",
    "You gave the MACs of one update. An epoch has as many updates as it needs to use every example once.",
    "Every example is used exactly once in an epoch, however they are grouped.",
)
OVERHEAD_FORGOTTEN = Slip(
    "overhead_forgotten",
    "You left out what each update costs beside the examples. With small batches that is most of the time.",
    "If your three times are equal, something is missing: the numbers of updates are not.",
)
OVERHEAD_PER_EXAMPLE = Slip(
    "overhead_for_each_example",
    "You paid the price of an update for each example. Full-batch descent pays it once in an epoch.",
    "If your three times are equal, something is wrong: the numbers of updates are not.",
)
INPUT_FORGOTTEN = Slip(
    "input_forgotten",
    "You stopped at the error $w x_n - y_n$. The derivative by $w$ brings the factor $x_n$.",
    "An example with a larger input pulls harder at the weight.",
)
SAMPLE_VARIANCE = Slip(
    "variance_with_n_minus_1",
    "You divided by $N - 1$. That estimates a variance from a sample; here all $N$ gradients are known, and each is "
    "drawn with the probability $1/N$: divide by $N$.",
    "For two gradients, 0 and 2, each draw is off by 1, so the variance is 1.",
)
MEAN_NOT_SUBTRACTED = Slip(
    "mean_not_subtracted",
    "You averaged the squares of the gradients. The variance averages the squared distances from their *mean*.",
    "If all gradients were equal, the variance would be 0.",
)
DEVIATION_FOR_VARIANCE = Slip(
    "standard_deviation",
    "You took the root: that is the standard deviation. The variance is asked.",
    "Square your number.",
)
BATCH_NOT_DIVIDED = Slip(
    "batch_not_divided",
    "You gave the variance of a single gradient. A mean of several is less noisy.",
    "For a very large batch the noise must go to 0.",
)
ROOT_OF_BATCH = Slip(
    "root_of_batch_size",
    "You divided by the root of the batch size. That is right for the standard deviation; the variance is divided by "
    "the batch size itself.",
    "The variance is the square of the standard deviation.",
)
BATCH_SQUARED = Slip(
    "batch_size_squared",
    "You divided by the square of the batch size. The factor $1/B$ is squared, but there are $B$ variances to add.",
    "Write out the variance of $(g_1 + g_2)/2$.",
)


class FourSteps(Calculation):
    """Four steps of gradient descent on a bowl, with the value of the function after each."""

    id = "A14"
    title = "Four steps of gradient descent"
    coursework = exact({"weights": [1, 1], "powers": [2, 4], "start": [-1, 1], "rate": "0.01"})
    symbols = {"start": "p0"}
    givens = {
        "weights": wholes("factors of the two powers", "2", low=1, high=20),
        "powers": wholes("exponents of the two powers", "2", low=2, high=6),
        "start": reals("starting point $p_0$", "2", low=-10, high=10),
        "rate": reals(r"learning rate $\eta$", low="0.001", high=1),
    }
    parts = {
        "p1": "the point after step 1",
        "f1": "the value of $f$ there",
        "p2": "the point after step 2",
        "f2": "the value of $f$ there",
        "p3": "the point after step 3",
        "f3": "the value of $f$ there",
        "p4": "the point after step 4",
        "f4": "the value of $f$ there",
    }
    slips = (
        mistakes.WRONG_WAY.on("p1", lambda given, right: moved(given, given.start, -given.rate)),
        RATE_FORGOTTEN.on("p1", lambda given, right: moved(given, given.start, 1)),
        EXPONENT_FORGOTTEN.on(
            "p1",
            lambda given, right: [
                p - given.rate * a * p ** (n - 1)
                for p, a, n in zip(given.start, given.weights, given.powers, strict=True)
            ],
        ),
        EXPONENT_KEPT.on(
            "p1",
            lambda given, right: [
                p - given.rate * a * n * p**n
                for p, a, n in zip(given.start, given.weights, given.powers, strict=True)
            ],
        ),
        POINT_FOR_VALUE.on(
            "f1",
            lambda given, right: right.p1,
            recorded="The four points, and nothing else.",
            why="The question asks for the points and for the value of the function at each. The values were never "
            "computed.",
        ),
        *(POINT_FOR_VALUE.on(f"f{t}", lambda given, right, t=t: getattr(right, f"p{t}")) for t in (2, 3, 4)),
        VALUE_BEFORE.on("f1", lambda given, right: value_at(given, given.start)),
        STALE_GRADIENT.on(
            "p2",
            lambda given, right: [
                p - given.rate * g for p, g in zip(right.p1, gradient_at(given, given.start), strict=True)
            ],
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        starts = exact([-2, -1, "-0.5", "0.5", 1, 2])
        return {
            "weights": draws.vector(2, 1, 3),
            "powers": draws.choice([[2, 4], [4, 2]]),
            "start": [draws.choice(starts), draws.choice(starts)],
            "rate": draws.choice(exact(["0.01", "0.02", "0.05", "0.1"])),
        }

    def refuse(self) -> None:
        values = [value_at(self.given, self.given.start), *(self.values[f"f{t}"] for t in (1, 2, 3, 4))]
        if any(after >= before for before, after in pairwise(values)):
            raise Degenerate("the values do not fall in every step")
        if any(0 in self.values[f"p{t}"] for t in (1, 2, 3, 4)):
            raise Degenerate("a coordinate arrives at 0")
        right = SimpleNamespace(**self.values)
        for slip in self.slips:
            if slip.part == "p1" and not self._stays_small(slip.wrong(self.given, right)):
                raise Inconvenient("whoever makes a common slip in the first step is led to huge numbers")

    def _stays_small(self, point: Vector) -> bool:
        """Tell whether three more steps from a point stay within bounds."""
        for _ in range(3):
            point = moved(self.given, list(map(float, point)), float(self.given.rate))
            if max(map(abs, point)) > _FAR:
                return False
        return True

    @property
    def function(self) -> str:
        """The function in LaTeX."""
        return written(self.given, "x", "y")

    def accept(self) -> None:
        even = not any(n % 2 for n in self.given.powers)
        expect(even, "A power with an odd exponent has no smallest value: expected 2, 4 or 6.", "powers")
        point = list(map(float, self.given.start))
        for t in (1, 2, 3, 4):
            point = moved(self.given, point, float(self.given.rate))
            expect(
                max(map(abs, point)) <= _FAR,
                f"Step {t} leads further than {_FAR} away from the minimum: expected a smaller learning rate.",
                "rate",
            )

    def pose(self) -> str:
        return (
            f"Minimise $f(x, y) = {self.function}$ by gradient descent from the point $p_0 = {tex(self.given.start)}$ "
            rf"with the learning rate $\eta = {tex(self.given.rate)}$. Take four steps. Give the point after each "
            "step, and the value of $f$ there."
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work, 4)
        work.step(
            "Differentiate by each variable.",
            formula=rf"\nabla f = \left( {', '.join(derivatives(self.given))} \right)",
        )
        point, values = self.given.start, [value_at(self.given, self.given.start)]
        for t in (1, 2, 3, 4):
            point = work.part(f"p{t}", self._step(work, t, point))
            values.append(self._value(work, t, point))
            if t == 4:
                work.step(
                    "Compare: the value falls in every step. That is the sign that descent works."
                    if all(after < before for before, after in pairwise(values))
                    else "Compare: the value does not fall in every step. Descent should make it fall.",
                    numbers=" > ".join(tex(value, work.digits) for value in values),
                )
            work.part(f"f{t}", values[-1])

    def _step(self, work: Work, t: int, point: Vector) -> list[Any]:
        """Write both coordinates of one step; return the point after it."""
        after = [shortened(value) for value in moved(self.given, point, self.given.rate)]
        for i, name in enumerate("xy"):
            n = self.given.powers[i]
            power = f"^{n - 1}" if n > 2 else ""
            work.step(
                f"Step {t}, ${name}$: subtract the learning rate times the derivative.",
                formula=r"x_{t+1} = x_t - \eta \frac{\partial f}{\partial x}, \quad "
                r"y_{t+1} = y_t - \eta \frac{\partial f}{\partial y}",
                symbol=f"{name}_{t}",
                numbers=rf"{tex(point[i], work.digits)} - {tex(self.given.rate)} \cdot {self.given.weights[i] * n} "
                rf"\cdot {(base if power else factor)(point[i], work.digits)}{power}",
                result=after[i],
                cells={f"p{t - 1}": [(i,)], f"p{t}": [(i,)]},
            )
        return after

    def _value(self, work: Work, t: int, point: Vector) -> Any:
        """Write the value of f at a point; return it."""
        value = shortened(value_at(self.given, point))
        work.step(
            f"Put point {t} into $f$.",
            formula=f"f(x, y) = {self.function}",
            symbol=f"f_{t}",
            numbers=written(self.given, *(base(coordinate, work.digits) for coordinate in point)),
            result=value,
            cells={f"p{t}": [(0,), (1,)]},
        )
        return value


def value_at(given: Any, point: Vector) -> Any:
    """Return the value of the sum of two powers."""
    return sum(a * p**n for a, n, p in zip(given.weights, given.powers, point, strict=True))


def gradient_at(given: Any, point: Vector) -> list[Any]:
    """Return the gradient of the sum of two powers."""
    return [a * n * p ** (n - 1) for a, n, p in zip(given.weights, given.powers, point, strict=True)]


def moved(given: Any, point: Vector, rate: Any) -> list[Any]:
    """Return the point after one step downhill."""
    return [p - rate * g for p, g in zip(point, gradient_at(given, point), strict=True)]


def shortened(value: Any) -> Any:
    """Return an exact number as it is, unless it has become too long to carry on."""
    if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) > _LONGEST:
        return float(value)
    return value


def written(given: Any, *names: str) -> str:
    """Return the sum of two powers in LaTeX, of variables or of numbers."""
    terms = []
    for a, n, name in zip(given.weights, given.powers, names, strict=True):
        times = r" \cdot " if a != 1 and not name.isalpha() else " "
        terms.append(f"{'' if a == 1 else a}{times if a != 1 else ''}{name}^{n}")
    return " + ".join(terms)


def derivatives(given: Any) -> list[str]:
    """Return both partial derivatives in LaTeX."""
    return [
        f"{a * n} {name}" + (f"^{n - 1}" if n > 2 else "")
        for a, n, name in zip(given.weights, given.powers, "xy", strict=True)
    ]


def factors(given: Any, rate: Any) -> list[Any]:
    """Return what one step of descent leaves of each coordinate."""
    return [1 - rate * curvature for curvature in given.curvatures]


def after_steps(given: Any, multipliers: Vector, steps: int) -> list[Any]:
    """Return the starting point after some steps that multiply each coordinate."""
    return [a**steps * x for a, x in zip(multipliers, given.start, strict=True)]


def bowl(given: Any, point: Vector) -> Any:
    """Return the value of the quadratic."""
    return sum(curvature * x * x for curvature, x in zip(given.curvatures, point, strict=True)) / Fraction(2)


RATES = ("small", "good", "large")


def rate_slips(name: str) -> tuple[Mistake, ...]:
    """Return the slips that can happen with each of the three learning rates."""
    i = RATES.index(name)

    def wrong(multipliers: Callable[[Any, Any], Vector], short: int = 0) -> Callable[[Any, Any], Any]:
        return lambda given, right: after_steps(
            given, multipliers(given, given.rates[i]), given.steps - short
        )

    return (
        mistakes.WRONG_WAY.on(name, wrong(lambda given, rate: factors(given, -rate))),
        GRADIENT_DOUBLED.on(name, wrong(lambda given, rate: factors(given, 2 * rate))),
        STEP_SHORT.on(name, wrong(factors, short=1)),
        ONE_CURVATURE.on(name, wrong(lambda given, rate: [1 - rate * max(given.curvatures)] * 2)),
    )


class LearningRates(Calculation):
    """What too small, good and too large learning rates do on a quadratic."""

    id = "C4a"
    title = "Too small, good and too large learning rates"
    coursework = exact(
        {"curvatures": [1, 10], "start": [4, 1], "rates": ["0.01", "0.15", "0.25"], "steps": 4}
    )
    symbols = {"curvatures": r"\lambda", "start": "s"}
    givens = {
        "curvatures": wholes(r"curvatures $\lambda$", "2", low=1, high=100),
        "start": reals("starting point $s$", "2", low=-10, high=10),
        "rates": reals("three learning rates, from small to large", "3", low="0.001", high=5),
        "steps": wholes("number of steps", low=1, high=6),
    }
    parts = {
        "limit": "the rate from which on descent no longer converges",
        "small": "the point after all steps with the smallest of the three rates",
        "good": "the point after all steps with the middle rate",
        "large": "the point after all steps with the largest rate",
    }
    slips = (
        LIMIT_HALVED.on("limit", lambda given, right: Fraction(1) / max(given.curvatures)),
        FLATTEST_FOR_STEEPEST.on("limit", lambda given, right: Fraction(2) / min(given.curvatures)),
        LIMIT_INVERTED.on("limit", lambda given, right: Fraction(max(given.curvatures)) / 2),
        *rate_slips("small"),
        *rate_slips("good"),
        *rate_slips("large"),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        steep, flat = draws.choice([5, 8, 10, 16, 20]), draws.choice([1, 2])
        shares = [
            draws.choice(exact(options))
            for options in (["0.025", "0.05"], ["0.6", "0.7", "0.75", "0.8"], ["1.1", "1.25", "1.5"])
        ]
        return {
            "curvatures": draws.shuffled([flat, steep]),
            "start": draws.vector(2, -4, 4, but=[0]),
            "rates": exact([Fraction(2, steep) * share for share in shares]),
            "steps": draws.choice([3, 4]),
        }

    def refuse(self) -> None:
        begin = bowl(self.given, self.given.start)
        small, good, large = (bowl(self.given, self.values[name]) for name in RATES)
        if not good < small / 2 < begin / 2 or not large > begin:
            raise Degenerate("the three rates do not behave as their names say within so few steps")

    def accept(self) -> None:
        given = self.given
        flat, steep = sorted(given.curvatures)
        expect(
            flat < steep <= _STEEPEST * flat,
            f"Expected a flat and a steep curvature, at most {_STEEPEST} times as large: beyond, no rate suits both.",
            "curvatures",
        )
        expect(0 not in given.start, "Expected a start that is off the minimum in both coordinates.", "start")
        limit = Fraction(2) / max(given.curvatures)
        small, good, large = given.rates
        expect(
            small <= limit / 10 and limit / 2 < good < limit < large <= 5 * limit,
            f"With these curvatures descent converges up to the rate {plain(limit)}: expected one of at most a tenth "
            "of it, one between half of it and all of it, and one above it, at most five times as large.",
            "rates",
        )

    def pose(self) -> str:
        rates = ", ".join(f"${tex(rate)}$" for rate in self.given.rates[:-1])
        return (
            r"Gradient descent minimises $f(x) = \frac12 (\lambda_0 x_0^2 + \lambda_1 x_1^2)$, a bowl with the "
            r"curvatures $\lambda$, from the point $s$. From which learning rate on does it no longer converge? "
            f"Where is it after {self.given.steps} steps with the rates {rates} and ${tex(self.given.rates[-1])}$?"
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        work.step(
            r"The gradient has the entries $\lambda_i x_i$, so every step multiplies each coordinate by a factor of "
            "its own.",
            formula=r"x_i \to x_i - \eta \lambda_i x_i = (1 - \eta \lambda_i)\, x_i",
        )
        work.step(
            "A coordinate shrinks only if its factor lies between $-1$ and 1.",
            formula=r"|1 - \eta \lambda_i| < 1 \iff 0 < \eta < \frac{2}{\lambda_i}",
        )
        steepest = max(self.given.curvatures)
        work.step(
            "Every coordinate has to shrink; the largest curvature sets the limit.",
            formula=r"\eta_{\max} = \frac{2}{\lambda_{\max}}",
            symbol=r"\eta_{\max}",
            numbers=rf"\frac{{2}}{{{steepest}}}",
            result=Fraction(2) / steepest,
            cells={r"\lambda": [(self.given.curvatures.index(steepest),)]},
        )
        work.part("limit", Fraction(2) / steepest)
        for name, rate in zip(RATES, self.given.rates, strict=True):
            self._descend(work, name, rate)

    def _descend(self, work: Work, name: str, rate: Any) -> None:
        """Write all steps with one learning rate, and what they do to the value of f."""
        given, multipliers, point = self.given, factors(self.given, rate), list(self.given.start)
        for i, curvature in enumerate(given.curvatures):
            work.step(
                f"The factor of coordinate {i}.",
                formula=r"a_i = 1 - \eta \lambda_i",
                symbol=f"a_{i}",
                numbers=rf"1 - {tex(rate)} \cdot {curvature}",
                result=multipliers[i],
                cells={r"\lambda": [(i,)]},
            )
        for t in range(1, given.steps + 1):
            products = [
                rf"{factor(a, work.digits)} \cdot {factor(x, work.digits)}"
                for a, x in zip(multipliers, point, strict=True)
            ]
            point = [a * x for a, x in zip(multipliers, point, strict=True)]
            work.step(
                f"Step {t}.",
                formula=r"x_i \to a_i x_i",
                symbol=f"x^{{({t})}}",
                numbers=f"({', '.join(products)})",
                result=point,
            )
        squares = [
            rf"{curvature} \cdot {base(x, work.digits)}^2"
            for curvature, x in zip(given.curvatures, point, strict=True)
        ]
        work.step(
            f"{_VERDICTS[name]} At the start the value was ${tex(bowl(given, given.start))}$.",
            formula=r"f(x) = \frac12 (\lambda_0 x_0^2 + \lambda_1 x_1^2)",
            symbol="f",
            numbers=rf"\frac12 ({' + '.join(squares)})",
            result=bowl(given, point),
        )
        work.part(name, point)


_VERDICTS = {
    "small": "Too small: both factors are near 1, so descent is safe and slow.",
    "good": "Good: the steep coordinate changes sides but shrinks fast, and the flat one makes real progress.",
    "large": "Too large: the factor of the steep coordinate is below $-1$, so it swings wider with every step, and "
    "descent diverges.",
}


def batches(given: Any) -> list[int]:
    """Return the batch sizes of stochastic, mini-batch and full-batch descent."""
    return [1, given.B, given.N]


def number_of_batches(given: Any, size: int) -> int:
    """Return the number of batches in an epoch; the last may be smaller."""
    return -(-given.N // size)


def milliseconds(given: Any, updates: Any) -> Any:
    """Return the time of an epoch."""
    return Fraction(given.N * given.example_time + updates * given.update_time, 1000)


class CostOfBatches(Calculation):
    """What an epoch costs in stochastic, mini-batch and full-batch descent."""

    id = "C4b"
    title = "The cost of stochastic, mini-batch and full-batch descent"
    coursework = {"N": 1000, "d": 64, "B": 32, "example_time": 2, "update_time": 50}
    givens = {
        "N": wholes("number of examples $N$", low=3, high=100_000),
        "d": wholes("number of inputs $d$", low=1, high=10_000),
        "B": wholes("size of a mini-batch $B$", low=2, high=10_000),
        "example_time": wholes("microseconds for each example", low=1),
        "update_time": wholes("microseconds for each update", low=1, high=100_000),
    }
    parts = {
        "updates": "the number of updates in one epoch",
        "macs": "the MACs of one update, with a batch of full size",
        "epoch": "the MACs of one epoch",
        "time": "the time of one epoch in milliseconds",
    }
    units = {"macs": "macs", "epoch": "macs", "time": "ms"}
    slips = (
        LAST_BATCH_DROPPED.on("updates", lambda given, right: [given.N // size for size in batches(given)]),
        SIZE_FOR_NUMBER.on("updates", lambda given, right: batches(given)),
        BATCH_FORGOTTEN.on("macs", lambda given, right: [2 * given.d] * 3),
        BACKWARD_FORGOTTEN.on("macs", lambda given, right: [value // 2 for value in right.macs]),
        mistakes.FLOPS_FOR_MACS.on("macs", lambda given, right: [2 * value for value in right.macs]),
        LAST_BATCH_FULL.on(
            "epoch", lambda given, right: [u * m for u, m in zip(right.updates, right.macs, strict=True)]
        ),
        UPDATE_FOR_EPOCH.on("epoch", lambda given, right: right.macs),
        BACKWARD_FORGOTTEN.on("epoch", lambda given, right: [value // 2 for value in right.epoch]),
        mistakes.FLOPS_FOR_MACS.on("epoch", lambda given, right: [2 * value for value in right.epoch]),
        OVERHEAD_FORGOTTEN.on("time", lambda given, right: [milliseconds(given, 0)] * 3),
        OVERHEAD_PER_EXAMPLE.on("time", lambda given, right: [milliseconds(given, given.N)] * 3),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        examples, size = 10 * draws.integer(20, 200), draws.choice([8, 16, 20, 32, 50, 64, 100, 128])
        if examples % size == 0 or examples < 3 * size:
            raise Degenerate(
                f"{examples} examples in batches of {size}: no smaller last batch, or too few batches"
            )
        return {
            "N": examples,
            "d": draws.choice([10, 16, 20, 32, 50, 64, 100]),
            "B": size,
            "example_time": draws.integer(1, 5),
            "update_time": draws.choice([20, 30, 40, 50, 80, 100]),
        }

    def accept(self) -> None:
        expect(self.given.B < self.given.N, "A mini-batch is smaller than the set of all examples.", "B")

    def pose(self) -> str:
        given = self.given
        return (
            f"A linear model with $d = {given.d}$ inputs is trained on $N = {given.N}$ examples in three ways: with "
            f"one example at a time (stochastic), with mini-batches of $B = {given.B}$ (the last one of an epoch may "
            "be smaller), and with all examples at once (full batch). Each batch leads to one update. For every "
            f"example the forward pass takes {given.d} multiply-accumulates (MACs), and the gradient of the weights as "
            f"many again. On our computer an epoch takes {given.example_time} µs for each example and "
            f"{given.update_time} µs for each update.\n\n"
            "Give all answers as lists in this order: stochastic, mini-batch, full batch."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        numbers = work.part("updates", self._updates(work))
        each = [2 * given.d * size for size in batches(given)]
        for i, size in enumerate(batches(given)):
            work.step(
                f"{_WAYS[i]}: forward and backward for every example of the batch.",
                formula=r"\text{macs} = 2 \cdot d \cdot \text{batch size}",
                symbol=rf"\text{{macs}}_{i}",
                numbers=rf"2 \cdot {given.d} \cdot {size}",
                result=each[i],
                cells={"macs": [(i,)]},
            )
        work.part("macs", each)
        total = [2 * given.d * given.N] * 3
        for i in range(3):
            work.step(
                f"{_WAYS[i]}: an epoch uses every example once, however they are grouped.",
                formula=r"\text{epoch} = 2 \cdot d \cdot N",
                symbol=rf"\text{{epoch}}_{i}",
                numbers=rf"2 \cdot {given.d} \cdot {given.N}",
                result=total[i],
                cells={"epoch": [(i,)]},
            )
        work.part("epoch", total)
        self._times(work, numbers)

    def _updates(self, work: Work) -> list[int]:
        """Write the number of updates in each way; return them."""
        given, found = self.given, []
        for i, size in enumerate(batches(given)):
            found.append(number_of_batches(given, size))
            work.step(
                f"{_WAYS[i]}: {_grouped(given.N, size)}.",
                formula=r"\text{updates} = \left\lceil \frac{N}{\text{batch size}} \right\rceil",
                symbol=rf"\text{{updates}}_{i}",
                numbers=rf"\left\lceil \frac{{{given.N}}}{{{size}}} \right\rceil",
                result=found[-1],
                cells={"updates": [(i,)]},
            )
        return found

    def _times(self, work: Work, numbers: Vector) -> None:
        """Write the time of an epoch in each way."""
        given, found = self.given, []
        for i, updates in enumerate(numbers):
            found.append(milliseconds(given, updates))
            work.step(
                f"{_WAYS[i]}: the examples take the same time in every way; the updates do not.",
                formula=r"\text{time} = \frac{N t_{\text{example}} + \text{updates} \cdot t_{\text{update}}}{1000}",
                symbol=rf"\text{{time}}_{i}",
                numbers=rf"\frac{{{given.N} \cdot {given.example_time} + {tex(updates)} \cdot {given.update_time}}}"
                r"{1000}",
                result=found[-1],
                cells={"updates": [(i,)], "time": [(i,)]},
            )
        work.step(
            f"In the same epoch the weights have moved {numbers[0]} times, {numbers[1]} times, and once. That is the "
            "bargain: more updates for the same multiplications, at the price of noise in each and of overhead."
        )
        work.part("time", found)


def _grouped(examples: int, size: int) -> str:
    """Return how many batches there are, in words."""
    if size in (1, examples):
        return f"one update for {'each example' if size == 1 else 'all examples together'}"
    full, left = divmod(examples, size)
    return f"{full} batches of {size}" + (f", and one of {left}" if left else "")


_WAYS = ("Stochastic", "Mini-batch", "Full batch")


class NoiseOfBatches(Calculation):
    """How noisy the gradient of one example is, and that of a mini-batch."""

    id = "C4c"
    title = "The noise of stochastic and mini-batch gradients"
    coursework = {"x": [1, 2, 3, 1], "y": [2, 1, 5, 4], "w": 1, "B": 2}
    symbols = {"x": "x", "y": "y"}
    givens = {
        "x": reals("inputs $x$", "n:2-8", low=-100, high=100),
        "y": reals("targets $y$", "n"),
        "w": reals("weight $w$", low=-100, high=100),
        "B": wholes("size of a mini-batch $B$", low=2),
    }
    parts = {
        "g": "the gradient of each example's loss",
        "mean": "their mean, the gradient of the full batch",
        "v1": "the variance of the gradient of one example drawn at random",
        "vB": "the variance of the mean gradient of a mini-batch",
    }
    slips = (
        INPUT_FORGOTTEN.on("g", lambda given, right: errors(given)),
        mistakes.GRADIENT_SIGN.on("g", lambda given, right: [-value for value in right.g]),
        mistakes.HALF_FORGOTTEN.on("g", lambda given, right: [2 * value for value in right.g]),
        mistakes.SUM_FOR_MEAN.on("mean", lambda given, right: sum(right.g)),
        SAMPLE_VARIANCE.on("v1", lambda given, right: Fraction(right.v1) * len(right.g) / (len(right.g) - 1)),
        MEAN_NOT_SUBTRACTED.on("v1", lambda given, right: mean([value * value for value in right.g])),
        DEVIATION_FOR_VARIANCE.on("v1", lambda given, right: math.sqrt(right.v1)),
        BATCH_NOT_DIVIDED.on("vB", lambda given, right: right.v1),
        ROOT_OF_BATCH.on("vB", lambda given, right: right.v1 / math.sqrt(given.B)),
        BATCH_SQUARED.on("vB", lambda given, right: Fraction(right.v1) / given.B**2),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        count = draws.choice([4, 5])
        return {
            "x": draws.vector(count, -2, 3, but=[0]),
            "y": draws.vector(count, -4, 6),
            "w": draws.choice([-1, 1, 2]),
            "B": draws.choice([2, 4, 5, 8, 10]),
        }

    def refuse(self) -> None:
        right = self.values
        if right["mean"] == 0 or isinstance(right["mean"], Fraction) or 0 in right["g"]:
            raise Inconvenient("a gradient is 0, or their mean is not whole")
        if len(set(right["g"])) < 3 or max(map(abs, right["g"])) > 20:
            raise Inconvenient("the gradients are too alike or too large")
        count = len(right["g"])
        if abs(Fraction(right["v1"]) / (count - 1) - right["mean"] ** 2) < 1:
            raise Degenerate("the variance with N - 1 and the mean of the squares cannot be told apart")

    def pose(self) -> str:
        given = self.given
        return (
            "A model with one weight predicts $w x$; the loss of example $n$ is $\\frac12 (w x_n - y_n)^2$. At "
            f"$w = {tex(given.w)}$, how noisy is the gradient with respect to $w$ when each update looks at one "
            f"example, drawn at random from the {len(given.x)} examples? And when it takes the mean over a mini-batch "
            f"of $B = {given.B}$, drawn one by one, so that an example may come twice?"
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        gradients = work.part("g", self._gradients(work))
        count, everywhere = len(gradients), [(n,) for n in range(len(gradients))]
        work.step(
            "The full batch takes every example exactly once: its gradient is the mean, without noise.",
            formula=r"\bar g = \frac{1}{N} \sum_n g_n",
            symbol=r"\bar g",
            numbers=rf"\frac{{{' + '.join(factor(g, work.digits) for g in gradients)}}}{{{count}}}",
            result=mean(gradients),
            cells={"g": everywhere},
        )
        center = work.part("mean", mean(gradients))
        squares = [f"({tex(g, work.digits)} - {factor(center, work.digits)})^2" for g in gradients]
        variance = mean([(g - center) ** 2 for g in gradients])
        work.step(
            "One example drawn at random gives the right gradient on average, but each single one is off: take the "
            "mean of the squared distances.",
            formula=r"\sigma^2 = \frac{1}{N} \sum_n (g_n - \bar g)^2",
            symbol=r"\sigma^2",
            numbers=rf"\frac{{{' + '.join(squares)}}}{{{count}}}",
            result=variance,
            cells={"g": everywhere},
        )
        variance = work.part("v1", variance)
        self._batch(work, variance)

    def _gradients(self, work: Work) -> list[Any]:
        """Write the gradient of each example; return them."""
        given, found = self.given, []
        for n, (x, y) in enumerate(zip(given.x, given.y, strict=True)):
            found.append((given.w * x - y) * x)
            work.step(
                f"Example {n}: the error times the input.",
                formula=r"g_n = \frac{d}{dw} \frac12 (w x_n - y_n)^2 = (w x_n - y_n)\, x_n",
                symbol=f"g_{n}",
                numbers=rf"({factor(given.w)} \cdot {factor(x)} - {factor(y)}) \cdot {factor(x)}",
                result=found[-1],
                cells={"x": [(n,)], "y": [(n,)], "g": [(n,)]},
            )
        return found

    def _batch(self, work: Work, variance: Any) -> None:
        """Write the variance of a mini-batch, and what it means."""
        size = self.given.B
        work.step(
            "The gradients of a batch are drawn independently: their variances add up, and the factor $1/B$ of the "
            "mean is squared.",
            formula=r"\operatorname{Var}\left( \frac{1}{B} \sum_{b} g_b \right) = \frac{1}{B^2} \cdot B \sigma^2 "
            r"= \frac{\sigma^2}{B}",
            symbol=r"\frac{\sigma^2}{B}",
            numbers=rf"\frac{{{tex(variance, work.digits)}}}{{{size}}}",
            result=variance / Fraction(size),
        )
        single, batch = math.sqrt(variance), math.sqrt(variance / size)
        work.step(
            f"So a gradient is typically off by ${tex(single, work.digits)}$ with one example and by "
            f"${tex(batch, work.digits)}$ with {size}: {size} times the work divides the noise by only "
            rf"$\sqrt{{{size}}}$."
        )
        work.part("vB", variance / Fraction(size))


def errors(given: Any) -> list[Any]:
    """Return prediction minus target for every example."""
    return [given.w * x - y for x, y in zip(given.x, given.y, strict=True)]
