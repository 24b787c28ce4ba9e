// What this book uses of the theme's smaller script and of the 80 kilobytes of Bootstrap: the menus of a page's header,
// the way back to its top, and a list of contents that can be put away.

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

// A line under the header, once text has gone below it.
function startHeader(top) {
  const watch = new IntersectionObserver(([{ isIntersecting }]) => document.body.classList.toggle("scrolled", !isIntersecting));
  watch.observe(top);
}

// On a wide screen the list of contents stands beside the text. The button that opens it on a phone, by the theme's
// larger script, puts it away here.
function startContents(button) {
  button.addEventListener("click", (event) => {
    if (!matchMedia("(min-width: 992px)").matches) return;
    event.stopImmediatePropagation();
    document.querySelector("#pst-primary-sidebar").classList.toggle("pst-sidebar-hidden");
  }, { capture: true });
}

document.querySelectorAll(".sbt-scroll-pixel-helper").forEach(startHeader);
document.querySelectorAll(".primary-toggle").forEach(startContents);
document.querySelectorAll("[data-bs-toggle='dropdown']").forEach(startMenu);
document.querySelectorAll("#pst-back-to-top").forEach(startWayBack);
