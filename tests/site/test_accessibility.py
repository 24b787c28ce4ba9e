"""What a reader does with the keyboard alone, by ear, with larger or wider letters, or with a few colours of their own.

What every page must satisfy is in ``tests/checks/accessible.py``; here are the ways of using one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import until  # tools/browser.py
from checks.accessible import EVERYTHING, run_axe
from checks.visit import UNFOLD
from playwright.sync_api import Browser, Page

CHAPTER = "chapters/convolution.html"
BANK = "chapters/practice/convolution.html"

# Text spacing that a page must bear (WCAG 2.2, success criterion 1.4.12). In a formula, space has a meaning.
SPACED = """:not(.katex, .katex *, math, math *) {
  line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
}
p { margin-bottom: 2em !important; }"""

# A reader's own style sheet: the site's security policy lets no style tag in.
ADOPT = """(rules) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets.push(sheet);
}"""

# Text that its box cuts off, and the width of the page.
CUT = """() => {
  const cut = [...document.querySelectorAll("main *")].filter((box) => {
    const { overflowX, overflowY } = getComputedStyle(box);
    const hides = (overflow, content, room) => /hidden|clip/.test(overflow) && content > room + 2;
    return box.checkVisibility() && box.clientWidth > 1 && box.textContent.trim()
      && !box.matches(".katex-display, .equation, .katex *, math *, .visually-hidden, .sr-only")
      && (hides(overflowX, box.scrollWidth, box.clientWidth) || hides(overflowY, box.scrollHeight, box.clientHeight));
  });
  return [document.documentElement.scrollWidth - innerWidth, cut.map((box) => box.outerHTML.slice(0, 80))];
}"""

RING = """(element) => {
  element.focus();
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return element.matches(":focus-visible") && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}"""


def test_the_first_key_leads_past_the_navigation(page: Page, server: str):
    """The first Tab shows the link to the text, Enter follows it, and the next Tab is in the text."""
    page.goto(server + CHAPTER, wait_until="load")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#main-content"
    assert page.locator("#pst-skip-link").is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_what_has_the_focus_is_framed(page: Page, server: str):
    """A ring of at least two pixels around every kind of control."""
    page.goto(server + BANK, wait_until="load")
    page.evaluate(UNFOLD)
    page.keyboard.press("Tab")  # the keyboard is in use
    kinds = ["nav a", "main a[href]", "main summary", "main input", "main button", "article button"]
    for kind in kinds:
        first = page.locator(f"{kind}:visible").first
        assert first.evaluate(RING), kind


@pytest.mark.parametrize("opened", ["menu", "search", "contents"])
def test_what_opens_is_accessible_and_closes(browser: Browser, server: str, opened: str):
    """A menu, the search field and, on a phone, the contents: opened by a key, sound by axe, closed by Escape."""
    width = 360 if opened == "contents" else 1280
    context = browser.new_context(viewport={"width": width, "height": 740}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(server + CHAPTER, wait_until="load")
    button, shown = {
        "menu": ("[data-bs-toggle=dropdown]", ".dropdown-menu.show"),
        "search": ("button.search-button__button", "#pst-search-dialog"),
        "contents": ("main button.primary-toggle", "#pst-primary-sidebar-modal"),
    }[opened]
    opener = page.locator(f"{button}:visible").first
    opener.press("Enter")
    page.locator(shown).wait_for()
    assert run_axe(page, EVERYTHING) == []
    page.keyboard.press("Escape")
    page.locator(shown).wait_for(state="hidden")
    assert opener.evaluate("(button) => button === document.activeElement"), "the focus is lost"
    context.close()


def test_an_explorer_speaks_once(page: Page, server: str):
    """Each value is spoken as it is passed; what the picture shows is said once, when the hand rests."""
    page.goto(server + CHAPTER, wait_until="load")
    explorer = page.locator("[data-explorer]").first
    status = explorer.locator("[role=status]")
    assert status.text_content() == ""
    status.evaluate(
        "(status) => { window.said = []; "
        "new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true }); }"
    )
    slider = explorer.locator("input[type=range]").first
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(page, "said.length > 0")
    alt = explorer.locator("img").get_attribute("alt")
    label = explorer.locator("label").first.inner_text()
    assert page.evaluate("said") == [alt]
    assert f"{label} {slider.get_attribute('aria-valuetext')}" in alt
    assert _spoken_by_the_browser(page, slider) == (label, slider.get_attribute("aria-valuetext"))


def _spoken_by_the_browser(page: Page, slider) -> tuple[str, str]:
    """Return the name and the value of a control as the browser tells them to a screen reader."""
    devtools = page.context.new_cdp_session(page)
    found = devtools.send("Runtime.evaluate", {"expression": "document.activeElement"})
    tree = devtools.send(
        "Accessibility.getPartialAXTree",
        {"objectId": found["result"]["objectId"], "fetchRelatives": False},
    )
    node = tree["nodes"][0]
    text = {entry["name"]: entry["value"].get("value") for entry in node["properties"]}
    return node["name"]["value"], text.get("valuetext")


@pytest.mark.parametrize("place", [CHAPTER, BANK])
def test_larger_letters_are_not_cut(page: Page, server: str, place: str):
    """At 200 and 400 per cent, and with the wide spacing that some readers need, no text is cut off."""
    page.goto(server + place, wait_until="load")
    page.evaluate(UNFOLD)
    page.evaluate(ADOPT, SPACED)
    for width in (1280, 640, 320):
        page.set_viewport_size({"width": width, "height": 900})
        beyond, cut = page.evaluate(CUT)
        assert beyond <= 0, f"{place} is {beyond} pixels too wide at {width}"
        assert cut == [], f"{place} at {width}"


def test_nothing_moves_for_who_wants_no_motion(browser: Browser, server: str):
    """With reduced motion there is no transition, no animation and no smooth scrolling."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(server + CHAPTER, wait_until="load")
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((element) => {
          const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
          return parseFloat(transitionDuration) > 0.01 || animationName !== "none" || scrollBehavior === "smooth";
        }).map((element) => element.outerHTML.slice(0, 80))"""
    )
    context.close()
    assert moving == []


@pytest.fixture
def few_colours(browser: Browser) -> Iterator[Page]:
    """Yield a page for a reader whose system paints everything in a few colours of their own."""
    context = browser.new_context(forced_colors="active", color_scheme="dark")
    yield context.new_page()
    context.close()


def test_few_colours_are_enough(few_colours: Page, server: str):
    """Icons are not painted over, and the cells at hand in a step stand out by a frame."""
    page = few_colours
    page.goto(server + BANK, wait_until="load")
    page.evaluate(UNFOLD)
    lost = page.evaluate(
        """() => {
          const paper = getComputedStyle(document.body).backgroundColor;
          const icons = [...document.querySelectorAll("i[class*=fa-], span[class*=fa-]")];
          return icons.filter((icon) => icon.checkVisibility() && icon.clientWidth
            && getComputedStyle(icon).backgroundColor === paper).map((icon) => icon.className);
        }"""
    )
    assert lost == []
    touched = page.locator(".player td.touched:visible")
    assert touched.count() > 0
    assert touched.first.evaluate("(cell) => parseFloat(getComputedStyle(cell).outlineWidth)") >= 2
