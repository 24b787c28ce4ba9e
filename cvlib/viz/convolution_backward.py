"""Pictures of the chapter on backpropagation through convolution and pooling: maps, and their gradients beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cvlib._checks import choice
from cvlib.ops import (
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    conv2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from cvlib.shapes import conv_output_size
from cvlib.viz.board import TINT, canvas, number
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, EXTRA, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "learning_filter",
    "loss_by_step_size",
    "matrix_and_transpose",
    "pictures",
    "pooling_backward",
    "readers",
    "readers_of_pixel",
    "stretched_gradient",
    "there_and_back",
    "three_convolutions",
]

LABEL = 0.56  # units above a matrix, for its name
LETTERS = "abcdefghi"
STAR = r"$\star$"  # cross-correlation


def _matrix(
    axes: Axes,
    values: ArrayLike,
    left: float,
    top: float,
    unit: float,
    *,
    colour: str,
    name: str = "",
    words: Mapping[tuple[int, int], str] | None = None,
    alpha: ArrayLike | None = None,
    outside: int = 0,
    pitch: float | None = None,
) -> None:
    """Draw a matrix as cells with numbers (or the given words), tinted by size (or by ``alpha``), its name above.

    The outermost ``outside`` cells on each side are padding: grey and dashed. Cells are ``unit`` high and ``pitch``
    wide, square by default.
    """
    pitch = unit if pitch is None else pitch
    values = np.asarray(values, dtype=float)
    size = values.shape
    alpha = TINT * np.abs(values) / max(np.abs(values).max(), 1e-12) if alpha is None else np.asarray(alpha)
    for (row, column), value in np.ndenumerate(values):
        x, y = left + column * pitch, top + row * unit
        inside = all(outside <= at < length - outside for at, length in zip((row, column), size, strict=True))
        look = {"edgecolor": RULE} if inside else {"edgecolor": MUTED, "linestyle": ":"}
        axes.add_patch(
            Rectangle((x, y), pitch, unit, facecolor=(colour, alpha[row, column]), linewidth=0.8, **look)
        )
        word = number(value) if words is None else words.get((row, column), "")
        ink = INK if inside else MUTED
        axes.text(x + pitch / 2, y + unit / 2, word, ha="center", va="center", fontsize=9, color=ink)
    inner = (left + outside * pitch, top + outside * unit)
    height, width = (step * (length - 2 * outside) for step, length in zip((unit, pitch), size, strict=True))
    axes.add_patch(Rectangle(inner, width, height, fill=False, edgecolor=colour, linewidth=1.6))
    if name:
        axes.text(left, top - 0.13, name, ha="left", va="bottom")


def _frame(axes: Axes, left: float, top: float, unit: float, cell: tuple[int, int], colour: str) -> None:
    """Point out one cell of a matrix."""
    corner = (left + cell[1] * unit, top + cell[0] * unit)
    axes.add_patch(Rectangle(corner, unit, unit, fill=False, edgecolor=colour, linewidth=2.6))


def pictures(panels: Mapping[str, ArrayLike]) -> Figure:
    """Draw a grey picture (values 0 to 1) and three signed maps, the maps on one scale centred at zero."""
    figure, axes = subplots(2, 2, size="tall")
    grey, *signed = panels
    largest = max(float(np.quantile(np.abs(panels[name]), 0.99)) for name in signed)
    for panel, (name, values) in zip(axes.flat, panels.items(), strict=True):
        look = {"cmap": DIVERGING, "vmin": -largest, "vmax": largest}
        panel.imshow(values, **({"cmap": "gray", "vmin": 0, "vmax": 1} if name == grey else look))
        panel.set_title(name)
        panel.axis("off")
    return figure


def readers(
    row: int, column: int, kernel_size: int, stride: int = 1, padding: int = 0, *, size: int = 5
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return which outputs of a convolution read one pixel, and with which tap of the kernel.

    Output (i, j) reads the pixel with tap (u, v) if i * stride + u - padding = row, and likewise for the column.

    Examples
    --------
    >>> readers(0, 1, 3)
    {(0, 0): (0, 1), (0, 1): (0, 0)}
    """
    outputs = conv_output_size(size, kernel_size, stride=stride, padding=padding)
    rows, columns = (
        [(i, u) for i in range(outputs) for u in range(kernel_size) if i * stride + u - padding == place]
        for place in (row, column)
    )
    return {(i, j): (u, v) for i, u in rows for j, v in columns}


def readers_of_pixel(
    row: int, column: int, kernel_size: int, stride: int, padding: int, *, size: int = 5
) -> Figure:
    """Draw one pixel of an image, and the letter of the tap with which each output reads it.

    The other pixels carry the number of outputs that read them.
    """
    taps = readers(row, column, kernel_size, stride, padding, size=size)
    output = conv_output_size(size, kernel_size, stride=stride, padding=padding)
    ones = np.ones((1, 1, output, output)), np.zeros((1, 1, size, size)), np.ones((1, 1, *2 * [kernel_size]))
    counts = np.pad(conv2d_backward(*ones, stride=stride, padding=padding)[0][0, 0], padding)
    figure, axes = canvas("single")
    unit, middle = 0.51, 3.0
    lefts = (1.95 - counts.shape[1] * unit / 2, 5.2 - kernel_size * unit / 2, 8.2 - output * unit / 2)
    tops = [middle - length * unit / 2 for length in (len(counts), kernel_size, output)]
    cells = list(np.ndindex(counts.shape))
    inside = [cell for cell in cells if all(padding <= at < padding + size for at in cell)]
    words = {cell: number(counts[cell]) if cell in inside else "0" for cell in cells}
    faint = np.where(counts > 0, 0.12, 0.0)
    _matrix(axes, counts, lefts[0], tops[0], unit, colour=INPUT, words=words, alpha=faint, outside=padding)
    _frame(axes, lefts[0], tops[0], unit, (row + padding, column + padding), INK)
    kernel = np.arange(kernel_size**2).reshape(kernel_size, kernel_size)
    used = np.zeros(kernel.shape)
    for tap in taps.values():
        used[tap] = TINT
    letters = {tap: LETTERS[index] for tap, index in np.ndenumerate(kernel)}
    _matrix(axes, kernel, lefts[1], tops[1], unit, colour=WEIGHTS, words=letters, alpha=used)
    lit = np.zeros((output, output))
    for cell in taps:
        lit[cell] = TINT
    words = {cell: letters[tap] for cell, tap in taps.items()}
    _matrix(axes, lit, lefts[2], tops[2], unit, colour=GRADIENT, words=words, alpha=lit)
    for x, name in (
        (1.95, "image: how often\neach pixel is read"),
        (5.2, "kernel"),
        (8.2, "outputs that\nread it"),
    ):
        axes.text(x, 0.6, name, ha="center", va="center")
    words = {0: "no output reads the framed pixel: dx = 0"}
    words = words.get(len(taps), "dx = the tinted cells of dy, each times its letter, added up")
    axes.text(5, 5.7, words, ha="center", va="center")
    return figure


def three_convolutions(x: ArrayLike, w: ArrayLike, dy: ArrayLike) -> Figure:
    """Draw a valid convolution and its two gradients as three cross-correlations, with their numbers."""
    x, w, dy = (np.asarray(values, dtype=float)[None, None] for values in (x, w, dy))
    dx, dw, _ = conv2d_backward(dy, x, w)
    framed, turned = np.pad(dy[0, 0], np.array(w.shape[2:])[:, None] - 1), w[0, 0, ::-1, ::-1]
    rows = (
        (("x", x[0, 0], INPUT), ("w", w[0, 0], WEIGHTS), ("y", conv2d(x, w)[0, 0], OUTPUT)),
        (
            ("dy, zeros around it", framed, GRADIENT),
            ("w turned", turned, WEIGHTS),
            ("dx", dx[0, 0], GRADIENT),
        ),
        (("x", x[0, 0], INPUT), ("dy", dy[0, 0], GRADIENT), ("dw", dw[0, 0], GRADIENT)),
    )
    figure, axes = canvas("tall")
    heights = [max(len(values) for _, values, _ in row) for row in rows]
    unit = min(0.72, (9.4 - 3 * (LABEL + 0.2)) / sum(heights))
    centres, top = (3.1, 5.75, 8.4), 0.1
    titles = ("forward", "back to\nthe image", "back to\nthe filter")
    for row, height, title in zip(rows, heights, titles, strict=True):
        middle = top + LABEL + height * unit / 2
        axes.text(0.1, middle, title, va="center", color=MUTED)
        for centre, (name, values, colour) in zip(centres, row, strict=True):
            left, above = centre - values.shape[1] * unit / 2, middle - len(values) * unit / 2
            outside = w.shape[2] - 1 if values is framed else 0
            _matrix(axes, values, left, above, unit, colour=colour, name=name, outside=outside)
        for x_sign, sign in ((4.79, STAR), (6.88, "=")):
            axes.text(x_sign, middle, sign, ha="center", va="center", fontsize=20 if sign == STAR else 15)
        top += LABEL + height * unit + 0.2
    return figure


def stretched_gradient(dy: ArrayLike, w: ArrayLike, *, stride: int, padding: int = 0) -> Figure:
    """Draw how a gradient goes back through a stride: zeros between its cells and around, then the turned kernel."""
    dy, w = np.asarray(dy, dtype=float), np.asarray(w, dtype=float)
    size = (len(dy) - 1) * stride + len(w) - 2 * padding
    x = np.zeros((1, 1, size, size))
    dx = conv2d_backward(dy[None, None], x, w[None, None], stride=stride, padding=padding)[0][0, 0]
    side, border = (len(dy) - 1) * stride + 1, len(w) - 1 - padding
    stretched = np.zeros((side, side))
    stretched[::stride, ::stride] = dy
    stretched = np.pad(stretched, border)
    figure, axes = canvas("tall")
    unit = min(0.6, 8.0 / (len(stretched) + max(len(dx), len(w))))
    top = 0.2 + LABEL + len(stretched) * unit / 2
    _matrix(axes, dy, 0.6, top - len(dy) * unit / 2, unit, colour=GRADIENT, name="dy")
    words = {cell: number(value) for cell, value in np.ndenumerate(stretched)}
    _matrix(
        axes, stretched, 9.4 - len(stretched) * unit, 0.2 + LABEL, unit,
        colour=GRADIENT, words=words, outside=border, name="zeros between and around",
    )  # fmt: skip
    middle = top + len(stretched) * unit / 2 + 0.35 + LABEL + len(dx) * unit / 2
    _matrix(axes, w[::-1, ::-1], 2.6, middle - len(w) * unit / 2, unit, colour=WEIGHTS, name="w turned")
    _matrix(axes, dx, 9.4 - len(dx) * unit, middle - len(dx) * unit / 2, unit, colour=GRADIENT, name="dx")
    first = (0.6 + dy.shape[1] * unit + 9.4 - len(stretched) * unit) / 2
    second = (2.6 + len(w) * unit + 9.4 - len(dx) * unit) / 2
    for x_sign, y_sign, sign in (
        (first, top, "\N{RIGHTWARDS ARROW}"),
        (2.1, middle, STAR),
        (second, middle, "="),
    ):
        axes.text(x_sign, y_sign, sign, ha="center", va="center", fontsize=20)
    return figure


def matrix_and_transpose(matrix: ArrayLike) -> Figure:
    """Draw the matrix of a convolution and its transpose; zeros stay blank."""
    matrix = np.asarray(matrix, dtype=float)
    rows, columns = matrix.shape
    figure, axes = canvas("single")
    unit = min(0.55, 9.0 / (rows + columns), 5.2 / columns)
    for values, left, name in (
        (matrix, 0.3, f"W: y = W x, {rows} × {columns}"),
        (matrix.T, 9.7 - rows * unit, f"transposed, {columns} × {rows}"),
    ):
        words = {cell: number(value) for cell, value in np.ndenumerate(values) if value}
        top = 3.4 - len(values) * unit / 2
        _matrix(axes, values, left, top, unit, colour=WEIGHTS, words=words)
        anchor = ("left", left) if values is matrix else ("right", 9.7)
        axes.text(anchor[1], top - 0.15, name, ha=anchor[0], va="bottom")
    below = 3.4 + rows * unit / 2 + 0.3
    axes.text(0.3, below, "a row for each output,\na column for each pixel", va="top", color=MUTED)
    return figure


def pooling_backward(x: ArrayLike, dy: ArrayLike, kind: str, kernel_size: int, stride: int) -> Figure:
    """Draw a map, the gradient of its pooled version, and what comes back to the pixels.

    Parameters
    ----------
    x : array (H, W)
        The map that is pooled; the pixels that receive something are framed.
    dy : array
        Upstream gradient, of the pooled size.
    kind : {"max", "average"}
    kernel_size, stride : int
    """
    choice("kind", kind, ("max", "average"))
    x, dy = np.asarray(x, dtype=float)[None, None], np.asarray(dy, dtype=float)[None, None]
    backward = max_pool2d_backward if kind == "max" else avg_pool2d_backward
    forward = max_pool2d if kind == "max" else avg_pool2d
    dx = backward(dy, x, kernel_size, stride=stride)[0, 0]
    y = forward(x, kernel_size, stride=stride)[0, 0]
    figure, axes = canvas("tall")
    unit, columns, rows = 0.62, (2.55, 7.4), (2.75, 7.15)
    places = (
        ("x", x[0, 0], INPUT, (0, 0)),
        (f"y: {kind} pooling", y, OUTPUT, (1, 0)),
        ("dx", dx, GRADIENT, (0, 1)),
        ("dy", dy[0, 0], GRADIENT, (1, 1)),
    )
    for name, values, colour, (column, row) in places:
        left, top = columns[column] - values.shape[1] * unit / 2, rows[row] - len(values) * unit / 2
        words = {cell: _fraction(value) for cell, value in np.ndenumerate(values)}
        _matrix(axes, values, left, top, unit, colour=colour, name=name, words=words)
        if name == "x":
            for cell in zip(*np.nonzero(dx), strict=True):
                _frame(axes, left, top, unit, cell, GRADIENT)
    for y_arrow, tip, end in ((rows[0], 5.6, 4.6), (rows[1], 4.6, 5.6)):
        arrow = {"arrowstyle": "->", "color": INK, "linewidth": 1.6}
        axes.annotate("", (tip, y_arrow), (end, y_arrow), arrowprops=arrow)
    return figure


def _fraction(value: float) -> str:
    """Return a whole number, a quarter or a ninth as such."""
    for denominator in (1, 4, 9):
        numerator = round(value * denominator)
        if abs(value * denominator - numerator) < 1e-9:
            return number(numerator) + (f"/{denominator}" if denominator > 1 else "")
    return number(value)


def there_and_back(
    rows: Sequence[Mapping[str, tuple[ArrayLike, ArrayLike | None]]], *, weights: Sequence[str] = ()
) -> Figure:
    """Draw the maps of a small network, each with its gradient under it.

    Parameters
    ----------
    rows : sequence of mappings
        From name to (values, gradient or None), in the order of computation.
    weights : sequence of str
        The names that are learned (orange); the very first other one is the input (blue), the rest are green.
    """
    figure, axes = canvas("tall")
    given = [
        [(name, np.atleast_2d(v), None if g is None else np.atleast_2d(g)) for name, (v, g) in row.items()]
        for row in rows
    ]
    cells = sum(max(len(v) * (1 if g is None else 2) for _, v, g in row) for row in given)
    unit = min(0.62, (9.4 - 2 * LABEL * len(given) - 0.3 * (len(given) - 1)) / cells)
    columns = max(sum(v.shape[1] for _, v, _ in row) for row in given)
    gaps = 0.5 * (max(map(len, given)) - 1)
    pitch = min(1.4 * unit, (9.5 - gaps) / columns)  # wide enough for two digits and a sign
    top, maps = 0.1, 0
    for row in given:
        room = 9.5 - sum(v.shape[1] for _, v, _ in row) * pitch
        gap = min(room / max(len(row) - 1, 1), 1.2)
        left, bottom = 0.25, top
        for name, values, gradient in row:
            maps += name not in weights
            colour = WEIGHTS if name in weights else INPUT if maps == 1 else OUTPUT
            look = {"unit": unit, "pitch": pitch}
            _matrix(axes, values, left, top + LABEL, colour=colour, name=name, **look)
            end = top + LABEL + len(values) * unit
            if gradient is not None:
                _matrix(axes, gradient, left, end + LABEL, colour=GRADIENT, name=f"d{name}", **look)
                end += LABEL + len(gradient) * unit
            left, bottom = left + values.shape[1] * pitch + gap, max(bottom, end)
        top = bottom + 0.3
    return figure


def loss_by_step_size(
    step_sizes: ArrayLike, losses: ArrayLike, chosen: float, *, start: float, slope: float, highest: float
) -> Figure:
    """Draw the loss after some steps against the step size, its start, and what the gradient promises.

    Parameters
    ----------
    step_sizes, losses : array (N,)
        The curve.
    chosen : float
        One of ``step_sizes``, marked.
    start : float
        The loss before.
    slope : float
        Squared length of the gradient: the loss that the tangent predicts for one step is start - step size * slope.
    highest : float
        Upper end of the axis.
    """
    step_sizes, losses = np.asarray(step_sizes, dtype=float), np.asarray(losses, dtype=float)
    figure, axes = subplots()
    axes.axhline(start, color=RULE, linewidth=1.2)
    axes.text(
        0.84 * step_sizes[-1], start + 0.02 * highest, "loss before", ha="right", va="bottom", color=MUTED
    )
    zero = start / slope
    axes.plot([0, zero], [start, 0], "--", color=GRADIENT, linewidth=1.6)
    axes.text(zero * 0.42, start * 0.32, "tangent", ha="right", va="center", color=GRADIENT)
    axes.plot(step_sizes, np.where(losses < 3 * highest, losses, np.nan), color=OUTPUT)
    value = losses[int(np.argmin(np.abs(step_sizes - chosen)))]
    if value <= highest:
        axes.plot(chosen, value, "o", color=INK, markersize=8)
    else:
        axes.plot(chosen, 0.97 * highest, "^", color=INK, markersize=9)
    axes.set(xlim=(0, step_sizes[-1]), ylim=(0, highest), xlabel="step size", ylabel="loss afterwards")
    return figure


def learning_filter(
    target: ArrayLike, filter_now: ArrayLike, errors: ArrayLike, step: int, *, lowest: float
) -> Figure:
    """Draw a filter that is learned, the one it should become, and its error by step, on logarithmic axes.

    Parameters
    ----------
    target, filter_now : array (K, K)
    errors : array (steps + 1,)
        Relative distance between the two, before the first step and after each.
    step : int
        The step that ``filter_now`` belongs to.
    lowest : float
        Lower end of the axis.
    """
    errors = np.asarray(errors, dtype=float)
    figure, board = canvas("single")
    for name, values, colour, top in (
        ("the hidden filter", target, EXTRA, 0.75),
        (f"learned, step {step:,}", filter_now, WEIGHTS, 3.95),
    ):
        values = np.round(np.asarray(values, dtype=float), 2)
        alpha = np.minimum(TINT * np.abs(values) / max(np.abs(target).max(), 1e-12), TINT)
        words = {cell: number(value) for cell, value in np.ndenumerate(values)}
        look = {"colour": colour, "alpha": alpha, "words": words, "pitch": 0.95}
        _matrix(board, values, 0.3, top, 0.76, name=name, **look)
    axes = figure.add_axes((0.44, 0.17, 0.53, 0.7))
    steps = np.arange(len(errors)) + 1  # one further, since a logarithmic axis has no 0
    axes.plot(steps, np.maximum(errors, lowest / 10), color=MUTED, linewidth=1.4)
    axes.plot(steps[: step + 1], np.maximum(errors[: step + 1], lowest / 10), color=GRADIENT)
    axes.plot(step + 1, max(errors[step], lowest), "o", color=INK, markersize=8)
    axes.set(xscale="log", yscale="log", xlim=(0.8, len(errors) * 1.3), ylim=(lowest * 0.8, 2))
    axes.set(xlabel="step + 1", title="distance from the hidden filter")
    axes.set_yticks([1, 0.1, 0.01], ["100 %", "10 %", "1 %"])
    axes.minorticks_off()
    return figure
