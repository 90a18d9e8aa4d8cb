// Search: results replace the items of the sidebar, and the page scrolls to the chosen message.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const findField = () => $("#search-text");
  const findSidebar = () => $("#sidebar");
  const findResults = () => $("#search-results");
  const listLinks = () => [...document.querySelectorAll("#search-results a")];

  const SKELETON_DELAY = 200; // milliseconds

  let listedText = ""; // what the results are for
  let pending = null; // the request that is under way
  let isEntered = false; // Enter waits for the results

  // The id of the message that this page was opened for; it may be farther up than the page.
  const targetId = () => $("#conversation")?.dataset.target;

  const focusSearch = () => {
    if (!findSidebar().checkVisibility({ visibilityProperty: true })) chat.toggleSidebar(true);
    findField().focus();
    findField().select();
  };

  // A search in the address would come back with the next reload.
  const removeQuery = () => {
    const { pathname, search } = location;
    if (!search) return;
    const path = pathname.startsWith("/c/") ? pathname : "/";
    history.replaceState(history.state, "", path);
  };

  const clear = () => {
    findField().value = "";
    listedText = "";
    isEntered = false;
    findSidebar().classList.remove("searching");
    findResults().replaceChildren();
    $("#search-status").textContent = "";
    CSS.highlights?.delete("search-match");
    removeQuery();
  };

  const showResults = () => {
    listedText = findField().value;
    if (!listedText.trim()) return clear();
    findSidebar().classList.add("searching");
    $("#search-status").textContent = $("#search-results .search-count")?.textContent ?? "";
    if (isEntered) listLinks()[0]?.focus();
    isEntered = false;
  };

  const showFailure = (text) => {
    const line = document.createElement("p");
    line.className = "search-count";
    line.textContent = text;
    findResults().replaceChildren(line);
    isEntered = false;
    showResults();
  };

  const handleInput = ({ target }) => {
    if (target !== findField()) return;
    isEntered = false;
    if (!target.value.trim()) clear();
  };

  // Enter focuses the first result, as soon as it is there.
  const handleSubmit = (event) => {
    if (!event.target.matches(".search")) return;
    event.preventDefault();
    if (pending || listedText !== findField().value) isEntered = true;
    else listLinks()[0]?.focus();
  };

  const clearOnClick = ({ target }) => {
    if (!target.closest("[data-search-clear]")) return;
    clear();
    findField().focus();
  };

  // Requests of the search field
  const isSearch = (detail) => detail.ctx?.sourceElement === findField();

  // Lines in place of the first results, if they take long.
  const showSkeleton = () => {
    if (pending && !findResults().hasChildNodes()) findSidebar().classList.add("searching");
  };
  const startRequest = ({ detail }) => {
    if (!isSearch(detail)) return;
    pending = detail.ctx;
    findResults().ariaBusy = "true";
    setTimeout(showSkeleton, SKELETON_DELAY);
  };
  // A request that a newer one replaced ends after the newer one has begun.
  const finishRequest = ({ detail }) => {
    if (pending !== detail.ctx) return;
    pending = null;
    findResults().ariaBusy = "false";
  };
  const handleSwap = ({ detail }) => {
    if (isSearch(detail)) showResults();
  };
  const handleNetworkError = ({ detail }) => {
    if (isSearch(detail)) showFailure(chat.translate("no_search"));
  };
  const handleRefusal = ({ detail }) => {
    if (!isSearch(detail) || detail.ctx.response.status < 400) return;
    const page = new DOMParser().parseFromString(detail.ctx.text, "text/html");
    const sentence = $(".notice p", page)?.textContent.trim();
    detail.ctx.hx.reswap = "none";
    showFailure(sentence || chat.translate("no_search"));
  };

  // Keys
  const leaveSearch = (event) => {
    const hasText = Boolean(findField().value);
    if (!hasText && chat.isSidebarOverPage()) return;
    (hasText ? findField() : $("#composer-text")).focus();
    clear();
    event.preventDefault();
    event.stopPropagation();
  };

  const moveInResults = (event, step) => {
    event.preventDefault();
    const stops = [findField(), ...listLinks()];
    stops[Math.max(stops.indexOf(document.activeElement) + step, 0)]?.focus();
  };

  // Esc leaves the search before anything else handles it; the arrows move from the field through
  // the results.
  const handleKey = (event) => {
    if (!event.target.closest?.(".search, #search-results") || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") leaveSearch(event);
    else if (step) moveInResults(event, step);
  };

  // Highlights mark matches without touching the elements of the message: what the excerpt marks,
  // and what begins with a typed word.
  const escapePattern = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const createPattern = (marks) => {
    const typed = findField().value.normalize("NFKC").split(/["“”„«»\s]+/)
      .filter((word) => !word.startsWith("-") && (word.length > 1 || word > "\x7f"));
    const all = [
      ...marks.map(escapePattern).map((word) => `${word}(?![a-z\\d])`),
      ...typed.map(escapePattern).map((word) => `${word}[\\p{L}\\p{N}]*`),
    ];
    return all.length ? new RegExp(`(?<![a-z\\d])(?:${all.join("|")})`, "giu") : null;
  };

  const findRanges = (body, pattern) => {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    const ranges = [];
    while (pattern && walker.nextNode()) {
      for (const { index, 0: { length } } of walker.currentNode.data.matchAll(pattern)) {
        const range = new Range();
        range.setStart(walker.currentNode, index);
        range.setEnd(walker.currentNode, index + length);
        ranges.push(range);
      }
    }
    return ranges;
  };

  // A page holds some hundred messages at most; older ones are loaded as for a reader.
  const waitUntilRemoved = (element) => new Promise((resolve) => {
    const resolveWhenRemoved = (_, observer) => {
      if (element.isConnected) return;
      observer.disconnect();
      resolve();
    };
    new MutationObserver(resolveWhenRemoved).observe($("#thread"), { childList: true });
  });
  const loadMessage = async (key) => {
    const findMessage = () => document.getElementById(`message-${key}`);
    for (let next; !findMessage() && (next = $("#thread .load-older"));) {
      next.scrollIntoView();
      await waitUntilRemoved(next);
      // Until the reader's position was restored.
      await new Promise(requestAnimationFrame);
    }
    return findMessage();
  };

  const showTarget = async () => {
    const current = $("#search-results a[aria-current]");
    current?.scrollIntoView({ block: "center" });
    const article = targetId() ? await loadMessage(targetId()) : null;
    if (!article) return;
    const marks = [...current?.querySelectorAll("mark") ?? []].map((mark) => mark.textContent);
    const ranges = findRanges($(".message-body", article), createPattern(marks));
    if (globalThis.Highlight) CSS.highlights.set("search-match", new Highlight(...ranges));
    article.tabIndex = -1;
    article.focus({ preventScroll: true });
    const element = ranges[0]?.startContainer.parentElement ?? article;
    const scrollToMatch = () => element.scrollIntoView({ block: "center" });
    scrollToMatch();
    // Heights above become known while it is shown.
    requestAnimationFrame(() => requestAnimationFrame(scrollToMatch));
  };

  // The other branch comes with a page of its own, which scrolls to the message.
  const reloadAfterSwitch = ({ detail: { ctx } }) => {
    const isSwitch = ctx.sourceElement?.matches?.("[data-show-branch]");
    if (isSwitch && ctx.response.status < 300) location.reload();
  };

  const start = ({ persisted }) => {
    if (persisted) return;
    listedText = findField().value;
    if (location.pathname === "/search/") findField().focus();
    showTarget();
  };

  document.addEventListener("input", handleInput);
  document.addEventListener("submit", handleSubmit);
  document.addEventListener("click", clearOnClick);
  document.addEventListener("htmx:before:request", startRequest);
  document.addEventListener("htmx:finally:request", finishRequest);
  document.addEventListener("htmx:after:swap", handleSwap);
  document.addEventListener("htmx:error", handleNetworkError);
  document.addEventListener("htmx:after:request", handleRefusal);
  document.addEventListener("htmx:after:request", reloadAfterSwitch);
  addEventListener("keydown", handleKey, { capture: true });
  addEventListener("pageshow", start);

  Object.assign(chat, { targetId, focusSearch });
})();
