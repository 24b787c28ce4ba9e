"""Figures of the chapter on regularisation: fits and their errors, shrinkage, dropout, running statistics, cures.

Every function takes plain numbers or arrays and returns a new figure. Errors are shares between 0 and 1, drawn in per
cent; runs with different seeds lie along the first axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cvlib._checks import choice
from cvlib.train import History
from cvlib.viz._panels import LABEL, SMALL, mosaic, panels
from cvlib.viz.picture import subplots
from cvlib.viz.style import EXTRA, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "before_and_after",
    "bias_and_variance",
    "cures_compared",
    "early_stopping",
    "error_curves",
    "fitted_curve",
    "loss_by_rate",
    "masked_sums",
    "running_statistics",
    "shrinkage",
    "three_fits",
]

HEIGHT = 2.2  # the curve's axis runs from minus this to this


def three_fits(x: ArrayLike, y: ArrayLike, grid: ArrayLike, fits: Mapping[str, ArrayLike]) -> Figure:
    """Return the same points in three panels, each with another curve through them.

    Parameters
    ----------
    x, y : array_like
        The points, (N,).
    grid : array_like
        Where the curves are given, (M,).
    fits : mapping of str to array_like
        Three curves (M,), by name.
    """
    figure, axes = subplots(1, 3, sharey=True)
    for panel, (name, curve) in zip(axes, fits.items(), strict=True):
        panel.plot(grid, curve, color=OUTPUT)
        panel.plot(x, y, "o", color=INPUT, markersize=4)
        panel.set(title=name, xlabel="x", ylim=(-HEIGHT, HEIGHT), xticks=(-1, 0, 1))
    axes[0].set_ylabel("y")
    return figure


def fitted_curve(
    x: ArrayLike,
    y: ArrayLike,
    grid: ArrayLike,
    curve: ArrayLike,
    truth: ArrayLike,
    errors: tuple[float, float],
) -> Figure:
    """Return points with the curve fitted to them and the true one, and its two errors as bars.

    Parameters
    ----------
    x, y : array_like
        The points, (N,).
    grid, curve, truth : array_like
        Where both curves are given, the fitted one and the true one, (M,).
    errors : pair of float
        Root mean squared error on the points, and on new ones.
    """
    figure, (axes, bars) = panels("single", (0.5, 0.5, 3.1, 2.55), (4.1, 0.5, 0.8, 2.2))
    axes.plot(grid, truth, "--", color=MUTED, linewidth=1.5)
    axes.plot(grid, np.clip(curve, -2 * HEIGHT, 2 * HEIGHT), color=OUTPUT)
    axes.plot(x, y, "o", color=INPUT, markersize=4)
    axes.set(xlim=(-1.05, 1.05), ylim=(-HEIGHT, HEIGHT), xlabel="x", ylabel="y", xticks=(-1, 0, 1))
    axes.set_yticks((-2, -1, 0, 1, 2))
    axes.yaxis.labelpad = 1
    axes.text(-1.0, -2.0, "fit", color=OUTPUT, va="center")
    axes.text(-0.78, -2.0, "truth (dashed)", color=MUTED, va="center")
    bars.bar((0, 1), np.clip(errors, 0, 1), color=(INPUT, GRADIENT), width=0.7)
    for place, error in enumerate(errors):
        bars.text(place, min(error, 1) + 0.02, f"{error:.2f}", ha="center", va="bottom", fontsize=SMALL)
    bars.set(xlim=(-0.6, 1.6), ylim=(0, 1.02), yticks=())
    bars.set_xticks((0, 1), ("train", "new"))
    bars.set_title("error", pad=14)
    bars.tick_params(length=0)
    bars.spines["left"].set_visible(False)
    return figure


def bias_and_variance(
    degrees: Sequence[int], squared_bias: ArrayLike, variance: ArrayLike, *, noise: float
) -> Figure:
    """Return squared bias, variance and their sum with the noise against the degree of a polynomial."""
    squared_bias, variance = np.asarray(squared_bias), np.asarray(variance)
    total = squared_bias + variance + noise
    figure, axes = subplots()
    best = int(np.argmin(total))
    axes.axhline(noise, color=RULE, linewidth=1, zorder=0)
    axes.plot(degrees, total, color=INK, marker="o", markersize=4)
    axes.plot(degrees, squared_bias, "--", color=INPUT, marker="s", markersize=4)
    axes.plot(degrees, variance, "-.", color=GRADIENT, marker="^", markersize=4)
    axes.plot(degrees[best], total[best], "o", color=OUTPUT, markersize=9)
    words = {"textcoords": "offset points", "bbox": LABEL}
    axes.annotate(
        "bias\N{SUPERSCRIPT TWO}", (degrees[1], squared_bias[1]), (-9, -14), color=INPUT, ha="right", **words
    )
    axes.annotate("variance", (degrees[-2], variance[-2]), (0, -16), color=GRADIENT, ha="center", **words)
    axes.annotate("expected error", (degrees[-2], total[-2]), (0, 8), color=INK, ha="right", **words)
    axes.annotate(
        f"smallest, degree {degrees[best]}",
        (degrees[best], total[best]),
        (0, 24),
        color=OUTPUT,
        ha="center",
        **words,
    )
    axes.text(degrees[-1], noise, "noise", ha="right", va="bottom", color=MUTED)
    axes.set(xlabel="degree of the polynomial", ylabel="squared error", yscale="log", ylim=(1e-3, 3))
    axes.set_xticks(degrees)
    axes.set_yticks((0.001, 0.01, 0.1, 1), ("0.001", "0.01", "0.1", "1"))
    axes.minorticks_off()
    return figure


def error_curves(groups: Mapping[str, tuple[Sequence[int], ArrayLike, ArrayLike]]) -> Figure:
    """Return training and test error against a number, one panel for each.

    Parameters
    ----------
    groups : mapping of str to tuple
        By the name of what is on the horizontal axis: its values (K,), training errors and test errors (runs, K). The
        mean is drawn as a line, every run as a dot.
    """
    figure, axes = subplots(len(groups), 1, size="tall")
    for panel, (name, (values, train, test)) in zip(np.atleast_1d(axes), groups.items(), strict=True):
        looks = ((train, INPUT, "--", "training error"), (test, OUTPUT, "-", "test error"))
        for errors, colour, style, _ in looks:
            errors = 100 * np.asarray(errors)
            panel.plot(values, errors.T, ".", color=colour, markersize=4)
            panel.plot(values, errors.mean(0), style, color=colour)
        panel.set(xscale="log", xlabel=name, ylim=(-3, 83))
        panel.set_xticks(values, [f"{value:,}" for value in values])
        panel.minorticks_off()
        for (_, colour, _, words), height in zip(looks, (0.83, 0.93), strict=True):
            panel.text(0.98, height, words, transform=panel.transAxes, color=colour, ha="right")
        panel.set_ylabel("error (%)")
    return figure


def shrinkage(
    singular_values: ArrayLike,
    directions: ArrayLike,
    solution: ArrayLike,
    penalty: float,
    penalties: ArrayLike,
) -> Figure:
    """Return ridge regression with two weights: the path of the solution, and what is left along each direction.

    Parameters
    ----------
    singular_values : array_like
        s of the inputs X, largest first, (2,).
    directions : array_like
        Right singular vectors, one per row, (2, 2).
    solution : array_like
        Weights without a penalty, (2,).
    penalty : float
        Lambda of the solution that is marked.
    penalties : array_like
        Lambdas along the path from the solution without a penalty to 0.
    """
    s, directions, solution = map(np.asarray, (singular_values, directions, solution))
    figure, (plane, factors) = panels("single", (0.5, 0.52, 2.35, 2.35), (3.5, 0.52, 1.4, 2.1))
    turn = np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    for level in (0.5, 1, 2, 3):
        plane.plot(
            *(solution[:, None] + directions.T @ (level * circle / s[:, None])), color=MUTED, linewidth=0.8
        )
    plane.axhline(0, color=RULE, linewidth=1, zorder=0)
    plane.axvline(0, color=RULE, linewidth=1, zorder=0)
    along = directions @ solution
    path = [directions.T @ (s**2 / (s**2 + value) * along) for value in penalties]
    plane.plot(*np.transpose(path), color=WEIGHTS, linewidth=1.5)
    here = directions.T @ (s**2 / (s**2 + penalty) * along)
    plane.plot(*solution, "s", color=INPUT, markersize=7)
    plane.plot(*here, "o", color=WEIGHTS, markersize=9)
    plane.set(xlim=(-0.9, 2.1), ylim=(-0.9, 2.1), xticks=(0, 1, 2), yticks=(0, 1, 2), aspect="equal")
    plane.set(xlabel="$w_0$", ylabel="$w_1$")
    plane.yaxis.labelpad = 1
    shares = s**2 / (s**2 + penalty)
    factors.bar((0, 1), shares, color=WEIGHTS, width=0.6)
    factors.axhline(1, color=RULE, linewidth=1, zorder=0)
    for place, share in enumerate(shares):
        factors.text(place, share + 0.02, f"{share:.2f}", ha="center", va="bottom")
    factors.set(ylim=(0, 1.1), yticks=(0, 0.5, 1), xlim=(-0.6, 1.6))
    factors.set_xticks((0, 1), [f"s = {value:.2f}" for value in s])
    factors.set_title("what is left", pad=8)
    return figure


def masked_sums(sums: ArrayLike, plain: float, *, most: float) -> Figure:
    """Return the distribution of a sum over dropout masks, its mean, and the sum without dropout.

    Parameters
    ----------
    sums : array_like
        One sum per mask.
    plain : float
        The sum without dropout.
    most : float
        The axis runs from 0 to this.
    """
    sums = np.asarray(sums, dtype=float)
    figure, (axes,) = panels("single", (0.35, 0.55, 4.3, 2.2))
    counts, edges = np.histogram(sums, bins=60, range=(0, most))
    axes.stairs(counts / counts.max(), edges, fill=True, color=RULE)
    axes.stairs(counts / counts.max(), edges, color=INPUT, linewidth=1)
    axes.axvline(plain, color=MUTED, linestyle="--", linewidth=2)
    axes.axvline(sums.mean(), color=OUTPUT, linewidth=2)
    axes.text(0.99, 1.04, "mean over masks (solid)", transform=axes.transAxes, ha="right", color=OUTPUT)
    axes.text(0.0, 1.04, "all units, as at test time (dashed)", transform=axes.transAxes, color=MUTED)
    axes.set(xlim=(0, most), ylim=(0, 1.08), yticks=(), xlabel="sum that the next unit receives")
    axes.spines["left"].set_visible(False)
    return figure


def running_statistics(mean: ArrayLike, var: ArrayLike, *, true_mean: float, true_var: float) -> Figure:
    """Return the running mean and the running variance of batch norm, batch by batch, with the true values."""
    figure, axes = panels("single", (0.6, 1.75, 4.2, 1.2), (0.6, 0.5, 4.2, 1.0))
    for panel, values, truth, name in zip(
        axes, (mean, var), (true_mean, true_var), ("mean", "variance"), strict=True
    ):
        panel.axhline(truth, color=MUTED, linestyle="--", linewidth=1.5)
        panel.plot(np.arange(len(values)), np.clip(values, -1e3, 1e3), color=OUTPUT, linewidth=1.5)
        panel.set(xlim=(0, len(values) - 1), ylim=(0, 2 * truth), yticks=(0, truth))
        panel.set_ylabel(f"running\n{name}")
    axes[0].set_xticklabels(())
    axes[0].text(len(mean) - 1, 1.1, "dashed: all data", ha="right", color=MUTED)
    axes[1].set_xlabel("batches seen")
    return figure


def loss_by_rate(rates: Sequence[float], runs: Mapping[str, ArrayLike], *, guessing: float) -> Figure:
    """Return training losses after a fixed number of steps against the learning rate; two kinds of net.

    Parameters
    ----------
    rates : sequence of float
        Learning rates, (K,).
    runs : mapping of str to array_like
        Losses (runs, K), by name; drawn as a line through their means with every run as a dot.
    guessing : float
        The loss of a net that gives every class the same probability.
    """
    figure, axes = subplots()
    axes.axhline(guessing, color=RULE, linewidth=1, zorder=0)
    axes.text(rates[0], guessing * 1.18, f"guessing: {guessing:.2f}", color=MUTED, fontsize=SMALL)
    for (name, losses), colour, style, place in zip(
        runs.items(), (INPUT, OUTPUT), ("--", "-"), ((0.53, 0.72), (0.98, 0.12)), strict=True
    ):
        losses = np.clip(losses, 1e-3, 3.2)
        axes.plot(rates, losses.T, ".", color=colour, markersize=4)
        axes.plot(rates, losses.mean(0), style, color=colour)
        axes.text(*place, name, transform=axes.transAxes, color=colour, ha="right")
    axes.set(
        xscale="log", yscale="log", xlabel="learning rate", ylabel="training loss (nats)", ylim=(0.05, 5)
    )
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.set_yticks((0.1, 0.3, 1, 3), ("0.1", "0.3", "1", "3"))
    axes.minorticks_off()
    return figure


def before_and_after(before: ArrayLike, after: ArrayLike) -> Figure:
    """Return pictures in the upper row and what an augmentation made of them below; several rows of results.

    Parameters
    ----------
    before : array_like
        (M, H, W).
    after : array_like
        (rows, M, H, W).
    """
    before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    figure, (top, bottom) = panels("single", (0.75, 2.62, 4.2, 0.42), (0.75, 0.2, 4.2, 2.15))
    mosaic(top, np.clip(before, 0, 1)[None])
    mosaic(bottom, np.clip(after, 0, 1))
    for axes, words in ((top, "given"), (bottom, "drawn\nanew")):
        axes.set_anchor("NW")
        axes.text(-0.03, 0.5, words, transform=axes.transAxes, ha="right", va="center", color=INPUT)
    return figure


def early_stopping(history: History) -> Figure:
    """Return training and validation loss by epoch, with the epoch whose weights are kept."""
    epochs = np.arange(1, len(history) + 1)
    figure, axes = subplots()
    axes.plot(epochs, history.loss, "--", color=INPUT)
    axes.plot(epochs, history.validation_loss, color=OUTPUT)
    best = int(np.argmin(history.validation_loss))
    axes.axvline(epochs[best], color=RULE, linewidth=1, zorder=0)
    axes.plot(epochs[best], history.validation_loss[best], "o", color=GRADIENT, markersize=8)
    words = {"textcoords": "offset points"}
    axes.annotate("kept", (epochs[best], history.validation_loss[best]), (6, 10), color=GRADIENT, **words)
    for values, colour, name, shift in (
        (history.validation_loss, OUTPUT, "validation", 8),
        (history.loss, INPUT, "training", 10),
    ):
        axes.annotate(name, (epochs[-1], values[-1]), (0, shift), color=colour, ha="right", **words)
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, None), xlim=(0, len(epochs) + 0.5))
    return figure


def cures_compared(errors: Mapping[str, ArrayLike], *, reference: str, xlabel: str) -> Figure:
    """Return errors by cure: a dot for every run, their mean, and a bar of one standard deviation to each side.

    Parameters
    ----------
    errors : mapping of str to array_like
        One error per run, at least two, by the name of the cure.
    reference : str
        The name of what they are compared with; its mean is drawn as a line.
    xlabel : str
        Which error it is.
    """
    choice("reference", reference, tuple(errors))
    figure, axes = subplots(size="tall" if len(errors) > 8 else "single")
    base = 100 * float(np.mean(errors[reference]))
    axes.axvline(base, color=RULE, linewidth=1.5, zorder=0)
    for place, (name, values) in enumerate(errors.items()):
        values = 100 * np.asarray(values, dtype=float)
        mean, spread = values.mean(), values.std(ddof=1)
        colour = MUTED if name == reference else OUTPUT if mean < base else EXTRA
        axes.plot(values, np.full(len(values), place + 0.25), "o", color=colour, markersize=3)
        axes.errorbar(mean, place - 0.08, xerr=spread, color=colour, fmt="o", markersize=6, capsize=3)
    axes.set_yticks(range(len(errors)), list(errors))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel=xlabel, xlim=(0, None))
    return figure
