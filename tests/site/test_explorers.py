"""Every explorer on the built site: each control moves the picture, by the keyboard alone, and says what it does."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page
from refresh import notebooks  # tools/refresh.py
from site_server import ROOT, SITE  # tools/site_server.py

NOTEBOOKS = notebooks()


def explorers_in(notebook: Path) -> int:
    """Count the calls of ``explore`` in a notebook's source."""
    cells = nbformat.read(notebook, as_version=4).cells
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    calls = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sum(isinstance(function, ast.Name) and function.id == "explore" for function in calls)


WITH_EXPLORERS = [notebook for notebook in NOTEBOOKS if explorers_in(notebook)]


@pytest.fixture(params=WITH_EXPLORERS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Path:
    """Return a notebook with explorers."""
    return request.param


def address_of(notebook: Path) -> str:
    """Return the address of the page made from a notebook."""
    return str(notebook.relative_to(ROOT).with_suffix(".html"))


def open_explorers(page: Page, server: str, notebook: Path) -> list[Locator]:
    """Open the page of a notebook and return its explorers, all of them or an error."""
    page.goto(server + address_of(notebook), wait_until="load")
    found = page.locator("[data-explorer]").all()
    assert len(found) == explorers_in(notebook), f"{notebook.name}: explorers on the page / in the notebook"
    return found


def readable(control: Locator) -> str:
    """Return the value a control shows to people."""
    return control.evaluate(
        """(c) => c.type === "range" ? c.getAttribute("aria-valuetext")
              : c.type === "checkbox" ? (c.checked ? "on" : "off") : c.selectedOptions[0].text"""
    )


def press_to_move(control: Locator) -> None:
    """Move a control by the keyboard, to another value."""
    control.focus()
    kind, index, last = control.evaluate(
        "(c) => [c.type, c.selectedIndex ?? Number(c.value), c.options ? c.options.length - 1 : Number(c.max)]"
    )
    if kind == "checkbox":
        control.press("Space")
    elif kind == "range":
        control.press("ArrowLeft" if index == last else "ArrowRight")
    else:
        control.press("ArrowUp" if index == last else "ArrowDown")


def wait_for_picture(picture: Locator) -> bytes:
    """Return what the picture looks like, once it is there; a lazy picture waits until it is on the screen."""
    picture.evaluate("(image) => { image.loading = 'eager'; return image.decode(); }")
    return picture.screenshot()


def test_chapters_have_at_least_three():
    """Each chapter has three explorers or more; the landing page has one."""
    counts = {notebook.stem: explorers_in(notebook) for notebook in NOTEBOOKS}
    assert counts.pop("index") >= 1
    assert counts
    assert all(count >= 3 for count in counts.values()), counts


def test_every_control_changes_the_picture(page: Page, server: str, notebook: Path):
    """Each control, moved by a key, shows another picture, another text and its own new value."""
    for explorer in open_explorers(page, server, notebook):
        picture, caption = explorer.locator("img"), explorer.locator("figcaption")
        controls = explorer.locator("input, select").all()
        assert controls
        for control in controls:
            label = page.locator(f"label[for='{control.get_attribute('id')}']").inner_text()
            before = wait_for_picture(picture), picture.get_attribute("alt"), readable(control)
            press_to_move(control)
            after = wait_for_picture(picture), picture.get_attribute("alt"), readable(control)
            assert all(b != a for b, a in zip(before, after, strict=True)), (
                f"{label}: {before[1]} / {after[1]}"
            )
            assert f"{label} {after[2]}" in after[1]
            assert caption.inner_text().strip() in after[1]


def test_every_control_has_a_name_and_a_readable_value(page: Page, server: str, notebook: Path):
    """What a screen reader is told: the browser's own accessibility tree names each control and speaks its value."""
    for explorer in open_explorers(page, server, notebook):
        assert explorer.locator("fieldset > legend").inner_text().strip()
        for control in explorer.locator("input, select").all():
            label = page.locator(f"label[for='{control.get_attribute('id')}']").inner_text()
            spoken = control.aria_snapshot()
            assert f'"{label}"' in spoken, spoken
            if control.get_attribute("type") == "range":
                assert readable(control) in json.loads(control.get_attribute("data-values"))


def test_every_frame_is_there_and_described(page: Page, server: str, notebook: Path):
    """Each combination of values has a picture file and its own words."""
    folder = (SITE / address_of(notebook)).parent
    for explorer in open_explorers(page, server, notebook):
        frames = json.loads(explorer.locator("script").text_content())
        sizes = explorer.locator("[data-size]").evaluate_all("(cs) => cs.map((c) => Number(c.dataset.size))")
        product = 1
        for size in sizes:
            product *= size
        assert len(frames) == product
        assert len({frame["alt"] for frame in frames}) == product
        assert all((folder / frame["src"]).resolve().is_file() for frame in frames)


def test_complete_without_scripts(browser, server: str, notebook: Path):
    """With scripts off, the first picture and its caption stand there, and no control that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for explorer in open_explorers(page, server, notebook):
        assert explorer.locator("img").get_attribute("alt")
        assert explorer.locator("figcaption").inner_text().strip()
        assert explorer.locator("fieldset").is_hidden()
    context.close()


def test_a_phone_shows_the_whole_picture(phone: Page, server: str, notebook: Path):
    """On 360 pixels the picture is neither cut nor shrunk below two thirds, so a reader sees what a control does."""
    for explorer in open_explorers(phone, server, notebook):
        assert explorer.evaluate("(figure) => figure.scrollWidth <= figure.clientWidth")
        assert (
            explorer.locator("img").evaluate("(image) => image.clientWidth / image.getAttribute('width')")
            > 0.66
        )


def test_starts_where_the_page_says(page: Page, server: str, notebook: Path):
    """The first picture is the one that the controls name."""
    for explorer in open_explorers(page, server, notebook):
        for control in explorer.locator("input, select").all():
            label = page.locator(f"label[for='{control.get_attribute('id')}']").inner_text()
            assert f"{label} {readable(control)}" in explorer.locator("img").get_attribute("alt")
