// Searching: what was found takes the place of the sidebar's lines, and the page shows where it is.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const box = () => $("#search-text");
  const side = () => $("#sidebar");
  const links = () => [...document.querySelectorAll("#search-results a")];
  // What the list was made for, the request that is under way, and whether Enter waits for it.
  let listed = "";
  let asking = null;
  let entered = false;

  // The message that this page was opened for, by its id; it may be farther up than the page.
  chat.target = () => $("#conversation")?.dataset.target;

  chat.search = () => {
    if (!side().checkVisibility({ visibilityProperty: true })) chat.sidebar(true);
    box().focus();
    box().select();
  };

  // What was asked for in the address would come back with the next reload.
  const leave = () => {
    const { pathname, search } = location;
    if (!search) return;
    const path = pathname.startsWith("/c/") ? pathname : "/";
    history.replaceState(history.state, "", path);
  };

  const clear = () => {
    box().value = "";
    listed = "";
    entered = false;
    side().classList.remove("searching");
    $("#search-results").replaceChildren();
    $("#search-status").textContent = "";
    CSS.highlights?.delete("search-match");
    leave();
  };

  const show = () => {
    listed = box().value;
    if (!listed.trim()) return clear();
    side().classList.add("searching");
    $("#search-status").textContent = $("#search-results .search-count")?.textContent ?? "";
    if (entered) links()[0]?.focus();
    entered = false;
  };

  const fail = (text) => {
    const line = document.createElement("p");
    line.className = "search-count";
    line.textContent = text;
    $("#search-results").replaceChildren(line);
    entered = false;
    show();
  };

  document.addEventListener("input", ({ target }) => {
    if (target !== box()) return;
    entered = false;
    if (!target.value.trim()) clear();
  });

  // Enter goes to the first line, when it is there.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".search")) return;
    event.preventDefault();
    if (asking || listed !== box().value) entered = true;
    else links()[0]?.focus();
  });

  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-search-clear]")) return;
    clear();
    box().focus();
  });

  const asks = (detail) => detail.ctx?.sourceElement === box();

  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (!asks(detail)) return;
    asking = detail.ctx;
    $("#search-results").ariaBusy = "true";
  });
  // One that a newer one took the place of ends after that has begun.
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (asking !== detail.ctx) return;
    asking = null;
    $("#search-results").ariaBusy = "false";
  });
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (asks(detail)) show();
  });
  document.addEventListener("htmx:error", ({ detail }) => {
    if (asks(detail)) fail(chat.say("no_search"));
  });
  document.addEventListener("htmx:after:request", ({ detail }) => {
    if (!asks(detail) || detail.ctx.response.status < 400) return;
    const said = new DOMParser().parseFromString(detail.ctx.text, "text/html");
    const sentence = $(".notice p", said)?.textContent.trim();
    detail.ctx.hx.reswap = "none";
    fail(sentence || chat.say("no_search"));
  });

  // Esc leaves, before anything else hears of it; the arrows walk from the box through the list.
  addEventListener("keydown", (event) => {
    if (!event.target.closest?.(".search, #search-results") || event.isComposing) return;
    if (event.key === "Escape") {
      if (!box().value && chat.sidebarIsOver()) return;
      (box().value ? box() : $("#composer-text")).focus();
      clear();
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [box(), ...links()];
    all[Math.max(all.indexOf(document.activeElement) + step, 0)]?.focus();
  }, { capture: true });

  // Where the words are in the message, without touching its elements: what the excerpt marks, and
  // what begins as was typed.
  const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const pattern = (marks) => {
    const typed = box().value.normalize("NFKC").split(/["“”„«»\s]+/)
      .filter((word) => !word.startsWith("-") && (word.length > 1 || word > "\x7f"));
    const all = [
      ...marks.map(escaped).map((word) => `${word}(?![a-z\\d])`),
      ...typed.map(escaped).map((word) => `${word}[\\p{L}\\p{N}]*`),
    ];
    return all.length ? new RegExp(`(?<![a-z\\d])(?:${all.join("|")})`, "giu") : null;
  };

  const places = (body, words) => {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    const ranges = [];
    while (words && walker.nextNode()) {
      for (const { index, 0: { length } } of walker.currentNode.data.matchAll(words)) {
        const range = new Range();
        range.setStart(walker.currentNode, index);
        range.setEnd(walker.currentNode, index + length);
        ranges.push(range);
      }
    }
    return ranges;
  };

  // A page holds some hundred messages at most; what is farther up comes as for a reader.
  const gone = (element) => new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (element.isConnected) return;
      observer.disconnect();
      resolve();
    }).observe($("#thread"), { childList: true });
  });
  const reached = async (key) => {
    const found = () => document.getElementById(`message-${key}`);
    for (let next; !found() && (next = $("#thread .load-older"));) {
      next.scrollIntoView();
      await gone(next);
      // Until the reader's place was kept.
      await new Promise(requestAnimationFrame);
    }
    return found();
  };

  const reveal = async () => {
    const current = $("#search-results a[aria-current]");
    current?.scrollIntoView({ block: "center" });
    const article = chat.target() ? await reached(chat.target()) : null;
    if (!article) return;
    const marks = [...current?.querySelectorAll("mark") ?? []].map((mark) => mark.textContent);
    const ranges = places($(".message-body", article), pattern(marks));
    if (globalThis.Highlight) CSS.highlights.set("search-match", new Highlight(...ranges));
    article.tabIndex = -1;
    article.focus({ preventScroll: true });
    // Heights above become known while it is shown.
    const go = () => (ranges[0]?.startContainer.parentElement ?? article)
      .scrollIntoView({ block: "center" });
    go();
    requestAnimationFrame(() => requestAnimationFrame(go));
  };

  // The other version comes with a page of its own, which goes to the message.
  document.addEventListener("htmx:after:request", ({ detail }) => {
    if (detail.ctx.sourceElement?.matches?.("[data-show-branch]") && detail.ctx.response.status < 300) {
      location.reload();
    }
  });

  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) return;
    listed = box().value;
    if (location.pathname === "/search/") box().focus();
    reveal();
  });
})();
