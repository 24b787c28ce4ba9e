"""Pictures of the page on conventions: flipped or not, rounded down or up, nats or bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvlib._checks import choice, integer, within
from cvlib.ops import conv2d
from cvlib.viz.board import canvas, cells
from cvlib.viz.picture import subplots
from cvlib.viz.style import GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = ["BASES", "count_windows", "logarithms", "one_pixel_filtered", "windows_rounded"]

#: Base of the logarithm, by the name of its unit.
BASES: Mapping[str, float] = MappingProxyType({"nats": math.e, "bits": 2.0, "bans": 10.0})


def one_pixel_filtered(kernel: np.ndarray, *, flip: bool) -> Figure:
    """Draw an image with a single bright pixel, a 3 x 3 kernel as it is applied, and the result.

    Parameters
    ----------
    kernel : array (3, 3)
    flip : bool
        Turn the kernel by 180 degrees first: mathematical convolution instead of cross-correlation.
    """
    kernel = np.asarray(kernel)
    if kernel.shape != (3, 3):
        raise ValueError(f"kernel must have shape (3, 3), got {kernel.shape}")
    used = kernel[::-1, ::-1] if flip else kernel
    image = np.zeros((5, 5))
    image[2, 2] = 1
    result = conv2d(image[None, None], used[None, None].astype(float))[0, 0]
    figure, axes = canvas("single")
    unit, middle = 0.62, 3.3
    parts = (
        (image, 0.35, "image", INPUT),
        (used, 4.45, "kernel, turned" if flip else "kernel", WEIGHTS),
        (result, 7.55, "result", OUTPUT),
    )
    for values, left, name, colour in parts:
        top = middle - len(values) * unit / 2
        cells(axes, values, left, top, unit=unit, name=name, colour=colour, tint=True, fontsize=11)
    for x, sign in ((3.95, "\N{ASTERISK OPERATOR}"), (6.95, "\N{RIGHTWARDS ARROW}")):
        axes.text(x, middle, sign, ha="center", va="center", fontsize=16)
    return figure


def windows_rounded(size: int, stride: int, rounding: str, *, kernel_size: int = 3) -> Figure:
    """Draw a row of pixels and the windows of a kernel on it, with the number of windows rounded down or up.

    Parameters
    ----------
    size, stride, kernel_size : int
        Pixels of the row, step from window to window, pixels of a window.
    rounding : {"down", "up"}
        What happens to a fraction in (size - kernel_size) / stride: rounded up, the last window sticks out.
    """
    integer("size", size, minimum=kernel_size)
    starts = [
        stride * window for window in range(count_windows(size, stride, rounding, kernel_size=kernel_size))
    ]
    reach = starts[-1] + kernel_size
    read = {start + pixel for start in starts for pixel in range(kernel_size)}
    figure, axes = canvas("single")
    unit, left = 0.66, 0.35
    for pixel in range(max(size, reach)):
        _pixel(axes, left + pixel * unit, unit, pixel, inside=pixel < size, read=pixel in read)
    for row, start in enumerate(starts):
        colour = OUTPUT if start + kernel_size <= size else GRADIENT
        place = (left + start * unit, 2.1 + 0.42 * row)
        axes.add_patch(Rectangle(place, kernel_size * unit, 0.32, facecolor=(colour, 0.35), edgecolor=colour))
    axes.text(left, 0.65, f"{size} pixels", ha="left", va="bottom", fontsize=10)
    return figure


def _pixel(axes: Axes, x: float, unit: float, index: int, *, inside: bool, read: bool) -> None:
    """Draw a pixel with its index, one that no window reads, or the empty place beyond the border."""
    edge = {"edgecolor": INK, "linestyle": "-"} if inside else {"edgecolor": MUTED, "linestyle": ":"}
    axes.add_patch(Rectangle((x, 0.9), unit, 0.7, facecolor=(INPUT, 0.25 if inside and read else 0), **edge))
    words, colour = (str(index), INK) if inside else ("?", MUTED)
    axes.text(x + unit / 2, 1.25, words, ha="center", va="center", color=colour, fontsize=9.5)
    if not read:
        look = {"ha": "center", "va": "top", "rotation": 90, "color": GRADIENT, "fontsize": 9.5}
        axes.text(x + unit / 2, 1.7, "unread", **look)


def count_windows(size: int, stride: int, rounding: str, *, kernel_size: int = 3) -> int:
    """Return how many windows there are along a row, the fraction rounded as told."""
    choice("rounding", rounding, ("down", "up"))
    steps = (size - kernel_size) / integer("stride", stride, minimum=1)
    return (math.floor(steps) if rounding == "down" else math.ceil(steps)) + 1


def logarithms(probability: float, unit: str) -> Figure:
    """Draw the loss of a prediction, minus the logarithm of its probability, in three units; one is marked.

    Parameters
    ----------
    probability : float
        Between 0 and 1, of the true class.
    unit : {"nats", "bits", "bans"}
        Of the loss that is marked.
    """
    within("probability", probability, 0, 1)
    choice("unit", unit, tuple(BASES))
    p = np.linspace(0.005, 1, 400)
    figure, axes = subplots()
    for (name, base), at in zip(BASES.items(), (0.4, 0.2, 0.6), strict=True):
        loss = -np.log(p) / math.log(base)
        chosen = name == unit
        axes.plot(p, loss, color=WEIGHTS if chosen else RULE, linewidth=2.5 if chosen else 1.5)
        look = {"arrowprops": {"arrowstyle": "-", "color": MUTED}, "ha": "center", "fontsize": 10}
        height = -math.log(at) / math.log(base)
        axes.annotate(name, (at, height), (at, height + 2), **look)
    marked = -math.log(probability) / math.log(BASES[unit])
    axes.plot(probability, marked, "o", color=INK, markersize=8)
    axes.set(xlabel="probability of the true class", ylabel="loss", xlim=(0, 1.02), ylim=(0, 7))
    return figure
