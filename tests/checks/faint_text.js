// Contrast of every visible text with what lies behind it (WCAG 2.2, success criterion 1.4.3), in the page itself.
() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const over = (top, below) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * below[i]);
  const remember = (f, known = new Map()) => (key) => known.get(key) ?? known.set(key, f(key)).get(key);

  // A pixel knows what a colour is, however the style sheet wrote it.
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parse = remember((colour) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    return [r, g, b, alpha / 255];
  });
  const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  const background = remember((element) => {
    if (!element) return canvas;
    const colour = parse(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour : over(colour, background(element.parentElement));
  });

  const unseen = [
    "script, style, noscript, .headerlink, .sr-only, .visually-hidden, [disabled]",
    ".katex-mathml", // for the ear; its twin is for the eye
    ".katex [style*='color:transparent']", // \phantom: room for what is not there
  ].join();
  const ratioOf = remember((element) => {
    if (element.closest(unseen)) return Infinity;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return Infinity;
    const below = background(element);
    const text = luminance(over(parse(getComputedStyle(element).color), below));
    const [a, b] = [text, luminance(below)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
  const least = (element) => {
    const { fontSize, fontWeight } = getComputedStyle(element);
    const size = parseFloat(fontSize);
    return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
  };

  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [element, text] = [walker.currentNode.parentElement, walker.currentNode.textContent.trim()];
    if (text && ratioOf(element) < least(element)) {
      faint.push(`${text.slice(0, 40)} (${ratioOf(element).toFixed(2)} to 1, ${element.tagName} ${element.className})`);
    }
  }
  return faint;
}
