// The page's socket: says which version the page shows, tells of trouble. What it brings: frames.js
(() => {
  "use strict";

  const state = { open: false, connection: null, lost: false, heard: 0 };
  const $ = (selector, root = document) => root.querySelector(selector);
  const FINAL = [4400, 4401, 4404, 4429]; // closed for good; a notice says why
  const QUIET = 30000;
  const ANSWER = 4000;

  const say = (text) => {
    const line = $("#connection");
    if (!line) return;
    line.textContent = text;
    line.hidden = !text;
  };

  // Only when it lasts: a restart of the server takes about a second.
  let trouble = 0;
  const troubled = () => {
    clearTimeout(trouble);
    trouble = setTimeout(() => say(chat.say("reconnecting")), 1500);
  };
  const healed = () => {
    clearTimeout(trouble);
    say("");
  };

  // Closed for good: what is being written, if it still is, does not come to this page.
  const cutOff = () => {
    const live = "article:is([data-status=pending], [data-status=streaming])";
    for (const article of document.querySelectorAll(live)) article.dataset.status = "interrupted";
    for (const row of document.querySelectorAll(".row[data-answering]")) {
      delete row.dataset.answering;
      $(".row-dot", row)?.remove();
    }
  };

  document.addEventListener("htmx:ws:before:connection", ({ detail }) => {
    const url = new URL(detail.connection.url);
    const version = $("#thread-version");
    if (version) url.searchParams.set("at", version.value);
    const rows = $("#rows-as-of");
    if (rows) url.searchParams.set("rows", rows.value);
    if (state.lost) url.searchParams.set("again", "1");
    detail.connection.url = url.href;
  });

  document.addEventListener("htmx:ws:after:connection", ({ detail }) => {
    Object.assign(state, { open: true, connection: detail.connection, lost: false, heard: Date.now() });
    healed();
  });

  document.addEventListener("htmx:ws:close", ({ detail }) => {
    if (detail.connection && detail.connection !== state.connection && state.connection) return;
    state.open = false;
    if (detail.reason === "removed") return;
    state.lost = true;
    if (FINAL.includes(detail.code)) {
      healed();
      cutOff();
    } else troubled();
  });

  // After a sleep a socket may be dead without anybody having said so. One that brought nothing
  // for a while is asked, and given up when it does not answer; then htmx connects again.
  let asking = 0;
  const ask = () => {
    const { connection, open, heard } = state;
    const socket = connection?.socket;
    if (!open || socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ ping: 1 }));
    clearTimeout(asking);
    asking = setTimeout(() => {
      if (state.heard === heard && socket.readyState === WebSocket.OPEN) socket.close(4000);
    }, ANSWER);
  };
  setInterval(() => {
    if (Date.now() - state.heard >= QUIET) ask();
  }, QUIET);
  addEventListener("online", ask);
  addEventListener("pageshow", ask);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask();
  });

  document.addEventListener("htmx:ws:before:message:incoming", () => {
    state.heard = Date.now();
  });

  // What a socket brought meanwhile is newer than the thread that a command was answered with.
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const came = ctx.text?.match(/ id="thread-version" value="(\d+)"/)?.[1];
    const here = $("#thread-version")?.value;
    if (came && here && Number(came) < Number(here)) ctx.text = "";
  });

  // Commands say whether a socket brings what they change, and carry the newest CSRF token:
  // signing in again in another tab makes the one in this page stale.
  document.addEventListener("htmx:config:request", ({ detail }) => {
    const { request } = detail.ctx;
    if (request.method === "POST" && chat.token()) {
      request.headers["X-CSRFToken"] = chat.token();
      request.body?.delete?.("csrfmiddlewaretoken"); // a form's own goes before the header
    }
    if (state.open) request.headers["Chat-Socket"] = "open";
  });
})();
