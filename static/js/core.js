// What the other scripts share: sentences in the person's language, commands, notices.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  const STRINGS = JSON.parse(document.getElementById("client-strings").textContent);
  const PLURALS = new Intl.PluralRules(document.documentElement.lang);
  // A sentence with a number `n` has two plural forms, as in all languages of the site.
  const translate = (key, values = {}) => {
    const form = PLURALS.select(values.n) === "one" ? "one" : "other";
    const sentence = STRINGS[key] ?? STRINGS[`${key}_${form}`];
    return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  };

  // A message as the server stores and counts it (`clean_message` in chat/text.py).
  const BLANKS = "\t \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    + "\u2028\u2029\u202f\u205f\u3000";
  const LEADING_BLANK_LINES = new RegExp(`^(?:[${BLANKS}]*\\n)+`);
  const removeLeadingBlankLines = (text) => text.replace(LEADING_BLANK_LINES, "");
  const cleanMessage = (typed) => {
    const text = removeLeadingBlankLines(typed.replace(/\r\n?|[\v\f\x85]/g, "\n")
      .replace(/[\x00-\x08\x0e-\x1f\x7f-\x9f]|\p{Cs}/gu, ""));
    let end = text.length;
    while (end && (text[end - 1] === "\n" || BLANKS.includes(text[end - 1]))) end -= 1;
    return text.slice(0, end);
  };

  // Screen readers speak what is added to the live region.
  const announce = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    const log = document.getElementById("live-region");
    log.append(line);
    while (log.childElementCount > 30) log.firstElementChild.remove();
  };

  // Signing in again in another tab makes the token in this page stale; the cookie has the newest.
  const readCsrfToken = () => document.cookie.match(/(?:^|; )chat_csrf=([^;]*)/)?.[1] ?? "";
  const post = (url, fields = {}, options = {}) => fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "X-CSRFToken": readCsrfToken(), "HX-Request": "true" },
    ...options,
  });

  // Works without a secure context, which crypto.randomUUID needs.
  const createId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  };

  // `key` is that of a sentence for scripts, and the code by which the notice is removed.
  const showNotice = (key) => {
    const notice = document.createElement("div");
    const text = translate(key);
    notice.className = "notice notice-error";
    notice.dataset.code = key;
    notice.append(Object.assign(document.createElement("p"), { textContent: text }));
    document.getElementById("composer-notice")?.replaceChildren(notice);
  };

  // Show the refusal of a form in the form, instead of under the composer. The way to sign in opens
  // another tab, so that the text stays here.
  const showFormError = (form, ctx) => {
    const page = new DOMParser().parseFromString(ctx.text, "text/html");
    const line = $("[data-error]", form);
    line.textContent = ($(".notice p", page) ?? page.body).textContent.trim();
    ctx.hx.reswap = "none";
    const link = $("[data-sign-in]", page);
    if (!link) return;
    link.target = "_blank";
    line.append(" ", link);
  };

  // Where the server moved the response elsewhere (HX-Retarget), htmx has a selector as the target.
  const swapsInto = ({ target }, id) => target === `#${id}` || target?.id === id;

  const conversationId = () =>
    document.getElementById("conversation")?.dataset.conversation ?? "";

  // An answer on another branch counts too. Its sidebar item may learn later than the thread that
  // an answer has ended which this page showed while it was written.
  const LIVE_ANSWER = "article:is([data-status=pending], [data-status=streaming])";
  let lastLiveId = "";
  const rememberLiveAnswer = () => {
    lastLiveId = $(LIVE_ANSWER)?.dataset.messageId ?? lastLiveId;
  };
  const isAnsweringOnOtherBranch = () => $(".row[data-answering] [aria-current]")
    && !$(`article[data-message-id="${lastLiveId}"]`);
  const isAnswering = () => Boolean($(LIVE_ANSWER) || isAnsweringOnOtherBranch());

  document.addEventListener("DOMContentLoaded", rememberLiveAnswer);
  document.addEventListener("htmx:after:swap", rememberLiveAnswer);

  window.chat = {
    ...window.chat, translate, cleanMessage, removeLeadingBlankLines, announce, readCsrfToken, post, createId,
    showNotice, showFormError, swapsInto, conversationId, isAnswering,
  };
})();
