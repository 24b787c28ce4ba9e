"""Pages made light: a small site as the theme would write it, and what is left of it."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import book_fonts
import book_weight
import pydata_sphinx_theme
import pytest
from book_math import Katex
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="auto">
  <head>
    <script data-cfasync="false">
      document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";
    </script>
    <link href="{up}_static/styles/theme.css?digest=1" rel="stylesheet" />
    <link rel="stylesheet" href="{up}_static/pygments.css" />
    <link rel="stylesheet" href="{up}_static/katex/katex.min.css" />
    <link rel="stylesheet" href="{up}_static/book.css" />
    <link rel="stylesheet" href="{up}_static/print.css" media="print" />
    <link rel="preload" as="script" href="{up}_static/scripts/bootstrap.js" />
    <link rel="icon" href="{up}_static/favicon.svg" />
    <script src="{up}_static/documentation_options.js"></script>
    <script>DOCUMENTATION_OPTIONS.pagename = 'page';</script>
    <script src="{up}_static/explorer.js"></script>
    <script src="{up}_static/player.js"></script>
    <script type="module" src="{up}_static/new.mjs"></script>
    <script src="{up}searchindex.js"></script>
  </head>
  <body>
    <h1 class="used">A table of words</h1>{body}
    <div class="highlight"><pre><span class="n">x</span> <span class="o">=</span> <span class="gp">1</span></pre></div>
    <img src="{up}_static/images/logo_used.svg">
    <script defer src="{up}_static/scripts/pydata-sphinx-theme.js?digest=1"></script>
  </body>
</html>
"""
ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"  # KaTeX puts it where a line of text needs its height
STATIC = {
    "basic.css": "h1 { color: red } table { color: red } .unused { top: 0 } .made-by-script { color: red }",
    "styles/theme.css": '@charset "UTF-8"; @import "../basic.css"; .used { background: url(../a.png) }',
    "pygments.css": "".join(
        f'html[data-theme="{theme}"] .highlight {{ background: #fff; color: {base} }}\n'
        f'html[data-theme="{theme}"] .highlight .n {{ color: {base} }}\n'
        f'html[data-theme="{theme}"] .highlight .o {{ color: #123456 }}\n'
        for theme, base in (("light", "#000"), ("dark", "#eee"))
    ),
    "katex/katex.min.css": "".join(
        f"@font-face{{font-family:KaTeX_{name};src:url(fonts/KaTeX_{name}-Regular.woff2) format('woff2'),url(x.ttf)}}"
        for name in ("Main", "Fraktur", "Size1")
    ).replace("'", '"')
    + ".katex{font:1em KaTeX_Main,Times}.katex .mathfrak{font-family:KaTeX_Fraktur}",
    "book.css": ".ours { --read: 1px; --unread: 1px; top: var(--read) } /* a remark */ /*! a licence */",
    "print.css": ".ours { display: none }",
    "explorer.js": "add('made-by-script')",
    "player.js": "",
    "new.mjs": "",
    "documentation_options.js": "const DOCUMENTATION_OPTIONS = {};",
    "scripts/sphinx-book-theme.js": "",
    "scripts/pydata-sphinx-theme.js": "const name = 2;\n//# sourceMappingURL=x.map",
    "theme.js": "const name = 1;",
    "clicks.js": "",
    "copy.js": "",
    "scrollers.js": "",
    "settle.js": "",
    "searchtools.js": "",
    "favicon.svg": "",
    "images/logo_used.svg": "",
    "images/logo_unused.svg": "",
    "locales/de/x.js": "",
}


@pytest.fixture
def app(tmp_path: Path) -> SimpleNamespace:
    """Return as much of Sphinx as the step needs, over a site of two pages."""
    builder = SimpleNamespace(name="html", get_outfilename=lambda name: str(tmp_path / f"{name}.html"))
    app = SimpleNamespace(
        outdir=tmp_path, builder=builder, env=SimpleNamespace(found_docs={"index", "chapters/one"})
    )
    write(app, "index", "chapters/one")
    return app


def write(app: SimpleNamespace, *names: str, body: str = "") -> None:
    """Write pages, and the static files, as a build does."""
    for file, text in STATIC.items():
        path = app.outdir / "_static" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in names:
        path = Path(app.builder.get_outfilename(name))
        path.parent.mkdir(exist_ok=True)
        path.write_text(PAGE.format(up="../" * name.count("/"), body=body))


def everything(root: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def sheet(app: SimpleNamespace) -> str:
    """Return the one style sheet of the site."""
    (path,) = (app.outdir / "_static").glob("*.css")
    return path.read_text()


def test_a_page_asks_for_what_it_uses(app: SimpleNamespace):
    """One style sheet and one script for all, scripts of its own that wait, and nothing for what it does not have."""
    write(app, "chapters/one", body='<figure data-explorer=""></figure>')
    book_weight.lighten(app, None)
    page = (app.outdir / "chapters" / "one.html").read_text()
    asked = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]*)"', page)
    assert [re.sub(r"\.\w{8}\.", ".#.", address) for address in asked] == [
        "../_static/site.#.css",
        "../_static/site.#.js",
        "../_static/favicon.svg",
        "../_static/explorer.js",
        "../_static/new.mjs",
    ]
    assert page.count("<script defer") == 2
    assert "explorer.js" not in (app.outdir / "index.html").read_text()
    assert "pagename" not in page
    assert '<html lang="en" data-theme="light">' in page
    assert '<img loading="lazy" width="18" height="18" src="../_static/images/logo_used.svg">' in page
    assert '<pre>x <span class="o">=</span> <span class="gp">1</span></pre>' in page
    for address in asked[:3]:
        assert (app.outdir / "chapters" / address).is_file()


def test_the_style_sheet_has_the_rules_in_use(app: SimpleNamespace):
    """What pages name and scripts write; our own sheets whole; no word of the text, no remark, no unread property."""
    book_weight.lighten(app, None)
    styles = sheet(app)
    assert "h1{color:red}" in styles
    assert ".made-by-script{color:red}" in styles
    assert ".used{background:url(a.png)}" in styles
    assert ".ours{--read:1px;top:var(--read)}" in styles
    assert "/*! a licence */" in styles
    assert "@media print{.ours{display:none}}" in styles
    for gone in ("table", ".unused", "remark", "charset", "import", "--unread"):
        assert gone not in styles


def test_nothing_is_kept_that_no_page_asks_for(app: SimpleNamespace):
    """The theme's own files are gone, and so are logos of services that no page names."""
    book_weight.lighten(app, None)
    names = {re.sub(r"\.\w{8}\.", ".#.", name) for name in everything(app.outdir / "_static")}
    own = {"explorer.js", "player.js", "new.mjs", "searchtools.js", "favicon.svg", "images/logo_used.svg"}
    assert names == {"site.#.css", "site.#.js"} | own


def test_again_changes_nothing_and_a_new_page_joins_in(app: SimpleNamespace):
    """A second build finds light pages, its sheets gone; a third writes one page anew and names change on all."""
    book_weight.lighten(app, None)
    first = everything(app.outdir)
    book_weight.lighten(app, None)
    assert everything(app.outdir) == first
    write(app, "index")
    book_weight.lighten(app, None)
    assert everything(app.outdir) == first
    write(app, "index", body="<table></table>")
    book_weight.lighten(app, None)
    assert "table{color:red}" in sheet(app)
    (styles,) = (app.outdir / "_static").glob("*.css")
    assert styles.name in (app.outdir / "chapters" / "one.html").read_text()


def test_scripts_that_are_joined_keep_their_names_apart(app: SimpleNamespace):
    """Two have a constant of the same name, which would be an error in one script."""
    book_weight.lighten(app, None)
    (script,) = (app.outdir / "_static").glob("site.*.js")
    assert script.read_text().startswith(
        "const DOCUMENTATION_OPTIONS = {};\n{\nconst name = 1;\n}\n{\n\n}\nsetTimeout(() => {\nconst name = 2;\n\n});"
    )


def test_the_theme_no_longer_measures_every_piece_of_code(app: SimpleNamespace):
    """The step is cut out of the script that is installed: it would keep a long page waiting."""
    script = Path(pydata_sphinx_theme.__file__).parent / (
        "theme/pydata_sphinx_theme/static/scripts/pydata-sphinx-theme.js"
    )
    shutil.copy(script, app.outdir / "_static" / "scripts")
    assert ".scrollWidth>" in script.read_text(encoding="utf-8")
    joined = book_weight.joined_scripts(app.outdir / "_static")
    assert ".scrollWidth>" not in joined


def test_fonts_of_formulas_come_with_the_page_that_has_some(app: SimpleNamespace):
    """They are asked for before the style sheet that names them, and not on pages without formulas."""
    formula = '<span class="katex"><span class="katex-html"><span class="mord">2</span></span></span>'
    write(app, "chapters/one", body=formula)
    book_weight.lighten(app, None)
    (font,) = (app.outdir / "_static" / "katex" / "fonts").glob("KaTeX_Main-Regular.*.woff")
    with_formula, without = [(app.outdir / f"{name}.html").read_text() for name in ("chapters/one", "index")]
    early = f'<link rel="preload" as="font" type="font/woff" crossorigin href="../_static/katex/fonts/{font.name}">'
    assert 0 < with_formula.index(early) < with_formula.index('rel="stylesheet"')
    assert "preload" not in without


def test_pages_that_ask_for_other_sheets_stop_the_build(app: SimpleNamespace):
    """They share one."""
    path = app.outdir / "index.html"
    path.write_text(path.read_text().replace("book.css", "other.css"))
    with pytest.raises(ExtensionError, match=r"differ in .*book.css.*other.css"):
        book_weight.lighten(app, None)


def test_a_page_without_the_theme_s_first_script_stops_the_build(app: SimpleNamespace):
    """The style sheet goes where it stood: a theme that no longer has it must be looked at."""
    path = app.outdir / "index.html"
    path.write_text(path.read_text().replace("document.documentElement", "x"))
    with pytest.raises(ExtensionError, match="one style sheet"):
        book_weight.lighten(app, None)


def test_fonts_have_the_letters_that_formulas_show():
    """Each letter in the font that KaTeX's classes give it, brackets in their sizes, text in bold and italics."""
    katex = Katex()
    page = katex.render(r"x + \mathbf{W} \Big( \mathbb{E} \text{ if \textbf{bold} \textit{slanted}} < \sum_i")
    katex.close()
    letters = book_fonts.letters_of_fonts([page, "<p>Ω outside of formulas</p>"])
    assert {name: "".join(sorted(shown - {" ", ZERO_WIDTH})) for name, shown in letters.items()} == {
        "KaTeX_Math-Italic": "ix",
        "KaTeX_Main-Regular": "+<fi\N{NO-BREAK SPACE}",
        "KaTeX_Main-Bold": "Wbdlo",
        "KaTeX_Main-Italic": "adelnst",
        "KaTeX_AMS-Regular": "E",
        "KaTeX_Size2-Regular": "(",
        "KaTeX_Size1-Regular": "∑",
    }
    font = TTFont(io.BytesIO(book_fonts.cut("KaTeX_Main-Regular", letters["KaTeX_Main-Regular"])))
    assert {chr(code) for code in font.getBestCmap()} >= {"+", "<", "f", "i"}
    assert ord("z") not in font.getBestCmap()
