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
  const SIGNED_OUT = 4401;
  const PING = '{"ping":1}';

  const PAGE = chat.createId();
  const state = {
    connection: null, // hx-ws's; null when its socket was given up
    isOpen: false,
    isOver: false, // closed for good
    isLost: false,
    isConnected: false, // and received a frame
    startedAt: 0,
    openedAt: 0,
    heardAt: 0,
    pingedAt: 0,
    hasAnswered: false,
    failingSince: 0,
    attempts: 0,
    retryTimer: 0,
    retryAt: 0,
    handshakeTime: HANDSHAKE_TIMEOUT.least, // how long the last one took
    pongTimeout: PONG_TIMEOUT.least,
    gaveUpAt: 0,
    tokenAtEnd: null, // the CSRF token when the session ended
  };
  // Both ways, since a clock may be set back.
  const elapsedSince = (time) => Math.abs(Date.now() - time);
  const clamp = ({ least, most }, milliseconds) => Math.min(Math.max(milliseconds, least), most);

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
    clearTimeout(state.retryTimer);
    state.retryTimer = 0;
    const element = $("#socket");
    if (element) htmx.process(element, true);
  };

  // Full delays would bring all pages back at the same moment after a restart.
  const chooseDelay = () => {
    const limit = elapsedSince(state.failingSince) < LATER ? BACKOFF.limit : BACKOFF.later;
    return Math.min(limit, BACKOFF.first * 2 ** state.attempts) * (0.5 + Math.random() / 2);
  };

  const releaseConnection = () => {
    Object.assign(state, { connection: null, isOpen: false, isConnected: false });
    stopWaiting();
    clearTimeout(state.retryTimer);
  };

  // `waited` is how long it was waited for in vain already.
  const retryLater = (waited = 0, atOnce = false) => {
    const wasStable = state.isOpen && elapsedSince(state.openedAt) >= STABLE;
    state.attempts = wasStable ? 0 : state.attempts + 1;
    state.failingSince ||= Date.now() - waited;
    releaseConnection();
    const delay = atOnce ? 0 : Math.max(0, chooseDelay() - waited);
    state.isLost = true;
    state.retryAt = Date.now() + delay;
    state.retryTimer = setTimeout(connect, delay);
  };

  // Without waiting for `close`, which Chromium brings a minute late when packets are dropped. A
  // slow server gets more time the next time.
  const giveUp = () => {
    if (!state.isOpen) {
      retryLater(elapsedSince(state.startedAt));
      return;
    }
    const isFirst = elapsedSince(state.gaveUpAt) >= LATER;
    state.pongTimeout = clamp(PONG_TIMEOUT, isFirst ? 0 : 2 * state.pongTimeout);
    state.gaveUpAt = Date.now();
    retryLater(elapsedSince(state.pingedAt), isFirst);
  };

  // The first answer waits until the server has looked up whose socket it is.
  const choosePongTimeout = () =>
    clamp(PONG_TIMEOUT, Math.max(state.pongTimeout, 2 * state.handshakeTime));
  const sendPing = (milliseconds = choosePongTimeout()) => {
    const { socket } = state.connection;
    // One that is closing says nothing more, and may never say that it is closed.
    if (socket.readyState === WebSocket.OPEN) socket.send(PING);
    state.pingedAt = Date.now();
    waitFor(state.hasAnswered ? milliseconds : PONG_TIMEOUT.most, giveUp);
  };

  // The next one begins from what the page will show then.
  const replaceConnection = () => {
    state.isLost = true;
    releaseConnection();
  };

  // After something that a socket may not have survived, or that may have brought the network back.
  const checkConnection = () => {
    if (state.isOver) return;
    if (state.isOpen) sendPing();
    else if (state.retryTimer || elapsedSince(state.startedAt) > SECOND) connect();
  };
  const wake = () => {
    state.attempts = 0;
    checkConnection();
  };

  const prepareConnection = ({ detail: { connection } }) => {
    clearTimeout(state.retryTimer);
    Object.assign(state, { connection, isOpen: false, isOver: false, hasAnswered: false });
    Object.assign(state, { startedAt: Date.now(), retryTimer: 0, pingedAt: 0 });
    state.tokenAtEnd = null;
    const url = new URL(connection.url);
    url.searchParams.set("page", PAGE);
    const version = $("#thread-version");
    if (version) url.searchParams.set("at", version.value);
    const snapshot = $("#sidebar-snapshot");
    if (snapshot) url.searchParams.set("rows", snapshot.value);
    if (state.isLost) url.searchParams.set("again", "1");
    // Somebody else may have signed in meanwhile: this page is not theirs.
    url.searchParams.set("person", $(".shell").dataset.person);
    connection.url = url.href;
    const isLong = state.failingSince && elapsedSince(state.failingSince) >= LATER;
    waitFor(clamp(HANDSHAKE_TIMEOUT, isLong ? Infinity : 4 * state.handshakeTime), giveUp);
  };

  const handleOpen = ({ detail }) => {
    if (detail.connection !== state.connection) return;
    const now = Date.now();
    const handshakeTime = elapsedSince(state.startedAt);
    Object.assign(state, { isOpen: true, isLost: false, handshakeTime });
    Object.assign(state, { openedAt: now, heardAt: now });
    sendPing();
  };

  const endForGood = (code) => {
    releaseConnection();
    Object.assign(state, { isOver: true, isLost: true, failingSince: 0 });
    if (code === SIGNED_OUT) state.tokenAtEnd = chat.readCsrfToken();
    chat.connection.showEnd(code);
  };

  // Each sign-in changes the token, in whatever tab. What was marked as interrupted may go on, so the
  // thread is asked for as if nothing of it were shown.
  const resumeSession = () => {
    if (state.tokenAtEnd === null || chat.readCsrfToken() === state.tokenAtEnd) return;
    const version = $("#thread-version");
    if (version) version.value = "";
    connect();
  };

  const handleClose = ({ detail }) => {
    if (detail.connection !== state.connection) return;
    if (detail.reason === "removed") releaseConnection();
    else if (chat.connection.isFinal(detail.code)) endForGood(detail.code);
    else retryLater();
  };

  // A frame that the page cannot read: the server is newer, and another socket would not help.
  const handleUnreadable = () => {
    const { socket } = state.connection;
    endForGood(4400);
    socket.close();
  };

  const markConnected = () => {
    state.isConnected = true;
    chat.connection.clear();
  };

  // Runs for each word of an answer.
  const noteMessage = ({ detail }) => {
    if (detail.connection !== state.connection) {
      detail.cancelled = true;
      return;
    }
    state.heardAt = Date.now();
    if (state.pingedAt) {
      Object.assign(state, { pingedAt: 0, hasAnswered: true });
      stopWaiting();
    }
    // A pong alone may come from a server that cannot go on.
    if (!state.isConnected && detail.message.data.startsWith('{"seq"')) markConnected();
  };

  const checkSilence = () => {
    const silence = elapsedSince(state.heardAt);
    const isQuiet = silence >= QUIET
      || (silence >= QUIET_WHILE_ANSWERING && !document.hidden && chat.isAnswering());
    if (isQuiet && !state.pingedAt) sendPing();
    const age = elapsedSince(state.openedAt);
    if (!state.isConnected && state.heardAt > state.openedAt && age >= 2 * SECOND) markConnected();
    if (age >= STABLE) state.failingSince = 0;
  };
  let lastTick = Date.now();
  const tick = () => {
    // A timer that fires much too late: the machine slept, or the tab was hidden.
    const slept = elapsedSince(lastTick) > 5 * SECOND;
    lastTick = Date.now();
    if (slept && !document.hidden) wake();
    else if (state.isOpen) checkSilence();
    resumeSession();
    if (!state.isConnected && state.failingSince) {
      const wait = state.retryTimer ? state.retryAt - Date.now() : 0;
      chat.connection.showOutage(elapsedSince(state.failingSince), wait);
    }
  };

  const pingIfOpen = () => {
    if (state.isOpen) sendPing();
  };
  const wakeIfVisible = () => {
    if (!document.hidden) wake();
  };

  // Who types or presses is about to send something: asked now, the socket has answered by then.
  const pingBeforeCommand = () => {
    if (state.isOpen && !state.pingedAt && elapsedSince(state.heardAt) > SECOND) sendPing();
  };

  const isLive = () => state.hasAnswered && state.isOpen && elapsedSince(state.heardAt) < RECENT
    && !(state.pingedAt && elapsedSince(state.pingedAt) > SHORTLY);

  // Commands say whether a socket brings what they change, and carry the newest CSRF token:
  // signing in again in another tab makes the one in this page stale.
  const addHeaders = ({ detail: { ctx } }) => {
    const { request } = ctx;
    const token = chat.readCsrfToken();
    if (request.method === "POST" && token) {
      request.headers["X-CSRFToken"] = token;
      request.body?.delete?.("csrfmiddlewaretoken"); // a form's own goes before the header
    }
    if (isLive()) request.headers["Chat-Socket"] = "open";
    ctx.startedAt = Date.now();
  };

  // The socket ought to bring what a command did; until it is heard it may be dead.
  const expectFrame = (startedAt) => {
    if (state.heardAt < startedAt) sendPing(clamp(FRAME_TIMEOUT, 4 * state.handshakeTime));
  };

  // What a socket brought meanwhile is newer than the thread that a command was answered with. Else
  // the socket does not know what the page shows now: another one begins from there.
  const compareVersions = ({ detail: { ctx } }) => {
    const received = ctx.text?.match(/ id="thread-version" value="(\d+)"/)?.[1];
    const current = $("#thread-version")?.value;
    const isNew = received && current && Number(received) > Number(current);
    if (received && current && !isNew) ctx.text = "";
    if (!state.isOpen) checkConnection();
    else if (isNew) replaceConnection();
    else if (received || ctx.response.status === 204) expectFrame(ctx.startedAt);
  };

  const connectIfReplaced = () => {
    if (!state.connection && !state.retryTimer && !state.isOver) connect();
  };

  document.addEventListener("htmx:ws:before:connection", prepareConnection);
  document.addEventListener("htmx:ws:after:connection", handleOpen);
  document.addEventListener("htmx:ws:close", handleClose);
  document.addEventListener("chat:unreadable", handleUnreadable);
  document.addEventListener("htmx:ws:before:message:incoming", noteMessage);
  document.addEventListener("htmx:config:request", addHeaders);
  document.addEventListener("htmx:after:request", compareVersions);
  document.addEventListener("htmx:finally:request", connectIfReplaced);
  document.addEventListener("chat:reconnect", connect);
  document.addEventListener("visibilitychange", wakeIfVisible);
  addEventListener("online", wake);
  addEventListener("offline", pingIfOpen);
  addEventListener("pageshow", wake);
  for (const event of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(event, pingBeforeCommand, { capture: true, passive: true });
  }
  setInterval(tick, TICK);
})();
