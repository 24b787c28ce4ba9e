"""Figures of the chapter on generative adversarial networks: densities, slopes, spirals, clouds and sheets of digits.

Every function takes plain numbers or arrays and returns a new figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from cvlib.viz._panels import LABEL, SMALL, mosaic, panels
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "centre_by_step",
    "digit_sheet",
    "judged_densities",
    "losses_of_the_game",
    "measures_by_model",
    "modes_and_shares",
    "points_and_field",
    "three_clouds",
    "two_losses",
    "two_player_path",
]

RING = 3.0  # half the side of the window on the ring of Gaussians


def judged_densities(
    x: ArrayLike, p: ArrayLike, q: ArrayLike, best: ArrayLike, *, learned: ArrayLike | None = None
) -> Figure:
    """Return two densities above, and below the answers of the discriminators that judge them.

    Parameters
    ----------
    x, p, q : array_like
        Places, the density of the data and that of the generator there.
    best : array_like
        The optimal discriminator.
    learned : array_like, optional
        A trained one.
    """
    figure, (top, bottom) = panels("single", (0.6, 1.85, 4.25, 1.2), (0.6, 0.5, 4.25, 1.15))
    x, p, q = (np.asarray(values, dtype=float) for values in (x, p, q))
    for density, colour, style in ((p, INPUT, "-"), (q, OUTPUT, "--")):
        top.plot(x, density, style, color=colour)
        top.fill_between(x, density, color=colour, alpha=0.15, linewidth=0)
    words = {"transform": top.transAxes, "va": "top", "bbox": LABEL}
    top.text(0.01, 0.98, "data $p$", color=INPUT, ha="left", **words)
    top.text(0.99, 0.98, "generator $q$ (dashed)", color=OUTPUT, ha="right", **words)
    top.set(xlim=(x[0], x[-1]), ylim=(0, 1.2), ylabel="density", xticks=[], yticks=(0, 0.5, 1))
    bottom.axhline(0.5, color=RULE, linewidth=1, zorder=0)
    bottom.plot(x, best, color=WEIGHTS, linewidth=2)
    name = "$D^*$"
    if learned is not None:
        bottom.plot(x, learned, ":", color=INK, linewidth=2)
        name = "$D^*$, and a trained net (dotted)"
    where = {"transform": bottom.transAxes, "va": "bottom", "ha": "left", "bbox": LABEL}
    bottom.text(0.01, 0.04, name, color=WEIGHTS, **where)
    bottom.set(xlim=(x[0], x[-1]), ylim=(-0.05, 1.05), xlabel="x", ylabel='D: "real"', yticks=(0, 0.5, 1))
    return figure


def two_losses(
    logits: ArrayLike, losses: Mapping[str, ArrayLike], kind: str, at: float, slope: float
) -> Figure:
    """Return the generator's two losses against the discriminator's score, with the slope of one of them at a point.

    Parameters
    ----------
    logits : array_like
        Scores.
    losses : mapping of str to array_like
        ``"minimax"`` and ``"non-saturating"``.
    kind : str
        Which one has the tangent.
    at, slope : float
        Where, and how steep the loss is there.
    """
    logits = np.asarray(logits, dtype=float)
    figure, (axes,) = panels("single", (0.6, 0.55, 4.25, 2.45))
    for name, colour in (("minimax", GRADIENT), ("non-saturating", OUTPUT)):
        chosen = name == kind
        axes.plot(
            logits, losses[name], "-" if chosen else "--", color=colour, linewidth=2.2 if chosen else 1.4
        )
    axes.text(-2.6, 5.2, "non-saturating\n$-\\log D$", color=OUTPUT, va="center")
    axes.text(1.2, -5.2, "minimax\n$\\log(1 - D)$", color=GRADIENT, va="center", ha="right")
    value = float(np.interp(at, logits, losses[kind]))
    reach = 2.2 / np.hypot(1, slope)
    axes.plot(
        [at - reach, at + reach], [value - reach * slope, value + reach * slope], color=INK, linewidth=2.6
    )
    axes.plot(at, value, "o", color=INK)
    axes.set(xlim=(logits[0], logits[-1]), ylim=(-8, 8), xlabel="score of a fake (D = sigmoid of it)")
    axes.set(ylabel="generator's loss (nats)", yticks=(-8, -4, 0, 4, 8))
    return figure


def centre_by_step(runs: Mapping[str, Sequence[ArrayLike]], goal: float) -> Figure:
    """Return where the centre of a generator's samples is by step, for several runs of each of two losses."""
    figure, axes = subplots()
    for (name, many), colour, style, height in zip(
        runs.items(), (GRADIENT, OUTPUT), ("--", "-"), (-2.5, 0.6), strict=True
    ):
        for run in many:
            axes.plot(run, style, color=colour, linewidth=1.5)
        axes.text(len(many[0]), height, name, ha="right", va="bottom", color=colour, bbox=LABEL)
    axes.axhline(goal, color=RULE, linewidth=1, zorder=0)
    axes.text(0, goal + 0.1, "data", color=MUTED, va="bottom", fontsize=SMALL)
    axes.set(xlabel="step of the game", ylabel="centre of the fakes", ylim=(-4, 6))
    return figure


def two_player_path(path: ArrayLike) -> Figure:
    """Return the path of two players with one number each: in their plane, and the distance to (0, 0) by step."""
    path = np.asarray(path, dtype=float)
    figure, (left, right) = panels("single", (0.55, 0.55, 2.25, 2.25), (3.4, 0.55, 1.45, 2.25))
    for place in (left.axhline, left.axvline):
        place(0, color=RULE, linewidth=1, zorder=0)
    left.plot(*np.clip(path, -1e3, 1e3).T, ".-", color=GRADIENT, linewidth=1.2, markersize=5)
    left.plot(0, 0, "+", color=INK, markersize=10)
    left.plot(*path[0], "s", color=INPUT, markersize=7)
    left.annotate(
        "start", path[0], (6, 6), textcoords="offset points", color=INPUT, fontsize=SMALL, bbox=LABEL
    )
    left.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xticks=(-2, 0, 2), yticks=(-2, 0, 2))
    left.set(xlabel="x, who minimises xy", ylabel="y, who maximises it")
    left.yaxis.labelpad = 1
    if np.abs(path[-1]).max() <= 3:
        left.plot(*path[-1], "o", color=OUTPUT, markersize=7)
    else:
        words = {"transform": left.transAxes, "ha": "right", "va": "bottom", "bbox": LABEL}
        left.text(0.98, 0.03, "has left the picture", color=GRADIENT, **words)
    right.axhline(np.hypot(*path[0]), color=RULE, linewidth=1, zorder=0)
    right.plot(np.hypot(*path.T), color=OUTPUT)
    right.set(yscale="log", ylim=(0.3, 300), xlim=(0, 40), xlabel="step")
    right.set_title("distance to (0, 0)", fontsize=10)
    right.set_yticks([1, 10, 100], ["1", "10", "100"])
    right.minorticks_off()
    return figure


def _window(axes: Axes) -> None:
    axes.set(xlim=(-RING, RING), ylim=(-RING, RING), aspect="equal", xticks=(-2, 0, 2), yticks=(-2, 0, 2))


def three_clouds(noise: ArrayLike, fakes: ArrayLike, real: ArrayLike) -> Figure:
    """Return noise, what a generator makes of it, and the data, side by side."""
    figure, axes = subplots(1, 3, size="wide")
    titles = ("noise goes in", "the generator makes of it", "the data it never saw")
    for panel, points, colour, title in zip(
        axes, (noise, fakes, real), (MUTED, OUTPUT, INPUT), titles, strict=True
    ):
        panel.plot(*np.asarray(points).T, ".", color=colour, markersize=3, alpha=0.6, markeredgewidth=0)
        panel.set_title(title, color=colour)
        _window(panel)
    return figure


def points_and_field(centres: ArrayLike, fakes: ArrayLike, judged: ArrayLike) -> Figure:
    """Return a generator's points on the discriminator's field, with the centres of the data as rings.

    Parameters
    ----------
    centres : array_like, (K, 2)
        Where the data are.
    fakes : array_like, (N, 2)
        The generator's points.
    judged : array_like, (H, W)
        The discriminator's probability of "real" over the window, the first row at the bottom.
    """
    figure, (axes, bar) = panels("tall", (0.45, 0.45, 3.75, 3.75), (4.4, 0.45, 0.12, 3.75))
    window = (-RING, RING, -RING, RING)
    pale = {
        "cmap": DIVERGING,
        "vmin": -0.45,
        "vmax": 1.45,
    }  # so that black dots stand out, in dark mode as well
    image = axes.imshow(judged, origin="lower", extent=window, **pale)
    axes.plot(
        *np.asarray(centres).T, "o", color="black", markersize=15, fillstyle="none", markeredgewidth=1.5
    )
    axes.plot(*np.asarray(fakes).T, ".", color="black", markersize=3.5, markeredgewidth=0)
    _window(axes)
    axes.set_title("dots: fakes; rings: data; colour: D", fontsize=10)
    figure.colorbar(image, cax=bar, ticks=(0, 0.5, 1))
    bar.set_yticklabels(["fake", "½", "real"])
    bar.set_ylim(0, 1)
    return figure


def modes_and_shares(outcomes: Mapping[str, Sequence[tuple[int, float]]]) -> Figure:
    """Return the modes reached and the share of the fakes at a mode, a marker for every run of up to three settings."""
    figure, axes = subplots()
    looks = ((OUTPUT, "o"), (GRADIENT, "s"), (WEIGHTS, "^"))
    for row, ((name, runs), (colour, marker)) in enumerate(zip(outcomes.items(), looks, strict=False)):
        aside = 0.12 * (np.arange(len(runs)) - (len(runs) - 1) / 2)
        modes, shares = np.array(runs, dtype=float).T
        axes.plot(modes + aside, shares, marker, color=colour, markersize=8, alpha=0.75)
        height = 0.1 + 0.11 * row
        axes.plot(5.5, height, marker, color=colour, markersize=8, alpha=0.75)
        axes.text(5.8, height, name, color=colour, va="center")
    axes.set(
        xlim=(-0.4, 8.6), ylim=(0, 1.08), xlabel="modes reached, of 8", ylabel="share of fakes at a mode"
    )
    axes.set_xticks(range(9))
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    return figure


def losses_of_the_game(histories: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Return both players' losses by epoch, one panel for each game, all on one scale."""
    figure, axes = subplots(1, len(histories), size="single", sharey=True)
    for panel, (name, (judge, painter)) in zip(axes, histories.items(), strict=True):
        epochs = np.arange(1, len(judge) + 1)
        panel.axhline(np.log(4), color=RULE, linewidth=1, zorder=0)
        panel.plot(epochs, judge, color=WEIGHTS)
        panel.plot(epochs, painter, "--", color=OUTPUT)
        panel.set_title(name, fontsize=10)
        panel.set(xlabel="epoch", ylim=(0, 4))
    last = axes[-1]
    words = {"transform": last.transAxes, "ha": "right", "va": "top", "bbox": LABEL}
    last.text(0.98, 0.98, "generator (dashed)", color=OUTPUT, **words)
    last.text(0.98, 0.88, "discriminator", color=WEIGHTS, **words)
    axes[0].set_ylabel("loss (nats)")
    return figure


def digit_sheet(images: ArrayLike, *, rows: int = 5) -> Figure:
    """Return images (N, 1, H, W) or (N, H, W) as a sheet of ``rows`` rows."""
    images = np.asarray(images)
    images = images.reshape(-1, *images.shape[-2:])
    if len(images) % rows:
        raise ValueError(f"images must fill {rows} rows, got {len(images)}")
    figure, (axes,) = panels("single", (0.1, 0.1, 4.8, 3.0))
    mosaic(axes, np.clip(images, 0, 1).reshape(rows, -1, *images.shape[-2:]))
    return figure


def measures_by_model(
    measures: Mapping[str, Mapping[str, Sequence[float]]], titles: Mapping[str, str]
) -> Figure:
    """Return a panel for each measure and a row for each model, with a dot for every run.

    Parameters
    ----------
    measures : mapping
        For each model, for each measure, its values in several runs.
    titles : mapping
        What to write over the panel of each measure; its keys choose the measures.
    """
    figure, axes = subplots(1, len(titles), size="wide", sharey=True)
    for panel, (key, title) in zip(axes, titles.items(), strict=True):
        truth = float(np.mean(next(iter(measures.values()))[key]))
        panel.axvline(truth, color=INPUT, linewidth=1, linestyle=":", zorder=0)
        for row, values in enumerate(measures.values()):
            colour = INPUT if row == 0 else OUTPUT
            panel.plot(values[key], [row] * len(values[key]), "o", color=colour, markersize=6, alpha=0.7)
        panel.set_title(title, fontsize=10)
        panel.set_ylim(len(measures) - 0.5, -0.5)
        panel.set_xlim(0, 1.12 * max(max(values[key]) for values in measures.values()))
        panel.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2.5, 5, 10]))
        panel.grid(axis="y")
    axes[0].set_yticks(range(len(measures)), list(measures))
    return figure
