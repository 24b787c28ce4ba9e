// Formulas, tables and pictures wider than their box are scrolled. Such a box takes the focus, so that the arrow keys
// can scroll it; a box that shows everything is passed over.
{
  const scrollers = [
    ".katex-display, .equation, .arrays, dl.field-list p", // formulas
    "main table, .pst-scrollable-table-container, pre, .output, figure.plate, figure.explorer",
  ].join();

  const measure = new ResizeObserver((boxes) => {
    for (const { target: box } of boxes) {
      if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible") box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });

  const observeAll = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (node.matches(scrollers)) measure.observe(node);
    node.querySelectorAll(scrollers).forEach((box) => measure.observe(box));
  };

  const main = document.querySelector("main");
  if (main) {
    observeAll(main);
    // Problems with other numbers come later.
    new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(observeAll)))
      .observe(main, { childList: true, subtree: true });
  }
}
