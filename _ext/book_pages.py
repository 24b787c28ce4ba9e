"""Pages that load only what they use, and know their own address.

Jupyter Book adds scripts for features that the book has no use for: live code through a server, tabs, toggles. What the
theme's own templates add is taken out when the pages are written (``book_weight.py``).
"""

from __future__ import annotations

import os
from urllib.parse import urlparse

from sphinx.application import Sphinx
from sphinx.config import Config

UNUSED = ("thebe", "togglebutton", "toggleHint", "toggleOpenOnPrint", "design-tabs", "sphinx-design")


def set_address(app: Sphinx, config: Config) -> None:
    """Take the repository's address from ``_config.yml``, or from GitHub Actions for a fork, and the site's from it."""
    options = config.html_theme_options
    if "GITHUB_REPOSITORY" in os.environ:
        options["repository_url"] = f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
    owner, name = urlparse(options["repository_url"]).path.strip("/").split("/")
    config.html_baseurl = f"https://{owner.lower()}.github.io/{name}/"


def unfold_contents(app: Sphinx, config: Config) -> None:
    """Show a page's contents whole: a list that unfolds as one reads on moves under one's eyes."""
    config.html_theme_options["show_toc_level"] = 3


def drop_unused(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Leave out the scripts and styles that no page of this book uses."""
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file
            for file in context.get(kind, ())
            if not any(
                word in f"{getattr(file, 'filename', file)} {getattr(file, 'attributes', '')}"
                for word in UNUSED
            )
        ]


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("config-inited", set_address, priority=100)
    app.connect("config-inited", unfold_contents)
    app.connect("html-page-context", drop_unused, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
