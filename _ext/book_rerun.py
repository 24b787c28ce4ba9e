"""Notebooks run again when the code they import has changed.

The notebook cache looks at a notebook's own cells only. This extension keeps a fingerprint of cvlib and byhand beside
the cache, and empties the cache, and has every page read anew, when the fingerprint differs.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parent.parent
PACKAGES = ("cvlib", "byhand")


def fingerprint() -> str:
    """Return a hash of every file of the packages."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def empty_stale_cache(app: Sphinx, config: object) -> None:
    """Remove the notebook cache if it was made by other code."""
    build = Path(app.outdir).parent
    record, cache = build / "packages.sha256", build / ".jupyter_cache"
    now = fingerprint()
    app.packages_changed = not record.exists() or record.read_text() != now
    if app.packages_changed:
        shutil.rmtree(cache, ignore_errors=True)
        build.mkdir(parents=True, exist_ok=True)
        record.write_text(now)


def read_anew(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Name the pages whose notebooks must run again."""
    return [name for name in env.found_docs if app.packages_changed]


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx, before myst-nb opens the cache."""
    app.connect("config-inited", empty_stale_cache, priority=100)
    app.connect("env-get-outdated", read_anew)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
