// Pages of the built site become one document for paper: tools/pdf.py runs this in an empty page of the site.
// What a reader operates becomes text, solutions move to the end of their chapter, links lead to where things now stand.

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const pageNumber = (id) => element("span", { class: "page", "data-page-of": id }, "000");
const nameOf = (docname) => docname.replaceAll("/", "-");
const textOf = (heading) => {
  const copy = heading.cloneNode(true);
  copy.querySelectorAll(".headerlink, .katex-html, annotation").forEach((e) => e.remove());
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
    explorer.querySelector("fieldset").replaceWith(element("p", { class: "settings" }, `Explorer, set to: ${values.join(", ")}`));
  }
}

// An exercise is named by the number in bold before its solution, a problem by its own heading or its section's.
function titleOf(fold) {
  if (fold.parentElement.matches(".problem")) {
    const problem = fold.parentElement;
    const heading = problem.querySelector(":scope > :is(h2, h3, h4, h5, h6)") ??
      problem.closest("section:not(.problem)").querySelector(":scope > :is(h1, h2, h3, h4, h5, h6)");
    const variant = "seed" in problem.dataset && !/variant/.test(heading.textContent) ? `, variant ${problem.dataset.seed}` : "";
    return textOf(heading) + variant;
  }
  for (let before = fold.previousElementSibling; before; before = before.previousElementSibling) {
    const number = before.matches("p") && before.querySelector(":scope > strong:first-child")?.textContent.match(/^\d+/);
    if (number) return `Exercise ${number[0]}`;
  }
  throw new Error(`a solution of ${document.title} stands below no numbered exercise`);
}

// A folded problem is another problem to try; it stands open, and its own solution goes to the end like all others.
function unfoldProblems(article) {
  for (const fold of article.querySelectorAll("details:has(> .problem)")) {
    const title = element("p", { class: "fold" }, fold.querySelector("summary").textContent);
    fold.querySelector("summary").remove();
    fold.replaceWith(title, ...fold.childNodes);
  }
}

function moveSolutions(article, name) {
  const folds = [...article.querySelectorAll(".problem > details, details:not(.problem details)")]
    .filter((fold) => !fold.matches(".hide")); // a folded code cell
  if (folds.length === 0) return;
  const solutions = element("section", { class: "solutions", id: `${name}--solutions` }, element("h2", {}, "Solutions"));
  const byOwner = Map.groupBy(folds, (fold) => fold.parentElement.matches(".problem") ? fold.parentElement : fold);
  for (const [owner, parts] of byOwner) {
    const id = `${name}--solution-${solutions.children.length}`;
    const solution = element("section", { class: "solution", id }, element("h3", {}, titleOf(parts[0])));
    const link = element("a", { href: `#${id}` }, "Solution on page ", pageNumber(id));
    parts[0].before(element("p", { class: "see" }, link));
    for (const part of parts) {
      const summary = part.querySelector("summary");
      summary.remove();
      const lead = summary.textContent.trim() === "Solution" ? [] : [element("p", { class: "fold" }, ...summary.childNodes)];
      solution.append(element("div", { class: "problem" }, ...lead, ...part.childNodes));
      part.remove();
    }
    solutions.append(solution);
  }
  article.append(solutions);
}

// A screen reader is told the formula as it was typed; what it sees otherwise is glyphs here and there.
function nameFormulas(article) {
  for (const formula of article.querySelectorAll(".katex")) {
    formula.setAttribute("role", "img");
    formula.setAttribute("aria-label", formula.querySelector("annotation")?.textContent ?? formula.textContent);
    formula.querySelector(".katex-mathml")?.remove();
    formula.querySelector(".katex-html").removeAttribute("aria-hidden");
  }
}

// Names of places begin with their page's; links follow them within the book, and lead to the site from there.
function nameEverything(article, { docname, address, published }, inBook) {
  const name = nameOf(docname);
  for (const named of article.querySelectorAll("[id]")) {
    if (!named.id.startsWith(`${name}--`)) named.id = `${name}--${named.id}`;
  }
  for (const link of article.querySelectorAll("a[href]")) {
    const raw = link.getAttribute("href");
    if (raw.startsWith(`#${name}--`) || /^(https?|mailto):/.test(raw)) continue;
    const target = new URL(raw, address);
    const there = inBook.get(target.origin + target.pathname);
    const place = target.hash ? `--${decodeURIComponent(target.hash.slice(1))}` : "";
    link.setAttribute("href", there === undefined ? new URL(raw, published).href : `#${nameOf(there)}${place}`);
  }
  for (const image of article.querySelectorAll("img")) {
    image.src = new URL(image.getAttribute("src"), address).href;
    image.loading = "eager";
  }
  article.id = name;
}

// In the outline a chapter stands below its part; its headings look as before.
function lowerHeadings(article) {
  for (const heading of article.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    heading.setAttribute("aria-level", Math.min(Number(heading.tagName[1]) + 1, 6));
  }
}

async function read(page, inBook) {
  const source = new DOMParser().parseFromString(await (await fetch(page.address)).text(), "text/html");
  for (const sheet of source.querySelectorAll("link[rel=stylesheet]")) {
    const href = new URL(sheet.getAttribute("href"), page.address).href;
    if (![...document.styleSheets].some((known) => known.href === href) && !document.head.querySelector(`link[href="${href}"]`)) {
      document.head.append(element("link", { rel: "stylesheet", href, media: sheet.media || "all" }));
    }
  }
  const article = document.importNode(source.querySelector("article"), true);
  const published = source.querySelector("link[rel=canonical]").getAttribute("href");
  writeSettings(article);
  article.querySelectorAll("script, noscript, form, button, .player, .headerlink").forEach((e) => e.remove());
  nameFormulas(article);
  unfoldProblems(article);
  article.querySelectorAll("details.hide").forEach((fold) => { fold.open = true; });
  nameEverything(article, { ...page, published }, inBook);
  moveSolutions(article, nameOf(page.docname));
  return { article, published };
}

// The title page says whose book it is and where the living one is found.
function titlePage({ title, author, version, licence }, address) {
  return element("section", { class: "front" }, element("h1", { "aria-level": "1" }, title), element("p", {}, author),
    element("p", {}, `Version ${version}`), element("p", {}, licence),
    element("p", { class: "address" }, "The living book, in which every parameter can be turned: ", element("a", { href: address }, address)));
}

// Contents: parts, chapters, and the sections of a chapter.
function contents(chapters) {
  const line = (heading, id) => element("a", { href: `#${id}` }, textOf(heading), pageNumber(id));
  const parts = Map.groupBy(chapters, (chapter) => chapter.part);
  const list = [...parts].map(([part, inside]) => element("li", {}, part, element("ol", {}, ...inside.map(({ article }) => {
    const sections = [...article.querySelectorAll("section:not(.problem):has(> h2)")];
    return element("li", {}, line(article.querySelector("h1"), article.id),
      element("ol", {}, ...sections.map((section) => element("li", {}, line(section.querySelector("h2"), section.id)))));
  }))));
  return element("nav", { class: "contents", id: "contents" }, element("h1", {}, "Contents"), element("ol", {}, ...list));
}

// The head of each page names the chapter.
function setRunningTitle(article, title) {
  article.style.page = `chapter-${article.id}`;
  document.head.append(element("style", {}, `@page chapter-${article.id} { @top-left { content: ${JSON.stringify(title)}; } }`));
}

// What is wider than the paper is made smaller, as a whole.
function fit() {
  for (const box of document.querySelectorAll(".katex-display > .katex, .equation > math, table, figure > svg")) {
    const room = box.parentElement.getBoundingClientRect().width;
    const width = box.getBoundingClientRect().width;
    if (width > room) box.style.zoom = room / width;
  }
}

// A link that leads nowhere would be lost without a word.
function checkLinks() {
  const lost = [...document.querySelectorAll("a[href^='#']")].map((link) => link.getAttribute("href"))
    .filter((address) => !document.getElementById(address.slice(1)));
  if (lost.length) throw new Error(`links must lead to a place in the file, got ${lost.slice(0, 5).join(" ")}`);
}

const arrived = (sheet) => sheet.sheet || new Promise((done, failed) => {
  sheet.addEventListener("load", done);
  sheet.addEventListener("error", () => failed(new Error(`there is no style sheet ${sheet.href}`)));
});

const drawn = (image) => image.decode().catch(() => { throw new Error(`there is no picture ${image.src}`); });

// Make one document of the pages; `front` holds what the title page of the whole book says.
globalThis.assemble = async ({ pages, front }) => {
  const inBook = new Map(pages.map((page) => [page.address, page.docname]));
  const main = document.querySelector(".bd-article-container");
  const chapters = [];
  for (const page of pages) chapters.push({ ...page, ...(await read(page, inBook)) });
  for (const [number, { article, part, published }] of chapters.entries()) {
    const heading = article.querySelector("h1");
    setRunningTitle(article, textOf(heading));
    main.append(article);
    if (!front) {
      document.title = `${textOf(heading)} – ${document.title}`;
      heading.after(element("p", { class: "source" }, "On the web: ", element("a", { href: published }, published)));
      continue;
    }
    lowerHeadings(article);
    if (part !== chapters[number - 1]?.part) article.prepend(element("h1", { class: "part" }, part));
  }
  if (front) {
    const address = chapters[0].published.replace(`${chapters[0].docname}.html`, "");
    main.prepend(titlePage(front, address), contents(chapters));
  }
  checkLinks();
  await Promise.all([...document.querySelectorAll("link[rel=stylesheet]")].map(arrived));
  await Promise.all([...document.images].map(drawn));
  await document.fonts.ready;
  fit();
  return document.title;
};

// The second time round it is known which place is on which page.
globalThis.numberPages = (pageOf) => {
  for (const place of document.querySelectorAll("[data-page-of]")) {
    const number = pageOf[place.dataset.pageOf];
    if (number === undefined) throw new Error(`no page shows ${place.dataset.pageOf}`);
    place.textContent = number;
  }
};
