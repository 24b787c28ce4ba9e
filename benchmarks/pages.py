"""How light and how quick the built site is: bytes of each page, and the time from a key press to the new picture.

Run ``make bench-pages``. Sizes are compressed, and counted before the reader touches anything. Steps go up and down
every range control of every explorer, one value at a time; each is timed in the page, from the input event to the first
frame painted with the decoded picture. The server is on this machine.
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


def measure(page: Page, address: str) -> tuple[int, list[float]]:
    """Return the bytes a page transfers and the milliseconds of each step on it."""
    received = []
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    transferred = sum(received)
    return int(transferred), page.evaluate(STEPS)


def main() -> None:
    """Print one line for each page."""
    with serving() as server, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.find(), args=browsers.QUIET)
        print(f"{'page':40} {'kB':>6} {'steps':>6} {'median ms':>10} {'p95 ms':>7} {'worst ms':>9}")
        for address in pages():
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            transferred, times = measure(page, server + address)
            figures = ""
            if times:
                p95 = statistics.quantiles(times, n=20)[-1]
                figures = f"{len(times):6} {statistics.median(times):10.1f} {p95:7.1f} {max(times):9.1f}"
            print(f"{address:40} {transferred / 1000:6.0f} {figures}")
            page.context.close()
        chromium.close()


if __name__ == "__main__":
    main()
