"""Figures of the chapter on activations: curves and slopes, bends, gradients through depth, units that fall silent.

Every function takes plain numbers, arrays or functions of arrays, and returns a new figure. Frames of an explorer have
fixed axes, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cvlib.viz._panels import LABEL
from cvlib.viz._panels import panels as place_panels
from cvlib.viz.board import number
from cvlib.viz.picture import subplots
from cvlib.viz.style import EXTRA, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "curve_and_slope",
    "depth_profile",
    "fitted_bends",
    "learned_slopes",
    "loss_by_epoch",
    "prediction_and_training",
    "saturation_by_layer",
    "silent_units",
]

LINES = (GRADIENT, OUTPUT, INPUT, WEIGHTS, EXTRA)
MARKERS = "osD^v"


def loss_by_epoch(losses: Mapping[str, Sequence[float]], *, guessing: float) -> Figure:
    """Draw one loss curve per name, and the loss of guessing as a line.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        Mean loss of each epoch, in nats.
    guessing : float
        The loss of a uniform guess.
    """
    figure, axes = subplots()
    axes.axhline(guessing, color=RULE, linewidth=1)
    longest = max(map(len, losses.values()))
    axes.text(1, guessing + 0.08, "guessing", va="bottom", color=MUTED)
    for colour, marker, (name, values) in zip(LINES, MARKERS, losses.items(), strict=False):
        axes.plot(range(1, len(values) + 1), values, marker=marker, markersize=4, color=colour)
        axes.annotate(
            name, (len(values), values[-1]), (6, 0), textcoords="offset points", color=colour, va="center"
        )
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)", xlim=(0.8, 1.22 * longest), ylim=(0, 2.7))
    axes.set_xticks(range(2, longest + 1, 2))
    return figure


def fitted_bends(x: ArrayLike, target: ArrayLike, fitted: ArrayLike, knots: Sequence[float]) -> Figure:
    """Draw a curve, what a layer of hidden units makes of it, and where each unit has its middle.

    Parameters
    ----------
    x, target, fitted : array_like
        (N,), the points of both curves.
    knots : sequence of float
        The input at which each hidden unit is at 0.
    """
    figure, (axes,) = place_panels("single", (0.62, 0.52, 4.2, 2.5))
    axes.plot(x, target, "--", color=MUTED)
    axes.plot(x, fitted, color=OUTPUT)
    axes.plot(knots, np.full(len(knots), -1.78), "^", color=WEIGHTS, markersize=7, clip_on=False)
    axes.text(-2.95, 1.62, "curve to be learned", color=MUTED, va="center")
    axes.text(2.95, 1.62, "what the net computes", color=OUTPUT, va="center", ha="right")
    axes.text(-2.95, -1.4, "each triangle: a hidden unit", color=WEIGHTS, va="center", bbox=LABEL)
    axes.set(xlim=(-3, 3), ylim=(-1.8, 1.8), xlabel="input x", ylabel="output", yticks=(-1, 0, 1))
    return figure


def curve_and_slope(
    function: Callable[[np.ndarray], np.ndarray],
    slope: Callable[[np.ndarray], np.ndarray],
    at: float,
    *,
    name: str,
) -> Figure:
    """Draw a function with its tangent at a point, and its slope below.

    Parameters
    ----------
    function, slope : callable
        Take an array and return one of the same shape.
    at : float
        The point, between -4.5 and 4.5.
    name : str
        What the function is called.
    """
    x = np.linspace(-4.5, 4.5, 361)
    figure, (above, below) = place_panels("tall", (0.62, 2.2, 4.2, 2.4), (0.62, 0.52, 4.2, 1.4))
    value, steepness = (float(f(np.array([at]))[0]) for f in (function, slope))
    for axes in (above, below):
        axes.axhline(0, color=RULE, linewidth=1)
        axes.axvline(at, color=INPUT, linestyle=":", linewidth=1.4)
        axes.set(xlim=(-4.6, 4.6))
    above.plot(x, function(x), color=OUTPUT)
    reach = 1.3 / np.hypot(1, steepness)
    tangent = np.array([-reach, reach])
    above.plot(at + tangent, value + steepness * tangent, color=GRADIENT, linewidth=3)
    above.plot(at, value, "o", color=INPUT, markersize=7)
    slopes = slope(x)
    slopes[1:][np.abs(np.diff(slopes)) > 0.3] = np.nan  # a jump is not a line
    below.plot(x, slopes, color=GRADIENT)
    below.plot(at, steepness, "o", color=INPUT, markersize=7)
    above.text(
        -4.45,
        4.2,
        f"{name}({number(at)}) = {number(value)}",
        color=OUTPUT,
        fontsize=12,
        va="center",
        bbox=LABEL,
    )
    below.text(
        -4.45,
        1.18,
        f"slope at {number(at)}: {number(steepness)}",
        color=GRADIENT,
        fontsize=12,
        va="center",
        bbox=LABEL,
    )
    above.set(ylim=(-1.5, 4.7), ylabel="value", yticks=range(-1, 5), xticks=range(-4, 5, 2), xticklabels=[])
    below.set(
        ylim=(-0.3, 1.45), ylabel="slope", xlabel="input x", yticks=(0, 0.25, 1), xticks=range(-4, 5, 2)
    )
    below.set_yticklabels(["0", "¼", "1"])
    return figure


def depth_profile(
    measured: tuple[ArrayLike, ArrayLike], predicted: tuple[ArrayLike, ArrayLike], *, deepest: int = 30
) -> Figure:
    """Draw the size of the signal on its way up, and of the gradient on its way down: dots measured, lines predicted.

    Parameters
    ----------
    measured, predicted : pair of array_like
        Signal and gradient, each (L + 1,): root mean square at the input (0) and after every layer.
    deepest : int
        The depth that the axes have room for.
    """
    figure, axes_pair = place_panels("tall", (0.82, 2.72, 3.98, 1.75), (0.82, 0.55, 3.98, 1.75))
    depth = len(measured[1]) - 1
    each = (measured[1][0] / measured[1][-1]) ** (1 / depth)
    titles = ("signal, going forward", f"gradient, coming back: \N{MULTIPLICATION SIGN} {each:.2f} per layer")
    for axes, title, colour, dots, line in zip(
        axes_pair, titles, (OUTPUT, GRADIENT), measured, predicted, strict=True
    ):
        axes.axhline(0, color=RULE, linewidth=1)
        axes.plot(np.log10(line), color=INK, linewidth=1.2)
        axes.plot(np.log10(dots), "o", color=colour, markersize=4.5)
        axes.set_title(title, color=colour, loc="left")
        powers = range(-24, 17, 8)
        axes.set(xlim=(-0.6, deepest + 0.6), ylim=(-26, 18), yticks=powers, ylabel="size (rms)")
        axes.set_yticklabels([f"$10^{{{power}}}$" if power else "1" for power in powers])
    axes_pair[0].set_xticklabels([])
    axes_pair[1].set(xlabel="layer (0 is the input)")
    axes_pair[0].text(deepest, 11, "dots measured, line predicted", ha="right", color=MUTED, va="center")
    return figure


def saturation_by_layer(shares: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Draw for each function the share of saturated units by hidden layer, before training and after.

    Parameters
    ----------
    shares : mapping of str to pair of sequence
        Shares from 0 to 1 before and after training, one per layer.
    """
    figure, panels = subplots(1, len(shares), sharey=True)
    for axes, (name, (before, after)) in zip(panels, shares.items(), strict=True):
        layers = range(1, len(after) + 1)
        axes.plot(layers, 100 * np.asarray(before), "s--", color=MUTED, markersize=5)
        axes.plot(layers, 100 * np.asarray(after), "o-", color=GRADIENT, markersize=5)
        axes.set(
            title=name, xlabel="hidden layer", xticks=layers, xlim=(0.6, len(after) + 0.4), ylim=(-4, 100)
        )
    panels[0].set_ylabel("saturated (%)")
    panels[0].text(0.7, 92, "after training", color=GRADIENT, va="center")
    panels[0].text(0.7, 82, "before", color=MUTED, va="center")
    return figure


def silent_units(silent: ArrayLike, accuracy: Sequence[float], *, note: str) -> Figure:
    """Draw the share of units that are silent for every image, layer by layer, and the accuracy, by epoch.

    Parameters
    ----------
    silent : array_like
        (epochs + 1, layers), shares from 0 to 1, the first before training.
    accuracy : sequence of float
        (epochs + 1,), shares from 0 to 1.
    note : str
        What was set, a few words.
    """
    silent = np.asarray(silent)
    figure, (left, right) = place_panels("single", (0.6, 0.55, 2.05, 2.25), (3.1, 0.55, 1.75, 2.25))
    epochs = range(len(silent))
    for layer, colour, marker in zip(range(silent.shape[1]), LINES, MARKERS, strict=False):
        left.plot(epochs, 100 * silent[:, layer], marker=marker, color=colour, markersize=4.5)
    right.plot(epochs, 100 * np.asarray(accuracy), "o-", color=INK, markersize=4.5)
    left.set_title("silent units (%)", loc="left")
    right.set_title("accuracy (%)", loc="left")
    for axes in (left, right):
        axes.set(ylim=(-5, 135), xlim=(-0.3, len(silent) - 0.7), xlabel="epoch", yticks=(0, 50, 100))
        axes.set_xticks(range(0, len(silent), 2))
    for layer, colour in zip(range(silent.shape[1]), LINES, strict=False):
        place = (0.02 + 0.34 * layer, 0.93)
        left.text(*place, f"layer {layer + 1}", color=colour, transform=left.transAxes, va="center")
    right.text(
        0.02, 0.93, note.replace("-", "\N{MINUS SIGN}"), color=MUTED, transform=right.transAxes, va="center"
    )
    return figure


def learned_slopes(slopes: Mapping[float, ArrayLike]) -> Figure:
    """Draw the slopes that PReLUs have learned: one dot per training, a line through the means.

    Parameters
    ----------
    slopes : mapping of float to array_like
        By the slope before training: (trainings, layers).
    """
    figure, axes = subplots()
    for (start, values), colour, marker in zip(
        slopes.items(), (INPUT, WEIGHTS, OUTPUT), MARKERS, strict=False
    ):
        values = np.asarray(values)
        layers = np.arange(1, values.shape[1] + 1)
        axes.plot(layers, values.mean(axis=0), color=colour)
        axes.plot(np.tile(layers, len(values)), values.ravel(), marker, color=colour, markersize=5)
        axes.plot([0.4, 0.65], [start, start], color=colour, linewidth=3)
        axes.text(
            layers[-1] + 0.2, values.mean(axis=0)[-1], f"start {number(start)}", color=colour, va="center"
        )
    axes.axhline(0, color=RULE, linewidth=1, zorder=0)
    axes.set(
        xlabel="hidden layer", ylabel="slope a", xticks=layers, xlim=(0.4, layers[-1] + 1.1), ylim=(-0.2, 1.1)
    )
    axes.text(0.75, 1, "slopes before training: bars on the left", color=MUTED, va="center")
    return figure


def prediction_and_training(
    predicted: Mapping[str, Sequence[float]], losses: Mapping[str, Sequence[float]], *, guessing: float
) -> Figure:
    """Draw the loss after training against the gradient predicted before it, one marker per network.

    Parameters
    ----------
    predicted : mapping of str to sequence of float
        By activation: the gradient at the first layer, relative to the last.
    losses : mapping of str to sequence of float
        The losses that belong to them, in nats; NaN where training overflowed.
    guessing : float
        The loss of a uniform guess.
    """
    figure, (axes,) = place_panels("single", (0.62, 0.55, 4.2, 2.35))
    axes.axhline(guessing, color=RULE, linewidth=1)
    axes.axvline(0, color=RULE, linewidth=1)
    for index, (name, colour, marker) in enumerate(zip(predicted, LINES, MARKERS, strict=False)):
        axes.plot(
            np.log10(predicted[name]),
            np.nan_to_num(losses[name], nan=2.75),
            marker,
            color=colour,
            markersize=7,
        )
        height = 0.62 - 0.11 * index
        axes.plot(0.03, height, marker, color=colour, transform=axes.transAxes, markersize=6)
        axes.text(0.06, height, name, color=colour, transform=axes.transAxes, va="center")
    axes.set(
        xlabel="predicted gradient at the first layer (1 at the last)", ylabel="loss (nats)", ylim=(-0.1, 2.9)
    )
    powers = range(-8, 3, 2)
    axes.set(xlim=(-9.7, 2.4), xticks=powers)
    axes.set_xticklabels([f"$10^{{{power}}}$" if power else "1" for power in powers])
    axes.text(-9.5, guessing + 0.06, "guessing", color=MUTED, va="bottom")
    if any(np.isnan(values).any() for values in losses.values()):
        axes.text(1.1, 2.75, "overflow", color=MUTED, va="center", ha="right")
    return figure
