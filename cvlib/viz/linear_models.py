"""Figures of the chapter on neighbours and lines: votes, completions, fitted lines, descents to them.

Every function takes plain numbers or arrays and returns a new figure. Pictures of digits are (8, 8) arrays, one number
per pixel, larger meaning more ink.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cvlib.viz._panels import GAP, SMALL, mosaic, panels, walk
from cvlib.viz.picture import subplots
from cvlib.viz.style import GRADIENT, INK, INPUT, MUTED, OUTPUT, WEIGHTS

__all__ = [
    "completions",
    "descent_to_line",
    "digit_table",
    "fitted_line",
    "line_by_hand",
    "neighbours",
    "neighbours_curve",
]

# What is drawn over a picture of a digit, which is white in dark mode too: fixed darker shades of the roles.
ON_WHITE = {"point": "#005a8c", "line": "#b37a00", "error": "#b34e00"}


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
    mosaic(axes, chosen)
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
    figure, (picture, ballot, grid) = panels("tall", *places)
    mosaic(picture, np.asarray(image, dtype=float)[None, None])
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
    mosaic(axes, np.stack([*rows, truth]))
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


def line_by_hand(
    image: ArrayLike, heights: ArrayLike, columns: ArrayLike, slope: float, intercept: float
) -> Figure:
    """Return a digit with a line that was chosen by hand, and what each row adds to half the squared error.

    Parameters
    ----------
    image : array_like
        The digit, (H, W).
    heights, columns : array_like
        For every row: its height above the middle, and the column of the centre of its ink, (H,).
    slope, intercept : float
        The line: column = slope * height + intercept.
    """
    heights, columns = np.asarray(heights), np.asarray(columns)
    figure, (left, right) = panels("single", (0.5, 0.6, 2.2, 2.2), (2.95, 0.6, 1.95, 2.2))
    _picture_with_line(left, image, heights, columns, slope, intercept)
    left.set_ylabel("row (pixels)", labelpad=2)
    terms = (slope * heights + intercept - columns) ** 2 / 2
    rows = (len(columns) - 1) / 2 - heights
    right.barh(rows, np.minimum(terms, 99), color=GRADIENT, height=0.6)
    right.set(xlim=(0, 6), ylim=left.get_ylim(), yticks=[], xlabel="error\N{SUPERSCRIPT TWO} / 2, row by row")
    right.set_title(f"loss L = {terms.sum():.2f}", color=GRADIENT)
    for row in rows[terms > 6]:
        right.text(5.85, row, "goes on", ha="right", va="center", color="#000000", fontsize=SMALL)
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
    figure, (left, right) = panels("single", (0.5, 0.75, 1.95, 1.95), (3.05, 0.55, 1.85, 2.35))
    _picture_with_line(left, image, heights, columns, *path[-1])
    _ellipses(right, np.asarray(heights), np.asarray(columns))
    walk(right, path, window)
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
