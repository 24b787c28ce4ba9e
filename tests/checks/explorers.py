"""Every explorer on a page: each control moves the picture by the keyboard alone, and says what it does."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
from playwright.sync_api import Locator
from site_server import SITE  # tools/site_server.py

from checks.content import NOTEBOOKS
from checks.visit import Visit

# What an explorer shows now, once its picture is there: the picture's address and pixels, the words, each control.
LOOK = """async (explorer) => {
  const picture = explorer.querySelector("img");
  picture.loading = "eager";
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const digest = await crypto.subtle.digest("SHA-1", canvas.getImageData(0, 0, width, height).data);
  const readable = (c) => c.type === "range" ? c.getAttribute("aria-valuetext")
    : c.type === "checkbox" ? (c.checked ? "on" : "off") : c.selectedOptions[0].text;
  return {
    src: picture.getAttribute("src"),
    alt: picture.alt,
    pixels: btoa(String.fromCharCode(...new Uint8Array(digest))),
    caption: explorer.querySelector("figcaption").textContent.trim(),
    legend: explorer.querySelector("fieldset > legend").textContent.trim(),
    controls: [...explorer.querySelectorAll("input, select")].map((c) => ({
      label: c.labels[0]?.textContent ?? "", value: readable(c), offered: JSON.parse(c.dataset.values ?? "null"),
      kind: c.type, size: Number(c.dataset.size), index: c.selectedIndex ?? Number(c.value),
    })),
  };
}"""

# The explorers as the server sends them, before any script has run.
SENT = """async () => {
  const sent = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  return [...sent.querySelectorAll("[data-explorer]")].map((explorer) => ({
    alt: explorer.querySelector("img").alt,
    src: explorer.querySelector("img").getAttribute("src"),
    caption: explorer.querySelector("figcaption").textContent.trim(),
  }));
}"""


@cache
def explorers_in(notebook: Path) -> int:
    """Count the calls of ``explore`` in a notebook's source."""
    cells = nbformat.read(notebook, as_version=4).cells
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    calls = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sum(isinstance(function, ast.Name) and function.id == "explore" for function in calls)


def _explorers(visit: Visit) -> list[Locator]:
    return visit.page.locator("[data-explorer]").all()


def are_all_there(visit: Visit) -> Iterator[str]:
    """The page has the explorers of its notebook."""
    expected = explorers_in(NOTEBOOKS[visit.address]) if visit.address in NOTEBOOKS else 0
    if (found := len(_explorers(visit))) != expected:
        yield f"{found} on the page, {expected} in the notebook"


def are_complete_without_a_script(visit: Visit) -> Iterator[str]:
    """The first picture, its caption and its alternative text stand in the page itself."""
    if not _explorers(visit):
        return
    for sent in visit.page.evaluate(SENT):
        if not sent["caption"] or sent["caption"] not in sent["alt"]:
            yield f"the first picture is not described: {sent}"
        if not (SITE / visit.address).parent.joinpath(sent["src"]).resolve().is_file():
            yield f"no file {sent['src']}"


def say_what_they_show(visit: Visit) -> Iterator[str]:
    """Each control has a name and a value in words, and the picture that is shown is the one that they name."""
    for explorer in _explorers(visit):
        shown, spoken = explorer.evaluate(LOOK), explorer.aria_snapshot()
        if not shown["legend"]:
            yield "the group of controls has no name"
        for control in shown["controls"]:
            if not control["label"] or f'"{control["label"]}"' not in spoken:
                yield f"a control has no name: {control} in {spoken}"
            if control["kind"] == "range" and control["value"] not in control["offered"]:
                yield f"{control['label']} says {control['value']}, which is none of {control['offered']}"
            if f"{control['label']} {control['value']}" not in shown["alt"]:
                yield f"the picture is not for {control['label']} {control['value']}: {shown['alt']}"


def have_every_frame(visit: Visit) -> Iterator[str]:
    """Each combination of values has a picture file and its own words."""
    folder = (SITE / visit.address).parent
    for explorer in _explorers(visit):
        frames = json.loads(explorer.locator("script").text_content())
        sizes = explorer.locator("[data-size]").evaluate_all("(cs) => cs.map((c) => Number(c.dataset.size))")
        if not len(frames) == len({frame["alt"] for frame in frames}) == math.prod(sizes):
            yield f"{len(frames)} frames for {math.prod(sizes)} combinations, or two with the same words"
        yield from (f"no file {f['src']}" for f in frames if not (folder / f["src"]).resolve().is_file())


def answer_the_keyboard(visit: Visit) -> Iterator[str]:
    """Each control, moved by a key, shows another picture, another text and its own new value."""
    for explorer in _explorers(visit):
        before = explorer.evaluate(LOOK)
        for number, control in enumerate(explorer.locator("input, select").all()):
            control.press(_key_to_move(before["controls"][number]))
            after = explorer.evaluate(LOOK)
            moved = after["controls"][number]
            name = f"{moved['label']} {moved['value']}"
            same = [part for part in ("src", "pixels", "alt") if before[part] == after[part]]
            if before["controls"][number]["value"] == moved["value"]:
                same.append("value")
            if same:
                yield f"{name}: the same {' and '.join(same)} as before: {after['alt']}"
            if name not in after["alt"] or after["caption"] not in after["alt"]:
                yield f"{name}: the words are for something else: {after['alt']} / {after['caption']}"
            before = after


def _key_to_move(control: dict) -> str:
    """Return the key that moves a control to another value."""
    at_the_end = control["index"] == control["size"] - 1
    if control["kind"] == "checkbox":
        return "Space"
    if control["kind"] == "range":
        return "ArrowLeft" if at_the_end else "ArrowRight"
    return "ArrowUp" if at_the_end else "ArrowDown"


def show_the_whole_picture(visit: Visit) -> Iterator[str]:
    """On 360 pixels the picture is neither cut nor shrunk below two thirds, so a reader sees what a control does."""
    measures = visit.page.locator("[data-explorer]").evaluate_all(
        """(explorers) => explorers.map((explorer) => {
          const picture = explorer.querySelector("img");
          return [explorer.scrollWidth, explorer.clientWidth, picture.clientWidth / picture.getAttribute("width")];
        })"""
    )
    for content, room, scale in measures:
        if content > room or scale <= 0.66:
            yield f"{content} pixels wide in {room}, at {scale:.2f} of its size"
