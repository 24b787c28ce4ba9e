"""Figures of the chapter on training a CNN: curves by epoch, error bars, misread digits, moved digits, lowered images.

Every function takes plain numbers or arrays and returns a new figure. Pictures of digits are (28, 28) arrays, one
number per pixel, larger meaning more ink; shares go from 0 to 1 and are drawn in percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cvlib._checks import integer
from cvlib.shapes import conv_output_size
from cvlib.train import History
from cvlib.viz._panels import SMALL, panels
from cvlib.viz.picture import subplots
from cvlib.viz.style import (
    DIVERGING,
    EXTRA,
    GRADIENT,
    INK,
    INPUT,
    MUTED,
    OUTPUT,
    PAPER,
    RULE,
    SIZES,
    WEIGHTS,
)

__all__ = [
    "accuracy_bars",
    "confusion_cell",
    "digit_answers",
    "faults",
    "filter_rows",
    "learning_curves",
    "lowered",
    "moved_digit",
    "reliability",
    "run_in_grid",
    "times",
    "training_curves",
    "two_nets",
]

MINUS = "\N{MINUS SIGN}"
SHOWN = 5  # digits beside a confusion matrix
LOSS_TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


def _percent(share: float) -> str:
    """Return a share in percent, never rounded up to a certainty."""
    if 0.99 < share < 1:
        return f"{np.floor(1000 * share) / 10:g} %"
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.01 else "< 1 %"


def _digits(axes: Axes, images: np.ndarray, columns: int, above: Sequence[str], below: Sequence[str]) -> None:
    """Draw pictures in rows, each with a line of text above and below."""
    height, width = images.shape[1:]
    rows = -(-len(images) // columns)
    pitch_x, pitch_y = width + 6, height + 21
    canvas = np.full((rows * pitch_y, columns * pitch_x), np.nan)
    for n, image in enumerate(images):
        top, left = n // columns * pitch_y + 9, n % columns * pitch_x + 3
        canvas[top : top + height, left : left + width] = image
        middle = left + (width - 1) / 2
        axes.text(middle, top - 1.5, above[n], ha="center", va="bottom", color=INPUT)
        colour = OUTPUT if "\N{CHECK MARK}" in below[n] else GRADIENT
        axes.text(middle, top + height + 0.5, below[n], ha="center", va="top", color=colour)
    axes.imshow(canvas, cmap="gray_r", vmin=0, vmax=1)
    axes.set_axis_off()


def digit_answers(images: ArrayLike, labels: ArrayLike, probabilities: ArrayLike) -> Figure:
    """Return up to ten digits with their true class above, and below what a network says and how sure it is.

    Parameters
    ----------
    images : array_like
        (N, 28, 28).
    labels : array_like
        (N,), the true classes.
    probabilities : array_like
        (N, K).
    """
    images, probabilities = np.asarray(images, dtype=float), np.asarray(probabilities)
    if not 1 <= len(images) <= 10:
        raise ValueError(f"images must be 1 to 10, got {len(images)}")
    answers = probabilities.argmax(axis=1)
    below = [
        f"{a} {'✓' if a == t else '✗'} {_percent(p[a])}"
        for a, t, p in zip(answers, labels, probabilities, strict=True)
    ]
    figure, (axes,) = panels("single", (0.02, 0.02, 4.96, 3.16))
    _digits(axes, images, 5, [f"a {t}" for t in labels], below)
    return figure


def _loss_axis(axes: Axes, low: float, high: float) -> None:
    axes.set(yscale="log", ylim=(low, high))
    ticks = [tick for tick in LOSS_TICKS if low <= tick <= high]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def training_curves(history: History, *, guessing: float) -> Figure:
    """Return loss (above) and accuracy (below) by epoch, on training and validation digits.

    Parameters
    ----------
    history : History
        With a validation set.
    guessing : float
        The loss of guessing, drawn as a line.
    """
    epochs = np.arange(1, len(history) + 1)
    figure, (top, bottom) = panels("tall", (0.75, 2.75, 3.3, 1.9), (0.75, 0.55, 3.3, 1.9))
    top.axhline(guessing, color=MUTED, linewidth=1, linestyle=":")
    top.text(epochs[-1], guessing * 0.93, "guessing", ha="right", va="top", color=MUTED)
    for axes, training, validation in (
        (top, history.loss, history.validation_loss),
        (bottom, 100 * np.array(history.accuracy), 100 * np.array(history.validation_accuracy)),
    ):
        first = axes is top
        axes.plot(epochs, training, "s--", color=INPUT, markersize=4)
        axes.plot(epochs, validation, "o-", color=OUTPUT, markersize=4)
        right = {"textcoords": "offset points", "xytext": (7, 0)}
        low, high = ("top", "bottom") if first else ("bottom", "top")
        axes.annotate("training", (epochs[-1], training[-1]), color=INPUT, va=low, **right)
        axes.annotate("validation", (epochs[-1], validation[-1]), color=OUTPUT, va=high, **right)
    _loss_axis(top, min(0.005, 0.8 * min(history.loss)), 1.3 * guessing)
    top.set(ylabel="loss (nats)", xticks=epochs, xticklabels=[])
    bottom.set(ylabel="accuracy (%)", xlabel="epoch", xticks=epochs, ylim=(70, 101))
    return figure


def run_in_grid(
    curves: Mapping[tuple[float, int], ArrayLike], lr: float, batch_size: int, *, guessing: float
) -> Figure:
    """Return the validation loss of one run among those of others, and its place in the grid of their last losses.

    Parameters
    ----------
    curves : mapping
        (lr, batch size) to the losses before the first epoch and after each; infinite ones are off the chart.
    lr, batch_size : float, int
        The run to point out.
    guessing : float
        The loss of guessing.
    """
    rates, sizes = sorted({rate for rate, _ in curves}), sorted({size for _, size in curves})
    figure, (left, right) = panels("single", (0.6, 0.55, 2.25, 2.3), (3.5, 0.55, 1.4, 2.3))
    low, high = 0.2, 6.0
    clipped = {key: np.clip(np.nan_to_num(c, nan=high), low, high) for key, c in curves.items()}
    for curve in clipped.values():
        left.plot(curve, color=RULE, linewidth=1.2)
    left.axhline(guessing, color=MUTED, linewidth=1, linestyle=":")
    left.text(0.98, 0.9, "dotted: guessing", transform=left.transAxes, color=MUTED, ha="right", va="center")
    left.plot(clipped[lr, batch_size], "o-", color=OUTPUT, markersize=4)
    _loss_axis(left, low, high)
    left.set(xlabel="epoch", xticks=range(len(clipped[lr, batch_size])), title="validation loss (nats)")
    last = np.array([[curves[rate, size][-1] for size in sizes] for rate in rates], dtype=float)
    for (row, column), value in np.ndenumerate(last):
        good = np.isfinite(value) and value < guessing
        share = np.clip(np.log(guessing / max(value, 1e-9)) / np.log(guessing / 0.1), 0.06, 1) if good else 0
        right.add_patch(Rectangle((column, row), 1, 1, facecolor=(OUTPUT, 0.5 * share), edgecolor=RULE))
        text = f"{value:.1f}" if np.isfinite(value) and value < 10 else "> 10"
        right.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=SMALL)
    place = sizes.index(batch_size), rates.index(lr)
    right.add_patch(Rectangle(place, 1, 1, fill=False, edgecolor=INK, linewidth=2.6))
    right.set(xlim=(0, len(sizes)), ylim=(0, len(rates)), title="after the last epoch", xlabel="batch size")
    right.set_xticks(np.arange(len(sizes)) + 0.5, [str(size) for size in sizes])
    right.set_yticks(np.arange(len(rates)) + 0.5, [f"{rate:g}" for rate in rates])
    right.set_ylabel("learning rate", labelpad=0)
    right.tick_params(length=0)
    right.spines[:].set_visible(False)
    return figure


def accuracy_bars(shares: Mapping[str, float], num_images: int) -> Figure:
    """Return the accuracies of several classifiers as bars, each with two standard errors to both sides.

    Parameters
    ----------
    shares : mapping
        Name to accuracy, from 0 to 1.
    num_images : int
        How many test images the accuracies were measured on.
    """
    figure, (axes,) = panels("single", (1.55, 0.55, 3.3, 2.5))
    for row, share in enumerate(shares.values()):
        axes.barh(row, 100 * share, height=0.55, color=MUTED if row == 0 else OUTPUT)
        error = 200 * np.sqrt(share * (1 - share) / num_images)
        axes.errorbar(100 * share, row, xerr=error, color=INK, capsize=3, linewidth=1.4)
        inside = share > 0.5
        words = {"ha": "right" if inside else "left", "va": "center"}
        x = 100 * share + (-error - 2 if inside else error + 2)
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5} if inside else None
        axes.text(x, row, f"{100 * share:.1f} %", bbox=box, **words)
    axes.set_yticks(range(len(shares)), list(shares))
    axes.set(xlim=(0, 102), ylim=(len(shares) - 0.4, -0.6), xlabel="right answers on test digits (%)")
    axes.tick_params(axis="y", length=0)
    return figure


def two_nets(error_a: float, error_b: float, num_images: int) -> Figure:
    """Return what two networks would score on random test sets of one size: a bell and two standard errors each.

    Parameters
    ----------
    error_a, error_b : float
        The true shares of mistakes, from 0 to 1.
    num_images : int
        Size of the test set.
    """
    figure, (axes,) = panels("single", (0.25, 0.55, 4.5, 2.35))
    x = np.linspace(90, 100, 1001)
    looks = ((error_a, INPUT, "A", 0, "-"), (error_b, WEIGHTS, "B", 1, "--"))
    for error, colour, name, level, style in looks:
        mean, deviation = 100 * (1 - error), 100 * np.sqrt(error * (1 - error) / num_images)
        bell = np.exp(-0.5 * ((x - mean) / deviation) ** 2)
        axes.fill_between(x, bell, color=colour, alpha=0.25, linewidth=0)
        axes.plot(x, bell, style, color=colour)
        height = -0.13 - 0.16 * level
        bar = {"color": colour, "capsize": 4, "linewidth": 2}
        axes.errorbar(mean, height, xerr=2 * deviation, fmt="o", markersize=4, **bar)
        axes.text(90.05, height, f"net {name}: {mean:g} ± {2 * deviation:.2f}", va="center", color=INK)
    axes.set(xlim=(90, 100.4), ylim=(-0.42, 1.08), yticks=[], xlabel="measured accuracy (%)")
    axes.set_title(f"on {num_images:,} test images, ± two standard errors")
    axes.spines["left"].set_visible(False)
    return figure


def learning_curves(sizes: Sequence[int], results: Mapping[str, ArrayLike]) -> Figure:
    """Return accuracy against the number of training images: a dot for each seed, a line through their means.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of training images.
    results : mapping
        Name to accuracies (seeds, sizes), at most three.
    """
    figure, (axes,) = panels("single", (0.65, 0.55, 3.2, 2.5))
    for (name, shares), colour, marker in zip(
        results.items(), (OUTPUT, INPUT, WEIGHTS), ("o-", "s--", "^:"), strict=False
    ):
        shares = 100 * np.asarray(shares)
        axes.plot(sizes, shares.mean(axis=0), marker[1:], color=colour)
        for row in shares:
            axes.plot(sizes, row, marker[0], color=colour, markersize=4.5, alpha=0.7)
        end = sizes[-1], shares[:, -1].mean()
        axes.annotate(name, end, (9, 0), textcoords="offset points", color=colour, va="center")
    axes.set(xscale="log", ylabel="accuracy (%)", xlabel="training images", ylim=(60, 100))
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    return figure


def confusion_cell(
    counts: ArrayLike, true: int, predicted: int, images: ArrayLike, probabilities: ArrayLike
) -> Figure:
    """Return a confusion matrix with one cell pointed out, and below it the digits that come nearest to that cell.

    Parameters
    ----------
    counts : array_like
        (K, K), rows are true classes.
    true, predicted : int
        The cell.
    images, probabilities : array_like
        Digits of the true class, (5, 28, 28), and for each the probabilities of all classes, (5, K).
    """
    counts, probabilities = np.asarray(counts), np.asarray(probabilities)
    images = np.asarray(images, dtype=float)
    if len(images) != SHOWN:
        raise ValueError(f"images must be {SHOWN}, got {len(images)}")
    figure, (matrix, row) = panels("tall", (0.9, 1.85, 3.6, 2.85), (0.02, 0.02, 4.96, 1.36))
    for (i, j), count in np.ndenumerate(counts):
        colour, alpha = (OUTPUT, 0.3) if i == j else (GRADIENT, min(0.12 + 0.08 * count, 0.6) if count else 0)
        matrix.add_patch(Rectangle((j, i), 1, 1, facecolor=(colour, alpha), edgecolor=RULE, linewidth=0.6))
        if count:
            matrix.text(j + 0.5, i + 0.5, str(count), ha="center", va="center", fontsize=SMALL)
    matrix.add_patch(Rectangle((predicted, true), 1, 1, fill=False, edgecolor=INK, linewidth=2.6))
    places = np.arange(len(counts)) + 0.5
    matrix.set(xlim=(0, len(counts)), ylim=(len(counts), 0), xlabel="predicted class", ylabel="true class")
    matrix.set_xticks(places, range(len(counts)))
    matrix.set_yticks(places, range(len(counts)))
    matrix.tick_params(length=0)
    matrix.spines[:].set_visible(False)
    answers = probabilities.argmax(axis=1)
    above = [f"called {answer}" for answer in answers]
    marks = ["✓" if answer == true else "✗" for answer in answers]
    below = [
        f"{predicted}: {_percent(p[predicted])} {mark}" for p, mark in zip(probabilities, marks, strict=True)
    ]
    _digits(row, images, SHOWN, above, below)
    return figure


def reliability(groups: Sequence[str], said: ArrayLike, right: ArrayLike, sizes: Sequence[int]) -> Figure:
    """Return how often a network is right, by how sure it says it is, with two standard errors.

    Parameters
    ----------
    groups : sequence of str
        What to call each group of answers.
    said, right : array_like
        For each group: the mean of the probability given, and the share of right answers.
    sizes : sequence of int
        Answers in each group.
    """
    said, right, sizes = 100 * np.asarray(said), 100 * np.asarray(right), np.asarray(sizes)
    figure, (axes,) = panels("single", (0.65, 0.75, 4.2, 2.3))
    axes.plot([0, 100], [0, 100], ":", color=MUTED)
    error = 2 * np.sqrt(said * (100 - said) / sizes)
    axes.errorbar(said, said, yerr=error, fmt="none", color=RULE, linewidth=7)
    axes.plot(said, right, "o", color=OUTPUT, markersize=6)
    for n, (x, group) in enumerate(zip(said, groups, strict=True)):
        axes.text(x, 3 + 8 * (n % 2), group, ha="center", va="bottom", fontsize=SMALL)
    axes.set(
        xlim=(0, 104), ylim=(0, 104), xlabel="how sure it says it is (%)", ylabel="how often it is right (%)"
    )
    return figure


def filter_rows(rows: Mapping[str, ArrayLike]) -> Figure:
    """Return rows of signed pictures, one column for each filter, each row with its own scale and zero white.

    Parameters
    ----------
    rows : mapping
        Name of the row to arrays (number of filters, H, W).
    """
    columns = len(next(iter(rows.values())))
    figure, panels = subplots(len(rows), columns, squeeze=False)
    for line, (name, pictures) in zip(panels, rows.items(), strict=True):
        pictures = np.asarray(pictures, dtype=float)
        largest = np.abs(pictures).max()
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture, cmap=DIVERGING, vmin=-largest, vmax=largest)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_color(RULE)
        line[0].set_ylabel(name)
    for number, axes in enumerate(panels[0]):
        axes.set_title(f"{number}", fontsize=10)
    return figure


def moved_digit(digit: ArrayLike, shares: Mapping[str, tuple[float, float]]) -> Figure:
    """Return a moved digit, and how often each network is right on digits so moved, and how sure it says it is.

    Parameters
    ----------
    digit : array_like
        (28, 28), the moved picture.
    shares : mapping
        Name of the network to (share of right answers, mean of the probability given).
    """
    places = (0.15, 0.75, 1.75, 1.75), (2.05, 0.55, 2.85, 2.2)
    figure, (picture, axes) = panels("single", *places)
    digit = np.asarray(digit, dtype=float)
    picture.imshow(digit, cmap="gray_r", vmin=0, vmax=1)
    picture.axhline((len(digit) - 1) / 2, color="#005a8c", linewidth=0.8, linestyle=":")
    picture.axvline((len(digit) - 1) / 2, color="#005a8c", linewidth=0.8, linestyle=":")
    picture.set(xticks=[], yticks=[])
    picture.spines[:].set(visible=True, color=RULE)
    for row, (name, (right, sure)) in enumerate(shares.items()):
        axes.barh(row, 100 * right, height=0.42, color=OUTPUT)
        axes.plot([100 * sure] * 2, [row - 0.29, row + 0.29], color=GRADIENT, linewidth=3)
        axes.text(1.5, row - 0.36, f"{name}: right {100 * right:.0f} %, sure {100 * sure:.0f} %", va="bottom")
    axes.set(
        xlim=(0, 101), ylim=(len(shares) - 0.6, -0.85), yticks=[], xlabel="right (bar), sure (line), in %"
    )
    return figure


def times(names: Sequence[str], seconds: Sequence[float]) -> Figure:
    """Return how long the same computation takes in several ways, on a logarithmic scale."""
    figure, (axes,) = panels("single", (1.75, 0.55, 3.05, 2.5))
    milliseconds = 1000 * np.asarray(seconds)
    axes.barh(range(len(names)), milliseconds, height=0.55, color=[MUTED, INPUT, OUTPUT][: len(names)])
    low = 10 ** np.floor(np.log10(milliseconds.min()) - 0.5)
    for row, value in enumerate(milliseconds):
        text = f"{milliseconds.max() / value:,.0f} times faster" if value < milliseconds.max() else ""
        axes.text(value * 1.2, row, text, va="center")
    axes.set_yticks(range(len(names)), list(names))
    axes.set(xscale="log", xlim=(low, milliseconds.max() * 2), ylim=(len(names) - 0.4, -0.6))
    axes.set(xlabel="milliseconds (logarithmic)")
    axes.tick_params(axis="y", length=0)
    axes.minorticks_off()
    return figure


def faults(curves: Mapping[str, ArrayLike], healthy: ArrayLike, *, guessing: float) -> Figure:
    """Return the losses of broken training runs by step, each beside that of the healthy run.

    Parameters
    ----------
    curves : mapping
        Name of the fault to the losses (steps,), six of them.
    healthy : array_like
        The losses of the run without a fault.
    guessing : float
        The loss of guessing, drawn as a line.
    """
    figure, panels = subplots(3, 2, size="tall", sharex=True, sharey=True)
    high = 20.0
    for axes, (name, curve) in zip(panels.flat, curves.items(), strict=True):
        axes.axhline(guessing, color=MUTED, linewidth=1, linestyle=":")
        axes.plot(healthy, color=OUTPUT, linewidth=1.2, linestyle="--")
        axes.plot(
            np.clip(np.nan_to_num(curve, nan=high, posinf=high), None, high), color=GRADIENT, linewidth=1.6
        )
        axes.set_title(name, fontsize=10)
        _loss_axis(axes, 0.2, 1.15 * high)
        axes.set_yticks([0.2, 1, 5, 20], ["0.2", "1", "5", "20"])
    figure.supxlabel("step", fontsize=10)
    figure.supylabel("loss of the mini-batch (nats)", fontsize=10)
    return figure


def lowered(image_size: int, kernel_size: int, stride: int, pixel: int) -> Figure:
    """Return a small image with numbered pixels and its lowered matrix; pixels that are copied more are darker.

    Parameters
    ----------
    image_size, kernel_size, stride : int
        Pixels along a side (at most 5), taps along a side (2 or 3), and step.
    pixel : int
        The number of the pixel to frame, counted in reading order from 0.
    """
    n = integer("image_size", image_size, minimum=1)
    if n > 5:
        raise ValueError(f"image_size must be at most 5, got {n}")
    o = conv_output_size(n, kernel_size, stride=stride)
    pixels = np.arange(n * n).reshape(n, n)
    starts = stride * np.arange(o)
    rows = [
        pixels[np.ix_(starts + u, starts + v)].ravel() for u in range(kernel_size) for v in range(kernel_size)
    ]
    matrix = np.array(rows)
    copies = np.bincount(matrix.ravel(), minlength=n * n)
    figure, (axes,) = panels("tall", (0, 0, *SIZES["tall"]))
    axes.set(xlim=(0, SIZES["tall"][0]), ylim=(SIZES["tall"][1], 0))
    axes.set_axis_off()
    shade = 0.55 / 9
    _numbered(axes, pixels, (0.25, 0.42), (0.33, 0.33), copies * shade, pixel)
    axes.text(0.25, 0.34, f"image: {n * n} pixels", va="bottom", color=INPUT)
    facts = (
        f"{kernel_size**2} tap{'s' * (kernel_size > 1)}: one row each",
        f"{o * o} window{'s' * (o > 1)}: one column each",
        f"{matrix.size} entries",
        f"pixel {pixel} stands in {copies[pixel]} of them",
        f"{np.count_nonzero(copies == 0)} pixels never read",
    )
    for line, fact in enumerate(facts):
        axes.text(2.3, 0.55 + 0.3 * line, fact, va="center")
    width = min(0.33, 4.1 / matrix.shape[1])
    top = 2.52
    axes.text(0.65, top - 0.08, "lowered matrix", va="bottom", color=INPUT)
    _numbered(axes, matrix, (0.65, top), (width, 0.24), copies[matrix] * shade, pixel)
    for row in range(len(matrix)):
        tap = f"({row // kernel_size}, {row % kernel_size})"
        axes.text(0.58, top + 0.24 * (row + 0.5), tap, ha="right", va="center", fontsize=SMALL, color=WEIGHTS)
    return figure


def _numbered(
    axes: Axes,
    numbers: np.ndarray,
    corner: tuple[float, float],
    cell: tuple[float, float],
    alphas: ArrayLike,
    chosen: int,
) -> None:
    """Draw a matrix of pixel numbers as cells, darker with ``alphas``; the cells of one number are framed."""
    alphas = np.reshape(alphas, numbers.shape)
    (left, top), (width, height) = corner, cell
    for (row, column), number in np.ndenumerate(numbers):
        place = left + column * width, top + row * height
        face = (INPUT, float(alphas[row, column]))
        axes.add_patch(Rectangle(place, width, height, facecolor=face, edgecolor=RULE, linewidth=0.8))
        middle = place[0] + width / 2, place[1] + height / 2
        axes.text(*middle, str(number), ha="center", va="center", fontsize=SMALL)
    for row, column in np.argwhere(numbers == chosen):
        place = left + column * width, top + row * height
        axes.add_patch(Rectangle(place, width, height, fill=False, edgecolor=EXTRA, linewidth=2.4))
