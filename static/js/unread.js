// What is new elsewhere: unread marks, the tab's title, a quiet notice, and telling what was seen.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const rowOf = (id) => (id ? $(`#row-${id.replaceAll("-", "")}`) : null);
  const visible = () => document.visibilityState === "visible";
  const before = new Map();

  const title = () => {
    const open = visible() ? chat.shown() : "";
    const unread = [...document.querySelectorAll("[data-row][data-unread]")]
      .filter((row) => row.dataset.row !== open).length;
    const name = $("#conversation-title").textContent;
    const wanted = unread ? `(${unread}) ${name}` : name;
    if (document.title !== wanted) document.title = wanted;
  };

  const tell = (row) => {
    const id = row.dataset.row;
    $(`[data-about="${id}"]`, $("#toasts"))?.remove();
    const toast = document.createElement("div");
    toast.className = "notice toast";
    toast.dataset.toast = "";
    toast.dataset.about = id;
    const words = document.createElement("p");
    words.textContent = chat.say("answered", { title: $(".row-title", row).textContent });
    const link = document.createElement("a");
    link.className = "button button-small";
    link.href = $("a", row).getAttribute("href");
    link.textContent = chat.say("open");
    toast.append(words, link);
    $("#toasts").append(toast);
  };

  const look = () => {
    for (const row of document.querySelectorAll("[data-row]")) {
      const id = row.dataset.row;
      const unread = row.hasAttribute("data-unread");
      if (unread && before.get(id) === false && id !== chat.shown()) tell(row);
      before.set(id, unread);
    }
    seen();
    title();
  };

  // Only a tab that somebody may be looking at says that an answer was seen.
  let telling = "";
  const seen = async () => {
    const id = chat.shown();
    const page = $("#conversation");
    const row = rowOf(id);
    const news = page?.hasAttribute("data-unread") || row?.hasAttribute("data-unread");
    if (!id || !news || !visible() || telling === id) return;
    telling = id;
    try {
      const response = await chat.post(`/c/${id}/seen/`);
      if (!response.ok) return;
      page.removeAttribute("data-unread");
      const line = rowOf(id);
      line?.removeAttribute("data-unread");
      line?.querySelector(".row-unread")?.remove();
    } catch {
      // The next look tells it again.
    } finally {
      telling = "";
    }
  };

  const current = () => {
    const id = chat.shown();
    for (const link of document.querySelectorAll(".row-link[aria-current]")) {
      if (link.closest("[data-row]").dataset.row !== id) link.removeAttribute("aria-current");
    }
    rowOf(id)?.querySelector("a").setAttribute("aria-current", "page");
    for (const line of document.querySelectorAll(".rows-empty")) line.hidden = Boolean($(".row"));
  };

  const changed = () => {
    current();
    look();
  };

  // A toast goes by itself, but not while somebody is on it.
  const expire = (toast) => setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) expire(toast);
    else toast.remove();
  }, 12000);

  document.addEventListener("DOMContentLoaded", () => {
    changed();
    new MutationObserver(changed).observe($("#sidebar-list"), { childList: true, subtree: true });
    new MutationObserver((records) => {
      for (const record of records) {
        for (const node of record.addedNodes) if (node.dataset?.toast === "") expire(node);
      }
    }).observe($("#toasts"), { childList: true });
  });
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target?.id === "main" || detail.ctx.sourceElement?.id === "rename-form") changed();
  });
  document.addEventListener("visibilitychange", look);
})();
