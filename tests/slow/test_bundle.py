"""The bundle as a reader has it: unpacked into some folder, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import browser as browsers  # tools/browser.py
import bundle  # tools/bundle.py
import pytest
from browser import until
from playwright.sync_api import Page, sync_playwright
from site_server import serving  # tools/site_server.py

NAME = "book"
FORMULAS_HAVE_THEIR_FONT = """document.fonts.ready.then((fonts) =>
  [...fonts].some(({ family, status }) => family === "KaTeX_Main" && status === "loaded"))"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of the built site."""
    target = tmp_path_factory.mktemp("bundle") / f"{NAME}.zip"
    bundle.bundle(target)
    return target


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that it was unpacked into."""
    root = tmp_path_factory.mktemp("reader")
    with ZipFile(archive) as zipped:
        zipped.extractall(root / "some where")
    return root


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Yield a page of a browser."""
    path = browsers.find()
    assert path is not None, "no browser found: run `python tools/browser.py`"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browsers.QUIET)
        yield chromium.new_page()
        chromium.close()


def test_everything_is_in_it(archive: Path):
    """Every relative address leads to a file of the bundle; notebooks, wheel and instructions are there."""
    with ZipFile(archive) as zipped:
        names = zipped.namelist()
        assert bundle.missing_references(zipped) == set()
        assert len(zipped.read(f"{NAME}/README.txt").decode().splitlines()) == 5
    assert names == sorted(names)
    assert f"{NAME}/notebooks/chapters/convolution.ipynb" in names
    assert sum(name.endswith(".whl") for name in names) == 1
    assert not [name for name in names if name.endswith((".map", ".buildinfo", ".doctree", ".pickle"))]


def explorer_moves(page: Page) -> None:
    """Move the first control by the keyboard, and see another picture arrive."""
    explorer = page.locator("[data-explorer]").first
    control, picture = explorer.locator("input, select").first, explorer.locator("img")
    before = picture.get_attribute("src")
    control.focus()
    control.press("ArrowRight" if control.get_attribute("type") == "range" else "ArrowDown")
    image = "document.querySelector('[data-explorer] img')"
    until(page, f"{image}.getAttribute('src') !== '{before}' && {image}.complete && {image}.naturalWidth > 0")


def test_it_is_read_from_any_server_and_from_the_disk(folder: Path, page: Page):
    """Served in a subfolder with no other network, then opened as files: nothing fails, explorers move."""
    complaints: list[str] = []
    allowed: list[str] = []

    def watch(route) -> None:
        inside = route.request.url.startswith((*allowed, "data:", "blob:"))
        if not inside:
            complaints.append(f"stranger: {route.request.url}")
        (route.continue_ if inside else route.abort)()

    page.route("**/*", watch)
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "response", lambda response: response.status >= 400 and complaints.append(f"missing: {response.url}")
    )
    with serving(folder) as server:
        for root in (
            f"{server}some%20where/{NAME}/site/",
            f"{(folder / 'some where' / NAME / 'site').as_uri()}/",
        ):
            allowed[:] = [root]
            for address in ("index.html", "chapters/convolution.html"):
                page.goto(root + address, wait_until="load")
                explorer_moves(page)
            assert page.evaluate(FORMULAS_HAVE_THEIR_FONT)
            page.goto(f"{root}chapters/practice/convolution.html", wait_until="load")
            page.locator("summary", has_text="Worked solution").first.click()
            player = page.locator("details[open] [data-player]").first
            player.locator("[data-move='1']").click()
            assert player.locator("output").inner_text().startswith("2 of ")
    # From a disk, no browser takes a font before the style sheet asks for it: the page has it a moment later.
    early = re.compile(r"failed: file:.*/fonts/[^/]*\.woff")
    assert [words for words in complaints if not early.fullmatch(words)] == []
