"""The checks of a page find what they are for: a page with one fault for each is caught by each."""

from __future__ import annotations

import re

import pytest
from checks import CHECKS, explorers, faults, weight
from checks.visit import Visit
from playwright.sync_api import BrowserContext
from site_server import SITE  # tools/site_server.py

WHITE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E"
    "%3Crect width='9' height='9' fill='%23fff'/%3E%3C/svg%3E"
)
FAINT = '<p style="color: #777; background: #888">faint</p>'
RESTLESS = """<script>addEventListener("scroll", () => {
  const { style } = document.querySelector("article");
  Object.assign(style, { position: "relative", left: style.left === "60px" ? "0" : "60px" });
});</script>"""
STRANGER = "http://127.0.0.1:9/a.png"
# What is added to the landing page, and what is changed in it, by the check that must find it.
ADDED = {
    "nothing_went_wrong": f"<script>console.error('a slip')</script><img src='{STRANGER}' alt='a' width=9 height=9>",
    "mathematics_is_rendered": '<div class="math">x^2</div>',
    "images_have_words_and_a_size": f'<img src="{WHITE}">',
    "axe_without_contrast": "<button></button>",
    "axe": "<details><summary>More</summary><button></button></details>",
    "pictures_have_a_size_and_wait": f'<img src="{WHITE}" alt="white">',
    "keeps_still": RESTLESS,
    "keeps_still_from_now_on": "",
    "ids_are_unique": '<p id="twice"></p><p id="twice"></p>',
    "text_stands_out": FAINT,
    "axe_contrast": FAINT,
    "pictures_have_dark_paper": f'<figure class="plate"><img src="{WHITE}" alt="white" width="9" height="9"></figure>',
    "fits_the_screen": '<div style="width: 500px">wide</div>',
    "what_scrolls_takes_the_keyboard": '<div style="width: 9em; overflow: auto"><p style="width: 20em">long</p></div>',
}
PROBLEM = """<section class="problem" data-problem="A1"><details><summary>Solution</summary>
<figure data-player class="player"><input type="range" aria-label="Step"><p class="player-line"></p>
<table><tr><td class="touched" style="color: #777; background: #888">1</td></tr></table></figure></details></section>"""
ADDED |= {
    "need_no_script": PROBLEM,
    "mark_the_cells_at_hand": "",  # the same
    "play_to_the_last_step": "",
}
CHANGED = {
    "has_a_title": (r"<title>.*?</title>", "<title></title>"),
    "waits_for_one_style_sheet_only": (
        r"(?=<script defer)",
        '<script src="_static/language_data.js"></script>',
    ),
    "notebooks_open_in_binder": (r"mybinder\.org/v2", "mybinder.org/v3"),
    "are_complete_without_a_script": (r"(<figcaption[^>]*>)[^<]*", r"\1Something else."),
    "say_what_they_show": (r"(<label for=\"explorer-[^>]*>)[^<]*", r"\1"),
    "have_every_frame": (r'(\{"src": ")[^"]*', r"\1_pictures/missing.svg"),
    "answer_the_keyboard": (r'min="0" max="\d+"( step="1" value="(\d+)")', r'min="\2" max="\2"\1'),
    "show_the_whole_picture": (r'(<figure class="explorer")', r'\1 style="width: 9rem"'),
}
# What no page can have wrong in this test: a limit, and the number of explorers in the notebook.
ELSEWHERE = {"is_light", "are_all_there"}


@pytest.fixture
def broken(server: str) -> str:
    """Return the landing page, wrong in every way."""
    html = (SITE / "index.html").read_text(encoding="utf-8")
    html = re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", html)
    for wrong, right in CHANGED.values():
        html, times = re.subn(wrong, right, html, count=1, flags=re.DOTALL)
        assert times == 1, f"nothing like {wrong} on the page"
    return html.replace("</article>", "".join(ADDED.values()) + "</article>")


def test_every_check_finds_its_fault(
    context: BrowserContext, server: str, broken: str, monkeypatch: pytest.MonkeyPatch
):
    """One load of the broken page, and every check that there is has something to say."""
    monkeypatch.setattr(weight, "MOST_BYTES", 1)
    monkeypatch.setattr(explorers, "explorers_in", lambda notebook: 2)
    page = context.new_page()
    page.route(server + "index.html", lambda route: route.fulfill(body=broken, content_type="text/html"))
    found = faults(Visit(page, server, "index.html"))
    page.close()
    names = {check.__name__ for checks in CHECKS.values() for check in checks}
    assert names - {*ADDED, *CHANGED, *ELSEWHERE} == set(), "a check that is not shown to find anything"
    silent = [name for name in sorted(names) if not any(f": {name}: " in fault for fault in found)]
    assert silent == [], "\n".join(found)
    assert [fault for fault in found if "could not finish" in fault] == []
    assert any("a slip" in fault for fault in found)
    assert any(f"third party: {STRANGER}" in fault for fault in found)
