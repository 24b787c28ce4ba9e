"""How numbers are written: exact when they are exact, rounded to a stated number of decimals when they are not.

Integers and fractions print in full (a fraction as a decimal when it ends, as in 0.05, and as 1/3 when it does not);
floats are rounded, and :func:`relation` says which of ``=`` and ``≈`` is true of what is printed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

DIGITS = 4  # decimals of a rounded number, unless a problem says otherwise
_LONGEST_DECIMAL = 10  # places of an exact decimal; a longer one prints as a fraction
_LONGEST_FRACTION = 10_000  # numerator and denominator of a printed fraction; a longer one is rounded
_GROUPED_FROM = 10_000  # 1000 stands as it is, 10,000 in groups of three

Number = int | Fraction | float


class Shape(tuple[int, ...]):
    """The sizes of a stack of maps, height x width x depth as the coursework writes them; prints as 26 × 26 × 4."""

    def __new__(cls, *sizes: int) -> Shape:
        """Return the shape of these sizes."""
        return super().__new__(cls, sizes)

    def __str__(self) -> str:
        return " × ".join(map(str, self))


def exact(value: Any) -> Any:
    """Return numbers written as text, such as ``"0.2"`` or ``"1/3"``, as integers and fractions, inside lists too.

    Raises
    ------
    TypeError
        If a float is among them: 0.1 as a float is not one tenth.
    """
    if isinstance(value, Mapping):
        return {name: exact(each) for name, each in value.items()}
    if isinstance(value, list | tuple) and not isinstance(value, Shape):
        return [exact(each) for each in value]
    if isinstance(value, float):
        raise TypeError(f'{value!r} is rounded already: write "{value!r}", with quotes')
    if isinstance(value, str | Fraction):
        number = Fraction(value)
        return number.numerator if number.denominator == 1 else number
    return value


def tidy(value: Any) -> Any:
    """Return a number, or nested lists of numbers, with whole fractions as integers and tuples as lists."""
    if isinstance(value, Shape | str):
        return value
    if isinstance(value, list | tuple):
        return [tidy(each) for each in value]
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def is_exact(value: Any) -> bool:
    """Tell whether a number, or every number in nested lists, is an integer or a fraction."""
    if isinstance(value, list | tuple):
        return all(map(is_exact, value))
    return isinstance(value, int | Fraction)


def is_integral(value: Any) -> bool:
    """Tell whether a number, or every number in nested lists, is exact and whole."""
    if isinstance(value, list | tuple):
        return all(map(is_integral, value))
    return isinstance(value, int) or (isinstance(value, Fraction) and value.denominator == 1)


def nested(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return nested lists with ``change`` applied to every number."""
    if isinstance(value, list | tuple):
        return [nested(each, change) for each in value]
    return change(value)


def sizes(value: Any) -> tuple[int, ...]:
    """Return the shape of nested lists; () for a number."""
    return (len(value), *sizes(value[0])) if isinstance(value, list | tuple) and value else ()


def matrices(symbol: str, value: Any) -> dict[str, Any]:
    """Return what can be shown as tables: a vector or matrix as it is, a stack of maps as one numbered matrix for each.

    A number, a shape or a word gives nothing.
    """
    rank = 0 if isinstance(value, Shape) else len(sizes(value))
    if rank in (1, 2):
        return {symbol: value}
    return {
        name: matrix
        for number, inner in enumerate(value if rank else ())
        for name, matrix in matrices(f"{symbol}_{{{number}}}", inner).items()
    }


def numbers(value: Any) -> list[Any]:
    """Return the numbers of nested lists in reading order."""
    if isinstance(value, list | tuple):
        return [number for each in value for number in numbers(each)]
    return [value]


def is_rounded(value: Any, digits: int = DIGITS) -> bool:
    """Tell whether any number would lose something in print."""
    if isinstance(value, list | tuple):
        return any(is_rounded(each, digits) for each in value)
    if isinstance(value, Fraction):
        return _decimal_places(value) is None and _too_long(value)
    return isinstance(value, float) and math.isfinite(value) and value != float(_rounded(value, digits))


def symbol(name: str) -> str:
    r"""Return the name of a part as LaTeX: ``p1`` as ``p_{1}``, a word as ``\text{word}``, and others as they are."""
    if found := re.fullmatch(r"([A-Za-z]{1,2})(\d+)", name):
        return f"{found[1]}_{{{found[2]}}}"
    return rf"\text{{{name}}}" if re.fullmatch(r"[a-z]{3,}", name) else name


def relation(value: Any, digits: int = DIGITS) -> str:
    r"""Return ``=`` or ``\approx``, whichever is true of the value in print."""
    return r"\approx" if is_rounded(value, digits) else "="


def plain(value: Any, digits: int = DIGITS) -> str:
    """Return a number, nested lists, a shape or a word as plain text."""
    if isinstance(value, Shape | str):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(plain(each, digits) for each in value)}]"
    sign, whole, exponent = _pieces(value, digits)
    return sign.replace("-", "\N{MINUS SIGN}") + whole + (f" × 10^{exponent}" if exponent else "")


def tex(value: Any, digits: int = DIGITS) -> str:
    """Return a number, a vector, a matrix or a shape as LaTeX."""
    if isinstance(value, Shape):
        return r" \times ".join(map(str, value))
    if isinstance(value, str):
        return rf"\text{{{value}}}"
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list | tuple):
            rows = r" \\ ".join(" & ".join(tex(each, digits) for each in row) for row in value)
            return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
        return f"({', '.join(tex(each, digits) for each in value)})"
    return _number_tex(value, digits)


# The same few numbers are written again and again; 1, 1.0 and Fraction(1) are kept apart by their types.
@lru_cache(maxsize=100_000, typed=True)
def _number_tex(value: Number, digits: int) -> str:
    sign, whole, exponent = _pieces(value, digits)
    if "/" in whole:
        numerator, denominator = whole.split("/")
        return rf"{sign}\frac{{{numerator}}}{{{denominator}}}"
    whole = whole.replace(",", "{,}").replace("infinity", r"\infty")
    return sign + whole + (rf" \times 10^{{{exponent}}}" if exponent else "")


def factor(value: Number, digits: int = DIGITS) -> str:
    """Return a number as LaTeX that can stand in a product or behind a sign: negative ones in brackets."""
    written = tex(value, digits)
    return f"({written})" if value < 0 else written


def base(value: Number, digits: int = DIGITS) -> str:
    """Return a number as LaTeX that can stand under an exponent: only plain digits do so without brackets."""
    written = tex(value, digits)
    return f"({written})" if value < 0 or "\\" in written else written


def _pieces(value: Number, digits: int) -> tuple[str, str, int]:
    """Return the sign, the digits and the power of ten that is to be written (0 for none)."""
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("not a number: a problem must not have nan in it")
    sign, size = ("-" if value < 0 else ""), abs(value)
    if isinstance(size, float):
        if math.isinf(size):
            return sign, "infinity", 0
        if 0 < size < 10.0**-digits:
            mantissa, exponent = f"{size:.2e}".split("e")
            return sign, mantissa, int(exponent)
        written = _rounded(size, digits)
        return ("" if float(written) == 0 else sign), _grouped(written), 0
    size = Fraction(size)
    places = _decimal_places(size)
    if places is not None:
        scaled = size.numerator * 10**places // size.denominator
        whole, rest = divmod(scaled, 10**places)
        return sign, _grouped(f"{whole}.{rest:0{places}d}" if places else str(whole)), 0
    if _too_long(size):
        return _pieces(float(value), digits)
    return sign, f"{size.numerator}/{size.denominator}", 0


def _rounded(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


def _grouped(written: str) -> str:
    whole, dot, rest = written.partition(".")
    return (f"{int(whole):,}" if int(whole) >= _GROUPED_FROM else whole) + dot + rest


def _too_long(value: Fraction) -> bool:
    return max(abs(value.numerator), value.denominator) >= _LONGEST_FRACTION


def _decimal_places(value: Fraction) -> int | None:
    """Return how many decimals an exact value needs; None if they do not end, or not soon."""
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    places = max(twos, fives)
    return places if denominator == 1 and places <= _LONGEST_DECIMAL else None
