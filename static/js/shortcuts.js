// Single keys, outside of text fields only; they can be switched off in the sheet.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const store = (work) => {
    try {
      return work(localStorage);
    } catch {
      return null;
    }
  };
  const on = () => store((box) => box.getItem("keys")) !== "off";

  const follow = (link) => {
    if (!link) return;
    sessionStorage.setItem("by-key", "1");
    link.click();
  };

  // At the end of what is loaded, when more is there.
  const onwards = (list, by) => {
    const more = $(`${list} > .load-more:last-child`);
    if (!more) return;
    new MutationObserver((_, observer) => {
      if (more.isConnected) return;
      observer.disconnect();
      step(by);
    }).observe(more.parentElement, { childList: true });
    more.scrollIntoView();
  };

  const step = (by) => {
    const [list, line] = $("#sidebar.searching")
      ? ["#search-results", ".search-link"] : ["#sidebar-list", ".row-link"];
    const links = [...document.querySelectorAll(`${list} ${line}`)];
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = at < 0 ? links[0] : links[at + by];
    if (next) follow(next);
    else if (by > 0) onwards(list, by);
  };

  const sheet = () => {
    $("#shortcuts-enabled").checked = on();
    chat.openDialog($("#shortcuts-dialog"));
  };

  const ACTIONS = {
    n: () => $("#sidebar .new-chat").click(),
    m: () => $("#composer-text").focus(),
    s: () => chat.search(),
    j: () => step(1),
    k: () => step(-1),
    y: () => [...document.querySelectorAll("article[data-role=assistant] [data-copy-message]")]
      .at(-1)?.click(),
    x: () => chat.answering() && $("#stop-form")?.requestSubmit(),
    "?": sheet,
  };

  const elsewhere = (target) =>
    target.closest?.("input, textarea, select, [contenteditable]") || $("dialog[open]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = ACTIONS[event.key];
    if (!action || elsewhere(event.target) || !on()) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("change", ({ target }) => {
    if (target.id === "shortcuts-enabled") {
      store((box) => (target.checked ? box.removeItem("keys") : box.setItem("keys", "off")));
    }
  });

  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-shortcuts]")) sheet();
  });
})();
