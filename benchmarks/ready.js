// Runs before the page's own scripts and says when its text box can be typed into: the page is
// loaded, the box is shown, and a frame with it is through with all tasks that waited before it.
// Nothing else of the measure runs in the page: a locator of Playwright alone compiles 300 kB there.
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
      const found = root.querySelector(selector);
      if (found?.checkVisibility()) return found;
    }
    return null;
  };
  const usable = () => setTimeout(() => console.debug("usable", performance.now()));
  const look = () => {
    requestAnimationFrame(document.readyState === "complete" && box() ? usable : look);
  };
  if (window === top) requestAnimationFrame(look);
})("BOX");
