"""Convolution, as cross-correlation, and pooling: one step for each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from byhand import definitions
from byhand.draws import Degenerate
from byhand.notation import factor, plain, tex
from byhand.trace import Cell, Work

Matrix = Sequence[Sequence[Any]]


def convolve(
    work: Work,
    part: str,
    image: Matrix,
    kernel: Matrix,
    *,
    symbols: tuple[str, str] = ("I", "W"),
    stride: int = 1,
    padding: int = 0,
    bias: Any = None,
    bias_symbol: str = "b",
) -> list[list[Any]]:
    """Lay one filter on every window of one map; ``part`` is also the symbol of the result.

    ``symbols`` are those of the image and the filter. Cells of the padding count as 0 and are not among the cells
    touched. A bias, if there is one, is added to every sum.
    """
    image_symbol, kernel_symbol = symbols
    biases = None if bias is None else [bias]
    result = definitions.conv2d([[image]], [[kernel]], biases, stride=stride, padding=padding)[0][0]
    taps = list(product(range(len(kernel)), range(len(kernel[0]))))
    row, column = _shifted("i", "a", stride, padding), _shifted("j", "b", stride, padding)
    formula = f"{part}_{{ij}} = \\sum_{{a,b}} {image_symbol}_{{{row},\\,{column}}}\\, {kernel_symbol}_{{ab}}"
    what = "multiply cell by cell, and add up."
    if bias is not None:
        formula, what = f"{formula} + {bias_symbol}", "multiply cell by cell, and add up with the bias."
    for i, j in cells_of(result):
        window = [(i * stride - padding + a, j * stride - padding + b) for a, b in taps]
        values = [image[r][c] if inside(image, (r, c)) else 0 for r, c in window]
        weights = [kernel[a][b] for a, b in taps]
        over = "" if all(inside(image, cell) for cell in window) else " Cells beyond the edge are zeros."
        top, left = plain(i * stride - padding), plain(j * stride - padding)
        work.step(
            f"Lay the filter's corner on row {top}, column {left}: {what}{over}",
            formula=formula,
            symbol=f"{part}_{{{i},{j}}}",
            numbers=sum_of_products(values, weights) + ("" if bias is None else f" + {factor(bias)}"),
            result=result[i][j],
            cells={
                image_symbol: [cell for cell in window if inside(image, cell)],
                kernel_symbol: taps,
                part: [(i, j)],
            },
        )
    return work.part(part, result)


def max_pool(
    work: Work, part: str, x: Matrix, kernel_size: int, *, symbol: str, stride: int | None = None
) -> list[list[Any]]:
    """Keep the largest value of each window; ``symbol`` is that of ``x``."""
    result = definitions.max_pool2d([[x]], kernel_size, stride=stride)[0][0]
    formula = f"{part}_{{ij}} = \\max_{{a,b}} {_window_symbol(symbol, kernel_size, stride)}"
    return _pool(
        work, part, x, result, kernel_size, stride, symbol, formula, "Keep the largest value", _largest
    )


def avg_pool(
    work: Work, part: str, x: Matrix, kernel_size: int, *, symbol: str, stride: int | None = None
) -> list[list[Any]]:
    """Keep the mean of each window; ``symbol`` is that of ``x``."""
    result = definitions.avg_pool2d([[x]], kernel_size, stride=stride)[0][0]
    area = kernel_size**2
    formula = (
        f"{part}_{{ij}} = \\frac{{1}}{{{area}}} \\sum_{{a,b}} {_window_symbol(symbol, kernel_size, stride)}"
    )
    return _pool(work, part, x, result, kernel_size, stride, symbol, formula, "Take the mean", _mean)


def _pool(
    work: Work,
    part: str,
    x: Matrix,
    result: list[list[Any]],
    kernel_size: int,
    stride: int | None,
    symbol: str,
    formula: str,
    what: str,
    numbers: Callable[[list[Any]], str],
) -> list[list[Any]]:
    for i, j in cells_of(result):
        window = window_cells(i, j, kernel_size, stride or kernel_size)
        work.step(
            f"{what} of the window whose corner is row {window[0][0]}, column {window[0][1]}.",
            formula=formula,
            symbol=f"{part}_{{{i},{j}}}",
            numbers=numbers([x[r][c] for r, c in window]),
            result=result[i][j],
            cells={symbol: window, part: [(i, j)]},
        )
    return work.part(part, result)


def elementwise(
    work: Work,
    part: str,
    x: Any,
    result: Any,
    *,
    symbol: str,
    what: str,
    formula: str,
    numbers: Callable[[Any], str],
) -> Any:
    """Write one step for each value of a vector or matrix that is changed on its own.

    ``result`` holds the changed values, nested as ``x``; ``numbers`` writes the right-hand side for one value in LaTeX.
    """
    matrix = isinstance(x[0], list | tuple)
    for cell in cells_of(x) if matrix else [(i,) for i in range(len(x))]:
        before, after = (
            (x[cell[0]][cell[1]], result[cell[0]][cell[1]]) if matrix else (x[cell[0]], result[cell[0]])
        )
        work.step(
            what,
            formula=formula,
            symbol=f"{part}_{{{','.join(map(str, cell))}}}",
            numbers=numbers(before),
            result=after,
            cells={symbol: [cell], part: [cell]},
        )
    return work.part(part, result)


def relu(work: Work, part: str, x: Any, *, symbol: str) -> Any:
    """Cut off negative values."""
    return elementwise(
        work,
        part,
        x,
        definitions.relu(x),
        symbol=symbol,
        what="Keep a positive value; a negative one becomes 0.",
        formula=f"{part}_{{ij}} = \\max(0, {symbol}_{{ij}})"
        if isinstance(x[0], list)
        else f"{part}_i = \\max(0, {symbol}_i)",
        numbers=lambda value: rf"\max(0, {tex(value)})",
    )


# Cells and sums, for every move


def cells_of(matrix: Matrix) -> list[Cell]:
    """Return (row, column) of every cell in reading order."""
    return list(product(range(len(matrix)), range(len(matrix[0]))))


def window_cells(i: int, j: int, kernel_size: int, stride: int) -> list[Cell]:
    """Return the cells of the window that makes output (i, j), without padding."""
    return [(i * stride + a, j * stride + b) for a, b in product(range(kernel_size), repeat=2)]


def inside(matrix: Matrix, cell: Cell) -> bool:
    """Tell whether a cell lies in the matrix and not in its padding."""
    return 0 <= cell[0] < len(matrix) and 0 <= cell[1] < len(matrix[0])


def sum_of_products(values: Sequence[Any], weights: Sequence[Any]) -> str:
    r"""Return ``1 \cdot (-1) + 3 \cdot 0`` as LaTeX."""
    return " + ".join(rf"{factor(a)} \cdot {factor(b)}" for a, b in zip(values, weights, strict=True))


def no_ties(x: Matrix, kernel_size: int, stride: int | None = None) -> None:
    """Raise ``Degenerate`` if a pooling window has its largest value twice: its gradient would be ambiguous."""
    for i, j in cells_of(definitions.max_pool2d([[x]], kernel_size, stride=stride)[0][0]):
        window = [x[r][c] for r, c in window_cells(i, j, kernel_size, stride or kernel_size)]
        if window.count(max(window)) > 1:
            raise Degenerate(f"the window {plain(window)} has its maximum twice, and the first one counts")


def _shifted(index: str, tap: str, stride: int, padding: int) -> str:
    start = index if stride == 1 else f"{stride}{index}"
    return f"{start}+{tap}" + (f"-{padding}" if padding else "")


def _window_symbol(symbol: str, kernel_size: int, stride: int | None) -> str:
    s = stride or kernel_size
    return f"{symbol}_{{{s}i+a,\\,{s}j+b}}" if s > 1 else f"{symbol}_{{i+a,\\,j+b}}"


def _largest(values: list[Any]) -> str:
    return rf"\max({', '.join(map(tex, values))})"


def _mean(values: list[Any]) -> str:
    return rf"\frac{{{' + '.join(map(factor, values))}}}{{{len(values)}}}"


def mean(values: Sequence[Any]) -> Any:
    """Return the exact mean of exact numbers."""
    total = Fraction(sum(values)) / len(values)
    return total.numerator if total.denominator == 1 else total
