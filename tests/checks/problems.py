"""Problems on a page: whole without a script, their cells easy to see, and every step of a player there."""

from __future__ import annotations

from collections.abc import Iterator

from checks.visit import Visit

# What the server sends: no player that could not play, and no table without headings.
SENT = """async () => {
  if (!document.querySelector("section.problem")) return [];
  const sent = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  return [
    ...[...sent.querySelectorAll("[data-player]:not([hidden])")].map(() => "a player that shows without its script"),
    ...[...sent.querySelectorAll("section.problem table:not(:has(th))")].map((table) =>
      `a table without headings: ${table.outerHTML.slice(0, 100)}`),
  ];
}"""

# The cells that the step at hand works with, and their contrast.
MARKED = """() => [...document.querySelectorAll(".player td.touched")].map((cell) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const style = getComputedStyle(cell);
  const [a, b] = [light(parts(style.color)), light(parts(style.backgroundColor))].sort((x, y) => y - x);
  return [cell.textContent, (a + 0.05) / (b + 0.05)];
}).filter(([_, ratio]) => ratio < 7)"""

STUCK = """() => [...document.querySelectorAll("[data-player]")].filter((player) => {
  const slider = player.querySelector("input[type=range]");
  const first = slider.value;
  const move = (value) => { slider.value = value; slider.dispatchEvent(new Event("input")); };
  move(slider.max);
  const stuck = player.querySelector("td.unknown") || !player.querySelector(".player-line").textContent.trim();
  move(first);
  return stuck;
}).map((player) => player.closest("[data-problem]").dataset.problem)"""


def need_no_script(visit: Visit) -> Iterator[str]:
    """Steps stand in lists, tables have headings, and no player shows that could not play."""
    yield from visit.page.evaluate(SENT)


def mark_the_cells_at_hand(visit: Visit) -> Iterator[str]:
    """What a step works with stands out by more than is asked of text."""
    for text, ratio in visit.page.evaluate(MARKED):
        yield f"{text}: {ratio:.2f} to 1"


def play_to_the_last_step(visit: Visit) -> Iterator[str]:
    """At its last step a player shows every cell, and the step in words."""
    for problem in visit.page.evaluate(STUCK):
        yield f"{problem} has cells without numbers, or no words, at its last step"
