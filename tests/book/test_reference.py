"""The API reference is complete: every public name stands on one page, and every page is in the table of contents."""

from __future__ import annotations

import doctest
import importlib
import re
from collections import Counter
from pathlib import Path

import book_math
import book_reference
import pytest
import yaml
from book_reference import chosen, first_sentence, parts, public_modules, summary, title

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "reference").glob("*.md"))
DIRECTIVE = re.compile(r"```\{reference\} (\S+)\n(?::modules: (.*)\n)?(?::except: (.*)\n)?```")


def shown() -> Counter[str]:
    """Return the public names that the pages show."""
    found = [match for page in PAGES for match in DIRECTIVE.findall(page.read_text())]
    return Counter(f"{p.home}.{name}" for arguments in found for p in chosen(*arguments) for name in p.names)


def public() -> set[str]:
    """Return every public name of every public module."""
    return {f"{p.home}.{name}" for module in public_modules() for p in parts(module) for name in p.names}


def test_every_public_name_is_on_a_page():
    """A new module needs ``{reference} cvlib.module`` on a page; new names in known modules come by themselves."""
    assert public() - set(shown()) == set()


def test_no_name_is_on_two_pages():
    assert [name for name, times in shown().items() if times > 1] == []


def test_every_directive_is_understood():
    """A directive that this file cannot read would let names go missing."""
    for page in PAGES:
        assert len(DIRECTIVE.findall(page.read_text())) == page.read_text().count("```{reference} "), (
            page.name
        )


def test_every_module_file_is_public_or_private_by_its_name():
    files = {path.stem for path in (ROOT / "cvlib").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert {f"cvlib.{name}" for name in files if name[0] != "_"} <= set(public_modules())


def test_every_page_is_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    (part,) = (part for part in toc["parts"] if part["caption"] == "Reference")
    files = [
        entry["file"] for chapter in part["chapters"] for entry in [chapter, *chapter.get("sections", ())]
    ]
    excluded = yaml.safe_load((ROOT / "_config.yml").read_text())["exclude_patterns"]
    paths = [str(page.relative_to(ROOT)) for page in PAGES]
    assert sorted(files) == [path.removesuffix(".md") for path in paths if path not in excluded]
    assert files[0] == "reference/index"
    assert files[-1] == "reference/speed"


@pytest.mark.parametrize("module", public_modules())
def test_every_name_has_a_line_in_the_table(module: str):
    """A sentence with its full stop, or the words beside a constant."""
    for part in parts(module):
        assert 2 < len(title(part.source)) < 80
        for name in part.names:
            assert re.search(r"[.?]\W*$", summary(part.home, name)), f"{part.home}.{name}"


def test_parts_follow_the_source():
    """A pair stands together, and a name is imported from where the package exports it."""
    (conv,) = (part for part in parts("cvlib.ops") if part.source == "cvlib.ops.conv")
    assert conv == ("cvlib.ops.conv", "cvlib.ops", ("conv2d", "conv2d_backward"))
    assert {part.home for part in parts("cvlib.viz")} > {"cvlib.viz", "cvlib.viz.linear_models"}


def test_modules_are_chosen_and_ordered():
    every = [part.source.rpartition(".")[2] for part in chosen("cvlib.ops")]
    some = [part.source.rpartition(".")[2] for part in chosen("cvlib.ops", "softmax * conv", "roi")]
    assert some[0] == "softmax"
    assert some[-1] == "conv"
    assert sorted([*some, "roi"]) == sorted(every)
    with pytest.raises(ValueError, match=r"cvlib\.ops has no public names in magic"):
        chosen("cvlib.ops", "conv magic")


def test_a_name_that_nothing_defines_is_noticed(monkeypatch: pytest.MonkeyPatch):
    module = importlib.import_module("cvlib.metrics")
    monkeypatch.setattr(module, "__all__", [*module.__all__, "guesses"])
    with pytest.raises(ValueError, match=r"cvlib\.metrics\.__all__ names guesses"):
        parts.__wrapped__("cvlib.metrics")


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("Return x.", "Return x."),
        ("Return 0.5 of\n    x. Then more.", "Return 0.5 of x."),
        ("Is it? ``yes`` it is.\n\nMore.", "Is it?"),
        ("No full stop\n\nMore.", "No full stop"),
    ],
)
def test_first_sentence(docstring: str, sentence: str):
    assert first_sentence(docstring) == sentence


@pytest.mark.parametrize(
    ("tex", "lines"),
    [
        ("a = b", "a = b"),
        (r"a &= 1 \\ b &= 2", r"\begin{aligned}a &= 1 \\ b &= 2\end{aligned}"),
        ("a = 1\n\nb = 2", r"\begin{aligned}a = 1\\b = 2\end{aligned}"),
        (r"50 \& x", r"50 \& x"),
        (r"\begin{cases} 1 & x \\ 0 \end{cases}", r"\begin{cases} 1 & x \\ 0 \end{cases}"),
        (r"\begin{matrix} \begin{matrix} a & b \end{matrix} & c \end{matrix}",) * 2,
        (
            r"y &= \begin{cases} 1 \\ 0 \end{cases}",
            r"\begin{aligned}y &= \begin{cases} 1 \\ 0 \end{cases}\end{aligned}",
        ),
    ],
)
def test_lines_of_a_formula_are_aligned(tex: str, lines: str):
    """As in Sphinx's own mathematics: docstrings write lines without their environment."""
    assert book_math.aligned(tex) == lines


@pytest.mark.parametrize("module", [book_math, book_reference])
def test_examples_run(module: object):
    assert doctest.testmod(module).failed == 0
