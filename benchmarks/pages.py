"""How light and how quick the built site is: bytes of each page, steps of its explorers, answers to its problems.

Run ``make bench-pages``. Sizes are compressed, and counted before the reader touches anything. Steps go up and down
every range control of every explorer, one value at a time; each is timed in the page, from the input event to the first
frame painted with the decoded picture. Answers are timed from the button to what is said: the first one, for which
Python is loaded, then wrong answers and new numbers for every problem of the page. The server is on this machine.
"""

from __future__ import annotations

import statistics

import browser as browsers  # tools/browser.py
from playwright.sync_api import Page, sync_playwright
from site_server import pages, serving  # tools/site_server.py

STEPS = """async () => {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const times = [];
  for (const explorer of document.querySelectorAll("[data-explorer]")) {
    explorer.scrollIntoView();
    const picture = explorer.querySelector("img");
    await picture.decode();
    for (const control of explorer.querySelectorAll("input[type=range]")) {
      control.focus();
      await pause(300); // a reader looks before moving
      const [start, last] = [Number(control.value), Number(control.max)];
      const up = Array.from({ length: last - start }, (_, i) => start + i + 1);
      const down = Array.from({ length: last }, (_, i) => last - i - 1);
      for (const value of [...up, ...down]) {
        control.value = value;
        const begin = performance.now();
        control.dispatchEvent(new Event("input", { bubbles: true }));
        await picture.decode();
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - begin);
        await pause(100);
      }
    }
  }
  return times;
}"""

ANSWERS = """async () => {
  const until = (holds) => new Promise((resolve) => {
    const look = () => (holds() ? resolve() : requestAnimationFrame(look));
    look();
  });
  const timed = async (act, holds) => {
    const begin = performance.now();
    act();
    await until(holds);
    return performance.now() - begin;
  };
  const times = [];
  for (const section of document.querySelectorAll("section.problem:has(> form.lab)")) {
    const [form, status] = [section.querySelector("form.lab"), section.querySelector(":scope > [role=status]")];
    form.elements.answer.value = "7";
    times.push(await timed(() => form.requestSubmit(), () => status.dataset.kind));
    const button = form.elements.namedItem("new");
    times.push(await timed(() => button.click(), () => "seed" in section.dataset));
  }
  return times;
}"""


def measure(page: Page, address: str) -> tuple[int, list[float], list[float]]:
    """Return the bytes a page transfers, and the milliseconds of each step and of each answer on it."""
    received = []
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    transferred = sum(received)
    return int(transferred), page.evaluate(STEPS), page.evaluate(ANSWERS)


def figures(times: list[float]) -> str:
    """Return how many times there are, their median, the limit that one in twenty exceeds, and the worst."""
    if len(times) < 2:
        return " " * 32
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return f"{len(times):6} {statistics.median(times):8.0f} {p95:7.0f} {max(times):8.0f}"


def main() -> None:
    """Print one line for each page."""
    with serving() as server, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.find(), args=browsers.QUIET)
        measured = f"{'median':>8} {'p95':>7} {'worst':>8}"
        print(
            f"{'page; times in ms':40} {'kB':>6}  {'steps':>5} {measured}  {'first':>6} {'later':>6} {measured}"
        )
        for address in pages():
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            transferred, steps, answers = measure(page, server + address)
            first = f"{answers[0]:6.0f}" if answers else ""
            line = (
                f"{address:40} {transferred / 1000:6.0f} {figures(steps)}  {first:6} {figures(answers[1:])}"
            )
            print(line.rstrip(), flush=True)
            page.context.close()
        chromium.close()


if __name__ == "__main__":
    main()
