"""The API reference as built: every public name is a place that one can link to, and the table of names leads there."""

from __future__ import annotations

import pytest
from book_reference import parts, public_modules
from playwright.sync_api import Page
from site_server import SITE  # tools/site_server.py
from sphinx.util.inventory import InventoryFile


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    """Return the address of every object of the packages."""
    with (SITE / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    return {
        name: entry[2]
        for kind, entries in inventory.items()
        if kind[:3] == "py:"
        for name, entry in entries.items()
    }


@pytest.mark.parametrize("module", public_modules())
def test_every_public_name_is_in_the_index(module: str, places: dict[str, str]):
    names = [f"{part.home}.{name}" for part in parts(module) for name in part.names]
    assert [name for name in names if not places.get(name, "").startswith("reference/")] == []
    assert places[module].startswith("reference/")


def test_table_links_every_name(page: Page, server: str, places: dict[str, str]):
    page.goto(f"{server}reference/index.html")
    links = page.eval_on_selector_all(
        "table.names a", "links => links.map((link) => link.getAttribute('href'))"
    )
    linked = {f"reference/{link}" for link in links}
    names = {
        f"{part.home}.{name}" for module in public_modules() for part in parts(module) for name in part.names
    }
    assert sorted(name for name in names if places[name] not in linked) == []


def test_no_operation_of_a_layer_is_shown_as_its_method(places: dict[str, str]):
    """A layer stores the pair it calls; the pair has its own page."""
    assert [name for name in places if name.startswith("cvlib.nn.") and ".operation" in name] == []


def test_a_phone_shows_each_name_above_its_words(phone: Page, server: str):
    phone.goto(f"{server}reference/index.html")
    name, words = phone.locator("table.names tbody tr").first.locator("td").all()
    assert name.bounding_box()["y"] + name.bounding_box()["height"] <= words.bounding_box()["y"] + 1
    assert words.bounding_box()["width"] > 250
