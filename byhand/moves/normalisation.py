"""Batch normalisation of one feature over a batch: mean, variance, normalised values, scale and shift."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from byhand.moves.convolution import mean
from byhand.notation import factor, tex, tidy
from byhand.trace import Work


def batch_norm(
    work: Work, x: Sequence[Any], gamma: Any, beta: Any, *, eps: Any = 0, symbol: str = "x"
) -> list[Any]:
    """Normalise the values of a batch, then scale by gamma and shift by beta.

    Closes the parts ``mean``, ``var``, ``z`` (the normalised values) and ``y``.
    """
    average = batch_mean(work, x, symbol=symbol)
    variance = batch_variance(work, x, average, symbol=symbol)
    normalised = normalise(work, x, average, variance, eps=eps, symbol=symbol)
    return scale_and_shift(work, normalised, gamma, beta)


def batch_mean(work: Work, x: Sequence[Any], *, symbol: str = "x") -> Any:
    """Add up and divide by how many there are."""
    result = mean(x)
    work.step(
        f"Add up the {len(x)} values and divide by {len(x)}.",
        formula=rf"\mu = \frac{{1}}{{n}} \sum_i {symbol}_i",
        symbol=r"\mu",
        numbers=_quotient((factor(value, work.digits) for value in x), len(x)),
        result=result,
        cells={symbol: _all(x)},
    )
    return work.part("mean", result)


def batch_variance(work: Work, x: Sequence[Any], average: Any, *, symbol: str = "x") -> Any:
    """Average the squared distances from the mean: divided by n, as the batch is all there is."""
    result = mean([(value - average) ** 2 for value in x])
    work.step(
        "Square each value's distance from the mean, and average the squares: divide by $n$, not by $n - 1$.",
        formula=rf"\sigma^2 = \frac{{1}}{{n}} \sum_i ({symbol}_i - \mu)^2",
        symbol=r"\sigma^2",
        numbers=_quotient((f"({tex(value)} - {factor(average, work.digits)})^2" for value in x), len(x)),
        result=result,
        cells={symbol: _all(x)},
    )
    return work.part("var", result)


def normalise(
    work: Work, x: Sequence[Any], average: Any, variance: Any, *, eps: Any = 0, symbol: str = "x"
) -> list[Any]:
    """Subtract the mean and divide by the standard deviation: exact where its root is."""
    deviation = square_root(variance + eps)
    result = [quotient(value - average, deviation) for value in x]
    under = tex(variance, work.digits) if not eps else f"{tex(variance, work.digits)} + {tex(eps)}"
    root = r"\sqrt{\sigma^2}" if not eps else r"\sqrt{\sigma^2 + \epsilon}"
    for i, value in enumerate(x):
        work.step(
            "Subtract the mean; divide by the standard deviation, the root of the variance.",
            formula=rf"z_i = \frac{{{symbol}_i - \mu}}{{{root}}}",
            symbol=f"z_{i}",
            numbers=rf"\frac{{{tex(value)} - {factor(average, work.digits)}}}{{\sqrt{{{under}}}}}",
            result=result[i],
            cells={symbol: [(i,)], "z": [(i,)]},
        )
    if not eps:
        work.step(f"Check: the normalised values add up to 0, and their squares add up to {len(x)}.")
    return work.part("z", result)


def scale_and_shift(work: Work, z: Sequence[Any], gamma: Any, beta: Any) -> list[Any]:
    """Give the normalised values the scale and the shift that the layer has learned."""
    result = [gamma * value + beta for value in z]
    for i, value in enumerate(z):
        work.step(
            r"Multiply by the scale $\gamma$, then add the shift $\beta$.",
            formula=r"y_i = \gamma z_i + \beta",
            symbol=f"y_{i}",
            numbers=rf"{factor(gamma)} \cdot {factor(value, work.digits)} + {factor(beta)}",
            result=result[i],
            cells={"z": [(i,)], "y": [(i,)]},
        )
    return work.part("y", result)


def square_root(value: Any) -> Any:
    """Return the square root: exact if it is rational, else a float.

    Raises
    ------
    ValueError
        If the value is negative.
    """
    if value < 0:
        raise ValueError(f"the square root needs a number from 0, got {value}")
    square = Fraction(value)
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    return tidy(root) if root * root == square else math.sqrt(value)


def quotient(a: Any, b: Any) -> Any:
    """Return a / b, exact if both are, and if a is 0."""
    if isinstance(a, float) or (isinstance(b, float) and a):
        return a / b
    return tidy(Fraction(a) / Fraction(b))


def _quotient(terms: Iterable[str], count: int) -> str:
    return rf"\frac{{{' + '.join(terms)}}}{{{count}}}"


def _all(x: Sequence[Any]) -> list[tuple[int]]:
    return [(i,) for i in range(len(x))]
