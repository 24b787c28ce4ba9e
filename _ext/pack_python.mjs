// Runs pack_python.py in the very Python that the pages run, for only that one can write what it reads fastest.
// Arguments: the book's folder, Pyodide's folder, and an empty folder for the archives.

import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const [book, core, archives] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${core}/pyodide.mjs`));
// The same sources give the same bytes: the order of sets is in them.
const python = await loadPyodide({ indexURL: `${core}/`, env: { PYTHONHASHSEED: "0" } });
for (const [name, folder] of Object.entries({ book, core, archives })) python.mountNodeFS(`/${name}`, folder);
python.runPython(readFileSync(new URL("pack_python.py", import.meta.url), "utf8"));
process.exit(0); // Pyodide keeps Node alive
