"""The multiplications of convolutions that keep the size of the map, one step for each convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.notation import tex
from byhand.trace import Work
from cvlib.counting import conv2d_macs

RULE = r"M = h \cdot w \cdot n \cdot (f \cdot f \cdot d)"


def same_convolution(
    work: Work, what: str, *, size: int, depth: int, filters: int, kernel_size: int, symbol: str = "M"
) -> int:
    """Count the products of a convolution with padding "same" and stride 1; closes no part."""
    count = conv2d_macs(depth, filters, kernel_size, size)
    work.step(
        what,
        formula=RULE,
        symbol=symbol,
        numbers=rf"{size} \cdot {size} \cdot {filters} \cdot ({kernel_size} \cdot {kernel_size} \cdot {tex(depth)})",
        result=count,
    )
    return count


def total(work: Work, part: str, counts: Sequence[Any], *, what: str, formula: str, symbol: str = "M") -> Any:
    """Add up counts and close the part."""
    work.step(
        what,
        formula=formula,
        symbol=symbol,
        numbers=" + ".join(tex(count, work.digits) for count in counts),
        result=sum(counts),
    )
    return work.part(part, sum(counts))


def times_fewer(work: Work, part: str, many: Any, few: Any, *, what: str, formula: str) -> float:
    """Divide the larger count by the smaller one and close the part."""
    factor = float(many) / float(few)
    work.step(
        what,
        formula=formula,
        symbol="r",
        numbers=rf"\frac{{{tex(many, work.digits)}}}{{{tex(few, work.digits)}}}",
        result=factor,
    )
    return work.part(part, factor)
