// Notices and toasts: closing them, signing in from them. A notice that describes a state goes with it.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const TOAST_SECONDS = 12;

  const closeToast = ({ target }) => {
    target.closest("[data-dismiss]")?.closest("#toasts .notice")?.remove();
  };

  // What was undone cannot be undone again.
  const closeAfterUndo = ({ detail: { ctx } }) => {
    if (ctx.response.status < 300) ctx.sourceElement?.closest?.("[data-toast]")?.remove();
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
    for (const notice of toasts.querySelectorAll("[data-dismissible]")) {
      notice.querySelector("[data-dismiss]").hidden = false;
      closeLater(notice);
    }
    new MutationObserver(closeNewToastsLater).observe(toasts, { childList: true });
  };

  const removeNotices = (...codes) => {
    for (const code of codes) $(`#composer-notice [data-code=${code}]`)?.remove();
  };

  // What a command that the server carries out, or a new connection, shows to be over.
  const OUTAGE = [
    "unreachable", "restarting", "database_away", "database_read_only", "database_busy",
  ];
  const removeOutage = () => removeNotices(...OUTAGE);

  const countAnswering = () => document.querySelectorAll(".row[data-answering]").length;
  let answeringAtRefusal = 0;
  let tokenAtRefusal = "";

  // Limits are over after the time that the server names.
  const followRefusal = ({ response }) => {
    answeringAtRefusal = countAnswering();
    tokenAtRefusal = chat.readCsrfToken();
    const seconds = Number(response.headers.get("Retry-After"));
    if (response.status !== 429 || !seconds) return;
    const limits = () => removeNotices("too_fast", "too_many_commands");
    setTimeout(limits, 1000 * seconds);
  };

  const compareWithResponse = ({ detail: { ctx } }) => {
    if (ctx.response.status >= 400) followRefusal(ctx);
    else removeOutage();
  };

  const compareWithAnswers = ({ detail }) => {
    if (detail.event !== "answer" && !chat.isAnswering()) removeNotices("busy");
    if (countAnswering() < answeringAtRefusal) removeNotices("too_many_answers");
  };

  // The CSRF cookie changes with each sign-in, which may be another tab's.
  const compareSession = () => {
    const link = $("#composer-notice [data-sign-in]");
    if (link && chat.readCsrfToken() !== tokenAtRefusal) link.closest(".notice").remove();
  };

  // The page goes on after signing in again; a frame that says otherwise comes after this.
  const removeSignedOut = () => $("#page-notice [data-sign-in]")?.closest(".notice").remove();

  // The searched message is shown now, by whatever way.
  const compareBranch = () => {
    const id = $("[data-show-branch]")?.getAttribute("hx-post").split("/")[2].replaceAll("-", "");
    if (id && $(`#message-${id}`)) $("[data-show-branch]").closest(".notice").remove();
  };

  document.addEventListener("chat:connected", removeOutage);
  document.addEventListener("chat:connected", removeSignedOut);
  document.addEventListener("htmx:after:request", compareWithResponse);
  document.addEventListener("chat:frame", compareWithAnswers);
  document.addEventListener("chat:frame", compareBranch);
  document.addEventListener("visibilitychange", compareSession);
  addEventListener("focus", compareSession);
  document.addEventListener("click", closeToast);
  document.addEventListener("htmx:after:request", closeAfterUndo);
  for (const event of ["focusin", "pointerdown", "click"]) {
    document.addEventListener(event, addReturnPath);
  }
  document.addEventListener("DOMContentLoaded", observeToasts);

  Object.assign(chat, { removeNotices });
})();
