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

  // The button that shows another version of a message stays under the pointer, wherever the end of
  // that version is, until the person does something else.
  const HOLD_MS = 5000;
  let held = null;
  const findHeld = () => [...document.querySelectorAll(`#${held.article} .branch-switcher button`)]
    .find((button) => button.ariaLabel === held.label);
  // At the end of a shorter version there is nothing left to scroll to: space stands in for it, until
  // it is out of view or something else changes.
  let space = 0;
  const setSpace = (pixels) => {
    if (space === pixels) return;
    space = pixels;
    $("[data-scroller] .column").style.paddingBlockEnd = space ? `${space}px` : "";
  };
  const restoreHeld = () => {
    const button = findHeld();
    if (!button) return;
    const box = scroller();
    const findDistance = () => button.getBoundingClientRect().top - held.top;
    setSpace(0);
    box.scrollTop += findDistance();
    const missing = Math.max(0, Math.ceil(findDistance()));
    setSpace(missing);
    box.scrollTop += missing;
    isFollowing = isAtEnd(box);
  };
  const holdPressed = ({ target }) => {
    const button = target.closest(".branch-switcher button[hx-post]");
    const id = button?.getAttribute("hx-post").match(/[0-9a-f-]{36}/)?.[0];
    if (!id) return;
    const { top } = button.getBoundingClientRect();
    const article = `message-${id.replaceAll("-", "")}`;
    held = { article, label: button.ariaLabel, top, until: Date.now() + HOLD_MS };
  };
  const releaseHeld = () => {
    held = null;
  };
  const isHolding = () => held && Date.now() < held.until;

  // For a change that is made at once.
  const holdInPlace = (element, change) => {
    const box = scroller();
    const { top } = element.getBoundingClientRect();
    change();
    box.scrollTop += element.getBoundingClientRect().top - top;
    isFollowing &&= isAtEnd(box);
  };

  // For a change above or below what is being read.
  const holdReading = (change) => {
    const top = scroller()?.getBoundingClientRect().top;
    const first = !isFollowing && [...document.querySelectorAll("#thread > article")]
      .find((article) => article.getBoundingClientRect().bottom > top);
    if (first) holdInPlace(first, change);
    else change();
  };

  const followEnd = () => {
    if (isHolding()) {
      restoreHeld();
    } else {
      setSpace(0);
      if (isFollowing) scrollToEnd();
    }
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
    if (space && !isHolding() && range - target.scrollTop >= space) setSpace(0);
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
  document.addEventListener("click", holdPressed, { capture: true });
  for (const event of ["pointerdown", "wheel", "touchmove", "keydown"]) {
    document.addEventListener(event, releaseHeld, { capture: true, passive: true });
  }
  document.addEventListener("pointerdown", rememberPress, { capture: true, passive: true });
  document.addEventListener("keydown", focusThread);
  document.addEventListener("htmx:before:request", followAfterSend);
  document.addEventListener("htmx:before:swap", noteDistance);
  document.addEventListener("htmx:after:swap", restorePosition);
  addEventListener("pageshow", startFollowing);

  Object.assign(chat, { holdInPlace, holdReading });
})();
