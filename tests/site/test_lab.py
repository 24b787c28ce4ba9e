"""The laboratory of the problems: Python answers in the page, and the page says so where it cannot.

Python is loaded twice in all of this: once for what a reader does by hand, once for what a link asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from book_security import policy  # _ext/book_security.py
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from site_server import SITE, CompressingHandler, serving  # tools/site_server.py

import byhand
from byhand import typed
from byhand.page import respond

BANK = "chapters/practice/convolution.html"  # A1, A20: calculations; A16: answered in words
PATIENCE = 120_000  # milliseconds for Python to load on a busy machine
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> $\\ce{x}$ "><svg onload=alert(3)>'


class Strict(CompressingHandler):
    """Serves files under the book's policy: a worker has the one that it is sent with, not that of its page."""

    def end_headers(self) -> None:
        """Add the policy to all but pages, which bring theirs."""
        if not self.path.partition("?")[0].endswith((".html", "/")):
            self.send_header("Content-Security-Policy", policy([]))
        super().end_headers()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the address of the site's root."""
    with serving(handler=Strict) as address:
        yield address


@pytest.fixture
def reader(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """Yield a browser for one reader, in which no dialog opens, no error comes up and nobody else is asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    context.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "request",
        lambda request: (
            request.url.startswith((server, "data:", "file:"))
            or complaints.append(f"stranger: {request.url}")
        ),
    )
    yield context
    context.close()
    assert complaints == []


def lab_of(page: Page, identity: str) -> Locator:
    """Return the problem that has a form."""
    return page.locator(f"section.problem[data-problem={identity}]:has(> form.lab)")


def status_of(lab: Locator) -> Locator:
    """Return the place for what is said."""
    return lab.locator("> [role=status]")


def ask(kind: str, identity: str, **request: object) -> dict:
    """Return what byhand responds outside the browser."""
    return json.loads(respond(json.dumps({"ask": kind, "id": identity, **request})))


def check(lab: Locator, answer: str, kind: str, **numbers: object) -> None:
    """Answer a problem; expect what byhand says to that, word for word."""
    lab.locator("[name=answer]").fill(answer)
    lab.get_by_role("button", name="Check my answer").click()
    expect(status_of(lab)).to_have_attribute("data-kind", kind, timeout=PATIENCE)
    response = ask("check", lab.get_attribute("data-problem"), answer=answer, **numbers)
    expected = response.get("html") or response["error"]
    lab.evaluate(
        """async (lab, html) => {
          const template = document.createElement("template");
          template.innerHTML = html;
          while (lab.querySelector("[role=status]").innerHTML !== template.innerHTML) {
            await new Promise(requestAnimationFrame);
          }
        }""",
        expected,
        timeout=PATIENCE,
    )


# The question as it stands above the form, of a problem on the page or in a text.
QUESTION = """(problem, html) => {
  const template = document.createElement("template");
  template.innerHTML = html ?? "";
  const children = [...(template.content.firstElementChild ?? problem).children];
  const end = children.findIndex((child) => child.matches("form.lab"));
  const question = children.slice(0, end).map((child) => child.cloneNode(true));
  for (const child of question) { // a mark of settle.js: laid out
    child.classList.remove("settled");
    if (child.classList.length === 0) child.removeAttribute("class");
  }
  return question.map((child) => child.outerHTML).join("");
}"""


def expect_problem(lab: Locator, **numbers: object) -> None:
    """Expect the question that byhand writes for these numbers outside the browser."""
    level, heading = lab.locator("> form.lab").evaluate("({ dataset }) => [dataset.level, dataset.heading]")
    identity = lab.get_attribute("data-problem")
    response = ask("problem", identity, level=int(level), heading=heading == "true", **numbers)
    assert lab.evaluate(QUESTION) == lab.evaluate(QUESTION, response["html"])


def expect_harmless(page: Page) -> None:
    """Expect no element that came out of what was typed."""
    assert page.locator("section.problem :is(img, script, svg, iframe)").count() == 0


def test_a_reader_works_on_problems(reader: BrowserContext, server: str):
    """Answers, steps, new numbers, back and forward: each from byhand, and Python loaded once, when first asked for."""
    page = reader.new_page()
    workers, loaded = [], []
    page.on("worker", lambda worker: workers.append(worker.url))
    page.on("request", lambda request: "/python/" in request.url and loaded.append(request.url))
    page.goto(f"{server}{BANK}", wait_until="load")
    assert (workers, loaded) == ([], [])

    first = lab_of(page, "A1")
    right = typed.write(byhand.problem("A1").values)
    first.locator("[name=answer]").fill(right)
    first.get_by_role("button", name="Check my answer").click()
    expect(status_of(first)).to_contain_text("Python is loading")
    check(first, right, "right")
    check(first, "J = [[1, 2]]", "wrong")
    check(first, HOSTILE, "wrong")

    sizes = lab_of(page, "A20")
    check(sizes, "20 x 20 x 10", "wrong")  # a mistake that is known: one filter after another
    sizes.get_by_role("button", name="New numbers").click()
    expect(sizes).to_have_attribute("data-seed", "1")
    sizes.get_by_role("button", name="New numbers").click()
    expect(sizes).to_have_attribute("data-seed", "2")
    expect(status_of(sizes)).to_have_text("New numbers: variant 2.")
    assert page.url == f"{server}{BANK}?A20=2"
    assert page.evaluate("document.activeElement.name") == "new"
    expect_problem(sizes, seed=2)
    check(sizes, typed.write(byhand.variant("A20", 2).values), "right", seed=2)

    steps = byhand.variant("A20", 2).solution.steps
    for number in range(len(steps) + 1):
        sizes.get_by_role("button", name="One step").click()
        assert sizes.locator("> .lab-steps > li").count() == min(number + 1, len(steps))
    expect(status_of(sizes)).to_have_text("That was the last step.")
    page.go_back()
    expect(sizes).to_have_attribute("data-seed", "1")
    page.go_back()
    expect(sizes).not_to_have_attribute("data-seed", "1")
    expect_problem(sizes)
    page.go_forward()
    expect(sizes).to_have_attribute("data-seed", "1")
    sizes.get_by_role("button", name="Original numbers").click()
    expect_problem(sizes)
    assert page.url == f"{server}{BANK}"

    words = lab_of(page, "A16")
    check(words, HOSTILE, "wrong")
    check(words, byhand.problem("A16").answer, "right")
    words.get_by_role("button", name="Another form").click()
    expect(words).to_have_attribute("data-seed", "1")
    check(words, byhand.variant("A16", 1).answer, "right", seed=1)

    expect_harmless(page)
    assert len(workers) == 1
    assert sorted({address.rpartition("/")[2].partition("-")[0] for address in loaded}) == sorted(
        ["byhand", "pyodide", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "python_stdlib.zip"]
    )


def test_a_link_shows_exactly_its_problems(reader: BrowserContext, server: str):
    """A variant, a reader's own numbers and nonsense side by side; then all of it by the keyboard alone."""
    own = {"shape": "9x9x2", "stride": "2"}
    parameters = {
        "A1": "8",
        "A20": json.dumps(own),
        "A21": HOSTILE,
        "A22": '{"kernel_size": "<img onerror=alert(4)>"}',
    }
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    page = reader.new_page()
    page.goto(f"{server}{BANK}?{query}")
    variant, mine = lab_of(page, "A1"), lab_of(page, "A20")
    expect(variant).to_have_attribute("data-seed", "8", timeout=PATIENCE)
    expect_problem(variant, seed=8)
    expect(variant).to_be_in_viewport()
    expect(mine.locator("> form.lab > p")).to_have_text("Your own numbers")
    expect_problem(mine, given=own)
    for identity in ("A21", "A22"):
        expect(status_of(lab_of(page, identity))).to_have_attribute("data-kind", "refused")
        expect_problem(lab_of(page, identity))

    # A player that came with new numbers plays.
    summary = variant.locator("> .worked-solution > summary")
    summary.focus()
    page.keyboard.press("Enter")
    variant.locator("[data-player] input").focus()
    page.keyboard.press("End")
    assert variant.locator("td.unknown").count() == 0
    assert variant.locator(".player-line").inner_text().strip()

    # By the keyboard: open the form, change a number, use it, answer.
    mine.locator(".lab-own > summary").focus()
    page.keyboard.press("Enter")
    expect(mine.locator(".lab-own form")).to_be_visible()
    for _ in range(3):  # shape, side of the filters, number of filters
        page.keyboard.press("Tab")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(mine).to_have_attribute("data-given", re.compile('"filters": "5"'))
    own = mine.evaluate("(lab) => JSON.parse(lab.dataset.given)")
    expect_problem(mine, given=own)
    assert page.evaluate("document.activeElement.name") == "filters"
    mine.locator("[name=answer]").focus()
    page.keyboard.type("4 x 4 x 5")
    page.keyboard.press("Enter")
    expect(status_of(mine)).to_have_attribute("data-kind", "right")

    # What cannot be is refused, and the field is named; what stands there stays.
    mine.locator(".lab-own [name=stride]").fill(HOSTILE)
    mine.get_by_role("button", name="Use these numbers").click()
    expect(mine.locator(".lab-own [name=stride]")).to_have_attribute("aria-invalid", "true")
    expect(mine.locator(".lab-own [name=stride]")).to_be_focused()
    expect(status_of(mine)).to_have_attribute("data-kind", "refused")
    expect_problem(mine, given=own)
    expect_harmless(page)


def test_a_runaway_is_stopped(reader: BrowserContext, server: str):
    """After its time the worker is ended, the reader is told, and the next question begins with a new one."""
    page = reader.new_page()
    endless = """export const loadPyodide = async () => ({
      FS: { writeFile() {} },
      runPython() {},
      pyimport: () => ({ respond() { for (;;); } }),
    });"""
    page.route("**/pyodide.mjs", lambda route: route.fulfill(body=endless, content_type="text/javascript"))
    page.clock.install()
    page.goto(f"{server}{BANK}")
    lab = lab_of(page, "A1")
    for _ in range(2):
        with page.expect_worker() as started:
            lab.get_by_role("button", name="Check my answer").click()
        while status_of(lab).inner_text() != "Still computing …":  # which is said when Python is there
            page.clock.fast_forward(1_000)
        with started.value.expect_event("close"):
            page.clock.fast_forward(10_000)
        expect(status_of(lab)).to_contain_text("was stopped")


@pytest.mark.parametrize("missing", ["WebAssembly", "server"])
def test_where_python_cannot_run_the_page_says_why(reader: BrowserContext, server: str, missing: str):
    """Nothing is loaded in vain, and the worked solution is there."""
    page = reader.new_page()
    if missing == "WebAssembly":
        page.add_init_script("delete globalThis.WebAssembly")
        page.goto(f"{server}{BANK}?A1=8")
    else:
        page.goto(f"{(SITE / BANK).as_uri()}?A1=8")
    lab = lab_of(page, "A1")
    expect(status_of(lab)).to_contain_text(missing)
    lab.get_by_role("button", name="All steps").click()
    assert lab.locator("> .worked-solution .steps").first.is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    lab.get_by_role("button", name="Check my answer").click()
    expect(status_of(lab)).to_contain_text(missing)
    assert page.workers == []
