// The sidebar: on small screens it covers the page while it is open; on others it can be hidden.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const smallScreen = matchMedia("(max-width: 48rem)"); // as in chat.css

  const isSidebarOverPage = () => smallScreen.matches
    && document.body.classList.contains("sidebar-shown");
  const isSidebarShown = () => (smallScreen.matches
    ? isSidebarOverPage() : document.documentElement.dataset.sidebar !== "closed");

  // Toasts stand in the sidebar, where they cover nothing; while there is no sidebar, over the title.
  const placeToasts = () => {
    const toasts = $("#toasts");
    const [parent, next] = isSidebarShown()
      ? [$("#sidebar"), $(".sidebar-foot")] : [document.body, null];
    const move = parent.moveBefore ?? parent.insertBefore;
    if (toasts.parentElement !== parent) move.call(parent, toasts, next);
  };

  // Tab must not reach what the sidebar covers.
  const update = () => {
    $("#main").inert = isSidebarOverPage();
    placeToasts();
  };

  const showOrHide = (open) => {
    if (smallScreen.matches) document.body.classList.toggle("sidebar-shown", open);
    else chat.savePreference("sidebar", open ? "open" : "closed");
    update();
    document.dispatchEvent(new CustomEvent("chat:sidebar-toggled"));
  };

  // What is hidden cannot keep the focus. Over the page, the sidebar takes it.
  const moveFocus = (open, focused) => {
    if (open && smallScreen.matches) $("#sidebar .new-chat").focus();
    else if (open && focused?.closest("[data-sidebar-open]")) $("[data-sidebar-close]").focus();
    else if (!open && $("#sidebar").contains(focused)) $("[data-sidebar-open]")?.focus();
  };

  const toggleSidebar = (open = !isSidebarShown()) => {
    const focused = document.activeElement;
    showOrHide(open);
    moveFocus(open, focused);
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
