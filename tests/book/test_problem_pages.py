"""The directives that put problems into pages, on the smallest site that needs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import byhand
from byhand.problems import TOPICS

ROOT = Path(__file__).parents[2]


def build(folder: Path, **pages: str) -> subprocess.CompletedProcess[str]:
    """Build a site of these pages with the directives and nothing else."""
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "conf.py").write_text(
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / '_ext')!r}]\n"
        "extensions = ['myst_parser', 'book_problems']\n"
    )
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(folder), str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, timeout=120)


def test_a_problem_and_its_variant(tmp_path: Path):
    result = build(
        tmp_path, index="# Page\n\n```{problem} A1\n:seed: 7\n:level: 2\n```\n\n```{problem} A20\n```\n"
    )
    assert result.stderr == ""
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert '<section class="problem" data-problem="A1" data-seed="7"><h2>A1, variant 7:' in page
    assert '<section class="problem" data-problem="A20"><h3>A20:' in page
    assert page.count("<summary>Worked solution</summary>") == 2
    assert 'href="_static/problem.css' in page
    assert (tmp_path / "out" / "_static" / "problem.css").is_file()


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("{problem} Z1", "there is no problem 'Z1'"),
        ("{problem} C1", "there are C1a, C1b, C1c"),
        ("{problem} A1\n:seed: -2", "seed"),
        ("{problem} A1\n:level: 9", "level"),
        ("{problem-bank} cooking", '"cooking" unknown'),
    ],
)
def test_what_cannot_be_shown_stops_the_build(tmp_path: Path, directive: str, message: str):
    """With the page in the message."""
    result = build(tmp_path, index=f"# Page\n\n```{directive}\n```\n")
    assert result.returncode != 0
    assert message in result.stderr
    assert "index.md" in result.stderr


def test_the_index_leads_to_the_bank(tmp_path: Path):
    """Every problem is listed once, with a link into the page that shows it; a missing page stops the build."""
    banks = {topic: f"# {topic}\n\n```{{problem-bank}} {topic}\n```\n" for topic in TOPICS}
    toc = "\n".join(["# Page", "", "```{toctree}", *TOPICS, "```", "", "```{problem-index}", "```", ""])
    result = build(tmp_path, index=toc, **banks)
    assert result.stderr == ""
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for identity in byhand.ids():
        topic, anchor = byhand.problem(identity).topic, f"problem-{identity.lower()}"
        assert f'href="{topic}.html#{anchor}"' in page
        assert f'id="{anchor}"' in (tmp_path / "out" / f"{topic}.html").read_text(encoding="utf-8")
    last = list(TOPICS)[-1]
    (tmp_path / f"{last}.md").write_text(f"# {last}\n")
    result = build(tmp_path)
    assert "no page of the problem bank shows" in result.stderr
    assert result.returncode != 0
