"""Dense layers, forward and backward: sums of products over named indices.

One move, :func:`einsum`, serves every product of a dense layer; its rule is read as the formula's indices:

======================= ===================================== ==============
``"mi,i->m"``           y = W x, weights by output            forward
``"ni,mi->nm"``         the same for rows of samples          forward
``"m,i->mi"``           dW = dy x^T                           backward
``"nm,ni->mi"``         the same, added up over the samples   backward
``"mi,m->i"``           dx = W^T dy                           backward
======================= ===================================== ==============
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from byhand.moves.backward import at, entry, sum_of_products
from byhand.notation import Number, factor, sizes
from byhand.trace import Cell, Work


class Term(NamedTuple):
    """Something added to each sum: a bias, or the gradient of a penalty.

    Attributes
    ----------
    symbol, values, indices
        ``Term("b", [1, 2], "m")`` adds b_m; a number has no indices.
    coefficient
        Symbol and value of a factor in front of it, where there is one.
    """

    symbol: str
    values: Any
    indices: str = ""
    coefficient: tuple[str, Number] | None = None


def einsum(
    work: Work,
    part: str,
    rule: str,
    inputs: Mapping[str, Any],
    what: str,
    *,
    plus: Term | None = None,
) -> Any:
    """Multiply two arrays entry by entry and add up over the indices that the result does not have.

    Parameters
    ----------
    rule
        The indices of both arrays and of the result, as in ``numpy.einsum``: ``"ni,mi->nm"``.
    inputs
        Two numbers, vectors or matrices, by symbol.
    what
        The sentence for every step.
    plus
        Added to each sum.

    Raises
    ------
    ValueError
        If an index has two different lengths, or an array has more or fewer axes than indices.
    """
    left, out = rule.split("->")
    groups = left.split(",")
    lengths = _lengths(groups, inputs)
    over = [letter for letter in lengths if letter not in out]
    formula = _formula(part, out, over, [_indexed(*pair) for pair in zip(inputs, groups, strict=True)], plus)

    def fill(cell: Cell) -> Any:
        here = dict(zip(out, cell, strict=True))
        chosen = _chosen(here, over, lengths, groups)
        a, b = ([at(x, where) for where in group] for x, group in zip(inputs.values(), chosen, strict=True))
        touched = {symbol: where for symbol, where in zip(inputs, chosen, strict=True) if where[0]}
        pairs = zip(a, b, strict=True)
        result = sum(x * y for x, y in pairs if x and y)  # a product with an exact 0 is exactly 0
        numbers = sum_of_products(a, b, work.digits)
        if plus:
            where = tuple(here[letter] for letter in plus.indices)
            result, numbers = _add(result, numbers, plus, where, work.digits)
            touched |= {plus.symbol: [where]} if where else {}
        touched |= {part: [cell]} if cell else {}
        symbol = entry(part, cell)
        work.step(what, formula=formula, symbol=symbol, numbers=numbers, result=result, cells=touched)
        return result

    return work.part(part, _nest([lengths[letter] for letter in out], fill))


def _chosen(
    here: dict[str, int], over: Sequence[str], lengths: dict[str, int], groups: Sequence[str]
) -> list[list[Cell]]:
    """Return the cells of each array whose products one sum adds up, in order."""
    tails = product(*(range(lengths[letter]) for letter in over))
    places = [here | dict(zip(over, tail, strict=True)) for tail in tails]
    return [[tuple(place[letter] for letter in group) for place in places] for group in groups]


def _lengths(groups: Sequence[str], inputs: Mapping[str, Any]) -> dict[str, int]:
    """Return the length of each index, in the order of their first appearance."""
    lengths: dict[str, int] = {}
    for group, (symbol, array) in zip(groups, inputs.items(), strict=True):
        if len(sizes(array)) != len(group):
            raise ValueError(
                f"{symbol} must have the {len(group)} indices {group!r}, got shape {sizes(array)}"
            )
        for letter, length in zip(group, sizes(array), strict=True):
            if lengths.setdefault(letter, length) != length:
                raise ValueError(f"the index {letter} runs to {lengths[letter]}, but {symbol} has {length}")
    return lengths


def _formula(part: str, out: str, over: Sequence[str], factors: Sequence[str], plus: Term | None) -> str:
    sign = f"\\sum_{{{','.join(over)}}} " if over else ""
    total = sign + "\\, ".join(factors)
    if plus:
        coefficient = f"{plus.coefficient[0]}\\, " if plus.coefficient else ""
        total += f" + {coefficient}{_indexed(plus.symbol, plus.indices)}"
    return f"{_indexed(part, out)} = {total}"


def _indexed(symbol: str, indices: str) -> str:
    return f"{symbol}_{{{indices}}}" if indices else symbol


def _add(result: Number, numbers: str, term: Term, where: Cell, digits: int) -> tuple[Number, str]:
    """Return a sum and its numbers with the term's share added."""
    value = at(term.values, where)
    if term.coefficient is None:
        return result + value, f"{numbers} + {factor(value, digits)}"
    scale = term.coefficient[1]
    return result + scale * value, rf"{numbers} + {factor(scale, digits)} \cdot {factor(value, digits)}"


def _nest(lengths: Sequence[int], fill: Callable[[Cell], Any], done: Cell = ()) -> Any:
    """Return nested lists of these lengths, filled in reading order."""
    if len(done) == len(lengths):
        return fill(done)
    return [_nest(lengths, fill, (*done, i)) for i in range(lengths[len(done)])]


def total(work: Work, part: str, x: Any, *, symbol: str, what: str) -> Any:
    """Add up a vector to a number, or a matrix of samples by rows to a vector: the gradient of a bias."""
    n = len(x)
    matrix = len(sizes(x)) == 2
    columns = list(zip(*x, strict=True)) if matrix else [tuple(x)]
    formula = f"{part}_m = \\sum_n {symbol}_{{nm}}" if matrix else f"{part} = \\sum_n {symbol}_n"
    for m, column in enumerate(columns):
        work.step(
            what,
            formula=formula,
            symbol=entry(part, (m,) if matrix else ()),
            numbers=" + ".join(factor(value, work.digits) for value in column),
            result=sum(column),
            cells={symbol: [(i, m) if matrix else (i,) for i in range(n)]}
            | ({part: [(m,)]} if matrix else {}),
        )
    sums = [sum(column) for column in columns]
    return work.part(part, sums if matrix else sums[0])
