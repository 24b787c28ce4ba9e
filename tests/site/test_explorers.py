"""Explorers on the built site, beyond what is checked on every page (``tests/checks/explorers.py``)."""

from __future__ import annotations

from checks.content import NOTEBOOKS
from checks.explorers import explorers_in
from playwright.sync_api import Browser


def test_chapters_have_at_least_three():
    """Each chapter has three explorers or more; the landing page has one."""
    counts = {address: explorers_in(notebook) for address, notebook in NOTEBOOKS.items()}
    assert counts.pop("index.html") >= 1
    assert counts
    assert all(count >= 3 for count in counts.values()), counts


def test_no_control_that_would_do_nothing(browser: Browser, server: str):
    """With scripts off the controls are hidden, and the picture stays."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server + "index.html", wait_until="load")
    for explorer in page.locator("[data-explorer]").all():
        assert explorer.locator("img").is_visible()
        assert explorer.locator("fieldset").is_hidden()
    context.close()
