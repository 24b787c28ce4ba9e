// Python beside the page: answers one text with another, `byhand.page.respond` in a worker of its own, so that the page
// never waits. Where Python is stands in the worker's own address: ?core=(folder)&byhand=(archive), relative to it.

const parameters = new URL(import.meta.url).searchParams;
const place = (name) => new URL(parameters.get(name), import.meta.url).href;

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function start() {
  const core = place("core");
  const archive = fetched(place("byhand"));
  const { loadPyodide } = await import(`${core}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: core });
  python.FS.writeFile("/byhand.zip", await archive);
  python.runPython("import sys; sys.path.insert(0, '/byhand.zip')");
  return python.pyimport("byhand.page").respond;
}

try {
  const respond = await start();
  onmessage = ({ data }) => postMessage(respond(data));
  postMessage("ready");
} catch (error) {
  reportError(error); // for whoever looks at the console
  postMessage("failed");
}
