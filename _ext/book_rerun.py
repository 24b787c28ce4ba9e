"""Notebooks run again when the code they import has changed, and then side by side.

The notebook cache looks at a notebook's own cells only. This extension keeps a fingerprint of cvlib and byhand beside
the cache, and empties the cache, and has every page read anew, when the fingerprint differs. Before the pages are read
one after the other, it runs the notebooks that the cache lacks, one on each core; myst-nb then finds them there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
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


def run_side_by_side(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run the notebooks among the pages to be read. One that fails is left to myst-nb, which says where and why."""
    paths = [str(path) for name in docnames if (path := Path(env.doc2path(name))).suffix == ".ipynb"]
    if not paths or app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(Path(app.outdir).parent / ".jupyter_cache")
    for path in paths:
        cache.add_nb_to_project(path)
    executor = load_executor("local-parallel", cache)
    executor.run_and_cache(filter_uris=paths, timeout=app.config.nb_execution_timeout)


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx, before myst-nb opens the cache."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # notebooks that run side by side share the cores
    app.connect("config-inited", empty_stale_cache, priority=100)
    app.connect("env-get-outdated", read_anew)
    app.connect("env-before-read-docs", run_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
