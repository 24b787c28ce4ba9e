"""Binder without Binder: its environment built from nothing, a Jupyter server in it, every chapter through a kernel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from binder_server import Kernel, Server, serving

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ["index.ipynb", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("chapters/**/*.ipynb"))]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "_build", "__pycache__", "*.egg-info", ".*_cache"
)
IN_THE_IMAGE = ("jupyterlab", "notebook", "jupyter_server", "ipywidgets", "ipykernel")

pytestmark = pytest.mark.timeout(3600)  # it installs forty packages and trains networks


def image_has() -> list[str]:
    """Return the versions of Jupyter that Binder's image has before our requirements, from repo2docker itself."""
    python = (ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-")
    folder = Path(find_spec("repo2docker").origin).parent / "buildpacks" / "conda"
    lock = (folder / f"environment.py-{python}-linux-64.lock").read_text()
    return [f"{name}=={re.search(rf'/{name}-([0-9.]+)-', lock)[1]}" for name in IN_THE_IMAGE]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Build the environment in Binder's order, on a copy of the repository, and start the server there."""
    place = tmp_path_factory.mktemp("binder")
    home, programs = place / "home", place / "env" / "bin"
    environment = {
        name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    environment |= {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(place),
        "OPENBLAS_NUM_THREADS": "1",
    }

    def run(*command: str | Path) -> None:
        result = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr

    (home / ".binder").mkdir(parents=True)
    run(sys.executable, "-m", "venv", place / "env")
    pip = (programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", *image_has())
    shutil.copy2(ROOT / ".binder/requirements.txt", home / ".binder")
    run(*pip, "install", "-r", ".binder/requirements.txt")
    shutil.copytree(ROOT, home, ignore=LEFT_OUT, dirs_exist_ok=True)
    run("./.binder/postBuild")
    run(*pip, "check")
    with serving(programs / "jupyter", home, environment) as started:
        yield started


def errors_of(server: Server, notebook: str) -> list[str]:
    """Open a notebook on the server, run its cells in order, and return what went wrong."""
    cells = server.ask("GET", f"contents/{notebook}")["content"]["cells"]
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    with closing(Kernel(server, notebook)) as kernel:
        replies = [kernel.run(source)[-1]["content"] for source in sources]
    assert replies[-1]["execution_count"] == len(sources) > 0
    return [reply["evalue"] for reply in replies if reply["status"] != "ok"]


def test_every_chapter_runs(server: Server):
    """Two at a time, each in its own kernel, from the first cell to the last."""
    with ThreadPoolExecutor(2) as pool:
        errors = dict(
            zip(NOTEBOOKS, pool.map(lambda notebook: errors_of(server, notebook), NOTEBOOKS), strict=True)
        )
    assert errors == {notebook: [] for notebook in NOTEBOOKS}


def test_a_slider_moves_the_picture(server: Server):
    """As the browser does it: the widgets of an explorer arrive over comms; an update of a slider is answered."""
    cells = server.ask("GET", "contents/index.ipynb")["content"]["cells"]
    source = next(
        cell["source"] for cell in cells if "explore(" in cell["source"] and cell["cell_type"] == "code"
    )
    with closing(Kernel(server, "index.ipynb")) as kernel:
        move_slider(kernel, source)


def move_slider(kernel: Kernel, source: str) -> None:
    """Run the cell of an explorer, move its slider twice, and look at the figures that come back."""
    published = kernel.run(source, lambda message: message["msg_type"] in {"display_data", "execute_result"})
    opened = [message["content"] for message in published if message["msg_type"] == "comm_open"]
    states = {comm["comm_id"]: comm["data"]["state"] for comm in opened}
    (slider,) = (comm for comm, state in states.items() if state["_model_name"] == "SelectionSliderModel")
    (view,) = (comm for comm, state in states.items() if state["_model_name"] == "HTMLModel")
    shown = published[-1]["content"]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert states[shown]["_model_name"] == "VBoxModel"

    def figure(message: dict) -> str | None:
        """Return the figure that a message puts into the explorer, if it does."""
        ours = message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == view
        return message["content"]["data"]["state"].get("value") if ours else None

    labels = states[slider]["_options_labels"]
    first = next(filter(None, map(figure, reversed(published))), states[view]["value"])
    for index in (0, 3):
        update = {"method": "update", "state": {"index": index}, "buffer_paths": []}
        moved = figure(kernel.send("comm_msg", {"comm_id": slider, "data": update}, figure)[-1])
        assert f"strength {labels[index]})" in moved
        assert source_of(moved) != source_of(first)


def source_of(figure: str) -> str:
    """Return the address of the picture in a figure."""
    return re.search(r'src="([^"]+)"', figure)[1]
