"""Pack the built site, the notebooks and the packages into one zip that works without a network: `make bundle`.

The same site gives the same zip, byte for byte: names in order, one date for all files, wheels built with that date.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
SECONDS = "315532800"  # the same for the builder of wheels
LEFT_BY_THE_BUILD = {".buildinfo", ".doctrees", ".jupyter_cache", "__pycache__"}
# What tells hosts and search engines where the published site is; in a folder of one's own it would be wrong.
FOR_HOSTS = {"404.html", "_headers", "robots.txt", "sitemap.xml", ".nojekyll", "CNAME"}
PACKED = ("cvlib", "byhand", "pyproject.toml", "README.md", "LICENSE")  # what the wheel is built from
SIGN = """\
Computer Vision by Hand, version {version}: the whole site for reading without a network.
Best: run   python -m http.server   in this folder, then open http://localhost:8000/site/ in a browser.
Or open site/index.html itself: pages, pictures, explorers, step players and solutions work so.
Search, and problems with your own numbers (Python in the page), work only the first way.
Notebooks: pip install wheels/*.whl jupyterlab (this needs a network or your own packages), then jupyter lab notebooks.
"""


def version(root: Path = ROOT) -> str:
    """Return the version of the book."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def is_for_readers(path: Path) -> bool:
    """Say whether a file of the build belongs into the bundle."""
    if str(path) in FOR_HOSTS or path.suffix == ".map" or path.name.endswith("macros.html"):
        return False
    return not LEFT_BY_THE_BUILD & set(path.parts)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder that readers need."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return (path for path in found if is_for_readers(path.relative_to(folder)))


def notebooks(root: Path = ROOT) -> list[Path]:
    """Return the notebooks of the book."""
    return [root / "index.ipynb", *(root / "chapters").rglob("*.ipynb")]


def build_wheel(target: Path) -> Path:
    """Build the wheel of cvlib and byhand from a copy, without a network, and return it."""
    with tempfile.TemporaryDirectory() as temporary:
        for name in PACKED:
            source, copy = ROOT / name, Path(temporary, name)
            shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-build-isolation",
            "--no-deps",
            "--no-index",
        ]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": SECONDS, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        subprocess.run([*command, "--wheel-dir", str(target), temporary], check=True, env=environment)
    (wheel,) = target.glob("*.whl")
    return wheel


def write_zip(target: Path, contents: dict[str, bytes | Path]) -> None:
    """Write name -> content (or the file that holds it) so that the same contents give the same bytes."""
    with ZipFile(target, "w") as archive:
        for name in sorted(contents):
            content = contents[name]
            entry = ZipInfo(name, DATE)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content.read_bytes() if isinstance(content, Path) else content)


def bundle(target: Path, site: Path = SITE) -> None:
    """Write the bundle.

    Raises
    ------
    FileNotFoundError
        If the site has not been built.
    """
    if not (site / "index.html").is_file():
        raise FileNotFoundError(f"the site must be built first (make book), found no index.html in {site}")
    folder = target.stem
    with tempfile.TemporaryDirectory() as temporary:
        wheel = build_wheel(Path(temporary))
        contents: dict[str, bytes | Path] = {
            f"{folder}/README.txt": SIGN.format(version=version()).encode(),
            f"{folder}/wheels/{wheel.name}": wheel,
        }
        contents |= {f"{folder}/site/{path.relative_to(site)}": path for path in files_below(site)}
        contents |= {f"{folder}/notebooks/{path.relative_to(ROOT)}": path for path in notebooks()}
        write_zip(target, contents)


FRAME = re.compile(r'"src": ?"([^"]+)"')  # in the data of an explorer


class References(HTMLParser):
    """Collects what a page refers to: links, pictures, styles, scripts, and the frames of its explorers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep every address, save those that only say where the published page is."""
        values = dict(attributes)
        if tag == "link" and values.get("rel") == "canonical":
            return
        self.found |= {value for name in ("href", "src") if (value := values.get(name))}

    def handle_data(self, data: str) -> None:
        """Keep the frames of an explorer."""
        if self.cdata_elem == "script":
            self.found |= set(FRAME.findall(data))


def missing_references(archive: ZipFile) -> set[tuple[str, str]]:
    """Return (page, address) for every relative address in the pages of a bundle that leads out of it or to nothing."""
    names = set(archive.namelist())
    missing = set()
    for page in (name for name in names if name.endswith(".html")):
        parser = References()
        parser.feed(archive.read(page).decode("utf-8"))
        for address in parser.found:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            path = unquote(urljoin(f"/{page}", parts.path)).removeprefix("/")
            if path not in names and f"{path.rstrip('/')}/index.html" not in names:
                missing.add((page, address))
    return missing


def main() -> None:
    """Write the bundle beside the site, and say how large it is."""
    target = ROOT / "_build" / f"computer-vision-by-hand-{version()}.zip"
    bundle(target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
