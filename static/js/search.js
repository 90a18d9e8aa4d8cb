// Searching: what was found takes the place of the sidebar's lines, and the page shows where it is.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const box = () => $("#search-text");
  const side = () => $("#sidebar");
  const links = () => [...document.querySelectorAll("#found a")];
  let entered = false;

  // The message that a search found, if this page was opened for one and shows it.
  chat.target = () => {
    const key = $("#conversation")?.dataset.target;
    return key ? document.getElementById(`m-${key}`) : null;
  };

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
    side().classList.remove("searching");
    $("#found").replaceChildren();
    $("#search-status").textContent = "";
    CSS.highlights?.delete("found");
    leave();
  };

  const show = () => {
    if (!box().value.trim()) return clear();
    side().classList.add("searching");
    $("#search-status").textContent = $("#found .found-count")?.textContent ?? "";
    if (entered) links()[0]?.focus();
    entered = false;
  };

  const fail = (text) => {
    const line = document.createElement("p");
    line.className = "found-count";
    line.textContent = text;
    $("#found").replaceChildren(line);
    show();
  };

  document.addEventListener("input", ({ target }) => {
    if (target === box() && !target.value.trim()) clear();
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".search")) return;
    event.preventDefault();
    if ($("#found").ariaBusy === "true") entered = true;
    else links()[0]?.focus();
  });

  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-search-clear]")) return;
    clear();
    box().focus();
  });

  const asks = (detail) => detail.ctx?.sourceElement === box();

  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (asks(detail)) $("#found").ariaBusy = "true";
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (asks(detail)) $("#found").ariaBusy = "false";
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
    if (!event.target.closest?.(".search, #found") || event.isComposing) return;
    if (event.key === "Escape") {
      if (!box().value && document.body.classList.contains("sidebar-shown")) return;
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

  // Where the words are in the message, without touching its elements.
  const places = (body, words) => {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    const ranges = [];
    while (walker.nextNode()) {
      const { data } = walker.currentNode;
      const text = data.toLowerCase();
      if (text.length !== data.length) continue;
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(walker.currentNode, at);
          range.setEnd(walker.currentNode, at + word.length);
          ranges.push(range);
        }
      }
    }
    return ranges;
  };

  const reveal = () => {
    const article = chat.target();
    if (!article) return;
    const current = $("#found a[aria-current]");
    current?.scrollIntoView({ block: "center" });
    const marks = (current ?? $("#found"))?.querySelectorAll("mark") ?? [];
    const words = new Set([...marks].map((mark) => mark.textContent.toLowerCase()));
    const ranges = places($(".message-body", article), words);
    if (globalThis.Highlight) CSS.highlights.set("found", new Highlight(...ranges));
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
    if (detail.ctx.sourceElement?.matches?.("[data-elsewhere]") && detail.ctx.response.status < 300) {
      location.reload();
    }
  });

  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) return;
    if (location.pathname === "/search/") box().focus();
    reveal();
  });
})();
