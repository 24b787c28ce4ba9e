// Joins style sheets into one and leaves out the rules that no page of the site can use. See book_weight.py, which says on
// standard input which sheets, pages and scripts there are, and reads the joined sheet from standard output.
import { readFileSync } from "node:fs";
import path from "node:path";
import postcss from "postcss";
import { PurgeCSS } from "purgecss";

const TAG = /<[a-z](?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const THEMES = ["light", "dark"]; // set by each page's first lines
const STRING = /"[^"\n]*"|'[^'\n]*'|`[^`]*`/g;
const ATTRIBUTE = /([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

// What the tags of the pages name, and every word in the scripts' strings, which may come into a page. What stands in a
// page's text does not count, so that the word "table" keeps no style for tables.
function used(pages, scripts) {
  const [tags, names, values, classes, ids] = Array.from({ length: 5 }, () => new Set());
  const distinct = new Set(pages.flatMap((page) => page.match(TAG) ?? []));
  for (const [, tag, rest] of [...distinct].map((text) => /^<([\w-]+)(.*)>$/s.exec(text))) {
    tags.add(tag.toLowerCase());
    for (const [, name, double, single, bare] of rest.matchAll(ATTRIBUTE)) {
      const value = double ?? single ?? bare ?? "";
      names.add(name);
      values.add(value);
      if (name === "id") ids.add(value);
      if (name === "class") value.split(/\s+/).forEach((word) => classes.add(word));
    }
  }
  const written = scripts.flatMap((script) => script.match(STRING) ?? []).flatMap((text) => text.match(/[\w-]+/g) ?? []);
  const undetermined = [...new Set([...THEMES, ...written])];
  const [named, attributes] = [{ tags: [...tags], classes: [...classes], ids: [...ids] }, { names: [...names], values: [...values] }];
  return { ...named, attributes, undetermined };
}

const unquoted = (name) => name.replace(/["']/g, "");

// One sheet as it would stand in the folder `root`: imports in their place, addresses of pictures and fonts rewritten.
function read(file, root) {
  const sheet = postcss.parse(readFileSync(file, "utf8"), { from: file });
  sheet.walkAtRules("import", (rule) => {
    const [, name] = /^(?:url\()?["']?([^"')]+)["']?\)?$/.exec(rule.params) ?? [];
    if (!name) throw new Error(`${file}: only a plain @import of a file can be joined, got @import ${rule.params}`);
    rule.replaceWith(read(path.join(path.dirname(file), name), root).nodes);
  });
  sheet.walkAtRules("charset", (rule) => rule.remove());
  const folder = path.relative(root, path.dirname(file));
  sheet.walkDecls((declaration) => {
    declaration.value = declaration.value.replace(/url\((["']?)(?!data:|#|\/|["'])([^"')]+)\1\)/g, (_, quote, address) =>
      `url(${quote}${path.posix.normalize(path.posix.join(folder, address))}${quote})`);
  });
  return sheet;
}

// Parts of the theme that its scripts speak of, and that this book does not have.
const ABSENT = [/version-switcher|version-warning|header-announcement|collapse-sidebar|pst-squeeze|list-group|^\.tooltip/];

async function purge(sheet, found) {
  const [{ css }] = await new PurgeCSS().purge({
    content: [{ raw: "what the pages and scripts name", extension: "site" }],
    css: [{ raw: sheet.toString() }],
    extractors: [{ extensions: ["site"], extractor: () => found }],
    blocklist: ABSENT,
  });
  return postcss.parse(css);
}

// Fonts that no rule asks for go; of the others only woff2 stays: every browser of the last ten years reads it.
function dropFonts(sheet) {
  const asked = new Set();
  sheet.walkDecls(/^font(-family)?$/, ({ value, parent }) => {
    if (parent.name !== "font-face") postcss.list.comma(value).forEach((name) => asked.add(unquoted(name.split(" ").at(-1))));
  });
  sheet.walkAtRules("font-face", (rule) => {
    const value = Object.fromEntries(rule.nodes.map((node) => [node.prop, node]));
    if (!asked.has(unquoted(value["font-family"].value))) return rule.remove();
    const [first, ...others] = postcss.list.comma(value.src.value);
    value.src.value = [first, ...others].find((part) => part.includes("woff2")) ?? first;
  });
}

// Custom properties that nothing reads, in rounds: one may have been read by another only.
function dropUnreadProperties(sheet, read) {
  for (let dropped = true; dropped;) {
    dropped = false;
    const used = new Set(read);
    sheet.walkDecls((declaration) => {
      for (const [, name] of declaration.value.matchAll(/var\(\s*(--[\w-]+)/g)) if (name !== declaration.prop) used.add(name);
    });
    sheet.walkDecls(/^--/, (declaration) => {
      if (!used.has(declaration.prop)) dropped = Boolean(declaration.remove());
    });
  }
}

// Space and comments that no browser needs; comments that begin with "!" state a licence and stay.
function squeeze(sheet) {
  sheet.walk((node) => {
    if (node.type === "comment") return node.text.startsWith("!") ? undefined : node.remove();
    node.raws.before = "";
    if (node.type === "decl") {
      node.raws.between = ":";
      node.value = node.value.trim();
    } else {
      Object.assign(node.raws, { between: "", after: "", semicolon: false });
      if (node.type === "rule") node.selector = node.selector.replace(/\s*\n\s*|\s{2,}/g, " ").replace(/,\s+/g, ",");
    }
  });
  sheet.walk((node) => {
    if (node.nodes?.length === 0 && node.type !== "root") node.remove();
  });
  Object.assign(sheet.raws, { after: "", semicolon: false });
}

async function join({ root, sheets, pages, scripts }) {
  const [pageTexts, scriptTexts] = [pages, scripts].map((files) => files.map((file) => readFileSync(file, "utf8")));
  const found = used(pageTexts, scriptTexts);
  const joined = postcss.root();
  for (const { file, whole, media } of sheets) {
    let sheet = read(file, root);
    if (!whole) sheet = await purge(sheet, found);
    joined.append(media ? postcss.atRule({ name: "media", params: media, nodes: sheet.nodes }) : sheet.nodes);
  }
  joined.walkRules(/:not\(\[data-theme\]\)/, (rule) => rule.remove()); // every page has a theme from its first line on
  dropFonts(joined);
  dropUnreadProperties(joined, [...pageTexts, ...scriptTexts].flatMap((text) => text.match(/--[a-z][\w-]*/g) ?? []));
  squeeze(joined);
  return joined.toString();
}

process.stdout.write(await join(JSON.parse(readFileSync(0, "utf8"))));
