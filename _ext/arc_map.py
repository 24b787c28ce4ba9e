"""A map of the chapters as SVG: one below the other in reading order, and an arc from each to those that build on it.

It is as wide as a phone, so it needs neither scrolling nor shrinking; colours come from the page, in light and dark.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, MARGIN = 360, 76  # of the drawing, and of the space for arcs at its left
ROW, LINE, CAPTION = 16, 17, 30  # heights: space between chapters, a line of a title, a part's name
REACH = 72  # of the widest arc
LONGEST = 36  # letters in a line

STYLE = (
    ".chapter-map{width:100%;max-width:28rem}"
    ".arc{fill:none;stroke:var(--pst-color-text-muted);stroke-width:1.5}"
    ".stop{fill:var(--pst-color-primary)}"
    ".part{fill:var(--pst-color-text-muted);font-size:12px;letter-spacing:.06em}"
    ".name{fill:var(--pst-color-link);font-size:14px}"
    "a:hover .name,a:focus .name{text-decoration:underline}"
)


class Stop(NamedTuple):
    """A chapter on the map."""

    title: str
    address: str
    part: str
    builds_on: Sequence[int]  # the places of earlier chapters in the same list


def draw(stops: Sequence[Stop]) -> str:
    """Return the map.

    Raises
    ------
    ValueError
        If a chapter builds on a later one, or on itself: then no order of reading works.
    """
    heights, captions, y, part = [], [], 4, None
    for stop in stops:
        if stop.part != part:
            part = stop.part
            y += CAPTION
            captions.append(f'<text class="part" x="{MARGIN - 5}" y="{y - 9}">{escape(part.upper())}</text>')
        height = ROW + LINE * len(_lines(stop.title))
        heights.append(y + height / 2)
        y += height
    arcs = [
        _arc(heights, stops, here, earlier) for here, stop in enumerate(stops) for earlier in stop.builds_on
    ]
    names = [_name(stop, height) for stop, height in zip(stops, heights, strict=True)]
    return (
        f'<svg class="chapter-map" viewBox="0 0 {WIDTH} {y + 4}" role="group" xmlns="http://www.w3.org/2000/svg">'
        f"<title>Map of the chapters; the table below says the same</title><style>{STYLE}</style>"
        f"{''.join(arcs)}{''.join(captions)}{''.join(names)}</svg>"
    )


def _arc(heights: Sequence[float], stops: Sequence[Stop], here: int, earlier: int) -> str:
    """Return the arc between two chapters; the further apart, the wider."""
    if not 0 <= earlier < here:
        raise ValueError(
            f"{stops[here].title!r} must build on earlier chapters, got {stops[earlier].title!r}"
        )
    span = max(len(stops) - 1, 1)
    reach = REACH * (0.15 + 0.85 * (here - earlier - 1) / span)
    top, bottom = heights[earlier], heights[here]
    ellipse = f"A{reach:.1f} {(bottom - top) / 2:.1f} 0 0 0 {MARGIN} {bottom:.1f}"
    return f'<path class="arc" d="M{MARGIN} {top:.1f}{ellipse}"/>'


def _name(stop: Stop, height: float) -> str:
    """Return a chapter's dot and its title, a link, in as many lines as it takes."""
    lines = _lines(stop.title)
    first = height + 5 - LINE * (len(lines) - 1) / 2
    spans = (
        f'<tspan x="{MARGIN + 12}" y="{first + LINE * row:.1f}">{escape(line)}</tspan>'
        for row, line in enumerate(lines)
    )
    return (
        f'<circle class="stop" cx="{MARGIN}" cy="{height:.1f}" r="4.5"/>'
        f'<a href="{escape(stop.address)}"><text class="name">{" ".join(spans)}</text></a>'
    )


def _lines(title: str) -> list[str]:
    return textwrap.wrap(title, LONGEST)
