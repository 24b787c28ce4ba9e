"""The built site behind a server that compresses as a host would: for the tests and the measurements of the site."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"


class CompressingHandler(SimpleHTTPRequestHandler):
    """Serves files with gzip where that helps, as every host of static sites does."""

    def do_GET(self) -> None:
        """Answer with the file, compressed if it is text."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        kind, content = self.guess_type(str(path)), path.read_bytes()
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def pages() -> list[str]:
    """Return the address of every page of the site, from its root."""
    return sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)


@contextmanager
def serving(folder: Path = SITE) -> Iterator[str]:
    """Serve the site, or another folder, on this machine for a while; yield the address of its root."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(CompressingHandler, directory=str(folder)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()
    httpd.server_close()
