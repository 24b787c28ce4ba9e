// What the theme's buttons do. They carry it as the name of a function and not as a script of their own, which the page's
// security policy would not run; the same goes for the link that ends the marking of words looked for.

const deeds = {
  "window.print": () => window.print(),
  toggleFullScreen: () => window.toggleFullScreen(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-click]");
  if (button) deeds[button.dataset.click]();
  if (event.target.closest(".highlight-link a")) {
    event.preventDefault();
    SphinxHighlight.hideSearchWords();
  }
});
