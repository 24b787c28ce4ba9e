"""How heavy a page is, what it waits for, and whether it moves under the reader's eyes."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from checks.visit import Visit

MOST_BYTES = 150_000  # before the reader touches anything, compressed, pictures aside
MOST_MOVEMENT = 0.02  # of the layout, as browsers count it: https://web.dev/articles/cls
PICTURES = (".svg", ".png", ".webp", ".jpg")

WAITED_FOR = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.renderBlockingStatus === "blocking")
  .map((entry) => new URL(entry.name).pathname)"""

# Every picture needs a size, so that the page does not move when it arrives; one below the screen waits for its turn.
PICTURES_AT_FAULT = """() => [...document.images].flatMap((image) => [
  image.hasAttribute("width") && image.hasAttribute("height") ? [] : [`${image.src} has no width or height`],
  image.loading === "lazy" || image.getBoundingClientRect().top < innerHeight ? [] : [`${image.src} does not wait`],
].flat())"""

# Down the page in steps, as a reader goes; what moves meanwhile, and what has moved before if that counts. The browser
# excuses what moves soon after an input or a change of the window's size: before, but not now, when there is neither.
MOVED = """async ([beforeCounts, patience]) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const moves = [];
  const watch = new PerformanceObserver((list) => moves.push(...list.getEntries()));
  watch.observe({ type: "layout-shift", buffered: true });
  await painted();
  const begin = performance.now();
  const bottom = document.documentElement.scrollHeight;
  for (let top = 0; top < bottom; top += innerHeight) {
    scrollTo({ top, behavior: "instant" });
    await painted();
  }
  const seen = [...document.images].filter((image) => image.checkVisibility());
  const waitedLongEnough = new Promise((done) => setTimeout(done, patience));
  await Promise.race([waitedLongEnough, Promise.all(seen.map((image) => image.decode().catch(() => null)))]);
  await painted();
  moves.push(...watch.takeRecords());
  watch.disconnect();
  scrollTo({ top: 0, behavior: "instant" });
  const counted = moves.filter((move) => move.startTime >= begin || (beforeCounts && !move.hadRecentInput));
  const what = counted.flatMap((move) => move.sources).map(({ node }) => node?.className || node?.nodeName);
  return [counted.reduce((sum, move) => sum + move.value, 0), [...new Set(what)].slice(0, 5).join(", ")];
}"""


def is_light(visit: Visit) -> Iterator[str]:
    """A page comes over a slow line in a second or two, whatever pictures are in view aside."""
    weights = {url: size for url, size in visit.transferred.items() if not url.endswith(PICTURES)}
    if not 0 < sum(weights.values()) < MOST_BYTES:
        heaviest = sorted(weights.items(), key=lambda item: -item[1])[:4]
        yield f"{sum(weights.values())} bytes, expected less than {MOST_BYTES}; the heaviest: {heaviest}"


def waits_for_one_style_sheet_only(visit: Visit) -> Iterator[str]:
    """Text is there as soon as the page and one style sheet are; no script stands in its way."""
    waited_for = visit.page.evaluate(WAITED_FOR)
    if len(waited_for) != 1 or not waited_for[0].endswith(".css"):
        yield f"the page is not shown before {waited_for}, expected one style sheet"


def pictures_have_a_size_and_wait(visit: Visit) -> Iterator[str]:
    """Also those of menus and sidebars."""
    yield from visit.page.evaluate(PICTURES_AT_FAULT)


def keeps_still(visit: Visit) -> Iterator[str]:
    """Nothing moves while the page loads and the reader scrolls through it."""
    yield from _moved(visit.page, before_counts=True)


def keeps_still_from_now_on(visit: Visit) -> Iterator[str]:
    """Nothing moves while the reader scrolls; what moved before was another state of the page."""
    yield from _moved(visit.page, before_counts=False)


def keeps_still_in_a_hurry(page: Page, url: str) -> Iterator[str]:
    """Nothing moves under a reader who leaves for the end while the page still opens."""
    page.goto(url, wait_until="domcontentloaded")
    yield from _moved(page, before_counts=True, patience=1000)  # a picture that was skipped may never come


def _moved(page: Page, before_counts: bool, patience: int = 60_000) -> Iterator[str]:
    """Say what moves, once the pictures are there or ``patience`` milliseconds are over."""
    moved, what = page.evaluate(MOVED, [before_counts, patience])
    if moved > MOST_MOVEMENT:
        yield f"moved by {moved:.3f}, expected at most {MOST_MOVEMENT}: {what}"
