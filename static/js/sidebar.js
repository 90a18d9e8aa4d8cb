// The sidebar on small screens, where it covers the page while it is open.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);

  const isSidebarOverPage = () => document.body.classList.contains("sidebar-shown")
    && $("[data-sidebar-close]").checkVisibility();

  // Toasts stand in the sidebar, where they cover nothing; while a phone shows no sidebar, over the
  // title.
  const placeToasts = () => {
    const toasts = $("#toasts");
    const isHidden = $("[data-sidebar-close]").checkVisibility()
      && !document.body.classList.contains("sidebar-shown");
    const [parent, next] = isHidden ? [document.body, null] : [$("#sidebar"), $(".sidebar-foot")];
    const move = parent.moveBefore ?? parent.insertBefore;
    if (toasts.parentElement !== parent) move.call(parent, toasts, next);
  };

  // Tab must not reach what the sidebar covers.
  const update = () => {
    $("#main").inert = isSidebarOverPage();
    placeToasts();
  };

  const toggleSidebar = (open) => {
    const hasFocus = $("#sidebar").contains(document.activeElement);
    document.body.classList.toggle("sidebar-shown", open);
    update();
    if (open) $("#sidebar .new-chat").focus();
    else if (hasFocus) $("[data-sidebar-open]")?.focus();
  };

  const toggleOnClick = ({ target }) => {
    if (target.closest("[data-sidebar-open]")) toggleSidebar(true);
    if (target.closest("[data-sidebar-close]")) toggleSidebar(false);
  };

  const closeOnEscape = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || $("dialog[open]")) return;
    if (!isSidebarOverPage()) return;
    toggleSidebar(false);
    event.preventDefault();
  };

  addEventListener("resize", update);
  addEventListener("pageshow", update);
  document.addEventListener("DOMContentLoaded", update);
  document.addEventListener("click", toggleOnClick);
  document.addEventListener("keydown", closeOnEscape, { capture: true });

  Object.assign(chat, { toggleSidebar, isSidebarOverPage });
})();
