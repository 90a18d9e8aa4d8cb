// Frames of the socket: the text of an answer is put in place here, the rest by htmx; each frame is
// acknowledged when it is on the page.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);

  // From waiting to streaming; the end comes with the final body, in one swap.
  // Either is said only when it is another than before.
  const said = { id: "", status: "" };
  const streaming = ({ message_id: id = said.id, status = said.status }) => {
    if (id === said.id && status === said.status) return;
    Object.assign(said, { id, status });
    const article = $(`article[data-message-id="${CSS.escape(id)}"]`);
    if (article) article.dataset.status = status;
  };

  // The body of an answer grows many times a second, and htmx has nothing to do in it (hx-ignore).
  // So what is new goes straight into the page: no whole parse, no search for attributes, no marks
  // on each target that restyle it. Anything in another form is left to htmx.
  const PARTIAL = /<hx-partial hx-target=(['"])(.+?)\1 hx-swap=\1(\w+)\1>([\s\S]*?)<\/hx-partial>/g;
  const LIVE = /^\.live((?:>:last-child)*)$/;
  const STEP = ">:last-child".length;
  const template = document.createElement("template");
  const parsed = (html) => {
    template.innerHTML = html;
    return template.content;
  };

  let body = null;
  const find = (selector) => {
    const way = selector.match(LIVE);
    if (!way) return $(selector);
    if (!body?.isConnected || !body.classList.contains("live")) body = $(".live");
    let element = body;
    for (let left = way[1].length; element && left; left -= STEP) element = element.lastElementChild;
    return element;
  };

  // Words go on in the text node that is there: the browser then shapes no more than these.
  const append = (target, html) => {
    const end = target.lastChild;
    const joins = end?.nodeType === Node.TEXT_NODE;
    if (joins && !/[<&\r\0]/.test(html)) {
      end.appendData(html);
      return;
    }
    const content = parsed(html);
    if (joins && content.firstChild?.nodeType === Node.TEXT_NODE) {
      end.appendData(content.firstChild.data);
      content.firstChild.remove();
    }
    target.append(content);
  };
  const SWAPS = {
    beforeend: append,
    outerHTML: (target, html) => target.replaceWith(parsed(html)),
    innerHTML: (target, html) => target.replaceChildren(parsed(html)),
    textContent: (target, html) => target.replaceChildren(parsed(html).textContent),
  };

  // All targets are found before the first is changed, as htmx does it.
  const place = (content) => {
    const found = [...content.matchAll(PARTIAL)];
    const length = found.reduce((sum, [whole]) => sum + whole.length, 0);
    if (length !== content.length || found.some(([, , , swap]) => !SWAPS[swap])) return false;
    const targets = found.map(([, , selector]) => find(selector));
    found.forEach(([, , , swap, html], at) => {
      if (targets[at]) SWAPS[swap](targets[at], html);
    });
    return true;
  };

  const read = (data) => {
    try {
      return JSON.parse(data);
    } catch {
      return null;
    }
  };

  // An acknowledgement asks for the next frame, so it goes out when this one is on the page.
  const shown = ({ socket }, frame) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ack: frame.seq }));
    if (frame.event === "answer") streaming(frame);
    document.dispatchEvent(new CustomEvent("chat:frame", { detail: frame }));
  };

  const placeFrame = ({ detail }) => {
    if (detail.cancelled) return; // of a socket that was given up
    const frame = read(detail.message.data);
    const focused = document.activeElement;
    if (frame?.event !== "answer" || !place(frame.content)) return;
    detail.cancelled = true;
    shown(detail.connection, frame);
    if (focused && !focused.isConnected) {
      document.dispatchEvent(new CustomEvent("chat:focus-removed", { detail: focused }));
    }
  };

  const acknowledgeFrame = ({ detail }) => {
    const frame = read(detail.message.data);
    if (frame?.seq) shown(detail.connection, frame);
  };

  document.addEventListener("htmx:ws:before:message:incoming", placeFrame);
  document.addEventListener("htmx:ws:after:message:incoming", acknowledgeFrame);
})();
