// The sidebar keeps its place: from page to page, and when lines come or go above those in view.
(() => {
  "use strict";

  const KEPT = "sidebar-lines";
  const $ = (selector) => document.querySelector(selector);
  const box = () => $(".sidebar-scroll");
  const lineOf = (id) => (id ? document.getElementById(`row-${id.replaceAll("-", "")}`) : null);
  const topOf = (line) => line.getBoundingClientRect().top - box().getBoundingClientRect().top;
  const searching = () => Boolean($("#sidebar.searching")); // the lines are hidden then
  const put = (line, top) => {
    box().scrollTop += topOf(line) - top;
  };

  // Where lines stand, by id: those in view, and as many on each side for the keys j and k.
  const lines = () => {
    if (searching()) return {};
    const height = box().clientHeight;
    return Object.fromEntries([...document.querySelectorAll("#sidebar-list [data-row]")]
      .map((line) => [line.dataset.row, topOf(line)])
      .filter(([, top]) => top > -height && top < 2 * height));
  };

  // The line of the conversation that is open stands where it stood on the page before, else in
  // the middle, where it would be out of view.
  const restore = () => {
    const line = lineOf(chat.shown());
    if (!line || searching()) return;
    const room = box().clientHeight - line.offsetHeight;
    const now = topOf(line);
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}")[chat.shown()];
    const top = kept ?? (now > room ? room / 2 : now);
    put(line, Math.min(Math.max(top, 0), room));
  };

  let seen = null; // null at the top of the list, where what is new shall be seen
  let waiting = false;
  const look = () => {
    waiting = false;
    seen = box().scrollTop > 4 ? lines() : null;
  };
  const hold = () => {
    if (!seen || searching()) return;
    const id = Object.keys(seen).find((key) => seen[key] >= 0 && lineOf(key));
    if (id) put(lineOf(id), seen[id]);
  };

  document.addEventListener("DOMContentLoaded", () => {
    restore();
    new MutationObserver(restore).observe($("#sidebar"), { attributeFilter: ["class"] });
    new MutationObserver(hold).observe($("#sidebar-list"), { childList: true, subtree: true });
    box().addEventListener("scroll", () => {
      if (!waiting) requestAnimationFrame(look);
      waiting = true;
    }, { passive: true });
  });
  addEventListener("pagehide", () => sessionStorage.setItem(KEPT, JSON.stringify(lines())));

  // A gap is filled from the side that the reader comes from.
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const gap = ctx.sourceElement;
    if (gap?.matches?.(".load-gap") && topOf(gap) < box().clientHeight / 2) {
      ctx.request.body.set("up", "1");
    }
  });
})();
