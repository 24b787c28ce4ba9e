"""Directives that put problems into pages, written by ``byhand.render.html`` and complete without a script.

- ``{problem} A1`` shows one problem; ``:seed: 7`` a variant of it, ``:level: 3`` sets the level of its heading.
- ``{problem-bank} convolution`` shows all problems of a topic, each as a section with a variant to try.
- ``{problem-link}`A1` `` (a role) links to a problem in the bank, by its id and title.
- ``{problem-index}`` lists the problems of each set of the coursework, with links to where the bank shows them.
- ``{museum}`` shows the wrong answers of the original hand-written solutions, each beside the right one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import ClassVar, TypeVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

import byhand
from byhand.problems import TOPICS
from byhand.question import Problem
from byhand.render import html, museum

SETS = {
    "A": "Final exam of a computer-vision course",
    "B": "Worksheet on CNN fundamentals",
    "C": "Problem set on neural-network mechanics",
    "D": "Assignment on backpropagation and softmax",
}
T = TypeVar("T")
VARIANT = 1  # the variant that the bank offers for trying again


class problem_index(nodes.General, nodes.Element):
    """The place of the index, which is written when all pages are read."""


class problem_link(nodes.Inline, nodes.Element):
    """The place of a link to a problem, likewise."""


def raw(text: str) -> nodes.raw:
    """Return HTML as a node."""
    return nodes.raw("", text, format="html")


def named(directive: SphinxDirective, call: Callable[..., T], *arguments: object) -> T:
    """Return what the call returns for these arguments, or stop with the page and line in the message."""
    try:
        return call(*arguments)
    except ValueError as error:
        raise directive.error(str(error)) from error


class ProblemDirective(SphinxDirective):
    """One problem."""

    required_arguments = 1
    option_spec: ClassVar = {
        "seed": directives.nonnegative_int,
        "level": lambda argument: int(directives.choice(argument, tuple("23456"))),
    }

    def run(self) -> list[nodes.Node]:
        """Return the problem as HTML."""
        identity, seed = self.arguments[0], self.options.get("seed")
        if seed is None:
            problem = named(self, byhand.problem, identity)
        else:
            problem = named(self, byhand.variant, identity, seed)
        return [raw(html.problem(problem, level=self.options.get("level", 3)))]


class BankDirective(SphinxDirective):
    """All problems of a topic."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for each problem."""
        topic = named(self, directives.choice, self.arguments[0], tuple(TOPICS))
        problems = [problem for problem in map(byhand.problem, byhand.ids()) if problem.topic == topic]
        return [self.section(problem) for problem in problems]

    def section(self, problem: Problem) -> nodes.section:
        """Return the problem, and a variant behind a line that opens it."""
        anchor = f"problem-{problem.id.lower()}"
        pages(self.env)[problem.id] = (self.env.docname, anchor)
        section = nodes.section("", nodes.title("", f"{problem.id}: {problem.title}"), ids=[anchor])
        variant = html.problem(byhand.variant(problem.id, VARIANT), heading=False, lab=False)
        section += raw(html.problem(problem, heading=False))
        section += raw(f"<details><summary>Another one like {problem.id}</summary>{variant}</details>")
        return section


class IndexDirective(SphinxDirective):
    """Links to all problems by set."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each set, filled in when the pages of the bank are known."""
        sections = []
        for letter, title in SETS.items():
            section = nodes.section("", nodes.title("", f"{letter}: {title}"), ids=[f"set-{letter.lower()}"])
            section += problem_index(letter=letter)
            sections.append(section)
        return sections


class MuseumDirective(SphinxDirective):
    """Wrong answers found in the original solutions."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each topic with the exhibits in it."""
        sections = []
        for topic, exhibits in groupby(museum.exhibits(), key=lambda exhibit: exhibit.problem.topic):
            section = nodes.section("", nodes.title("", TOPICS[topic]), ids=[f"museum-{topic}"])
            for exhibit in exhibits:
                section += raw(html.exhibit(exhibit))
            sections.append(section)
        return sections


def pages(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Return the page and anchor of every problem in the bank."""
    if not hasattr(env, "problem_pages"):
        env.problem_pages = {}
    return env.problem_pages


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page said that is read anew."""
    for identity in [key for key, (page, _) in pages(env).items() if page == docname]:
        del pages(env)[identity]


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what another process read."""
    pages(env).update(pages(other))


class LinkRole(SphinxRole):
    """A link to a problem in the bank."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the place of the link."""
        if self.text not in byhand.ids():
            return [], [self.inliner.reporter.error(f"there is no problem {self.text!r}", line=self.lineno)]
        return [problem_link(identity=self.text)], []


def fill_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the links, single ones and lists."""
    for node in list(doctree.findall(problem_link)):
        node.replace_self(_link(app, docname, node["identity"]))
    for node in list(doctree.findall(problem_index)):
        chosen = [identity for identity in byhand.ids() if identity.startswith(node["letter"])]
        links = (nodes.paragraph("", "", _link(app, docname, identity)) for identity in chosen)
        node.replace_self(nodes.bullet_list("", *(nodes.list_item("", link) for link in links)))


def _link(app: Sphinx, docname: str, identity: str) -> nodes.reference:
    """Return a link from this page to where the bank shows the problem."""
    if identity not in pages(app.env):
        raise ExtensionError(f"no page of the problem bank shows {identity}")
    page, anchor = pages(app.env)[identity]
    title = nodes.Text(f"{identity}: {byhand.problem(identity).title}")
    return make_refnode(app.builder, docname, page, anchor, title)


def copy_style(app: Sphinx) -> None:
    """Put the style sheet of problems beside the book's own."""
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    (static / "problem.css").write_text(html.style(), encoding="utf-8")
    app.add_css_file("problem.css")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.add_node(problem_index)
    app.add_node(problem_link)
    app.add_role("problem-link", LinkRole())
    app.add_directive("problem", ProblemDirective)
    app.add_directive("problem-bank", BankDirective)
    app.add_directive("problem-index", IndexDirective)
    app.add_directive("museum", MuseumDirective)
    app.connect("builder-inited", copy_style)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", fill_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
