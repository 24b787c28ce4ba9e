"""Whether a page can be read: contrast, dark mode, a narrow screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from checks.visit import Visit

FAINT_TEXT = Path(__file__).with_name("faint_text.js").read_text(encoding="utf-8")

# The brightest channel of each figure's corner pixel.
CORNERS = """async () => {
  const corners = [];
  for (const image of document.querySelectorAll("figure.plate > img, figure.explorer > img")) {
    image.loading = "eager";
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
    canvas.drawImage(image, 0, 0);
    corners.push([image.src.slice(-40), Math.max(...canvas.getImageData(1, 1, 1, 1).data.slice(0, 3))]);
  }
  return corners;
}"""


def text_stands_out(visit: Visit) -> Iterator[str]:
    """Text differs from its background by 4.5 to 1, large text by 3 to 1."""
    yield from visit.page.evaluate(FAINT_TEXT)


def pictures_have_dark_paper(visit: Visit) -> Iterator[str]:
    """On a dark page a figure's corner is as dark as the page: not a white card."""
    for image, brightest in visit.page.evaluate(CORNERS):
        if brightest >= 60:
            yield f"{image} is bright: {brightest} of 255"


def fits_the_screen(visit: Visit) -> Iterator[str]:
    """The page itself does not scroll sideways."""
    width, screen = visit.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    if width > screen:
        yield f"the page is {width} pixels wide, the screen {screen}"
