// Runs in the browser: finds texts that overlap, are clipped or lie outside of the window.
(() => {
  const SLACK = 1.5;
  const faults = [];
  const root = document.querySelector("dialog[open]") ?? document.body;

  /** The part of a box that an ancestor with its own scrolling or clipping shows. */
  function shown(element, box) {
    let { left, top, right, bottom } = box;
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const { overflowX, overflowY, clipPath } = getComputedStyle(at);
      if (clipPath !== "none") return undefined;
      if (overflowX === "visible" && overflowY === "visible") continue;
      const frame = at.getBoundingClientRect();
      left = Math.max(left, frame.left);
      right = Math.min(right, frame.right);
      top = Math.max(top, frame.top);
      bottom = Math.min(bottom, frame.bottom);
    }
    return right - left > SLACK && bottom - top > SLACK ? { left, top, right, bottom } : undefined;
  }

  /** Parts of the page that lie above others on purpose. */
  const ABOVE = ".notices, .hint, .top, thead, .uplot, option";

  function texts() {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      // Rows far from the window are neither laid out nor painted.
      const seen = { visibilityProperty: true, contentVisibilityAuto: true };
      if (node.data.trim() === "" || !element.checkVisibility(seen)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        const part = shown(element, box);
        if (part) found.push({ element, box, part, text: node.data.trim().slice(0, 40) });
      }
    }
    return found;
  }

  function clips({ element, box, part }) {
    if (box.right - part.right <= SLACK && part.left - box.left <= SLACK) return false;
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const { overflowX, textOverflow } = getComputedStyle(at);
      // Shortened with an ellipsis, or reached by scrolling.
      if (textOverflow === "ellipsis" || overflowX === "auto" || overflowX === "scroll") {
        return false;
      }
    }
    return true;
  }

  const found = texts();
  for (const one of found) {
    if (clips(one)) faults.push(`clipped: ${one.text}`);
    const { left, right } = one.part;
    if (left < -SLACK || right > innerWidth + SLACK) faults.push(`outside: ${one.text}`);
  }
  const level = found.filter(({ element }) => !element.closest(ABOVE))
    .sort((a, b) => a.part.top - b.part.top);
  level.forEach((a, at) => {
    for (let next = at + 1; next < level.length; next++) {
      const b = level[next];
      if (b.part.top > a.part.bottom - SLACK) break;
      const across = Math.min(a.part.right, b.part.right) - Math.max(a.part.left, b.part.left);
      const down = Math.min(a.part.bottom, b.part.bottom) - b.part.top;
      // Lines of one paragraph overlap by their line height.
      const together = a.element.contains(b.element) || b.element.contains(a.element);
      if (across > SLACK && down > 3 && !together) faults.push(`overlap: ${a.text} | ${b.text}`);
    }
  });
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`horizontal scroll: ${scrollWidth} > ${clientWidth}`);
  return [...new Set(faults)];
})();
