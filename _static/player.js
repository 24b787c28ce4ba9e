// Step players: the steps of a worked solution, one at a time, over its arrays. The steps are the list items that stand
// above the player on the page; each says which cells it touches, and each cell says from which step on it is known.
(() => {
  "use strict";

  const started = new WeakSet();

  function startPlayer(player) {
    if (started.has(player)) return;
    started.add(player);
    const steps = [...player.closest("details").querySelectorAll("li[data-step]")];
    const [slider, output, line] = ["input", "output", ".player-line"].map((name) => player.querySelector(name));
    const tables = [...player.querySelectorAll("table")];
    const touches = steps.map((step) => JSON.parse(step.dataset.cells ?? "{}"));
    const [back, forward] = player.querySelectorAll("button");
    let rest;

    // Only the arrays that the current part of the solution works with are shown.
    const arraysOf = (part) => new Set(steps.flatMap((step, i) => step.dataset.part === part ? Object.keys(touches[i]) : []));

    // A step is said once, when the hand rests: not every step on the way.
    const hush = () => {
      line.setAttribute("aria-busy", true);
      clearTimeout(rest);
      rest = setTimeout(() => line.removeAttribute("aria-busy"), 500);
    };

    const show = () => {
      const number = Number(slider.value);
      const shown = arraysOf(steps[number].dataset.part);
      hush();
      line.innerHTML = steps[number].innerHTML;
      output.textContent = `${number + 1} of ${steps.length}`;
      slider.setAttribute("aria-valuetext", output.textContent);
      // aria-disabled and not disabled: a button that is disabled under the hand of a reader loses the keyboard's focus.
      back.setAttribute("aria-disabled", number === 0);
      forward.setAttribute("aria-disabled", number === steps.length - 1);
      for (const table of tables) {
        table.hidden = !shown.has(table.dataset.array);
        const touched = new Set((touches[number][table.dataset.array] ?? []).map(String));
        for (const cell of table.querySelectorAll("td[data-cell]")) {
          const unknown = Number(cell.dataset.from ?? 0) > number;
          cell.classList.toggle("unknown", unknown);
          cell.classList.toggle("touched", !unknown && touched.has(cell.dataset.cell));
        }
      }
    };

    slider.value = 0;
    slider.addEventListener("input", show);
    for (const button of [back, forward]) {
      button.addEventListener("click", () => {
        slider.value = Number(slider.value) + Number(button.dataset.move);
        show();
      });
    }
    player.hidden = false;
    show();
  }

  // A player starts when its solution is unfolded: a page of many problems is not kept waiting for what nobody sees.
  const startIn = (part) => part.querySelectorAll("details[open] [data-player]").forEach(startPlayer);
  document.addEventListener("DOMContentLoaded", () => startIn(document));
  document.addEventListener("toggle", ({ target }) => target.open && startIn(target.parentElement), { capture: true });
  // A problem with new numbers (lab.js) brings a player of its own.
  document.addEventListener("problem-shown", ({ target }) => startIn(target));
})();
