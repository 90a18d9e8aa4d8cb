// What the other scripts share: sentences in the person's language, speech, commands.
(() => {
  "use strict";

  const words = JSON.parse(document.getElementById("client-strings").textContent);
  const say = (key, values = {}) =>
    words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

  // A message as the server stores and counts it (`clean_message` in chat/text.py).
  const BLANKS = "\t \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    + "\u2028\u2029\u202f\u205f\u3000";
  const BLANK_LINES = new RegExp(`^(?:[${BLANKS}]*\\n)+`);
  const withoutBlankLines = (text) => text.replace(BLANK_LINES, "");
  const stored = (typed) => {
    const text = withoutBlankLines(typed.replace(/\r\n?|[\v\f\x85]/g, "\n")
      .replace(/[\x00-\x08\x0e-\x1f\x7f-\x9f]|\p{Cs}/gu, ""));
    let end = text.length;
    while (end && (text[end - 1] === "\n" || BLANKS.includes(text[end - 1]))) end -= 1;
    return text.slice(0, end);
  };

  // The live region apart from the thread: a screen reader hears what is put here.
  const speak = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    const log = document.getElementById("live-region");
    log.append(line);
    while (log.childElementCount > 30) log.firstElementChild.remove();
  };

  // Signing in again in another tab makes the token in this page stale; the cookie has the newest.
  const token = () => document.cookie.match(/(?:^|; )chat_csrf=([^;]*)/)?.[1] ?? "";
  const post = (url, fields = {}, options = {}) => fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "X-CSRFToken": token(), "HX-Request": "true" },
    ...options,
  });

  // Works without a secure context, which crypto.randomUUID needs.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  };

  const notice = (text) => {
    const line = document.createElement("div");
    line.className = "notice notice-error";
    line.append(Object.assign(document.createElement("p"), { textContent: text }));
    document.getElementById("composer-notice")?.replaceChildren(line);
  };

  const shown = () => document.getElementById("conversation")?.dataset.conversation ?? "";

  // Also an answer of another version than the one that is shown: its line tells, which may hear
  // later than the thread of the end of what this page saw being written.
  const live = () => document.querySelector("article:is([data-status=pending], [data-status=streaming])");
  let written = "";
  const note = () => {
    written = live()?.dataset.messageId ?? written;
  };
  document.addEventListener("DOMContentLoaded", note);
  document.addEventListener("htmx:after:swap", note);
  const elsewhere = () => document.querySelector(".row[data-answering] [aria-current]")
    && !document.querySelector(`article[data-message-id="${written}"]`);
  const answering = () => Boolean(live() || elsewhere());

  window.chat = {
    say, speak, stored, withoutBlankLines, token, post, newId, notice, shown, answering,
  };
})();
