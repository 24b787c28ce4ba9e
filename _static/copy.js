// A button on every piece of code that copies it. From an example with prompts, only what was typed is copied.

const PROMPT = /^(>>> |\.\.\. )/;
const SHOWN = 2_000; // milliseconds for which a button says what it did

const ICON = `<svg viewBox="0 0 24 24" fill="none" stroke-width="2" aria-hidden="true">
  <rect x="8" y="8" width="12" height="12" rx="2"/><path d="M16 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2"/></svg>`;

function typed(code) {
  const lines = code.textContent.trimEnd().split("\n");
  const prompted = lines.filter((line) => PROMPT.test(line));
  return (prompted.length ? prompted.map((line) => line.replace(PROMPT, "")) : lines).join("\n");
}

function addButton(code) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copybtn o-tooltip--left";
  button.innerHTML = ICON;

  const say = (words) => {
    button.dataset.tooltip = words;
    button.ariaLabel = words;
    button.classList.toggle("success", words === "Copied");
  };

  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(typed(code)).then(() => say("Copied"), () => say("Could not be copied"));
    setTimeout(say, SHOWN, "Copy");
  });
  say("Copy");
  code.after(button);
}

// A page that came without encryption may not write to the clipboard: there, no button promises to.
if (navigator.clipboard) document.querySelectorAll("div.highlight pre").forEach(addButton);
