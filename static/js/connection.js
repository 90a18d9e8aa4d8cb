// What the page says about its socket, and what each close code asks of it.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  // Codes after which no other socket would fare better, by the sentence that is said. After every
  // other code, unknown ones too, the page connects again. docs/protocol.md has the same table.
  const FINAL = {
    out_of_date: [1002, 1003, 1007, 1009, 1010, 4400],
    refused: [1008, 3000, 3003, 4403],
    stopped: [4401, 4404, 4429], // the server's own notice says why
  };
  const SHORT = 1500; // a restart of the server takes about a second
  const LONG = 60000;

  const BUTTONS = { try_now: "reconnect", reload: "reload" };
  const button = (name) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "button button-small" });
    made.textContent = chat.say(name);
    made.dataset[BUTTONS[name]] = "";
    return made;
  };

  // Screen readers hear the sentence once; `detail` changes each second. Buttons stay the same
  // elements for as long as they are there, so that they keep the focus.
  const show = (sentence = "", detail = "", ...names) => {
    const line = $("#connection");
    if (!line) return;
    const key = [sentence, ...names].join();
    if ((line.dataset.shows ?? "") !== key) {
      line.dataset.shows = key;
      const text = Object.assign(document.createElement("span"), { textContent: sentence });
      const more = Object.assign(document.createElement("span"), { ariaHidden: "true" });
      const buttons = Object.assign(document.createElement("span"), { className: "connection-buttons" });
      buttons.append(...names.map(button));
      line.replaceChildren(text, more, buttons);
      line.hidden = !sentence;
    }
    const more = $("[aria-hidden]", line);
    if (more && more.textContent !== detail) more.textContent = detail;
  };

  const sentenceOf = (code) => Object.keys(FINAL).find((key) => FINAL[key].includes(code));

  // `wait` is the time until the next attempt, 0 during one.
  const trouble = (lasted, wait) => {
    const now = chat.say("reconnecting");
    if (lasted >= LONG) {
      const n = Math.ceil(wait / 1000);
      const next = n > 0 ? chat.say("next_try", { n }) : now;
      show(chat.say("no_connection"), next, "try_now", "reload");
    } else if (lasted >= SHORT) {
      show(now);
    }
  };

  document.addEventListener("click", ({ target }) => {
    if (target.closest("#connection [data-reload]")) location.reload();
    if (target.closest("#connection [data-reconnect]")) {
      document.dispatchEvent(new CustomEvent("chat:reconnect"));
    }
  });

  // Nothing more comes to this page of an answer that is being written.
  const markInterrupted = () => {
    const live = "article:is([data-status=pending], [data-status=streaming])";
    for (const article of document.querySelectorAll(live)) article.dataset.status = "interrupted";
    for (const row of document.querySelectorAll(".row[data-answering]")) {
      delete row.dataset.answering;
      $(".row-dot", row)?.remove();
    }
  };

  chat.connection = {
    isFinal: (code) => Boolean(sentenceOf(code)),
    end: (code) => {
      markInterrupted();
      show(chat.say(sentenceOf(code)), "", "reload");
    },
    trouble,
    clear: () => show(),
  };
})();
