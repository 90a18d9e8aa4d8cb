// The sidebar keeps its scroll position: from page to page, and when items come or go above.
(() => {
  "use strict";

  const STORAGE_KEY = "sidebar-lines";
  const $ = (selector) => document.querySelector(selector);
  const box = () => $(".sidebar-scroll");
  const findItem = (id) => (id ? document.getElementById(`row-${id.replaceAll("-", "")}`) : null);
  const topOf = (item) => item.getBoundingClientRect().top - box().getBoundingClientRect().top;
  const isSearching = () => Boolean($("#sidebar.searching")); // the items are hidden then
  const scrollItemTo = (item, top) => {
    box().scrollTop += topOf(item) - top;
  };

  // By id: the items in view, and as many on each side for the keys j and k.
  const readPositions = () => {
    if (isSearching()) return {};
    const height = box().clientHeight;
    return Object.fromEntries([...document.querySelectorAll("#sidebar-list [data-row]")]
      .map((item) => [item.dataset.row, topOf(item)])
      .filter(([, top]) => top > -height && top < 2 * height));
  };
  const savePositions = () => chat.storage.session.write(STORAGE_KEY, readPositions());

  // The item of the open conversation stands where it stood on the page before; if that is out of
  // view, in the middle.
  const restorePosition = () => {
    const item = findItem(chat.conversationId());
    if (!item || isSearching()) return;
    const room = box().clientHeight - item.offsetHeight;
    const current = topOf(item);
    const saved = chat.storage.session.read(STORAGE_KEY)?.[chat.conversationId()];
    const top = saved ?? (current > room ? room / 2 : current);
    scrollItemTo(item, Math.min(Math.max(top, 0), room));
  };

  let positions = null; // null at the top of the list, where new items have to be seen
  let positionsAt = 0; // the scroll position they were read at
  let isWaiting = false;
  const updatePositions = () => {
    isWaiting = false;
    positionsAt = box().scrollTop;
    positions = positionsAt > 4 ? readPositions() : null;
  };
  const updatePositionsLater = () => {
    if (!isWaiting) requestAnimationFrame(updatePositions);
    isWaiting = true;
  };
  // A swap may come between a scroll and its event, which waits for the next animation frame.
  const catchUp = () => {
    if (box().scrollTop !== positionsAt) updatePositions();
  };
  const keepPosition = () => {
    if (!positions || isSearching()) return;
    const id = Object.keys(positions).find((key) => positions[key] >= 0 && findItem(key));
    if (id) scrollItemTo(findItem(id), positions[id]);
  };

  // While it is hidden, there are no positions. Over the page it keeps them.
  let wasHidden = !box().checkVisibility();
  const restoreWhenShown = () => {
    const isHidden = !box().checkVisibility();
    if (wasHidden && !isHidden) restorePosition();
    wasHidden = isHidden;
  };

  const start = () => {
    restorePosition();
    document.addEventListener("chat:sidebar-toggled", restoreWhenShown);
    new MutationObserver(restorePosition).observe($("#sidebar"), { attributeFilter: ["class"] });
    const observer = new MutationObserver(keepPosition);
    observer.observe($("#sidebar-list"), { childList: true, subtree: true });
    box().addEventListener("scroll", updatePositionsLater, { passive: true });
  };

  // A gap is filled from the side that the reader comes from.
  const setDirection = ({ detail: { ctx } }) => {
    const gap = ctx.sourceElement;
    if (gap?.matches?.(".load-gap") && topOf(gap) < box().clientHeight / 2) {
      ctx.request.body.set("up", "1");
    }
  };

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:before:swap", catchUp);
  addEventListener("pagehide", savePositions);
  document.addEventListener("htmx:config:request", setDirection);
})();
