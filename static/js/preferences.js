// On every page: the look, the browser's time zone, notices that close. Look and zone are cookies, so
// that the server's next page is right before any script runs.
(() => {
  "use strict";

  const root = document.documentElement;

  const readCookie = (name) => document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? "";
  const writeCookie = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
  };

  // The first value of each is the one without a cookie. accounts/context.py has the same.
  const CHOICES = {
    theme: ["auto", "light", "dark"],
    appearance: ["default", "classic"],
    sidebar: ["open", "closed"],
  };
  const readPreference = (name) => {
    const value = readCookie(name);
    return CHOICES[name].includes(value) ? value : CHOICES[name][0];
  };

  const checkChoices = () => {
    for (const choice of document.querySelectorAll("[data-preference]")) {
      const value = root.dataset[choice.dataset.preference];
      choice.querySelector(`[value="${value}"]`).checked = true;
    }
  };
  // Not the sidebar: a tab that somebody returns to looks as it did.
  const applyLook = () => {
    for (const name of ["theme", "appearance"]) root.dataset[name] = readPreference(name);
    checkChoices();
  };

  const savePreference = (name, value) => {
    writeCookie(name, value);
    root.dataset[name] = value;
    checkChoices();
  };

  const saveOnChange = ({ target }) => {
    const choice = target.closest("[data-preference]");
    if (choice) savePreference(choice.dataset.preference, target.value);
  };

  // The next page needs it, not this one; asking for it takes as long as laying the page out. Who
  // signs in sooner than that gets to a page that groups by day.
  const saveTimeZone = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && readCookie("tz") !== zone) writeCookie("tz", zone);
  };
  const runWhenIdle = window.requestIdleCallback ?? setTimeout;
  const saveTimeZoneLater = () => setTimeout(() => runWhenIdle(saveTimeZone), 1000);

  const closeNotice = ({ target }) => {
    target.closest("[data-dismiss]")?.closest("[data-dismissible]")?.remove();
  };

  // The browser moved while the page was open: who comes back, or goes on, asks for a page soon.
  const ZONE_SECONDS = 10;
  let askedAt = 0;
  const saveMovedTimeZone = () => {
    if (Math.abs(Date.now() - askedAt) < 1000 * ZONE_SECONDS) return;
    askedAt = Date.now();
    runWhenIdle(saveTimeZone);
  };

  addEventListener("load", saveTimeZoneLater, { once: true });
  document.addEventListener("submit", saveTimeZone);
  document.addEventListener("visibilitychange", saveMovedTimeZone);
  for (const event of ["focus", "pageshow", "keydown", "pointermove"]) {
    addEventListener(event, saveMovedTimeZone, { capture: true, passive: true });
  }
  document.addEventListener("change", saveOnChange);
  document.addEventListener("click", closeNotice);
  // Another tab may have chosen, and a page may come back from the browser's memory.
  addEventListener("pageshow", applyLook);
  document.addEventListener("visibilitychange", applyLook);
  document.addEventListener("chat:theme", applyLook); // the settings page has saved it

  applyLook();
  for (const button of document.querySelectorAll("[data-dismiss]")) button.hidden = false;

  window.chat = { ...window.chat, savePreference };
})();
