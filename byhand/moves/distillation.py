"""Softened probabilities and the loss of distillation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from byhand import definitions
from byhand.notation import factor, tex
from byhand.trace import Work


def soften(
    work: Work, part: str, logits: Sequence[Any], temperature: Any, *, symbol: str, whose: str
) -> list[float]:
    """Turn logits into probabilities at a temperature; ``part`` is also the symbol of the result."""
    powers = [math.exp(value / temperature) if value else 1 for value in logits]
    for k, value in enumerate(logits):
        work.step(
            f"Divide the {whose} logit of class {k} by the temperature, and take the exponential.",
            formula=rf"u_k = e^{{{symbol}_k / T}}",
            symbol=f"u_{k}",
            numbers=f"e^{{{tex(value)} / {tex(temperature)}}}",
            result=powers[k],
            cells={symbol: [(k,)]},
        )
    result = definitions.softmax([value / temperature for value in logits])
    below = " + ".join(tex(power, work.digits) for power in powers)
    for k in range(len(logits)):
        work.step(
            f"Divide by the sum: the probability of class {k}.",
            formula=rf"{part}_k = \frac{{u_k}}{{\sum_j u_j}}",
            symbol=f"{part}_{k}",
            numbers=rf"\frac{{{tex(powers[k], work.digits)}}}{{{below}}}",
            result=result[k],
            cells={symbol: [(j,) for j in range(len(logits))], part: [(k,)]},
        )
    return work.part(part, result)


def divergence(work: Work, part: str, target: Sequence[Any], prediction: Sequence[Any]) -> float:
    """Measure how far the prediction p is from the target q; both are shown as arrays ``p`` and ``q``."""
    terms = [relative_entropy([a], [b]) for a, b in zip(target, prediction, strict=True)]
    for k, (a, b) in enumerate(zip(target, prediction, strict=True)):
        first, second = tex(a, work.digits), tex(b, work.digits)
        work.step(
            f"Class {k}: the teacher's probability times the logarithm of the ratio, the student's below.",
            formula=r"t_k = q_k \ln \frac{q_k}{p_k}",
            symbol=f"t_{k}",
            numbers=rf"{first} \cdot \ln \frac{{{first}}}{{{second}}}",
            result=terms[k],
            cells={"q": [(k,)], "p": [(k,)]},
        )
    work.step(
        "Add up the classes. Single terms may be negative; the sum never is.",
        formula=r"\mathrm{KL}(q \,\|\, p) = \sum_k q_k \ln \frac{q_k}{p_k}",
        symbol=r"\mathrm{KL}",
        numbers=" + ".join(factor(term, work.digits) for term in terms),
        result=sum(terms),
    )
    return work.part(part, sum(terms))


def relative_entropy(q: Sequence[Any], p: Sequence[Any]) -> float:
    """Return the sum of q ln(q / p), also for rows that do not quite add up to 1: a student's rounded ones."""
    return sum(a * math.log(a / b) for a, b in zip(q, p, strict=True) if a)
