"""Figures of the chapter on optimisation: paths on bowls, curves of losses, noise, schedules.

Every function takes plain numbers or arrays and returns a new figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cvlib.viz._panels import LABEL, SMALL, panels, walk
from cvlib.viz.picture import subplots
from cvlib.viz.style import EXTRA, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "descent_on_bowl",
    "descent_on_quadratic",
    "gradient_noise",
    "loss_by_step",
    "one_run",
    "schedules",
    "three_clocks",
]


def descent_on_bowl(path: ArrayLike, *, limit: float = 1.8) -> Figure:
    """Return a path of gradient descent on f(x, y) = x^2 + y^4: on the contours, and f against the step.

    Parameters
    ----------
    path : array_like
        (steps + 1, 2), the points visited, the first included.
    limit : float
        The contour plot shows x and y from -limit to limit.
    """
    path = np.asarray(path, dtype=float)
    figure, (left, right) = panels("single", (0.5, 0.55, 2.25, 2.25), (3.4, 0.55, 1.5, 2.25))
    turn = np.append(np.linspace(0, 2 * np.pi, 61), np.nan)
    levels = np.array([[0.01], [0.1], [0.4], [1], [2], [4], [8]])  # x = sqrt(f) cos t, y^2 = sqrt(f) |sin t|
    x, y = (
        np.sqrt(levels) * np.cos(turn),
        np.sqrt(np.sqrt(levels) * np.abs(np.sin(turn))) * np.sign(np.sin(turn)),
    )
    left.plot(x.ravel(), y.ravel(), color=MUTED, linewidth=0.8)
    left.plot(0, 0, "+", color=INK, markersize=9)
    walk(left, path, (-limit, limit, -limit, limit))
    left.set(xlabel="x", ylabel="y", aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    values = path[:, 0] ** 2 + path[:, 1] ** 4
    right.plot(np.clip(values, 1e-30, 1e30), "o-", color=OUTPUT, markersize=3.5)
    right.set(yscale="log", ylim=(5e-6, 2e5), xlim=(-1, 31), xlabel="step", title="f(x, y)")
    right.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4], ["0.0001", "0.01", "1", "100", "10,000"])
    right.minorticks_off()
    right.axhline(values[0], color=RULE, linewidth=1, zorder=0)
    right.text(30, values[0] * 1.3, "f at the start", ha="right", va="bottom", color=MUTED, fontsize=SMALL)
    return figure


def descent_on_quadratic(
    path: ArrayLike,
    curvatures: tuple[float, float],
    *,
    compare: ArrayLike | None = None,
    names: Sequence[str] = (),
) -> Figure:
    """Return a path on f(x) = (a x0^2 + b x1^2) / 2: on the contours, and its distance to the minimum by step.

    Parameters
    ----------
    path : array_like
        (steps + 1, 2), the points visited, the first included.
    curvatures : pair of float
        a and b, above 0.
    compare : array_like, optional
        A second path, drawn in grey.
    names : sequence of str
        What to call the path and the one to compare with.
    """
    path, (a, b) = np.asarray(path, dtype=float), curvatures
    figure, (left, right) = panels("single", (0.5, 0.55, 2.25, 2.25), (3.4, 0.55, 1.5, 2.25))
    turn = np.append(np.linspace(0, 2 * np.pi, 61), np.nan)
    levels = np.array([[0.02], [0.1], [0.3], [0.6], [1.0], [1.6]]) * (a + b) / 2
    x, y = np.sqrt(2 * levels / a) * np.cos(turn), np.sqrt(2 * levels / b) * np.sin(turn)
    left.plot(np.clip(x, -3, 3).ravel(), np.clip(y, -3, 3).ravel(), color=MUTED, linewidth=0.8)
    left.plot(0, 0, "+", color=INK, markersize=9)
    if compare is not None:
        compare = np.asarray(compare, dtype=float)
        left.plot(*np.clip(compare, -1e3, 1e3).T, ".-", color=MUTED, linewidth=1, markersize=4)
    walk(left, path, (-1.6, 1.6, -1.6, 1.6), start_above=True)
    left.set(xlabel="$x_0$, the flat direction", ylabel="$x_1$, the steep one", aspect="equal")
    left.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    left.yaxis.labelpad = 1
    for points, colour in ((compare, MUTED), (path, OUTPUT)):
        if points is not None:
            right.plot(np.clip(np.hypot(*points.T), 1e-9, 1e9), color=colour, linewidth=2)
    right.set(
        yscale="log", ylim=(1e-4, 1e2), xlim=(0, len(path) - 1), xlabel="step", title="distance to minimum"
    )
    right.set_yticks([1e-4, 1e-2, 1, 1e2], ["0.0001", "0.01", "1", "100"])
    right.title.set(fontsize=10)
    right.minorticks_off()
    for name, colour, height in zip(names, (OUTPUT, MUTED), (0.95, 0.86), strict=False):
        if name:
            right.text(
                0.98, height, name, transform=right.transAxes, ha="right", va="top", color=colour, bbox=LABEL
            )
    return figure


def loss_by_step(
    runs: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylim: tuple[float, float],
    ylabel: str = "loss (nats)",
    reference: tuple[float, str] | None = None,
) -> Figure:
    """Return losses against steps counted from 0, on a logarithmic scale, each curve named at its end.

    Parameters
    ----------
    runs : mapping of str to array_like
        At most five, by name.
    xlabel : str
        What is counted.
    ylim : pair of float
        Smallest and largest loss shown.
    ylabel : str
        What the losses are.
    reference : pair of float and str, optional
        A loss to draw a line at, and what it is.
    """
    if not 1 <= len(runs) <= 5:
        raise ValueError(f"runs must hold 1 to 5 curves, got {len(runs)}")
    figure, axes = subplots()
    ends = {name: float(np.clip(values[-1], *ylim)) for name, values in runs.items()}
    heights = _apart(ends, ylim)
    longest = max(len(values) for values in runs.values()) - 1
    for (name, values), colour, style in zip(
        runs.items(), (INPUT, OUTPUT, GRADIENT, WEIGHTS, EXTRA), ("-", "--", "-.", ":", "-"), strict=False
    ):
        axes.plot(np.clip(values, ylim[0] / 10, ylim[1] * 10), style, color=colour)
        axes.text(1.02 * longest, heights[name], name, va="center", color=colour)
    if reference is not None:
        axes.axhline(reference[0], color=RULE, linewidth=1, zorder=0)
        axes.text(
            longest,
            reference[0],
            reference[1],
            ha="right",
            va="bottom",
            color=MUTED,
            fontsize=SMALL,
            bbox=LABEL,
        )
    axes.set(xlabel=xlabel, ylabel=ylabel, xlim=(0, 1.38 * longest), ylim=ylim)
    axes.set_xticks(np.linspace(0, longest, 5).round().astype(int))
    _log_ticks(axes, ylim)
    return figure


def _apart(ends: Mapping[str, float], ylim: tuple[float, float], share: float = 0.075) -> dict[str, float]:
    """Return heights for words at the ends of curves, pushed apart on a logarithmic scale."""
    low, high = np.log(ylim)
    gap, names, heights = share * (high - low), sorted(ends, key=ends.__getitem__), []
    for name in names:
        heights.append(max(np.log(ends[name]), heights[-1] + gap if heights else low + gap / 2))
    limits = [high - gap / 2 - gap * above for above in reversed(range(len(names)))]
    return {name: float(np.exp(min(pair))) for name, *pair in zip(names, heights, limits, strict=True)}


def _log_ticks(axes: Axes, ylim: tuple[float, float]) -> None:
    axes.set(yscale="log", ylim=ylim)
    ticks = [
        t
        for t in (0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
        if ylim[0] <= t <= ylim[1]
    ]
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()


def one_run(
    x: ArrayLike,
    losses: ArrayLike,
    others: Sequence[tuple[ArrayLike, ArrayLike]],
    *,
    title: str,
    ylim: tuple[float, float],
    words: str = "other runs",
) -> Figure:
    """Return one training run by epoch, in front of others in grey.

    Parameters
    ----------
    x, losses : array_like
        Epochs and the losses there.
    others : sequence of pairs
        Epochs and losses of the runs to compare with.
    title : str
        What this run is.
    ylim : pair of float
        Smallest and largest loss shown.
    words : str
        What the grey runs are.
    """
    figure, (axes,) = panels("single", (0.6, 0.55, 4.2, 2.2))
    for epochs, values in others:
        axes.plot(epochs, np.clip(values, ylim[0] / 10, 10 * ylim[1]), color=RULE, linewidth=1.2)
    axes.plot(x, np.clip(losses, ylim[0] / 10, 10 * ylim[1]), color=OUTPUT, marker=".")
    axes.set(xlabel="epoch", ylabel="training loss (nats)", xlim=(0, np.max(x)))
    axes.set_title(title)
    axes.text(
        0.98, 0.95, f"grey: {words}", transform=axes.transAxes, ha="right", va="top", color=MUTED, bbox=LABEL
    )
    _log_ticks(axes, ylim)
    if np.nanmin(losses) > ylim[1]:
        axes.text(0.5, 0.5, "above the picture", transform=axes.transAxes, ha="center", color=GRADIENT)
    return figure


def three_clocks(runs: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]]) -> Figure:
    """Return losses against epochs, updates and seconds, side by side.

    Parameters
    ----------
    runs : mapping of str to tuple
        By name: losses, and the epochs, updates and seconds after which each was measured.
    """
    figure, axes = subplots(1, 3, size="wide", sharey=True)
    looks = zip(runs.items(), (GRADIENT, OUTPUT, INPUT), ("-", "--", "-."), strict=False)
    for (name, (losses, *clocks)), colour, style in looks:
        for panel, clock in zip(axes, clocks, strict=True):
            panel.plot(np.asarray(clock)[1:], np.asarray(losses)[1:], style, color=colour)
        end = {"textcoords": "offset points", "ha": "center", "va": "top", "color": colour}
        axes[0].annotate(name, (clocks[0][-1], losses[-1]), (0, -6), **end)
    for panel, words in zip(axes, ("epochs", "updates", "seconds, where this page was built"), strict=True):
        panel.set_xlabel(words)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes[0].set_ylabel("training loss (nats)")
    axes[0].set_xlim(0.7, 900)
    _log_ticks(axes[0], (0.02, 3))
    return figure


def gradient_noise(batch_sizes: Sequence[int], variances: ArrayLike) -> Figure:
    """Return the measured variance of mini-batch gradients against the batch size, with the line sigma^2 / B."""
    variances = np.asarray(variances, dtype=float)
    figure, axes = subplots()
    axes.plot(batch_sizes, variances[0] / np.asarray(batch_sizes), color=MUTED, linewidth=1)
    axes.plot(batch_sizes, variances, "o", color=GRADIENT)
    axes.set(xscale="log", yscale="log", xlabel="batch size B", ylabel="variance of the gradient")
    axes.set_xticks(batch_sizes, [str(b) for b in batch_sizes])
    powers = 10.0 ** np.arange(np.ceil(np.log10(variances.min())), np.ceil(np.log10(variances.max())))
    axes.set_yticks(powers, [f"{power:g}" for power in powers])
    axes.minorticks_off()
    middle = len(batch_sizes) // 2
    place = batch_sizes[middle], variances[0] / batch_sizes[middle]
    axes.annotate("variance at B = 1, divided by B", place, (8, 6), textcoords="offset points", color=MUTED)
    axes.annotate(
        "measured", (batch_sizes[0], variances[0]), (10, -2), textcoords="offset points", color=GRADIENT
    )
    return figure


def schedules(rates: Mapping[str, ArrayLike]) -> Figure:
    """Return learning rates against the step, one panel for each schedule, all on one scale."""
    figure, axes = subplots(2, 2, sharex=True, sharey=True)
    for panel, (name, values) in zip(axes.flat, rates.items(), strict=True):
        panel.plot(values, color=WEIGHTS)
        panel.set_title(name, fontsize=10)
        panel.set(ylim=(0, 1.1 * max(max(v) for v in rates.values())))
    for panel in axes[1]:
        panel.set_xlabel("step")
    for panel in axes[:, 0]:
        panel.set_ylabel("lr")
    return figure
