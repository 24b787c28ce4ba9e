"""Markdown and Typst, read back by the programs that they are written for: MyST, KaTeX and Typst itself."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import typst as compiler
import yaml
from book_math import KATEX, Katex
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from PIL import Image

import byhand
from byhand.question import Problem
from byhand.render import document, markdown, typst
from byhand.render.document import Array, Block, Equation, Fold, Heading, Items, Paragraph, Steps

ROOT = Path(__file__).parents[2]
SEEDS = 2  # variants of each problem; their forms repeat
IDS = byhand.ids()

# Signs that mean something to one of the formats, and what may stand around them.
SIGNS = [
    *"\\#*_`<>@[](){}~|!^%=-+/:'\".",
    "&amp;",
    "//",
    "/*",
    "*/",
    "--",
    "-?",
    ":::",
    "1.",
    "2)",
    "](",
    "[^",
]
PIECES = st.sampled_from([*SIGNS, *SIGNS, " ", " ", "a", "Word", "7", "é"])
PROSE = st.lists(PIECES, min_size=1, max_size=12).map("".join)


def everything(identity: str) -> list[Problem]:
    return [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(SEEDS))]


def is_prose(rich: str) -> bool:
    """Tell whether rich text has words only, on which all formats agree but for their own marks."""
    return all(span.kind == "text" for span in document.spans(rich)) and rich.strip() != ""


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the rich text of blocks, in reading order."""
    for block in blocks:
        match block:
            case Heading(text) | Paragraph(text):
                yield text
            case Items(items):
                yield from items
            case Steps(steps):
                yield from (step.what for step in steps)
            case Fold(_, inner):
                yield from texts(inner)


def inside(rich: str) -> list[str]:
    """Return the formulas in rich text, those in strong or emphasised words included."""
    found = []
    for span in document.spans(rich):
        found += (
            [span.text]
            if span.kind == "math"
            else inside(span.text)
            if span.kind in ("strong", "emphasis")
            else []
        )
    return found


def formulas(blocks: Iterable[Block]) -> list[str]:
    """Return the LaTeX that stands on lines of its own, in reading order."""
    found = []
    for block in blocks:
        match block:
            case Equation(tex):
                found.append(tex)
            case Array():
                found.append(f"{block.tex} = {markdown.value(block)}")
            case Steps(steps, _, digits):
                found += [step.equation(digits) for step in steps if step.equation(digits)]
            case Fold(_, inner):
                found += formulas(inner)
    return found


# Markdown


def myst() -> MarkdownIt:
    """Return the book's own reader of Markdown."""
    configured = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    extensions = set(configured["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


MYST = myst()


def tokens(source: str) -> list[Token]:
    """Return what MyST finds, the pieces of lines included."""
    return [piece for token in MYST.parse(source) for piece in (token, *(token.children or ()))]


def words_in(found: list[Token]) -> str:
    """Return the words that MyST found, without any markup."""
    return "".join(token.content for token in found if token.type in ("text", "text_special"))


@settings(max_examples=400, deadline=None)
@given(PROSE)
@example("1. one")
@example("(one)=")
@example("{{ name }}")
def test_markdown_reads_back_as_the_words_that_went_in(words: str):
    words = " ".join(words.split())
    assume(is_prose(words))
    for source in markdown.blocks([Paragraph(words)]), markdown.blocks([Items((words,))]):
        assert words_in(tokens(source)) == words


@pytest.fixture(scope="module")
def katex() -> Iterator[Katex]:
    if not KATEX.is_dir():
        raise pytest.UsageError(f"{KATEX} is missing: run `npm ci`")
    katex = Katex()
    yield katex
    katex.close()


@pytest.mark.parametrize("identity", IDS)
def test_markdown_of_every_problem_reads_back_whole(identity: str, katex: Katex):
    """MyST finds every sentence and exactly the formulas that were written, and KaTeX reads them all."""
    for problem in everything(identity):
        blocks = document.problem(problem)
        found = tokens(markdown.problem(problem))
        displayed = [token.content.strip() for token in found if token.type == "math_block"]
        assert displayed == [markdown.portable(tex).strip() for tex in formulas(blocks)], problem.name
        inline = [token.content for token in found if token.type == "math_inline"]
        assert inline == [markdown.portable(tex) for text in texts(blocks) for tex in inside(text)], (
            problem.name
        )
        words = "".join(words_in(found).split())
        for text in filter(is_prose, texts(blocks)):
            assert "".join(text.split()) in words, f"{problem.name}: {text}"
        for tex, display in [*((tex, True) for tex in displayed), *((tex, False) for tex in inline)]:
            katex.render(tex, display=display)
            host = re.sub(r"\\(?=[!-/:-@[-`{-~])", "", tex)  # a code host's backslash escapes
            assert host == tex, f"{problem.name}: a code host would show {host!r}"


def mathml(katex: Katex, tex: str) -> str:
    return re.search(r"<math.*?(?=<annotation)", katex.render(tex, display=True), re.S)[0]


@pytest.mark.parametrize(
    "tex",
    [
        r"\left\{ x \mid \|x\| <y \right\}",
        r"a\,b\!c\:d\;e",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\begin{cases} 1 & x > 0 \\ 0 & \text{else * } \end{cases}",
        r"w^* = \text{a} * b",
    ],
)
def test_katex_sees_no_difference_in_a_formula_written_for_code_hosts(tex: str, katex: Katex):
    assert markdown.portable(tex) != tex
    assert mathml(katex, markdown.portable(tex)) == mathml(katex, tex)


@pytest.mark.parametrize(
    ("tex", "tag"), [(r"\operatorname*{arg\,max}_k z", "munder"), (r"\operatorname{softmax}_k z", "msub")]
)
def test_katex_puts_limits_where_they_were(tex: str, tag: str, katex: Katex):
    for source in tex, markdown.portable(tex):
        below = re.search(rf"<{tag}>(.*)<mi>k</mi></{tag}>", mathml(katex, source))
        assert re.sub(r"<.*?>|\W", "", below[1]) in ("argmax", "softmax")


# Typst

FLAT = r"""
#let flat(it) = {
  if it == [ ] { " " }
  else if it.func() == smartquote { if it.double { "\"" } else { "'" } }
  else if it.has("text") { it.text }
  else if it.has("children") { it.children.map(flat).join() }
  else { repr(it) }
}
"""


def words_of(sources: list[str]) -> list[str]:
    """Return the words that Typst finds in each source; what is not words shows as its name."""
    written = "\n".join(f"#metadata(flat([\n{source}\n])) <read>" for source in sources)
    found = json.loads(compiler.query((FLAT + written).encode(), "<read>", field="value"))
    return [words.strip().replace("…", "...").replace("−", "-") for words in found]


@settings(max_examples=40, deadline=None)
@given(st.lists(PROSE, min_size=10, max_size=10))
@example(
    [
        "1. one",
        "= one",
        "/ one: two",
        "http://one.two/a_b",
        "a -- b",
        "\"a\" 'b'",
        "- one",
        "+ one",
        "-1",
        "#x",
    ]
)
def test_typst_reads_back_as_the_words_that_went_in(drawn: list[str]):
    kept = [words for words in (" ".join(each.split()) for each in drawn) if is_prose(words)]
    assert words_of([typst.blocks([Paragraph(words)]) for words in kept]) == kept


def pages(source: str) -> list[np.ndarray]:
    """Return the pages of a Typst source as pictures in shades of grey."""
    drawn = compiler.compile(source.encode(), format="png", ppi=50, ignore_system_fonts=True)
    drawn = [drawn] if isinstance(drawn, bytes) else drawn
    return [np.asarray(Image.open(io.BytesIO(page)).convert("L")) for page in drawn]


@pytest.mark.parametrize("solutions", [False, True])
def test_typst_sets_all_problems_inside_the_margins(solutions: bool):
    """One sheet with every problem and some variants compiles, with Typst's own fonts; nothing sticks out."""
    problems = [problem for identity in IDS for problem in everything(identity)[: 1 if solutions else 2]]
    sheet = pages(typst.document(problems, title="All problems", solutions=solutions))
    assert len(sheet) > len(problems) / 8
    margin = round(1.9 / 2.54 * 50)
    for number, page in enumerate(sheet, start=1):
        assert page.shape == (585, 413)  # A4
        outside = np.concatenate([page[:, :margin], page[:, -margin:]], axis=1)
        assert outside.min() > 200, f"page {number}: something stands in the margin"
        assert page[-margin:].min() < 128, f"page {number} has no number"


class Long(Problem):
    """A question of more than a page."""

    title = "Long"
    statement = "\n\n".join(["One paragraph."] * 60)


def test_typst_keeps_a_question_on_one_page_if_it_fits():
    problems = [byhand.variant("A1", seed) for seed in range(8)]
    sheet = typst.document([*problems, Long()], title="Sheet")
    for problem in [*problems, Long()]:
        question = typst.question(problem)
        marks = [f"#context [#metadata(here().page()) <{name}>]" for name in ("start", "end")]
        sheet = sheet.replace(question, f"{marks[0]}{question}\n{marks[1]}")
    start, end = (
        json.loads(compiler.query(sheet.encode(), f"<{name}>", field="value")) for name in ("start", "end")
    )
    assert start[:-1] == end[:-1]
    assert len(set(start[:-1])) > 1
    assert end[-1] > start[-1]


def test_typst_numbers_solutions_as_their_problems():
    sheet = typst.document([byhand.variant("A1", seed) for seed in range(3)], title="Sheet", solutions=True)
    note = "#show heading.where(level: 1): it => it + context [#metadata(counter(heading).get().first()) <number>]\n"
    numbers = json.loads(compiler.query((note + sheet).encode(), "<number>", field="value"))
    assert numbers == [
        1,
        2,
        3,
        3,
        1,
        2,
        3,
    ]  # between them, the heading of the solutions has no number of its own
