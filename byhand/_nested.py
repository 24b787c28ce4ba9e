"""Nested lists as arrays: shapes, checks, and the index sets that sums run over. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from numbers import Integral, Rational, Real
from operator import getitem
from typing import Any

Number = int | Fraction | float
Vector = Sequence[Number]
Matrix = Sequence[Vector]
Maps = Sequence[Sequence[Matrix]]  # (N, C, H, W): images, channels, rows, columns
Nested = Sequence[Any]  # any depth, or a single number

_AXES = {1: "1 axis", 2: "2 axes", 3: "3 axes", 4: "4 axes"}


def shape(name: str, value: object, *letters: str) -> tuple[int, ...]:
    """Return the lengths of nested lists, level by level, once they are known to be an array of numbers.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : nested lists
        A number has the shape ().
    *letters : str
        The axes expected, such as ``"N", "C", "H", "W"``; any number of axes if none is given.

    Raises
    ------
    TypeError
        If an entry is not a real number (and so is neither text, nor None, nor an array).
    ValueError
        If a list is empty, the lists are ragged, or the number of axes is not the expected one.

    Examples
    --------
    >>> shape("x", [[1, 2, 3], [4, 5, 6]])
    (2, 3)
    >>> shape("x", [[1, 2, 3], [4, 5]])
    Traceback (most recent call last):
        ...
    ValueError: x is ragged: x[0] has shape (3,), x[1] has shape (2,)
    """
    sizes = _sizes(name, value)
    if letters and len(sizes) != len(letters):
        axes = f"{_AXES[len(letters)]} ({', '.join(letters)})"
        raise ValueError(f"{name} must be nested lists with {axes}, got shape {sizes}")
    return sizes


def _sizes(name: str, value: object) -> tuple[int, ...]:
    if isinstance(value, Real) and not isinstance(value, bool):
        return ()
    if not isinstance(value, list | tuple):
        kind = type(value).__name__
        got = f"an {kind}: pass its .tolist()" if hasattr(value, "tolist") else f"{value!r} of type {kind}"
        raise TypeError(f"{name} must be a real number or nested lists of them, got {got}")
    if not value:
        raise ValueError(f"{name} must not be an empty list")
    sizes = [_sizes(f"{name}[{index}]", part) for index, part in enumerate(value)]
    for index, size in enumerate(sizes):
        if size != sizes[0]:
            first, other = (f"has shape {s}" if s else "is a number" for s in (sizes[0], size))
            raise ValueError(f"{name} is ragged: {name}[0] {first}, {name}[{index}] {other}")
    return (len(value), *sizes[0])


def same_shape(name: str, value: object, expected: tuple[int, ...], what: str) -> None:
    """Check that ``value`` has the ``expected`` shape, that of ``what``.

    Examples
    --------
    >>> same_shape("dy", [1, 2], (3,), "the output")
    Traceback (most recent call last):
        ...
    ValueError: dy must have the shape of the output, (3,), got (2,)
    """
    got = shape(name, value)
    if got != expected:
        raise ValueError(f"{name} must have the shape of {what}, {expected}, got {got}")


def class_indices(name: str, value: object, num_classes: int) -> None:
    """Check that every entry of ``value`` is a class index: an integer from 0 to ``num_classes`` - 1.

    Examples
    --------
    >>> class_indices("labels", [[0, 1], [2, 0]], 2)
    Traceback (most recent call last):
        ...
    ValueError: labels must be class indices from 0 to 1, got 2 at labels[1][0]
    """
    for index in indices(*shape(name, value)):
        label = reduce(getitem, index, value)
        place = name + "".join(f"[{i}]" for i in index)
        if not isinstance(label, Integral):
            raise TypeError(f"{name} must be class indices (integers), got {label!r} at {place}")
        if not 0 <= label < num_classes:
            raise ValueError(
                f"{name} must be class indices from 0 to {num_classes - 1}, got {label} at {place}"
            )


def zeros(sizes: Sequence[int], zero: Number = 0) -> Any:
    """Return nested lists of zeros, to add to.

    Examples
    --------
    >>> zeros((2, 3))
    [[0, 0, 0], [0, 0, 0]]
    """
    return [zeros(sizes[1:], zero) for _ in range(sizes[0])] if sizes else zero


def zero_of(*values: Nested | None) -> Number:
    """Return the zero to start a sum from: 0 among exact numbers, 0.0 as soon as one is a float.

    Examples
    --------
    >>> zero_of([[1, Fraction(1, 2)]]), zero_of([1], [2.5])
    (0, 0.0)
    """
    numbers = (number for value in values if value is not None for number in flat(value))
    return 0 if all(isinstance(number, Rational) for number in numbers) else 0.0


def indices(*sizes: int) -> Iterator[tuple[int, ...]]:
    """Return every index tuple below ``sizes``, the last index fastest: one loop for several.

    Examples
    --------
    >>> list(indices(2, 2))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return product(*map(range, sizes))


def flat(value: Nested | Number) -> Iterator[Number]:
    """Yield the numbers of nested lists in row-major order."""
    if isinstance(value, Real):
        yield value
    else:
        for part in value:
            yield from flat(part)


def rows(value: Nested) -> Iterator[Vector]:
    """Yield the innermost lists, those that run along the last axis."""
    if isinstance(value[0], Real):
        yield value
    else:
        for part in value:
            yield from rows(part)


def each(function: Callable[..., Number], *values: Any) -> Any:
    """Return ``function`` of every entry (of every group of entries in the same place).

    Examples
    --------
    >>> each(lambda a, b: a * b, [[1, 2], [3, 4]], [[10, 20], [30, 40]])
    [[10, 40], [90, 160]]
    """
    if isinstance(values[0], Real):
        return function(*values)
    return [each(function, *parts) for parts in zip(*values, strict=True)]


def along(axis: int, function: Callable[..., Vector], *values: Any) -> Any:
    """Return ``function`` of every list of numbers that runs along ``axis``, counted from 0.

    Examples
    --------
    >>> along(0, sorted, [[3, 1], [2, 4]])
    [[2, 1], [3, 4]]
    """
    if axis > 0:
        return [along(axis - 1, function, *parts) for parts in zip(*values, strict=True)]
    if isinstance(values[0][0], Real):
        return function(*values)
    # Transposed, the axis moves one level down; transposing back afterwards restores the order.
    return _transposed(along(1, function, *map(_transposed, values)))


def _transposed(value: Matrix) -> list[list[Any]]:
    return [list(column) for column in zip(*value, strict=True)]


def divide(a: Number, b: Number) -> Number:
    """Return a / b, exactly when both are exact; anything but zero over zero is infinite, and 0 / 0 is NaN.

    Examples
    --------
    >>> divide(1, 3), divide(1.0, 4), divide(1, 0)
    (Fraction(1, 3), 0.25, inf)
    """
    if b == 0:
        return float("nan") if a == 0 or a != a else float("inf") if a > 0 else float("-inf")
    return Fraction(a) / b if isinstance(a, Rational) and isinstance(b, Rational) else a / b
