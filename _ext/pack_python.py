"""Write the two archives of Python modules that a page loads: byhand, and what it needs of the standard library.

Beside them stands the list of further packages that Pyodide asks for, without any.

This runs inside Pyodide, started by ``pack_python.mjs``. Modules are compiled here, because compiling them anew on
every page would take longer than everything else together; and of the standard library only those modules are taken
that answering a request about each problem imports, because the rest would be a third of what a reader downloads.
"""

import ast
import importlib
import json
import sys
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash
from pathlib import Path

BOOK, CORE, ARCHIVES = Path("/book"), Path("/core"), Path("/archives")
KEEP_DOCSTRINGS = ("pyodide/", "_pyodide/")  # Pyodide copies them from one object to another as it starts


def ask_everything() -> None:
    """Import whatever an answer about any problem may need."""
    import byhand
    from byhand.page import respond

    for identity in byhand.ids():
        for seed in (None, 1):
            request = {"id": identity, "seed": seed, "answer": "[[1, 1/2], [0.3, x"}
            for ask in ("problem", "check"):
                response = json.loads(respond(json.dumps({"ask": ask, **request})))
                if "error" in response:
                    raise RuntimeError(f"{identity}, {ask}: {response['error']}")


def import_named(path: Path) -> None:
    """Import what a module names in any import of the standard library, whenever it would come to it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.module.startswith(("byhand", "cvlib")):
            importlib.import_module(node.module)


def compiled(source: bytes, name: str) -> bytes:
    """Return a module as Python stores it, marked as never to be compared with its source."""
    level = 0 if name.startswith(KEEP_DOCSTRINGS) else 2
    code = compile(source, name, "exec", dont_inherit=True, optimize=level)
    return bytes(_code_to_hash_pyc(code, source_hash(source), checked=False))


def pack(archive: str, sources: dict[str, bytes]) -> None:
    """Write an archive; without times, so that the same sources make the same archive."""
    with zipfile.ZipFile(ARCHIVES / archive, "w") as file:
        for name, source in sorted(sources.items()):
            is_module = name.endswith(".py")
            entry = zipfile.ZipInfo(f"{name}c" if is_module else name)
            content = compiled(source, name) if is_module else source
            file.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)


def imported_from(place: str) -> set[str]:
    """Return the files of all imported modules below a folder or in an archive, by their names there."""
    files = (getattr(module, "__file__", None) or "" for module in list(sys.modules.values()))
    return {file.removeprefix(f"{place}/") for file in files if file.startswith(f"{place}/")}


sys.dont_write_bytecode = True
sys.path.insert(0, str(BOOK))
for path in sorted((BOOK / "byhand").rglob("*.py")):
    import_named(path)
ask_everything()
ours = imported_from(str(BOOK)) | {
    str(path.relative_to(BOOK)) for path in (BOOK / "byhand").rglob("*") if path.suffix in (".py", ".css")
}
pack("byhand.zip", {name: (BOOK / name).read_bytes() for name in ours})
with zipfile.ZipFile(CORE / "python_stdlib.zip") as library:
    theirs = imported_from(next(path for path in sys.path if path.endswith(".zip")))
    pack("python_stdlib.zip", {name: library.read(name) for name in theirs})
packages = json.loads((CORE / "pyodide-lock.json").read_text())
(ARCHIVES / "pyodide-lock.json").write_text(json.dumps({"info": packages["info"], "packages": {}}))
