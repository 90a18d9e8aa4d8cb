// On every page: the theme switch, the browser's time zone, notices that close. Theme and zone are
// cookies, so that the server's next page is right before any script runs.
(() => {
  "use strict";

  const root = document.documentElement;
  const darkScheme = matchMedia("(prefers-color-scheme: dark)");

  const readCookie = (name) => document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? "";
  const writeCookie = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
  };

  const currentTheme = () => {
    if (root.dataset.theme !== "auto") return root.dataset.theme;
    return darkScheme.matches ? "dark" : "light";
  };

  const applyTheme = () => {
    const choice = readCookie("theme");
    root.dataset.theme = choice === "light" || choice === "dark" ? choice : "auto";
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(currentTheme() === "dark"));
    }
  };

  const toggleTheme = ({ target }) => {
    if (!target.closest("[data-theme-toggle]")) return;
    writeCookie("theme", currentTheme() === "dark" ? "light" : "dark");
    applyTheme();
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
  document.addEventListener("click", toggleTheme);
  document.addEventListener("click", closeNotice);
  // Another tab may have switched, and a page may come back from the browser's memory.
  addEventListener("pageshow", applyTheme);
  document.addEventListener("visibilitychange", applyTheme);
  document.addEventListener("chat:theme", applyTheme); // the settings page has saved it
  darkScheme.addEventListener("change", applyTheme);

  applyTheme();
  for (const button of document.querySelectorAll("[data-dismiss]")) button.hidden = false;
})();
