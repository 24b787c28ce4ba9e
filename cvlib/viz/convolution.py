"""Pictures of the chapter on convolution: windows that slide, pixels left over, filters at work, images that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvlib._checks import integer
from cvlib.shapes import conv_output_size
from cvlib.viz.board import canvas, cells, frame, number
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "conv_step",
    "dilated_taps",
    "filter_spans_channels",
    "filtered_photograph",
    "filters_on_photograph",
    "map_pipeline",
    "shift_experiment",
    "template_search",
    "unread_pixels",
    "windows_along_a_side",
]


def conv_step(image: np.ndarray, kernel: np.ndarray, position: int, *, flip: bool = False) -> Figure:
    """Draw one step of a valid convolution: the window, the kernel, the products and the cell they fill.

    Parameters
    ----------
    image, kernel : array (H, W), (K_h, K_w)
        Small: at most 4 and 3 cells a side.
    position : int
        Which output cell, counted in reading order from 0.
    flip : bool
        Turn the kernel by 180 degrees first: mathematical convolution instead of cross-correlation.
    """
    image, kernel = np.asarray(image), np.asarray(kernel)
    used = kernel[::-1, ::-1] if flip else kernel
    windows = np.lib.stride_tricks.sliding_window_view(image, used.shape)
    output = (windows * used).sum((2, 3))
    row, column = divmod(integer("position", position), output.shape[1])
    if row >= len(output):
        raise ValueError(f"position must be below {output.size}, the number of output cells, got {position}")
    figure, axes = canvas("single")
    unit, gap, middle = 0.85, 0.9, 2.8
    lefts = 0.27 + np.cumsum([0, image.shape[1] * unit + gap, used.shape[1] * unit + gap])
    tops = [middle - len(array) * unit / 2 for array in (image, used, output)]
    look = {"unit": unit, "fontsize": 11}
    cells(axes, image, lefts[0], tops[0], name="input M", window=(row, column, *used.shape), **look)
    name = "kernel K, flipped" if flip else "kernel K"
    cells(axes, used, lefts[1], tops[1], name=name, colour=WEIGHTS, **look)
    done = np.arange(output.size).reshape(output.shape) <= position
    cells(axes, output, lefts[2], tops[2], name="output", colour=OUTPUT, visible=done, **look)
    frame(axes, lefts[2] + column * unit, tops[2] + row * unit, unit, unit, OUTPUT)
    for left, sign in zip(lefts[1:], ("\N{MULTIPLICATION SIGN}", "\N{RIGHTWARDS ARROW}"), strict=True):
        axes.text(left - gap / 2, middle, sign, ha="center", va="center", fontsize=16)
    below = (lefts[2] + output.shape[1] * unit / 2, tops[2] + len(output) * unit + 0.4)
    axes.text(*below, "convolution" if flip else "cross-correlation", ha="center", va="center")
    axes.text(5, 5.6, conv_sum(windows[row, column], used), ha="center", va="center", fontsize=12)
    return figure


def conv_sum(window: np.ndarray, kernel: np.ndarray) -> str:
    """Return the sum of products of a window and a kernel, written out.

    Examples
    --------
    >>> conv_sum(np.array([[1, 2]]), np.array([[3, -1]]))
    '1·3 + 2·(−1) = 1'
    """
    kernel_numbers = [number(v) if v >= 0 else f"({number(v)})" for v in np.ravel(kernel)]
    products = [f"{number(x)}·{k}" for x, k in zip(np.ravel(window), kernel_numbers, strict=True)]
    return " + ".join(products) + f" = {number((window * kernel).sum())}"


def map_pipeline(stages: Mapping[str, np.ndarray], *, weights: Sequence[str] = ()) -> Figure:
    """Draw small maps in the order of computation, from input (blue) to outputs (green), with arrows between.

    Parameters
    ----------
    stages : mapping
        Name to array (H, W), in order.
    weights : sequence of str
        Names of the stages that are filters (orange).
    """
    figure, axes = canvas()
    unit, gap = 0.78, 1.0
    total = sum(np.shape(v)[1] for v in stages.values()) * unit + gap * (len(stages) - 1)
    left = (16 - total) / 2
    for index, (name, values) in enumerate(stages.items()):
        height, width = np.shape(values)
        colour = WEIGHTS if name in weights else OUTPUT if index else INPUT
        top = 3.2 - height * unit / 2
        cells(
            axes,
            values,
            left,
            top,
            unit=unit,
            name=name,
            colour=colour,
            tint=True,
            fontsize=9.5,
        )
        left += width * unit
        if index < len(stages) - 1:
            arrow = {"arrowstyle": "->", "color": INK, "linewidth": 1.4}
            axes.annotate("", (left + gap - 0.15, 3.2), (left + 0.15, 3.2), arrowprops=arrow)
        left += gap
    return figure


def filters_on_photograph(
    photograph: np.ndarray, outputs: Mapping[str, np.ndarray], *, signed: Sequence[str] = ()
) -> Figure:
    """Draw a grey photograph (values 0 to 1) and three filtered versions; those named in ``signed`` in colour."""
    figure, axes = subplots(2, 2, size="tall")
    _photograph(axes[0, 0], photograph, "photograph")
    for panel, (name, output) in zip(axes.flat[1:], outputs.items(), strict=True):
        _photograph(panel, output, name, signed=name in signed)
    return figure


def _photograph(axes: Axes, pixels: np.ndarray, title: str, *, signed: bool = False) -> None:
    """Show pixels in grey, or in colours centred at zero."""
    axes.imshow(pixels, **_look(pixels, signed))
    axes.set_title(title)
    axes.axis("off")


def _look(pixels: np.ndarray, signed: bool) -> dict[str, object]:
    """Return how to show pixels from 0 to 1 in grey, or signed ones in colours centred at zero."""
    if not signed:
        return {"cmap": "gray", "vmin": 0, "vmax": 1}
    # clipped, or the few strongest edges would take all the colour
    largest = float(np.quantile(np.abs(pixels), 0.99))
    return {"cmap": DIVERGING, "vmin": -largest, "vmax": largest}


def filtered_photograph(
    photograph: np.ndarray, kernel: np.ndarray, output: np.ndarray, *, flip: bool, signed: bool
) -> Figure:
    """Draw a photograph and what comes out side by side, and below them the kernel that slid over it."""
    figure, axes = canvas("tall")
    limits = {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}
    panels = ((0.2, "photograph", photograph, False), (5.15, "output", output, signed))
    for left, title, pixels, colours in panels:
        # on the board itself: two axes fewer halve the time of drawing
        axes.imshow(pixels, extent=(left, left + 4.65, 5.3, 0.65), **_look(pixels, colours))
        axes.text(left + 2.325, 0.35, title, ha="center", va="center", fontsize=11)
    unit = 3.5 / len(kernel)
    name = "kernel, flipped" if flip else "kernel"
    look = {"unit": unit, "fontsize": 9 if len(kernel) > 3 else 12}
    cells(axes, kernel, 0.8, 5.95, name=name, colour=WEIGHTS, tint=True, **look)
    if signed:
        axes.imshow(np.linspace(-1, 1, 65)[None], extent=(5.5, 9.5, 7.5, 7.1), cmap=DIVERGING)
        for x, word, place in ((5.5, "negative", "left"), (7.5, "0", "center"), (9.5, "positive", "right")):
            axes.text(x, 7.65, word, ha=place, va="top")
    axes.set(aspect="auto", **limits)
    return figure


def template_search(
    photograph: np.ndarray, kernel: np.ndarray, response: np.ndarray, corner: tuple[int, int], *, flip: bool
) -> Figure:
    """Draw where a patch was cut out of a photograph, and where the filter made of it gives the largest output.

    Parameters
    ----------
    photograph : array (H, W)
        Values from 0 to 1.
    kernel : array (k, k)
        The patch as it was laid on the photograph; signed.
    response : array (H - k + 1, W - k + 1)
        What came out.
    corner : (int, int)
        Row and column from which the patch was cut.
    flip : bool
        Whether the kernel is the patch turned by 180 degrees.
    """
    figure, axes = canvas("tall")
    limits = {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}
    pixel = 4.65 / photograph.shape[1]
    reach = (len(kernel) - 1) / 2  # an output stands where the middle of its window is
    axes.imshow(photograph, extent=(0.2, 4.85, 5.3, 0.65), **_look(photograph, False))
    left, top, side = 5.15 + reach * pixel, 0.65 + reach * pixel, len(response) * pixel
    axes.imshow(response, extent=(left, left + side, top + side, top), **_look(response, True))
    axes.add_patch(Rectangle((5.15, 0.65), 4.65, 4.65, fill=False, edgecolor=RULE, linewidth=1))
    for x, title in ((0.2, "photograph"), (5.15, "response")):
        axes.text(x + 2.325, 0.35, title, ha="center", va="center", fontsize=11)
    row, column = corner
    cut = {"fill": False, "edgecolor": WEIGHTS, "linewidth": 3}
    width = len(kernel) * pixel
    axes.add_patch(Rectangle((0.2 + column * pixel, 0.65 + row * pixel), width, width, **cut))
    best = np.unravel_index(response.argmax(), response.shape)
    y, x = (0.65 + (index + reach + 0.5) * pixel for index in best)
    ring = {"marker": "o", "markersize": 13, "markerfacecolor": "none", "markeredgewidth": 3}
    for shift in (0, 4.95):
        axes.plot(x - 0.45 + shift, y, color=OUTPUT, **ring)
    largest = float(np.abs(kernel).max())
    axes.imshow(kernel, extent=(0.8, 4.1, 9.3, 6.0), cmap=DIVERGING, vmin=-largest, vmax=largest)
    axes.text(0.8, 5.72, "kernel, flipped" if flip else "kernel", va="center", fontsize=11)
    for y, colour, marker, words in (
        (6.7, WEIGHTS, "s", "where the kernel\nwas cut out"),
        (8.1, OUTPUT, "o", "where the output\nis largest"),
    ):
        axes.plot(5.6, y, color=colour, **ring | {"marker": marker})
        axes.text(6.2, y, words, va="center", fontsize=11)
    axes.set(aspect="auto", **limits)
    return figure


def windows_along_a_side(
    size: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Figure:
    """Draw one row of the input, the windows that the kernel visits, their outputs, and the unread cells."""
    outputs = conv_output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    span = dilation * (kernel_size - 1) + 1
    unread = unread_pixels(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    cells = size + 2 * padding
    unit = min(0.68, 8.2 / cells)
    left = 5.7 - cells * unit / 2  # the names stand on the left
    figure, axes = canvas("single")
    for cell in range(cells):
        _side_cell(axes, left + cell * unit, unit, cell - padding, size, used=cell - padding not in unread)
    levels = min(outputs, span)  # windows that overlap lie on different levels
    step = min(0.6, 2.4 / levels)
    for i in range(outputs):
        x, y = left + i * stride * unit, 2.5 + (i % levels) * step
        bar = {"facecolor": (WEIGHTS, 0.35), "edgecolor": WEIGHTS}
        axes.add_patch(Rectangle((x + 0.04, y), span * unit - 0.08, 0.7 * step, **bar))
        marks = [x + (dilation * u + 0.5) * unit for u in range(kernel_size)]
        axes.plot(marks, [y + 0.35 * step] * kernel_size, "o", color=INK, markersize=3.5)
        centre, half = x + span * unit / 2, 0.42 * unit
        box = {"facecolor": (OUTPUT, 0.3), "edgecolor": OUTPUT}
        axes.add_patch(Rectangle((centre - half, 5.25), 2 * half, 0.7, **box))
        axes.text(centre, 5.6, str(i), ha="center", va="center")
    formula = output_size_sum(size, kernel_size, stride, padding, dilation)
    axes.text(5, 0.4, formula, ha="center", va="center", fontsize=11)
    if unread:
        words = f"{len(unread)} never read"
        axes.text(left + cells * unit, 1.2, words, ha="right", va="center", color=GRADIENT)
    for y, name in ((1.9, "input"), (3.5, "windows"), (5.6, "output")):
        axes.text(0.15, y, name, va="center")
    return figure


def unread_pixels(
    size: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[int]:
    """Return the pixels along a side that no window reads; negative ones, and those from ``size`` on, are padding.

    Examples
    --------
    >>> unread_pixels(8, 3, stride=2)
    [7]
    """
    outputs = conv_output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    read = {i * stride + dilation * u - padding for i in range(outputs) for u in range(kernel_size)}
    return [pixel for pixel in range(-padding, size + padding) if pixel not in read]


def _side_cell(axes: Axes, x: float, unit: float, index: int, size: int, *, used: bool) -> None:
    """Draw one input cell (its index) or padding cell (a dashed 0), crossed out if no window reads it."""
    inside = 0 <= index < size
    face, edge = ((INPUT, 0.25), INPUT) if inside else ((MUTED, 0.08), MUTED)
    left, right, top, bottom = x + 0.03, x + unit - 0.03, 1.55, 2.25
    look = {"facecolor": face, "edgecolor": edge, "linestyle": "-" if inside else "--"}
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, **look))
    words, colour = (str(index), INK) if inside else ("0", MUTED)
    axes.text(x + unit / 2, 1.9, words, ha="center", va="center", color=colour)
    if not used:
        axes.plot(
            [left, right, np.nan, left, right],
            [top, bottom, np.nan, bottom, top],
            color=GRADIENT,
            linewidth=1.5,
        )


def output_size_sum(size: int, kernel_size: int, stride: int, padding: int, dilation: int = 1) -> str:
    """Return the formula of the output size with the numbers in it.

    Examples
    --------
    >>> output_size_sum(8, 3, 2, 0)
    'floor((8 + 2·0 − 3) / 2) + 1 = floor(2.5) + 1 = 3'
    """
    output = conv_output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    span = f"{dilation}·({kernel_size} − 1) − 1" if dilation > 1 else f"{kernel_size}"
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    return (
        f"floor(({size} + 2·{padding} − {span}) / {stride}) + 1 = floor({room / stride:.3g}) + 1 = {output}"
    )


def dilated_taps(kernel_size: int, dilations: Sequence[int]) -> Figure:
    """Draw which pixels a kernel touches at several dilations: same weights, wider span."""
    figure, axes = subplots(1, len(dilations))
    widest = max(dilations) * (kernel_size - 1) + 1
    for panel, dilation in zip(axes, dilations, strict=True):
        span = dilation * (kernel_size - 1) + 1
        start = (widest - span) // 2
        for row in range(widest):
            for column in range(widest):
                panel.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=RULE, linewidth=0.8))
        for u in range(kernel_size):
            for v in range(kernel_size):
                corner = (start + v * dilation, start + u * dilation)
                panel.add_patch(Rectangle(corner, 1, 1, facecolor=(WEIGHTS, 0.6), edgecolor=WEIGHTS))
        panel.add_patch(Rectangle((start, start), span, span, fill=False, edgecolor=INPUT, linewidth=2))
        panel.set(xlim=(-0.1, widest + 0.1), ylim=(widest + 0.1, -0.1), aspect="equal")
        panel.set_title(f"dilation {dilation}:\nspans {span} × {span}")
        panel.axis("off")
    return figure


def filter_spans_channels(
    size: int, in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, padding: int = 0
) -> Figure:
    """Draw a convolution as stacks: input maps, filters through all of them, one output map per filter."""
    output = conv_output_size(size, kernel_size, stride=stride, padding=padding)
    figure, axes = canvas()
    _stack(axes, 0.7, 2.6, in_channels, INPUT)
    _label(axes, 2.4, "input", f"{in_channels} maps of {size} × {size}")
    for k in range(out_channels):
        _stack(axes, 7.4, 1.0 + k * 3.9 / out_channels, in_channels, WEIGHTS, side=0.5, step=0.05)
    _label(
        axes,
        8.0,
        f"{out_channels} filters",
        f"each {kernel_size} × {kernel_size} × {in_channels} + 1 bias",
    )
    _stack(axes, 12.2, 2.6, out_channels, OUTPUT)
    _label(axes, 13.6, "output", f"{out_channels} maps of {output} × {output}")
    for x in (5.2, 10.4):
        axes.annotate(
            "", (x + 1.0, 2.8), (x, 2.8), arrowprops={"arrowstyle": "->", "color": INK, "linewidth": 1.6}
        )
    return figure


def _stack(
    axes: Axes, left: float, top: float, count: int, colour: str, *, side: float = 1.9, step: float = 0.16
) -> None:
    """Draw ``count`` overlapping squares, the last in front."""
    for index in reversed(range(count)):
        corner = (left + index * step, top - index * step)
        axes.add_patch(Rectangle(corner, side, side, facecolor=(colour, 0.25), edgecolor=colour, linewidth=1))


def _label(axes: Axes, x: float, name: str, detail: str) -> None:
    axes.text(x, 5.25, name, ha="center", va="center", fontsize=11)
    axes.text(x, 5.68, detail, ha="center", va="center", fontsize=10)


def shift_experiment(
    panels: Mapping[str, np.ndarray], remarks: Sequence[str], *, shift: int, width: int
) -> Figure:
    """Draw a moved image and its maps below each other, over one ruler, so that the eye can follow the shift.

    Parameters
    ----------
    panels : mapping
        Title to array (H, W); the image (0 to 1) first, then signed maps, of any resolution.
    remarks : sequence of str
        A line for each panel, beside it.
    shift : int
        Input pixels by which the image was moved; an arrow shows it.
    width : int
        Width of the image in pixels, to which all panels are drawn.
    """
    place = {"left": 0.03, "right": 0.45, "top": 0.98, "bottom": 0.13, "hspace": 0.08}
    figure, axes = subplots(len(panels), 1, size="tall", sharex=True, gridspec_kw=place)
    figure.set_layout_engine("none")
    for index, (panel, (title, values), remark) in enumerate(zip(axes, panels.items(), remarks, strict=True)):
        largest = max(float(np.abs(values).max()), 1e-12) if index else 1.0
        look = {"cmap": DIVERGING, "vmin": -largest, "vmax": largest} if index else {"cmap": "gray"}
        height = width * values.shape[0] / values.shape[1]
        panel.imshow(values, extent=(0, width, height, 0), **look)
        panel.set_yticks([])
        panel.tick_params(bottom=panel is axes[-1])
        words = {"transform": panel.transAxes, "va": "center"}
        panel.text(1.06, 0.62 if remark else 0.5, title, fontsize=11, **words)
        panel.text(1.06, 0.4, remark, **words)
        if shift:
            arrow = {"arrowstyle": "->", "color": GRADIENT, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
            panel.annotate("", (4 + shift, height - 2), (4, height - 2), arrowprops=arrow)
    axes[-1].set(xticks=range(0, width + 1, 8), xlabel="column (input pixels)")
    return figure
