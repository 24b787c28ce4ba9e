"""What students type, form by form; then any text at all. Expected values are written out, or come from ``decimal``."""

import ast
import doctest
import math
import random
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand import typed
from byhand.typed import Entry, Reading, Typed, Unreadable, read, write

F = Fraction
INF = math.inf
many = settings(max_examples=200, deadline=None)


def plain(value):
    """Nested tuples of bare numbers."""
    return value.value if isinstance(value, Typed) else tuple(map(plain, value))


def nest(value):
    """Nested lists as nested tuples."""
    return tuple(map(nest, value)) if isinstance(value, list | tuple) else value


def only(text):
    """The one entry of a text."""
    (entry,) = read(text)
    return entry


def first(text):
    """The likeliest reading of the one entry."""
    return only(text).readings[0]


def forms(text):
    """Every reading of the one entry, as form and bare value."""
    return [(reading.form, plain(reading.value)) for reading in only(text).readings]


def message(text):
    with pytest.raises(Unreadable) as caught:
        read(text)
    return str(caught.value)


# Numbers.


@pytest.mark.parametrize(
    ("text", "value", "resolution"),
    [
        ("12", 12, 1),
        ("007", 7, 1),
        ("-3", -3, 1),
        ("−3", -3, 1),
        ("–3", -3, 1),
        ("- 3", -3, 1),
        ("+4", 4, 1),
        ("5.", 5, 1),
        (".5", F(1, 2), F(1, 10)),
        ("-.5", F(-1, 2), F(1, 10)),
        ("0.25", F(1, 4), F(1, 100)),
        ("5.010", F(501, 100), F(1, 1000)),
        ("1e-3", F(1, 1000), F(1, 1000)),
        ("2.50e-3", F(1, 400), F(1, 100_000)),
        ("1.5E6", 1_500_000, 100_000),
        ("1.5e+06", 1_500_000, 100_000),
        ("1.5*10^6", 1_500_000, 100_000),
        ("1.5*10**6", 1_500_000, 100_000),
        ("1.5 x 10^-3", F(3, 2000), F(1, 10_000)),
        ("1.5 X 10^(-3)", F(3, 2000), F(1, 10_000)),
        ("1.5×10⁶", 1_500_000, 100_000),
        ("1.5·10⁻³", F(3, 2000), F(1, 10_000)),
        ("-2×10^−1", F(-1, 5), F(1, 10)),
        ("10^6", 10**6, 10**6),
        ("-10⁻²", F(-1, 100), F(1, 100)),
        ("1e400", 10**400, 10**400),
        ("12_800_000", 12_800_000, 1),
        ("12'800'000", 12_800_000, 1),
        ("12.800.000", 12_800_000, 1),
        ("12{,}800{,}000", 12_800_000, 1),
        (r"12\,800.5", F(128_005, 10), F(1, 10)),
        ("43.35M", 43_350_000, 10_000),
        ("12.8 million", 12_800_000, 100_000),
        ("1.5 Billion", 1_500_000_000, 100_000_000),
        ("2 thousand", 2000, 1000),
        ("3k", 3000, 1000),
        ("3.5 K", 3500, 100),
        ("-1.25G", -1_250_000_000, 10_000_000),
        ("≈ 5.01", F(501, 100), F(1, 100)),
        ("~5.01", F(501, 100), F(1, 100)),
        ("= 5.01", F(501, 100), F(1, 100)),
        ("about 5.01", F(501, 100), F(1, 100)),
        ("about: 5", 5, 1),
        ("approximately −5.01", F(-501, 100), F(1, 100)),
        (r"\approx 5.01", F(501, 100), F(1, 100)),
        ("= ≈ ca. 5", 5, 1),
        ("$5.01$", F(501, 100), F(1, 100)),
        (r"\(5.01\)", F(501, 100), F(1, 100)),
        (r"1.5 \cdot 10^{-3}", F(3, 2000), F(1, 10_000)),
        (r"$1.5\times 10^{6}$", 1_500_000, 100_000),
        (r"1.5\,\times\,10^6", 1_500_000, 100_000),
        ("(5)", 5, 1),
        ("(-5.0)", -5, F(1, 10)),
        ("5,", 5, 1),
        ("0.5.", F(1, 2), F(1, 10)),
        ("  5 \n", 5, 1),
        ("np.float64(0.5)", F(1, 2), F(1, 10)),
        ("np.int64(-3)", -3, 1),
        ("array(5)", 5, 1),
        ("9.68x", F(242, 25), F(1, 100)),
        ("9.68 times", F(242, 25), F(1, 100)),
        ("１２．５", F(25, 2), F(1, 10)),
        ("٣٫٥", F(7, 2), F(1, 10)),
        ("1/3", F(1, 3), None),
        ("-1/3", F(-1, 3), None),
        ("6 / 4", F(3, 2), None),
        ("(1/3)", F(1, 3), None),
        ("1⁄3", F(1, 3), None),
        ("½", F(1, 2), None),
        ("-¾", F(-3, 4), None),
        (r"\frac{1}{3}", F(1, 3), None),
        (r"$-\frac{1}{3}$", F(-1, 3), None),
        (r"\dfrac{ -2 }{ 6 }", F(-1, 3), None),
        ("Fraction(1, 3)", F(1, 3), None),
        ("-Fraction(-5)", 5, None),
        ("fractions.Fraction(7, 2)", F(7, 2), None),
        ("1/2 million", 500_000, None),
        ("inf", INF, None),
        ("Infinity", INF, None),
        ("∞", INF, None),
        ("-∞", -INF, None),
        ("− inf", -INF, None),
        (r"+\infty", INF, None),
        ("unbounded", INF, None),
        ("-np.inf", -INF, None),
        ("-inf %", -INF, None),
    ],
)  # fmt: skip
def test_number(text, value, resolution):
    entry = only(text)
    assert [reading.form for reading in entry.readings] == ["number"]
    assert entry.name is None
    number = entry.readings[0].value
    assert number == Typed(value, resolution)
    assert isinstance(number.value, float if abs(value) == INF else F)


@many
@given(
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**20),
    st.text("0123456789", max_size=12),
    st.none() | st.integers(-200, 200),
)
def test_decimal_agrees(sign, whole, decimals, exponent):
    """Value and last digit are those of Python's decimal numbers, in every spelling of the power of ten."""
    digits = f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
    spellings = [digits]
    if exponent is not None:
        spellings = [f"{digits}e{exponent}", f"{digits} x 10^{exponent}", f"{digits}*10**{exponent}"]
        spellings += [rf"{digits} \times 10^{{{exponent}}}"]
    number = Decimal(digits if exponent is None else f"{digits}e{exponent}")
    for text in spellings:
        assert first(text).value == Typed(F(number), F(10) ** number.as_tuple().exponent)


@many
@given(
    st.integers(1000, 10**15), st.sampled_from([",", " ", "_", "'", "{,}", r"\,", "\u202f"]), st.booleans()
)
def test_grouped_thousands(number, mark, negative):
    text = f"{number:,}".replace(",", mark)
    value = -number if negative else number
    assert first("-" * negative + text) == Reading(Typed(F(value), F(1)), "number", None)
    assert forms("-" * negative + text)[0] == ("number", value)


@pytest.mark.parametrize(
    ("text", "value", "resolution", "unit"),
    [
        ("50%", F(1, 2), F(1, 100), "percent"),
        (r"12.5 \%", F(1, 8), F(1, 1000), "percent"),
        ("50 percent", F(1, 2), F(1, 100), "percent"),
        ("5.01 nats", F(501, 100), F(1, 100), "nats"),
        ("1 Nat", 1, 1, "nats"),
        ("7.2232 bits", F(72_232, 10_000), F(1, 10_000), "bits"),
        (r"5 \text{ bits}", 5, 1, "bits"),
        ("8 bytes", 8, 1, "bytes"),
        ("8 B", 8, 1, "bytes"),
        ("1.5 kB", 1500, 100, "bytes"),
        ("1.5KB", 1500, 100, "bytes"),
        ("2 MB", 2_000_000, 1_000_000, "bytes"),
        ("2 Mb", 2_000_000, 1_000_000, "bytes"),
        ("2 GB", 2 * 10**9, 10**9, "bytes"),
        ("1 KiB", 1024, 1024, "bytes"),
        ("1.5 MiB", 1_572_864, F(1_048_576, 10), "bytes"),
        ("1 gib", 1024**3, 1024**3, "bytes"),
        ("456 parameters", 456, 1, "parameters"),
        ("456 params", 456, 1, "parameters"),
        ("456 learnable weights", 456, 1, "parameters"),
        ("456 parameters trainable", 456, 1, "parameters"),
        ("1.2M params", 1_200_000, 100_000, "parameters"),
        ("1.2Mparams", 1_200_000, 100_000, "parameters"),
        ("12_800_000 MACs", 12_800_000, 1, "macs"),
        ("1 mac", 1, 1, "macs"),
        ("7 multiplications", 7, 1, "macs"),
        ("7 multiply-adds", 7, 1, "macs"),
        ("1.2 GMACs", 1_200_000_000, 100_000_000, "macs"),
        ("3.6 GFLOPs", 3_600_000_000, 100_000_000, "flops"),
        ("2 million flops", 2_000_000, 1_000_000, "flops"),
        ("9 pixels", 9, 1, "pixels"),
        ("9px", 9, 1, "pixels"),
        ("1 value", 1, 1, "values"),
        ("4 feature maps", 4, 1, "maps"),
        ("8 layers", 8, 1, "layers"),
        ("8 steps", 8, 1, "steps"),
        ("8 updates", 8, 1, "updates"),
        ("1 epoch", 1, 1, "epochs"),
        ("3 ms", 3, 1, "ms"),
        ("3 s", 3, 1, "s"),
        ("1/3 nats", F(1, 3), None, "nats"),
        ("∞ bits", INF, None, "bits"),
    ],
)  # fmt: skip
def test_unit(text, value, resolution, unit):
    assert only(text).readings == (Reading(Typed(value, resolution), "number", unit),)


# Lists and matrices.

MATRIX = ((1, 2), (3, 4))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, -2, 0.5]", (1, -2, F(1, 2))),
        ("(1, -2)", (1, -2)),
        ("{-1, 1}", (-1, 1)),
        (r"\{-1, 1\}", (-1, 1)),
        ("[-1]", (-1,)),
        ("(-1,)", (-1,)),
        ("[1/2,]", (F(1, 2),)),
        ("-1, 2", (-1, 2)),
        ("-1 2", (-1, 2)),
        ("-1 and 2", (-1, 2)),
        ("-1, 2, and 3", (-1, 2, 3)),
        ("[3 -1]", (3, -1)),
        ("[ 0.5 -1.   2. ]", (F(1, 2), -1, 2)),
        ("1/2, Fraction(1, 3), ½, inf", (F(1, 2), F(1, 3), F(1, 2), INF)),
        ("≈0.5, ≈0.25", (F(1, 2), F(1, 4))),
        ("[np.float64(0.5), np.float64(-1.0)]", (F(1, 2), -1)),
        ("[[1, 2], [3, 4]]", MATRIX),
        ("[[1,2],[3,4]]", MATRIX),
        ("((1, 2), (3, 4),)", MATRIX),
        ("[(1, 2), (3, 4)]", MATRIX),
        ("[1, 2], [3, 4]", MATRIX),
        ("[[1 2]\n [3 4]]", MATRIX),
        ("[[1. 2.]\n [3. 4.]]", MATRIX),
        ("[[1 2][3 4]]", MATRIX),
        ("[1 2; 3 4]", MATRIX),
        ("[1, 2; 3, 4;]", MATRIX),
        ("array([[1, 2], [3, 4]])", MATRIX),
        ("np.array([[1, 2],\n       [3, 4]], dtype=float32)", MATRIX),
        ("tensor([[1., 2.],\n        [3., 4.]], requires_grad=True)", MATRIX),
        ("tensor([[1., 2.], [3., 4.]], device='cuda:0', grad_fn=<AddBackward0>)", MATRIX),
        (r"\begin{bmatrix}1&2\\3&4\end{bmatrix}", MATRIX),
        (r"$\begin{pmatrix} 1 & 2 \\ 3 & 4 \\ \end{pmatrix}$", MATRIX),
        (r"\left[\begin{array}{cc} 1 & 2 \\ 3 & 4 \end{array}\right]", MATRIX),
        ("1 2\n3 4", MATRIX),
        ("1 2 ; 3 4", MATRIX),
        ("1, 2\n3, 4\n", MATRIX),
        ("1, 2,\n3, 4,", MATRIX),
        ("1\t2\r\n3\t4\r\n", MATRIX),
        ("-1/2 0.5\n∞ 1e3", ((F(-1, 2), F(1, 2)), (INF, 1000))),
        ("[[[1], [2]], [[3], [4]]]", (((1,), (2,)), ((3,), (4,)))),
        ("[[1, 2], [3]]", ((1, 2), (3,))),
        ("[1, [2, 3]]", (1, (2, 3))),
        ("[[[[[[1]]]]]]", ((((((1,),),),),),)),
        ("[0, ∞)", (0, INF)),
        ("(0, 1/4]", (0, F(1, 4))),
        ("[0.5, 1.5].", (F(1, 2), F(3, 2))),
    ],
)  # fmt: skip
def test_list(text, value):
    reading = first(text)
    assert (reading.form, plain(reading.value), reading.unit) == ("list", value, None)
    assert not any(form == "number" for form, _ in forms(text))


SPELLINGS = {
    "Python": lambda rows: "[" + ", ".join("[" + ", ".join(row) + "]" for row in rows) + "]",
    "no spaces": lambda rows: "[" + ",".join("[" + ",".join(row) + "]" for row in rows) + "]",
    "tuples": lambda rows: "(" + ", ".join("(" + ", ".join(row) + ",)" for row in rows) + ",)",
    "NumPy's print": lambda rows: "[" + "\n ".join("[" + " ".join(row) + "]" for row in rows) + "]",
    "NumPy's repr": lambda rows: "array([" + ",\n ".join("[" + ", ".join(row) + "]" for row in rows) + "])",
    "LaTeX": lambda rows: (
        r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"
    ),
}
SPELLINGS_OF_ROWS = {
    "MATLAB": lambda rows: "[" + "; ".join(" ".join(row) for row in rows) + "]",
    "MATLAB with commas": lambda rows: "[" + ";".join(",".join(row) for row in rows) + "]",
    "lines": lambda rows: "\n".join(" ".join(row) for row in rows),
    "lines with commas": lambda rows: "\n".join(", ".join(row) for row in rows),
}


@many
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(st.integers(-99, 99), min_size=n, max_size=n), min_size=1)
    )
)
def test_every_spelling_of_a_matrix_is_the_same_matrix(rows):
    written = [[str(number) for number in row] for row in rows]
    expected = nest(rows)
    names = dict(SPELLINGS)
    if len(rows) > 1 and len(rows[0]) > 1:
        names |= SPELLINGS_OF_ROWS
    for name, spell in names.items():
        reading = first(spell(written))
        assert (reading.form, plain(reading.value)) == ("list", expected), name


def test_every_digit_of_a_list_keeps_its_resolution():
    assert first("[1.50, 2; 1/3 4e2]").value == (
        (Typed(F(3, 2), F(1, 100)), Typed(F(2), F(1))),
        (Typed(F(1, 3), None), Typed(F(400), F(100))),
    )


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("[1, 2] nats", (1, 2), "nats"),
        ("0.5, 0.25 bits", (F(1, 2), F(1, 4)), "bits"),
        ("[0.5 bits, 0.25 bits]", (F(1, 2), F(1, 4)), "bits"),
        ("[10, 20]%", (F(1, 10), F(1, 5)), "percent"),
        ("10%, 20%", (F(1, 10), F(1, 5)), "percent"),
        ("[1 kB, 2 MB]", (1000, 2_000_000), "bytes"),
        ("[1, 2] kB", (1000, 2000), "bytes"),
        ("[1 2; 3 4] px", MATRIX, "pixels"),
        ("1 k, 2 M", (1000, 2_000_000), None),
    ],
)
def test_unit_of_a_list(text, value, unit):
    reading = first(text)
    assert (plain(reading.value), reading.form, reading.unit) == (value, "list", unit)


def test_a_factor_reaches_every_reading_and_every_resolution():
    flat = (Typed(F(1000), F(1000)), Typed(F(1500), F(100)))
    column = tuple((number,) for number in flat)
    assert only("[1; 1.5] kB").readings == (Reading(column, "list", "bytes"), Reading(flat, "list", "bytes"))


# Shapes.


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("26x26x4", (26, 26, 4)),
        ("26 × 26 × 4", (26, 26, 4)),
        ("26*26*4", (26, 26, 4)),
        ("26·26·4", (26, 26, 4)),
        ("26 by 26 by 4", (26, 26, 4)),
        ("26X26 x4", (26, 26, 4)),
        (r"26 \times 26 \times 4", (26, 26, 4)),
        ("(26x26x4)", (26, 26, 4)),
        ("[26 x 26 x 4]", (26, 26, 4)),
        ("26x26x4.", (26, 26, 4)),
        ("2*3", (2, 3)),
        ("10 x 10", (10, 10)),
        ("0x5", (0, 5)),
        ("1x160", (1, 160)),
    ],
)
def test_shape(text, sizes):
    assert only(text).readings == (Reading(tuple(Typed(F(n), F(1)) for n in sizes), "shape", None),)


def test_shape_with_a_unit():
    assert first("28x28 px") == Reading((Typed(F(28), F(1)),) * 2, "shape", "pixels")


def test_shapes_among_commas_are_entries():
    entries = read("conv: 9x9x6, 456; pool: 4 × 4 × 6, 1,610")
    assert [entry.name for entry in entries] == ["conv", None, "pool", None]
    assert [plain(entry.readings[0].value) for entry in entries] == [(9, 9, 6), 456, (4, 4, 6), 1610]
    assert [plain(entry.readings[0].value) for entry in read("9x9x6,456")] == [(9, 9, 6), 456]


# Ambiguity: every reading, in this order and no other.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(26, 26, 4)", [("list", (26, 26, 4)), ("shape", (26, 26, 4))]),
        ("26, 26, 4", [("list", (26, 26, 4)), ("shape", (26, 26, 4))]),
        ("[26 26 4]", [("list", (26, 26, 4)), ("shape", (26, 26, 4))]),
        ("(160,)", [("list", (160,)), ("shape", (160,))]),
        ("torch.Size([26, 26, 4])", [("shape", (26, 26, 4)), ("list", (26, 26, 4))]),
        ("(26, -26)", [("list", (26, -26))]),
        ("(26, 2.0)", [("list", (26, 2))]),
        ("1,234", [("number", 1234), ("list", (1, 234)), ("number", F(1234, 1000)), ("shape", (1, 234))]),
        ("1 234", [("number", 1234), ("list", (1, 234)), ("shape", (1, 234))]),
        ("[1,234]", [("list", (1, 234)), ("shape", (1, 234))]),
        ("1, 234", [("list", (1, 234)), ("shape", (1, 234))]),
        ("0,25", [("list", (0, 25)), ("number", F(1, 4)), ("shape", (0, 25))]),
        ("-2,5", [("list", (-2, 5)), ("number", F(-5, 2))]),
        ("0,25 0,5", [("list", (F(1, 4), F(1, 2)))]),
        ("12,800,000", [("number", 12_800_000)]),
        ("12 800 000", [("number", 12_800_000)]),
        ("1,050", [("number", 1050), ("number", F(105, 100))]),
        ("1,234.5", [("number", F(12345, 10)), ("list", (1, F(2345, 10)))]),
        ("1.234,5", [("list", (F(1234, 1000), 5)), ("number", F(12345, 10))]),
        ("12.800.000,5", [("list", (12_800_000, 5)), ("number", F(128_000_005, 10)), ("shape", (12_800_000, 5))]),
        ("1.255", [("number", F(1255, 1000))]),
        ("1,234, -5", [("list", (1234, -5)), ("list", (1, 234, -5)), ("list", (F(1234, 1000), -5))]),
        ("1,2,3", [("list", (1, 2, 3)), ("shape", (1, 2, 3))]),
        ("1000 200 300", [("list", (1000, 200, 300)), ("shape", (1000, 200, 300))]),
        ("0.5 100 200", [("list", (F(1, 2), 100, 200))]),
        ("1 234 567 8", [("list", (1, 234, 567, 8)), ("shape", (1, 234, 567, 8))]),
        ("0.5\n0.25", [("list", (F(1, 2), F(1, 4))), ("list", ((F(1, 2),), (F(1, 4),)))]),
        ("100 -1\n300 -1", [("list", ((100, -1), (300, -1)))]),
        ("1 200\n3 400", [("list", ((1, 200), (3, 400))), ("list", (1200, 3400)), ("list", ((1200,), (3400,))),
                          ("shape", (1200, 3400))]),
        ("1,200\n3,400", [("list", (1200, 3400)), ("list", ((1, 200), (3, 400))), ("list", (F(6, 5), F(17, 5))),
                          ("list", ((1200,), (3400,))), ("list", ((F(6, 5),), (F(17, 5),))), ("shape", (1200, 3400))]),
        ("[-1; 2]", [("list", ((-1,), (2,))), ("list", (-1, 2))]),
        (r"\begin{bmatrix} -1 & 2 \end{bmatrix}", [("list", ((-1, 2),)), ("list", (-1, 2))]),
        (r"\begin{bmatrix} -1 \\ 2 \end{bmatrix}", [("list", ((-1,), (2,))), ("list", (-1, 2))]),
    ],
)  # fmt: skip
def test_readings_of_ambiguous_text(text, expected):
    assert forms(text) == expected


# Entries and names.


def parts(text):
    return [(entry.name, plain(entry.readings[0].value), entry.text) for entry in read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("J = [[2,9]]; K: [[1, 2]]", [("J", ((2, 9),), "J = [[2,9]]"), ("K", ((1, 2),), "K: [[1, 2]]")]),
        ("J = 1\nK = 2\n", [("J", 1, "J = 1"), ("K", 2, "K = 2")]),
        ("{'J': [[2, 9]], 'K': [1]}", [("J", ((2, 9),), "'J': [[2, 9]]"), ("K", (1,), "'K': [1]")]),
        ('{\n "J": (2, 9),\n "K": np.float64(0.5),\n}', [("J", (2, 9), '"J": (2, 9)'),
                                                        ("K", F(1, 2), '"K": np.float64(0.5)')]),
        ("{J: 1, K: 2}", [("J", 1, "J: 1"), ("K", 2, "K: 2")]),
        ("p=0.2, q=0.8", [("p", F(1, 5), "p=0.2"), ("q", F(4, 5), "q=0.8")]),
        ("p=0.2 q=0.8", [("p", F(1, 5), "p=0.2"), ("q", F(4, 5), "q=0.8")]),
        ("p = 0.2 and q = 0.8", [("p", F(1, 5), "p = 0.2"), ("q", F(4, 5), "q = 0.8")]),
        ("J = 1, K = 2, 3", [("J", 1, "J = 1"), ("K", (2, 3), "K = 2, 3")]),
        ("J = [1, 2] K = 3", [("J", (1, 2), "J = [1, 2]"), ("K", 3, "K = 3")]),
        ("y = 3 x = 5", [("y", 3, "y = 3"), ("x", 5, "x = 5")]),
        ("J=5 nats; K=6 bits", [("J", 5, "J=5 nats"), ("K", 6, "K=6 bits")]),
        ("J =\n1 2\n3 4\nK = 5", [("J", MATRIX, "J =\n1 2\n3 4"), ("K", 5, "K = 5")]),
        ("J = 1 2\n    3 4", [("J", MATRIX, "J = 1 2\n    3 4")]),
        ("J =\n1\n2", [("J", (1, 2), "J =\n1\n2")]),
        ("J = 5\n6", [("J", 5, "J = 5"), (None, 6, "6")]),
        ("K:\n26x26x4", [("K", (26, 26, 4), "K:\n26x26x4")]),
        ("1 2\n3", [(None, (1, 2), "1 2"), (None, 3, "3")]),
        ("[1, 2]\n[3, 4]", [(None, (1, 2), "[1, 2]"), (None, (3, 4), "[3, 4]")]),
        ("9x9x6\n456", [(None, (9, 9, 6), "9x9x6"), (None, 456, "456")]),
        ("5 nats\n7 bits", [(None, 5, "5 nats"), (None, 7, "7 bits")]),
        ("12 kB\n456", [(None, 12_000, "12 kB"), (None, 456, "456")]),
        ("a = 1;; b = 2;", [("a", 1, "a = 1"), ("b", 2, "b = 2")]),
        ("[1 2\n 3 4]", [(None, (1, 2, 3, 4), "[1 2\n 3 4]")]),
        ("x = 10 x 3", [("x", (10, 3), "x = 10 x 3")]),
    ],
)  # fmt: skip
def test_entries(text, expected):
    assert parts(text) == expected


NAMES_OF_PARTS = [
    "dW", "J", "total", "conv1 output", "dL/dw_k", "p[1]", "J_{0,1}", "J(0, 1)", r"\hat{y}", "ŷ", "y\u0302", "σ'(z)",
    "θ", "∂L/∂w", "p(x|z)", "W^{(1)}", "dW₁", "x'", "max pool 2x2", r"\frac{\partial L}{\partial w}", r"\text{loss}",
    "b.c", "H×W×C", "mini-batch", "a" * 40,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_OF_PARTS)
@pytest.mark.parametrize("separator", [" = ", "=", ": ", ":", " := ", " == ", " ≈ ", r" \approx "])
def test_name(name, separator):
    value = Reading(Typed(F(-5), F(1)), "number", None)
    assert read(f"{name}{separator}-5") == (Entry(name, (value,), f"{name}{separator}-5"),)
    assert [entry.name for entry in read(f"first = 1, {name}{separator}-5")] == ["first", name]


def test_dollars_belong_to_no_name():
    assert [entry.name for entry in read(r"$\hat{y} = 0.5$; $J$ = 1")] == [r"\hat{y}", "J"]


# What cannot be read: the message names it and its place.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing to read yet"),
        (" \n\t", "nothing to read yet"),
        ("5.01 foo", 'The word "foo" (character 6) is not a unit'),
        ("5 nan", 'The word "nan" (character 3)'),
        ("12 Meter nats", 'The word "Meter" (character 4)'),
        ("J = [1, 2]\nK = [1, two]", 'I do not know the word "two" (line 2, character 9)'),
        ("total 26", 'I do not know the word "total" (character 1) (behind a name, = or : should follow)'),
        ("5 @ 3", 'I cannot read "@" (character 3)'),
        ("1.2.3", 'I cannot read "1.2.3" (character 1) as one number'),
        ("1_23", 'I cannot read "_" (character 2)'),
        ("2^10", '"^" (character 2)'),
        ("3-1", 'type the result instead of the calculation at "-" (character 2)'),
        ("3 - 1", 'type the result instead of the calculation at "-" (character 3)'),
        ("--3", 'calculation at "-" (character 2)'),
        ("1/2/3", 'calculation at "/" (character 4)'),
        ("1/0", 'A division by zero has no value: "1/0"'),
        (r"\frac{1}{0}", r'A division by zero has no value: "\frac{1}{0}"'),
        ("Fraction(1, 0)", "A division by zero"),
        ("0.5/3", 'A fraction needs whole numbers above and below, unlike "0.5/3"'),
        ("1/1e2", 'unlike "1/1e2"'),
        ("1/3 ≈ 0.333", '"≈" (character 5)'),
        ("x = 5 = 6", '"=" (character 7)'),
        ("5 nats = 7 bits", '"=" (character 8)'),
        ("{5: 3}", '":" (character 3)'),
        ("x =", 'There is no value in "x ="'),
        ("a = ; b = 2", 'There is no value in "a ="'),
        ("a =\nb = 2", 'There is no value in "a ="'),
        ("x = ≈", 'The text ends where a number should follow "≈"'),
        ("[2]x", 'A number should follow "x" (character 4)'),
        ("3x3x", 'The text ends where a number should follow "x" (character 4)'),
        ("3 x -1", '"-" (character 5)'),
        ("-3x3", 'The sizes of a shape are whole numbers, unlike those of "-3"'),
        ("-[1, 2]", 'not before "-[1, 2]"'),
        ("2.5x3", 'The sizes of a shape are whole numbers, unlike those of "2.5"'),
        ("3x2.5", 'unlike those of "3x2.5"'),
        ("3x1/2", 'unlike those of "3x1/2"'),
        ("3x(3)", 'unlike those of "3x(3)"'),
        ("3x3 MB", '"MB" (character 5) does not fit a shape'),
        ("[3x3, 5]", 'A shape does not belong in a list of numbers, "[3x3, 5]"'),
        ("[1, 2", 'The bracket "[" (character 1) is never closed'),
        ("J = [1, 2\nK = 5", 'The bracket "[" (line 1, character 5) is never closed'),
        ("1, 2]", 'The bracket "]" (character 5) was never opened'),
        ("[1, 2}", 'The brackets round "[1, 2}" (character 1) are not a pair'),
        ("[1, 2, 3)", "are not a pair"),
        ("([1], 2]", "are not a pair"),
        (r"\begin{bmatrix}1\end{pmatrix}", "are not a pair"),
        (r"[1\end{bmatrix}", "are not a pair"),
        ("array([1]", 'The bracket "array(" (character 1) is never closed'),
        ("[]", 'The brackets "[]" (character 1) are empty'),
        ("[[], 1]", 'The brackets "[]" (character 2) are empty'),
        ("[1,, 2]", 'A number is missing before "," (character 4)'),
        ("[, 1]", 'A number is missing before "," (character 2)'),
        ("[1;; 2]", 'A row is missing before ";" (character 4)'),
        ("[1 2, 3]", 'Commas separate some numbers in "1 2," (character 2) and spaces others'),
        ("[1, 2 3]", 'A comma is missing before "3" (character 7)'),
        ("5 nats and 7 bits", 'The numbers in "5 nats and 7 bits" (character 1) have different units'),
        ("2, [1 nats; 2 bits]", 'The numbers in "[1 nats; 2 bits]" (character 4) have different units'),
        ("[1 kB; 2]", 'The unit in "[1 kB; 2]" (character 1) should stand behind every number'),
        (", 3x3", 'A number is missing before "," (character 1)'),
        ("9x9, , 456", 'A number is missing before "," (character 6)'),
        ("5 nats bits", 'One unit is enough, and "bits" (character 8) is another'),
        ("[5 nats] bits", 'One unit is enough, and "bits"'),
        ("5 million million", 'One unit is enough, and "million" (character 11) is another'),
        ("5 MB k", 'One unit is enough, and "k"'),
        ("10, 20%", 'The unit in "10, 20%" (character 1) should stand behind every number'),
        ("[1, 2 MB]", "should stand behind every number"),
        ("5 'a", '"\'"'),
        ("__import__('os')", "_"),
        ("9" * 61, "has more than 60 digits"),
        ("é 5", '"é" (character 1)'),
        ("5 \ud800", '"\N{REPLACEMENT CHARACTER}" (character 3)'),
        ("5 \u202e", '"\N{REPLACEMENT CHARACTER}" (character 3)'),
        ("5 \x00", '"\N{REPLACEMENT CHARACTER}" (character 3)'),
    ],
)
def test_unreadable(text, said):
    assert said in message(text)


@pytest.mark.parametrize(
    "text", ["foo", "[1, 2", "x" * 30 + "\n5 " + "y" * 300, "5 = \x07\u202e", "1,,2", "$", "\ud800"]
)
def test_message_is_one_sentence_with_the_forms(text):
    said = message(text)
    assert said.endswith(
        "I understand numbers such as 12, -0.25, 1/3, 1.5e-3 or 50%, lists such as [1, 2], "
        "matrices such as [[1, 2], [3, 4]] and shapes such as 26x26x4."
    )
    assert said.isprintable()
    assert len(said) < 400


def test_a_quote_has_at_most_40_characters():
    assert f'"{"y" * 39}…" (character 3)' in message("5 " + "y" * 300)
    assert f'"{"y" * 39}…" (character 3)' in message("5 " + "y" * 41)
    assert f'"{"y" * 40}" (character 3)' in message("5 " + "y" * 40)


@pytest.mark.parametrize("value", [None, 5, b"5", ["5"]])
def test_not_a_string(value):
    with pytest.raises(TypeError, match="text must be a string, got"):
        read(value)


# Limits: what is just inside is read, what is just outside has its own sentence.


@pytest.mark.parametrize(
    ("inside", "outside", "said"),
    [
        ("5" + " " * 9_999, "5" + " " * 10_000, "The text has 10,001 characters, more than the 10,000 that I read"),
        ("-1 " * 2000, "-1 " * 2001, "There are more than 2,000 numbers, too many"),
        ("[[[[[[1]]]]]]", "[[[[[[[1]]]]]]]", 'The brackets at "[" (character 7) are nested more than 6 deep.'),
        ("9" * 60, "9" * 61, f'The number "{"9" * 39}…" (character 1) has more than 60 digits.'),
        ("." + "9" * 60, "." + "9" * 61, "has more than 60 digits."),
        ("1/" + "9" * 60, "1/" + "9" * 61, "has more than 60 digits."),
        (rf"\frac{{1}}{{{'9' * 60}}}", rf"\frac{{1}}{{{'9' * 61}}}", "has more than 60 digits."),
        ("1e400", "1e401", 'The power of ten in "1e401" (character 1) is beyond 10^400 or 10^-400.'),
        ("1e-400", "1e-401", 'in "1e-401" (character 1) is beyond'),
        ("2 x 10^400", "2 x 10^401", 'in "2 x 10^401" (character 1) is beyond'),
        ("10⁴⁰⁰", "10⁴⁰¹", 'in "10⁴⁰¹" (character 1) is beyond'),
        ("1e" + "0" * 9000 + "5", "1e" + "5" * 9000, "is beyond 10^400"),
        ("a" * 40 + "=1", "a" * 41 + "=1", "is longer than 40 characters."),
        (f"{{'{'a' * 40}': 1}}", f"{{'{'a' * 41}': 1}}", "is longer than 40 characters."),
    ],
)  # fmt: skip
def test_limit(inside, outside, said):
    assert read(inside)
    assert said in message(outside)


# Writing.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (-5, "-5"),
        (F(1, 3), "1/3"),
        (F(-6, 3), "-2"),
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        (INF, "inf"),
        (-INF, "-inf"),
        ([1, -2], "[1, -2]"),
        ((1, -2), "[1, -2]"),
        ([[1, F(1, 2)], [3, 4.5]], "[[1, 1/2], [3, 4.5]]"),
        ({"J": [[2, 9]], "dL/dw": F(-1, 2)}, "J = [[2, 9]]; dL/dw = -1/2"),
    ],
)
def test_write(value, expected):
    assert write(value) == expected


def test_write_shapes():
    assert write((26, 26, 4), shape=True) == "26x26x4"
    assert write({"size": (9, 9, 6), "parameters": 456, "w": [1, 2]}, shape=True) == (
        "size = 9x9x6; parameters = 456; w = [1, 2]"
    )
    assert write((160,), shape=True) == "(160,)"
    assert ("shape", (160,)) in forms("(160,)")


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (math.nan, ValueError, "nan cannot be typed"),
        ([], ValueError, "an empty list cannot be typed"),
        ([[1], []], ValueError, "an empty list"),
        ({}, ValueError, "an empty dict"),
        (10**60, ValueError, "more than 60 digits cannot be typed"),
        pytest.param(
            10**5000, ValueError, "a number of more than 60 digits cannot be typed: round it first", id="huge"
        ),
        (F(1, 10**60), ValueError, "more than 60 digits"),
        ([[[[[[[1]]]]]]], ValueError, "nested more than 6 deep"),
        ([1] * 2001, ValueError, "more than 2,000 numbers"),
        ([10**9] * 1000, ValueError, "more than the 10,000"),
        ({"1a": 1}, ValueError, "cannot be typed"),
        ({"a=b": 1}, ValueError, "cannot be typed"),
        ({" a": 1}, ValueError, r"the names \[' a'\] cannot be typed: they would be read as \['a'\]"),
        ({"a; b": 1}, ValueError, "cannot be typed"),
        ({1: 1}, TypeError, "the name of a part must be a string, got 1 of type int"),
        ("5", TypeError, "got '5' of type str"),
        (None, TypeError, "got None"),
        (True, TypeError, "got True"),
        (1j, TypeError, "got 1j"),
        ({"a": {"b": 1}}, TypeError, "got {'b': 1}"),
    ],
)
def test_what_cannot_be_written(value, error, said):
    with pytest.raises(error, match=said):
        write(value)


@pytest.mark.parametrize(
    ("sizes", "error"),
    [((), ValueError), ((-1, 2), ValueError), ((1.0, 2), TypeError), ((True, 2), TypeError)],
)
def test_what_is_no_shape(sizes, error):
    with pytest.raises(error, match="shape"):
        write(sizes, shape=True)


def test_a_list_that_holds_itself_cannot_be_written():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested more than 6 deep"):
        write(endless)


NUMBERS = (
    st.integers(-(10**30), 10**30)
    | st.fractions().filter(lambda x: max(abs(x.numerator), x.denominator) < 10**60)
    | st.floats(allow_nan=False)
)
LISTS = st.recursive(NUMBERS, lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=12)
NAMES = st.from_regex(r"[A-Za-zα-ω]([A-Za-z0-9_/'.]| (?=[A-Z])){0,20}", fullmatch=True).filter(
    lambda name: name.casefold() not in {"about", "approximately", "approx", "approx.", "roughly", "around", "circa",
                                         "ca", "ca."}
)  # fmt: skip


def same(got, value):
    """Whether a typed value is this one: exact numbers exactly, a float to its last bit."""
    if isinstance(value, list):
        return not isinstance(got, Typed) and len(got) == len(value) and all(map(same, got, value))
    return isinstance(got, Typed) and (float(got.value) if isinstance(value, float) else got.value) == value


def depth(value):
    return 1 + max(map(depth, value)) if isinstance(value, list) else 0


@many
@given(LISTS.filter(lambda value: depth(value) <= 6))
def test_what_is_written_is_read_back(value):
    assert same(first(write(value)).value, value)


@many
@given(st.dictionaries(NAMES, LISTS.filter(lambda value: depth(value) <= 6), min_size=1, max_size=4))
def test_named_parts_are_read_back(value):
    entries = read(write(value))
    assert [entry.name for entry in entries] == list(value)
    assert all(same(entry.readings[0].value, value[entry.name]) for entry in entries)


@many
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
def test_shapes_are_read_back(sizes):
    assert ("shape", tuple(sizes)) in forms(write(tuple(sizes), shape=True))


# Any text at all.

UNITS = {
    None, "nats", "bits", "bytes", "parameters", "macs", "flops", "percent", "pixels", "values", "maps", "channels",
    "filters", "neurons", "layers", "steps", "updates", "epochs", "ms", "s",
}  # fmt: skip
ASCII = [*map(chr, range(32, 127)), "\n", "\t"]
PIECES = [
    "1", "23", "0.5", "-4", "1,234", "12 800", "-", "+", "/", "e", "e5", "^", "*", "x", "×", " by ", "[", "]", "(", ")",
    "{", "}", ",", ";", "=", ":", "J", "dW", "nats", "kB", "%", "M", "million", "inf", "∞", "≈", "about ", ".", "'",
    r"\frac{1}{3}", r"\begin{bmatrix}", r"\end{bmatrix}", r"\\", "&", "Fraction(1, 3)", "np.float64(", "array(", "$",
    r"\left", r"\times", "10^", "⁶", r"\{", r"\}", "{,}", r"\,", " and ", "'J': ", "torch.Size(", "½", "1/0",
    r"\text{bits}", ", dtype=f4", "_000", "1e401", " ", "\n", ", ", "; ",
]  # fmt: skip


def soup(pick):
    return "".join(pick.choices(ASCII, k=pick.randint(1, 40)))


def shaped_soup(pick):
    return "".join(pick.choices(PIECES, k=pick.randint(1, 15)))


def unicode_soup(pick):
    """Characters of every script, with more than a fair share of digits and signs."""
    ends = pick.choices([0x40, 0x3000, 0x110000], k=pick.randint(1, 30))
    return "".join(chr(pick.randrange(0x20, end)) for end in ends)


def repetition(pick):
    return (pick.choice(PIECES) * pick.randint(1, 3) + pick.choice(PIECES)) * pick.randint(1, 20)


def nearly_right(pick):
    """A well-formed answer with at most two characters changed, left out or doubled."""
    numbers = ["1", "-2", "30", "0.5", "1/3", "1,234"]
    rows = [pick.choices(numbers, k=pick.randint(1, 3)) for _ in range(pick.randint(1, 2))]
    text = pick.choice([*SPELLINGS.values(), *SPELLINGS_OF_ROWS.values()])(rows)
    text = (
        pick.choice(["", "J = ", "dL/dw: ", "≈ "])
        + text
        + pick.choice(["", " nats", " kB", "%", "; K = 3x4"])
    )
    for _ in range(pick.randint(0, 2)):
        at = pick.randrange(len(text)) if text else 0
        text = text[:at] + pick.choice(["", text[at : at + 1] * 2, pick.choice(ASCII)]) + text[at + 1 :]
    return text


LONG = [
    "[" * 9999, "1" * 9999, "9" * 300 + "e" + "9" * 20, "-" * 9999, "]" * 9999, "1," * 4999, "1 " * 4999, "1;" * 999,
    "\n" * 9999, " " * 9999, "a " * 4999, "a=" * 4999, "1 234" * 1999, "1,234," * 1666, "1.234." * 1666, "x" * 9999,
    "1x" * 4999, "10^" * 3333, "(" * 4999 + ")" * 4999, "[1]," * 1999, "{'a':" * 1999, "'" * 9999, "\\" * 9999,
    "1e" * 4999, "k " * 4999, "5 " + "M" * 9990, "5" + " M" * 4990, "1/" * 4999, r"\frac{" * 1428, "$" * 9999,
    "Fraction(" * 1111, ",dtype=" * 1400, r"\begin{bmatrix}" * 666, "\ud800" * 9999, "\u0301" * 9999, "0" * 9999,
    "1e" + "0" * 9990, "a(" * 4999, "1_000" * 1999, "9x9, " * 999, "about " * 1600, "1" + "_000" * 2000,
]  # fmt: skip
REPEATED = [*sorted({text[:12] for text in LONG}), "1 2\n", "J=1\n", "[1],\n", "1,5;"]


def check_value(value, form):
    if form == "number":
        assert isinstance(value, Typed)
    if isinstance(value, Typed):
        assert isinstance(value.value, F) or value.value in (INF, -INF)
        assert value.resolution is None or (isinstance(value.resolution, F) and value.resolution > 0)
        return
    assert isinstance(value, tuple)
    assert value
    for part in value:
        check_value(part, "number" if form == "shape" else None)
        assert form != "shape" or (part.value >= 0 and part.value.denominator == 1)


def outcome(text):
    """How a text is answered, once the answer is found to be in the stated form."""
    try:
        entries = read(text)
    except Unreadable as error:
        said = str(error)
        assert said.isprintable()
        assert said.endswith(".")
        assert len(said) < 400
        assert '"" (' not in said or '"' in text  # nothing is quoted that is not there
        return "unreadable"
    assert isinstance(entries, tuple)
    assert entries
    for entry in entries:
        assert type(entry) is Entry
        assert entry.text
        assert entry.text in text
        assert entry.name is None or (entry.name in entry.text and 0 < len(entry.name) <= 40)
        assert entry.readings
        assert len(set(entry.readings)) == len(entry.readings)
        for reading in entry.readings:
            assert reading.form in ("number", "list", "shape")
            assert reading.unit in UNITS
            check_value(reading.value, reading.form)
    return "read"


@pytest.mark.parametrize(
    ("make", "at_least"),  # of a thousand, so many are read: a fuzz that is refused at the door tries nothing
    [(soup, 2), (shaped_soup, 15), (unicode_soup, 1), (repetition, 20), (nearly_right, 400)],
)
def test_100000_random_texts_get_an_answer(make, at_least):
    pick = random.Random(make.__name__)
    seen = Counter(outcome(make(pick)) for _ in range(20_000))
    assert seen["read"] + seen["unreadable"] == 20_000
    assert seen["read"] >= 20 * at_least
    assert seen["unreadable"] >= 20 * 100


@pytest.mark.parametrize("text", LONG, ids=lambda text: ascii(text[:12]))
def test_long_repetitions_get_an_answer(text):
    assert outcome(text)


@many
@given(st.text())
def test_any_text_gets_an_answer(text):
    assert outcome(text)


def work(text):
    """How many Python and C functions are called to answer a text."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read(text)
    except Unreadable:
        pass
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", REPEATED, ids=ascii)
def test_four_times_the_text_is_at_most_four_times_the_work(piece):
    read("1")  # the caches are warm
    short, long = work(piece * (2000 // len(piece))), work(piece * (8000 // len(piece)))
    assert long <= 4.2 * short + 200


def test_nothing_is_evaluated():
    """No call that could run what was typed, and floats are made from an author's numbers only."""
    tree = ast.parse(Path(typed.__file__).read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"eval", "exec", "compile", "literal_eval", "__import__", "complex", "getattr"}
    assert not attributes & {"literal_eval", "import_module"}
    floats = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "float"
    }
    assert floats == {"_written_number"}


def test_examples_in_the_docstrings():
    tried = doctest.testmod(typed)
    assert tried.attempted >= 5
    assert not tried.failed
