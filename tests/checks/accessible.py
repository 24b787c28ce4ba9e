"""Whether a page can be used without seeing it, or without a mouse: axe's rules, and what axe does not look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

from playwright.sync_api import Page
from site_server import ROOT  # tools/site_server.py

from checks.visit import Visit

# Every rule for WCAG 2.2 at level AA, axe's best practices, and those it calls experimental.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice", "experimental"]
RULES = {
    "target-size": {"enabled": True},  # axe leaves it off by default
    # A box that scrolls must take the focus, and has no role that fits; the rule is one of the experimental ones.
    "focus-order-semantics": {"enabled": False},
}
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "rules": RULES}
NO_CONTRAST = {**EVERYTHING, "rules": {**RULES, "color-contrast": {"enabled": False}}}
ONLY_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

# Formulas and coloured code are tens of thousands of elements without meaning of their own, on which axe would spend
# minutes: it sees them as plain text. Their contrast is looked at by `reading.text_stands_out`, their scrolling below.
AXE = """async (options) => {
  const rich = [...document.querySelectorAll(".katex-html, math, pre")].map((e) => [e, [...e.childNodes]]);
  rich.forEach(([element]) => element.replaceChildren(element.matches(".katex-html") ? "" : element.textContent));
  try {
    const found = await axe.run({ ...options, resultTypes: ["violations"], iframes: false, preload: false });
    const source = (node) => node.html.replace(/\\s+/g, " ").slice(0, 150);
    return found.violations.map(({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.length} times, as ${nodes.slice(0, 3).map(source).join(" | ")}`);
  } finally {
    rich.forEach(([element, children]) => element.replaceChildren(...children));
  }
}"""

TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))];
}"""

# Boxes that scroll and that neither take the focus nor hold anything that does.
STUCK = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame().then(frame); // the page looks at its boxes when it has been laid out
  const reachable = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll("body *")].filter((box) => {
    if (box.scrollWidth <= box.clientWidth + 1 && box.scrollHeight <= box.clientHeight + 1) return false;
    const { overflowX, overflowY } = getComputedStyle(box);
    const scrolls = (box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(overflowX))
      || (box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(overflowY));
    return scrolls && box.checkVisibility() && !box.matches(reachable) && !box.querySelector(reachable);
  }).map((box) => box.outerHTML.slice(0, 100));
}"""


@cache
def _source() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def run_axe(page: Page, options: dict) -> list[str]:
    """Return what axe finds on a page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    return page.evaluate(AXE, options)


def axe(visit: Visit) -> Iterator[str]:
    """No violation of any of axe's rules."""
    yield from run_axe(visit.page, EVERYTHING)


def axe_without_contrast(visit: Visit) -> Iterator[str]:
    """No violation of the rules about structure, names and roles, while folded parts are closed."""
    yield from run_axe(visit.page, NO_CONTRAST)


def axe_contrast(visit: Visit) -> Iterator[str]:
    """No violation of axe's rule about contrast; the other rules do not depend on the colours."""
    yield from run_axe(visit.page, ONLY_CONTRAST)


def ids_are_unique(visit: Visit) -> Iterator[str]:
    """A name in the page leads to one place."""
    if twice := visit.page.evaluate(TWICE):
        yield f"the same id more than once: {json.dumps(twice)}"


def what_scrolls_takes_the_keyboard(visit: Visit) -> Iterator[str]:
    """A formula, a table or code wider than its box can be scrolled by the arrow keys, in every browser."""
    for box in visit.page.evaluate(STUCK):
        yield f"cannot be reached: {box}"
