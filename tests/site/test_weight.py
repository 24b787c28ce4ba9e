"""What the site's own light style sheet and scripts must still do of what the theme's did."""

from __future__ import annotations

import re
from pathlib import Path

import pydata_sphinx_theme
import pytest
import sphinx
import sphinx_book_theme
from browser import until  # tools/browser.py
from checks import weight
from checks.visit import LAPTOP, PHONE, SETTLED, Visit
from playwright.sync_api import Browser, Page
from site_server import ROOT, SITE, pages  # tools/site_server.py

THEME_SHEETS = (
    Path(sphinx.__file__).parent / "themes/basic/static/basic.css.jinja",
    Path(pydata_sphinx_theme.__file__).parent
    / "theme/pydata_sphinx_theme/static/styles/pydata-sphinx-theme.css",
    Path(sphinx_book_theme.__file__).parent / "theme/sphinx_book_theme/static/styles/sphinx-book-theme.css",
    ROOT / "node_modules/katex/dist/katex.min.css",
    *sorted(ROOT.glob("_static/*.css")),
)
CLASS = re.compile(r"\.([a-zA-Z][\w-]*)")
KINDS = (
    "index.html",
    "chapters/convolution.html",
    "chapters/practice/convolution.html",
    "reference/layers.html",
)


def selectors_of_classes(sheet: str) -> set[frozenset[str]]:
    """Return the selectors that name classes and nothing else, each as the set of its classes."""
    without_values = re.sub(r"/\*.*?\*/|@[^{};]*", "", re.sub(r"\{[^{}]*\}", "{", sheet), flags=re.DOTALL)
    selectors = re.split(r"[,{}]", without_values)
    return {
        frozenset(CLASS.findall(text))
        for text in selectors
        if re.fullmatch(r"\s*(\.[a-zA-Z][\w-]*[\s>]*)+", text)
    }


def test_no_class_of_a_page_has_lost_its_rules():
    """Whatever a sheet of the theme's or ours says of classes that pages have, the joined sheet says too."""
    (sheet,) = (SITE / "_static").glob("site.*.css")
    names = set()
    for page in pages():
        html = (SITE / page).read_text(encoding="utf-8")
        names |= {name for value in re.findall(r'<[^>]* class="([^"]*)"', html) for name in value.split()}
    wanted = set()
    for path in THEME_SHEETS:
        wanted |= {
            found for found in selectors_of_classes(path.read_text(encoding="utf-8")) if found <= names
        }
    assert len(wanted) > 100
    assert wanted - selectors_of_classes(sheet.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("place", KINDS)
def test_a_phone_s_first_look_does_not_move(browser: Browser, server: str, place: str):
    """A page that arrives on a phone keeps still while it loads and is read to its end."""
    context = browser.new_context(viewport=PHONE)
    assert list(weight.keeps_still(Visit(context.new_page(), server, place))) == []
    context.close()


def test_nothing_moves_on_a_phone_in_a_hurry(phone: Page, server: str, address: str):
    """Whole screens are skipped before the page has settled: what waits is laid out before it is seen."""
    assert list(weight.keeps_still_in_a_hurry(phone, server + address)) == []


def test_menus_open_by_mouse_and_keyboard_and_close(page: Page, server: str):
    """What Bootstrap did: open, go through the entries, close by Escape, by a click elsewhere and by going on."""
    page.goto(server + "chapters/convolution.html")
    button = page.locator(".dropdown-download-buttons > button")
    menu = page.locator(".dropdown-download-buttons > .dropdown-menu")
    assert button.get_attribute("aria-expanded") == "false"
    assert not menu.is_visible()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    page.mouse.click(640, 600)
    assert not menu.is_visible()
    button.focus()
    page.keyboard.press("ArrowDown")
    assert menu.locator("a, button").first.evaluate("(entry) => entry === document.activeElement")
    page.keyboard.press("ArrowUp")
    assert menu.locator("a, button").last.evaluate("(entry) => entry === document.activeElement")
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    assert button.evaluate("(button) => button === document.activeElement")
    page.keyboard.press("Enter")
    assert menu.is_visible()
    for _ in range(menu.locator("a, button").count() + 1):
        page.keyboard.press("Tab")
    assert not menu.is_visible()


def test_an_example_is_copied_without_its_prompts(page: Page, server: str):
    """Code that runs, and no output."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(server + "reference/shapes.html")
    example = page.locator("div.highlight", has_text=">>> ").first
    lines = example.locator("pre").text_content().splitlines()
    example.hover()
    example.locator("button.copybtn").click()
    until(page, "document.querySelector('button.copybtn.success')?.ariaLabel === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied == [line[4:] for line in lines if line.startswith((">>> ", "... "))]
    assert len(copied) < len(lines)


def test_the_first_paint_has_its_colours(browser: Browser, server: str):
    """The mode is chosen before anything is shown; without scripts the page is light."""
    dark = browser.new_context(color_scheme="dark", java_script_enabled=True).new_page()
    dark.route("**/*.js", lambda route: route.abort())
    dark.goto(server + "bibliography.html")
    assert dark.evaluate("document.documentElement.dataset.theme") == "dark"
    assert dark.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    dark.context.close()
    bare = browser.new_context(color_scheme="dark", java_script_enabled=False).new_page()
    bare.goto(server + "bibliography.html")
    colours = bare.locator("body").evaluate(
        "(body) => [getComputedStyle(body).backgroundColor, getComputedStyle(body).color]"
    )
    paper, ink = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert paper > 3 * 245
    assert 0 < ink < 3 * 80
    bare.context.close()


WAITING = """() => [...document.querySelectorAll(".bd-article section > *")]
  .filter((block) => getComputedStyle(block).contentVisibility === "auto").length"""
LONG = "chapters/backpropagation.html"


def test_a_long_page_is_laid_out_bit_by_bit(browser: Browser, server: str):
    """What is far below waits at first, and would wait for the reader without scripts; soon nothing waits any more."""
    bare = browser.new_context(java_script_enabled=False).new_page()
    bare.goto(server + LONG)
    assert bare.evaluate(WAITING) > 100
    bare.context.close()
    page = browser.new_context().new_page()
    page.goto(server + LONG)
    until(page, SETTLED)
    assert page.evaluate(WAITING) == 0
    assert page.locator("pre[tabindex='-1']").count() == 0, "the theme has measured every piece of code"
    page.context.close()


@pytest.mark.parametrize("screen", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_a_link_leads_to_its_place_on_a_long_page(browser: Browser, server: str, screen: dict[str, int]):
    """At once, and still when all that was above has got its height."""
    page = browser.new_context(viewport=screen).new_page()
    page.goto(f"{server}{LONG}#pitfalls")
    place = page.locator("#pitfalls > h2")
    assert 0 <= place.bounding_box()["y"] < screen["height"] / 3
    until(page, SETTLED)
    page.wait_for_timeout(100)
    assert 0 <= place.bounding_box()["y"] < screen["height"] / 3
    page.context.close()
