"""Pictures of the chapter on the shape and cost of a network: where costs live, fields of view, a sliding window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from cvlib._checks import choice
from cvlib.counting import LayerTable, conv2d_parameters, linear_parameters
from cvlib.shapes import receptive_field
from cvlib.viz.board import canvas, cells
from cvlib.viz.picture import subplots
from cvlib.viz.style import EXTRA, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "cost_of_layers",
    "costs_compared",
    "in_words",
    "parameters_by_size",
    "receptive_ladder",
    "small_network",
    "sparse_matrix",
    "window_on_strip",
]

_COSTS = {"parameters": "parameters", "work": "macs", "memory": "memory"}  # the columns of a layer table
_UNITS = {"parameters": "", "work": "", "memory": " bytes"}


def in_words(count: int) -> str:
    """Return a large count in three digits and a word.

    Examples
    --------
    >>> in_words(61_706), in_words(15_470_264_320), in_words(4_850)
    ('61.7 thousand', '15.5 billion', '4,850')
    """
    for size, word in ((10**9, "billion"), (10**6, "million"), (10**4, "thousand")):
        if count >= size:
            scaled = count / (1000 if word == "thousand" else size)
            return f"{scaled:.{2 - int(np.log10(scaled))}f} {word}"
    return f"{count:,}"


def costs_compared(tables: Mapping[str, LayerTable]) -> Figure:
    """Compare whole networks: their parameters on the left, their multiply-accumulates on the right."""
    figure, axes = subplots(1, 2, sharey=True)
    figure.set_layout_engine("none")
    totals = {
        "parameters": [table.parameters for table in tables.values()],
        "multiply-accumulates": [table.macs for table in tables.values()],
    }
    panels = zip(axes, totals.items(), (0.15, 0.59), (WEIGHTS, EXTRA), ("", "//"), strict=True)
    for panel, (what, counts), left, colour, hatch in panels:
        panel.set_position((left, 0.06, 0.37, 0.8))
        panel.barh(
            range(len(counts)), counts, height=0.35, facecolor=(colour, 0.45), edgecolor=colour, hatch=hatch
        )
        for y, count in enumerate(counts):
            panel.text(0.02 * max(counts), y - 0.24, in_words(count), va="bottom", fontsize=10)
        panel.set(title=what, xlim=(0, max(counts) * 1.05), ylim=(len(counts) - 0.7, -0.6), xticks=[])
        panel.spines["bottom"].set_visible(False)
        panel.tick_params(left=False)
    axes[0].set_yticks(range(len(tables)), list(tables), fontsize=10)
    axes[1].tick_params(labelleft=False)
    return figure


def small_network(table: LayerTable) -> Figure:
    """Draw a network from top to bottom: the shape after each layer, what it has to learn, what it has to do.

    The axes are the same for every network, so that figures can be compared.
    """
    rows = [row for row in table.rows if row.name != "flatten"]
    figure, axes = subplots(1, 2, size="tall", sharey=True)
    figure.set_layout_engine("none")
    panels = zip(
        axes, ("parameters", "MACs"), ("parameters", "macs"), (0.28, 0.65), (WEIGHTS, EXTRA), ("", "//"),
        strict=True,
    )  # fmt: skip
    for panel, what, column, left, colour, hatch in panels:
        panel.set_position((left, 0.1, 0.32, 0.8))
        counts = [getattr(row, column) for row in rows]
        look = {"facecolor": (colour, 0.4), "edgecolor": colour, "hatch": hatch}
        panel.barh(range(len(rows)), [max(count, 1) for count in counts], height=0.32, **look)
        for y, count in enumerate([*counts, sum(counts)]):
            panel.text(150, y - 0.2, f"{count:,}", va="bottom", fontsize=10)
        panel.set(xscale="log", xlim=(100, 3e8), ylim=(len(rows) + 0.35, -0.6), title=what)
        panel.set_xticks([1e3, 1e6], ["thousand", "million"])
        panel.set_xticks([], minor=True)
        panel.axhline(len(rows) - 0.45, color=RULE, linewidth=1)
        panel.tick_params(left=False, labelleft=False)
    shapes = [" × ".join(map(str, row.output_shape)) for row in rows]
    names = [f"{row.name}\n{shape}" for row, shape in zip(rows, shapes, strict=True)]
    axes[0].set_yticks(range(len(rows) + 1), [*names, "together"], fontsize=10)
    axes[0].tick_params(labelleft=True)
    axes[0].text(-0.86, 1.0, f"input\n{' × '.join(map(str, table.input_shape))}", transform=axes[0].transAxes)
    return figure


def cost_of_layers(table: LayerTable, cost: str) -> Figure:
    """Draw what each layer of a network costs, as a share of the whole; layers that cost nothing are left out.

    Parameters
    ----------
    table : LayerTable
    cost : {"parameters", "work", "memory"}
        Numbers to learn, multiply-accumulates of one forward pass, or bytes of the layers' outputs.
    """
    column = _COSTS[choice("cost", cost, tuple(_COSTS))]
    rows = [row for row in table.rows if row.memory]
    counts = [getattr(row, column) for row in rows]
    whole = getattr(table, column)
    figure, axes = subplots(size="tall")
    figure.set_layout_engine("none")
    axes.set_position((0.14, 0.1, 0.83, 0.83))
    for y, (row, count) in enumerate(zip(rows, counts, strict=True)):
        dense = len(row.output_shape) == 1
        colour = MUTED if dense else WEIGHTS
        look = {"facecolor": (colour, 0.4), "edgecolor": colour, "hatch": "//" if dense else ""}
        axes.barh(y, 100 * count / whole, height=0.72, **look)
        if count:
            axes.text(100 * count / whole + 1, y, in_words(count), va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=9)
    axes.set(xlim=(0, 105), ylim=(len(rows) - 0.4, -0.6), xlabel=f"share of all {cost} (%)")
    axes.set_title(f"{cost}: {in_words(whole)}{_UNITS[cost]} in all")
    return figure


def parameters_by_size(image_size: int, kernel_size: int, filters: int, *, in_channels: int = 3) -> Figure:
    """Compare the parameters of a convolution with those of a dense layer with the same input and output."""
    conv = conv2d_parameters(in_channels, filters, kernel_size)
    dense = linear_parameters(in_channels * image_size**2, filters * image_size**2)
    figure, axes = subplots()
    figure.set_layout_engine("none")
    axes.set_position((0.04, 0.18, 0.88, 0.68))
    bars = (("dense layer", dense, MUTED, "//"), ("convolution", conv, WEIGHTS, ""))
    for y, (name, count, colour, hatch) in enumerate(bars):
        axes.barh(y, count, height=0.4, facecolor=(colour, 0.4), edgecolor=colour, hatch=hatch)
        axes.text(1.3, y + 0.25, f"{name}: {count:,}", va="bottom", fontsize=11)
    axes.set(xscale="log", xlim=(1, 1e12), ylim=(-0.35, 1.6), yticks=[], xlabel="parameters (log scale)")
    axes.set_xticks([1, 1e3, 1e6, 1e9, 1e12], ["1", "thousand", "million", "billion", "trillion"])
    axes.set_xticks([], minor=True)
    sides = f"{image_size} × {image_size}"
    axes.set_title(f"{in_channels} maps of {sides} in, {filters} of {sides} out")
    return figure


def sparse_matrix(matrix: np.ndarray, kernel: np.ndarray) -> Figure:
    """Draw a convolution as a matrix: one row per output pixel, one column per input pixel; blank is zero."""
    figure, axes = canvas()
    matrix, kernel = np.asarray(matrix), np.asarray(kernel)
    rows, columns = matrix.shape
    unit = min(5.0 / rows, 10.5 / columns)
    cells(axes, kernel, 0.6, 2.0, colour=WEIGHTS, tint=True, name="kernel")
    cells(
        axes, matrix, 4.9, 0.75, unit=unit, colour=WEIGHTS, tint=True, visible=matrix != 0, fontsize=9,
        name=f"{rows} × {columns} matrix: a row for each output pixel, a column for each input pixel",
    )  # fmt: skip
    axes.annotate("", (4.5, 3.0), (3.1, 3.0), arrowprops={"arrowstyle": "->", "color": INK, "linewidth": 1.6})
    words = f"{np.count_nonzero(matrix)} of {matrix.size} entries are not zero"
    axes.text(0.6, 4.6, words.replace(" entries", "\nentries"), va="top", fontsize=10)
    return figure


def receptive_ladder(num_layers: int, kernel_size: int, stride: int, *, reach: int = 48) -> Figure:
    """Draw the cone of units that one unit of the last layer sees, over a row of input pixels.

    Parameters
    ----------
    num_layers : int
        Equal convolutions on top of each other; four fit the figure.
    kernel_size, stride : int
        Of every layer.
    reach : int
        Input pixels shown on each side of the centre.
    """
    fields = [
        receptive_field([{"kernel_size": kernel_size, "stride": stride}] * n) for n in range(num_layers + 1)
    ]
    figure, axes = subplots()
    figure.set_layout_engine("none")
    axes.set_position((0.3, 0.16, 0.68, 0.83))
    axes.plot(range(-reach, reach + 1), [0] * (2 * reach + 1), "o", color=RULE, markersize=2)
    count = 1  # units of the layer that the top unit sees, counted from the top down
    edges = []
    for level in range(num_layers, -1, -1):
        jump = fields[level].jump
        positions = (np.arange(count) - (count - 1) / 2) * jump
        colour = INPUT if level == 0 else OUTPUT if level == num_layers else WEIGHTS
        axes.plot(
            positions, [level] * count, "s" if level else "o", color=colour, markersize=4 if level else 2.5
        )
        edges.append((positions[0] - 0.5, positions[-1] + 0.5, level))
        count = (count - 1) * stride + kernel_size
    outline = [(a, y) for a, _, y in edges] + [(b, y) for _, b, y in reversed(edges)]
    axes.add_patch(Polygon(outline, facecolor=(INPUT, 0.12), edgecolor="none"))
    for level, field in enumerate(fields):
        words = f"layer {level} sees {field.size} px,\nsteps by {field.jump}" if level else "input"
        axes.text(-reach - 3, level, words, ha="right", va="center")
    axes.set(xlim=(-reach - 1, reach + 1), ylim=(-0.4, 4.4), yticks=[])
    axes.set(xticks=range(-40, 41, 20), xlabel="input pixels from the centre")
    axes.spines["left"].set_visible(False)
    return figure


def window_on_strip(
    strip: np.ndarray, probabilities: np.ndarray, position: int, *, window: int, stride: int
) -> Figure:
    """Draw a long image, the probabilities that a sliding net gives along it, and those of a single window.

    Parameters
    ----------
    strip : array (H, W)
    probabilities : array (C, W_out)
        One row per class, one column per window.
    position : int
        Which window to point out, counted from 0.
    window, stride : int
        Pixels that one window sees, and steps between two of them.
    """
    choice("position", position, tuple(range(probabilities.shape[1])))
    height, width = strip.shape
    classes = len(probabilities)
    figure, (image, along, single) = subplots(3, 1, size="tall")
    figure.set_layout_engine("none")
    for axes, bottom, tall in ((image, 0.79, 0.16), (along, 0.4, 0.34), (single, 0.09, 0.17)):
        axes.set_position((0.1, bottom, 0.88, tall))
    image.imshow(strip, cmap="gray", vmin=0, vmax=1, extent=(0, width, height, 0), aspect="auto")
    frame = {"fill": False, "edgecolor": WEIGHTS, "linewidth": 3}
    image.add_patch(Rectangle((position * stride, 0.5), window, height - 1, **frame))
    image.set(xticks=[], yticks=[], ylabel="strip", title="a strip of digits, one window framed")
    first = (window - stride) / 2
    extent = (first, first + probabilities.shape[1] * stride, classes - 0.5, -0.5)
    along.imshow(probabilities, vmin=0, vmax=1, extent=extent, aspect="auto")
    along.add_patch(Rectangle((first + position * stride, -0.5), stride, classes, **frame | {"linewidth": 2}))
    along.set(
        xlim=(0, width),
        xticks=range(0, width, 40),
        xlabel="middle of the window (pixels)",
        ylabel="class",
        yticks=range(0, classes, 2),
    )
    single.bar(range(classes), probabilities[:, position], facecolor=(OUTPUT, 0.45), edgecolor=OUTPUT)
    single.set(xticks=range(classes), xlabel="class", ylabel="probability", ylim=(0, 1.02), yticks=[0, 1])
    return figure
