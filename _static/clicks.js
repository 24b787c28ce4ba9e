// What the theme's buttons do. They carry it as the name of a function and not as a script of their own, which the page's
// security policy would not run.

const deeds = {
  "window.print": () => window.print(),
  toggleFullScreen: () =>
    (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-click]");
  if (button) deeds[button.dataset.click]();
});
