"""Markdown, plain text and Typst: what each block becomes, written out by hand. Standard library and pytest only."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType

import pytest

import byhand
from byhand.render import markdown, text, typst
from byhand.render.document import Array, Block, Equation, Fold, Heading, Items, Paragraph, Player, Steps
from byhand.trace import Step, Trace

FORMATS = [markdown, text, typst]
IDS = byhand.ids()
SEEDS = 3  # variants of each problem; their forms repeat

MATRIX = Array("W_1", (("-1", "0.25"), ("10", r"\frac{1}{3}")))
VECTOR = Array("x", (("2", "-1"),), is_vector=True)
STEPS = Steps(
    (
        Step("Multiply.", symbol="z", numbers=r"2 \cdot 3", result=6),
        Step("Nothing is left to add."),
        Step("Divide by **three**.", symbol="y", numbers=r"\frac{6}{7}", result=6 / 7),
    ),
    first=8,
    digits=2,
)
PLAYER = Player(Trace((Step("Multiply."),)))

# Each block, and what it becomes as Markdown, plain text and Typst.
EXAMPLES = {
    "heading": (
        Heading("A1: Size of `dW`", 0),
        "## A1: Size of `dW`",
        "A1: Size of dW\n==============",
        "= A1: Size of `dW`",
    ),
    "heading of a part": (Heading("Loss", 1), "### Loss", "Loss\n----", "== Loss"),
    "paragraph": (
        Paragraph("Find $x^2$ **and** *then* `dW`."),
        "Find $x^2$ **and** *then* `dW`.",
        "Find x^2 and then dW.",
        "Find $x^2$ #strong[and]; #emph[then]; `dW`.",
    ),
    "list": (
        Items(("one", "two $n$")),
        "- one\n- two $n$",
        "- one\n- two n",
        "- one\n- two $n$",
    ),
    "numbered list": (
        Items(("one", "two"), ordered=True),
        "1. one\n2. two",
        "1. one\n2. two",
        "+ one\n+ two",
    ),
    "empty list": (Items(()), "", "", ""),
    "steps": (
        STEPS,
        "9. Multiply.\n\n   $$z = 2 \\cdot 3 = 6$$\n\n"
        "10. Nothing is left to add.\n\n"
        "11. Divide by **three**.\n\n    $$y = \\frac{6}{7} \\approx 0.86$$",
        "9. Multiply.\n   z = 2 · 3 = 6\n10. Nothing is left to add.\n11. Divide by three.\n    y = 6/7 ≈ 0.86",
        None,  # below: the mathematics in it is the business of byhand.formula
    ),
    "equation": (Equation("a = b + 1"), "$$a = b + 1$$", "    a = b + 1", "$ a = b + 1 $"),
    "matrix": (
        MATRIX,
        r"$$W_1 = \begin{bmatrix} -1 & 0.25 \cr 10 & \frac{1}{3} \end{bmatrix}$$",
        "    W_1 = [−1  0.25]\n          [10   1/3]",
        None,
    ),
    "vector": (VECTOR, "$$x = (2, -1)$$", "    x = (2, −1)", None),
    "player": (PLAYER, "", "", ""),
    "fold": (
        Fold("Worked & done", (Heading("Loss", 1), Paragraph("Add."), PLAYER)),
        "<details>\n<summary>Worked &amp; done</summary>\n\n### Loss\n\nAdd.\n\n</details>",
        "Worked & done\n-------------\n\nLoss\n~~~~\n\nAdd.",
        "== Worked & done\n\n=== Loss\n\nAdd.",
    ),
    "fold of nothing": (Fold("Common mistakes", (Items(()), PLAYER)), "", "", ""),
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("number", range(3), ids=["markdown", "text", "typst"])
def test_every_block_in_every_format(name: str, number: int):
    block, *expected = EXAMPLES[name]
    if expected[number] is not None:
        assert FORMATS[number].blocks([block]) == expected[number]


def test_every_kind_of_block_has_an_example():
    assert {type(block) for block, *_ in EXAMPLES.values()} == set(Block.__args__)


@pytest.mark.parametrize("form", FORMATS)
def test_blocks_are_parted_by_a_blank_line(form: ModuleType):
    assert form.blocks([Paragraph("One."), PLAYER, Paragraph("Two.")]) == "One.\n\nTwo."


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("unknown", ["Find $x$.", None, Fold("Solution", (Step("Multiply."),))])
def test_what_is_no_block_is_refused_by_name(form: ModuleType, unknown: object):
    with pytest.raises(
        TypeError, match=r"expected a block of byhand\.render\.document, got ('Find|None|Step)"
    ):
        form.blocks([unknown])


# Markdown


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("2 * 3, max_pool, a < b, p(x|z)", r"2 \* 3, max\_pool, a \< b, p(x\|z)"),
        (r"a \ b ~ c, {{ name }} and [^1]", r"a \\ b \~ c, \{\{ name }} and \[^1]"),
        ("[[1, 2], [3, 4]] and [a](b)", r"[[1, 2], [3, 4]] and [a\](b)"),
        ("R&D, &amp; &#38;", r"R&D, \&amp; \&#38;"),
        ("3. is a number", r"3\. is a number"),
        ("3.5 is a number", r"3\.5 is a number"),
        ("12) too", r"12\) too"),
        ("26 x 26", "26 x 26"),
        ("# one", r"\# one"),
        ("- one", r"\- one"),
        ("+ one", r"\+ one"),
        ("> one", r"\> one"),
        ("== one", r"\== one"),
        ("% one", r"\% one"),
        (":::one", r"\:::one"),
        ("(one)=", r"\(one)="),
        ("(one) = 1", "(one) = 1"),
        ("[x] one", r"\[x] one"),
    ],
)
def test_markdown_escapes_what_it_would_misread(plain: str, written: str):
    assert markdown.blocks([Paragraph(plain)]) == written
    assert markdown.blocks([Items((plain,))]) == f"- {written}"


def test_markdown_escapes_nothing_inside_formulas_and_code():
    assert markdown.rich("$a_b$ and `a_b*c` **a_b**") == r"$a_b$ and `a_b*c` **a\_b**"
    assert markdown.blocks([Paragraph("$-1$ and")]) == "$-1$ and"


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        (r"I_{i,\,j}\!x\;y\:z", r"I_{i,\thinspace j}\negthinspace x\mkern5mu y\mkern4mu z"),
        (r"\left\{ x \mid \|x\| \right\}", r"\left\lbrace x \mid \Vert x\Vert \right\rbrace "),
        (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}", r"\begin{bmatrix} 1 \cr 2 \end{bmatrix}"),
        (r"\operatorname{arg\,max}_k z_k", r"\mathop{\mathrm{arg\thinspace max}}\nolimits_k z_k"),
        (r"a<b, \{a\}", r"a< b, \lbrace a\rbrace "),
        (r"w^* \text{ a * b}", r"w^\ast \text{ a * b}"),
        (r"5\%", r"5\%"),
    ],
)
def test_markdown_writes_formulas_that_survive_its_own_escapes(tex: str, written: str):
    assert markdown.rich(f"${tex}$") == f"${written}$"


def test_markdown_headings_start_where_the_page_says():
    content = [Heading("A1", 0), Fold("Solution", (Heading("J", 1),))]
    assert re.findall("^#+", markdown.blocks(content, level=4), re.M) == ["####", "#####"]
    assert re.findall("^#+", markdown.blocks(content, level=6), re.M) == ["######", "######"]
    problem = byhand.problem("A1")
    for write in markdown.problem, markdown.question, markdown.solution:
        first = re.search("^#+", write(problem, level=3), re.M)
        assert len(first[0]) == (4 if write is markdown.solution else 3)


# Plain text


def test_lines_of_text_end_between_words_and_never_inside_a_formula_or_a_number():
    words = "word " * 19  # 95 columns: what follows would begin on this line and end on the next
    for tied in (
        "$a = b + c \\cdot d$",
        "`two words`",
        "26 × 26 × 4",
        "12 800 000",
        "[[1, 2], [3, 4]]",
        "re-use",
    ):
        shown = {"$a = b + c \\cdot d$": "a = b + c · d", "`two words`": "two words"}.get(tied, tied)
        expected = f"{words.strip()}\n{shown}, end."
        assert text.blocks([Paragraph(f"{words}{tied}, end.")]) == expected


def test_a_list_goes_on_below_its_text():
    long = " ".join(["word"] * 30)
    assert text.blocks([Items((long, "short"), ordered=True)]) == (
        "1. " + " ".join(["word"] * 19) + "\n   " + " ".join(["word"] * 11) + "\n2. short"
    )


def test_a_formula_longer_than_a_line_goes_on_before_a_sign_outside_brackets():
    terms = " + ".join([r"(10 + 20) \cdot 30"] * 8)
    lines = text.blocks([Equation(f"y = {terms} = -7")]).split("\n")
    assert lines == [
        "    y = (10 + 20) · 30 + (10 + 20) · 30 + (10 + 20) · 30 + (10 + 20) · 30 + (10 + 20) · 30",
        "        + (10 + 20) · 30 + (10 + 20) · 30 + (10 + 20) · 30 = −7",
    ]


def test_a_matrix_too_long_for_a_line_goes_on_after_a_row():
    row = " & ".join(["1000"] * 12)
    long = rf"$\begin{{bmatrix}} {row} \\ {row} \end{{bmatrix}}$: too long"
    numbers = ", ".join(["1000"] * 12)
    assert text.blocks([Paragraph(long)]) == f"[[{numbers}],\n[{numbers}]]: too long"


def test_a_long_vector_goes_on_in_the_next_line():
    vector = Array("x", (tuple(["0.125"] * 20),), is_vector=True)
    assert text.blocks([vector]) == (
        "    x = (" + "0.125, " * 12 + "0.125,\n         " + ", ".join(["0.125"] * 7) + ")"
    )


@pytest.mark.parametrize("identity", IDS)
def test_text_shows_no_trace_of_markup(identity: str):
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(SEEDS))]:
        for write in text.problem, text.question, text.solution, text.statement:
            written = write(problem)
            assert not re.search(r"[$\\\N{NO-BREAK SPACE}]|[\w^}]\{|\}\{|\*\*|\bfrac\b|\btext\b", written), (
                problem.name
            )
            assert not re.search(r"[ \t]$", written, re.M), f"{problem.name}: a space ends a line"
            assert not written.startswith("\n")
            assert not written.endswith("\n")
            assert "\n\n\n" not in written


@pytest.mark.parametrize("identity", IDS)
def test_lines_of_text_are_at_most_100_columns(identity: str):
    """Tables of numbers, whose rows are not broken, are the exception."""
    for problem in [byhand.problem(identity), *(byhand.variant(identity, seed) for seed in range(SEEDS))]:
        for line in text.problem(problem).split("\n"):
            assert len(line) <= 100 or re.fullmatch(r" *(\S+ = )?\[[^]]*\]", line), f"{problem.name}: {line}"


def test_a_problem_prints_as_its_statement():
    for problem in (byhand.problem("A1"), byhand.variant("A1", 7)):
        assert repr(problem) == text.statement(problem) == text.question(problem)


# Typst


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("#1 costs 2 * 3 at a_b", r"\#1 costs 2 \* 3 at a\_b"),
        (r"a \ b ~ c <d> @e [f]", r"a \\ b \~ c \<d\> \@e \[f\]"),
        ("a // b /* c http://d", r"a \// b \/\* c http:\//d"),
        ("a--b -? c - d", r"a\--b \-? c - d"),
        ("3. is a number", r"3\. is a number"),
        ("= one", r"\= one"),
        ("- one", r"\- one"),
        ("+ one", r"\+ one"),
        ("/ one: two", r"\/ one: two"),
        ("-1 is", "-1 is"),
    ],
)
def test_typst_escapes_what_it_would_misread(plain: str, written: str):
    assert typst.blocks([Paragraph(plain)]) == written
    assert typst.blocks([Items((plain,))]) == f"- {written}"


def test_typst_numbers_steps_and_puts_equations_on_lines_of_their_own():
    lines = typst.blocks([STEPS]).split("\n")
    assert lines[:2] == ["9. Multiply.", ""]
    assert re.fullmatch(r"   \$ z = 2 \S+ 3 = 6 \$", lines[2])
    assert lines[3:6] == ["10. Nothing is left to add.", "11. Divide by #strong[three];.", ""]
    assert lines[6].startswith("    $ y = ")
    assert len(lines) == 7


def test_typst_puts_arrays_side_by_side_until_something_else_comes():
    first, between, second = typst.blocks([MATRIX, VECTOR, Paragraph("then"), VECTOR]).split("\n\n")
    assert first.startswith("#align(center)[\n  #box(")
    assert [line.split(", $")[1].split(" = ")[0] for line in first.split("\n")[1:3]] == [
        "display(#$W_1",
        "display(#$x",
    ]
    assert between == "then"
    assert second.count("#box") == 1


def test_typst_lets_a_long_list_of_numbers_go_on_in_the_next_line():
    numbers = ["0.125"] * 12
    written = typst.rich(f"$({', '.join(numbers)})$: no")
    assert written == "(" + ", ".join(["#box[$0.125$]"] * 12) + "): no"
    vector = typst.blocks([Array("x", (tuple(numbers),), is_vector=True)])
    assert f"#box[$x =$] {written.removesuffix(': no')}" in vector
    assert typst.rich("$(2, 1)$") == "$(2, 1)$"


def test_typst_lets_a_long_equation_go_on_in_the_next_line():
    assert typst.blocks([Equation(" + ".join(["a"] * 20))]).startswith("$ a + ")
    assert typst.blocks([Equation(" + ".join(["a"] * 60))]).startswith("$display(#$a + ")


def test_a_sheet_has_its_title_problems_and_only_if_asked_solutions():
    problems = [byhand.problem("A1"), byhand.variant("A1", 3)]
    sheet = typst.document(problems, title="Sheet #1: *convolution*")
    assert r"title: [Sheet \#1: #emph[convolution];]" in sheet
    assert 'paper: "a4"' in sheet
    assert re.findall("^= (.*):", sheet, re.M) == ["A1", "A1, variant 3"]
    assert typst.question(problems[0]) in sheet
    assert "add up" not in sheet
    answered = typst.document(problems, title="Sheet", solutions=True)
    assert re.findall("^= (.*):", answered, re.M) == ["A1", "A1, variant 3"] * 2
    questions, solutions = answered.split("[Worked solutions]")
    assert "add up" not in questions
    assert all(typst.solution(problem) in solutions for problem in problems)
    assert solutions.count("== Common mistakes") == 2


def test_a_sheet_needs_a_problem():
    with pytest.raises(ValueError, match="at least one problem"):
        typst.document([], title="Empty")


def test_no_package_is_fetched():
    assert "@preview" not in typst.document([byhand.problem("A1")], title="A", solutions=True)


# Every problem


@pytest.mark.parametrize("write", [markdown.problem, typst.problem])
@pytest.mark.parametrize("identity", IDS)
def test_a_problem_has_its_question_solution_and_mistakes(identity: str, write: Callable[..., str]):
    problem = byhand.problem(identity)
    written = write(problem)
    assert problem.id in written.split("\n")[0]
    assert "Worked solution" in written
    assert ("Common mistakes" in written) == bool(problem.mistakes)
