"""Figures of the chapter on linear models: neighbours, fitted lines, descents, boundaries, probabilities.

Every function takes plain numbers or arrays and returns a new figure. Pictures of digits are (8, 8) arrays, one number
per pixel, larger meaning more ink.
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
from cvlib.viz.picture import subplots
from cvlib.viz.style import DIVERGING, GRADIENT, INK, INPUT, MUTED, OUTPUT, PAPER, RULE, SIZES, WEIGHTS

__all__ = [
    "completions",
    "confusion",
    "descent_on_bowl",
    "descent_to_line",
    "digit_table",
    "fitted_line",
    "line_through_two_classes",
    "loss_curves",
    "neighbours",
    "neighbours_curve",
    "softmax_steps",
    "surprise",
    "weight_pictures",
]

SMALL = 9  # points: the smallest letters in the book
# What is drawn over a picture of a digit, which is white in dark mode too: fixed darker shades of the roles.
ON_WHITE = {"point": "#005a8c", "line": "#b37a00", "error": "#b34e00"}
LABEL = {
    "facecolor": PAPER,
    "edgecolor": "none",
    "pad": 1,
}  # so that a line behind a word does not strike it out
GAP = 1  # empty pixels between two pictures of a mosaic


def _panels(size: str, *places: tuple[float, float, float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of one of the book's sizes with an axes at each place: left, bottom, width, height in inches.

    For explorers: from frame to frame nothing moves but what the reader changed, and no time goes into a layout.
    """
    width, height = SIZES[size]
    figure = Figure(figsize=(width, height), layout="none")
    shares = [(x / width, y / height, w / width, h / height) for x, y, w, h in places]
    return figure, [figure.add_axes(share) for share in shares]


def digit_table(images: ArrayLike, labels: ArrayLike, *, rows: int = 4) -> Figure:
    """Return a table of digits: one column per class, ``rows`` examples of each.

    Parameters
    ----------
    images : array_like
        (N, H, W), larger values are darker.
    labels : array_like
        (N,), class indices.
    rows : int
        Examples per class; every class must have as many.
    """
    images, labels = np.asarray(images, dtype=float), np.asarray(labels)
    classes = np.unique(labels)
    chosen = np.stack([images[labels == c][:rows] for c in classes], axis=1)
    figure, axes = subplots()
    _mosaic(axes, chosen)
    pitch = images.shape[2] + GAP
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(classes)) * pitch + (pitch - GAP - 1) / 2, [str(c) for c in classes])
    axes.tick_params(length=0, labelsize=11)
    return figure


def neighbours(
    image: ArrayLike, nearest: ArrayLike, labels: ArrayLike, distances: ArrayLike, *, truth: int
) -> Figure:
    """Return a digit, its nearest neighbours in order (15 places), and their votes.

    Parameters
    ----------
    image : array_like
        The digit to recognise, (H, W).
    nearest : array_like
        Its k nearest neighbours, nearest first, (k, H, W) with k at most 15.
    labels, distances : array_like
        Their classes and their distances, (k,).
    truth : int
        The class of the digit, to say whether the vote is right.
    """
    labels, distances = np.asarray(labels), np.asarray(distances)
    if not 1 <= len(labels) <= 15:
        raise ValueError(f"nearest must hold 1 to 15 neighbours, got {len(labels)}")
    votes = np.bincount(labels, minlength=10)
    winner = int(votes.argmax())
    places = (0.3, 3.28, 1.2, 1.2), (2.15, 3.66, 2.6, 0.86), (0.05, 0.03, 4.9, 2.86)
    figure, (picture, ballot, grid) = _panels("tall", *places)
    _mosaic(picture, np.asarray(image, dtype=float)[None, None])
    picture.set_title(f"a {truth}?", color=INPUT)
    ballot.bar(range(10), votes, color=[OUTPUT if c == winner else MUTED for c in range(10)])
    for c in np.flatnonzero(votes):
        ballot.text(c, votes[c] + 0.3, str(votes[c]), ha="center")
    ballot.set(xlim=(-0.6, 9.6), ylim=(0, 17), xticks=range(10), yticks=[], xlabel="class", ylabel="votes")
    ballot.spines["left"].set_visible(False)
    ballot.tick_params(length=0, labelsize=10)
    right = winner == truth
    ballot.set_title(f"vote: {winner}, {'right' if right else 'wrong'}", color=OUTPUT if right else GRADIENT)
    _neighbour_grid(grid, np.asarray(nearest, dtype=float), labels, distances, winner)
    return figure


def _neighbour_grid(
    axes: Axes, nearest: np.ndarray, labels: np.ndarray, distances: np.ndarray, winner: int
) -> None:
    """Draw neighbours in 3 rows of 5; the frame is solid where the neighbour voted for the winner."""
    height, width = nearest.shape[1:]
    pitch_y, pitch_x = height + 4, width + 5  # room for a line of text below each
    canvas = np.full((3 * pitch_y, 5 * pitch_x), np.nan)
    frames = {True: [], False: []}
    for n, (image, label, distance) in enumerate(zip(nearest, labels, distances, strict=True)):
        top, left = n // 5 * pitch_y, n % 5 * pitch_x + 2
        canvas[top : top + height, left : left + width] = image
        x0, x1, y0, y1 = left - 0.5, left + width - 0.5, top - 0.5, top + height - 0.5
        frames[bool(label == winner)] += [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0), (np.nan, np.nan)]
        text = f"{label}, at {distance:.2f}" if distance < 100 else f"{label}"
        axes.text((x0 + x1) / 2, y1 + 1.7, text, ha="center", va="center")
    for agrees, corners in frames.items():  # all frames of a kind are one broken line
        style = {"color": OUTPUT, "linewidth": 2} if agrees else {"color": GRADIENT, "linestyle": ":"}
        axes.plot(*np.reshape(corners, (-1, 2)).T, **style)
    axes.imshow(canvas, cmap="gray_r", vmin=0, vmax=max(np.nanmax(canvas), 1e-9))
    axes.set(xlim=(-0.5, 5 * pitch_x - 0.5), ylim=(3 * pitch_y - 0.5, -1.5))
    axes.set_axis_off()
    axes.set_title("nearest first: class, distance")


def neighbours_curve(ks: Sequence[int], validation: Sequence[float], training: Sequence[float]) -> Figure:
    """Return the accuracy of k-nearest neighbours against k, on new and on stored examples (shares from 0 to 1)."""
    figure, axes = subplots()
    axes.plot(ks, 100 * np.asarray(training), "s--", color=MUTED, markersize=4)
    axes.plot(ks, 100 * np.asarray(validation), "o-", color=OUTPUT, markersize=4)
    below, above = (
        {"textcoords": "offset points", "ha": "right", "va": "top"},
        {"textcoords": "offset points"},
    )
    axes.annotate("stored examples", (ks[-2], 100 * training[-2]), (-8, 0), color=MUTED, **below)
    axes.annotate("new examples", (ks[-3], 100 * validation[-3]), (6, 4), color=OUTPUT, **above)
    axes.set(xscale="log", xlabel="number of neighbours k", ylabel="accuracy (%)", ylim=(None, 101.5))
    axes.set_xticks(ks, [str(k) for k in ks])
    axes.minorticks_off()
    return figure


def completions(truth: ArrayLike, predictions: Sequence[ArrayLike], names: Sequence[str]) -> Figure:
    """Return digits whose lower halves were predicted from the upper: one row of pictures per entry of ``predictions``.

    Parameters
    ----------
    truth : array_like
        Whole digits (M, H, W); the bottom row of the figure.
    predictions : sequence of array_like
        Lower halves, each (M, H/2, W).
    names : sequence of str
        What to call each row.
    """
    truth = np.asarray(truth, dtype=float)
    half = truth.shape[1] // 2
    rows = [np.concatenate([truth[:, :half], np.asarray(p, dtype=float)], axis=1) for p in predictions]
    figure, axes = subplots()
    _mosaic(axes, np.stack([*rows, truth]))
    pitch = truth.shape[1] + GAP
    axes.set_yticks(np.arange(len(rows) + 1) * pitch + (pitch - GAP - 1) / 2, [*names, "truth"])
    axes.tick_params(length=0, labelsize=10)
    for row in range(len(rows)):
        axes.plot(
            [-0.5, len(truth) * (truth.shape[2] + GAP) - 1.5],
            2 * [row * pitch + half - 0.5],
            ":",
            color=WEIGHTS,
            linewidth=1,
        )
    figure.get_layout_engine().set(rect=(0.01, 0, 0.99, 1))  # the longest name needs a little room
    return figure


def fitted_line(
    image: ArrayLike, heights: ArrayLike, columns: ArrayLike, slope: float, intercept: float
) -> Figure:
    """Return a digit with the centre of ink in every row and a straight line through them, residuals drawn."""
    figure, axes = subplots()
    _picture_with_line(axes, image, heights, columns, slope, intercept)
    return figure


def descent_to_line(
    image: ArrayLike,
    heights: ArrayLike,
    columns: ArrayLike,
    path: ArrayLike,
    *,
    window: tuple[float, float, float, float],
) -> Figure:
    """Return where gradient descent on half the squared error has come: the line, and the path on the loss.

    Parameters
    ----------
    image : array_like
        The digit, (H, W).
    heights, columns : array_like
        For every row: its height above the middle (so they sum to 0), and the column of the centre of its
        ink, (H,).
    path : array_like
        (steps + 1, 2), the slope and the intercept before every step and after the last.
    window : tuple of float
        Smallest and largest slope, smallest and largest intercept that are shown.
    """
    path = np.asarray(path, dtype=float)
    figure, (left, right) = _panels("single", (0.5, 0.75, 1.95, 1.95), (3.05, 0.55, 1.85, 2.35))
    _picture_with_line(left, image, heights, columns, *path[-1])
    _ellipses(right, np.asarray(heights), np.asarray(columns))
    _walk(right, path, window)
    right.set(xlabel="slope w (columns per row)", ylabel="intercept b (column)")
    right.yaxis.labelpad = 1
    return figure


def _ellipses(axes: Axes, heights: np.ndarray, columns: np.ndarray) -> None:
    """Draw where half the squared error is 0.5, 2, 8, ... above its minimum, as one broken line.

    With heights that sum to 0, L = L_min + (sum h^2) (w - w_min)^2 / 2 + n (b - b_min)^2 / 2: ellipses.
    """
    turn = np.append(np.linspace(0, 2 * np.pi, 41), np.nan)
    curvature = heights @ heights, len(heights)
    centre = heights @ columns / curvature[0], columns.mean()
    radii = np.sqrt(2 * 0.5 * 4.0 ** np.arange(5))[:, None]
    w = centre[0] + radii / np.sqrt(curvature[0]) * np.cos(turn)
    b = centre[1] + radii / np.sqrt(curvature[1]) * np.sin(turn)
    axes.plot(w.ravel(), b.ravel(), color=MUTED, linewidth=0.8)
    axes.plot(*centre, "+", color=INK, markersize=9)


def _picture_with_line(
    axes: Axes, image: ArrayLike, heights: ArrayLike, columns: ArrayLike, slope: float, intercept: float
) -> None:
    image, heights, columns = np.asarray(image, dtype=float), np.asarray(heights), np.asarray(columns)
    middle = (len(image) - 1) / 2
    axes.imshow(image, cmap="gray_r", vmax=2.2 * image.max())  # pale, so that points and line stand out
    predicted = slope * heights + intercept
    gaps = np.stack([columns, predicted, np.full(len(columns), np.nan)], axis=1)  # one broken line
    axes.plot(gaps.ravel(), np.repeat(middle - heights, 3), color=ON_WHITE["error"], linewidth=1.2)
    axes.plot(columns, middle - heights, "o", color=ON_WHITE["point"], markersize=5)
    axes.plot(predicted, middle - heights, color=ON_WHITE["line"], linewidth=2.5)
    size = image.shape
    axes.set(
        xlim=(-0.5, size[1] - 0.5),
        ylim=(size[0] - 0.5, -0.5),
        xlabel="column (pixels)",
        ylabel="row (pixels)",
    )
    axes.set_xticks(range(size[1]))
    axes.set_yticks(range(size[0]))


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
    figure, (left, right) = _panels("single", (0.5, 0.55, 2.25, 2.25), (3.4, 0.55, 1.5, 2.25))
    turn = np.append(np.linspace(0, 2 * np.pi, 61), np.nan)
    levels = np.array([[0.01], [0.1], [0.4], [1], [2], [4], [8]])  # x = sqrt(f) cos t, y^2 = sqrt(f) |sin t|
    x, y = (
        np.sqrt(levels) * np.cos(turn),
        np.sqrt(np.sqrt(levels) * np.abs(np.sin(turn))) * np.sign(np.sin(turn)),
    )
    left.plot(x.ravel(), y.ravel(), color=MUTED, linewidth=0.8)
    left.plot(0, 0, "+", color=INK, markersize=9)
    _walk(left, path, (-limit, limit, -limit, limit))
    left.set(xlabel="x", ylabel="y", aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    values = path[:, 0] ** 2 + path[:, 1] ** 4
    right.plot(np.clip(values, 1e-30, 1e30), "o-", color=OUTPUT, markersize=3.5)
    right.set(yscale="log", ylim=(5e-6, 2e5), xlim=(-1, 31), xlabel="step", title="f(x, y)")
    right.set_yticks([1e-4, 1e-2, 1, 1e2, 1e4], ["0.0001", "0.01", "1", "100", "10,000"])
    right.minorticks_off()
    right.axhline(values[0], color=RULE, linewidth=1, zorder=0)
    right.text(30, values[0] * 1.3, "f at the start", ha="right", va="bottom", color=MUTED, fontsize=SMALL)
    return figure


def _walk(axes: Axes, path: np.ndarray, window: tuple[float, float, float, float]) -> None:
    """Draw a path with its start and its end, and say so if the end is outside the window."""
    (x, y), (x0, x1, y0, y1) = path[-1], window
    axes.plot(*np.clip(path, -1e3, 1e3).T, ".-", color=GRADIENT, linewidth=1.5, markersize=6)
    axes.plot(*path[0], "s", color=INPUT, markersize=7)
    axes.annotate(
        "start",
        path[0],
        (-7, 0),
        textcoords="offset points",
        color=INPUT,
        fontsize=SMALL,
        ha="right",
        va="center",
    )
    if x0 <= x <= x1 and y0 <= y <= y1:
        axes.plot(x, y, "o", color=OUTPUT, markersize=7)
    else:
        axes.text(
            0.97,
            0.04,
            "has left the picture",
            transform=axes.transAxes,
            ha="right",
            color=GRADIENT,
            bbox=LABEL,
        )
    axes.set(xlim=(x0, x1), ylim=(y0, y1))


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
    figure, (plane, curve) = _panels("tall", (0.6, 2.2, 2.5, 2.5), (0.6, 0.5, 4.25, 1.15))
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
    figure, axes = _panels("single", *((left, 0.15, 1.35, 2.6) for left in (0.5, 2.02, 3.54)))
    title = "exp(z \N{MINUS SIGN} max z)" if formula == "maximum subtracted" else "exp(z)"
    for panel, numbers, name, colour in zip(
        axes, (z, powers, p), ("logits z", title, "probabilities p"), (INPUT, MUTED, OUTPUT), strict=True
    ):
        _labelled_bars(panel, numbers, name, colour)
    axes[0].set(ylabel="class", yticks=range(len(z)))
    if not np.isfinite(p).all():
        axes[2].text(0.5, len(z) // 2, "not a number", ha="center", va="center", color=GRADIENT, fontsize=11)
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
    return f"{number:.{7 if abs(number) >= 100 else 4}g}".replace("-", "\N{MINUS SIGN}")


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


def _mosaic(axes: Axes, pictures: np.ndarray) -> None:
    """Draw pictures (rows, columns, H, W) as one image, with empty pixels between them."""
    rows, columns, height, width = pictures.shape
    canvas = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + GAP), column * (width + GAP)
        canvas[top : top + height, left : left + width] = pictures[row, column]
    axes.imshow(canvas, cmap="gray_r", vmin=0, vmax=max(np.nanmax(canvas), 1e-9))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
