"""Every page of the built site, by all the checks of ``tests/checks``."""

from __future__ import annotations

from checks import faults
from checks.visit import Visit
from playwright.sync_api import BrowserContext


def test_nothing_is_wrong_with_the_page(context: BrowserContext, server: str, address: str):
    """One load, in which the page is looked at in light and dark, folded and unfolded, wide and narrow."""
    page = context.new_page()
    found = faults(Visit(page, server, address))
    page.close()
    assert not found, "\n".join([f"{len(found)} faults of {address}", *found])
