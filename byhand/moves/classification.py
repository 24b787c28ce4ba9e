"""Scores, probabilities and losses: a neuron's sum, the sigmoid, softmax, cross-entropy.

Only :func:`softmax` closes a part; the others write steps towards the part that is open, and return what they found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from byhand import definitions
from byhand.mistakes import Slip
from byhand.moves.convolution import sum_of_products
from byhand.notation import factor, tex
from byhand.trace import Cell, Work

_LARGE = 30  # a larger logit is not put into the exponential as it is: its power has too many digits to read

Vector = Sequence[Any]

MINUS_FORGOTTEN = Slip(
    "minus_forgotten",
    "You left out the minus sign. The logarithm of a probability is negative or 0, and the loss is its opposite.",
    "A cross-entropy is never negative.",
)
ERROR_FOR_LOGARITHM = Slip(
    "probability_of_error",
    "You gave 1 minus the probability of the true class: how much probability went astray. The cross-entropy is the "
    "negative logarithm of the probability of the true class.",
    "The loss must grow without bound as the probability of the true class goes to 0; yours would stop at 1.",
)


def show_guard_digits(work: Work, extra: int = 2) -> None:
    """Print a few more decimals than are asked, so that whoever goes on from the printed numbers ends up right."""
    work.digits += extra


def weighted_sum(
    work: Work,
    x: Vector,
    w: Vector,
    b: Any = None,
    *,
    symbol: str = "z",
    formula: str = r"z = \sum_i x_i w_i + b",
    cells: Mapping[str, Sequence[Cell]] | None = None,
) -> Any:
    """Multiply inputs by weights, add up, and add the bias if there is one: one step."""
    bias = "" if b is None else f" + {factor(b)}"
    result = definitions.linear([x], [w], None if b is None else [b])[0][0]
    work.step(
        "Multiply each input by its weight and add up."
        if b is None
        else "Add up the weighted inputs and the bias.",
        formula=formula,
        symbol=symbol,
        numbers=sum_of_products(x, w) + bias,
        result=result,
        cells=cells,
    )
    return result


def sigmoid(work: Work, z: Any, *, symbol: str = "p") -> float:
    """Squeeze a logit between 0 and 1: one step."""
    result = definitions.sigmoid([z])[0]
    work.step(
        "The sigmoid turns the logit into a probability.",
        formula=r"p = \sigma(z) = \frac{1}{1 + e^{-z}}",
        symbol=symbol,
        numbers=rf"\frac{{1}}{{1 + e^{{{tex(-z, work.digits)}}}}}",
        result=result,
    )
    return result


def exponentials(work: Work, z: Vector, *, symbol: str = "z", shift: bool = False) -> tuple[list[float], Any]:
    """Raise e to every logit, less the largest of them if ``shift``; return the powers and what was subtracted.

    Logits too large to be raised as they are, are shifted in any case.
    """
    shift = shift or max(map(abs, z)) > _LARGE
    m = max(z) if shift else 0
    everywhere = [(k,) for k in range(len(z))]
    if shift:
        work.step(
            "Subtract the largest logit from all of them: the probabilities stay the same, and no power exceeds 1.",
            formula=rf"m = \max_j {symbol}_j",
            symbol="m",
            numbers=rf"\max({', '.join(tex(value, work.digits) for value in z)})",
            result=m,
            cells={symbol: everywhere},
        )
    powers = [math.exp(value - m) if value != m else 1 for value in z]  # e^0 is exact
    for k, power in enumerate(powers):
        exponent = tex(z[k], work.digits) + (f" - {factor(m, work.digits)}" if shift else "")
        work.step(
            f"Take the exponential for class {k}.",
            formula=f"u_k = e^{{{symbol}_k - m}}" if shift else f"u_k = e^{{{symbol}_k}}",
            symbol=f"u_{{{k}}}",
            numbers=f"e^{{{exponent}}}",
            result=power,
            cells={symbol: [(k,)]},
        )
    return powers, m


def add_powers(work: Work, powers: Sequence[float], *, symbol: str = "z") -> float:
    """Add up the powers; terms that change no printed digit are not written out."""
    total = sum(powers)
    seen = [power for power in powers if power >= total * 10.0 ** -(work.digits + 1)]
    left_out = len(seen) < len(powers)
    terms = [tex(power, work.digits) for power in seen] + [r"\ldots"] * left_out
    work.step(
        "Add them up." + (" Those not written out are too small to be seen in the sum." if left_out else ""),
        formula=r"S = \sum_j u_j",
        symbol="S",
        numbers=" + ".join(terms),
        result=total,
        cells={symbol: [(k,) for k in range(len(powers))]},
    )
    return total


def softmax(work: Work, part: str, z: Vector, *, symbol: str = "z", shift: bool = False) -> list[float]:
    """Turn logits into probabilities, power by power; ``part`` is also the symbol of the result."""
    powers, _ = exponentials(work, z, symbol=symbol, shift=shift)
    total = add_powers(work, powers, symbol=symbol)
    result = definitions.softmax(list(z))
    for k, power in enumerate(powers):
        work.step(
            f"Divide by the sum: the probability of class {k}.",
            formula=rf"{part}_k = \frac{{u_k}}{{S}}",
            symbol=f"{part}_{{{k}}}",
            numbers=rf"\frac{{{tex(power, work.digits)}}}{{{tex(total, work.digits)}}}",
            result=result[k],
            cells={symbol: [(k,)], part: [(k,)]},
        )
    return work.part(part, result)


def check_loss(work: Work, loss: float, *, probability: str = "p_t") -> None:
    """Undo the logarithm: the loss must give the probability back, whose symbol is given."""
    work.step(
        "Check: undoing the logarithm must give back the probability.",
        formula=f"e^{{-L}} = {probability}",
        symbol="e^{-L}",
        numbers=f"e^{{{tex(-loss, work.digits)}}}",
        result=math.exp(-loss),
    )


def in_bits(work: Work, loss: float) -> None:
    """Say the same loss in bits."""
    work.step(
        r"In bits the same loss has another number: 1 bit is $\ln 2$ nats.",
        formula=r"L_{\text{bits}} = \frac{L}{\ln 2}",
        symbol=r"L_{\text{bits}}",
        numbers=rf"\frac{{{tex(loss, work.digits)}}}{{{tex(math.log(2), work.digits)}}}",
        result=loss / math.log(2),
    )
