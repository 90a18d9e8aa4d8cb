// Guards pages that the browser keeps after they were left: once somebody has signed in or out,
// going back shows nothing of them. The CSRF cookie changes with each sign-in and each sign-out.
(() => {
  "use strict";

  const readToken = () => document.cookie.match(/(?:^|; )chat_csrf=([^;]*)/)?.[1] ?? "";
  // Not as the page is left: the response to signing out has changed it by then.
  const tokenAtLoad = readToken();

  // A page that is kept must not hold a password that was typed.
  const clearPasswords = () => {
    for (const field of document.querySelectorAll("input[type=password]")) field.value = "";
  };
  const reloadIfSessionChanged = ({ persisted }) => {
    if (!persisted || readToken() === tokenAtLoad) return;
    document.documentElement.hidden = true;
    location.reload();
  };

  addEventListener("pagehide", clearPasswords);
  addEventListener("pageshow", reloadIfSessionChanged);
})();
