"""Sums of branches, products of a matrix with a vector, and gradients that pass back through a stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.moves.convolution import cells_of, sum_of_products
from byhand.notation import factor, tex
from byhand.trace import Work


def add(
    work: Work, part: str, a: Any, b: Any, *, symbols: tuple[str, str], what: str = "Add cell by cell."
) -> Any:
    """Add two vectors or matrices of the same size; ``part`` is also the symbol of the sum."""
    first, second = symbols
    matrix = isinstance(a[0], list | tuple)
    if matrix:
        result = [[p + q for p, q in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)]
    else:
        result = [p + q for p, q in zip(a, b, strict=True)]
    index = "ij" if matrix else "i"
    for cell in cells_of(a) if matrix else [(i,) for i in range(len(a))]:
        work.step(
            what,
            formula=f"{part}_{{{index}}} = {_at(first, index)} + {_at(second, index)}",
            symbol=f"{part}_{{{_comma(cell)}}}",
            numbers=f"{tex(_get(a, cell), work.digits)} + {factor(_get(b, cell), work.digits)}",
            result=_get(result, cell),
            cells={first: [cell], second: [cell], part: [cell]},
        )
    return work.part(part, result)


def multiply(
    work: Work, part: str, matrix: Any, vector: Sequence[Any], *, symbols: tuple[str, str], relu: bool = False
) -> list[Any]:
    """Multiply a matrix with a column vector, row by row; with ``relu``, cut off what is negative."""
    left, right = symbols
    rule = rf"\sum_j {_at(left, 'ij')}\, {right}_j"
    what = "Multiply row by vector, entry by entry, and add up"
    result = []
    for i, row in enumerate(matrix):
        value = sum(a * b for a, b in zip(row, vector, strict=True))
        numbers = sum_of_products(row, vector)
        work.step(
            f"{what}; a negative sum becomes 0." if relu else f"{what}.",
            formula=rf"{part}_i = \max\left(0, {rule}\right)" if relu else f"{part}_i = {rule}",
            symbol=f"{part}_{i}",
            numbers=rf"\max(0, {numbers})" if relu else numbers,
            result=max(0, value) if relu else value,
            cells={left: [(i, j) for j in range(len(row))], right: _all(vector), part: [(i,)]},
        )
        result.append(max(0, value) if relu else value)
    return work.part(part, result)


def _at(symbol: str, index: str) -> str:
    """Return the symbol with an index: behind a number that it carries already, ``W_{1,ij}``."""
    name, underscore, number = symbol.partition("_")
    return f"{name}_{{{number},{index}}}" if underscore else f"{symbol}_{{{index}}}"


def _get(values: Any, cell: Sequence[int]) -> Any:
    for i in cell:
        values = values[i]
    return values


def _comma(cell: Sequence[int]) -> str:
    return ",".join(map(str, cell))


def _all(x: Sequence[Any]) -> list[tuple[int]]:
    return [(i,) for i in range(len(x))]
