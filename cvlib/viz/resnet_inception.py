"""Figures of the chapter on residual nets and Inception: joined branches, gradients by depth, costs of a module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cvlib._checks import choice, integer
from cvlib.counting import conv2d_macs, conv2d_parameters, memory_bytes
from cvlib.viz.board import canvas, cells
from cvlib.viz.picture import subplots
from cvlib.viz.style import GRADIENT, INK, INPUT, MUTED, OUTPUT, PAPER, RULE, WEIGHTS

__all__ = [
    "block_costs",
    "dense_block_costs",
    "gradient_factors",
    "gradient_profiles",
    "inception_module",
    "lesion",
    "loss_by_depth",
    "reduction_costs",
    "short_number",
    "skip_around",
    "two_joins",
]

DECADES = 9  # an axis of gradients reaches from 10^-9 to 10^9
LABEL = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}  # so that no line strikes a word out
ARROW = {"arrowstyle": "->", "color": INK, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}


def short_number(value: float) -> str:
    """Return a number in two digits, as a power of ten where it is far from 1.

    Examples
    --------
    >>> short_number(0.4), short_number(3325.3), short_number(1e-10), short_number(0)
    ('0.4', '3,300', '10⁻¹⁰', '0')
    """
    size = abs(value)
    if size == 0:
        return "0"
    if 0.001 <= size < 100_000:
        rounded = float(f"{value:.2g}")
        return f"{rounded:,.0f}" if size >= 10 else f"{rounded:g}"
    power = round(float(np.log10(size)))
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _box(axes: Axes, left: float, top: float, width: float, height: float, words: str, colour: str) -> None:
    """Draw a box with a word or two in it."""
    look = {"facecolor": (colour, 0.18), "edgecolor": colour, "linewidth": 1.5}
    axes.add_patch(Rectangle((left, top), width, height, **look))
    axes.text(left + width / 2, top + height / 2, words, ha="center", va="center", linespacing=1.15)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops=ARROW)


def loss_by_depth(losses: Mapping[str, ArrayLike], depths: Sequence[int]) -> Figure:
    """Draw the training loss of nets of several depths: a dot for every seed, a line through the means.

    Parameters
    ----------
    losses : mapping
        Name of the kind, "plain" or "residual", to losses (seeds, depths).
    depths : sequence of int
        Layers with weights.
    """
    figure, axes = subplots()
    looks = {"plain": {"color": MUTED, "linestyle": "--"}, "residual": {"color": OUTPUT}}
    for kind, values in losses.items():
        look = looks[choice("kind", kind, tuple(looks))]
        values = np.asarray(values)
        for run in values:
            axes.plot(depths, run, "o", color=look["color"], markersize=4, alpha=0.6)
        axes.plot(depths, values.mean(axis=0), **look)
        words = {"textcoords": "offset points", "ha": "right", "color": look["color"], "bbox": LABEL}
        axes.annotate(kind, (depths[-1], values[:, -1].max()), (0, 6), **words)
    axes.set(xlabel="layers with weights", ylabel="training loss, last epoch (nats)", xticks=depths)
    top = max(float(np.max(values)) for values in losses.values())
    axes.set_ylim(0, 1.18 * top)
    return figure


def two_joins(image: ArrayLike, first: ArrayLike, second: ArrayLike) -> Figure:
    """Draw a map, what two branches make of it, and both ways to join them: their sum, and their stack."""
    figure, axes = canvas("wide")
    image, first, second = map(np.asarray, (image, first, second))
    unit = 0.62
    cells(axes, image, 0.4, 1.75, unit=unit, name="map M")
    for name, branch, top in (("A", first, 0.75), ("B", second, 3.7)):
        cells(axes, branch, 5.0, top, unit=unit, name=f"branch {name}")
        _arrow(axes, (3.1, 3.0), (4.75, top + 0.93))
    cells(axes, first + second, 9.4, 2.1, unit=unit, colour=OUTPUT, name="A + B")
    axes.text(9.4, 4.15, "one map: depth 1", va="top", color=OUTPUT)
    for top in (1.68, 4.63):
        _arrow(axes, (7.1, top), (9.15, 3.0 + (top - 3.0) / 6))
    for branch, top in ((first, 0.85), (second, 2.85)):
        cells(axes, branch, 13.4, top, unit=unit, colour=OUTPUT)
    axes.text(13.4, 0.67, "[A, B]", va="bottom")
    axes.text(13.4, 4.9, "two maps:\ndepth 2", va="top", color=OUTPUT)
    return figure


def skip_around(operation: str = "+") -> Figure:
    """Draw a residual block: the input goes through two layers and around them, and both meet in a sum."""
    choice("operation", operation, ("+", "[ , ]"))
    figure, axes = canvas("single")
    axes.text(0.35, 3.6, "x", fontsize=13, va="center")
    _arrow(axes, (0.75, 3.6), (1.7, 3.6))
    for left, words, colour in (
        (1.7, "layer\nwith\nweights", WEIGHTS),
        (3.85, "ReLU", MUTED),
        (5.4, "layer\nwith\nweights", WEIGHTS),
    ):
        _box(axes, left, 2.85, 1.6 if colour == WEIGHTS else 1.0, 1.5, words, colour)
    for start, end in ((3.3, 3.85), (4.85, 5.4), (7.0, 7.75)):
        _arrow(axes, (start, 3.6), (end, 3.6))
    axes.plot([1.1, 1.1, 8.1], [3.6, 1.35, 1.35], color=INPUT, linewidth=2.4)
    axes.annotate("", (8.1, 3.25), (8.1, 1.35), arrowprops=ARROW | {"color": INPUT, "linewidth": 2.4})
    axes.text(4.4, 1.1, "skip: x as it is, nothing to learn", color=INPUT, ha="center", va="bottom")
    axes.plot([8.1], [3.6], "o", markersize=22, markerfacecolor=PAPER, markeredgecolor=INK)
    axes.text(8.1, 3.6, operation, fontsize=14, ha="center", va="center")
    _arrow(axes, (8.47, 3.6), (9.1, 3.6))
    axes.text(9.25, 3.6, "y", fontsize=13, va="center")
    axes.text(4.35, 4.75, "F(x): what has to be changed", color=WEIGHTS, ha="center", va="center")
    axes.text(5, 5.65, "y = F(x) + x", fontsize=13, ha="center", va="center")
    return figure


def gradient_factors(slope: float, num_blocks: int, skip_weight: float = 1.0, *, most: int = 20) -> Figure:
    """Draw how the gradient changes from block to block if every block has the same slope.

    Parameters
    ----------
    slope : float
        Derivative w of F in every block.
    num_blocks : int
        Blocks to go back through.
    skip_weight : float
        Factor a of the skip, y = F(x) + a x: 0 is a plain stack, 1 a residual one.
    most : int
        Length of the axis, in blocks.
    """
    figure, axes = subplots()
    back = np.arange(integer("num_blocks", num_blocks, minimum=1) + 1)
    lines = {
        "plain": (abs(slope), MUTED, {"linestyle": "--", "marker": "s"}),
        "with the skip": (abs(skip_weight + slope), GRADIENT, {"marker": "o"}),
    }
    ends = {}
    for name, (factor, colour, look) in lines.items():
        exact = factor ** back.astype(float)
        drawn = np.clip(exact, 10.0**-DECADES, 10.0**DECADES)
        axes.plot(back, drawn, color=colour, markersize=4, clip_on=False, **look)
        ends[name] = (drawn[-1], short_number(exact[-1]), colour)
    _gradient_axes(axes, most)
    _end_labels(axes, back[-1], ends)
    return figure


def _gradient_axes(axes: Axes, most: int) -> None:
    """Give an axis of gradients the limits that all figures of this chapter share, and room for words on the right."""
    axes.axhline(1, color=RULE, linewidth=1, zorder=0)
    axes.set(yscale="log", ylim=(10.0 ** -(DECADES + 1), 10.0 ** (DECADES + 1)))
    names = ("≤10⁻⁹", "10⁻⁶", "10⁻³", "1", "10³", "10⁶", "≥10⁹")
    axes.set_yticks([10.0**power for power in range(-9, 10, 3)], names)
    axes.minorticks_off()
    axes.set(
        xlim=(0, 1.75 * most), xticks=range(0, most + 1, most // 4), xlabel="blocks gone back from the end"
    )
    axes.set_ylabel("gradient, relative to the end")


def _end_labels(axes: Axes, x: float, ends: Mapping[str, tuple[float, str, str]]) -> None:
    """Write what each line is and where it ends, apart from each other even where the lines meet."""
    places = {name: float(np.log10(y)) for name, (y, _, _) in ends.items()}
    ordered = sorted(places, key=places.get)
    gap = 2.2  # decades a line of text is high
    for below, above in pairwise(ordered):
        places[above] = max(places[above], places[below] + gap)
    excess = max(0.0, places[ordered[-1]] - DECADES)
    for name in ordered:
        _, value, colour = ends[name]
        axes.annotate(
            f"{name}: {value}",
            (x, 10.0 ** (places[name] - excess)),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            bbox=LABEL,
        )


def gradient_profiles(profiles: Mapping[str, ArrayLike], chosen: str, *, most: int = 24) -> Figure:
    """Draw the size of the gradient at every block of several towers of one depth, one of them brought out.

    Parameters
    ----------
    profiles : mapping
        Kind of tower to gradients (seeds, blocks + 1), from the input of the first block to the output of the last,
        relative to the last.
    chosen : str
        The kind to bring out, with a thin line for every seed.
    most : int
        Length of the axis, in blocks.
    """
    choice("chosen", chosen, tuple(profiles))
    figure, axes = subplots()
    ends = {}
    for kind, values in profiles.items():
        back = np.asarray(values, dtype=float)[:, ::-1]
        centre = np.exp(np.log(back).mean(axis=0))
        drawn = np.clip(centre, 10.0**-DECADES, 10.0**DECADES)
        blocks = np.arange(back.shape[1])
        look = {"color": MUTED, "linewidth": 1.2, "linestyle": "--"}
        if kind == chosen:
            seeds = np.clip(back.T, 10.0**-DECADES, 10.0**DECADES)
            axes.plot(blocks, seeds, color=GRADIENT, linewidth=0.8, alpha=0.5)
            look = {"color": GRADIENT, "linewidth": 2.6}
        axes.plot(blocks, drawn, **look)
        ends[kind] = (drawn[-1], short_number(centre[-1]), look["color"])
    _gradient_axes(axes, most)
    _end_labels(axes, blocks[-1], ends)
    return figure


def lesion(
    accuracies: Mapping[str, Sequence[float]], whole: Mapping[str, float], network: str, block: int
) -> Figure:
    """Draw a tower with one block taken out, and what each such tower still recognises.

    Parameters
    ----------
    accuracies : mapping
        Kind of net to the shares of digits recognised without block 1, 2, ...
    whole : mapping
        Kind of net to the share with all blocks.
    network : str
        The kind shown.
    block : int
        The block that is taken out, counted from 1.
    """
    choice("network", network, tuple(accuracies))
    shares = 100 * np.asarray(accuracies[network])
    if not 1 <= integer("block", block) <= len(shares):
        raise ValueError(f"block must be from 1 to {len(shares)}, got {block}")
    figure, axes = subplots()
    places = np.arange(1, len(shares) + 1)
    colours = [(GRADIENT, 1.0) if place == block else (MUTED, 0.35) for place in places]
    axes.bar(places, shares, color=colours, width=0.72)
    axes.axhline(100 * whole[network], color=OUTPUT, linewidth=1.6)
    axes.text(0.45, 101.5, f"all blocks: {round(100 * whole[network])} %", color=OUTPUT, va="bottom")
    axes.axhline(10, color=INK, linewidth=1, linestyle=":")
    axes.text(len(shares) + 0.5, 10, "guessing", va="center", bbox=LABEL)
    axes.set_title(f"without block {block}: {round(shares[block - 1])} %", color=GRADIENT)
    axes.set(xlim=(0.4, 1.2 * len(shares) + 0.5), ylim=(0, 116), xticks=places, yticks=(0, 50, 100))
    axes.set(xlabel=f"block taken out of the {network} net", ylabel="digits recognised (%)")
    return figure


def inception_module(
    in_channels: int, size: int, branches: Mapping[str, Sequence[tuple[str, int]]], out_channels: int
) -> Figure:
    """Draw an Inception module: branches side by side between one input and one stack.

    Parameters
    ----------
    in_channels, size : int
        Maps that go in, and their side in pixels.
    branches : mapping
        Name to steps from the input on, each a pair of words and the maps that come out.
    out_channels : int
        Maps that come out.
    """
    figure, axes = canvas("tall")
    _box(axes, 0.25, 8.35, 9.4, 0.85, f"{in_channels} maps of {size} × {size}", INPUT)
    _box(axes, 0.25, 0.35, 9.4, 0.85, f"{out_channels} maps of {size} × {size}, stacked", OUTPUT)
    pitch = 9.6 / len(branches)
    for index, steps in enumerate(branches.values()):
        left, centre = 0.25 + index * pitch, 0.25 + index * pitch + (pitch - 0.2) / 2
        below = 8.35
        for (words, maps), top in zip(steps, [4.0] if len(steps) == 1 else [5.5, 2.4], strict=True):
            _arrow(axes, (centre, below), (centre, top + 1.5))
            _box(
                axes,
                left,
                top,
                pitch - 0.2,
                1.5,
                f"{words}\n{maps} maps",
                MUTED if "pool" in words else WEIGHTS,
            )
            below = top
        _arrow(axes, (centre, below), (centre, 1.2))
    return figure


def reduction_costs(
    in_channels: int, filters: int, kernel_size: int, reduction: int, *, size: int = 28
) -> Figure:
    """Draw the multiplications of a convolution for every width of the reduction before it, one width marked.

    Parameters
    ----------
    in_channels, filters : int
        Maps that go in, and maps that come out.
    kernel_size : int
        Side of the filters.
    reduction : int
        Maps between the 1 x 1 convolution and the other.
    size : int
        Side of the maps in pixels.
    """
    direct = conv2d_macs(in_channels, filters, kernel_size, size)
    widths = np.arange(0, 129)
    squeeze = conv2d_macs(in_channels, 1, 1, size) / direct  # per map of the reduction
    convolve = conv2d_macs(1, filters, kernel_size, size) / direct
    figure, axes = subplots()
    axes.fill_between(widths, 100 * widths * squeeze, color=(INPUT, 0.25), linewidth=0)
    axes.fill_between(
        widths, 100 * widths * squeeze, 100 * widths * (squeeze + convolve), color=(WEIGHTS, 0.3), linewidth=0
    )
    axes.plot(widths, 100 * widths * (squeeze + convolve), color=WEIGHTS)
    axes.axhline(100, color=INK, linewidth=1.4)
    for place, words, colour in (
        (196, f"{kernel_size} × {kernel_size} on fewer maps", WEIGHTS),
        (178, "1 × 1 before it", INPUT),
    ):
        axes.text(2, place, words, va="top", color=colour, bbox=LABEL)
    axes.text(127, 103, f"direct: {direct / 1e6:,.1f} million", ha="right", va="bottom", bbox=LABEL)
    share = 100 * reduction * (squeeze + convolve)
    shown = min(share, 196)
    axes.plot([reduction, reduction], [0, shown], color=GRADIENT, linewidth=1.4, linestyle=":")
    axes.plot([reduction], [shown], "o" if share <= 196 else "^", color=GRADIENT, markersize=8, clip_on=False)
    words = f"{reduction} maps: {share * direct / 1e8:,.1f} million"
    axes.set_title(f"1 × 1 to {words}", color=GRADIENT)
    axes.set(xlim=(0, 128), ylim=(0, 200), xticks=(0, 16, 32, 64, 96, 128), yticks=(0, 50, 100, 150, 200))
    axes.set(xlabel="maps behind the 1 × 1 convolution", ylabel="multiplications (% of direct)")
    return figure


def block_costs(num_layers: int, in_channels: int, growth_rate: int, size: int) -> dict[str, tuple[int, int]]:
    """Return the weights, and the bytes kept for the backward pass, of a dense block and of a residual stage.

    The input of every 3 x 3 convolution is kept, four bytes a number; see problem A26.

    Parameters
    ----------
    num_layers : int
        Convolutions of the block, and of the stage.
    in_channels : int
        Maps that go in; in the stage every layer makes as many.
    growth_rate : int
        Maps that each layer of the dense block adds.
    size : int
        Side of the maps in pixels.

    Returns
    -------
    dict
        A pair (weights, bytes) each for "residual", "dense, copied" and "dense, shared", where every map is kept once.
    """
    depths = [in_channels + growth_rate * place for place in range(num_layers)]
    dense = sum(conv2d_parameters(depth, growth_rate, 3, bias=False) for depth in depths)
    residual = num_layers * conv2d_parameters(in_channels, in_channels, 3, bias=False)
    of_map = memory_bytes((1, size, size))
    return {
        "residual": (residual, num_layers * in_channels * of_map),
        "dense, copied": (dense, sum(depths) * of_map),
        "dense, shared": (dense, depths[-1] * of_map),
    }


def dense_block_costs(
    growth_rate: int,
    num_layers: int,
    *,
    in_channels: int = 64,
    size: int = 56,
    most: tuple[float, float] = (1.0, 40.0),
) -> Figure:
    """Draw weights and kept bytes of a dense block beside those of a residual stage of as many layers.

    Parameters
    ----------
    growth_rate, num_layers : int
        Maps that each layer adds, and layers.
    in_channels, size : int
        Maps that go in, and their side in pixels.
    most : (float, float)
        Ends of the axes, in millions of weights and in megabytes.
    """
    costs = block_costs(num_layers, in_channels, growth_rate, size)
    figure, panels = subplots(2, 1, size="tall")
    looks = {"residual": OUTPUT, "dense, copied": GRADIENT, "dense, shared": WEIGHTS}
    columns = (("weights (millions)", 0, 1e6), ("kept for the backward pass (megabytes)", 1, 1e6))
    for axes, (title, column, scale), end in zip(panels, columns, most, strict=True):
        names = [name for name in costs if column or name != "dense, shared"]
        for row, name in enumerate(names):
            value = costs[name][column] / scale
            axes.barh(row, min(value, end), color=looks[name], height=0.62)
            words = f"{value:.2f}" if not column else f"{value:.1f}"
            axes.text(min(value, end) + 0.012 * end, row, words, va="center", bbox=LABEL)
        axes.set_yticks(range(len(names)), names if column else ["residual", "dense"])
        axes.set(xlim=(0, 1.13 * end), ylim=(len(names) - 0.5, -0.5), xlabel=title)
        axes.tick_params(axis="y", length=0)
    return figure
