"""A browser, and the built site to read with it."""

from __future__ import annotations

from collections.abc import Iterator

import browser as browsers  # tools/browser.py
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from site_server import SITE, pages, serving  # tools/site_server.py


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes ``address`` on every page."""
    if "address" in metafunc.fixturenames:
        if not (SITE / "index.html").is_file():
            raise pytest.UsageError(f"there is no site in {SITE}: run `make book` first")
        metafunc.parametrize("address", pages())


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Yield the address of the site's root."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield a browser; an error, not a skip, if there is none."""
    path = browsers.find()
    if path is None:
        raise RuntimeError("no browser found: run `python tools/browser.py`, which installs one or says how")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browsers.QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Yield one context for many pages; whoever opens a page in it closes it. Nothing moves by itself in it."""
    shared = browser.new_context(reduced_motion="reduce")
    yield shared
    shared.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a page on a laptop screen, in light mode."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Yield a page on a narrow phone, in dark mode."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    yield context.new_page()
    context.close()
