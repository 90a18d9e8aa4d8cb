// What the page says about its socket, and what each close code means for it.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  // Codes after which no other socket would fare better, by the sentence that is shown. After every
  // other code, unknown ones too, the page connects again. docs/protocol.md has the same table.
  const FINAL = {
    out_of_date: [1002, 1003, 1007, 1009, 1010, 4400],
    refused: [1008, 3000, 3003, 4403],
    stopped: [4401, 4404, 4429], // the server's own notice says why
  };
  const SHORT = 1500; // milliseconds; a restart of the server takes about a second
  const LONG = 60000;

  const BUTTONS = { try_now: "reconnect", reload: "reload" };
  const createButton = (name) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button button-small" });
    button.textContent = chat.translate(name);
    button.dataset[BUTTONS[name]] = "";
    return button;
  };

  const createLine = (sentence, buttonNames) => {
    const text = Object.assign(document.createElement("span"), { textContent: sentence });
    const detail = Object.assign(document.createElement("span"), { ariaHidden: "true" });
    const buttons = document.createElement("span");
    buttons.className = "connection-buttons";
    buttons.append(...buttonNames.map(createButton));
    return [text, detail, buttons];
  };

  // Screen readers hear the sentence once; `detail` changes each second. Buttons stay the same
  // elements for as long as they are there, so that they keep the focus.
  const show = (sentence = "", detail = "", ...buttonNames) => {
    const line = $("#connection");
    if (!line) return;
    const key = [sentence, ...buttonNames].join();
    if ((line.dataset.shows ?? "") !== key) {
      line.dataset.shows = key;
      line.replaceChildren(...createLine(sentence, buttonNames));
      line.hidden = !sentence;
    }
    const element = $("[aria-hidden]", line);
    if (element && element.textContent !== detail) element.textContent = detail;
  };

  const findFinalSentence = (code) => Object.keys(FINAL).find((key) => FINAL[key].includes(code));
  const isFinal = (code) => Boolean(findFinalSentence(code));

  // `wait` is the time in milliseconds until the next attempt, 0 during one.
  const showOutage = (lasted, wait) => {
    const sentence = chat.translate("reconnecting");
    if (lasted >= LONG) {
      const seconds = Math.ceil(wait / 1000);
      const next = seconds > 0 ? chat.translate("next_try", { n: seconds }) : sentence;
      show(chat.translate("no_connection"), next, "try_now", "reload");
    } else if (lasted >= SHORT) {
      show(sentence);
    }
  };

  // This page receives nothing more of an answer that is being written.
  const markInterrupted = () => {
    const live = "article:is([data-status=pending], [data-status=streaming])";
    for (const article of document.querySelectorAll(live)) article.dataset.status = "interrupted";
    for (const item of document.querySelectorAll(".row[data-answering]")) {
      delete item.dataset.answering;
      $(".row-dot", item)?.remove();
    }
  };

  const showEnd = (code) => {
    markInterrupted();
    show(chat.translate(findFinalSentence(code)), "", "reload");
  };
  const clear = () => {
    show();
    document.dispatchEvent(new CustomEvent("chat:connected"));
  };

  const handleButton = ({ target }) => {
    if (target.closest("#connection [data-reload]")) location.reload();
    if (target.closest("#connection [data-reconnect]")) {
      document.dispatchEvent(new CustomEvent("chat:reconnect"));
    }
  };

  document.addEventListener("click", handleButton);

  chat.connection = { isFinal, showEnd, showOutage, clear };
})();
