// What this book uses of the 80 kilobytes of Bootstrap: the menus of a page's header, and the way back to its top.

// The search page asks whether pages mark the words that were looked for; the theme has it switched off.
window.SPHINX_HIGHLIGHT_ENABLED = false;

function startMenu(button) {
  const menu = button.nextElementSibling;
  const entries = [...menu.querySelectorAll("a, button")];

  const set = (open) => {
    button.setAttribute("aria-expanded", open);
    menu.classList.toggle("show", open);
  };

  const move = (step) => {
    const at = entries.indexOf(document.activeElement);
    entries.at((at + step + entries.length) % entries.length).focus();
  };

  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  button.parentElement.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.classList.contains("show")) {
      set(false);
      button.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      set(true);
      move(event.key === "ArrowDown" ? 1 : -1);
    }
  });
  // A hand or the keyboard went elsewhere.
  document.addEventListener("click", (event) => button.parentElement.contains(event.target) || set(false));
  button.parentElement.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !button.parentElement.contains(event.relatedTarget)) set(false);
  });
}

// The button back to the top shows itself to a reader who scrolls up.
function startWayBack(button) {
  let before = scrollY;
  button.addEventListener("click", () => scrollTo({ top: 0 }));
  addEventListener("scroll", () => {
    button.style.display = scrollY < before && scrollY > innerHeight ? "block" : "none";
    before = scrollY;
  }, { passive: true });
}

document.querySelectorAll("[data-bs-toggle='dropdown']").forEach(startMenu);
document.querySelectorAll("#pst-back-to-top").forEach(startWayBack);
