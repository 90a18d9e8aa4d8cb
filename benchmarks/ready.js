// Runs before the page's own scripts and says when its text box can be typed into: the page is
// loaded, the box is shown, and a frame with it is through with all tasks that waited before it.
// Nothing else of the measure runs in the page: a locator of Playwright alone compiles 300 kB there.
((selector) => {
  const usable = () => setTimeout(() => console.debug("usable", performance.now()));
  const look = () => {
    const box = document.readyState === "complete" ? document.querySelector(selector) : null;
    requestAnimationFrame(box?.checkVisibility() ? usable : look);
  };
  if (window === top) requestAnimationFrame(look);
})("BOX");
