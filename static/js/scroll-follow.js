// Reading: follow the end only if the reader is there, speak whole sentences.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const scroller = () => $("[data-scroller]");
  const NEAR = 48;

  // The reader's place wins: new text moves the page only when its end was in view.
  let following = true;
  let before = 0;
  let top = 0;
  let room = 0;
  const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  const toEnd = () => {
    const box = scroller();
    if (box) box.scrollTop = box.scrollHeight;
  };
  const showJump = () => {
    const button = $("[data-jump]");
    const hidden = following || !$("#thread article");
    if (button && button.hidden !== hidden) button.hidden = hidden;
  };

  document.addEventListener("scroll", ({ target }) => {
    if (target !== scroller()) return;
    // Only a reader scrolls up, and a thread that became shorter. Not being at the end says
    // nothing: more may have come since the page itself went there.
    const left = target.scrollHeight - target.clientHeight;
    const up = target.scrollTop < top - 1 && left >= room;
    top = target.scrollTop;
    room = left;
    following = atEnd(target) || (following && !up);
    showJump();
  }, { capture: true, passive: true });

  const settle = () => {
    if (following) toEnd();
    showJump();
  };

  const watch = new ResizeObserver(settle);
  const observe = () => {
    watch.disconnect();
    const column = $("[data-scroller] .column");
    if (column) watch.observe(column);
    if (scroller()) watch.observe(scroller());
  };

  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-jump]")) return;
    following = true;
    settle();
  });

  // Browsers scroll what has the focus. Where nothing has it, keys scroll the conversation, unless
  // the last click was on the sidebar.
  const SCROLLING = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "]);
  let pressed = null;
  document.addEventListener("pointerdown", ({ target }) => {
    pressed = target;
  }, { capture: true, passive: true });
  document.addEventListener("keydown", ({ key, target, defaultPrevented }) => {
    if (defaultPrevented || !SCROLLING.has(key)) return;
    if (target !== document.body && target.id !== "main") return;
    if ($("dialog[open]") || pressed?.closest?.("#sidebar")) return;
    scroller()?.focus({ preventScroll: true });
  });

  // A person who sends wants to see what follows.
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement?.matches?.("#composer, .edit-form")) following = true;
  });

  // Older messages come above; what is being read stays where it is.
  document.addEventListener("htmx:before:swap", ({ detail }) => {
    const box = scroller();
    if (detail.ctx.sourceElement?.matches?.(".load-older") && box) before = box.scrollHeight - box.scrollTop;
  });
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    const box = scroller();
    if (before && box) {
      box.scrollTop = box.scrollHeight - before;
      before = 0;
    }
    if (detail.ctx.target?.id === "main") {
      following = true;
      observe();
      settle();
    }
  });

  // Speech: the live region gets whole sentences, far behind the screen's pace. Blocks that were
  // spoken to their end are not read again: a long answer costs no more than a short one.
  const told = { id: "", blocks: 0, text: "" };
  const sentences = (text) => text.match(/[\s\S]*?[.!?。！？:](?=\s|$)|[\s\S]*?\n\n/g)?.join("") ?? "";

  document.addEventListener("chat:frame", ({ detail }) => {
    if (detail.event !== "answer" && detail.event !== "thread") return;
    if (timer && detail.event === "answer") return; // what comes now is spoken with the rest
    const article = $("#thread > article[data-role=assistant]:last-of-type");
    if (!article) return;
    const { messageId, status } = article.dataset;
    const live = status === "pending" || status === "streaming";
    if (told.id !== messageId) {
      if (!live) return;
      Object.assign(told, { id: messageId, blocks: 0, text: "" });
    }
    queue(article, live);
  });

  const unspoken = (body, live) => {
    const texts = [...body.children].slice(told.blocks).map((block) => block.innerText);
    const text = live ? sentences(texts.join("\n\n")) : texts.join("\n\n");
    const next = text.slice(told.text.length).trim();
    const finished = texts.slice(0, -1).join("\n\n").length;
    told.blocks += Math.max(texts.length - 1, 0);
    told.text = texts.length > 1 ? text.slice(finished + 2) : text;
    return next;
  };

  let timer = 0;
  const queue = (article, live) => {
    if (timer && live) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      if (!article.isConnected) return;
      const next = unspoken(article.querySelector(".message-body"), live);
      if (next) chat.speak(next);
      if (!live) {
        const note = article.querySelector(".message-note");
        if (note) chat.speak(note.innerText);
        told.id = "";
      }
    }, live ? 1000 : 50);
  };

  addEventListener("pageshow", () => {
    following = !chat.target() || atEnd(scroller());
    observe();
    settle();
  });
})();
