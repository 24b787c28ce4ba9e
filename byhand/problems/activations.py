"""Activation functions: values, derivatives, ranges, and where a gradient gets lost."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from byhand import definitions, mistakes
from byhand.calculation import Calculation
from byhand.draws import Draws
from byhand.given import expect, reals
from byhand.mistakes import Slip
from byhand.moves.backward import ACTIVATION_FOR_DERIVATIVE, cellwise
from byhand.moves.classification import show_guard_digits
from byhand.moves.convolution import relu
from byhand.notation import base, exact, factor, tex
from byhand.trace import Work

Vector = list[Any]

WRONG_SIGN_IN_EXPONENT = Slip(
    "wrong_sign_in_the_exponent",
    "The sign in the exponent is wrong: it is $e^{-x}$. Yours falls where the sigmoid grows.",
    "For a large positive $x$ the sigmoid must be close to 1.",
)
INPUT_FOR_OUTPUT = Slip(
    "input_for_output",
    "You put $x$ into the short form of the derivative. It is written in the *output* of the function.",
    "The derivative of the sigmoid is never negative and never above $\\frac{1}{4}$, that of tanh lies between 0 and "
    "1.",
)
OTHER_FUNCTION = Slip(
    "derivative_of_the_other_function",
    "You mixed up the two short forms: $s(1 - s)$ belongs to the sigmoid and $1 - t^2$ to tanh.",
    "At $x = 0$ the derivative is $\\frac{1}{4}$ for the sigmoid and 1 for tanh.",
)
SQUARE_FORGOTTEN = Slip(
    "square_forgotten",
    "You forgot the square: the derivative of tanh is $1 - t^2$.",
    "The derivative of tanh is the same at $x$ and $-x$.",
)
FACTOR_FORGOTTEN = Slip(
    "factor_forgotten",
    "You left the factor $s$ out: the derivative of the sigmoid is $s(1 - s)$.",
    "The derivative of the sigmoid is the same at $x$ and $-x$.",
)
TANH_NOT_STRETCHED = Slip(
    "doubled_input_forgotten",
    "You took $2\\sigma(x) - 1$. It is close: tanh is the sigmoid stretched to the range from $-1$ to 1, but of the "
    "doubled input, $\\tanh x = 2\\sigma(2x) - 1$.",
    "The slope of tanh at 0 must be 1.",
)
ABSOLUTE_VALUE = Slip(
    "absolute_value",
    "You dropped the minus signs. ReLU turns a negative value into 0.",
    "Everything left of 0 comes out as 0.",
)
VALUE_FOR_DERIVATIVE = Slip(
    "value_for_derivative",
    "You gave the values at $x = 0$. The slopes there are asked for: $s(1 - s)$ with $s = \\frac{1}{2}$, and $1 - t^2$ "
    "with $t = 0$.",
    "Draw the tangent at 0 and read off how far it rises for one step to the right.",
)
NOT_ABOVE_A_QUARTER = Slip(
    "sigmoid_slope_too_large",
    "You gave the sigmoid a largest slope of 1. Its output lies between 0 and 1, but $s(1 - s)$ is at most "
    "$\\frac{1}{4}$.",
    "Put $s = \\frac{1}{2}$ into $s(1 - s)$.",
)


def largest_slopes() -> Vector:
    """Return the largest derivatives of sigmoid, tanh and ReLU, exact: two at 0, one anywhere on the right."""
    sigmoid, tanh = definitions.sigmoid_backward([1], [0]), definitions.tanh_backward([1], [0])
    return [Fraction(sigmoid[0]), Fraction(tanh[0]), definitions.relu_backward([1], [1])[0]]


def values_at_zero(given: SimpleNamespace, right: SimpleNamespace) -> Vector:
    """Return the functions at 0 in place of their largest slopes; that of ReLU is 1."""
    return [Fraction(definitions.sigmoid([0])[0]), Fraction(definitions.tanh([0])[0]), right.m[2]]


class Activations(Calculation):
    """Sigmoid, tanh and ReLU: values and derivatives at given points, and their largest derivatives."""

    id = "B5"
    title = "Sigmoid, tanh and ReLU, and their derivatives"
    coursework = exact({"x": [-2, "0.5", 4]})
    symbols = {"x": "x"}
    givens = {"x": reals("points $x$", "n", low=-10, high=10)}
    parts = {
        "s": "the sigmoid of every point",
        "ds": "its derivative there",
        "t": "the hyperbolic tangent of every point",
        "dt": "its derivative there",
        "r": "the ReLU of every point",
        "dr": "its derivative there",
        "m": "the largest derivative that sigmoid, tanh and ReLU have anywhere, in this order",
    }
    slips = (
        WRONG_SIGN_IN_EXPONENT.on(
            "s", lambda given, right: definitions.sigmoid([-value for value in given.x])
        ),
        INPUT_FOR_OUTPUT.on("ds", lambda given, right: [value * (1 - value) for value in given.x]),
        OTHER_FUNCTION.on("ds", lambda given, right: [1 - value**2 for value in right.s]),
        FACTOR_FORGOTTEN.on("ds", lambda given, right: [1 - value for value in right.s]),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "ds", lambda given, right: definitions.sigmoid_backward([1] * 3, right.s)
        ),
        TANH_NOT_STRETCHED.on("t", lambda given, right: [2 * value - 1 for value in right.s]),
        INPUT_FOR_OUTPUT.on("dt", lambda given, right: [1 - value**2 for value in given.x]),
        OTHER_FUNCTION.on("dt", lambda given, right: [value * (1 - value) for value in right.t]),
        SQUARE_FORGOTTEN.on("dt", lambda given, right: [1 - value for value in right.t]),
        mistakes.RELU_FORGOTTEN.on("r", lambda given, right: given.x),
        ABSOLUTE_VALUE.on("r", lambda given, right: [abs(value) for value in given.x]),
        ACTIVATION_FOR_DERIVATIVE.on("dr", lambda given, right: right.r),
        mistakes.RELU_MASK_FORGOTTEN.on(
            "dr",
            lambda given, right: [1] * len(given.x),
            message="You gave the derivative 1 on the negative side too. ReLU is flat there: its derivative is 0.",
        ),
        VALUE_FOR_DERIVATIVE.on("m", values_at_zero),
        NOT_ABOVE_A_QUARTER.on("m", lambda given, right: [1, *right.m[1:]]),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Vector]:
        low = draws.decimal("-6", "-2.5", step="0.5")
        middle = draws.decimal("-2", "2", step="0.5", but=("0",))
        return {"x": [low, middle, draws.decimal("2.5", "6", step="0.5")]}

    def accept(self) -> None:
        far = max(map(abs, self.given.x)) >= 2
        expect(
            far,
            "Where a gradient gets lost shows far from 0 only: expected a point from 2 up or −2 down.",
            "x",
        )

    def pose(self) -> str:
        return (
            r"Three activation functions: the sigmoid $s = \sigma(x)$, the hyperbolic tangent $t = \tanh(x)$ and the "
            r"ReLU $r = \max(0, x)$. Compute their values and their derivatives $ds = \frac{\partial s}{\partial x}$, "
            r"$dt = \frac{\partial t}{\partial x}$ and $dr = \frac{\partial r}{\partial x}$ at the points in $x$. "
            "What is the largest derivative of each, in which range do values and derivatives lie, and where does a "
            "gradient get lost?"
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        ds, dt = self._sigmoid(work), self._tanh(work)
        self._relu(work)
        self._largest(work, ds, dt)

    def _sigmoid(self, work: Work) -> Vector:
        x, digits = self.given.x, work.digits
        s = cellwise(
            work,
            "s",
            definitions.sigmoid(x),
            {"x": x},
            what="The sigmoid of this point.",
            formula=r"s = \sigma(x) = \frac{1}{1 + e^{-x}}",
            numbers=lambda x: rf"\frac{{1}}{{1 + e^{{{tex(-x)}}}}}",
        )
        return cellwise(
            work,
            "ds",
            [value * (1 - value) for value in s],
            {"s": s},
            what="The derivative can be read off the value.",
            formula="ds = s (1 - s)",
            numbers=lambda s: rf"{factor(s, digits)} \cdot (1 - {factor(s, digits)})",
        )

    def _tanh(self, work: Work) -> Vector:
        x, digits = self.given.x, work.digits
        t = cellwise(
            work,
            "t",
            definitions.tanh(x),
            {"x": x},
            what="The hyperbolic tangent of this point.",
            formula=r"t = \tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}",
            numbers=lambda x: rf"\frac{{{_power(x)} - {_power(-x)}}}{{{_power(x)} + {_power(-x)}}}",
        )
        return cellwise(
            work,
            "dt",
            [1 - value**2 for value in t],
            {"t": t},
            what="The derivative can be read off the value.",
            formula="dt = 1 - t^2",
            numbers=lambda t: f"1 - {base(t, digits)}^2",
        )

    def _relu(self, work: Work) -> None:
        x = self.given.x
        relu(work, "r", x, symbol="x")
        cellwise(
            work,
            "dr",
            definitions.relu_backward([1] * len(x), x),
            {"x": x},
            what=lambda x: (
                "The line $r = x$ has the slope 1."
                if x > 0
                else "On the negative side ReLU is flat: its slope is 0."
                if x < 0
                else "At the kink there is no slope; 0 is used."
            ),
            formula=r"dr = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}",
            numbers=lambda x: "",
        )

    def _largest(self, work: Work, ds: Vector, dt: Vector) -> None:
        """Write the largest derivatives, the ranges, and what becomes of a gradient far from 0."""
        x = self.given.x
        far = x.index(max(x, key=abs))
        at = f"at $x = {tex(x[far])}$ the derivative is down to"
        texts = (
            r"Sigmoid: the values lie above 0 and below 1. The derivative is largest where $s = \frac{1}{2}$, at "
            rf"$x = 0$; it lies above 0 and is at most $\frac{{1}}{{4}}$. On both sides the function saturates: {at} "
            f"${tex(ds[far], work.digits)}$, and a gradient that comes back through several such units is all but "
            f"lost.",
            "Tanh: the values lie above $-1$ and below 1. The derivative is largest where $t = 0$, at $x = 0$; it "
            f"lies above 0 and is at most 1. It saturates on both sides, and sooner: {at} "
            f"${tex(dt[far], work.digits)}$.",
            "ReLU: the values are 0 or more. The derivative is 0 or 1; at the kink $x = 0$ there is none, and 0 is "
            "used. On the right nothing is ever lost; on the left everything is, and a unit that stays there no "
            "longer learns.",
        )
        formulas = (r"m_0 = \max_s s (1 - s)", r"m_1 = \max_t (1 - t^2)", r"m_2 = \max(0, 1)")
        numbers = (r"\frac{1}{2} \cdot (1 - \frac{1}{2})", "1 - 0^2", r"\max(0, 1)")
        m = largest_slopes()
        for i, (text, formula, written) in enumerate(zip(texts, formulas, numbers, strict=True)):
            work.step(
                text, formula=formula, symbol=f"m_{i}", numbers=written, result=m[i], cells={"m": [(i,)]}
            )
        work.part("m", m)


def _power(x: Any) -> str:
    return f"e^{{{tex(x)}}}"
