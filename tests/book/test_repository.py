"""What must agree across the files of the repository: requirements, pins, lock files, contents, the address."""

from __future__ import annotations

import doctest
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def names(path: str) -> set[str]:
    """Return the packages that a requirements file names, normalised."""
    lines = [re.sub(r"\s*#.*", "", line) for line in (ROOT / path).read_text().splitlines()]
    return {
        re.split(r"[=<>!~ ;\[]", line)[0].lower().replace("_", "-")
        for line in lines
        if line and line[0] not in "- "
    }


def pins(path: str) -> dict[str, set[str]]:
    """Return package -> its pinned versions (several where they depend on Python's)."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / path).read_text().splitlines():
        if line and line[0] not in " #-":
            name, version = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;]+)", line).groups()
            found.setdefault(name.lower(), set()).add(version)
    return found


def own_files() -> list[Path]:
    """Return the files of the repository, without what was installed, built or cached."""
    made = {".git", ".venv", "node_modules", "_build", "__pycache__"}
    made |= {".hypothesis", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"}
    paths = (path for path in ROOT.rglob("*") if not made & set(path.relative_to(ROOT).parts))
    return [path for path in paths if path.is_file() and ".egg-info" not in str(path)]


@pytest.mark.parametrize("stem", ["requirements", "requirements-test", ".binder/requirements"])
def test_every_named_package_is_pinned(stem: str):
    """Whoever edits the .in file must run make lock."""
    assert names(f"{stem}.in") <= set(pins(f"{stem}.txt"))


@pytest.mark.parametrize("other", ["requirements-test.txt", ".binder/requirements.txt"])
def test_pins_agree(other: str):
    """The tests and Binder run on the versions that build the site."""
    course = pins("requirements.txt")
    differing = {
        name: (v, course[name]) for name, v in pins(other).items() if name in course and v != course[name]
    }
    assert differing == {}


def test_package_dependencies_are_in_every_environment():
    """What the packages need is in the build's requirements and in Binder's."""
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needed = {re.split(r"[=<>!~ ]", dependency)[0].lower() for dependency in dependencies}
    assert needed <= names("requirements.in")
    assert needed <= names(".binder/requirements.in")


def test_lock_files_name_no_download_address():
    """A lock that names a registry's address works on one machine only."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in entry and entry["integrity"] for entry in packages.values())
    for path in ("requirements.txt", "requirements-test.txt", ".binder/requirements.txt"):
        assert "://" not in (ROOT / path).read_text()


def test_table_of_contents_is_complete():
    """Every page in the table exists, and every notebook is in the table."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    entries = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    files = {str(path.relative_to(ROOT).with_suffix("")) for path in ROOT.glob("chapters/**/*.ipynb")}
    assert files <= set(entries)
    for entry in entries:
        assert any((ROOT / f"{entry}{suffix}").is_file() for suffix in (".ipynb", ".md")), entry


def test_address_stands_in_one_place():
    """The repository's public address is in _config.yml and nowhere else."""
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    path = address.removeprefix("https://")
    assert [file for file in own_files() if path.encode() in file.read_bytes()] == [ROOT / "_config.yml"]


def test_readme_examples_run():
    """What the README shows is what the packages answer."""
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (failed, tried) == (0, 9)


def test_links_between_files_lead_somewhere():
    """Relative links in the repository's own Markdown files point to files that exist."""
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", (ROOT / name).read_text()):
            assert (ROOT / target).exists(), f"{name} links to {target}"
