"""Every page of the built site: it loads, asks nobody else for anything, fits a phone and can be read in the dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page
from refresh import notebooks  # tools/refresh.py
from site_server import ROOT  # tools/site_server.py

MOST_BYTES = 500_000  # of a page, compressed, before the reader touches anything

# Contrast of every visible text with what lies behind it (WCAG 2.2, success criterion 1.4.3), in the page itself.
FAINT_TEXT = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (colour) => {
    const n = colour.match(/[\\d.]+/g).map(Number);
    return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * below[i]);
  const background = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    return layers.reverse().reduce((below, top) => over(top, below), canvas);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    const style = getComputedStyle(element);
    if (!text || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName)) continue;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest(".katex-mathml, .headerlink, .sr-only, .visually-hidden, [disabled]")) continue;
    if (element.closest(".katex [style*='color:transparent']")) continue; // \\phantom: room for what is not there
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const below = background(element);
    const [a, b] = [luminance(over(parse(style.color), below)), luminance(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${text.slice(0, 40)} (${ratio.toFixed(2)}, ${element.className})`);
  }
  return faint;
}"""


def settle(page: Page, address: str, *, until: str = "load") -> None:
    """Open a page; wait until it is there and has chosen between light and dark."""
    page.goto(address, wait_until=until)
    page.wait_for_function("['light', 'dark'].includes(document.documentElement.dataset.theme)")


def test_loads_without_errors_or_strangers(page: Page, server: str, address: str):
    """Nothing on the console, nothing missing, nothing from anywhere else, and light enough for a slow line."""
    complaints, bytes_received = [], []
    page.on(
        "console", lambda message: message.type in ("error", "warning") and complaints.append(message.text)
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on(
        "response", lambda response: response.status >= 400 and complaints.append(f"missing: {response.url}")
    )
    page.on(
        "request",
        lambda request: (
            request.url.startswith((server, "data:", "blob:"))
            or complaints.append(f"third party: {request.url}")
        ),
    )
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: bytes_received.append(event["encodedDataLength"]))
    settle(page, server + address, until="networkidle")
    assert complaints == []
    assert page.title().strip()
    assert 0 < sum(bytes_received) < MOST_BYTES


def test_mathematics_is_rendered(page: Page, server: str, address: str):
    """Every formula came out of the build as HTML, and none as an error."""
    settle(page, server + address)
    assert page.locator(".katex-error").count() == 0
    assert page.locator(".math").count() == page.locator(".math:has(.katex)").count()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable(page: Page, server: str, address: str, theme: str):
    """Text stands out from its background in both modes."""
    page.emulate_media(color_scheme=theme)
    settle(page, server + address)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate(FAINT_TEXT) == []


def test_pictures_follow_the_page_into_dark_mode(phone: Page, server: str, address: str):
    """A figure has dark paper on a dark page: its corner is as dark as the page, not a white card."""
    settle(phone, server + address)
    corners = phone.evaluate(
        """async () => {
          const corners = [];
          for (const image of document.querySelectorAll("figure.plate > img, figure.explorer > img")) {
            image.loading = "eager";
            await image.decode();
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
            canvas.drawImage(image, 0, 0);
            corners.push(Math.max(...canvas.getImageData(1, 1, 1, 1).data.slice(0, 3)));
          }
          return corners;
        }"""
    )
    assert all(brightest < 60 for brightest in corners), corners


def test_fits_a_phone(phone: Page, server: str, address: str):
    """No page scrolls sideways on a screen of 360 pixels."""
    settle(phone, server + address)
    phone.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_image_has_words_and_a_size(page: Page, server: str, address: str):
    """Alternative text for who cannot see it, and a size so that the page does not jump when it arrives."""
    settle(page, server + address)
    for image in page.locator("article img").all():
        assert (image.get_attribute("alt") or "").strip(), image.get_attribute("src")
        assert int(image.get_attribute("width")) > 0
        assert int(image.get_attribute("height")) > 0


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
def test_each_notebook_opens_in_binder(page: Page, server: str, notebook: Path):
    """The launch button leads to Binder, and there to this very notebook in JupyterLab."""
    path = notebook.relative_to(ROOT)
    settle(page, server + str(path.with_suffix(".html")))
    link = page.locator("a[href*='mybinder.org']").get_attribute("href")
    assert re.fullmatch(rf"https://mybinder\.org/v2/gh/[^/]+/[^/]+/main\?urlpath=lab/tree/{path}", link)
