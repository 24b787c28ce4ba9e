// A page of the built site becomes a chapter on paper: tools/pdf.py runs this in an empty page of the site. What a reader
// operates becomes text, solutions move to the end, and places get names that are unique in the whole book.

const elsewhere = "https://elsewhere.invalid/#"; // a link to another chapter, for binding.py
const headings = ":is(h1, h2, h3, h4, h5, h6)";

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

const nameOf = (docname) => docname.replaceAll("/", "-");

const textOf = (heading) => {
  const copy = heading.cloneNode(true);
  copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
  return copy.textContent.trim();
};

// The value that a control stands at, in words.
const setting = (control) => {
  if (control.type === "checkbox") return control.defaultChecked ? "on" : "off";
  if (control.type === "range") return JSON.parse(control.dataset.values)[control.defaultValue];
  return control.querySelector("option[selected]").textContent;
};

function writeSettings(article) {
  for (const explorer of article.querySelectorAll("[data-explorer]")) {
    const values = [...explorer.querySelectorAll("input, select")].map((control) =>
      `${explorer.querySelector(`label[for="${control.id}"]`).textContent.trim()} ${setting(control)}`);
    const settings = element("p", { class: "settings" }, `Explorer, set to: ${values.join(", ")}`);
    explorer.querySelector("fieldset").replaceWith(settings);
  }
}

// A folded problem is another problem to try; it stands open, and its own solution goes to the end like all others.
function unfoldProblems(article) {
  for (const fold of article.querySelectorAll("details:has(> .problem)")) {
    const summary = fold.querySelector("summary");
    summary.remove();
    fold.replaceWith(element("p", { class: "fold" }, ...summary.childNodes), ...fold.childNodes);
  }
}

// An exercise is named by the number in bold before its solution, a problem by its own heading or its section's.
function titleOf(fold) {
  const problem = fold.closest(".problem");
  if (problem) {
    const heading = problem.querySelector(`:scope > ${headings}`) ??
      problem.parentElement.closest("section").querySelector(`:scope > ${headings}`);
    const { seed } = problem.dataset;
    return textOf(heading) + (seed && !heading.textContent.includes("variant") ? `, variant ${seed}` : "");
  }
  for (let before = fold.previousElementSibling; before; before = before.previousElementSibling) {
    const number = before.matches("p") && before.querySelector(":scope > strong:first-child")?.textContent.match(/^\d+/);
    if (number) return `Exercise ${number[0]}`;
  }
  throw new Error("a folded solution must stand below the number of its exercise in bold");
}

function moveSolutions(article) {
  const folds = [...article.querySelectorAll("details:not(.hide, details details)")]; // .hide: a folded code cell
  if (folds.length === 0) return;
  const solutions = element("section", { id: `${article.id}--solutions` }, element("h2", {}, "Solutions"));
  solutions.className = "solutions";
  for (const parts of Map.groupBy(folds, (fold) => fold.closest(".problem") ?? fold).values()) {
    const id = `${article.id}--solution-${solutions.children.length}`;
    const solution = element("section", { class: "solution", id }, element("h3", {}, titleOf(parts[0])));
    const page = element("span", { class: "page", "data-page-of": id }, "000");
    parts[0].before(element("p", { class: "see" }, element("a", { href: `#${id}` }, "Solution on page ", page)));
    for (const part of parts) {
      const summary = part.querySelector("summary");
      const lead = part.closest(".problem") ? [element("p", { class: "fold" }, ...summary.childNodes)] : [];
      summary.remove();
      solution.append(element("div", { class: "problem" }, ...lead, ...part.childNodes));
      part.remove();
    }
    solutions.append(solution);
  }
  article.append(solutions);
}

// A screen reader is told a formula as it was typed: the glyphs alone, here and there, are no sentence.
function nameFormulas(article) {
  for (const formula of article.querySelectorAll(".katex")) {
    formula.setAttribute("role", "img");
    formula.setAttribute("aria-label", formula.querySelector("annotation").textContent);
    formula.querySelector(".katex-mathml").remove();
    formula.querySelector(".katex-html").removeAttribute("aria-hidden");
  }
}

// Names of places begin with their page's; links follow them within the book, and lead to the site from there.
function nameEverything(article, { docname, address }, published, inBook) {
  const name = nameOf(docname);
  article.querySelectorAll("[id]").forEach((named) => { named.id = `${name}--${named.id}`; });
  article.id = name;
  for (const link of article.querySelectorAll("a[href]")) {
    const raw = link.getAttribute("href");
    if (/^(https?|mailto):/.test(raw)) continue;
    const target = new URL(raw, address);
    const there = inBook[target.origin + target.pathname];
    const place = there && nameOf(there) + (target.hash ? `--${decodeURIComponent(target.hash.slice(1))}` : "");
    const onSite = new URL(raw, published).href;
    link.setAttribute("href", there === docname ? `#${place}` : onSite);
    if (there && there !== docname) Object.assign(link.dataset, { place, onSite });
  }
  for (const image of article.querySelectorAll("img")) {
    image.src = new URL(image.getAttribute("src"), address).href;
    image.loading = "eager";
  }
}

// The browser remembers a place only if something leads there: what other chapters may link to links to itself.
function markPlaces(article) {
  const mark = (id, holder) => {
    if (holder.querySelector("a")) return;
    const link = element("a", { href: `#${id}` }, ...holder.childNodes);
    holder.append(link);
  };
  mark(article.id, article.querySelector("h1"));
  for (const section of article.querySelectorAll("section[id]")) {
    const heading = section.querySelector(`:scope > ${headings}`);
    if (heading) mark(section.id, heading);
  }
  article.querySelectorAll("dt[id]").forEach((term) => mark(term.id, term));
  article.querySelectorAll(".citation[id]").forEach((entry) => mark(entry.id, entry.querySelector(".label")));
}

// A link that leads nowhere would be lost without a word.
function checkLinks(article) {
  const lost = [...article.querySelectorAll("a[href^='#']")].map((link) => link.getAttribute("href"))
    .filter((address) => !document.getElementById(address.slice(1)));
  if (lost.length) throw new Error(`links must lead to a place on their page, got ${lost.slice(0, 5).join(" ")}`);
}

// Read a page of the site, and take over its style sheets.
async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`there is no page ${address}`);
  const source = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const sheet of source.querySelectorAll("link[rel=stylesheet]")) {
    const href = new URL(sheet.getAttribute("href"), address).href;
    document.head.append(element("link", { rel: "stylesheet", href, media: sheet.media || "all" }));
  }
  const published = source.querySelector("link[rel=canonical]").getAttribute("href");
  return { article: document.importNode(source.querySelector("article"), true), published };
}

const arrived = (sheet) => sheet.sheet || new Promise((done, failed) => {
  sheet.addEventListener("load", done);
  sheet.addEventListener("error", () => failed(new Error(`there is no style sheet ${sheet.href}`)));
});

const drawn = (image) => image.decode().catch(() => { throw new Error(`there is no picture ${image.src}`); });

// Wait until all is there; what is wider than the paper is then made smaller, as a whole.
async function settle() {
  await Promise.all([...document.querySelectorAll("link[rel=stylesheet]")].map(arrived));
  await Promise.all([...document.images].map(drawn));
  await document.fonts.ready;
  for (const box of document.querySelectorAll(".katex-display > .katex, .equation > math, table, figure > svg")) {
    const room = box.parentElement.getBoundingClientRect().width;
    const width = box.getBoundingClientRect().width;
    if (width > room) box.style.zoom = room / width;
  }
}

// The titles of the bookmarks: the browser's own lose a space wherever a heading is broken.
globalThis.headingTexts = () => [...document.querySelectorAll(headings)].map(textOf);

// Text beyond the margin would be cut off. (Drawings cut themselves: a root sign is a piece of a long one.)
function checkWidth(article) {
  const outside = ({ left, right }) => left < -1 || right > innerWidth + 1;
  const cut = [...article.querySelectorAll(":not(svg, svg *)")]
    .find((leaf) => leaf.childElementCount === 0 && [...leaf.getClientRects()].some(outside));
  if (cut) throw new Error(`text must fit the paper, got ${JSON.stringify(cut.textContent)} in ${cut.closest("[id]").id}`);
}

const main = () => document.querySelector(".bd-article-container");

// The head of each page names the chapter.
function setRunningTitle(title) {
  document.head.append(element("style", {}, `@page { @top-left { content: ${JSON.stringify(title)}; } }`));
}

// Make a chapter of a page, and return its line of the contents. `inBook` names the pages of the book by their address.
globalThis.chapter = async (page, inBook) => {
  const { article, published } = await read(page.address);
  writeSettings(article);
  article.querySelectorAll("script, noscript, form, button, .player, .headerlink").forEach((unused) => unused.remove());
  article.querySelectorAll("details.hide").forEach((fold) => { fold.open = true; });
  nameFormulas(article);
  unfoldProblems(article);
  nameEverything(article, page, published, inBook);
  moveSolutions(article);
  markPlaces(article);
  const heading = article.querySelector("h1");
  const title = textOf(heading);
  heading.before(element("p", { class: "part" }, page.part));
  heading.after(element("p", { class: "source" }, "On the web: ", element("a", { href: published }, published)));
  setRunningTitle(title);
  document.title = `${title} – ${document.title}`;
  main().append(article);
  checkLinks(article);
  await settle();
  checkWidth(article);
  const sections = [...article.querySelectorAll("section:not(.problem):has(> h2)")];
  return {
    title, part: page.part, place: article.id, address: published.replace(`${page.docname}.html`, ""),
    sections: sections.map((section) => ({ title: textOf(section.querySelector("h2")), place: section.id })),
  };
};

// Write which place is on which page, from `start` on. In the whole book, links to other chapters stay inside it.
globalThis.numberPages = (pageOf, start, whole) => {
  document.documentElement.style.counterReset = `page ${start}`;
  for (const reference of document.querySelectorAll("[data-page-of]")) {
    const number = pageOf[reference.dataset.pageOf];
    if (number === undefined) throw new Error(`no page shows ${reference.dataset.pageOf}`);
    reference.textContent = number + start;
  }
  for (const link of document.querySelectorAll("a[data-place]")) {
    link.href = whole ? elsewhere + link.dataset.place : link.dataset.onSite;
  }
};

function titlePage({ title, author, version, licence }, address) {
  return element("section", { class: "front" }, element("h1", {}, title), element("p", {}, author),
    element("p", {}, `Version ${version}`), element("p", {}, licence),
    element("p", { class: "address" }, "The living book, in which every parameter can be turned: ",
      element("a", { href: address }, address)));
}

// Parts, chapters, and the sections of a chapter.
function contents(chapters) {
  const line = ({ title, place, page }) =>
    element("a", { href: elsewhere + place }, title, element("span", { class: "page" }, page));
  const lines = (entries) => element("ol", {}, ...entries.map((entry) =>
    element("li", {}, line(entry), ...(entry.sections?.length ? [lines(entry.sections)] : []))));
  const parts = [...Map.groupBy(chapters, (chapter) => chapter.part)].map(([part, inside]) =>
    element("li", {}, element("span", { class: "part-title" }, part), lines(inside)));
  return element("nav", { class: "book-contents" }, element("h1", {}, "Contents"), element("ol", {}, ...parts));
}

// Make the title page and the contents of the whole book, in the style of one of its pages.
globalThis.front = async (book, chapters, page) => {
  await read(page);
  main().append(titlePage(book, chapters[0].address), contents(chapters));
  await settle();
};
