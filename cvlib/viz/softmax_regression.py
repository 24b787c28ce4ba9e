"""Figures of the chapter on softmax regression: boundaries, probabilities, losses, gradients, learned weights.

Every function takes plain numbers or arrays and returns a new figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cvlib._checks import choice
from cvlib.train import History
from cvlib.viz._panels import LABEL, SMALL, mosaic, panels
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, WEIGHTS

__all__ = [
    "belief",
    "confusion",
    "gradient_steps",
    "line_through_two_classes",
    "loss_curves",
    "softmax_steps",
    "surprise",
    "weight_pictures",
]

MINUS = "\N{MINUS SIGN}"


def line_through_two_classes(
    features: ArrayLike,
    labels: ArrayLike,
    w: ArrayLike,
    b: float,
    *,
    names: tuple[str, str],
    classes: tuple[int, int] = (0, 1),
) -> Figure:
    """Return two classes in the plane with the boundary w . x + b = 0 of a neuron, and on its sigmoid.

    Parameters
    ----------
    features : array_like
        (N, 2), two numbers measured on every picture, between 0 and 0.8.
    labels : array_like
        (N,), 0 (no) or 1 (yes).
    w, b : array_like, float
        Weights (2,) and bias.
    names : pair of str
        Names of the two features.
    classes : pair of int
        The digit that each label stands for; it is the marker.
    """
    features, labels, w = np.asarray(features), np.asarray(labels), np.asarray(w, dtype=float)
    z = features @ w + b
    wrong = (z > 0) != labels
    figure, (plane, curve) = panels("tall", (0.6, 2.2, 2.5, 2.5), (0.6, 0.5, 4.25, 1.15))
    _two_classes(plane, features, labels, wrong, classes)
    _boundary(plane, w, b)
    plane.set(xlim=(-0.12, 0.85), ylim=(-0.12, 0.85), xlabel=names[0], ylabel=names[1], aspect="equal")
    ticks = np.linspace(-10, 10, 101)
    curve.plot(ticks, 1 / (1 + np.exp(-ticks)), color=RULE, zorder=0)
    curve.axvline(0, color=OUTPUT, zorder=0)
    _two_classes(curve, np.stack([z, 1 / (1 + np.exp(-z))], axis=1), labels, wrong, classes)
    curve.set(
        xlim=(-10, 10),
        ylim=(-0.05, 1.05),
        xticks=range(-10, 11, 5),
        xlabel="logit z = w\N{DOT OPERATOR}x + b",
        ylabel="output p",
    )
    curve.text(-9.7, 0.5, f"says {classes[0]}", color=INK, va="center")
    curve.text(9.7, 0.5, f"says {classes[1]}", color=INK, va="center", ha="right")
    plane.text(
        1.06,
        0.9,
        f"{wrong.sum()} of {len(labels)} wrong\n(ringed)",
        transform=plane.transAxes,
        va="top",
        fontsize=12,
        color=GRADIENT if wrong.any() else OUTPUT,
    )
    plane.text(
        1.06,
        0.5,
        f"arrow: direction of w,\nto where the neuron\nsays {classes[1]}",
        transform=plane.transAxes,
        va="top",
        color=OUTPUT,
    )
    return figure


def _two_classes(
    axes: Axes, points: np.ndarray, labels: np.ndarray, wrong: np.ndarray, classes: tuple[int, int]
) -> None:
    """Draw every point as the digit that it is, and a ring around those on the wrong side."""
    for label, colour in ((0, INPUT), (1, WEIGHTS)):
        marker = f"${classes[label]}$"
        axes.plot(
            *points[labels == label].T,
            linestyle="",
            marker=marker,
            markersize=7,
            color=colour,
            markeredgewidth=0.3,
        )
    axes.plot(*points[wrong].T, "o", markersize=11, markerfacecolor="none", markeredgecolor=GRADIENT)


def _boundary(axes: Axes, w: np.ndarray, b: float) -> None:
    """Draw the line w . x + b = 0, an arrow along w to its "yes" side, and the origin."""
    normal = w / np.hypot(*w)
    along = np.array([-normal[1], normal[0]])
    foot = -b * w / (w @ w)  # the point of the line nearest to the origin
    axes.plot(*np.stack([foot - 4 * along, foot + 4 * along]).T, color=OUTPUT)
    tail = foot + along * (
        (np.array([0.4, 0.4]) - foot) @ along
    )  # where it is nearest to the middle of the picture
    arrow = axes.annotate(
        "", tail + 0.2 * normal, tail, arrowprops={"arrowstyle": "-|>", "color": OUTPUT}, annotation_clip=True
    )
    arrow.set_in_layout(False)
    axes.plot(0, 0, "+", color=INK, markersize=10)
    axes.annotate("origin", (0, 0), (7, -11), textcoords="offset points", fontsize=SMALL, bbox=LABEL)


def softmax_steps(
    logits: ArrayLike, *, temperature: float = 1.0, shift: float = 0.0, formula: str = "as written"
) -> Figure:
    """Return softmax in three steps: logits, their exponentials, probabilities.

    Parameters
    ----------
    logits : array_like
        (K,), divided by ``temperature``, then moved by ``shift``.
    temperature, shift : float
        As above; the temperature is above 0.
    formula : {"as written", "maximum subtracted"}
        Whether the exponentials are of z or of z - max z. The first overflows beyond z = 709.
    """
    choice("formula", formula, ("as written", "maximum subtracted"))
    z = np.asarray(logits, dtype=float) / temperature + shift
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(z - z.max() if formula == "maximum subtracted" else z)
        p = powers / powers.sum()
    figure, axes = panels("single", *((left, 0.15, 1.35, 2.6) for left in (0.5, 2.02, 3.54)))
    title = "exp(z \N{MINUS SIGN} max z)" if formula == "maximum subtracted" else "exp(z)"
    for panel, numbers, name, colour in zip(
        axes, (z, powers, p), ("logits z", title, "probabilities p"), (INPUT, MUTED, OUTPUT), strict=True
    ):
        _labelled_bars(panel, numbers, name, colour)
    axes[0].set(ylabel="class", yticks=range(len(z)))
    if not np.isfinite(p).all():
        axes[2].text(0.5, len(z) // 2, "not a number", ha="center", va="center", color=GRADIENT, fontsize=11)
    return figure


def gradient_steps(logits: ArrayLike, true_class: int) -> Figure:
    """Return probabilities, one-hot label and their difference: the gradient of cross-entropy by the logits.

    Parameters
    ----------
    logits : array_like
        (K,).
    true_class : int
        The class that is right.
    """
    z = np.asarray(logits, dtype=float)
    p = np.exp(z - z.max())
    p /= p.sum()
    y = np.eye(len(z))[true_class]
    figure, axes = panels("single", (0.5, 0.35, 1.15, 2.3), (1.9, 0.35, 1.15, 2.3), (3.3, 0.35, 1.55, 2.3))
    names = "p = softmax(z)", "label y", f"p {MINUS} y"
    looks = zip(axes, (p, y, p - y), names, (OUTPUT, MUTED, GRADIENT), (0, 0, -1), strict=True)
    for panel, numbers, name, colour, low in looks:
        panel.barh(range(len(z)), numbers, color=colour, height=0.45)
        for k, number in enumerate(numbers):
            words = f"{number:.3f}" + f"   z = {z[k]:g}" * (panel is axes[0])
            panel.text(low + 0.02, k - 0.3, words.replace("-", MINUS), va="bottom", fontsize=SMALL)
        panel.axvline(0, color=INK, linewidth=1)
        panel.spines[["left", "bottom"]].set_visible(False)
        panel.tick_params(length=0)
        panel.set(xlim=(low, 1), ylim=(len(z) - 0.5, -0.75), xticks=[], yticks=[])
        panel.set_title(name, color=colour)
    axes[0].set(ylabel="class", yticks=range(len(z)))
    return figure


def belief(image: ArrayLike, probabilities: ArrayLike, *, truth: int) -> Figure:
    """Return a digit and the probabilities that a model gives to the classes, the true one framed.

    Parameters
    ----------
    image : array_like
        The digit, (H, W).
    probabilities : array_like
        (K,).
    truth : int
        The class of the digit.
    """
    p = np.asarray(probabilities, dtype=float)
    guess = int(p.argmax())
    figure, (picture, bars) = panels("single", (0.1, 0.85, 1.55, 1.55), (2.35, 0.55, 2.5, 2.3))
    mosaic(picture, np.asarray(image, dtype=float)[None, None])
    picture.set_title(f"a {truth}", color=INPUT)
    bars.bar(range(len(p)), p, color=[OUTPUT if k == guess else MUTED for k in range(len(p))], width=0.7)
    bars.bar(truth, 1, width=0.85, fill=False, edgecolor=INPUT, linewidth=1.5)
    bars.set(
        xlim=(-0.6, len(p) - 0.4), ylim=(0, 1), xticks=range(len(p)), xlabel="class", ylabel="probability"
    )
    bars.tick_params(axis="x", length=0)
    right = guess == truth
    bars.set_title(f"says {guess}, {'right' if right else 'wrong'}", color=OUTPUT if right else GRADIENT)
    return figure


def _labelled_bars(axes: Axes, numbers: np.ndarray, title: str, colour: str) -> None:
    """Draw one bar per number, as long as its share of the largest, with the number above it."""
    size = np.where(np.isfinite(numbers), numbers, 0)
    largest = max(np.abs(size).max(), 1e-300)
    low, high = -1.05 * (size.min() < 0), 1.05 * (size.max() > 0 or size.min() == 0)
    axes.barh(range(len(numbers)), size / largest, color=colour, height=0.5)
    for k, number in enumerate(numbers):
        ink = INK if math.isfinite(number) else GRADIENT
        axes.text(low + 0.03, k - 0.3, _brief(number), va="bottom", fontsize=10, color=ink)
    axes.axvline(0, color=INK, linewidth=1)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xlim=(low, high), ylim=(len(numbers) - 0.5, -0.75), xticks=[], yticks=[])
    axes.set_title(title)


def _brief(number: float) -> str:
    """Return a number in four significant digits (seven if it is large), or the word for what it is not."""
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "inf (overflow)"
    if number == 0:
        return "0"
    return f"{number:.{7 if abs(number) >= 100 else 4}g}".replace("-", MINUS)


def surprise(points: Sequence[tuple[float, str]]) -> Figure:
    """Return the curve -log p with marked points: each a probability and a few words."""
    p = np.linspace(0.002, 1, 400)
    figure, axes = subplots()
    axes.plot(p, -np.log(p), color=OUTPUT)
    for probability, words in points:
        axes.plot(probability, -math.log(probability), "o", color=GRADIENT)
        axes.annotate(
            words, (probability, -math.log(probability)), (7, 5), textcoords="offset points", fontsize=SMALL
        )
    axes.set(
        xlabel="probability of the true class",
        ylabel="loss (nats)",
        xlim=(-0.02, 1.3),
        xticks=[0, 0.25, 0.5, 0.75, 1],
        ylim=(-0.15, 6.3),
    )
    bits = axes.secondary_yaxis(
        "right", functions=(lambda nats: nats / math.log(2), lambda bits: bits * math.log(2))
    )
    bits.set_ylabel("loss (bits)")
    axes.spines["right"].set_visible(False)
    return figure


def weight_pictures(weights: ArrayLike, titles: Sequence[str]) -> Figure:
    """Return signed pictures (K, H, W) side by side, blue below and red above zero, zero white."""
    weights = np.asarray(weights, dtype=float)
    columns = min(len(weights), 5)
    figure, panels = subplots(math.ceil(len(weights) / columns), columns, squeeze=False)
    largest = np.abs(weights).max()
    for axes, picture, title in zip(panels.flat, weights, titles, strict=True):
        image = axes.imshow(picture, cmap=DIVERGING, vmin=-largest, vmax=largest)
        axes.set_title(title, fontsize=10)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=panels, label="weight", shrink=0.9)
    return figure


def loss_curves(history: History, *, guessing: float) -> Figure:
    """Return training and validation loss by epoch, with the loss of guessing as a line."""
    epochs = np.arange(1, len(history) + 1)
    figure, axes = subplots()
    axes.axhline(guessing, color=RULE, linewidth=1)
    axes.text(epochs[-1], guessing, f"guessing: {guessing:.3f}", ha="right", va="bottom", color=MUTED)
    for values, colour, style, name, side in (
        (history.loss, INPUT, "-", "training", "top"),
        (history.validation_loss, OUTPUT, "--", "validation", "bottom"),
    ):
        axes.plot(epochs, values, style, color=colour)
        axes.text(epochs[-1] * 1.02, values[-1], name, va=side, color=colour)
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)", yscale="log", xlim=(0, 1.25 * len(history)))
    axes.set(ylim=(0.7 * min(history.loss), 1.5 * guessing))
    ticks = [t for t in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2) if t >= 0.7 * min(history.loss)]
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    return figure


def confusion(counts: ArrayLike) -> Figure:
    """Return a confusion matrix (K, K): rows are true classes, columns predicted ones; right answers are framed."""
    counts = np.asarray(counts)
    figure, axes = subplots()
    wrong = counts * (1 - np.eye(len(counts), dtype=int))
    axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(1.6 * wrong.max(), 4), aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if row == column else "normal"
            axes.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                color="#000000",
                fontsize=SMALL,
                fontweight=weight,
            )
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_xticks(range(len(counts)))
    axes.set_yticks(range(len(counts)))
    axes.tick_params(length=0)
    return figure
