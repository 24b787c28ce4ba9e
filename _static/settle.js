// What is far below the screen waits to be laid out (book.css), so that a long page opens at once. When the page is there
// and nothing else is to be done, one block after the other is laid out, until the page is whole: then nothing changes
// its height under a reader who jumps or turns the device. Who scrolls before that finds the blocks laid out on arrival:
// a block that waited until it is seen would push the next one away before the reader's eyes.
{
  const SLICE = 4; // milliseconds, so that the page never keeps a hand waiting

  const whenIdle = window.requestIdleCallback ?? setTimeout; // not every browser has it
  const article = document.querySelector(".bd-article");
  let found = null;

  /** The blocks that wait, in the order of the page. */
  function waiting() {
    found ??= [...article.querySelectorAll("section > *")].filter((block) => getComputedStyle(block).contentVisibility === "auto");
    found = found.filter((block) => !block.classList.contains("settled"));
    return found;
  }

  /** Lay out what is on the screen or less than a screen away from it, before it is painted. */
  function arrive() {
    const near = ({ top, bottom }) => bottom > -innerHeight && top < 2 * innerHeight;
    for (const block of waiting().filter((block) => near(block.getBoundingClientRect()))) block.classList.add("settled");
  }

  function settle() {
    const blocks = waiting();
    const begin = performance.now();
    while (blocks.length > 0 && performance.now() - begin < SLICE) {
      const block = blocks.shift();
      block.classList.add("settled");
      block.getBoundingClientRect(); // now, not all at once later
    }
    if (blocks.length > 0) return whenIdle(settle);
    removeEventListener("scroll", arrive);
    article.dataset.settled = "";
  }

  if (article) {
    addEventListener("scroll", arrive);
    // A problem with other numbers was asked for: it does not wait.
    article.addEventListener("problem-shown", ({ target }) => [...target.children].forEach((block) => block.classList.add("settled")));
    if (document.readyState === "complete") whenIdle(settle);
    else addEventListener("load", () => whenIdle(settle));
  }
}
