// Guards what the browser keeps of pages that were left: after somebody signed in or out, the way
// back shows nothing of them. The CSRF cookie changes with each sign-in and each sign-out.
(() => {
  "use strict";
  const mark = () => document.cookie.match(/(?:^|; )chat_csrf=([^;]*)/)?.[1] ?? "";
  // Not as the page is left: the answer to signing out has changed it by then.
  const loaded = mark();

  addEventListener("pagehide", () => {
    // A page that is kept must not hold a password that was typed.
    for (const field of document.querySelectorAll("input[type=password]")) field.value = "";
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted || mark() === loaded) return;
    document.documentElement.hidden = true;
    location.reload();
  });
})();
