"""Figures of the chapter on backpropagation: graphs with their values and gradients, step sizes, XOR, and costs.

A graph is drawn from the :class:`cvlib.autograd.Tensor` that was computed, so that what is drawn is what was computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from numpy.typing import ArrayLike

from cvlib._checks import choice
from cvlib.autograd import Tensor
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, EXTRA, GRADIENT, INK, INPUT, MUTED, OUTPUT, PAPER, RULE, SIZES, WEIGHTS

__all__ = [
    "gates",
    "graph",
    "jacobian_chain",
    "starts_that_learn",
    "step_sizes",
    "two_gradients",
    "xor_surface",
]

SMALL = 9  # points: the smallest letters in the book
MINUS = "\N{MINUS SIGN}"
SIGNS = {"*": "×", "-": MINUS, "/": "÷", "sum": "Σ", "sigmoid": "σ", "relu": "ReLU"}
RADIUS = 0.2  # inches: a gate
LEAST_LOSS = 1e-5  # where the axis of a loss ends; smaller ones stand on it
# What is drawn over the surface of a network, which keeps its colours in dark mode: these do not change either.
ON_LIGHT = {"line": "#111111", "point": "#ffffff"}


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS) if value else "0"


def _scalar(tensor: Tensor, array: np.ndarray | None) -> float:
    if tensor.value.size != 1:
        raise ValueError(f"a graph is drawn of single numbers, got a tensor of shape {tensor.shape}")
    return 0.0 if array is None else float(np.asarray(array).reshape(()))


def _empty(size: str) -> tuple[Figure, Axes]:
    """Return a figure and axes that cover it, measured in inches: from frame to frame nothing moves by itself."""
    width, height = SIZES[choice("size", size, tuple(SIZES))]
    figure = Figure(figsize=(width, height), layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    return figure, axes


def graph(
    output: Tensor,
    names: Mapping[str, Tensor],
    *,
    heights: Mapping[str, float] | None = None,
    size: str = "single",
) -> Figure:
    """Return the computational graph of a number: values above the edges, gradients below them.

    Inputs stand on the left, each operation to the right of what it reads. Where a value is used more than once,
    every edge shows the share of the gradient that comes back along it, and the input shows their sum.

    Parameters
    ----------
    output : Tensor
        A single number, after ``backward`` of it or of something computed from it.
    names : mapping of str to Tensor
        A name for every input, and for the output; other tensors may have one too.
    heights : mapping of str to float, optional
        Where named tensors stand, from 0 (bottom) to 1 (top); without it, inputs are spread evenly in the order of
        ``names``, and operations stand level with the middle of what they read.
    size : {"single", "tall", "wide"}
        One of the book's sizes.

    Raises
    ------
    ValueError
        If a tensor is not a single number, or an input or the output has no name.

    Examples
    --------
    >>> w, x = Tensor(2.0), Tensor(3.0)
    >>> y = w * x
    >>> y.backward()
    >>> figure = graph(y, {"w": w, "x": x, "y": y})
    """
    figure, axes = _empty(size)
    width, height = SIZES[size]
    _draw_graph(axes, output, names, heights or {}, box=(1.68, 0.4, width - 0.85, height - 0.4))
    return figure


def gates(examples: Mapping[str, tuple[Tensor, Mapping[str, Tensor]]]) -> Figure:
    """Return up to four small graphs below each other: a title, the output of a gate, and the names of its tensors."""
    if not 1 <= len(examples) <= 4:
        raise ValueError(f"examples must be 1 to 4 graphs, got {len(examples)}")
    figure, axes = _empty("tall")
    for row, (title, (output, names)) in enumerate(examples.items()):
        bottom = 1.2 * (3 - row)
        axes.text(0.1, bottom + 0.6, title, va="center", fontsize=11)
        _draw_graph(axes, output, names, {}, box=(2.6, bottom + 0.3, 4.15, bottom + 0.9))
    return figure


def _draw_graph(
    axes: Axes, output: Tensor, names: Mapping[str, Tensor], heights: Mapping[str, float], *, box: tuple
) -> None:
    tensors = output.graph()
    named = {id(tensor): name for name, tensor in names.items()}
    for tensor in tensors:
        _scalar(tensor, None)
        if (tensor.operation is None or tensor is output) and id(tensor) not in named:
            raise ValueError(f"names must name every input and the output, got none for {tensor!r}")
    places = _places(output, tensors, named, heights, box)
    ends = _edges(axes, tensors, places)
    for tensor in tensors:
        if tensor.operation is not None:
            _gate(axes, places[id(tensor)], tensor)
        else:
            _input(axes, places[id(tensor)], named[id(tensor)], tensor, ends[id(tensor)])
    x, y = places[id(output)]
    right = box[2]
    axes.add_patch(_arrow((x, y), (right, y), away=RADIUS))
    name = named[id(output)]
    axes.text(
        right + 0.05,
        y + 0.04,
        f"{name} = {_number(_scalar(output, output.value))}",
        va="bottom",
        color=OUTPUT,
    )
    gradient = _number(_scalar(output, output.gradient))
    axes.text(right + 0.05, y - 0.04, f"d{name} = {gradient}", va="top", color=GRADIENT)


def _places(
    output: Tensor,
    tensors: Sequence[Tensor],
    named: Mapping[int, str],
    heights: Mapping[str, float],
    box: tuple,
) -> dict[int, tuple[float, float]]:
    """Return where each tensor stands, in inches."""
    left, bottom, right, top = box
    column: dict[int, int] = {}
    for tensor in tensors:  # parents come first
        column[id(tensor)] = 1 + max((column[id(parent)] for parent in tensor.parents), default=-1)
    inputs = sorted((t for t in tensors if t.operation is None), key=lambda t: list(named).index(id(t)))
    rows = np.linspace(1, 0, len(inputs)) if len(inputs) > 1 else [0.5]
    row = {id(tensor): height for tensor, height in zip(inputs, rows, strict=True)}
    last = column[id(output)] + 1
    for tensor in tensors:
        if tensor.operation is not None:
            row[id(tensor)] = float(np.mean([row[id(parent)] for parent in dict.fromkeys(tensor.parents)]))
        row[id(tensor)] = heights.get(named.get(id(tensor)), row[id(tensor)])
    step = (right - left) / last
    return {key: (left + step * column[key], bottom + (top - bottom) * row[key]) for key in row}


def _edges(
    axes: Axes, tensors: Sequence[Tensor], places: Mapping[int, tuple[float, float]]
) -> dict[int, list[float]]:
    """Draw an edge from every parent to every reader, and return the shares that came back to each tensor."""
    uses = Counter(id(parent) for tensor in tensors for parent in tensor.parents)
    came_back: dict[int, list[float]] = {id(tensor): [] for tensor in tensors}
    for tensor in sorted(tensors, key=lambda tensor: -places[id(tensor)][1]):  # readers from top to bottom
        twice = len(set(map(id, tensor.parents))) < len(tensor.parents)
        for order, (parent, share) in enumerate(tensor.pull_back() if tensor.gradient is not None else ()):
            share = _scalar(parent, share)
            came_back[id(parent)].append(share)
            start, end = places[id(parent)], places[id(tensor)]
            given = parent.operation is None
            bend = (-0.5, 0.5)[order] if twice else 0.0
            axes.add_patch(_arrow(start, end, away=0.06 if given else RADIUS, short=RADIUS, bend=bend))
            if not given or uses[id(parent)] > 1:  # else the input's own label says it all
                _edge_label(
                    axes, start, end, _scalar(parent, parent.value), share, bend, 0.06 if given else RADIUS
                )
    return came_back


def _edge_label(
    axes: Axes, start: tuple, end: tuple, value: float, share: float, bend: float, away: float
) -> None:
    """Write a value above an edge and the gradient below it; both outside if the edge is one of two bent ones."""
    (x0, y0), (x1, y1) = start, end
    length = np.hypot(x1 - x0, y1 - y0)
    along = np.array([x1 - x0, y1 - y0]) / length
    across = np.array([-along[1], along[0]])  # points up, since edges run to the right
    share_of_edge = 0.5 if away == RADIUS else 0.62  # edges from one input are farther apart near their gates
    middle = np.array(start) + along * (away + share_of_edge * (length - away - RADIUS))
    if bend:
        middle = middle - across * bend * length / 2
        texts = {0.11 if bend < 0 else -0.11: (f"{_number(value)},", _number(share))}
        for offset, (black, red) in texts.items():
            x, y = middle + offset * across
            axes.text(x - 0.02, y, black, ha="right", va="center", fontsize=SMALL)
            axes.text(x + 0.02, y, red, ha="left", va="center", fontsize=SMALL, color=GRADIENT)
        return
    for offset, number, colour in ((0.12, value, INK), (-0.12, share, GRADIENT)):
        text = _number(number)
        reach = offset * (
            1 + 0.28 * (len(text) - 1) * abs(along[1])
        )  # wide numbers stand farther from steep edges
        axes.text(*(middle + reach * across), text, ha="center", va="center", fontsize=SMALL, color=colour)


def _arrow(
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    away: float,
    short: float = 0.02,
    bend: float = 0.0,
) -> FancyArrowPatch:
    """Return an arrow that begins ``away`` inches from ``start`` and ends ``short`` of ``end``."""
    return FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>",
        mutation_scale=9,
        linewidth=1.2,
        color=MUTED,
        shrinkA=72 * away,
        shrinkB=72 * short,
        connectionstyle=f"arc3,rad={bend}",
        zorder=1,
    )


def _gate(axes: Axes, place: tuple[float, float], tensor: Tensor) -> None:
    sign = SIGNS.get(tensor.operation.name, tensor.operation.name)
    constants = [argument for argument in tensor.arguments if isinstance(argument, Real)]
    sign += "".join(f" {_number(constant)}" for constant in constants)
    axes.add_patch(Circle(place, RADIUS, facecolor=PAPER, edgecolor=INK, linewidth=1.2, zorder=2))
    axes.text(*place, sign, ha="center", va="center", zorder=3, fontsize=10 if len(sign) < 4 else SMALL)


def _input(
    axes: Axes, place: tuple[float, float], name: str, tensor: Tensor, shares: Sequence[float]
) -> None:
    x, y = place
    axes.add_patch(Circle(place, 0.05, color=INPUT, zorder=2))
    total = _number(_scalar(tensor, tensor.gradient))
    if len(shares) > 1:
        terms = [_number(share) for share in shares]
        total = (
            " + ".join(f"({t})" if t.startswith(MINUS) and n else t for n, t in enumerate(terms))
            + f" = {total}"
        )
    axes.text(
        x - 0.12,
        y + 0.03,
        f"{name} = {_number(_scalar(tensor, tensor.value))}",
        ha="right",
        va="bottom",
        color=INPUT,
    )
    axes.text(x - 0.12, y - 0.03, f"d{name} = {total}", ha="right", va="top", color=GRADIENT, fontsize=SMALL)


def two_gradients(image: ArrayLike, gradients: Mapping[str, ArrayLike]) -> Figure:
    """Return a picture (H, W) and, under their titles, two signed gradients of its size on one scale."""
    figure = Figure(figsize=SIZES["single"], layout="none")
    panels = [figure.add_axes((left, 0.27, 0.3, 0.47)) for left in (0.02, 0.35, 0.68)]
    panels[0].imshow(image, cmap="gray_r", vmin=0, vmax=1)
    panels[0].set_title("the picture", fontsize=10, color=INPUT)
    largest = max(np.abs(gradient).max() for gradient in gradients.values())
    for axes, (title, gradient) in zip(panels[1:], gradients.items(), strict=True):
        drawn = axes.imshow(gradient, cmap=DIVERGING, vmin=-largest, vmax=largest)
        axes.set_title(title, fontsize=10, color=GRADIENT)
    for axes in panels:
        axes.set_axis_off()
    bar = figure.colorbar(drawn, cax=figure.add_axes((0.3, 0.16, 0.48, 0.045)), orientation="horizontal")
    bar.set_ticks(
        [-largest, 0, largest], labels=["more ink\nlowers the loss", "0", "more ink\nraises the loss"]
    )
    bar.outline.set_visible(False)
    return figure


def step_sizes(steps: ArrayLike, errors: Mapping[str, ArrayLike], *, chosen: str, step: float) -> Figure:
    """Return the error of measured slopes against the step, one curve for each way of measuring.

    Parameters
    ----------
    steps : array_like
        Step sizes h, (S,).
    errors : mapping of str to array_like
        For each way of measuring, its relative errors, (S,).
    chosen : str
        The way that is drawn in colour; the others are grey.
    step : float
        The step that is marked, one of ``steps``.
    """
    steps = np.asarray(steps, dtype=float)
    choice("chosen", chosen, tuple(errors))
    figure = Figure(figsize=SIZES["single"], layout="none")
    axes = figure.add_axes((0.14, 0.17, 0.83, 0.71))
    for name, error in errors.items():
        error = np.maximum(np.asarray(error, dtype=float), 1e-13)
        if name == chosen:
            axes.plot(steps, error, "o-", color=GRADIENT, markersize=3, zorder=3)
            at = int(np.argmin(np.abs(np.log(steps / step))))
            axes.axvline(steps[at], color=RULE, zorder=0)
            axes.plot(steps[at], error[at], "o", color=GRADIENT, markersize=9, zorder=4)
        else:
            axes.plot(steps, error, color=MUTED, linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlim=(3e-13, 0.3), ylim=(3e-14, 30))
    axes.set(xlabel="step h", ylabel="relative error of the slope")
    axes.set_yticks([1e-12, 1e-9, 1e-6, 1e-3, 1])
    axes.set_xticks([1e-12, 1e-9, 1e-6, 1e-3])
    axes.minorticks_off()
    axes.set_title(chosen, fontsize=10, color=GRADIENT)
    return figure


def xor_surface(
    surface: ArrayLike, losses: ArrayLike, *, step: int, kinks: ArrayLike, dead: Sequence[bool]
) -> Figure:
    """Return what a net says over the square around the four points of XOR, and its loss up to a step.

    Parameters
    ----------
    surface : array_like
        Outputs (R, R) on a grid over [-0.5, 1.5] x [-0.5, 1.5], first row at the top.
    losses : array_like
        The loss before every step.
    step : int
        The step that the surface belongs to, counted from 1.
    kinks : array_like
        For each hidden unit (w1, w2, b): its ReLU has its kink along the line w1 x1 + w2 x2 + b = 0.
    dead : sequence of bool
        Which units are silent at all four points; their lines are dotted.
    """
    figure = Figure(figsize=SIZES["single"], layout="none")
    axes, curve = figure.add_axes((0.09, 0.15, 0.48, 0.75)), figure.add_axes((0.7, 0.22, 0.27, 0.61))
    corners = (-0.5, 1.5, -0.5, 1.5)
    axes.imshow(surface, cmap=DIVERGING, vmin=-0.5, vmax=1.5, extent=corners, interpolation="bilinear")
    ends = np.array([-0.5, 1.5])
    for (w1, w2, b), silent in zip(np.asarray(kinks), dead, strict=True):
        line = (ends, -(w1 * ends + b) / w2) if abs(w2) > abs(w1) else (-(w2 * ends + b) / w1, ends)
        axes.plot(*line, ":" if silent else "-", color=ON_LIGHT["line"], linewidth=1.2)
    for x1, x2 in ((0, 0), (0, 1), (1, 0), (1, 1)):
        axes.plot(
            x1, x2, "o", markersize=15, color=ON_LIGHT["point"], markeredgecolor=ON_LIGHT["line"], zorder=3
        )
        axes.text(x1, x2, str(x1 ^ x2), ha="center", va="center", color=ON_LIGHT["line"], zorder=4)
    axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1])
    axes.set_xlabel("$x_1$", labelpad=-4)
    axes.set_ylabel("$x_2$", labelpad=-4)
    axes.set_title("output: blue 0, white ½, red 1", fontsize=10)
    losses = np.maximum(np.asarray(losses, dtype=float), 1e-30)
    curve.plot(np.arange(1, len(losses) + 1), losses, color=RULE)
    curve.plot(np.arange(1, step + 1), losses[:step], color=OUTPUT)
    curve.plot(step, max(losses[step - 1], LEAST_LOSS), "o", color=OUTPUT, clip_on=False, zorder=3)
    curve.set(xscale="log", yscale="log", xlim=(0.6, 2 * len(losses)), ylim=(LEAST_LOSS, 50))
    curve.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    curve.set_yticks([1e-4, 1e-2, 1])
    curve.minorticks_off()
    curve.set_xlabel("step")
    curve.set_title("loss", fontsize=10)
    return figure


def starts_that_learn(counts: Mapping[int, Sequence[int]], labels: Sequence[str], *, starts: int) -> Figure:
    """Return a bar for each number of hidden units, divided by where the starts ended; ``labels`` name the parts."""
    figure, axes = subplots()
    left = np.zeros(len(counts))
    rows = -np.arange(len(counts))
    for label, colour, part in zip(
        labels, (OUTPUT, WEIGHTS, EXTRA, GRADIENT), np.transpose(list(counts.values())), strict=True
    ):
        axes.barh(rows, part, left=left, color=colour, edgecolor=PAPER, height=0.75)
        for row, start, count in zip(rows, left, part, strict=True):
            if count > 0.04 * starts:
                axes.text(start + count / 2, row, str(count), ha="center", va="center", color="#000000")
        axes.text(left[0] + part[0] / 2, 0.5, label, ha="center", va="bottom")
        left = left + part
    axes.set_yticks(rows, [str(width) for width in counts])
    axes.set(ylabel="hidden units", xlabel="starts", xlim=(0, starts), ylim=(rows[-1] - 0.5, 1))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


def jacobian_chain(shapes: Sequence[tuple[int, int]], costs: Mapping[str, int]) -> Figure:
    """Return a chain of Jacobian matrices as rectangles, output on the left, and what each order of multiplying costs.

    Parameters
    ----------
    shapes : sequence of (int, int)
        Rows and columns of each matrix, as they are multiplied; sides are drawn on a logarithmic scale.
    costs : mapping of str to int
        Products needed for each order; the cheapest is drawn in colour.
    """
    figure = Figure(figsize=SIZES["single"], layout="none")
    chain, bars = figure.add_axes((0, 0.42, 1, 0.58)), figure.add_axes((0.05, 0.17, 0.9, 0.24))
    chain.set(xlim=(0, 5), ylim=(0, 1.856))
    chain.set_axis_off()
    side = lambda n: 0.08 + 0.28 * np.log10(n)  # noqa: E731
    room = 5 / len(shapes)
    for index, (rows, columns) in enumerate(shapes):
        x, y, w, h = room * (index + 0.5), 1.05, side(columns), side(rows)
        chain.add_patch(
            Rectangle((x - w / 2, y - h / 2), w, h, facecolor=RULE, edgecolor=WEIGHTS, linewidth=1.5)
        )
        chain.text(x, 0.14, f"{rows:,} × {columns:,}", ha="center", va="center", fontsize=SMALL)
        if index:
            chain.text(room * index, y, "·", ha="center", va="center", fontsize=22)
    for row, (name, cost) in enumerate(costs.items()):
        colour = GRADIENT if cost == min(costs.values()) else MUTED
        bars.barh(-row, cost, height=0.3, left=1, color=colour)
        bars.text(1.5, -row + 0.2, f"{name}: {cost:,} products", va="bottom", color=colour, fontsize=SMALL)
    bars.set(xscale="log", xlim=(1, 1e10), ylim=(-1.3, 0.75), yticks=[], xticks=[1e2, 1e4, 1e6, 1e8])
    bars.spines["left"].set_visible(False)
    bars.minorticks_off()
    bars.set_xlabel("products (logarithmic scale)", labelpad=1)
    return figure
