"""Differentiable sampling: the value of an image between its pixels, and the derivatives of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.calculation import Calculation
from byhand.draws import Degenerate, Draws, Inconvenient
from byhand.given import expect, reals
from byhand.mistakes import Slip
from byhand.notation import exact, factor, tex, tidy
from byhand.trace import Cell, Work

_AXES_SWAPPED = (
    "You swapped the two coordinates: $x$ counts columns, to the right, and $y$ counts rows, downwards, while an entry "
    "$I_{ij}$ names its row first."
)
_DERIVATIVES_SWAPPED = Slip(
    "derivatives_swapped",
    "You gave the derivative in the other direction. A step in $x$ runs along a row and compares neighbours in a row; "
    "a step in $y$ compares neighbours in a column.",
    "Which two pixels does a step to the right compare?",
)


class BilinearSampling(Calculation):
    """A value between four pixels, and what it changes with."""

    id = "A45"
    title = "Bilinear sampling and its derivatives"
    coursework = exact({"image": [[4, 8, 2], [0, 6, 9], [5, 1, 3]], "x": "1.25", "y": "0.4"})
    symbols = {"image": "I"}
    givens = {
        "image": reals("map $I$", "h:2-8 w:2-8"),
        "x": reals("column $x$", low=0, high=7),
        "y": reals("row $y$", low=0, high=7),
    }
    parts = {
        "v": "the value at $(x, y)$",
        "dx": r"$\partial v / \partial x$",
        "dy": r"$\partial v / \partial y$",
        "dI": r"$\partial v / \partial I$, a number for each pixel",
    }
    slips = (
        Slip(
            "nearest_pixel",
            "You took the nearest pixel. That value jumps halfway between two pixels and is constant elsewhere, so its "
            "derivative is 0 and nothing can be learned through it. Bilinear sampling weighs the four pixels around.",
            "Move the point a little: a bilinear value changes a little.",
        ).on("v", lambda given, right: given.image[_nearest(given.y)][_nearest(given.x)]),
        Slip("axes_swapped", _AXES_SWAPPED, "Draw the point into the table of pixels.").on(
            "v", lambda given, right: _value(given.image, given.y, given.x)
        ),
        Slip(
            "far_pixel_weighed_more",
            "You weighed the pixels the wrong way round: the nearer a pixel, the larger is its weight. The fraction "
            "$a$ itself belongs to the pixel on the *right*.",
            "Put the point exactly on the left pixel, $a = 0$: its weight must be 1.",
        ).on("v", lambda given, right: _value(given.image, *map(_mirrored, (given.x, given.y)))),
        Slip(
            "one_row_only",
            "You took the difference of the two upper pixels. The point lies between two rows: weigh the difference in "
            "each of them.",
            "Let the lower row change: does the derivative?",
        ).on("dx", lambda given, right: _upper_difference(given)),
        _DERIVATIVES_SWAPPED.on("dx", lambda given, right: right.dy),
        Slip(
            "one_column_only",
            "You took the difference of the two left pixels. The point lies between two columns: weigh the difference "
            "in each of them.",
            "Let the right column change: does the derivative?",
        ).on("dy", lambda given, right: _left_difference(given)),
        _DERIVATIVES_SWAPPED.on("dy", lambda given, right: right.dx),
        Slip(
            "pixel_left_in_the_derivative",
            "You left the pixel in: each entry is the weight times the pixel. The value is linear in each pixel, so "
            "its derivative is the weight alone.",
            "The four derivatives must add up to 1.",
        ).on("dI", lambda given, right: _times(right.dI, given.image)),
        Slip(
            "nearest_pixel_only",
            "You let the nearest pixel alone have a derivative. All four pixels around the point have a part in the "
            "value, each by its weight.",
            "Raise another one of the four by 1: does the value change?",
        ).on("dI", lambda given, right: _only_nearest(given)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        fractions = [Fraction(n, 4) for n in (1, 3)] + [Fraction(n, 5) for n in range(1, 5)]
        a, b = draws.sample(fractions, 2)
        return {
            "image": draws.matrix(3, 3, 0, 9),
            "x": draws.integer(0, 1) + a,
            "y": draws.integer(0, 1) + b,
        }

    def refuse(self) -> None:
        v, given = self.values, self.given
        if v["dx"] == v["dy"] or 0 in (v["dx"], v["dy"]):
            raise Degenerate("one of the directions does not matter, or both matter alike")
        if v["dx"] == _upper_difference(given) or v["dy"] == _left_difference(given):
            raise Degenerate("only one row or one column matters")
        if v["v"] == given.image[_nearest(given.y)][_nearest(given.x)]:
            raise Degenerate("the value is that of the nearest pixel")
        if 0 in [given.image[r][c] for r, c in _corners(given.x, given.y)]:
            raise Inconvenient("one of the four pixels is 0")

    def accept(self) -> None:
        for name, last in (("x", len(self.given.image[0]) - 1), ("y", len(self.given.image) - 1)):
            inside = getattr(self.given, name) < last
            expect(inside, f"The point is to lie between four pixels: expected less than {last}.", name)
            smooth = _fraction(getattr(self.given, name)) != 0
            expect(
                smooth,
                "On a line through pixels the value has a kink: expected a number that is not whole.",
                name,
            )

    def pose(self) -> str:
        g = self.given
        return (
            f"Sample the map $I$ at the point $x = {tex(g.x)}$, $y = {tex(g.y)}$ by bilinear interpolation. Pixels sit "
            "on whole coordinates: $x$ is the column, counted from 0 to the right, and $y$ the row, counted from 0 "
            "downwards. Then show that the value is differentiable: find its derivatives for the two coordinates and "
            "for every pixel."
        )

    def solve(self, work: Work) -> None:
        g = self.given
        (i, j), a, b = (math.floor(g.y), math.floor(g.x)), _fraction(g.x), _fraction(g.y)
        self._weigh(work, i, j, a, b)
        self._slope(
            work,
            "dx",
            f"Along $x$ the value is a straight line between column {j} and column {j + 1}: take the difference right "
            "minus left in both rows, and weigh it as the rows are.",
            r"\frac{\partial v}{\partial x} = (1 - b)(I_{i,j+1} - I_{ij}) + b\, (I_{i+1,j+1} - I_{i+1,j})",
            b,
            (((i, j + 1), (i, j)), ((i + 1, j + 1), (i + 1, j))),
        )
        self._slope(
            work,
            "dy",
            f"Along $y$ it is a straight line between row {i} and row {i + 1}: take the difference lower minus upper "
            "in both columns, and weigh it as the columns are.",
            r"\frac{\partial v}{\partial y} = (1 - a)(I_{i+1,j} - I_{ij}) + a\, (I_{i+1,j+1} - I_{i,j+1})",
            a,
            (((i + 1, j), (i, j)), ((i + 1, j + 1), (i, j + 1))),
        )
        self._pixels(work, i, j, a, b)

    def _weigh(self, work: Work, i: int, j: int, a: Any, b: Any) -> None:
        g = self.given
        for symbol, coordinate, whole, fraction in (("a", "x", j, a), ("b", "y", i, b)):
            value = getattr(g, coordinate)
            name, places = ("j", "columns") if coordinate == "x" else ("i", "rows")
            work.step(
                f"In ${coordinate}$ the point lies between the {places} {whole} and {whole + 1}: "
                f"${name} = {whole}$. What is left is its fraction of the way.",
                formula=rf"{symbol} = {coordinate} - \lfloor {coordinate} \rfloor",
                symbol=symbol,
                numbers=f"{tex(value)} - {whole}",
                result=fraction,
            )
        corners = _corners(g.x, g.y)
        products = " + ".join(
            rf"{tex(weight)} \cdot {factor(g.image[r][c])}"
            for (r, c), weight in zip(corners, _weights(a, b), strict=True)
        )
        work.step(
            "Each of the four pixels around has the area of the rectangle opposite as its weight: the nearer, the "
            f"larger. Here the weights are {_listed(_weights(a, b))}.",
            formula=r"v = (1 - a)(1 - b)\, I_{ij} + a (1 - b)\, I_{i,j+1} "
            r"+ (1 - a)\, b\, I_{i+1,j} + a b\, I_{i+1,j+1}",
            symbol="v",
            numbers=products,
            result=_value(g.image, g.x, g.y),
            cells={"I": corners},
        )
        work.part("v", _value(g.image, g.x, g.y))

    def _slope(
        self, work: Work, part: str, what: str, formula: str, t: Any, pairs: Sequence[tuple[Cell, Cell]]
    ) -> None:
        """Weigh two differences of pixels with 1 - t and t."""
        image = self.given.image
        values = [(image[r][c], image[p][q]) for (r, c), (p, q) in pairs]
        (first, second), (third, fourth) = values
        result = tidy((1 - t) * (first - second) + t * (third - fourth))
        work.step(
            what,
            formula=formula,
            symbol=r"\frac{\partial v}{\partial " + part[1] + "}",
            numbers=rf"{tex(1 - t)} \cdot ({tex(first)} - {factor(second)}) + "
            rf"{tex(t)} \cdot ({tex(third)} - {factor(fourth)})",
            result=result,
            cells={"I": [cell for pair in pairs for cell in pair]},
        )
        work.part(part, result)

    def _pixels(self, work: Work, i: int, j: int, a: Any, b: Any) -> None:
        g = self.given
        factors = [(1 - a, 1 - b), (a, 1 - b), (1 - a, b), (a, b)]
        for (r, c), (across, down) in zip(_corners(g.x, g.y), factors, strict=True):
            work.step(
                "In each pixel the value is linear, so the derivative is the pixel's weight, whatever the pixels are.",
                formula=r"\frac{\partial v}{\partial I_{mn}} = \max(0, 1 - |x - n|)\, \max(0, 1 - |y - m|)",
                symbol=rf"\frac{{\partial v}}{{\partial I_{{{r},{c}}}}}",
                numbers=rf"{tex(across)} \cdot {tex(down)}",
                result=tidy(across * down),
                cells={"I": [(r, c)], "dI": [(r, c)]},
            )
        work.step("All other pixels have the derivative 0. Check: the derivatives add up to 1.")
        work.step(
            "So the gradient of a loss reaches the pixels, by their weights, and the coordinates, by the differences "
            "of pixels: what computes either can be trained. On the grid lines themselves the value may have a kink, "
            "with two one-sided derivatives; one of them is taken, as in ReLU. This is how spatial transformers "
            "(Jaderberg et al. 2015) learn where to look, and how RoIAlign (He et al. 2017) reads features between "
            "pixels."
        )
        work.part("dI", _pixel_weights(g))


def _fraction(value: Any) -> Any:
    return tidy(Fraction(value) - math.floor(value))


def _mirrored(value: Any) -> Any:
    """Return the coordinate with its fraction of the way taken from the other side."""
    return math.floor(value) + 1 - _fraction(value)


def _nearest(value: Any) -> int:
    return math.floor(value + Fraction(1, 2))


def _corners(x: Any, y: Any) -> list[Cell]:
    """Return row and column of the pixels around a point: upper left, upper right, lower left, lower right."""
    i, j = math.floor(y), math.floor(x)
    return [(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)]


def _weights(a: Any, b: Any) -> list[Any]:
    return tidy([(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b])


def _value(image: Sequence[Sequence[Any]], x: Any, y: Any) -> Any:
    weights = _weights(_fraction(x), _fraction(y))
    return tidy(sum(weight * image[r][c] for (r, c), weight in zip(_corners(x, y), weights, strict=True)))


def _pixel_weights(given: Any) -> list[list[Any]]:
    """Return the derivative for every pixel."""
    weights = dict(
        zip(_corners(given.x, given.y), _weights(_fraction(given.x), _fraction(given.y)), strict=True)
    )
    return [[weights.get((r, c), 0) for c in range(len(row))] for r, row in enumerate(given.image)]


def _upper_difference(given: Any) -> Any:
    upper_left, upper_right, *_ = _corners(given.x, given.y)
    return given.image[upper_right[0]][upper_right[1]] - given.image[upper_left[0]][upper_left[1]]


def _left_difference(given: Any) -> Any:
    upper_left, _, lower_left, _ = _corners(given.x, given.y)
    return given.image[lower_left[0]][lower_left[1]] - given.image[upper_left[0]][upper_left[1]]


def _only_nearest(given: Any) -> list[list[int]]:
    nearest = (_nearest(given.y), _nearest(given.x))
    return [[int((r, c) == nearest) for c in range(len(row))] for r, row in enumerate(given.image)]


def _times(a: Sequence[Sequence[Any]], b: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [tidy([p * q for p, q in zip(*rows, strict=True)]) for rows in zip(a, b, strict=True)]


def _listed(values: Sequence[Any]) -> str:
    *first, last = (f"${tex(value)}$" for value in values)
    return f"{', '.join(first)} and {last}"
