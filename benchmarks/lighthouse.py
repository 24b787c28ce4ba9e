"""What Lighthouse says of the built site: on a phone with a slow line, and on a desktop.

Run ``make bench-lighthouse``, or name pages by patterns: ``make bench-lighthouse PAGES="chapters/*"``, or ``PAGES="*"``
for all, which takes an hour and a half. Each page is loaded several times (``--runs 3``), each time in a new browser; a
score is the median. The results go to ``benchmarks/lighthouse.json`` as they come, and the worst page is named.
Lighthouse loads a page without a brake and computes how long it would take on a slower line and processor, so a score
depends on what else this machine is doing: measure on an idle one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

import browser as browsers  # tools/browser.py
from site_server import ROOT, pages, serving  # tools/site_server.py

RESULTS = Path(__file__).with_name("lighthouse.json")
LIGHTHOUSE = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
DEVICES = ("mobile", "desktop")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
MEASURES = {  # by Lighthouse's name for it, and ours with its unit
    "first-contentful-paint": "first paint, ms",
    "largest-contentful-paint": "largest paint, ms",
    "total-blocking-time": "blocked, ms",
    "cumulative-layout-shift": "layout shift",
    "total-byte-weight": "bytes",
}
# One page of each kind.
SAMPLE = (
    "index.html",
    "404.html",
    "search.html",
    "bibliography.html",
    "chapters/backpropagation.html",
    "chapters/convolution.html",
    "chapters/practice/convolution_backward.html",
    "chapters/practice/museum.html",
    "chapters/start/glossary.html",
    "reference/index.html",
    "reference/losses.html",
)


def audit(url: str, device: str) -> dict:
    """Let Lighthouse look at a page once; return its report."""
    command = ["node", LIGHTHOUSE, url, "--quiet", "--output=json", "--no-enable-error-reporting"]
    command += [
        f"--only-categories={','.join(CATEGORIES)}",
        *(["--preset=desktop"] if device == "desktop" else []),
    ]
    command += [f"--chrome-flags={' '.join(['--headless', *browsers.QUIET])}"]
    environment = {**os.environ, "CHROME_PATH": str(browsers.find())}
    result = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    if result.returncode:
        raise RuntimeError(f"Lighthouse could not look at {url}:\n{result.stderr}")
    return json.loads(result.stdout)


def summary(reports: list[dict]) -> dict:
    """Return the median scores and measures of several reports of a page, and which audits it failed."""

    def median(values: Iterable[float]) -> float:
        return round(statistics.median(values), 3)

    scores = {
        name: median(100 * report["categories"][name]["score"] for report in reports) for name in CATEGORIES
    }
    measures = {
        own: median(report["audits"][name]["numericValue"] for report in reports)
        for name, own in MEASURES.items()
    }
    counting = {
        reference["id"]
        for name in CATEGORIES
        for reference in reports[0]["categories"][name]["auditRefs"]
        if reference["weight"] > 0
    }
    failed = [
        name
        for name in sorted(counting)
        if any((report["audits"][name]["score"] or 0) < 0.9 for report in reports)
        and reports[0]["audits"][name]["scoreDisplayMode"] in ("binary", "numeric")
    ]
    return {"runs": len(reports), "scores": scores, "measures": measures, "failed": failed}


def chosen(patterns: list[str]) -> list[str]:
    """Return the pages that match one of the patterns; without patterns, one page of each kind."""
    found = [page for page in pages() if any(fnmatch(page, pattern) for pattern in patterns or SAMPLE)]
    if not found:
        raise SystemExit(
            f"no page of the site matches {patterns}; a page is named as in chapters/convolution.html"
        )
    return found


def main() -> None:
    """Look at the pages, print a line for each, and store what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "patterns", nargs="*", metavar="PAGE", help='such as "chapters/*"; one of each kind without'
    )
    parser.add_argument("--runs", type=int, default=3, help="how often each page is loaded (3)")
    parser.add_argument("--device", action="append", choices=DEVICES, help="both without")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    looked_at = {}
    with serving() as server:
        for page, device in product(chosen(options.patterns), options.device or DEVICES):
            found = summary([audit(server + page, device) for _ in range(options.runs)])
            looked_at[f"{page}, {device}"] = found
            scores = " ".join(f"{found['scores'][name]:5.0f}" for name in CATEGORIES)
            print(
                f"{page + ', ' + device:55} {scores}  {found['measures']['bytes'] / 1000:5.0f} kB"
                f"  {' '.join(found['failed'])}",
                flush=True,
            )
            stored = json.dumps(dict(sorted({**results, **looked_at}.items())), indent=1)
            RESULTS.write_text(stored + "\n", encoding="utf-8")
    for name in CATEGORIES:
        worst = min(looked_at, key=lambda page, name=name: looked_at[page]["scores"][name])
        print(f"worst {name}: {looked_at[worst]['scores'][name]:.0f}, {worst}")


if __name__ == "__main__":
    sys.exit(main())
