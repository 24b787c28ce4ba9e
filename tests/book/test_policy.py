"""The security policy, as it is made for a page and for the headers of a host."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import book_security
import pytest

PAGE = """<html><head><meta charset="utf-8" /><style>p { color: red }</style>
<script type="application/ld+json">{"a": 1}</script><script src="a.js"></script><script>alert(1)</script>
<script>DOCUMENTATION_OPTIONS.pagename = 'index';</script></head>
<body><button onclick="window.print()">Print</button></body></html>"""
# From the shell: printf 'alert(1)' | openssl dgst -sha256 -binary | base64, and the same for the style.
SCRIPT = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
STYLE = "'sha256-ngewhhP73WDIbgwseeu52VAAJgKdGUsu1IUQQsAm8m4='"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site of one page, a file and JupyterLite, made secure twice, as when a book is built again."""
    for place in ("index.html", "chapters/a.html", "lite/index.html", "_static/b.html"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(PAGE)
    for _ in range(2):
        book_security.secure(SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html")), None)
    return tmp_path


def test_a_page_allows_its_own_inline_scripts_and_no_others(site: Path):
    """By their hashes; data and files have none; buttons name what they do; the policy stands once."""
    html = (site / "chapters" / "a.html").read_text()
    assert html.count("Content-Security-Policy") == 1
    assert f"script-src 'self' 'wasm-unsafe-eval' {SCRIPT};" in html
    assert f"style-src-elem 'self' {STYLE};" in html
    assert '<button data-click="window.print">' in html
    assert "pagename" not in html
    assert html.index("charset") < html.index("Content-Security-Policy") < html.index("<style")


def test_what_is_no_page_of_the_book_is_left_alone(site: Path):
    assert (site / "lite" / "index.html").read_text() == PAGE
    assert (site / "_static" / "b.html").read_text() == PAGE


def test_no_two_rules_give_one_address_two_policies(site: Path):
    """Hosts would join them, and the stricter one would stop JupyterLite."""
    blocks = (site / "_headers").read_text().split("\n/")
    with_policy = {block.partition("\n")[0] for block in blocks if "Content-Security-Policy" in block}
    assert with_policy == {"", "lite/*", "chapters/*", "index*", "_static/*"}


def test_only_the_last_step_of_a_good_build_writes(tmp_path: Path):
    book_security.secure(
        SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html")), ValueError()
    )
    book_security.secure(SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="latex")), None)
    assert list(tmp_path.iterdir()) == []
