"""Sizes and counts: output sizes, parameters and receptive fields, one step for each number.

Shapes are height x width x depth (:class:`byhand.notation.Shape`); f is the side of a filter or pooling window, s its
stride, p the padding on each side, d the depth of the input and n the number of filters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from byhand.notation import Shape, plain, tex
from byhand.trace import Work
from cvlib.shapes import conv_output_size

_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def counted(number: int, noun: str) -> str:
    """Return "1 filter" or "4 filters"."""
    return f"{plain(number)} {noun}" if number == 1 else f"{plain(number)} {noun}s"


def number_word(number: int) -> str:
    """Return "three"; digits for numbers above twelve."""
    return _WORDS[number] if number < len(_WORDS) else plain(number)


def padded(padding: int) -> str:
    """Return "no padding" or "padding 2 on each side"."""
    return f"padding {padding} on each side" if padding else "no padding"


def output_size(
    work: Work,
    what: str,
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    letter: str = "h",
) -> int:
    """Count the positions of a window along one side; closes no part.

    ``what`` is the sentence of the step, ``letter`` the symbol of the side.

    Raises
    ------
    ValueError
        If the window does not fit into the padded side.
    """
    result = conv_output_size(size, kernel_size, stride=stride, padding=padding)
    if (size + 2 * padding - kernel_size) % stride:
        what += " The last jump would lead over the edge, so round down."
    top = rf"{tex(size)} + 2 \cdot {tex(padding)} - {tex(kernel_size)}"
    work.step(
        what,
        formula=rf"{letter}' = \left\lfloor \frac{{{letter} + 2p - f}}{{s}} \right\rfloor + 1",
        symbol=f"{letter}'",
        numbers=rf"\left\lfloor \frac{{{top}}}{{{tex(stride)}}} \right\rfloor + 1",
        result=result,
    )
    return result


def sides(
    work: Work, shape: Sequence[int], kernel_size: int, *, stride: int = 1, padding: int = 0
) -> tuple[int, int]:
    """Find height and width behind a convolution or a pooling; closes no part."""
    height, width = shape[0], shape[1]
    if height == width:
        what = (
            "The maps are square, so one side is enough: count the places along it of a window of side $f$, with "
            "padding $p$ on each side and stride $s$."
        )
        side = output_size(work, what, height, kernel_size, stride=stride, padding=padding)
        return side, side
    what = "Count the places of a window of side $f$ from top to bottom, with padding $p$ on each side and stride $s$."
    rows = output_size(work, what, height, kernel_size, stride=stride, padding=padding)
    what = "Count its places from left to right in the same way."
    columns = output_size(work, what, width, kernel_size, stride=stride, padding=padding, letter="w")
    return rows, columns


def conv_shape(
    work: Work,
    part: str,
    shape: Sequence[int],
    kernel_size: int,
    filters: int,
    *,
    stride: int = 1,
    padding: int = 0,
) -> Shape:
    """Find the shape behind a convolution: its depth is the number of filters."""
    height, width = sides(work, shape, kernel_size, stride=stride, padding=padding)
    adds_up = f"adds up over all {shape[2]} maps of the input and " if shape[2] > 1 else ""
    work.step(
        f"Each filter {adds_up}makes one map, so the depth is the number of filters.",
        formula="d' = n",
        symbol="d'",
        result=filters,
    )
    return _together(work, part, Shape(height, width, filters))


def pool_shape(work: Work, part: str, shape: Sequence[int], kernel_size: int, *, stride: int) -> Shape:
    """Find the shape behind a pooling without padding: the depth stays."""
    height, width = sides(work, shape, kernel_size, stride=stride)
    work.step(
        "Pooling treats every map by itself, so the depth stays.",
        formula="d' = d",
        symbol="d'",
        result=shape[2],
    )
    return _together(work, part, Shape(height, width, shape[2]))


def _together(work: Work, part: str, shape: Shape) -> Shape:
    work.step("Together: height, width and depth.", symbol=r"h' \times w' \times d'", result=shape)
    return work.part(part, shape)


def conv_parameters(
    work: Work, part: str, depth: int, filters: int, kernel_size: int | tuple[int, int], *, bias: bool = True
) -> int:
    """Count the weights, and the biases if there are any, of a convolution's filters."""
    rows, columns = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    weights = rows * columns * depth
    below = (
        f"in each of the {counted(depth, 'map')} of the input" if depth > 1 else "in the one map of the input"
    )
    work.step(
        f"One filter has a weight for each cell of its window {below}.",
        formula=r"w = f \cdot f \cdot d" if rows == columns else r"w = f_h \cdot f_w \cdot d",
        symbol="w",
        numbers=rf"{tex(rows)} \cdot {tex(columns)} \cdot {tex(depth)}",
        result=weights,
    )
    one_bias = " and one bias" if bias else ""
    total = filters * (weights + bias)
    work.step(
        f"Each of the {counted(filters, 'filter')} has these weights{one_bias}."
        if filters > 1
        else f"There is 1 filter with these weights{one_bias}.",
        formula=r"N = n \cdot (w + 1)" if bias else r"N = n \cdot w",
        symbol="N",
        numbers=rf"{tex(filters)} \cdot {_and_bias(weights, bias)}",
        result=total,
    )
    return work.part(part, total)


def dense_parameters(work: Work, part: str, inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Count the weights, and the biases if there are any, of a fully connected layer."""
    return work.part(part, dense_count(work, inputs, outputs, bias=bias))


def dense_count(work: Work, inputs: int, outputs: int, *, bias: bool = True, symbol: str = "N") -> int:
    """Count as :func:`dense_parameters` does; closes no part."""
    each = "The unit has" if outputs == 1 else f"Each of the {counted(outputs, 'unit')} has"
    one_bias = " and one bias" if bias else ""
    total = outputs * (inputs + bias)
    work.step(
        f"{each} one weight for each of the {counted(inputs, 'input')}{one_bias}.",
        formula=rf"{symbol} = n_{{\text{{out}}}} \cdot "
        + (r"(n_{\text{in}} + 1)" if bias else r"n_{\text{in}}"),
        symbol=symbol,
        numbers=rf"{tex(outputs)} \cdot {_and_bias(inputs, bias)}",
        result=total,
    )
    return total


def flattened(work: Work, shape: Sequence[int], *, symbol: str = r"n_{\text{in}}", primes: str = "") -> int:
    """Count the numbers of a stack of maps; closes no part."""
    count = math.prod(shape)
    work.step(
        "Count the numbers in the stack: height, width and depth multiplied.",
        formula=rf"{symbol} = h{primes} \cdot w{primes} \cdot d{primes}",
        symbol=symbol,
        numbers=r" \cdot ".join(map(tex, shape)),
        result=count,
    )
    return count


def receptive_field(work: Work, parts: Sequence[str], layers: Sequence[Sequence[int]]) -> list[int]:
    """Find the side of the window that one unit sees, layer by layer; ``layers`` are pairs (f, s), input first."""
    field, jump, fields = 1, 1, []
    for number, (part, (kernel_size, stride)) in enumerate(zip(parts, layers, strict=True), start=1):
        if number == 1:
            work.step(
                "One pixel of the input sees itself, and its neighbour is one pixel away: $r_0 = j_0 = 1$."
            )
        field = _field(work, part, number, field, jump, kernel_size)
        fields.append(field)
        if number < len(layers):
            work.step(
                f"From layer {number} on, two neighbouring units stand this many pixels of the input apart.",
                formula=r"j_l = j_{l-1} \cdot s_l",
                symbol=f"j_{{{number}}}",
                numbers=rf"{tex(jump)} \cdot {tex(stride)}",
                result=jump * stride,
            )
        jump *= stride
    return fields


def _field(work: Work, part: str, number: int, field: int, jump: int, kernel_size: int) -> int:
    result = field + (kernel_size - 1) * jump
    work.step(
        f"A unit of layer {number} sees {counted(kernel_size, 'unit')} of the layer below along a side. The first one "
        "brings its own window; each further one adds a jump.",
        formula=r"r_l = r_{l-1} + (f_l - 1) \cdot j_{l-1}",
        symbol=f"r_{{{number}}}",
        numbers=rf"{tex(field)} + ({tex(kernel_size)} - 1) \cdot {tex(jump)}",
        result=result,
    )
    return work.part(part, result)


def _and_bias(weights: int, bias: bool) -> str:
    return f"({tex(weights)} + 1)" if bias else tex(weights)
