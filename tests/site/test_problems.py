"""Problems on the built site: all there, complete without a script, and playable by the keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect
from site_server import SITE  # tools/site_server.py

import byhand
from byhand.problems import TOPICS
from byhand.render import museum

BANK = [f"chapters/practice/{topic}.html" for topic in TOPICS]


def test_every_problem_is_in_the_bank_and_in_its_set(page: Page, server: str):
    """The bank has every row once and a variant of it; the list by set leads to each of them."""
    found = []
    for address in BANK:
        html = (SITE / address).read_text(encoding="utf-8")
        found += re.findall(r'data-problem="(\w+)">', html)
        assert len(re.findall(r'data-seed="1"', html)) == len(re.findall(r'data-problem="\w+">', html))
    assert sorted(found) == sorted(byhand.ids())
    page.goto(server + "chapters/practice/by_set.html")
    links = page.locator("article a[href*='#problem-']")
    targets = links.evaluate_all("(links) => links.map((link) => [link.textContent, link.href])")
    assert [text.partition(":")[0] for text, _ in targets] == byhand.ids()
    for _, target in targets:
        address, _, anchor = target.removeprefix(server).partition("#")
        assert f'id="{anchor}"' in (SITE / address).read_text(encoding="utf-8")


def test_the_museum_shows_every_recorded_mistake(page: Page, server: str):
    exhibits = list(museum.exhibits())
    page.goto(server + "chapters/practice/museum.html")
    shown = page.locator("[data-exhibit]").evaluate_all("(all) => all.map((one) => one.dataset.exhibit)")
    assert shown == [exhibit.problem.id for exhibit in exhibits]
    assert len(exhibits) >= 20


def test_without_scripts_everything_is_there(browser: Browser, server: str):
    """Solutions unfold, and no player shows that could not play; what each page sends is in ``tests/checks``."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(server + "chapters/practice/convolution.html")
    assert page.locator("[data-player]:visible").count() == 0
    first = page.locator("section.problem").first
    assert not first.locator("> form, > .lab-own").filter(visible=True).count()
    for summary in first.locator("> details:not(.lab-own) > summary").all():
        summary.click()
        assert summary.locator("xpath=..").evaluate("(details) => details.open")
    context.close()


def test_a_solution_is_played_by_the_keyboard(page: Page, server: str):
    """A1: the window moves, the result grows cell by cell, and only the arrays of the part at hand are shown."""
    page.goto(server + "chapters/practice/convolution.html", wait_until="networkidle")
    problem = page.locator("[data-problem=A1]").first
    problem.locator(".worked-solution > summary").focus()
    page.keyboard.press("Enter")
    slider = problem.locator("[data-player] input")
    slider.focus()
    steps = len(byhand.problem("A1").solution.steps)
    assert slider.get_attribute("aria-valuetext") == f"1 of {steps}"
    seen = []
    for _ in range(steps):
        seen.append(
            problem.evaluate(
                """(problem) => {
                  const tables = [...problem.querySelectorAll(".player table")];
                  const shown = tables.filter((table) => table.checkVisibility());
                  const count = (kind) => problem.querySelectorAll(`.player table:not([hidden]) td.${kind}`).length;
                  return [shown.map((table) => table.dataset.array).join(""), count("touched"), count("unknown")];
                }"""
            )
        )
        page.keyboard.press("ArrowRight")
    # Eight windows of nine cells, the filter's nine and the new one; two windows of four; two values.
    assert seen == [["IWJ", 19, 7 - i] for i in range(8)] + [["JK", 5, 1 - i] for i in range(2)] + [
        ["KO", 2, 1],
        ["KO", 2, 0],
    ]
    assert problem.locator(".player-line").inner_html() == problem.locator("li[data-step='11']").inner_html()
    assert problem.locator("button[data-move='1']").get_attribute("aria-disabled") == "true"
    problem.locator("button[data-move='-1']").press("Enter")
    assert slider.get_attribute("aria-valuetext") == f"{steps - 1} of {steps}"


def test_a_step_is_said_when_the_hand_rests(page: Page, server: str):
    """While the slider moves, the line of the step is busy, and a screen reader waits; then it is read once."""
    page.goto(server + "chapters/practice/convolution.html", wait_until="networkidle")
    problem = page.locator("[data-problem=A1]").first
    problem.locator(".worked-solution > summary").click()
    line = problem.locator(".player-line")
    slider = problem.locator("[data-player] input")
    slider.focus()
    busy = []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        busy.append(line.get_attribute("aria-busy"))
    assert busy == ["true"] * 3
    expect(line).not_to_have_attribute("aria-busy", re.compile(""))
    assert slider.get_attribute("aria-valuetext").startswith("4 of ")
