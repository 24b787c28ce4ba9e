"""The API reference, written from the docstrings: what a package's ``__all__`` names is shown, so nothing is forgotten.

- ``{reference} cvlib.ops`` shows the public names of a module, those of a package by the module that defines them: a
  section each, under the first words of its docstring. ``:modules: conv pooling`` chooses and orders the modules, a
  ``*`` among them stands for all that are not named; ``:except: conv`` leaves some out.
- ``{reference-names}`` is a table of all public names with the first sentence of each docstring, one for each module.

Sphinx's autodoc and napoleon do the work; the rest of this file decides what they are asked for.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pydoc import locate
from types import ModuleType
from typing import ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

PACKAGES = ("cvlib", "byhand")
BACKWARD = "_backward"


class Part(NamedTuple):
    """Public names that one module defines, and the module to import them from."""

    source: str  # "cvlib.ops.conv"
    home: str  # "cvlib.ops"
    names: tuple[str, ...]


def public_modules() -> list[str]:
    """Return the modules that a reader imports: those of ``cvlib`` in its own order, and the loops."""
    import cvlib

    return [*(f"cvlib.{name}" for name in cvlib.__all__ if name != "__version__"), "byhand.definitions"]


@cache
def parts(package: str) -> tuple[Part, ...]:
    """Return the public names of a module or package, by the modules that define them.

    A submodule's own ``__all__`` counts too: what the package does not export is imported from the submodule. A module
    without one shows what it defines under names without an underscore in front.
    """
    module = importlib.import_module(package)
    public = getattr(module, "__all__", [name for name in _definitions(module) if name[0] != "_"])
    exported, found = set(public), []
    for source in _sources(module):
        defined = _definitions(source)
        names = [name for name in defined if name in exported]
        exported -= set(names)
        if names:
            found.append(Part(source.__name__, package, tuple(names)))
        own = [name for name in getattr(source, "__all__", ()) if name not in public]
        own = [name for name in defined if name in own]
        if own:
            found.append(Part(source.__name__, source.__name__, tuple(own)))
    if exported:
        raise ValueError(
            f"{package}.__all__ names {', '.join(sorted(exported))}, which no module of it defines"
        )
    return tuple(found)


def chosen(package: str, modules: str = "", without: str = "") -> list[Part]:
    """Return the parts in the order of ``modules``, where ``*`` is the rest, but not those named in ``without``."""
    order, left_out = modules.split() or ["*"], without.split()
    every = {}
    for part in parts(package):
        every.setdefault(part.source.removeprefix(f"{package}."), []).append(part)
    if unknown := {*order, *left_out} - {*every, "*"}:
        raise ValueError(f"{package} has no public names in {', '.join(sorted(unknown))}")
    rest = [name for name in every if name not in order]
    names = [name for entry in order for name in (rest if entry == "*" else [entry])]
    return [part for name in names if name not in left_out for part in every[name]]


def _sources(module: ModuleType) -> Iterator[ModuleType]:
    """Yield the module and all modules below it; private ones as well, for a package may export from them."""
    yield module
    for info in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        if not info.name.endswith(("__main__", ".files")):
            yield importlib.import_module(info.name)


def _definitions(module: ModuleType) -> list[str]:
    """Return the names that a module defines at its top level, in the order of the source."""
    names = []
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names.append(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names += [
                leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)
            ]
    return list(dict.fromkeys(names))


def summary(module: str, name: str) -> str:
    """Return the first sentence of a docstring, or what stands in ``#:`` beside a constant."""
    thing = getattr(importlib.import_module(module), name)
    return first_sentence(_words(module, name) if _is_constant(thing) else inspect.getdoc(thing) or "")


def first_sentence(docstring: str) -> str:
    """Return the text up to the first full stop, on one line.

    >>> first_sentence("Return 0.5 of x. Then more.")
    'Return 0.5 of x.'
    """
    paragraph = " ".join(docstring.strip().split("\n\n")[0].split())
    return re.split(r"(?<=[.?!])\s+(?=[A-Z*`:])", paragraph)[0]


def title(module: str) -> str:
    """Return the first words of a module's docstring, short enough for a heading.

    >>> title("cvlib.models.alexnet")
    'AlexNet'
    """
    sentence = first_sentence(importlib.import_module(module).__doc__)
    words = re.split(r"[:;]\s|[.?]$", sentence)[0]
    if len(words) > 40:
        words = words.split(", ")[0]
    return words.replace("``", "")


def _is_constant(thing: object) -> bool:
    return not (inspect.isroutine(thing) or inspect.isclass(thing))


def _words(module: str, name: str) -> str:
    """Return the ``#:`` comment of a constant, from the module that defines it."""
    source = next(part.source for part in parts(module) if name in part.names and part.home == module)
    analyzer = ModuleAnalyzer.for_module(source)
    return "\n".join(analyzer.find_attr_docs().get(("", name), [])).strip()


def described(part: Part, name: str) -> list[str]:
    """Return the lines of reStructuredText that describe one public name."""
    thing = getattr(importlib.import_module(part.home), name)
    if inspect.isclass(thing):
        public = ", ".join(base.__name__ for base in thing.__mro__[1:] if base.__name__[0] != "_")
        # What a private base defines belongs to the class itself; what a public base defines stands there.
        return [f".. autoclass:: {name}", "   :members:", f"   :inherited-members: {public}", ""]
    if inspect.isroutine(thing):
        return [f".. autofunction:: {name}", ""]
    value = repr(thing)
    value = [f"   :value: {value}"] if len(value) <= 60 else []
    return [f".. py:data:: {name}", *value, "", f"   {_words(part.home, name)}", ""]


def told(module: str) -> list[str]:
    """Return the lines that show a module's docstring; without a target where a function is called as its module."""
    package, _, name = module.rpartition(".")
    taken = package and inspect.isroutine(getattr(importlib.import_module(package), name, None))
    return [f".. automodule:: {module}", *["   :no-index:"] * bool(taken), ""]


class ReferenceDirective(SphinxDirective):
    """The public names of a module with all that their docstrings say."""

    required_arguments = 1
    option_spec: ClassVar = {
        "modules": directives.unchanged_required,
        "except": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the module's own words, and a section for each module behind it."""
        package = self.arguments[0]
        try:
            pieces = chosen(package, self.options.get("modules", ""), self.options.get("except", ""))
        except ValueError as error:
            raise self.error(str(error)) from error
        found = []
        if "except" not in self.options and "*" in self.options.get("modules", "*"):
            found += self.parsed(told(package))
        for part in pieces:
            names = [line for name in part.names for line in described(part, name)]
            if part.source == package:
                found += self.parsed([f".. py:currentmodule:: {package}", "", *names])
                continue
            section = nodes.section("", nodes.title("", title(part.source)), ids=[nodes.make_id(part.source)])
            section += self.parsed([*told(part.source), f".. py:currentmodule:: {part.home}", "", *names])
            found.append(section)
        return found

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """Return reStructuredText as nodes, whatever the language of the page."""
        container = nodes.Element()
        fenced = StringList(["`````{eval-rst}", *lines, "`````"], self.get_source_info()[0])
        self.state.nested_parse(fenced, self.content_offset, container)
        return container.children


class NamesDirective(ReferenceDirective):
    """All public names, a table for each module."""

    required_arguments = 0
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return a section for each module."""
        return [self.section(module) for module in public_modules()]

    def section(self, module: str) -> nodes.section:
        """Return the table of one module, the pairs in one row."""
        section = nodes.section("", nodes.title("", module), ids=[nodes.make_id(f"names-{module}")])
        lines = [f".. py:currentmodule:: {module}", "", f":py:mod:`{module}`: {self.about(module)}", ""]
        lines += [".. list-table::", "   :class: names", "   :header-rows: 1", "   :widths: 40 60", ""]
        lines += ["   * - Name", "     - What it does"]
        for part in parts(module):
            for name in part.names:
                if name.endswith(BACKWARD) and name.removesuffix(BACKWARD) in part.names:
                    continue
                both = [name] + [name + BACKWARD] * (name + BACKWARD in part.names)
                prefix = part.home.removeprefix(module).lstrip(".")
                links = [f":py:obj:`{prefix}{'.' * bool(prefix)}{n} <{part.home}.{n}>`" for n in both]
                lines += [f"   * - {', '.join(links)}", f"     - {summary(part.home, name)}"]
        section += self.parsed(lines)
        return section

    def about(self, module: str) -> str:
        """Return the first sentence of the module's docstring, its first letter small after the colon."""
        sentence = first_sentence(importlib.import_module(module).__doc__)
        return sentence[0].lower() + sentence[1:]


def skip_member(app: Sphinx, what: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Leave out of a class what its own words tell: a named tuple's fields, and the operation that a layer calls."""
    is_field = type(thing).__name__ == "_tuplegetter"
    is_operation = what == "class" and inspect.isfunction(thing) and "." not in thing.__qualname__
    return True if is_field or is_operation else None


def look_further(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element
) -> nodes.Element | None:
    """Find names of the packages above a module; let a name without a page stand as text, if it exists.

    Such a name is another library's (nothing is fetched, so there are no inventories of others), or a private module
    tells of its own helpers. What exists nowhere stops the build.
    """
    if node.get("refdomain") != "py":
        return None
    target, module = node["reftarget"], node.get("py:module") or ""
    if target.partition(".")[0] not in PACKAGES and "." in target:
        return text if locate(target) else None
    path = f"{module}.{target}" if target.partition(".")[0] not in PACKAGES else target
    if "._" in path:
        return text if locate(path) else None
    while module := module.rpartition(".")[0]:
        full = f"{module}.{target}"
        if found := env.domains["py"].resolve_xref(
            env, node["refdoc"], app.builder, node["reftype"], full, node, text
        ):
            return found
    return None


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.add_directive("reference", ReferenceDirective)
    app.add_directive("reference-names", NamesDirective)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("missing-reference", look_further)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
