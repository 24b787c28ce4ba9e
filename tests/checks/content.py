"""What a page holds: formulas, images, and the way to its notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator

from refresh import notebooks  # tools/refresh.py
from site_server import ROOT  # tools/site_server.py

from checks.visit import Visit

NOTEBOOKS = {str(path.relative_to(ROOT).with_suffix(".html")): path for path in notebooks()}

MATHEMATICS = """() => {
  const short = (element) => element.textContent.trim().slice(0, 60);
  const faults = [...document.querySelectorAll(".katex-error")].map((e) => `unreadable formula: ${short(e)}`);
  for (const formula of document.querySelectorAll(".math")) {
    const spoken = formula.querySelector(".katex-mathml > math");
    const drawn = formula.querySelector(".katex-html");
    if (!spoken || !drawn) faults.push(`not rendered: ${short(formula)}`);
    else if (!spoken.textContent.trim()) faults.push("a formula has no MathML for a screen reader");
    else if (drawn.ariaHidden !== "true") faults.push(`read out twice: ${short(formula)}`);
  }
  return faults;
}"""

IMAGES = """() => [...document.querySelectorAll("article img")].flatMap((image) => [
  ...image.alt.trim() ? [] : [`no words: ${image.src.slice(-60)}`],
  ...image.getAttribute("width") > 0 && image.getAttribute("height") > 0 ? [] : [`no size: ${image.src.slice(-60)}`],
])"""


def mathematics_is_rendered(visit: Visit) -> Iterator[str]:
    """Every formula came out of the build as HTML for the eye and MathML for the ear, and none as an error."""
    yield from visit.page.evaluate(MATHEMATICS)


def images_have_words_and_a_size(visit: Visit) -> Iterator[str]:
    """Alternative text for who cannot see it, and a size so that the page does not jump when it arrives."""
    yield from visit.page.evaluate(IMAGES)


def notebooks_open_in_binder(visit: Visit) -> Iterator[str]:
    """The launch button of a chapter leads to Binder, and there to this very notebook in JupyterLab."""
    if visit.address not in NOTEBOOKS:
        return
    path = NOTEBOOKS[visit.address].relative_to(ROOT)
    links = visit.page.eval_on_selector_all(
        "a[href*='mybinder.org']", "(links) => links.map((link) => link.href)"
    )
    pattern = rf"https://mybinder\.org/v2/gh/[^/]+/[^/]+/main\?urlpath=lab/tree/{path}"
    if len(links) != 1 or not re.fullmatch(pattern, links[0]):
        yield f"links to Binder are {links}, expected one that matches {pattern}"
