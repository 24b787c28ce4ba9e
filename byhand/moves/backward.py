"""The way back: gradients of the squared error, of activations, of max pooling and of convolution.

``dX`` stands for dL/dX. Every move takes the upstream gradient and what the forward pass took, as the backward
operations of ``byhand.definitions`` do, and writes one step for each cell (each window, in pooling).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from byhand import definitions
from byhand._nested import each
from byhand.mistakes import Slip
from byhand.moves.convolution import cells_of, elementwise, inside, window_cells
from byhand.notation import Number, factor, nested, plain, sizes, tex
from byhand.trace import Cell, Work

Matrix = Sequence[Sequence[Any]]


def cellwise(
    work: Work,
    part: str,
    result: Any,
    inputs: Mapping[str, Any],
    *,
    what: str | Callable[..., str],
    formula: str,
    numbers: Callable[..., str],
) -> Any:
    """Write one step for each cell of ``result``, made from the same cell of every input.

    Parameters
    ----------
    inputs
        Vectors or matrices of the shape of ``result``, by symbol.
    what, numbers
        Take the values of the inputs in this cell; ``what`` may be one sentence for all cells.
    """
    for cell in cells(result):
        values = [at(array, cell) for array in inputs.values()]
        work.step(
            what if isinstance(what, str) else what(*values),
            formula=formula,
            symbol=entry(part, cell),
            numbers=numbers(*values),
            result=at(result, cell),
            cells={symbol: [cell] for symbol in (*inputs, part)},
        )
    return work.part(part, result)


def difference(
    work: Work,
    part: str,
    prediction: Any,
    target: Any,
    *,
    symbols: tuple[str, str],
    what: str = r"The factor $\frac{1}{2}$ cancels the 2 of the square: what remains is prediction minus target.",
) -> Any:
    """Subtract target from prediction: the gradient of half the sum of squares, and of cross-entropy for logits.

    ``symbols`` are those of prediction and target, vectors or matrices; ``what`` says why the difference is right.
    """
    y, t = (f"{symbol}_{{{letters(prediction)}}}" for symbol in symbols)
    return cellwise(
        work,
        part,
        definitions.squared_error_backward(prediction, target),
        dict(zip(symbols, (prediction, target), strict=True)),
        what=what,
        formula=f"{part}_{{{letters(prediction)}}} = {y} - {t}",
        numbers=lambda y, t: f"{tex(y, work.digits)} - {factor(t, work.digits)}",
    )


def relu_backward(work: Work, part: str, upstream: Any, x: Any, *, symbols: tuple[str, str]) -> Any:
    """Let the gradient through where the input was positive; ``symbols`` are those of upstream and input."""
    return _through(work, part, definitions.relu_backward(upstream, x), upstream, x, 0, symbols)


def leaky_relu(work: Work, part: str, x: Any, slope: Number, *, symbol: str, slope_symbol: str = "a") -> Any:
    """Multiply negative values by the slope; ``symbol`` is that of ``x``."""
    cell = f"{symbol}_{{{letters(x)}}}"
    return elementwise(
        work,
        part,
        x,
        nested(x, lambda value: leaky(value, slope)),
        symbol=symbol,
        what="Keep a positive value; multiply a negative one by the slope.",
        formula=_cases(f"{part}_{{{letters(x)}}}", cell, f"{slope_symbol}\\, {cell}", cell),
        numbers=lambda value: tex(value) if value > 0 else rf"{factor(slope)} \cdot {factor(value)}",
    )


def leaky_relu_backward(
    work: Work,
    part: str,
    upstream: Any,
    x: Any,
    slope: Number,
    *,
    symbols: tuple[str, str],
    slope_symbol: str = "a",
) -> Any:
    """Multiply the gradient by the slope where the input was negative; ``symbols`` as in :func:`relu_backward`."""
    result = each(lambda dy, value: dy if value > 0 else dy * slope, upstream, x)
    return _through(work, part, result, upstream, x, slope, symbols, slope_symbol)


def leaky(value: Number, slope: Number) -> Number:
    """Return the leaky ReLU of one value."""
    return value if value > 0 else slope * value


def _through(
    work: Work,
    part: str,
    result: Any,
    upstream: Any,
    x: Any,
    slope: Number,
    symbols: tuple[str, str],
    slope_symbol: str = "",
) -> Any:
    """Write the steps of a gradient on its way back through a ReLU with this slope on the left."""
    dy, cell = (f"{symbol}_{{{letters(x)}}}" for symbol in symbols)
    left = f"{slope_symbol}\\, {dy}" if slope_symbol else "0"
    closed = f"is multiplied by the slope {plain(slope)}" if slope_symbol else "stops"

    def what(_: Number, value: Number) -> str:
        if value > 0:
            return f"${symbols[1]}$ is positive here: the gradient passes unchanged."
        sign = "negative" if value < 0 else "0"
        return f"${symbols[1]}$ is {sign} here: the gradient {closed}."

    return cellwise(
        work,
        part,
        nested(result, lambda value: value or 0),  # what stops is exactly 0, whatever came back
        dict(zip(symbols, (upstream, x), strict=True)),
        what=what,
        formula=_cases(f"{part}_{{{letters(x)}}}", dy, left, cell),
        numbers=lambda dy, value: rf"{factor(dy, work.digits)} \cdot {factor(1 if value > 0 else slope)}",
    )


def _cases(what: str, right: str, left: str, x: str) -> str:
    return rf"{what} = \begin{{cases}} {right} & {x} > 0 \\ {left} & {x} \le 0 \end{{cases}}"


def max_pool_backward(
    work: Work, part: str, upstream: Matrix, x: Matrix, kernel_size: int, *, symbols: tuple[str, str]
) -> list[list[Any]]:
    """Hand each window's gradient to its largest cell; ``symbols`` are those of upstream and input.

    The windows do not overlap: the stride is their size. Of equal largest cells the first gets the gradient.
    """
    result = definitions.max_pool2d_backward([[upstream]], [[x]], kernel_size)[0][0]
    dy, symbol = symbols
    formula = (
        rf"{part}_{{ij}} = \begin{{cases}} {dy}_{{pq}} & {symbol}_{{ij}} \text{{ is the largest of window }} p, q "
        rf"\\ 0 & \text{{otherwise}} \end{{cases}}"
    )
    left = set(cells_of(x))
    for i, j in cells_of(upstream):
        window = window_cells(i, j, kernel_size, kernel_size)
        left -= set(window)
        winner = max(window, key=lambda cell: at(x, cell))
        work.step(
            f"The largest of the window is ${entry(symbol, winner)} = {tex(at(x, winner))}$: it gets all of the "
            f"window's gradient, the others get 0.",
            formula=formula,
            symbol=entry(part, winner),
            numbers=rf"{factor(upstream[i][j], work.digits)} \cdot 1",
            result=upstream[i][j],
            cells={dy: [(i, j)], symbol: window, part: window},
        )
    if left:
        work.step("No window covers the other cells: they get 0.", cells={part: sorted(left)})
    return work.part(part, result)


def filter_gradient(
    work: Work, part: str, upstream: Matrix, image: Matrix, *, symbols: tuple[str, str]
) -> list[list[Any]]:
    """Find the gradient for a filter (stride 1, no padding); ``symbols`` are those of upstream and image."""
    rows, columns = (n - m + 1 for n, m in zip(sizes(image), sizes(upstream), strict=True))  # of the filter
    filters = [[[[0] * columns for _ in range(rows)]]]
    result = definitions.conv2d_backward([[upstream]], [[image]], filters)[1][0][0]
    dy, symbol = symbols
    open_cells = [cell for cell in cells_of(upstream) if at(upstream, cell)]
    formula = f"{part}_{{ab}} = \\sum_{{i,j}} {dy}_{{ij}}\\, {symbol}_{{i+a,\\,j+b}}"
    for a, b in cells_of(result):
        met = [(i + a, j + b) for i, j in open_cells]
        what = f"The weight in row {a}, column {b}: ${dy}$ is 0 everywhere, so nothing comes back."
        if met:
            what = (
                f"The weight in row {a}, column {b} met {_listed(symbol, met)} where ${dy}$ is not 0: "
                f"{_gathered('value', met)}."
            )
        factors = {dy: (upstream, open_cells), symbol: (image, met)}
        _gather(work, what, formula, (part, (a, b), result), factors)
    return work.part(part, result)


def image_gradient(
    work: Work,
    part: str,
    upstream: Matrix,
    kernel: Matrix,
    *,
    symbols: tuple[str, str],
) -> list[list[Any]]:
    """Find the gradient for an image (stride 1, no padding); ``symbols`` are those of upstream and filter.

    It is the full correlation of the upstream gradient with the filter turned by 180 degrees.
    """
    rows, columns = (n + m - 1 for n, m in zip(sizes(upstream), sizes(kernel), strict=True))  # of the image
    image = [[[[0] * columns for _ in range(rows)]]]
    result = definitions.conv2d_backward([[upstream]], image, [[kernel]])[0][0][0]
    dy, symbol = symbols
    formula = f"{part}_{{ij}} = \\sum_{{a,b}} {dy}_{{i-a,\\,j-b}}\\, {symbol}_{{ab}}"
    work.step(
        "Each gradient goes back along the weights that made its window. In one picture: lay the filter, turned by "
        f"180 degrees, on every position where it meets ${dy}$, with zeros around.",
        formula=formula,
    )
    for r, c in cells_of(result):
        covered = [(r - a, c - b) for a, b in cells_of(kernel)]
        open_cells = [cell for cell in covered if inside(upstream, cell) and at(upstream, cell)]
        weights = [(r - i, c - j) for i, j in open_cells]
        what = f"Row {r}, column {c}: no window with a gradient covers this cell."
        if weights:
            what = (
                f"Row {r}, column {c} lay under {_listed(symbol, weights)} where ${dy}$ is not 0: "
                f"{_gathered('weight', weights)}."
            )
        factors = {dy: (upstream, open_cells), symbol: (kernel, weights)}
        _gather(work, what, formula, (part, (r, c), result), factors)
    return work.part(part, result)


def _listed(symbol: str, where: Sequence[Cell]) -> str:
    """Return entries in words: "$I_{0,0}$, $I_{0,1}$ and $I_{1,2}$"."""
    *first, last = [f"${entry(symbol, cell)}$" for cell in where]
    return f"{', '.join(first)} and {last}" if first else last


def _gathered(what: str, where: Sequence[Cell]) -> str:
    return f"gradient times {what}" + (", added up" if len(where) > 1 else "")


def _gather(
    work: Work,
    what: str,
    formula: str,
    filled: tuple[str, Cell, Matrix],
    factors: Mapping[str, tuple[Matrix, list[Cell]]],
) -> None:
    """Write the step that fills one cell with a sum of products over cells of two arrays, in the same order."""
    part, cell, result = filled
    values = [[at(array, cell) for cell in chosen] for array, chosen in factors.values()]
    work.step(
        what,
        formula=formula,
        symbol=entry(part, cell),
        numbers=sum_of_products(*values, work.digits),
        result=at(result, cell),
        cells={**{symbol: chosen for symbol, (_, chosen) in factors.items()}, part: [cell]},
    )


# Sums, and cells of vectors and matrices alike


def sum_of_products(values: Sequence[Number], weights: Sequence[Number], digits: int) -> str:
    r"""Return ``1 \cdot (-1) + 3 \cdot 0`` as LaTeX."""
    pairs = zip(values, weights, strict=True)
    return " + ".join(rf"{factor(a, digits)} \cdot {factor(b, digits)}" for a, b in pairs)


def cells(array: Any) -> list[Cell]:
    """Return the index of every number in reading order: (i,) in a vector, (row, column) in a matrix."""
    return list(product(*map(range, sizes(array))))


def at(array: Any, cell: Cell) -> Any:
    """Return the number at an index; the array itself, if it is a number, at ()."""
    for i in cell:
        array = array[i]
    return array


def entry(symbol: str, cell: Cell) -> str:
    """Return the symbol of one entry, such as ``J_{0,1}``."""
    return f"{symbol}_{{{','.join(map(str, cell))}}}" if cell else symbol


def letters(array: Any) -> str:
    """Return the index letters of a vector or a matrix: ``i`` or ``ij``."""
    return "ij"[: len(sizes(array))]


# Slips that these gradients invite, and what they lead to

ACTIVATION_FOR_DERIVATIVE = Slip(
    "activation_for_derivative",
    "You multiplied by the value of the activation where its derivative belongs. The derivative of a ReLU is 1 or 0, "
    "however large the value is.",
    "Double the input of the ReLU: its derivative must stay the same.",
)
RELU_OF_THE_GRADIENT = Slip(
    "relu_of_the_gradient",
    "You applied the ReLU to the gradient. On the way back a gradient of either sign passes where the *input* of the "
    "ReLU was positive, and stops elsewhere.",
    "Lay the map from before the ReLU beside the gradient: its signs decide, not those of the gradient.",
)
RELU_FOR_LEAKY = Slip(
    "relu_for_leaky_relu",
    "You treated the leaky ReLU as a ReLU. On the negative side it has a slope, small but not 0.",
    "A negative value must leave a trace, forward and backward.",
)
MAX_POOL_COPIED = Slip(
    "max_pool_gradient_copied",
    "You copied the gradient to every cell of the window. Only the largest cell had any influence on the output, so it "
    "gets all of the gradient and the others get 0.",
    "Count the cells that are not zero: at most one for each window.",
)
MAX_POOL_CORNER = Slip(
    "max_pool_gradient_in_the_corner",
    "You put each gradient into the first cell of its window. It belongs where the maximum stood in the forward pass.",
    "Circle the maximum of each window in the forward pass; the gradients land on the circles.",
)
FILTER_NOT_TURNED = Slip(
    "filter_not_turned",
    "You laid the filter on the gradient as it is. The forward pass was a cross-correlation, so the way back to the "
    "image takes the filter turned by 180 degrees: $dI_{ij}$ collects $dJ_{i-a,\\,j-b}$ times $W_{ab}$.",
    "Follow one gradient alone: it must hand each pixel of its window the weight that lay on that pixel.",
)
GRADIENT_TURNED = Slip(
    "gradient_turned",
    "You turned the result by 180 degrees. The gradient for the filter is a cross-correlation of the image with the "
    "upstream gradient, and nothing is turned; only the gradient for the image needs the turned filter.",
    "Follow the first weight alone: it met the first pixel of every window.",
)


def turned(kernel: Matrix) -> Matrix:
    """Return the filter turned by 180 degrees."""
    return [row[::-1] for row in kernel[::-1]]


def spread(upstream: Matrix, share: Fraction | int) -> Matrix:
    """Return each gradient, times the share, in all four cells of its window."""
    return [
        [upstream[i // 2][j // 2] * share for j in range(2 * len(upstream[0]))]
        for i in range(2 * len(upstream))
    ]


def in_corner(upstream: Matrix) -> Matrix:
    """Return each gradient in the first cell of its window."""
    return [
        [value if (i % 2, j % 2) == (0, 0) else 0 for j, value in enumerate(row)]
        for i, row in enumerate(spread(upstream, 1))
    ]


def on_wrong_side(values: Matrix, inputs: Matrix, slope: Any) -> Matrix | None:
    """Return the values, those with a positive input times the slope; None for a slope of 0."""
    return each(lambda value, x: value * slope if x > 0 else value, values, inputs) if slope else None
