"""Launch links: their form for every notebook of the book, and what a page shows of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from book_launch import places
from nbformat.v4 import new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
NOTEBOOKS = [
    path.relative_to(ROOT).as_posix() for path in (ROOT / "index.ipynb", *ROOT.glob("chapters/**/*.ipynb"))
]
SERVICES = CONFIG["launch_buttons"] | {
    "jupyterhub_url": "https://hub.example.edu/",
    "jupyterlite_url": "lite",
}


def parts(address: str) -> tuple[str, dict[str, str]]:
    """Return an address without its query, and the query's parameters; each may stand there once."""
    split = urlsplit(address)
    assert not split.fragment
    parameters = parse_qs(split.query, strict_parsing=bool(split.query))
    assert all(len(values) == 1 for values in parameters.values())
    return address.split("?")[0], {name: values[0] for name, values in parameters.items()}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_links_have_the_form_that_each_place_documents(notebook: str):
    """Binder: v2/gh with urlpath; Colab: github/.../blob; a hub: nbgitpuller's git-pull; JupyterLite: path."""
    found = places(notebook, "https://github.com/someone/book", "main", SERVICES, "../")
    assert {name: parts(address) for name, address in found.items()} == {
        "JupyterLite": ("../lite/lab/index.html", {"path": notebook}),
        "Binder": ("https://mybinder.org/v2/gh/someone/book/main", {"urlpath": f"lab/tree/{notebook}"}),
        "Colab": (f"https://colab.research.google.com/github/someone/book/blob/main/{notebook}", {}),
        "JupyterHub": (
            "https://hub.example.edu/hub/user-redirect/git-pull",
            {
                "repo": "https://github.com/someone/book",
                "branch": "main",
                "urlpath": f"lab/tree/book/{notebook}",
            },
        ),
    }


def test_names_that_an_address_cannot_hold_are_escaped():
    """A branch or a folder may have any name."""
    found = places("a & b.ipynb", "https://github.com/someone/book", "x+y", SERVICES)
    assert parts(found["JupyterHub"])[1]["branch"] == "x+y"
    assert parts(found["Binder"])[1] == {"urlpath": "lab/tree/a & b.ipynb"}


def test_no_link_without_its_service():
    """The book itself names no JupyterHub, and JupyterLite is there only if it was built."""
    assert list(places("index.ipynb", "https://github.com/a/b", "main", CONFIG["launch_buttons"])) == [
        "Binder",
        "Colab",
    ]
    assert places("index.ipynb", "https://github.com/a/b", "main", {}) == {}


@pytest.mark.parametrize("lite", [True, False])
def test_a_page_offers_its_own_notebook(lite: bool, tmp_path: Path):
    """In a fork, with JupyterLite and without: the links of a page and in a text, and the line that installs."""
    write_book(tmp_path)
    old = tmp_path / "_build/html/lite/old.html"
    old.parent.mkdir(parents=True)
    old.touch()
    environment = os.environ | {"GITHUB_REPOSITORY": "Fork/other", "GITHUB_SERVER_URL": "https://github.com"}
    environment.pop("BOOK_WITH_LITE", None)
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        "--warningiserror",
        "--nitpick",
        str(tmp_path),
    ]
    result = subprocess.run(
        command,
        env=environment | ({"BOOK_WITH_LITE": "1"} if lite else {}),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    chapter, text = (
        (tmp_path / "_build/html" / name).read_text() for name in ("chapters/one.html", "index.html")
    )
    hrefs = re.findall(r'<a href="([^"]+)"[^>]*dropdown-item', chapter, re.DOTALL)
    services = {**CONFIG["launch_buttons"], **({"jupyterlite_url": "lite"} if lite else {})}
    expected = places("chapters/one.ipynb", "https://github.com/Fork/other", "main", services, "../")
    assert [href for href in hrefs if href in expected.values()] == list(expected.values())
    assert chapter.count("lite/lab/index.html") == lite
    assert "%pip install --quiet git+https://github.com/Fork/other@main" in text
    assert ('href="lite/lab/index.html?path=chapters/one.ipynb"' in text) == lite
    assert ("built without a link to JupyterLite" in text) != lite
    assert not old.exists()


def test_binder_keeps_its_packages_between_launches():
    """The packages are a layer before the book's files, so a new sentence costs no new installation; then postBuild."""
    program = str(Path(sys.executable).with_name("jupyter-repo2docker"))
    command = [program, "--no-build", "--debug", "--user-id=1000", "--user-name=reader", str(ROOT)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    python = (ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-")
    assert f"Building conda environment for python={python}" in shown.stderr
    steps = [line for line in shown.stdout.splitlines() if line.startswith(("COPY", "RUN"))]
    ours = [
        "COPY --chown=1000:1000 src/.binder/requirements.txt ${REPO_DIR}/.binder/requirements.txt",
        'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r ".binder/requirements.txt"',
        "COPY --chown=1000:1000 src/ ${REPO_DIR}/",
        "RUN chmod +x .binder/postBuild",
        "RUN ./.binder/postBuild",
    ]
    assert [step for step in steps if "src/" in step or ".binder" in step] == ours


def write_book(folder: Path) -> None:
    """Write a book of a text and a notebook, with the launch links of the real one."""
    config = {
        "title": "Book",
        "repository": {"url": "https://github.com/someone/book", "branch": "main"},
        "html": {"use_repository_button": True},
        "launch_buttons": CONFIG["launch_buttons"],
        "execute": {"execute_notebooks": "off"},
        "sphinx": {"local_extensions": dict.fromkeys(["book_launch", "book_pages"], str(ROOT / "_ext"))},
    }
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n- file: chapters/one\n")
    (folder / "index.md").write_text(
        "# Text\n\n```{launch} JupyterLite\n:notebook: chapters/one.ipynb\n```\n\n```{launch-install}\n```\n"
    )
    (folder / "chapters").mkdir()
    nbformat.write(new_notebook(cells=[new_markdown_cell("# One")]), folder / "chapters/one.ipynb")
