"""KaTeX's fonts with only the letters that the book's formulas show.

A font for mathematics has hundreds of letters; a page of formulas asks for five such fonts. What each must be able to
draw is read from the formulas as KaTeX has written them, and from KaTeX's style sheet, which gives a class its font.
"""

from __future__ import annotations

import io
import logging
import re
from collections import defaultdict
from collections.abc import Iterable
from html import unescape
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

KATEX = Path(__file__).parent.parent / "node_modules" / "katex" / "dist"
FORMULA = 'class="katex-html"'
TOKEN = re.compile(r'<(/?)span(?: class="([^"]*)")?[^>]*>|<[^>]*>|([^<]+)')
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
FONT_PROPERTY = re.compile(r"font-(family|weight|style):([^;}]+)")
STYLES = {
    ("400", "normal"): "Regular",
    ("700", "normal"): "Bold",
    ("400", "italic"): "Italic",
    ("700", "italic"): "BoldItalic",
}
Font = tuple[str, str, str]  # family, weight, style


def font_classes() -> list[tuple[frozenset[str], dict[str, str]]]:
    """Return what KaTeX's style sheet says of fonts: the classes that an element must have, and what they change."""
    rules = []
    for selectors, body in RULE.findall((KATEX / "katex.css").read_text(encoding="utf-8")):
        if properties := dict(FONT_PROPERTY.findall(body.replace(": ", ":").replace("bold", "700"))):
            for selector in selectors.split(","):
                parts = [part for part in re.split(r"[\s>]+", selector.strip()) if "." in part]
                if parts and not parts[-1].startswith(".katex"):
                    rules.append((frozenset(parts[-1].split(".")[1:]), properties))
    return rules


def letters_of_fonts(pages: Iterable[str]) -> dict[str, set[str]]:
    """Return the letters that the pages' formulas show in each font, under names such as ``KaTeX_Math-Italic``."""
    rules, known, letters = font_classes(), {}, defaultdict(set)

    def within(font: Font, classes: str) -> Font:
        if (font, classes) not in known:
            style = dict(zip(("family", "weight", "style"), font, strict=True))
            for needed, properties in rules:
                if needed <= set(classes.split()):
                    style |= properties
            known[font, classes] = tuple(style.values())
        return known[font, classes]

    for page in pages:
        for start in re.finditer(FORMULA, page):
            fonts: list[Font] = [("KaTeX_Main", "400", "normal")]
            for token in TOKEN.finditer(page, page.index(">", start.end()) + 1):
                if token[3] is not None:
                    letters[fonts[-1]].update(unescape(token[3]))
                elif token[1] == "":
                    fonts.append(within(fonts[-1], token[2] or ""))
                elif token[1] == "/":
                    fonts.pop()
                    if not fonts:
                        break
    named = defaultdict(set)
    for font, shown in letters.items():
        named[name(font)] |= shown
    return named


def name(font: Font) -> str:
    """Return the name of a font's file: KaTeX has some families in one style only, which then serves for all.

    >>> name(("KaTeX_Main", "700", "normal")), name(("KaTeX_Size1", "700", "normal"))
    ('KaTeX_Main-Bold', 'KaTeX_Size1-Regular')
    """
    family, weight, style = font
    family = family.replace('"', "").split(",")[0]
    there = [path.stem for path in (KATEX / "fonts").glob(f"{family}-*.ttf")]
    wanted = f"{family}-{STYLES[weight.strip(), style.strip()]}"
    return wanted if wanted in there or len(there) != 1 else there[0]


def cut(font: str, letters: Iterable[str]) -> bytes:
    """Return a font of KaTeX with these letters only.

    As WOFF, which Python can write: cut down, it is smaller than the whole font as WOFF2.
    """
    logging.getLogger("fontTools").setLevel("ERROR")  # it wonders at the year 1970 in KaTeX's fonts
    file = TTFont(KATEX / "fonts" / f"{font}.ttf", recalcTimestamp=False)
    cutter = Subsetter(Options(hinting=False, name_IDs=[]))
    cutter.populate(text="".join(letters))
    cutter.subset(file)
    file.flavor = "woff"
    file.save(content := io.BytesIO())
    return content.getvalue()
