// The sidebar on small screens, where it covers the page while it is open.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);

  const isSidebarOverPage = () => document.body.classList.contains("sidebar-shown")
    && $("[data-sidebar-close]").checkVisibility();

  // Tab must not reach what the sidebar covers.
  const updateInert = () => {
    $("#main").inert = isSidebarOverPage();
  };

  const toggleSidebar = (open) => {
    const hasFocus = $("#sidebar").contains(document.activeElement);
    document.body.classList.toggle("sidebar-shown", open);
    updateInert();
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

  addEventListener("resize", updateInert);
  addEventListener("pageshow", updateInert);
  document.addEventListener("click", toggleOnClick);
  document.addEventListener("keydown", closeOnEscape, { capture: true });

  Object.assign(chat, { toggleSidebar, isSidebarOverPage });
})();
