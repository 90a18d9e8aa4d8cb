// What every page does by itself: the theme switch, the browser's time zone, notices that close.
// Theme and zone are cookies, so that the server's next page is right before any script runs.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const read = (name) => document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? "";
  const keep = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
  };

  const shown = () => (root.dataset.theme === "auto" ? (dark.matches ? "dark" : "light") : root.dataset.theme);

  const show = () => {
    const choice = read("theme");
    root.dataset.theme = choice === "light" || choice === "dark" ? choice : "auto";
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(shown() === "dark"));
    }
  };

  // The next page needs it, not this one; asking for it takes as long as laying the page out.
  const zoned = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && read("tz") !== zone) keep("tz", zone);
  };
  const idle = window.requestIdleCallback ?? setTimeout;
  addEventListener("load", () => setTimeout(() => idle(zoned), 1000), { once: true });

  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-theme-toggle]")) {
      keep("theme", shown() === "dark" ? "light" : "dark");
      show();
    }
    if (target.closest("[data-dismiss]")) target.closest("[data-dismissible]")?.remove();
  });
  // Another tab may have switched, and a page may come back from the browser's memory.
  addEventListener("pageshow", show);
  document.addEventListener("visibilitychange", show);
  dark.addEventListener("change", show);

  show();
  for (const button of document.querySelectorAll("[data-dismiss]")) button.hidden = false;
})();
