"""Figures of the chapter on autoencoders: rows of images, a plane of codes to walk in, a bound and its gap.

Every function takes plain numbers and arrays and returns a new figure. Frames of an explorer have fixed axes, so that
they can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from cvlib.viz._panels import LABEL, SMALL, mosaic
from cvlib.viz._panels import panels as place_panels
from cvlib.viz.style import EXTRA, GRADIENT, INK, INPUT, MUTED, OUTPUT, RULE, SIZES, WEIGHTS

__all__ = [
    "bound_by_image",
    "bound_on_a_line",
    "classes_drawn",
    "error_by_width",
    "halfway",
    "image_rows",
    "latent_walk",
    "through_the_code",
    "trade_off",
]

NUMERALS = (INPUT, WEIGHTS, OUTPUT, GRADIENT, EXTRA)


def image_rows(rows: Mapping[str, ArrayLike], *, size: str = "single") -> Figure:
    """Draw rows of images, each row with its name above it.

    Parameters
    ----------
    rows : mapping of str to array_like
        (N, H, W), values from 0 (paper) to 1 (ink), the same N in every row.
    size : {"single", "tall", "wide"}
        Size of the figure.
    """
    width, height = SIZES[size]
    each = height / len(rows)
    places = [(0.1, height - each * (i + 1) + 0.05, width - 0.2, each - 0.33) for i in range(len(rows))]
    figure, axes = place_panels(size, *places)
    for row, (name, images) in zip(axes, rows.items(), strict=True):
        mosaic(row, np.clip(np.asarray(images)[None], 0, 1))
        row.set_anchor("C")
        row.set_title(name, fontsize=10, pad=3)
    return figure


def through_the_code(images: ArrayLike, codes: ArrayLike, outputs: ArrayLike) -> Figure:
    """Draw images, the few numbers that each becomes, and what is made of the numbers.

    Parameters
    ----------
    images, outputs : array_like
        (N, H, W).
    codes : array_like
        (N, D).
    """
    codes = np.asarray(codes)
    places = [(0.9, 2.3, 4.0, 0.8), (0.9, 1.1, 4.0, 1.0), (0.9, 0.1, 4.0, 0.8)]
    figure, (above, middle, below) = place_panels("single", *places)
    for axes, pictures, name in ((above, images, "image"), (below, outputs, "rebuilt")):
        mosaic(axes, np.clip(np.asarray(pictures)[None], 0, 1))
        axes.text(-0.02, 0.5, name, transform=axes.transAxes, ha="right", va="center")
    middle.axis("off")
    middle.set(xlim=(0, len(codes)), ylim=(len(codes[0]) + 1.1, -1.1))
    for column, code in enumerate(codes):
        for row, value in enumerate(code):
            middle.text(
                column + 0.5,
                row + 0.5,
                f"{value:.1f}".replace("-", "\N{MINUS SIGN}"),
                ha="center",
                va="center",
            )
        for top in (-0.95, len(code) + 0.15):
            middle.annotate(
                "",
                (column + 0.5, top + 0.8),
                (column + 0.5, top),
                arrowprops={"arrowstyle": "-|>", "color": MUTED},
            )
    middle.text(-0.02, 0.5, "code", transform=middle.transAxes, ha="right", va="center")
    return figure


def error_by_width(widths: Sequence[int], net: Sequence[float], best_linear: Sequence[float]) -> Figure:
    """Draw how much of the images is lost, for nets and for the best straight map, by the width of the code.

    Parameters
    ----------
    widths : sequence of int
        Numbers in the code.
    net, best_linear : sequence of float
        Shares from 0 to 1.
    """
    figure, (axes,) = place_panels("single", (0.65, 0.52, 4.2, 2.5))
    axes.plot(widths, 100 * np.asarray(best_linear), "s--", color=MUTED, markersize=6)
    axes.plot(widths, 100 * np.asarray(net), "o-", color=OUTPUT, markersize=6)
    axes.text(4.2, 77, "best straight map (PCA)", color=MUTED, va="center", ha="left", bbox=LABEL)
    axes.text(3.5, 28, "trained net", color=OUTPUT, va="center", ha="right", bbox=LABEL)
    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, [str(width) for width in widths])
    axes.set(xlabel="numbers in the code", ylabel="lost (% of the variance)", ylim=(0, 100))
    return figure


def latent_walk(
    codes: ArrayLike,
    labels: ArrayLike,
    at: tuple[float, float],
    image: ArrayLike,
    *,
    centre: tuple[float, float] = (1.2, 0),
    reach: float = 3.0,
) -> Figure:
    """Draw codes as numerals on their plane, a place on it, and the image decoded there.

    Parameters
    ----------
    codes : array_like
        (N, 2).
    labels : array_like
        (N,) digits, drawn as the numerals.
    at : pair of float
        The place.
    image : array_like
        (H, W), what is decoded there.
    centre, reach : pair of float, float
        The plane is drawn as far as ``reach`` to every side of its centre.
    """
    figure, (plane, picture) = place_panels("single", (0.5, 0.5, 2.6, 2.6), (3.4, 0.95, 1.5, 1.5))
    numerals(plane, codes, labels, centre=centre, reach=reach)
    for line in (plane.axvline, plane.axhline):
        line(at[line == plane.axhline], color=INK, linewidth=0.8, linestyle=":")
    plane.plot(*at, "o", markersize=11, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=2)
    plane.set(xlabel="first number of the code", ylabel="second number")
    mosaic(picture, np.asarray(image)[None, None])
    picture.set_title("decoded", fontsize=10)
    return figure


def numerals(
    axes: Axes, codes: ArrayLike, labels: ArrayLike, *, centre: tuple[float, float] = (0, 0), reach: float
) -> None:
    """Draw each code as the digit it belongs to; the digit says what it is, the colour only helps."""
    codes, labels = np.asarray(codes), np.asarray(labels)
    for label in np.unique(labels):
        x, y = codes[labels == label].T
        colour = NUMERALS[int(label) % len(NUMERALS)]
        axes.plot(
            x, y, linestyle="none", marker=f"${label}$", markersize=6, color=colour, markeredgewidth=0.2
        )
    for name, middle in zip("xy", centre, strict=True):
        ticks = [tick for tick in range(-6, 7) if abs(tick - middle) <= reach]
        axes.set(**{f"{name}lim": (middle - reach, middle + reach), f"{name}ticks": ticks})


def halfway(ends: ArrayLike, pixels: ArrayLike, decoded: ArrayLike, position: float) -> Figure:
    """Draw two images, and what lies between them: mixed pixel by pixel, and decoded from mixed codes.

    Parameters
    ----------
    ends : array_like
        (2, H, W).
    pixels, decoded : array_like
        (H, W), the two mixtures.
    position : float
        From 0 (the first image) to 1 (the second).
    """
    figure, (line, first, second, left, right) = place_panels(
        "single",
        (0.95, 2.55, 3.1, 0.3),
        (0.1, 2.35, 0.7, 0.7),
        (4.2, 2.35, 0.7, 0.7),
        (0.45, 0.1, 1.75, 1.75),
        (2.8, 0.1, 1.75, 1.75),
    )
    pictures = (*np.asarray(ends), pixels, decoded)
    for axes, image in zip((first, second, left, right), pictures, strict=True):
        mosaic(axes, np.clip(np.asarray(image)[None, None], 0, 1))
    left.set_title("pixels mixed", color=INPUT)
    right.set_title("codes mixed, then decoded", color=OUTPUT)
    line.plot([0, 1], [0, 0], color=RULE, linewidth=3)
    line.plot(position, 0, "o", color=INK, markersize=9)
    line.set(xlim=(-0.05, 1.05), ylim=(-1, 1))
    line.axis("off")
    return figure


def classes_drawn(counts: Mapping[str, ArrayLike]) -> Figure:
    """Draw how often each class was read among decoded random codes, a panel for each net.

    Parameters
    ----------
    counts : mapping of str to array_like
        (10,), images in each class.
    """
    places = [(0.75, 1.9, 4.0, 0.95), (0.75, 0.5, 4.0, 0.95)]
    figure, panels = place_panels("single", *places)
    for axes, colour, (name, values) in zip(panels, (GRADIENT, OUTPUT), counts.items(), strict=True):
        share = 100 * np.asarray(values) / np.sum(values)
        axes.bar(range(10), np.minimum(share, 50), color=colour, width=0.7)
        axes.axhline(10, color=INK, linewidth=1, linestyle=":")
        axes.set_title(name, loc="left", color=colour, pad=4)
        axes.set(ylim=(0, 50), yticks=(0, 10, 50), ylabel="share (%)", xticks=range(10))
    panels[0].set_xticklabels([])
    panels[1].set_xlabel("read as the digit")
    return figure


def bound_on_a_line(
    q: tuple[float, float], posterior: tuple[float, float], costs: tuple[float, float], evidence: float
) -> Figure:
    """Draw a guess of the code beside prior and posterior, and its cost beside the least possible one.

    Parameters
    ----------
    q, posterior : pair of float
        Mean and standard deviation of the guess and of the right answer.
    costs : pair of float
        Reconstruction and divergence, in nats; their sum is the negative bound.
    evidence : float
        log p(x), in nats.
    """
    figure, (curves, bars) = place_panels("tall", (0.3, 2.35, 4.4, 2.15), (0.3, 0.55, 4.4, 1.05))
    z = np.linspace(-2.6, 3.4, 301)

    def bell(mean: float, spread: float) -> np.ndarray:
        return np.exp(-(((z - mean) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))

    for (mean, spread), colour, style in (
        ((0, 1), MUTED, "-"),
        (posterior, INK, "--"),
        (q, OUTPUT, "-"),
    ):
        curves.plot(z, bell(mean, spread), style, color=colour)
    curves.text(-2.5, 1.87, "prior p(z)", color=MUTED, va="center")
    curves.text(-2.5, 1.62, "posterior p(z|x), dashed", color=INK, va="center")
    curves.text(-2.5, 1.37, "our guess q(z|x)", color=OUTPUT, va="center")
    curves.set(xlim=(-2.6, 3.4), ylim=(0, 2.05), yticks=[], xlabel="code z")
    curves.spines["left"].set_visible(False)
    reconstruction, divergence = costs
    bars.barh(0, reconstruction, color=INPUT, height=0.8)
    bars.barh(0, divergence, left=reconstruction, color=WEIGHTS, height=0.8)
    bars.plot([-evidence, -evidence], [-0.5, 0.5], color=INK, linestyle="--", linewidth=1.6)
    bars.set(xlim=(0, 7.6), ylim=(-0.5, 1.7), yticks=[], xlabel="nats")
    bars.spines["left"].set_visible(False)
    bars.text(0, 0.85, f"reconstruction {reconstruction:.2f}", color=INPUT, va="center")
    bars.text(7.6, 0.85, f"divergence {divergence:.2f}", color=WEIGHTS, va="center", ha="right")
    bars.text(0, 1.4, f"\N{MINUS SIGN}log p(x) = {-evidence:.2f}, dashed", color=INK, va="center")
    bars.text(7.6, 1.4, f"\N{MINUS SIGN}ELBO = {sum(costs):.2f}", color=INK, va="center", ha="right")
    return figure


def bound_by_image(evidence: ArrayLike, bound: ArrayLike) -> Figure:
    """Draw one dot for each image: the bound against what it bounds; no dot may lie above the diagonal.

    Parameters
    ----------
    evidence, bound : array_like
        (N,), nats.
    """
    figure, (axes,) = place_panels("single", (0.75, 0.52, 4.0, 2.5))
    low = 10 * np.floor(min(np.min(evidence), np.min(bound)) / 10)
    axes.plot([low, 0], [low, 0], color=INK, linewidth=1)
    axes.plot(evidence, bound, "o", color=OUTPUT, markersize=4, alpha=0.7)
    axes.text(0.03, 0.9, "line: ELBO = log p(x)", transform=axes.transAxes, color=INK, va="center")
    axes.text(0.97, 0.1, "one dot: one test digit", transform=axes.transAxes, color=OUTPUT, ha="right")
    axes.set(xlabel="log p(x), by integration (nats)", ylabel="ELBO (nats)", xlim=(low, 0), ylim=(low, 0))
    return figure


def trade_off(
    images: ArrayLike,
    rebuilt: ArrayLike,
    drawn: ArrayLike,
    codes: ArrayLike,
    labels: ArrayLike,
    spread: float,
) -> Figure:
    """Draw what a variational autoencoder rebuilds and draws, and where it puts its codes.

    Parameters
    ----------
    images, rebuilt, drawn : array_like
        (8, H, W), test images, their reconstructions, and images decoded from the prior.
    codes, labels : array_like
        (N, 2) means of codes, (N,) their digits.
    spread : float
        The typical standard deviation of one image's code.
    """
    figure, (plane, *rows) = place_panels(
        "tall",
        (0.45, 0.42, 2.35, 2.35),
        (1.0, 4.2, 3.9, 0.5),
        (1.0, 3.6, 3.9, 0.5),
        (1.0, 3.0, 3.9, 0.5),
    )
    names = ("test digits", "rebuilt", "drawn")
    for axes, pictures, name in zip(rows, (images, rebuilt, drawn), names, strict=True):
        mosaic(axes, np.clip(np.asarray(pictures)[None], 0, 1))
        axes.set_anchor("W")
        axes.text(-0.02, 0.5, name, transform=axes.transAxes, ha="right", va="center")
    numerals(plane, codes, labels, reach=4)
    plane.add_patch(Circle((0, 0), 2, fill=False, edgecolor=INK, linestyle="--", linewidth=1.4))
    plane.add_patch(Circle((-2.9, 2.9), spread, facecolor=(MUTED, 0.5), edgecolor=INK))
    plane.set(xlabel="first number of the code")
    words = (
        "Numerals: codes of",
        "test digits.",
        "Dashed circle: two standard",
        "deviations of the prior.",
        "Disc, top left: how far the",
        f"code of one digit spreads, {spread:.2f}.",
    )
    for line, text in enumerate(words):
        height = 0.93 - 0.09 * line - 0.06 * (line // 2)
        plane.text(1.08, height, text, transform=plane.transAxes, color=INK, fontsize=SMALL, va="center")
    return figure
