"""Build JupyterLite: JupyterLab with the chapters, and Python, inside the browser.

    python tools/lite.py _build/html/lite

A kernel in the browser finds packages in Pyodide's own index, ``pyodide-lock.json``: what a cell imports is fetched
when the cell runs. So this tool writes one such index in which the course stands beside everything else, and a
notebook has nothing to install:

- what the kernel needs before its first answer, ipywidgets, and the course itself lie beside the index: pure Python,
  from PyPI at build time, at Pyodide's versions;
- NumPy, matplotlib and all other packages are WebAssembly. They exist only in Pyodide's own distribution: the index
  names the address there, and the checksum that the browser holds what it gets against.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bundle import build_wheel, notebooks, version  # tools/bundle.py

ROOT = Path(__file__).parent.parent
PYODIDE = ROOT / "node_modules" / "pyodide"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
COURSE = "computer-vision-by-hand"
# What these import; everything else is in Pyodide's index with its own list.
DEPENDS = {
    "piplite": ["micropip"],
    "ipykernel": [],
    "comm": [],
    "pyodide-kernel": ["comm", "ipython"],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    COURSE: [],  # byhand runs on the standard library alone
    "cvlib": [COURSE, "ipywidgets", "matplotlib", "numpy", "tqdm"],
}
IMPORTS = {"ipywidgets": ["ipywidgets"], COURSE: ["byhand"], "cvlib": ["cvlib"]}


def write_wheel_of_needs(folder: Path, version: str) -> None:
    """Write an empty wheel: importing cvlib loads it, and with it what cvlib needs; byhand alone needs none of that."""
    wheel = folder / f"cvlib-{version}-py3-none-any.whl"
    info = f"cvlib-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {
            "METADATA": f"Metadata-Version: 2.1\nName: cvlib\nVersion: {version}\n",
            "WHEEL": "Wheel-Version: 1.0\nGenerator: tools/lite.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
        }.items():
            archive.writestr(zipfile.ZipInfo(f"{info}/{name}"), text)


def download(wanted: list[str], python: str, folder: Path) -> None:
    """Fetch wheels for a version of Python, whatever this one is."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", python, "--dest", str(folder)]
    subprocess.run([*command, *wanted], check=True)


def loaded_first() -> list[str]:
    """Return the packages that the kernel loads before its first answer, as ``lite/jupyter-lite.json`` names them."""
    settings = json.loads((ROOT / "lite" / "jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    return kernel["loadPyodideOptions"]["packages"]


def pinned(name: str) -> str:
    """Return the version of a package in ``requirements.txt``."""
    return re.search(rf"^{name}==([^ ;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]


def normalised(name: str) -> str:
    """Return a package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def with_needs(names: list[str], index: dict[str, dict]) -> list[str]:
    """Return the names and, once each, everything that they need."""
    found: dict[str, None] = {}
    while names:
        name, *names = names
        if name not in found:
            found[name] = None
            names += map(normalised, DEPENDS[name] if name in DEPENDS else index[name]["depends"])
    return list(found)


def collect_wheels(folder: Path, index: dict[str, dict], python: str) -> list[Path]:
    """Put every wheel that the site itself serves into the folder; return them."""
    own = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    for name in ("piplite", "ipykernel", "pyodide_kernel"):  # parts of the kernel, in no index
        (wheel,) = own.glob(f"{name}-*.whl")
        shutil.copy2(wheel, folder)
    names = [name for name in with_needs([*loaded_first(), "ipywidgets"], index) if name in index]
    wanted = [f"{name}=={index[name]['version']}" for name in names]
    wanted += [f"{name}=={pinned(name)}" for name in ("comm", "ipywidgets")]
    download(wanted, python, folder)
    with tempfile.TemporaryDirectory() as place:
        shutil.copy2(build_wheel(Path(place)), folder)
    write_wheel_of_needs(folder, version())
    return sorted(folder.glob("*.whl"))


def entry(wheel: Path, index: dict[str, dict]) -> dict[str, object]:
    """Describe a wheel that lies beside the index, in the index's words."""
    name, version = wheel.name.split("-")[:2]
    name = normalised(name)
    known = index.get(name, {})
    return {
        "name": name,
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": IMPORTS.get(name, known.get("imports", [])),
        "depends": DEPENDS.get(name, known.get("depends", [])),
        "unvendored_tests": False,
    }


def write_index(folder: Path) -> None:
    """Collect the wheels in the folder and write the index beside them."""
    lock = json.loads((PYODIDE / "pyodide-lock.json").read_text())
    distribution = json.loads((PYODIDE / "package.json").read_text())["version"]
    index = lock["packages"]
    wheels = collect_wheels(folder, index, lock["info"]["python"])
    here = {described["name"]: described for described in (entry(wheel, index) for wheel in wheels)}
    for package in index.values():
        package["file_name"] = f"https://cdn.jsdelivr.net/pyodide/v{distribution}/full/{package['file_name']}"
    lock["packages"] = index | here
    (folder / "pyodide-lock.json").write_text(json.dumps(lock, separators=(",", ":")))


def stage(folder: Path) -> None:
    """Lay out in a folder what `jupyter lite build` takes: our settings and the chapters."""
    shutil.copytree(ROOT / "lite", folder, dirs_exist_ok=True)
    for notebook in notebooks():
        place = folder / "files" / notebook.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(notebook, place)


def build(output: Path) -> None:
    """Build JupyterLite into the folder, which is emptied first."""
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        stage(Path(place))
        command = [
            sys.executable,
            "-m",
            "jupyter",
            "lite",
            "build",
            "--lite-dir",
            place,
            "--output-dir",
            str(output),
        ]
        subprocess.run([*command, "--contents", "files"], cwd=place, check=True)
    core, packages = output / "static" / "pyodide", output / "static" / "packages"
    core.mkdir()
    for name in CORE:
        shutil.copy2(PYODIDE / name, core)
    packages.mkdir()
    write_index(packages)


def main() -> None:
    """Build, and say how large the result is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="the folder that becomes JupyterLite's root")
    output = parser.parse_args().output.resolve()
    build(output)
    files = [path for path in output.rglob("*") if path.is_file()]
    print(
        f"JupyterLite: {sum(path.stat().st_size for path in files) / 1e6:.1f} MB in {len(files)} files, {output}"
    )


if __name__ == "__main__":
    main()
