"""Pages that load only what they use, and know their own address.

Jupyter Book adds scripts for features that this book has no use for (live code through a server, tabs, toggles), and
half a megabyte of icons of which it shows a dozen. Those are left out; ``_static/icons.css`` draws the dozen.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlparse

from sphinx.application import Sphinx
from sphinx.config import Config

UNUSED = ("thebe", "togglebutton", "toggleHint", "toggleOpenOnPrint", "design-tabs", "sphinx-design")
ICON_SCRIPT = re.compile(r"\s*<(script|link)[^>]*fontawesome[^>]*>(</script>)?")
ICON_FONT = re.compile(r"@font-face\s*\{[^}]*Font ?Awesome[^}]*\}", re.IGNORECASE)


def set_address(app: Sphinx, config: Config) -> None:
    """Take the repository's address from ``_config.yml``, or from GitHub Actions for a fork, and the site's from it."""
    options = config.html_theme_options
    if "GITHUB_REPOSITORY" in os.environ:
        options["repository_url"] = f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
    owner, name = urlparse(options["repository_url"]).path.strip("/").split("/")
    config.html_baseurl = f"https://{owner.lower()}.github.io/{name}/"


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


def drop_icon_font(app: Sphinx, exception: Exception | None) -> None:
    """Remove the theme's icon font, which its template and its style sheet add where no event can reach."""
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        page.write_text(ICON_SCRIPT.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    for sheet in Path(app.outdir, "_static").rglob("*theme*.css"):
        sheet.write_text(ICON_FONT.sub("", sheet.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("config-inited", set_address, priority=100)
    app.connect("html-page-context", drop_unused, priority=900)
    app.connect("build-finished", drop_icon_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
