"""Where a notebook of the book can run: every launch link is made here, out of the repository's address.

The button with the rocket on a notebook's page lists the places; the directive ``{launch}`` shows one of them in a
text. Which Binder, Colab and JupyterHub are meant is said by ``launch_buttons`` in ``_config.yml``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode, urlparse

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx
from sphinx.config import Config

LITE = "lite"  # the folder of the site that holds JupyterLite
GUIDE = "chapters/start/run_it_yourself"


def places(
    notebook: str, repository: str, branch: str, services: dict[str, str], to_root: str = ""
) -> dict[str, str]:
    """Return for each place that the services name the address that opens the notebook there.

    Parameters
    ----------
    notebook : str
        The notebook's path inside the repository.
    repository, branch : str
        The address of the repository on GitHub, and the branch that is opened.
    services : dict
        Addresses of Binder, Colab and a JupyterHub as ``_config.yml`` has them, and under ``jupyterlite_url`` where
        JupyterLite lies in this site. What is missing or empty is left out.
    to_root : str
        How the page that shows the links gets to the root of the site.
    """
    owner, name = urlparse(repository).path.strip("/").split("/")
    service = {
        key: address.rstrip("/") for key, address in services.items() if key.endswith("_url") and address
    }
    found = {}
    if lite := service.get("jupyterlite_url"):
        found["JupyterLite"] = f"{to_root}{lite}/lab/index.html?{query(path=notebook)}"
    if binder := service.get("binderhub_url"):
        found["Binder"] = f"{binder}/v2/gh/{owner}/{name}/{branch}?{query(urlpath=f'lab/tree/{notebook}')}"
    if colab := service.get("colab_url"):
        found["Colab"] = f"{colab}/github/{owner}/{name}/blob/{branch}/{notebook}"
    if hub := service.get("jupyterhub_url"):
        wanted = query(repo=repository, branch=branch, urlpath=f"lab/tree/{name}/{notebook}")
        found["JupyterHub"] = f"{hub}/hub/user-redirect/git-pull?{wanted}"
    return found


def query(**parameters: str) -> str:
    """Return the part of an address behind the question mark; slashes stay readable."""
    return urlencode(parameters, safe="/")


def take_services(app: Sphinx, config: Config) -> None:
    """Take the services from the theme, which would make links of its own, and add JupyterLite if it will be there."""
    config.launch_services = dict(config.html_theme_options.pop("launch_buttons", {}))
    if config.launch_lite:
        config.launch_services["jupyterlite_url"] = LITE


def places_for(app: Sphinx, notebook: str, page: str) -> dict[str, str]:
    """Return the places of a notebook as a page of this site links to them."""
    options = app.config.html_theme_options
    branch, to_root = options["repository_branch"], "../" * page.count("/")
    return places(notebook, options["repository_url"], branch, app.config.launch_services, to_root)


def add_buttons(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put the places into the header of a notebook's page, and last the page that says which one to choose."""
    path = Path(app.env.doc2path(pagename, base=False))
    if doctree is None or path.suffix != ".ipynb":
        return
    buttons = [
        button(name, address, f"Open this chapter in {name}")
        for name, address in places_for(app, path.as_posix(), pagename).items()
    ]
    if GUIDE in app.env.found_docs:
        guide = "../" * pagename.count("/") + GUIDE + ".html"
        buttons.append(button("Which one?", guide, "What each of these needs, and how long it takes"))
    if buttons:
        group = {"type": "group", "label": "launch-buttons", "icon": "fas fa-rocket", "buttons": buttons}
        context["header_buttons"].insert(0, group | {"tooltip": "Run this chapter"})


def button(text: str, address: str, tooltip: str) -> dict[str, str]:
    """Return a link as the theme's header takes it; without the places' logos, which each page would fetch."""
    return {"type": "link", "text": text, "url": address, "tooltip": tooltip}


def remove_old_lite(app: Sphinx) -> None:
    """Remove JupyterLite of an earlier build: it is built after the site, and what mends pages must not meet it."""
    if app.builder.format == "html":
        shutil.rmtree(Path(app.outdir, LITE), ignore_errors=True)


class Launch(Directive):
    """``{launch} Binder`` and ``:notebook: chapters/convolution.ipynb``: a link that opens the notebook there."""

    required_arguments = 1
    option_spec: ClassVar = {"notebook": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return a paragraph with the link, or one that says that this copy of the book does not have the place."""
        env = self.state.document.settings.env
        env.note_reread()  # the address may change without the page
        name, notebook = self.arguments[0], self.options["notebook"]
        if not Path(env.srcdir, notebook).is_file():
            raise self.error(f"launch: there is no notebook {notebook!r}")
        address = places_for(env.app, notebook, env.docname).get(name)
        if address is None:
            return [nodes.paragraph("", f"This copy of the book was built without a link to {name}.")]
        link = nodes.reference("", f"Open a chapter in {name}", refuri=address)
        return [nodes.paragraph("", "", link)]


class Install(Directive):
    """``{launch-install}``: the line that installs the course in a notebook that was opened without it."""

    def run(self) -> list[nodes.Node]:
        """Return the line, with the address of this repository."""
        env = self.state.document.settings.env
        env.note_reread()
        options = env.app.config.html_theme_options
        line = f"%pip install --quiet git+{options['repository_url']}@{options['repository_branch']}"
        return [nodes.literal_block(line, line, language="none")]


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx; `make lite` sets BOOK_WITH_LITE for the build that it adds JupyterLite to."""
    app.add_config_value("launch_lite", bool(os.environ.get("BOOK_WITH_LITE")), "html")
    app.add_config_value("launch_services", {}, "html")
    app.connect("config-inited", take_services, priority=200)
    app.connect("builder-inited", remove_old_lite)
    app.connect("html-page-context", add_buttons, priority=502)
    app.add_directive("launch", Launch)
    app.add_directive("launch-install", Install)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
