// What is far below the screen waits to be laid out (book.css), so that a long page opens at once. When the page is there
// and nothing else is to be done, one block after the other is laid out, until the page is whole: then nothing changes
// its height under a reader who jumps or turns the device.
{
  const SLICE = 4; // milliseconds, so that the page never keeps a hand waiting

  const whenIdle = window.requestIdleCallback ?? setTimeout; // not every browser has it
  const article = document.querySelector(".bd-article");
  const waits = (block) => getComputedStyle(block).contentVisibility === "auto";

  function settle(blocks) {
    const begin = performance.now();
    while (blocks.length > 0 && performance.now() - begin < SLICE) {
      const block = blocks.shift();
      block.classList.add("settled");
      block.getBoundingClientRect(); // now, not all at once later
    }
    if (blocks.length > 0) whenIdle(() => settle(blocks));
    else article.dataset.settled = "";
  }

  const begin = () => whenIdle(() => settle([...article.querySelectorAll("section > *")].filter(waits)));
  if (article && document.readyState === "complete") begin();
  else if (article) addEventListener("load", begin);
}
