"""JupyterLite as the site would serve it: what its index of packages says, and a kernel that answers in a browser.

The browser reaches nothing but the site. So what comes from Pyodide's distribution (NumPy and whatever else is
WebAssembly) is held only to its address and its checksum.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import browser as browsers  # tools/browser.py
import pytest
from book_launch import places
from playwright.sync_api import Page, Route, expect, sync_playwright
from site_server import serving  # tools/site_server.py

ROOT = Path(__file__).parents[2]
SECONDS = 300  # for one thing on the page; a busy machine is slow
PYODIDE = json.loads((ROOT / "node_modules/pyodide/package.json").read_text())["version"]
ELSEWHERE = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build JupyterLite into a folder of a site that has nothing else."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "tools/lite.py"), str(folder / "lite")]
    built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def index(site: Path) -> dict[str, dict]:
    """Return the packages that the kernel knows."""
    return json.loads((site / "lite/static/packages/pyodide-lock.json").read_text())["packages"]


def test_every_package_has_its_place(site: Path, index: dict[str, dict]):
    """Beside the index with its checksum, or in the distribution of this Pyodide; all that it needs is in the index."""
    near = {package["file_name"]: package for package in index.values() if "://" not in package["file_name"]}
    folder = site / "lite/static/packages"
    assert {path.name for path in folder.glob("*.whl")} == set(near)
    for name, package in near.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == package["sha256"]
    far = [package["file_name"] for package in index.values() if package["file_name"] not in near]
    assert all(address.startswith(ELSEWHERE) for address in far)
    needs = {re.sub("[-_.]+", "-", need).lower() for package in index.values() for need in package["depends"]}
    assert needs <= {re.sub("[-_.]+", "-", name).lower() for name in index}


def test_the_kernel_has_our_versions(index: dict[str, dict]):
    """NumPy is the one that the chapters' stored outputs come from, down to the last number."""
    pins = dict(
        line.split(" ")[0].split("==")
        for line in (ROOT / "requirements.txt").read_text().split("\n")
        if "==" in line
    )
    assert index["numpy"]["version"] == pins["numpy"]
    assert index["ipywidgets"]["version"] == pins["ipywidgets"]


def test_it_is_not_heavy(site: Path):
    """Opt-in, but still somebody's disk: no source maps, and less than it was found to be at first (71 MB)."""
    files = [path for path in (site / "lite").rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".map"]
    assert sum(path.stat().st_size for path in files) < 50e6


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site."""
    with serving(site) as root:
        yield root


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    """Yield a page on which only the site answers; ``page.asked`` are the others' addresses that were asked for."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.find(), args=browsers.QUIET)
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        page.asked = []

        def only_the_site(route: Route) -> None:
            if route.request.url.startswith(address):
                route.continue_()
            else:
                page.asked.append(route.request.url)
                route.abort()

        context.route("**/*", only_the_site)
        yield page
        chromium.close()


def run(page: Page, code: str) -> list[str]:
    """Put a new cell above the first, run it, and return what it shows, output by output."""
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
    cell = page.locator(".jp-CodeCell").first
    expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=SECONDS * 1000)
    return cell.locator(".jp-OutputArea-output").all_inner_texts()


def test_a_chapter_opens_and_its_kernel_answers(page: Page, address: str):
    """By the link that its page has; nothing is installed, and until NumPy is needed no stranger is asked."""
    link = places("index.ipynb", "https://github.com/a/b", "main", {"jupyterlite_url": "lite"}, address)[
        "JupyterLite"
    ]
    page.goto(link)
    page.get_by_role("heading", name="Computer Vision by Hand").first.wait_for()
    assert run(page, "1 + 1") == ["2"]
    assert run(page, 'import byhand\nbyhand.problem("A20").answer') == ["(26, 26, 4)"]
    assert run(page, 'byhand.problem("A20").check("20 x 20 x 10").mistake') == ["'filters_one_after_another'"]
    compiled = "import compileall\ncompileall.compile_dir(byhand.__path__[0] + '/../cvlib', quiet=2)"
    assert run(page, compiled) == ["True"]  # every module is valid in the browser's Python, newer than ours
    assert page.asked == []


def test_a_slider_is_live(page: Page):
    """Widgets travel between page and kernel."""
    run(page, "import ipywidgets\nslider = ipywidgets.IntSlider(3)\nslider")
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    assert run(page, "slider.value") == ["4"]


def test_cvlib_asks_pyodide_for_what_it_needs(page: Page, index: dict[str, dict]):
    """Importing it makes the kernel fetch NumPy and matplotlib, from nowhere but the distribution of this Pyodide."""
    run(page, "import cvlib")
    assert all(asked.startswith(ELSEWHERE) for asked in page.asked)
    assert {index[name]["file_name"] for name in ("numpy", "matplotlib", "tqdm")} <= set(page.asked)
