// The laboratory of a problem: check my answer, new numbers, your own numbers, one step, all steps.
//
// Whatever is computed or written about the subject comes from byhand: python_worker.mjs runs it beside the page, from the
// first time that a reader asks. What the reader types goes there as text, and comes back in byhand's own, escaped HTML.
// The numbers that are shown stand in the page's address: ?A1=8 for a variant, ?A1={"stride": "2"} for a reader's own,
// ?seed=8 for all problems of the page.
(() => {
  "use strict";

  const PATIENCE = 10_000; // milliseconds for one answer, once Python is there
  const SLOW = 1_000; // after which a reader is told that it takes a while
  const LONGEST_LINK = 2_000; // characters

  const LOADING = "Python is loading, about 6 MB, once. The answer follows by itself.";
  const WORKING = "Still computing …";
  const TOO_LONG = "That took longer than 10 seconds and was stopped. Python starts anew with your next question.";
  const STOPPED = "Python stopped at this. It starts anew with your next question.";
  const NOT_LOADED = "Python could not be loaded. Try again when you are online; the worked solution below is complete.";
  const FROM_A_FILE = "This page was opened from a file, and browsers run Python only on pages that a server sends. "
    + "The worked solution below is complete.";
  const NO_WEBASSEMBLY = "This browser cannot run Python, because it lacks WebAssembly or has it switched off. "
    + "The worked solution below is complete.";

  // ---- Python

  class Refusal extends Error {} // its message is a sentence for the reader

  let worker; // a promise of the worker, from the first question on
  let isReady = false;
  let queue = Promise.resolve(); // one question at a time, so that the time limit is for this one

  function start() {
    if (location.protocol === "file:") throw new Refusal(FROM_A_FILE);
    if (!("WebAssembly" in window && "Worker" in window)) throw new Refusal(NO_WEBASSEMBLY);
    const { content } = document.querySelector("meta[name=python-worker]");
    const started = new Worker(new URL(content, location.href.split(/[?#]/)[0]), { type: "module" });
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Refusal(NOT_LOADED));
      started.onerror = fail;
      started.onmessage = ({ data }) => (data === "ready" ? resolve(started) : fail());
    });
  }

  // The next question begins with a new worker.
  function stop() {
    worker?.then((started) => started.terminate(), () => {});
    worker = undefined;
    isReady = false;
  }

  async function send(question) {
    let started;
    try {
      started = await (worker ??= (async () => start())());
    } catch (error) {
      stop();
      throw error;
    }
    isReady = true;
    return new Promise((resolve, reject) => {
      const give = (sentence) => { stop(); reject(new Refusal(sentence)); };
      const timer = setTimeout(give, PATIENCE, TOO_LONG);
      started.onerror = () => { clearTimeout(timer); give(STOPPED); };
      started.onmessage = ({ data }) => { clearTimeout(timer); resolve(JSON.parse(data)); };
      started.postMessage(JSON.stringify(question));
    });
  }

  function ask(question) {
    const answer = queue.then(() => send(question));
    queue = answer.catch(() => {});
    return answer;
  }

  // ---- One problem on the page

  const labs = () => [...document.querySelectorAll("section.problem:has(> form.lab)")];
  const statusOf = (section) => section.querySelector(":scope > [role=status]");
  const solutionOf = (section) => section.querySelector(":scope > details.worked-solution");
  const turns = new WeakMap(); // the number of each problem's latest question: what comes back for an older one is late
  const built = new WeakMap(); // problems as the site was built with them
  const shown = new WeakMap(); // what the address has to say for what a problem shows now

  function tell(section, text, kind = "") {
    const status = statusOf(section);
    status.dataset.kind = kind;
    if (status.textContent !== text) status.textContent = text; // said once
  }

  // The fields for a reader's own numbers wait in a template until they are unfolded.
  const fillIn = (own) => own.querySelector("template")?.replaceWith(own.querySelector("template").content);

  function unfoldOwn(section) {
    const own = section.querySelector(":scope > .lab-own");
    fillIn(own);
    own.open = true;
  }

  function mark(section, field) {
    for (const input of section.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    if (!field) return;
    unfoldOwn(section);
    const wrong = section.querySelector(`.lab-own [name="${CSS.escape(field)}"]`);
    wrong?.setAttribute("aria-invalid", "true");
    wrong?.focus();
  }

  // Return Python's answer; undefined if there is none or the reader has gone on, and then all is said.
  async function consult(section, question) {
    const turn = (turns.get(section) ?? 0) + 1;
    turns.set(section, turn);
    const isLatest = () => turns.get(section) === turn;
    const { problem: id, seed, given } = section.dataset;
    const numbers = { seed: seed === undefined ? null : Number(seed), given: given ? JSON.parse(given) : null };
    if (!isReady) tell(section, LOADING);
    const slow = setInterval(() => isReady && isLatest() && tell(section, WORKING), SLOW);
    try {
      const answer = await ask({ id, ...numbers, ...question });
      if (!isLatest()) return undefined;
      if (answer.error) tell(section, answer.error, "refused");
      mark(section, answer.field);
      return answer.error ? undefined : answer;
    } catch (error) {
      const told = error instanceof Refusal ? error.message : NOT_LOADED;
      if (isLatest()) tell(section, told, "refused");
      return undefined;
    } finally {
      clearInterval(slow);
    }
  }

  async function check(section) {
    const typed = section.querySelector(":scope > form.lab [name=answer]").value;
    const answer = await consult(section, { ask: "check", answer: typed });
    if (!answer) return;
    const status = statusOf(section);
    status.dataset.kind = answer.correct ? "right" : "wrong";
    status.innerHTML = answer.html;
  }

  // Show another problem in place of this one. The status stays, for a screen reader reads only one that was there before.
  function put(section, fresh) {
    if (!built.has(section)) built.set(section, section.cloneNode(true));
    const { name } = section.contains(document.activeElement) ? document.activeElement : {};
    const isOwnOpen = section.querySelector(".lab-own")?.open;
    const status = statusOf(section);
    for (const child of [...section.childNodes]) if (child !== status) child.remove();
    const nodes = [...fresh.childNodes];
    const place = nodes.indexOf(statusOf(fresh));
    status.before(...nodes.slice(0, place));
    status.after(...nodes.slice(place + 1));
    for (const key of ["seed", "given"]) {
      if (key in fresh.dataset) section.dataset[key] = fresh.dataset[key];
      else delete section.dataset[key];
    }
    if (isOwnOpen) unfoldOwn(section);
    const controls = [...section.querySelectorAll("form [name]")];
    const again = controls.find((control) => control.name === name) ?? (name && controls[0]);
    again?.focus?.({ preventScroll: true });
    section.dispatchEvent(new CustomEvent("problem-shown", { bubbles: true }));
  }

  function parsed(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content.firstElementChild;
  }

  function oneStep(section) {
    const steps = [...solutionOf(section).querySelectorAll("li")].filter((item) => !item.closest(".player"));
    const list = section.querySelector(":scope > .lab-steps");
    if (list.children.length === steps.length) tell(section, "That was the last step.");
    else list.append(steps[list.children.length].cloneNode(true));
    list.hidden = false;
  }

  function allSteps(section) {
    const solution = solutionOf(section);
    solution.open = true;
    solution.querySelector("summary").focus();
  }

  // ---- Numbers, and the address that stands for them

  // What an address wants of a problem: a variant's number or JSON of own numbers; null for what the site was built with.
  function wantedBy(parameters, id) {
    const wanted = parameters.get(id) ?? parameters.get("seed");
    return wanted === "original" ? null : wanted;
  }

  function numbersFor(wanted) {
    if (/^\d+$/.test(wanted)) return { seed: Number(wanted), given: null };
    try {
      return { seed: null, given: JSON.parse(wanted) };
    } catch {
      return { seed: wanted, given: null }; // byhand says what a number must be
    }
  }

  function addressWith(id, wanted) {
    const address = new URL(location.href);
    if (wanted !== null) address.searchParams.set(id, wanted);
    else if (address.searchParams.has("seed")) address.searchParams.set(id, "original");
    else address.searchParams.delete(id);
    address.hash = "";
    return address;
  }

  // Show the wanted numbers; tell whether it was possible.
  async function turnTo(section, wanted) {
    if (wanted === null) {
      turns.set(section, (turns.get(section) ?? 0) + 1);
      if (built.has(section)) put(section, built.get(section).cloneNode(true));
      tell(section, built.has(section) ? section.querySelector(".lab").dataset.told : "");
    } else {
      const { level, heading } = section.querySelector(":scope > form.lab").dataset;
      const question = { ask: "problem", ...numbersFor(wanted), level: Number(level), heading: heading === "true" };
      const answer = await consult(section, question);
      if (!answer) return false;
      put(section, parsed(answer.html));
      tell(section, section.querySelector(":scope > form.lab").dataset.told);
    }
    shown.set(section, wanted);
    return true;
  }

  async function goTo(section, wanted) {
    if (!await turnTo(section, wanted)) return;
    const address = addressWith(section.dataset.problem, wanted);
    if (address.href.length <= LONGEST_LINK) history.pushState(null, "", address);
    else statusOf(section).append(" They are too long to be part of a link.");
  }

  function newNumbers(section) {
    const { seed } = section.dataset;
    return goTo(section, seed === undefined ? "1" : String(Number(seed) + 1));
  }

  function ownNumbers(section) {
    const fields = new FormData(section.querySelector(".lab-own form"));
    return goTo(section, JSON.stringify(Object.fromEntries(fields)));
  }

  function followAddress() {
    const parameters = new URLSearchParams(location.search);
    for (const section of labs()) {
      const wanted = wantedBy(parameters, section.dataset.problem);
      if (wanted !== (shown.get(section) ?? null)) turnTo(section, wanted);
    }
  }

  // ---- The reader's hands

  const actions = {
    step: oneStep,
    all: allSteps,
    new: newNumbers,
    original: (section) => goTo(section, null),
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("form.lab button[type=button]");
    if (button) actions[button.name](button.closest("section.problem"));
  });

  document.addEventListener("toggle", ({ target }) => target.matches(".lab-own") && fillIn(target), { capture: true });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.lab, .lab-own form");
    if (!form) return;
    event.preventDefault();
    (form.matches(".lab") ? check : ownNumbers)(form.closest("section.problem"));
  });

  window.addEventListener("popstate", followAddress);

  document.addEventListener("DOMContentLoaded", () => {
    const parameters = new URLSearchParams(location.search);
    const linked = labs().find((section) => parameters.has(section.dataset.problem));
    linked?.scrollIntoView();
    followAddress();
  });
})();
