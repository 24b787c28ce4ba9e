"""A security policy: what a page may load and run, told to the browser by the page itself.

The book's own files, and nothing else. Should a text ever slip into a page as HTML, no script in it runs and nothing it
names is fetched. Each page carries the policy as a tag, so that it holds on every host; ``_headers``, a file that some
hosts read, says the same in the answers' headers, with what only headers can say.

- Scripts are files of the site, or one of the few inline ones named here by their hash. ``wasm-unsafe-eval`` lets
  Python run in the page; it allows WebAssembly, and no ``eval`` of JavaScript.
- Style sheets likewise. Style attributes are allowed, because KaTeX places the parts of a formula by them; what they
  can do is change the looks of their own element.
- Workers are files of the site; the one that runs Python is.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

APART = ("_static", "lite")  # no pages of the book: files, and JupyterLite with its own
INLINE = re.compile(r"<(script|style)((?:\s[^>]*)?)>(.*?)</\1>", re.DOTALL)
DATA_TYPE = re.compile(r'type="(?!module"|text/javascript"|importmap")')  # of scripts that no browser runs
HANDLER = re.compile(r' onclick="([\w.]+)\(\)"')  # the theme's buttons; _static/clicks.js does what they name
PAGE_NAME = "DOCUMENTATION_OPTIONS.pagename"  # used by a menu of versions only, and another text on each page
TAG = re.compile(r'\s*<meta http-equiv="Content-Security-Policy"[^>]*>')
CHARSET = re.compile(r'<meta charset="[^"]*"\s*/?>', re.IGNORECASE)
DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",  # for browsers that do not know the next two
    "style-src-elem": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
FRAMES = "frame-ancestors 'self'"  # who may show the book in a frame: a browser heeds it in headers only
HEADERS = {
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # where a link leads learns nothing about who followed it
    "X-Content-Type-Options": "nosniff",
}
LITE = (  # JupyterLite makes its pages out of scripts, runs Python in workers made from text, and fetches packages
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob: https://cdn.jsdelivr.net https://pypi.org https://files.pythonhosted.org; "
    f"frame-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; {FRAMES}"
)
# Of files named after their content, which never change.
HASHED = {"Cache-Control": "public, max-age=31536000, immutable"}


def fingerprints(html: str, kind: str) -> set[str]:
    """Return the hashes of a page's inline scripts or styles, as a policy names them."""
    texts = [
        text
        for tag, attributes, text in INLINE.findall(html)
        if tag == kind and "src=" not in attributes and not DATA_TYPE.search(attributes)
    ]
    return {f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts}


def policy(pages: Iterable[str]) -> str:
    """Return the strictest policy under which all these pages work."""
    scripts, styles = set(), set()
    for html in pages:
        scripts |= fingerprints(html, "script")
        styles |= fingerprints(html, "style")
    named = {"script-src": scripts, "style-src-elem": styles}
    lines = (" ".join([name, sources, *sorted(named.get(name, ()))]) for name, sources in DIRECTIVES.items())
    return "; ".join(lines)


def without_handlers(html: str) -> str:
    """Return a page whose buttons name what they do instead of holding a script, and without scripts of no use."""
    html = HANDLER.sub(r' data-click="\1"', html)
    return INLINE.sub(lambda found: "" if PAGE_NAME in found[3] else found[0], html)


def with_policy(html: str, text: str) -> str:
    """Return a page with the policy right after its encoding: it holds for what follows."""
    tag = f'<meta http-equiv="Content-Security-Policy" content="{text}" />'
    return CHARSET.sub(lambda found: f"{found[0]}\n    {tag}", TAG.sub("", html), count=1)


def headers(text: str, entries: Iterable[Path]) -> str:
    """Return the file ``_headers`` for the site with these entries in its root.

    Hosts join what several rules say about one header, and two policies allow only what both do. So no rule for pages
    covers JupyterLite's folder, and each entry of the root has a rule of its own.
    """
    rules = {"/*": HEADERS, "/lite/*": {"Content-Security-Policy": LITE}}
    rules |= dict.fromkeys(("/_pictures/*", "/_static/python/*", "/_static/site.*"), HASHED)
    own = {"Content-Security-Policy": f"{text}; {FRAMES}"}
    rules["/"] = own
    for entry in sorted(entries):
        if entry.is_dir() and entry.name != "lite":
            rules[f"/{entry.name}/*"] = own | rules.get(f"/{entry.name}/*", {})
        elif entry.suffix == ".html":
            rules[f"/{entry.stem}*"] = own  # some hosts serve a page without its suffix
    lines = []
    for path, rule in rules.items():
        lines += [path, *(f"  {name}: {value}" for name, value in rule.items())]
    return "\n".join(lines) + "\n"


def pages(root: Path) -> list[Path]:
    """Return the files of all pages of the book."""
    return [page for page in sorted(root.rglob("*.html")) if page.relative_to(root).parts[0] not in APART]


def secure(app: Sphinx, exception: Exception | None) -> None:
    """Give every page the policy, and write the headers' file. Nothing may change a page after this."""
    if exception is not None or app.builder.format != "html":
        return
    root = Path(app.outdir)
    texts = {page: without_handlers(page.read_text(encoding="utf-8")) for page in pages(root)}
    for page, html in texts.items():
        page.write_text(with_policy(html, policy([html])), encoding="utf-8")
    (root / "_headers").write_text(headers(policy(texts.values()), root.iterdir()), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("build-finished", secure, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
