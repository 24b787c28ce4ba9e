"""The colours of the pages: those of the pictures, under one set of names, and readable in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cvlib.viz import style

ROOT = Path(__file__).parents[2]
IDENTITY = (ROOT / "_static" / "identity.css").read_text(encoding="utf-8")
SHEETS = sorted([*(ROOT / "_static").glob("*.css"), *(ROOT / "byhand").glob("render/*.css")])
ROLES = {"input": style.INPUT, "weights": style.WEIGHTS, "output": style.OUTPUT, "gradient": style.GRADIENT}
PAPER = {"ink": style.INK, "rule": style.RULE, "paper": style.PAPER}
BACKGROUNDS = ("paper", "surface", "mark")
TEXTS = ("ink", "muted", "input", "output-text", "gradient-text")


def names_in(selector: str) -> dict[str, str]:
    """Return the names that a rule of the style sheet defines, with their values."""
    rule = re.search(rf"^{re.escape(selector)} \{{(.*?)^\}}", IDENTITY, re.DOTALL | re.MULTILINE)[1]
    return dict(re.findall(r"--cvh-([\w-]+): ([^;]+);", rule))


LIGHT = names_in("html")
THEMES = {"light": LIGHT, "dark": {**LIGHT, **names_in('html[data-theme="dark"]')}}


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_colours_are_those_of_the_pictures():
    """Each role has one colour in the whole book, in light and in dark."""
    for role, colour in {**ROLES, **PAPER}.items():
        assert LIGHT[role] == colour, role
        assert THEMES["dark"][role] == style.DARK[colour], role


@pytest.mark.parametrize("theme", THEMES)
def test_texts_and_edges_are_seen(theme: str):
    """Text has a contrast of 4.5 to whatever it may stand on, the edge of a control 3 to the page."""
    colours = THEMES[theme]
    for behind in BACKGROUNDS:
        for text in TEXTS:
            assert contrast(colours[text], colours[behind]) >= 4.5, (text, behind)
    for edge in ("edge", "input", "output", "gradient"):
        assert contrast(colours[edge], colours["paper"]) >= 3, edge


def test_every_name_that_is_used_is_defined():
    """No style sheet asks for a name that does not exist; it would be passed over in silence."""
    used = {name for sheet in SHEETS for name in re.findall(r"var\(--cvh-([\w-]+)", sheet.read_text("utf-8"))}
    assert used
    assert used <= set(LIGHT)


def test_components_use_names():
    """Colours stand in identity.css and nowhere else, and both sheets are light."""
    sheet = ROOT / "_static" / "book.css"
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", sheet.read_text(encoding="utf-8")) == []
    assert max(sheet.stat().st_size, len(IDENTITY)) < 12_000
