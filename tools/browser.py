"""Make sure that there is a browser for the tests of the site, and print where it is.

Looked for in this order: the environment variable BROWSER, a Chromium or Chrome on PATH, Playwright's own. If there is
none, it is installed: as Debian's package when this runs as root, else through Playwright's download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN = ["apt-get", "install", "-y", "-q", "chromium", "fonts-dejavu-core"]
# What a browser that nobody watches needs: no sandbox when root runs it, and no calls home.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PLAYWRIGHT = [sys.executable, "-m", "playwright", "install", "chromium"]


def find() -> str | None:
    """Return the path of a browser, or None.

    Raises
    ------
    FileNotFoundError
        If BROWSER names a file that does not exist.
    """
    if named := os.environ.get("BROWSER"):
        if not Path(named).is_file():
            raise FileNotFoundError(f"BROWSER must name a Chromium or Chrome program, got {named!r}")
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def until(page: Page, condition: str, *, seconds: int = 30) -> None:
    """Wait until a condition holds in the page, a JavaScript expression or a promise of its value.

    ``Page.wait_for_function`` evaluates text in the page each time it looks, which the site's security policy forbids.
    """
    page.evaluate(
        f"""() => new Promise((resolve, reject) => {{
          const look = async () => (await ({condition})) ? resolve() : requestAnimationFrame(look);
          setTimeout(() => reject(new Error("waited in vain for {seconds} s")), {1000 * seconds});
          look();
        }})"""
    )


def install() -> None:
    """Install a browser by the ways open to this user; the caller looks whether one worked."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-q"], check=False)
        subprocess.run(DEBIAN, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if find() is None:
        subprocess.run(PLAYWRIGHT, check=False)


def main() -> int:
    """Find or install a browser; say which command helps if neither works."""
    if find() is None:
        install()
    if (path := find()) is None:
        print(
            "No browser for the tests of the site, and none could be installed. Install one by\n"
            f"    sudo {' '.join(DEBIAN)}\nor\n    {' '.join(PLAYWRIGHT)}\n"
            "or name one: BROWSER=/path/to/chromium make test",
            file=sys.stderr,
        )
        return 1
    print(f"browser: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
