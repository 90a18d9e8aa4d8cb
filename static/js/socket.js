// The page's socket: which version the page shows, whether the socket lives, when to open another.
// What it receives: answer-stream.js. What the page says about it: connection.js.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const SECOND = 1000;
  const TICK = SECOND / 2;
  const QUIET = 30 * SECOND; // silence after which a socket is asked whether it lives
  const QUIET_WHILE_ANSWERING = 2 * SECOND;
  const RECENT = 3 * SECOND; // a command relies only on a socket that was heard so recently
  const SHORTLY = 0.3 * SECOND; // a pong is on its way
  const PONG_TIMEOUT = { least: 2 * SECOND, most: 8 * SECOND };
  const HANDSHAKE_TIMEOUT = { least: 4 * SECOND, most: 16 * SECOND };
  const FRAME_TIMEOUT = { least: 0.4 * SECOND, most: 2 * SECOND }; // after a command
  const BACKOFF = { first: 0.5 * SECOND, limit: 4 * SECOND, later: 20 * SECOND };
  const LATER = 60 * SECOND; // an outage that lasts
  const STABLE = 10 * SECOND; // a socket that lived so long is no failed attempt
  const PING = '{"ping":1}';

  const PAGE = chat.createId();
  const state = {
    connection: null, // hx-ws's; null when its socket was given up
    open: false,
    over: false, // closed for good
    lost: false,
    connected: false, // and something came from it
    begun: 0,
    opened: 0,
    heard: 0,
    asked: 0,
    greeted: false, // it answered once
    failing: 0, // since when
    attempts: 0,
    retry: 0,
    retryAt: 0,
    handshake: HANDSHAKE_TIMEOUT.least, // how long the last one took
    patience: PONG_TIMEOUT.least,
    gaveUp: 0,
  };
  // Both ways, since a clock may be set back.
  const since = (time) => Math.abs(Date.now() - time);
  const within = ({ least, most }, milliseconds) => Math.min(Math.max(milliseconds, least), most);

  // Counts only time in which the page could have handled what it waits for: a long task, a
  // throttled timer of a hidden tab or a sleep is one step, however long it was.
  const STEPS = 8;
  let step = 0;
  const stopWaiting = () => clearTimeout(step);
  const waitFor = (milliseconds, giveUp) => {
    stopWaiting();
    let left = STEPS;
    const next = () => {
      left -= 1;
      step = setTimeout(left ? next : giveUp, milliseconds / STEPS);
    };
    next();
  };

  // hx-ws lets go of the old socket and hears no more of it, then connects as on a page load.
  const connect = () => {
    clearTimeout(state.retry);
    state.retry = 0;
    const element = $("#socket");
    if (element) htmx.process(element, true);
  };

  // Full delays would bring all pages back at the same moment after a restart.
  const backoff = () => {
    const limit = since(state.failing) < LATER ? BACKOFF.limit : BACKOFF.later;
    return Math.min(limit, BACKOFF.first * 2 ** state.attempts) * (0.5 + Math.random() / 2);
  };

  const letGo = () => {
    Object.assign(state, { connection: null, open: false, connected: false });
    stopWaiting();
    clearTimeout(state.retry);
  };

  // `waited` is how long it was waited for in vain already.
  const retry = (waited = 0, atOnce = false) => {
    const wasStable = state.open && since(state.opened) >= STABLE;
    state.attempts = wasStable ? 0 : state.attempts + 1;
    state.failing ||= Date.now() - waited;
    letGo();
    const delay = atOnce ? 0 : Math.max(0, backoff() - waited);
    state.lost = true;
    state.retryAt = Date.now() + delay;
    state.retry = setTimeout(connect, delay);
  };

  // Without waiting for `close`, which Chromium brings a minute late when packets are dropped. A
  // slow server gets more time the next time.
  const giveUp = () => {
    if (!state.open) {
      retry(since(state.begun));
      return;
    }
    const isFirst = since(state.gaveUp) >= LATER;
    state.patience = within(PONG_TIMEOUT, isFirst ? 0 : 2 * state.patience);
    state.gaveUp = Date.now();
    retry(since(state.asked), isFirst);
  };

  // The first answer waits until the server has looked up whose socket it is.
  const patience = () => within(PONG_TIMEOUT, Math.max(state.patience, 2 * state.handshake));
  const ask = (milliseconds = patience()) => {
    const { socket } = state.connection;
    // One that is closing says nothing more, and may never say that it is closed.
    if (socket.readyState === WebSocket.OPEN) socket.send(PING);
    state.asked = Date.now();
    waitFor(state.greeted ? milliseconds : PONG_TIMEOUT.most, giveUp);
  };

  // The next one begins from what the page will show then.
  const replace = () => {
    state.lost = true;
    letGo();
  };

  // After something that a socket may not have survived, or that may have brought the network back.
  const check = () => {
    if (state.over) return;
    if (state.open) ask();
    else if (state.retry || since(state.begun) > SECOND) connect();
  };
  const wake = () => {
    state.attempts = 0;
    check();
  };

  const prepareConnection = ({ detail: { connection } }) => {
    clearTimeout(state.retry);
    Object.assign(state, { connection, open: false, over: false, greeted: false });
    Object.assign(state, { begun: Date.now(), retry: 0, asked: 0 });
    const url = new URL(connection.url);
    url.searchParams.set("page", PAGE);
    const version = $("#thread-version");
    if (version) url.searchParams.set("at", version.value);
    const snapshot = $("#sidebar-snapshot");
    if (snapshot) url.searchParams.set("rows", snapshot.value);
    if (state.lost) url.searchParams.set("again", "1");
    connection.url = url.href;
    const isLong = state.failing && since(state.failing) >= LATER;
    waitFor(within(HANDSHAKE_TIMEOUT, isLong ? Infinity : 4 * state.handshake), giveUp);
  };

  const handleOpen = ({ detail }) => {
    if (detail.connection !== state.connection) return;
    const now = Date.now();
    Object.assign(state, { open: true, lost: false, handshake: since(state.begun) });
    Object.assign(state, { opened: now, heard: now });
    ask();
  };

  const handleClose = ({ detail }) => {
    if (detail.connection !== state.connection) return;
    if (detail.reason === "removed") {
      letGo();
    } else if (chat.connection.isFinal(detail.code)) {
      letGo();
      Object.assign(state, { over: true, lost: true, failing: 0 });
      chat.connection.showEnd(detail.code);
    } else {
      retry();
    }
  };

  const markConnected = () => {
    state.connected = true;
    chat.connection.clear();
  };

  // Runs for each word of an answer.
  const noteMessage = ({ detail }) => {
    if (detail.connection !== state.connection) {
      detail.cancelled = true;
      return;
    }
    state.heard = Date.now();
    if (state.asked) {
      Object.assign(state, { asked: 0, greeted: true });
      stopWaiting();
    }
    // A pong alone may come from a server that cannot go on.
    if (!state.connected && detail.message.data.startsWith('{"seq"')) markConnected();
  };

  const checkSilence = () => {
    const silence = since(state.heard);
    const isQuiet = silence >= QUIET
      || (silence >= QUIET_WHILE_ANSWERING && !document.hidden && chat.isAnswering());
    if (isQuiet && !state.asked) ask();
    const age = since(state.opened);
    if (!state.connected && state.heard > state.opened && age >= 2 * SECOND) markConnected();
    if (age >= STABLE) state.failing = 0;
  };
  let ticked = Date.now();
  const tick = () => {
    // A timer that fires much too late: the machine slept, or the tab was hidden.
    const slept = since(ticked) > 5 * SECOND;
    ticked = Date.now();
    if (slept && !document.hidden) wake();
    else if (state.open) checkSilence();
    if (!state.connected && state.failing) {
      const wait = state.retry ? state.retryAt - Date.now() : 0;
      chat.connection.showOutage(since(state.failing), wait);
    }
  };

  const askIfOpen = () => {
    if (state.open) ask();
  };
  const wakeIfVisible = () => {
    if (!document.hidden) wake();
  };

  // Who types or presses is about to send something: asked now, the socket has answered by then.
  const askBeforeCommand = () => {
    if (state.open && !state.asked && since(state.heard) > SECOND) ask();
  };

  const isHeard = () => state.greeted && state.open && since(state.heard) < RECENT
    && !(state.asked && since(state.asked) > SHORTLY);

  // Commands say whether a socket brings what they change, and carry the newest CSRF token:
  // signing in again in another tab makes the one in this page stale.
  const addHeaders = ({ detail: { ctx } }) => {
    const { request } = ctx;
    const token = chat.readCsrfToken();
    if (request.method === "POST" && token) {
      request.headers["X-CSRFToken"] = token;
      request.body?.delete?.("csrfmiddlewaretoken"); // a form's own goes before the header
    }
    if (isHeard()) request.headers["Chat-Socket"] = "open";
    ctx.begun = Date.now();
  };

  // The socket ought to bring what a command did; until it is heard it may be dead.
  const expectFrame = (begun) => {
    if (state.heard < begun) ask(within(FRAME_TIMEOUT, 4 * state.handshake));
  };

  // What a socket brought meanwhile is newer than the thread that a command was answered with. Else
  // the socket does not know what the page shows now: another one begins from there.
  const compareVersions = ({ detail: { ctx } }) => {
    const received = ctx.text?.match(/ id="thread-version" value="(\d+)"/)?.[1];
    const current = $("#thread-version")?.value;
    const isNew = received && current && Number(received) > Number(current);
    if (received && current && !isNew) ctx.text = "";
    if (!state.open) check();
    else if (isNew) replace();
    else if (received || ctx.response.status === 204) expectFrame(ctx.begun);
  };

  const connectIfReplaced = () => {
    if (!state.connection && !state.retry && !state.over) connect();
  };

  document.addEventListener("htmx:ws:before:connection", prepareConnection);
  document.addEventListener("htmx:ws:after:connection", handleOpen);
  document.addEventListener("htmx:ws:close", handleClose);
  document.addEventListener("htmx:ws:before:message:incoming", noteMessage);
  document.addEventListener("htmx:config:request", addHeaders);
  document.addEventListener("htmx:after:request", compareVersions);
  document.addEventListener("htmx:finally:request", connectIfReplaced);
  document.addEventListener("chat:reconnect", connect);
  document.addEventListener("visibilitychange", wakeIfVisible);
  addEventListener("online", wake);
  addEventListener("offline", askIfOpen);
  addEventListener("pageshow", wake);
  for (const event of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(event, askBeforeCommand, { capture: true, passive: true });
  }
  setInterval(tick, TICK);
})();
