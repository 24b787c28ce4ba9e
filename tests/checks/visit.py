"""A page as it was loaded, and what happened on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from browser import until  # tools/browser.py
from playwright.sync_api import CDPSession, Page

LAPTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# The states that a page goes through: the mode, the screen, and whether folded parts are open.
STATES = {
    "as it arrives": ("light", LAPTOP, False),
    "unfolded, light": ("light", LAPTOP, True),
    "unfolded, dark": ("dark", LAPTOP, True),
    "on a phone": ("dark", PHONE, True),
}
SETTLED = "!document.querySelector('.bd-article:not([data-settled])')"  # nothing waits to be laid out: see settle.js
UNFOLD = "document.querySelectorAll('details').forEach((details) => { details.open = true; })"


@dataclass
class Visit:
    """A page of the site in a browser.

    Attributes
    ----------
    page : Page
        The page, in Playwright's hands.
    server, address : str
        Where the site begins, and the page's place in it.
    complaints : list of str
        What went wrong since somebody last looked: console, missing files, third parties.
    transferred : dict of str to int
        The bytes received for each address, compressed, headers included.
    """

    page: Page
    server: str
    address: str
    complaints: list[str] = field(default_factory=list)
    transferred: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._listen()
        self.page.emulate_media(color_scheme="light")
        self.page.goto(self.server + self.address, wait_until="networkidle")
        until(self.page, SETTLED)

    def turn_to(self, state: str) -> None:
        """Bring the page into one of the states, without loading it again."""
        theme, screen, unfolded = STATES[state]
        self.page.set_viewport_size(screen)
        self.page.emulate_media(color_scheme=theme)
        if unfolded:
            self.page.evaluate(UNFOLD)
        until(self.page, f"document.documentElement.dataset.theme === '{theme}'")

    def _listen(self) -> None:
        page, complain = self.page, self.complaints.append
        page.on("console", lambda said: said.type in ("error", "warning") and complain(said.text))
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("requestfailed", lambda request: complain(f"failed: {request.url}"))
        page.on("response", lambda response: response.status >= 400 and complain(f"missing: {response.url}"))
        page.on(
            "request", lambda request: self._is_ours(request.url) or complain(f"third party: {request.url}")
        )
        self._count_bytes(page.context.new_cdp_session(page))

    def _is_ours(self, url: str) -> bool:
        return url.startswith((self.server, "data:", "blob:"))

    def _count_bytes(self, devtools: CDPSession) -> None:
        """Note the bytes of every answer; nothing comes out of a cache, as on a reader's first visit."""
        urls: dict[str, str] = {}

        def finished(event: dict) -> None:
            url = urls.get(event["requestId"], "")
            self.transferred[url] = self.transferred.get(url, 0) + int(event["encodedDataLength"])

        devtools.on("Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]}))
        devtools.on("Network.loadingFinished", finished)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
