// The composer: grows with its text, sends on Enter, empties on acknowledgement and not before.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const form = () => $("#composer");
  const field = () => $("#composer-text");
  const WARN = 2000;
  const touch = matchMedia("(pointer: coarse)");
  let sent = ""; // and not acknowledged
  let rewritten = false; // what was sent is no longer what the box begins with

  const grow = (area) => {
    if (CSS.supports("field-sizing", "content")) return;
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  };

  // Characters as the server counts them; looked at closely only when there are many.
  const left = () => {
    const area = field();
    const limit = Number(area.dataset.limit);
    return area.value.length < limit - WARN ? WARN : limit - [...chat.stored(area.value)].length;
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

  // What was typed while the first question was on its way goes on in its conversation.
  let carried = "";
  const carry = () => {
    if (!carried) return false;
    field().value = carried;
    field().setSelectionRange(carried.length, carried.length);
    carried = "";
    chat.drafts.typed();
    return true;
  };

  const prepare = () => {
    if (!field() || field().dataset.prepared) return;
    field().dataset.prepared = "yes";
    chat.drafts.restore();
    const goesOn = carry();
    refresh();
    // On a touch screen the keyboard would cover what comes next; who came by a key goes on so.
    if (!goesOn && (touch.matches || sessionStorage.getItem("by-key"))) {
      document.activeElement?.blur?.();
    } else {
      field().focus({ preventScroll: true });
    }
    sessionStorage.removeItem("by-key");
  };

  document.addEventListener("input", ({ target }) => {
    if (target !== field()) return;
    rewritten ||= !target.value.startsWith(sent);
    chat.drafts.typed();
    refresh();
  });

  // 229: the Enter that ends an IME composition in Safari.
  const composing = (event) => event.isComposing || event.keyCode === 229;

  // Keyboards of touch screens have no Shift+Enter: there Enter is a new line, the button sends.
  const sends = ({ key, ctrlKey, metaKey, shiftKey }) =>
    key === "Enter" && (ctrlKey || metaKey || !(shiftKey || touch.matches));

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (composing(event)) return;
    if (target === field() && sends(event)) {
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

  // What the server would refuse is not sent at all. Other words than those of an attempt that may
  // have arrived are another question.
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    const text = field().value;
    if (text.trim() && left() >= 0) {
      if (sent && sent !== text) chat.drafts.renew();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (text) chat.speak($("#composer-count").textContent);
    field().focus();
  }, { capture: true });

  document.addEventListener("click", ({ target }) => {
    const suggestion = target.closest("[data-suggest]");
    if (!suggestion || field().value.trim()) return;
    field().value = suggestion.textContent;
    refresh();
    form().requestSubmit();
  });

  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement !== form()) return;
    sent = field().value;
    rewritten = false;
    chat.drafts.pause();
    $("#composer-notice").replaceChildren();
  });

  // The answer to the command is the acknowledgement; until then the text stays.
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const { ctx } = detail;
    if (ctx.response.status >= 400) refused(ctx);
    if (ctx.sourceElement?.id !== "composer") return;
    if (ctx.response.status >= 300) {
      chat.drafts.typed();
      return;
    }
    takeSent(field());
    chat.drafts.sent();
    if (!chat.shown()) carried = field().value;
    else if (field().value) chat.drafts.typed();
    refresh();
  });

  // What goes on behind the sent text in its line loses its blanks, a line of its own keeps them.
  const rest = (text) => (/^\s*\n/.test(text) ? chat.withoutBlankLines(text) : text.trimStart());

  // Only what was typed since then stays; all of it, if it was written anew.
  const takeSent = (area) => {
    const goesOn = !rewritten && area.value.startsWith(sent);
    const since = goesOn ? rest(area.value.slice(sent.length)) : area.value;
    area.setRangeText("", 0, area.value.length - since.length, "preserve");
    sent = "";
  };

  // The notice that an answer is still being written ends with it.
  document.addEventListener("chat:frame", ({ detail }) => {
    if (detail.event === "answer" || chat.answering()) return;
    $("#composer-notice [data-code=busy]")?.remove();
  });

  // Our own refusals say where they belong. Anything else (a proxy's page, a crash) must not
  // take the place of what is on the screen.
  const refused = ({ response, hx, sourceElement }) => {
    if (response.headers.get("HX-Retarget")) return;
    hx.reswap = "none";
    if (sourceElement?.matches?.(".load-older, .load-more")) return;
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
    if ($("dialog[open], details.menu[open]")) return;
    if (chat.answering()) $("#stop-form")?.requestSubmit();
    else if (event.target === field()) $("[data-scroller]").focus({ preventScroll: true });
  });
})();
