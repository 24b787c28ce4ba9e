"""The built site behind a server that compresses as a host would: for the tests and the measurements of the site."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlparse

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"


class CompressingHandler(SimpleHTTPRequestHandler):
    """Serves files with gzip where that helps, and a page for lost addresses, as every host of static sites does."""

    def translate_path(self, path: str) -> str:
        """Find a file at the root and, as its readers do, below the path of the public site."""
        return super().translate_path("/" + path.removeprefix(public_path(self.directory)))

    def do_GET(self) -> None:
        """Answer with the file, compressed if it is text."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        status = 200 if path.is_file() else 404
        path = path if path.is_file() else Path(self.directory, "404.html")
        if not path.is_file():
            self.send_error(404)
            return
        kind, content = self.guess_type(str(path)), path.read_bytes()
        self.send_response(status)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
            content, kind = gzip.compress(content), f"{kind}; charset=utf-8"
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@cache
def public_path(folder: str) -> str:
    """Return the path at which a site stands on its host, such as /book/; / if it does not say."""
    rules = Path(folder, "robots.txt")
    site_map = re.search(
        "Sitemap: (.*)sitemap.xml", rules.read_text(encoding="utf-8") if rules.is_file() else ""
    )
    return urlparse(site_map[1]).path if site_map else "/"


def pages() -> list[str]:
    """Return the address of every page of the site, from its root; no signposts to where a page has gone."""
    files = (
        path for path in SITE.rglob("*.html") if path.relative_to(SITE).parts[0] not in ("_static", "lite")
    )
    return sorted(
        str(path.relative_to(SITE)) for path in files if b'http-equiv="refresh"' not in path.read_bytes()
    )


@contextmanager
def serving(folder: Path = SITE, handler: type[CompressingHandler] = CompressingHandler) -> Iterator[str]:
    """Serve the site, or another folder, on this machine for a while; yield the address of its root."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()
    httpd.server_close()
