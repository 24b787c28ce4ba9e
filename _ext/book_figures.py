"""Pictures out of the pages into files of their own.

Notebooks carry their pictures as data addresses, so that a cached notebook is complete. In the site each becomes a file
named after its content: a page stays small, a picture that several pages show is stored once, and an explorer's frames
are fetched only when a reader wants them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "_pictures"
DATA_ADDRESS = re.compile(r"data:image/(svg\+xml|png|webp|jpeg);base64,([A-Za-z0-9+/=]+)")
SUFFIX = {"svg+xml": "svg", "png": "png", "webp": "webp", "jpeg": "jpg"}


def move_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Write every data address in the page's raw HTML to a file, and put the file's address in its place."""
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    to_root = "../" * app.env.docname.count("/")

    def move(found: re.Match[str]) -> str:
        content = base64.b64decode(found[2])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{SUFFIX[found[1]]}"
        (folder / name).write_bytes(content)
        return f"{to_root}{FOLDER}/{name}"

    for node in doctree.findall(nodes.raw):
        if "html" in node["format"] and "data:image/" in node.astext():
            node.children = [nodes.Text(DATA_ADDRESS.sub(move, node.astext()))]


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx, and tell the notebooks' kernels that explorers will live without them."""
    os.environ["CVLIB_EXPLORERS"] = "static"
    app.connect("doctree-read", move_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
