// Explorers on the published page: every picture was drawn when the site was built; moving a control shows another one.
// The frame for a setting is found by counting as in cvlib.explore: the last control changes fastest.

const indexOf = (control) => {
  if (control.type !== "checkbox") return Number(control.value);
  return control.checked ? Number(control.dataset.checked) : 1 - Number(control.dataset.checked);
};

function frameNumber(controls, indices) {
  return controls.reduce((number, control, i) => number * Number(control.dataset.size) + indices[i], 0);
}

// The frames that one control can reach while the others stand still.
function reachable(controls, indices, i) {
  return Array.from({ length: Number(controls[i].dataset.size) }, (_, index) =>
    frameNumber(controls, indices.with(i, index)));
}

// The frames one step away from here, which a reader is likely to want next.
function neighbours(controls, indices) {
  return controls.flatMap((_, i) =>
    reachable(controls, indices, i).slice(Math.max(0, indices[i] - 1), indices[i] + 2));
}

function nameValue(control) {
  if (control.type !== "range") return;
  const text = JSON.parse(control.dataset.values)[control.value];
  control.setAttribute("aria-valuetext", text);
  control.nextElementSibling.textContent = text;
}

function start(explorer) {
  const frames = JSON.parse(explorer.querySelector("script[type='application/json']").textContent);
  const controls = [...explorer.querySelectorAll("input, select")];
  const picture = explorer.querySelector("img");
  const caption = explorer.querySelector("figcaption");
  const status = explorer.querySelector("[role=status]");
  const fetched = new Map();
  let announcement;

  // What the picture now shows is said once, when the hand rests: not for every step on the way.
  const announce = (words) => {
    clearTimeout(announcement);
    announcement = setTimeout(() => { status.textContent = words; }, 500);
  };

  const fetchFrame = (number) => {
    if (!fetched.has(number)) {
      const image = new Image();
      image.src = frames[number].src;
      fetched.set(number, image);
    }
  };

  const show = () => {
    const indices = controls.map(indexOf);
    const frame = frames[frameNumber(controls, indices)];
    controls.forEach(nameValue);
    picture.src = frame.src;
    picture.alt = frame.alt;
    if (caption.textContent !== frame.caption) caption.textContent = frame.caption;
    announce(frame.alt);
    neighbours(controls, indices).forEach(fetchFrame);
  };

  // A browser may restore the controls of an earlier visit: begin where the page says, not where they stand.
  controls.forEach((control) => {
    if (control.type === "range") control.value = control.defaultValue;
    else if (control.type === "checkbox") control.checked = control.defaultChecked;
    else control.selectedIndex = [...control.options].findIndex((option) => option.defaultSelected);
    control.addEventListener("input", show);
    // A hand on a control: it may be drawn all the way.
    for (const touched of ["focus", "pointerenter"]) {
      control.addEventListener(touched, () =>
        reachable(controls, controls.map(indexOf), controls.indexOf(control)).forEach(fetchFrame));
    }
  });

  // Nothing is fetched for readers who never come near.
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    neighbours(controls, controls.map(indexOf)).forEach(fetchFrame);
  }, { rootMargin: "200px" });
  watch.observe(explorer);
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-explorer]").forEach(start));
