"""What the pages of the built site say about themselves, and what stands beside them for those who look for them."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import yaml
from book_head import CARD, CARD_SIZE, HIDDEN, LONGEST, SHORTEST  # _ext/book_head.py
from playwright.sync_api import Page
from site_server import ROOT, SITE, pages, public_path  # tools/site_server.py

CONFIGURATION = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
BOOK = CONFIGURATION["title"]


class Head(HTMLParser):
    """The tags in a page's head: what each says, by its name."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.said: dict[str, list[str]] = {}
        self._open: str | None = None
        html = (SITE / address).read_text(encoding="utf-8")
        self.language = re.search(r'<html[^>]* lang="(\w+)"', html)[1]
        self.feed(html.partition("</head>")[0])

    def say(self, name: str, text: str) -> None:
        """Note what a tag says."""
        self.said.setdefault(name, []).append(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what stands in the tag itself."""
        given = dict(attributes)
        if tag == "meta":
            name = given.get("name") or given.get("property") or given.get("http-equiv") or "charset"
            self.say(name, given.get("content") or "")
        elif tag == "link":
            self.say(given["rel"], given["href"])
        self._open = "data" if given.get("type") == "application/ld+json" else tag

    def handle_data(self, text: str) -> None:
        """Note what stands between the tags."""
        if self._open in ("title", "data") and text.strip():
            self.say(self._open, text)

    def one(self, name: str) -> str:
        """Return what is said once."""
        (text,) = self.said[name]
        return text


@cache
def heads() -> dict[str, Head]:
    """Return the head of every page."""
    return {address: Head(address) for address in pages()}


def public() -> dict[str, Head]:
    """Return the heads of the pages that search engines may show."""
    return {address: head for address, head in heads().items() if Path(address).stem not in HIDDEN}


def root() -> str:
    """Return the public address of the site."""
    return heads()["index.html"].one("canonical")


def test_every_page_has_a_title_and_a_description_of_its_own():
    """Once each, at a length that is shown whole, and no two alike; one viewport; a language."""
    for address, head in heads().items():
        title, description = head.one("title"), head.one("description")
        assert title == BOOK if address == "index.html" else re.fullmatch(f"[^<>]+ — {BOOK}", title), address
        assert title.count(BOOK) == 1, address
        assert SHORTEST <= len(description) <= LONGEST, (address, description)
        assert not re.search(r"[<>$\\{}]|\s\s|\.\.$| [,;:]", description), (address, description)
        assert "initial-scale=1" in head.one("viewport"), address
        assert head.language == "en"
    for name in ("title", "description"):
        counts = Counter(head.one(name) for head in heads().values())
        assert [text for text, count in counts.items() if count > 1] == []


def test_every_page_knows_its_address_and_makes_a_card():
    """The same address for search engines, for shared links and in the list of pages; a picture that is there."""
    width, height = struct.unpack(">II", (SITE / "_static" / CARD).read_bytes()[16:24])
    assert (width, height) == CARD_SIZE
    for address, head in public().items():
        own = urljoin(root(), address.removesuffix("index.html"))
        data = json.loads(head.one("data"))
        assert {head.one("canonical"), head.one("og:url"), data["url"]} == {own}
        assert head.one("og:site_name") == BOOK
        assert head.one("title").startswith(head.one("og:title"))
        assert head.one("og:title") == head.one("twitter:title") == data["name"]
        assert head.one("description") == head.one("og:description") == head.one("twitter:description")
        assert head.one("og:image") == head.one("twitter:image") == urljoin(root(), f"_static/{CARD}")
        assert (head.one("og:image:width"), head.one("og:image:height")) == (str(width), str(height))
        assert len(head.one("og:image:alt")) > 20
        assert head.one("twitter:card") == "summary_large_image"
        assert head.one("og:type") == ("website" if address == "index.html" else "article")
        assert data["@type"] == ("Course" if address == "index.html" else "LearningResource")


def test_pages_to_be_found_are_listed_and_the_others_say_so():
    """The list names every page once, by its public address; search and the page for lost addresses stay out."""
    listed = re.findall("<loc>(.*?)</loc>", (SITE / "sitemap.xml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(head.one("canonical") for head in public().values())
    assert f"Sitemap: {root()}sitemap.xml" in (SITE / "robots.txt").read_text(encoding="utf-8")
    for name in HIDDEN:
        assert heads()[f"{name}.html"].one("robots") == "noindex"


def test_signposts_lead_on():
    """From each address in the list of moved pages to a page of the book."""
    moved = CONFIGURATION["sphinx"]["config"]["moved_pages"]
    assert moved
    for old, new in moved.items():
        head = Head(f"{old}.html")
        target = head.one("refresh").partition("url=")[2]
        assert (SITE / f"{old}.html").parent.joinpath(unquote(target)).resolve() == SITE / f"{new}.html"
        assert head.one("canonical") == heads()[f"{new}.html"].one("canonical")


def test_a_lost_reader_is_led_back(page: Page, server: str):
    """At any depth below the site's public path: the page looks like the book, searches it, and its links work."""
    missing = []
    page.on("response", lambda answer: answer.status >= 400 and missing.append(answer.url))
    lost = f"{server}{public_path(str(SITE))[1:]}chapters/much/too/deep.html"
    answer = page.goto(lost, wait_until="load")
    assert answer.status == 404
    assert "does not exist" in page.locator("article h1").inner_text()
    for link in page.locator("article a:not(.headerlink)").all():
        assert page.request.get(link.evaluate("(a) => a.href")).ok
    page.locator("article input[name=q]").fill("stride")
    page.locator("article button").click()
    page.wait_for_selector("#search-results li a")
    assert missing == [lost]
    page.locator("#search-results li a").first.click()
    page.wait_for_selector("article h1")
    assert missing == [lost]
