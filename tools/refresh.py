"""Run notebooks and store their outputs as text: `make refresh`, or `python tools/refresh.py chapters/NAME.ipynb`.

Stored outputs are what tests/ compares (through nbval) and what a code host shows. Pictures, widgets and HTML are left
out: the site draws them afresh, and a change in a stored output stays a readable diff.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent


def notebooks() -> list[Path]:
    """Return every notebook of the book, the landing page first."""
    return [ROOT / "index.ipynb", *sorted((ROOT / "chapters").glob("**/*.ipynb"))]


def as_text(output: NotebookNode) -> NotebookNode:
    """Return one cell output with nothing but its text."""
    if "data" in output:
        output["data"] = {"text/plain": output["data"]["text/plain"]}
        output["metadata"] = {}
    return output


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join pieces of one stream, which a kernel cuts where its clock happens to strike."""
    whole: list[NotebookNode] = []
    for output in outputs:
        if (
            whole
            and output.output_type == whole[-1].output_type == "stream"
            and output.name == whole[-1].name
        ):
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def refresh(path: Path) -> None:
    """Run the notebook at ``path`` in its own folder and write it back with textual outputs."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [as_text(output) for output in merged(cell.outputs)]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


def main(arguments: list[str]) -> int:
    """Refresh the notebooks named, or all of them."""
    os.environ.pop("CVLIB_EXPLORERS", None)
    for path in [Path(argument).resolve() for argument in arguments] or notebooks():
        print(f"running {path.name} ...", flush=True)
        refresh(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
