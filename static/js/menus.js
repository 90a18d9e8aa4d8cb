// Menus: one is open at a time; Esc and the arrow keys.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  const closeOtherMenus = (menu) => {
    for (const other of document.querySelectorAll("details.menu[open]")) {
      if (other !== menu) other.open = false;
    }
  };

  // The summary gets the focus before a dialog opens, so that the dialog returns it there.
  const closeMenu = (menu) => {
    menu.open = false;
    $("summary", menu).focus();
  };

  const closeOnClick = ({ target }) => {
    closeOtherMenus(target.closest("details.menu"));
    const item = target.closest(".menu-item");
    if (item) closeMenu(item.closest("details.menu"));
  };

  const closeOnEscape = (event) => {
    const menu = $("details.menu[open]");
    if (event.key !== "Escape" || !menu || $("dialog[open]")) return;
    closeMenu(menu);
    event.preventDefault();
  };

  const moveWithArrows = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const menu = event.target.closest?.("details.menu[open]");
    if (!step || !menu || event.target.matches("input, select")) return;
    const items = [...menu.querySelectorAll(".menu-item")].filter((item) => item.checkVisibility());
    if (!items.length) return;
    event.preventDefault();
    const index = items.indexOf(event.target);
    items.at(index < 0 ? Math.min(step, 0) : (index + step) % items.length).focus();
  };

  // The menu of the last sidebar item opens below the end of the sidebar.
  const scrollToMenu = ({ target }) => {
    if (!target.matches("details.row-menu[open]")) return;
    $(".menu-list", target).scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("click", closeOnClick);
  document.addEventListener("keydown", closeOnEscape, { capture: true });
  document.addEventListener("keydown", moveWithArrows);
  document.addEventListener("toggle", scrollToMenu, { capture: true });
})();
