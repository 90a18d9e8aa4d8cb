// Notices and toasts: closing them, and signing in from them.
(() => {
  "use strict";

  const TOAST_SECONDS = 12;

  const closeToast = ({ target }) => {
    target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
  };

  // The person returns to this page after signing in, in this tab or in another one.
  const addReturnPath = ({ target }) => {
    const link = target.closest?.("[data-sign-in]");
    if (link) link.search = `?next=${encodeURIComponent(location.pathname + location.search)}`;
  };

  // A toast closes by itself, but not while the pointer or the focus is on it.
  const closeLater = (toast) => {
    const close = () => {
      if (toast.matches(":hover, :focus-within")) closeLater(toast);
      else toast.remove();
    };
    setTimeout(close, 1000 * TOAST_SECONDS);
  };

  const closeNewToastsLater = (records) => {
    for (const record of records) {
      for (const node of record.addedNodes) if (node.dataset?.toast === "") closeLater(node);
    }
  };

  const observeToasts = () => {
    const toasts = document.getElementById("toasts");
    new MutationObserver(closeNewToastsLater).observe(toasts, { childList: true });
  };

  document.addEventListener("click", closeToast);
  for (const event of ["focusin", "pointerdown", "click"]) {
    document.addEventListener(event, addReturnPath);
  }
  document.addEventListener("DOMContentLoaded", observeToasts);
})();
