// Unread answers: marks in the sidebar, the count in the tab's title, toasts, reporting "seen".
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const findItem = (id) => (id ? $(`#row-${id.replaceAll("-", "")}`) : null);
  const isPageVisible = () => document.visibilityState === "visible";
  const wasUnread = new Map(); // by conversation id

  const updateTitle = () => {
    const openId = isPageVisible() ? chat.conversationId() : "";
    const count = [...document.querySelectorAll("[data-row][data-unread]")]
      .filter((item) => item.dataset.row !== openId).length;
    const name = $("#conversation-title").textContent;
    const title = count ? `(${count}) ${name}` : name;
    if (document.title !== title) document.title = title;
  };

  const showToast = (item) => {
    const id = item.dataset.row;
    $(`[data-conversation-id="${id}"]`, $("#toasts"))?.remove();
    const toast = document.createElement("div");
    toast.className = "notice toast";
    toast.dataset.toast = "";
    toast.dataset.conversationId = id;
    const sentence = document.createElement("p");
    sentence.textContent = chat.translate("answered", { title: $(".row-title", item).textContent });
    const link = document.createElement("a");
    link.className = "button button-small";
    link.href = $("a", item).getAttribute("href");
    link.textContent = chat.translate("open");
    toast.append(sentence, link);
    $("#toasts").prepend(toast);
  };

  // Only a tab that somebody may be looking at reports an answer as seen.
  let reporting = ""; // the id of a conversation
  const reportSeen = async () => {
    const id = chat.conversationId();
    const page = $("#conversation");
    const isUnread = page?.hasAttribute("data-unread") || findItem(id)?.hasAttribute("data-unread");
    if (!id || !isUnread || !isPageVisible() || reporting === id) return;
    reporting = id;
    try {
      const response = await chat.post(`/c/${id}/seen/`);
      if (!response.ok) return;
      page.removeAttribute("data-unread");
      const item = findItem(id);
      item?.removeAttribute("data-unread");
      item?.querySelector(".row-unread")?.remove();
    } catch {
      // The next change of the sidebar reports it again.
    } finally {
      reporting = "";
    }
  };

  // The sidebar may hear of a conversation that this page starts before the page shows it.
  let isStarting = false;
  const noteStart = ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.id === "composer" && !chat.conversationId()) isStarting = true;
  };
  const noteStarted = ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.id === "composer") isStarting = false;
  };

  const compareItems = () => {
    $(`#toasts [data-conversation-id="${chat.conversationId()}"]`)?.remove();
    for (const item of document.querySelectorAll("[data-row]")) {
      const id = item.dataset.row;
      if (isStarting && !wasUnread.has(id)) continue;
      const isUnread = item.hasAttribute("data-unread");
      if (isUnread && wasUnread.get(id) === false && id !== chat.conversationId()) showToast(item);
      wasUnread.set(id, isUnread);
    }
    reportSeen();
    updateTitle();
  };

  const markCurrentItem = () => {
    const id = chat.conversationId();
    for (const link of document.querySelectorAll(".row-link[aria-current]")) {
      if (link.closest("[data-row]").dataset.row !== id) link.removeAttribute("aria-current");
    }
    const link = findItem(id)?.querySelector("a:not([aria-current])");
    link?.setAttribute("aria-current", "page");
    for (const line of document.querySelectorAll(".rows-empty")) line.hidden = Boolean($(".row"));
  };

  const updateItems = () => {
    markCurrentItem();
    compareItems();
  };

  const start = () => {
    updateItems();
    const observer = new MutationObserver(updateItems);
    observer.observe($("#sidebar-list"), {
      childList: true, subtree: true, attributeFilter: ["data-unread", "aria-current"],
    });
  };

  const updateAfterSwap = ({ detail: { ctx } }) => {
    if (chat.swapsInto(ctx, "main") || ctx.sourceElement?.id === "rename-form") updateItems();
  };

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:after:swap", updateAfterSwap);
  document.addEventListener("htmx:before:request", noteStart);
  document.addEventListener("htmx:finally:request", noteStarted);
  document.addEventListener("visibilitychange", compareItems);
})();
