"""From a matplotlib figure to one small SVG that follows the page into dark mode, and to a notebook's output."""

from __future__ import annotations

import base64
import io
import re
import sys
from dataclasses import dataclass
from html import escape

import matplotlib
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from cvlib._checks import choice
from cvlib.viz import style

__all__ = ["Picture", "render", "show", "subplots"]

PIXELS_PER_INCH = 96
PHOTOGRAPH = (
    10_000  # pixels; larger raster images are stored lossily, smaller ones (digits, heat maps) exactly
)


@dataclass(frozen=True)
class Picture:
    """A rendered figure: SVG text, and its size in CSS pixels."""

    svg: str
    width: int
    height: int

    @property
    def data_uri(self) -> str:
        """The picture as an address that needs no file."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()

    def img(self, alt: str) -> str:
        """Return an HTML image element with alternative text."""
        size = f'width="{self.width}" height="{self.height}"'
        return f'<img src="{self.data_uri}" alt="{escape(alt)}" {size} loading="lazy">'


def subplots(
    rows: int = 1, columns: int = 1, *, size: str = "single", **options: object
) -> tuple[Figure, object]:
    """Return a new figure and its axes, outside pyplot, so that nothing is shown or kept by accident.

    Parameters
    ----------
    rows, columns : int
        Grid of axes.
    size : {"single", "tall", "wide"}
        One of the book's sizes: 5 x 3.2, 5 x 4.8 or 8 x 3 inches.
    **options
        Passed to :meth:`matplotlib.figure.Figure.subplots`.

    Examples
    --------
    >>> figure, axes = subplots(1, 2, size="wide")
    >>> [float(inches) for inches in figure.get_size_inches()]
    [8.0, 3.0]
    """
    choice("size", size, tuple(style.SIZES))
    figure = Figure(figsize=style.SIZES[size])
    return figure, figure.subplots(rows, columns, **options)


def render(figure: Figure) -> Picture:
    """Return ``figure`` as a :class:`Picture`; the same figure always gives the same bytes."""
    buffer = io.StringIO()
    with matplotlib.rc_context(dict(style.SETTINGS)):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    return Picture(_adapt_colours(_shrink(buffer.getvalue())), round(width), round(height))


def show(figure: Figure, *, alt: str, caption: str = "") -> None:
    """Display ``figure`` in a notebook with alternative text and a caption.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Closed afterwards if pyplot made it.
    alt : str
        What a reader who cannot see the picture needs to know.
    caption : str
        The finding, in a sentence.

    Raises
    ------
    ValueError
        If ``alt`` is empty: a picture without it is lost on some readers.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must say in words what the figure shows, got {alt!r}")
    display(_Plate(render(figure), alt, caption))
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)


@dataclass(frozen=True)
class _Plate:
    """A picture as a notebook shows it: HTML for the eye, its alternative text for everything else."""

    picture: Picture
    alt: str
    caption: str

    def __repr__(self) -> str:
        return f"Figure: {self.alt}" + (f"\n{self.caption}" if self.caption else "")

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="plate">{self.picture.img(self.alt)}{caption}</figure>'


def _shrink(svg: str) -> str:
    """Drop what a browser does not need: prologue, comments, metadata, white space, decimals below 1/100 point."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'data:image/png;base64,\s*([^"]+)', lambda found: _shrink_image(found[1]), svg)
    svg = re.sub(r'\sd="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]).replace("\n", ""), svg)
    return re.sub(r">\s+<", "><", svg)


def _shrink_image(encoded: str) -> str:
    """Return an embedded PNG as a data address, as WebP if it is a photograph."""
    image = Image.open(io.BytesIO(base64.b64decode(encoded)))
    if image.width * image.height <= PHOTOGRAPH:
        return "data:image/png;base64," + re.sub(r"\s", "", encoded)
    buffer = io.BytesIO()
    image.save(buffer, format="webp", quality=80)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _adapt_colours(svg: str) -> str:
    """Name the book's colours as CSS variables with a light and a dark value.

    An SVG in an ``img`` takes its colour scheme from the page, so one file serves both modes.
    """
    names = {colour: f"--c{index}" for index, colour in enumerate(style.DARK)}
    for colour, name in names.items():
        svg = svg.replace(f": {colour}", f": var({name})")
    light = ";".join(f"{name}:{colour}" for colour, name in names.items())
    dark = ";".join(f"{name}:{style.DARK[colour]}" for colour, name in names.items())
    rules = f"<style>:root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    return svg.replace(">", f">{rules}", 1)
