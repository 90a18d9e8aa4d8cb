// The composer: grows with its text, sends on Enter, empties on acknowledgement and not before.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const form = () => $("#composer");
  const field = () => $("#composer-text");
  const WARN = 2000;

  const grow = (area) => {
    if (CSS.supports("field-sizing", "content")) return;
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  };

  // Characters as the server counts them; looked at closely only when there are many.
  const left = () => {
    const area = field();
    const limit = Number(area.dataset.limit);
    return area.value.length < limit - WARN ? WARN : limit - [...area.value.trim()].length;
  };

  const count = () => {
    const rest = left();
    const line = $("#composer-count");
    const text = rest >= WARN ? "" : chat.say(rest < 0 ? "too_many" : "left", { n: Math.abs(rest) });
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("over", rest < 0);
    field().setAttribute("aria-invalid", String(rest < 0));
  };

  const refresh = () => {
    const area = field();
    if (!area) return;
    grow(area);
    count();
    form().classList.toggle("ready", Boolean(area.value.trim()));
  };

  const prepare = () => {
    if (!field() || field().dataset.prepared) return;
    field().dataset.prepared = "yes";
    chat.drafts.restore();
    refresh();
    // On a touch screen the keyboard would cover what comes next; who came by a key goes on so.
    if (matchMedia("(pointer: coarse)").matches || sessionStorage.getItem("by-key")) {
      document.activeElement?.blur?.();
    } else {
      field().focus({ preventScroll: true });
    }
    sessionStorage.removeItem("by-key");
  };

  document.addEventListener("input", ({ target }) => {
    if (target !== field()) return;
    chat.drafts.typed();
    refresh();
  });

  // 229: the Enter that ends an IME composition in Safari.
  const composing = (event) => event.isComposing || event.keyCode === 229;

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (composing(event)) return;
    if (target === field() && key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (target.value.trim()) form().requestSubmit();
    } else if (target === field() && key === "ArrowUp" && !target.value && !chat.answering()) {
      const last = [...document.querySelectorAll("[data-edit]")].at(-1);
      if (!last) return;
      event.preventDefault();
      last.click();
    } else if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      target.closest?.(".edit-form")?.requestSubmit();
    }
  });

  // What the server would refuse is not sent at all.
  document.addEventListener("submit", (event) => {
    if (event.target !== form() || left() >= 0) return;
    event.preventDefault();
    event.stopPropagation();
    chat.speak($("#composer-count").textContent);
    field().focus();
  }, { capture: true });

  document.addEventListener("click", ({ target }) => {
    const suggestion = target.closest("[data-suggest]");
    if (!suggestion) return;
    field().value = suggestion.textContent;
    refresh();
    form().requestSubmit();
  });

  let sent = "";
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement !== form()) return;
    sent = field().value;
    chat.drafts.pause();
    $("#composer-notice").replaceChildren();
  });

  // The answer to the command is the acknowledgement; until then the text stays.
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const { ctx } = detail;
    if (ctx.response.status >= 400) refused(ctx);
    if (ctx.sourceElement?.id !== "composer" || ctx.response.status >= 300) return;
    chat.drafts.sent();
    const area = field();
    if (area.value === sent) area.value = "";
    form().elements.client_id.value = chat.newId();
    if (area.value) chat.drafts.typed();
    refresh();
  });

  // Our own refusals say where they belong. Anything else (a proxy's page, a crash) must not
  // take the place of what is on the screen.
  const refused = ({ response, hx, sourceElement }) => {
    if (response.headers.get("HX-Retarget")) return;
    hx.reswap = "none";
    if (sourceElement?.matches?.(".older, .rows-more")) return;
    chat.notice(chat.say(response.status === 403 ? "out_of_date" : "not_taken"));
  };

  document.addEventListener("htmx:error", ({ detail }) => {
    if (detail.ctx?.request && !detail.ctx.response) chat.notice(chat.say("unreachable"));
    if (detail.ctx?.sourceElement === form() && field().value) chat.drafts.typed();
  });

  document.addEventListener("htmx:after:swap", prepare);
  document.addEventListener("DOMContentLoaded", prepare);
  addEventListener("pageshow", refresh);

  // Esc stops the answer, unless it has something nearer to close; then it leaves the message.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || composing(event)) return;
    if ($("dialog[open], details.menu[open], .edit-form")) return;
    if (chat.answering()) $("#stop-form")?.requestSubmit();
    else if (event.target === field()) $("#main").focus({ preventScroll: true });
  });
})();
