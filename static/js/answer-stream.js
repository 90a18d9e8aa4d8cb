// Applies the frames that the socket brings, and acknowledges each one when it is on the page.
// docs/protocol.md describes them.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);

  // All operations but moveFirst are swap styles of htmx, by the same names.
  const OPERATIONS = new Set([
    "beforeend", "afterbegin", "beforebegin", "innerHTML", "outerHTML", "innerMorph", "outerMorph",
    "textContent", "delete", "moveFirst",
  ]);
  const isPatch = (patch) => Array.isArray(patch) && patch.length === 3 && OPERATIONS.has(patch[0])
    && (typeof patch[1] === "string" || Number.isInteger(patch[1])) && typeof patch[2] === "string";

  // A target is an id, or the number of last children to go down from the body of the live answer.
  let body = null;
  const findInBody = (target) => {
    if (!body?.isConnected || !body.classList.contains("live")) body = $(".live");
    let element = body;
    for (let left = target; element && left > 0; left -= 1) element = element.lastElementChild;
    return element;
  };

  const template = document.createElement("template");
  const parse = (html) => {
    template.innerHTML = html;
    return template.content;
  };

  // Text continues in the existing text node, so that the browser shapes only the new words.
  const append = (target, html) => {
    const last = target.lastChild;
    const continues = last?.nodeType === Node.TEXT_NODE;
    if (continues && !/[<&\r\0]/.test(html)) {
      last.appendData(html);
      return;
    }
    const content = parse(html);
    if (continues && content.firstChild?.nodeType === Node.TEXT_NODE) {
      last.appendData(content.firstChild.data);
      content.firstChild.remove();
    }
    target.append(content);
  };

  // The body of an answer grows many times a second, and htmx ignores it (hx-ignore). Changing it
  // without htmx saves the search for attributes and the class names that restyle each target.
  const DIRECT = {
    beforeend: append,
    outerHTML: (target, html) => target.replaceWith(parse(html)),
    innerHTML: (target, html) => target.replaceChildren(parse(html)),
    textContent: (target, html) => target.replaceChildren(parse(html).textContent),
  };
  // An element that stays the same keeps its open menu and the focus, also where it is moved.
  const moveFirst = (source, target, html) => {
    const element = document.getElementById(parse(html).firstElementChild?.id);
    if (!element) return htmx.swap({ sourceElement: source, target, swap: "afterbegin", text: html });
    const move = target.moveBefore ?? target.insertBefore;
    if (target.firstElementChild !== element) move.call(target, element, target.firstChild);
    return htmx.swap({ sourceElement: source, target: element, swap: "outerMorph", text: html });
  };
  const change = (source, target, operation, html) => {
    if (operation === "moveFirst") return moveFirst(source, target, html);
    const isPlain = operation === "textContent" || target.closest("[hx-ignore]");
    const direct = isPlain && DIRECT[operation];
    if (!direct) return htmx.swap({ sourceElement: source, target, swap: operation, text: html });
    direct(target, html);
    return null;
  };

  // Targets by number are found before the first one is changed, as each change moves them; an id
  // may be that of an element that the same frame brings. htmx changes the page at once, and then
  // tells the other scripts: the promise is for that, and missing if htmx was not needed.
  const apply = (source, patches) => {
    const found = patches.map(([, target]) => Number.isInteger(target) && findInBody(target));
    const swaps = patches.map(([operation, name, html], index) => {
      const target = found[index] || document.getElementById(name);
      return target && change(source, target, operation, html);
    });
    return swaps.some(Boolean) ? Promise.all(swaps) : null;
  };

  // The status of an answer: from pending to streaming. Its end comes with the final message. Both
  // keys are sent only if they changed, and are set again after a frame that may bring the message.
  const answer = { id: "", status: "", isSet: false };
  const setStatus = ({ message_id: id = answer.id, status = answer.status }) => {
    if (answer.isSet && id === answer.id && status === answer.status) return;
    Object.assign(answer, { id, status, isSet: true });
    const article = $(`article[data-message-id="${CSS.escape(id)}"]`);
    if (article) article.dataset.status = status;
  };

  const finish = ({ socket }, frame) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ack: frame.seq }));
    if (frame.event === "answer") setStatus(frame);
    else answer.isSet = false;
    document.dispatchEvent(new CustomEvent("chat:frame", { detail: frame }));
  };

  const read = (data) => {
    try {
      return JSON.parse(data);
    } catch {
      return null;
    }
  };

  const applyFrame = ({ target, detail }) => {
    if (detail.cancelled) return; // from a socket that the page gave up
    const frame = read(detail.message.data);
    if (!frame?.seq) return; // a pong
    detail.cancelled = true; // for htmx, which would look for HTML in it
    if (!Array.isArray(frame.patches) || !frame.patches.every(isPatch)) {
      document.dispatchEvent(new CustomEvent("chat:unreadable"));
      return;
    }
    const focused = document.activeElement;
    const isAppended = frame.patches.every(([operation]) => operation === "beforeend");
    const restoreSelection = isAppended ? null : chat.keepSelection();
    const swaps = apply(target, frame.patches);
    restoreSelection?.();
    if (swaps) {
      detail.waitUntil(swaps.then(() => finish(detail.connection, frame)));
      return;
    }
    finish(detail.connection, frame);
    if (focused && !focused.isConnected) {
      document.dispatchEvent(new CustomEvent("chat:focus-removed", { detail: focused }));
    }
  };

  document.addEventListener("htmx:ws:before:message:incoming", applyFrame);
})();
