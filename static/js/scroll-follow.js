// The thread follows its end while the reader is there; otherwise it stays where the reader is.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const scroller = () => $("[data-scroller]");
  const NEAR_END = 48; // pixels

  let isFollowing = true;
  let distanceToEnd = 0; // before older messages are added above
  let lastTop = 0;
  let lastRange = 0;
  const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;

  const scrollToEnd = () => {
    const box = scroller();
    if (box) box.scrollTop = box.scrollHeight;
  };

  const updateJumpButton = () => {
    const button = $("[data-jump]");
    const hidden = isFollowing || !$("#thread article");
    if (button && button.hidden !== hidden) button.hidden = hidden;
  };

  const followEnd = () => {
    if (isFollowing) scrollToEnd();
    updateJumpButton();
  };

  // Not being at the end says nothing: more may have come since this script scrolled there. Only
  // scrolling up, of a thread that did not become shorter, is the reader's doing.
  const noteScroll = ({ target }) => {
    if (target !== scroller()) return;
    const range = target.scrollHeight - target.clientHeight;
    const isUp = target.scrollTop < lastTop - 1 && range >= lastRange;
    lastTop = target.scrollTop;
    lastRange = range;
    isFollowing = isAtEnd(target) || (isFollowing && !isUp);
    updateJumpButton();
  };

  const resizeObserver = new ResizeObserver(followEnd);
  const observeThread = () => {
    resizeObserver.disconnect();
    const column = $("[data-scroller] .column");
    if (column) resizeObserver.observe(column);
    if (scroller()) resizeObserver.observe(scroller());
  };

  const jumpOnClick = ({ target }) => {
    if (!target.closest("[data-jump]")) return;
    isFollowing = true;
    followEnd();
  };

  // Browsers scroll what has the focus. Where nothing has it, keys scroll the conversation, unless
  // the last click was on the sidebar.
  const SCROLL_KEYS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "]);
  let lastPressed = null;
  const rememberPress = ({ target }) => {
    lastPressed = target;
  };
  const focusThread = ({ key, target, defaultPrevented }) => {
    if (defaultPrevented || !SCROLL_KEYS.has(key)) return;
    if (target !== document.body && target.id !== "main") return;
    if ($("dialog[open]") || lastPressed?.closest?.("#sidebar")) return;
    scroller()?.focus({ preventScroll: true });
  };

  // A person who sends a message wants to see what follows.
  const followAfterSend = ({ detail }) => {
    if (detail.ctx.sourceElement?.matches?.("#composer, .edit-form")) isFollowing = true;
  };

  // Older messages are added above; what is being read stays where it is.
  const noteDistance = ({ detail }) => {
    const box = scroller();
    if (!box || !detail.ctx.sourceElement?.matches?.(".load-older")) return;
    distanceToEnd = box.scrollHeight - box.scrollTop;
  };
  const restorePosition = ({ detail }) => {
    const box = scroller();
    if (distanceToEnd && box) {
      box.scrollTop = box.scrollHeight - distanceToEnd;
      distanceToEnd = 0;
    }
    if (chat.swapsInto(detail.ctx, "main")) {
      isFollowing = true;
      observeThread();
      followEnd();
    }
  };

  const startFollowing = () => {
    isFollowing = !chat.targetId() || isAtEnd(scroller());
    observeThread();
    followEnd();
  };

  document.addEventListener("scroll", noteScroll, { capture: true, passive: true });
  document.addEventListener("click", jumpOnClick);
  document.addEventListener("pointerdown", rememberPress, { capture: true, passive: true });
  document.addEventListener("keydown", focusThread);
  document.addEventListener("htmx:before:request", followAfterSend);
  document.addEventListener("htmx:before:swap", noteDistance);
  document.addEventListener("htmx:after:swap", restorePosition);
  addEventListener("pageshow", startFollowing);
})();
