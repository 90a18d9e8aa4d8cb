// Keyboard shortcuts: single keys outside of text fields; the sheet that lists them disables them.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const { local, session } = chat.storage;
  const isEnabled = () => local.read("keys") !== "off";

  const followLink = (link) => {
    if (!link) return;
    session.write("by-key", true);
    link.click();
  };

  // At the end of what is loaded, the next items are loaded first.
  const loadMoreAndMove = (list, step) => {
    const more = $(`${list} > .load-more:last-child`);
    if (!more) return;
    const moveWhenLoaded = (_, observer) => {
      if (more.isConnected) return;
      observer.disconnect();
      moveInSidebar(step);
    };
    new MutationObserver(moveWhenLoaded).observe(more.parentElement, { childList: true });
    more.scrollIntoView();
  };

  const moveInSidebar = (step) => {
    const [list, item] = $("#sidebar.searching")
      ? ["#search-results", ".search-link"] : ["#sidebar-list", ".row-link"];
    const links = [...document.querySelectorAll(`${list} ${item}`)];
    const index = links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = index < 0 ? links[0] : links[index + step];
    if (next) followLink(next);
    else if (step > 0) loadMoreAndMove(list, step);
  };

  const openSheet = () => {
    $("#shortcuts-enabled").checked = isEnabled();
    chat.openDialog($("#shortcuts-dialog"));
  };

  const ACTIONS = {
    n: () => $("#sidebar .new-chat").click(),
    m: () => $("#composer-text").focus(),
    s: () => chat.focusSearch(),
    j: () => moveInSidebar(1),
    k: () => moveInSidebar(-1),
    y: () => [...document.querySelectorAll("article[data-role=assistant] [data-copy-message]")]
      .at(-1)?.click(),
    x: () => chat.isAnswering() && $("#stop-form")?.requestSubmit(),
    "[": () => chat.toggleSidebar(),
    "?": openSheet,
  };

  const isElsewhere = (target) =>
    target.closest?.("input, textarea, select, [contenteditable]") || $("dialog[open]");

  // Many keyboards have "[" on AltGr, which Windows reports as Ctrl and Alt, or on Option.
  const hasModifier = ({ key, ctrlKey, metaKey, altKey }) =>
    metaKey || ((ctrlKey || altKey) && !(key === "[" && altKey));

  const runAction = (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    if (hasModifier(event)) return;
    const action = ACTIONS[event.key];
    if (!action || isElsewhere(event.target) || !isEnabled()) return;
    event.preventDefault();
    action();
  };

  const saveEnabled = ({ target }) => {
    if (target.id !== "shortcuts-enabled") return;
    if (target.checked) local.remove("keys");
    else local.write("keys", "off");
  };

  const openOnClick = ({ target }) => {
    if (target.closest("[data-shortcuts]")) openSheet();
  };

  document.addEventListener("keydown", runAction);
  document.addEventListener("change", saveEnabled);
  document.addEventListener("click", openOnClick);
})();
