// Runs before the page's own scripts and logs when its text box is usable: the page is loaded, the
// box is visible, and a frame with it has been painted after all tasks queued before it. Nothing else
// of the benchmark runs in the page: Playwright's locator would compile 300 kB of script there.
((selector) => {
  const roots = [document];
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    roots.push(root);
    return root;
  };
  const box = () => {
    for (const root of roots) {
      const element = root.querySelector(selector);
      if (element?.checkVisibility()) return element;
    }
    return null;
  };
  const usable = () => setTimeout(() => console.debug("usable", performance.now()));
  const look = () => {
    requestAnimationFrame(document.readyState === "complete" && box() ? usable : look);
  };
  if (window === top) requestAnimationFrame(look);
})("BOX");
