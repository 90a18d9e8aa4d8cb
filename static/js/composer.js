// The composer: grows with its text, sends on Enter, and empties when the server acknowledges.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const findForm = () => $("#composer");
  const findField = () => $("#composer-text");
  const COUNT_FROM = 2000; // characters that are left
  const touchScreen = matchMedia("(pointer: coarse)");
  let sentText = ""; // and not acknowledged
  let isRewritten = false; // the field no longer begins with the sent text

  const fitHeight = (field) => {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.blockSize = "auto";
    field.style.blockSize = `${field.scrollHeight}px`;
  };

  // Characters as the server counts them; cleaned and counted only when there are many.
  const countRemaining = () => {
    const field = findField();
    const limit = Number(field.dataset.limit);
    if (field.value.length < limit - COUNT_FROM) return COUNT_FROM;
    return limit - [...chat.cleanMessage(field.value)].length;
  };

  const showCount = () => {
    const remaining = countRemaining();
    const isOver = remaining < 0;
    const key = isOver ? "too_many" : "left";
    const text = remaining >= COUNT_FROM ? "" : chat.translate(key, { n: Math.abs(remaining) });
    const line = $("#composer-count");
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("over", isOver);
    findField().setAttribute("aria-invalid", String(isOver));
  };

  const refresh = () => {
    const field = findField();
    if (!field) return;
    fitHeight(field);
    showCount();
    findForm().classList.toggle("ready", Boolean(field.value.trim()));
  };

  // Text that was typed while the first question was being sent continues in its conversation.
  let carriedText = "";
  const insertCarriedText = () => {
    if (!carriedText) return false;
    const field = findField();
    field.value = carriedText;
    field.setSelectionRange(carriedText.length, carriedText.length);
    carriedText = "";
    chat.drafts.saveSoon();
    return true;
  };

  const prepare = () => {
    const field = findField();
    if (!field || field.dataset.prepared) return;
    field.dataset.prepared = "yes";
    chat.drafts.restore();
    const isContinued = insertCarriedText();
    refresh();
    // On a touch screen the keyboard would cover the page; a person who came by a key goes on so.
    if (!isContinued && (touchScreen.matches || chat.storage.session.read("by-key"))) {
      document.activeElement?.blur?.();
    } else {
      field.focus({ preventScroll: true });
    }
    chat.storage.session.remove("by-key");
  };

  const handleInput = ({ target }) => {
    if (target !== findField()) return;
    isRewritten ||= !target.value.startsWith(sentText);
    chat.drafts.saveSoon();
    refresh();
  };

  // 229: the Enter that ends an IME composition in Safari.
  const isComposing = (event) => event.isComposing || event.keyCode === 229;

  // Keyboards of touch screens have no Shift+Enter: there Enter is a new line, the button sends.
  const isSendKey = ({ key, ctrlKey, metaKey, shiftKey }) =>
    key === "Enter" && (ctrlKey || metaKey || !(shiftKey || touchScreen.matches));

  const sendOnEnter = (event) => {
    event.preventDefault();
    if (findField().value.trim()) findForm().requestSubmit();
  };

  const editLastMessage = (event) => {
    const button = [...document.querySelectorAll("[data-edit]")].at(-1);
    if (!button) return;
    event.preventDefault();
    button.click();
  };

  const handleKey = (event) => {
    const { key, target } = event;
    if (isComposing(event)) return;
    const isEmptyField = target === findField() && !target.value;
    if (target === findField() && isSendKey(event)) {
      sendOnEnter(event);
    } else if (isEmptyField && key === "ArrowUp" && !chat.isAnswering()) {
      editLastMessage(event);
    } else if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      target.closest?.(".edit-form")?.requestSubmit();
    }
  };

  // Esc stops the answer, unless it has something nearer to close; then it leaves the field.
  const stopOnEscape = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || isComposing(event)) return;
    if ($("dialog[open], details.menu[open]")) return;
    if (chat.isAnswering()) $("#stop-form")?.requestSubmit();
    else if (event.target === findField()) $("[data-scroller]").focus({ preventScroll: true });
  };

  // A message that the server would refuse is not sent. A text that differs from that of an attempt
  // that may have arrived is another question, with an id of its own.
  const checkBeforeSubmit = (event) => {
    if (event.target !== findForm()) return;
    const text = findField().value;
    if (text.trim() && countRemaining() >= 0) {
      if (sentText && sentText !== text) chat.drafts.renewIds();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (text) chat.announce($("#composer-count").textContent);
    findField().focus();
  };

  const sendSuggestion = ({ target }) => {
    const suggestion = target.closest("[data-suggest]");
    if (!suggestion || findField().value.trim()) return;
    findField().value = suggestion.textContent;
    refresh();
    findForm().requestSubmit();
  };

  const rememberSentText = ({ detail }) => {
    if (detail.ctx.sourceElement !== findForm()) return;
    sentText = findField().value;
    isRewritten = false;
    chat.drafts.pause();
    $("#composer-notice").replaceChildren();
  };

  // Behind the sent text, the rest of its last line loses its leading blanks; a line of its own
  // keeps them.
  const trimStart = (text) =>
    /^\s*\n/.test(text) ? chat.removeLeadingBlankLines(text) : text.trimStart();

  // Text that was typed since then stays; all of it, if the sent text was changed.
  const removeSentText = (field) => {
    const isContinued = !isRewritten && field.value.startsWith(sentText);
    const added = isContinued ? trimStart(field.value.slice(sentText.length)) : field.value;
    field.setRangeText("", 0, field.value.length - added.length, "preserve");
    sentText = "";
  };

  const handleAcknowledgement = () => {
    const [field, text] = [findField(), sentText];
    removeSentText(field);
    chat.drafts.finish(text);
    if (!chat.conversationId()) carriedText = field.value;
    else if (field.value) chat.drafts.saveSoon();
    refresh();
  };

  // Our own refusals say where they belong. Anything else (a proxy's page, a crash) must not
  // replace what is on the screen.
  const handleRefusal = ({ response, hx, sourceElement }) => {
    if (response.headers.get("HX-Retarget")) return;
    hx.reswap = "none";
    if (sourceElement?.matches?.(".load-older, .load-more")) return;
    chat.showNotice(response.status === 403 ? "out_of_date" : "not_taken");
  };

  // The response to the command is the acknowledgement; until then the text stays.
  const handleResponse = ({ detail: { ctx } }) => {
    if (ctx.response.status >= 400) handleRefusal(ctx);
    if (ctx.sourceElement?.id !== "composer") return;
    if (ctx.response.status >= 300) chat.drafts.saveSoon();
    else handleAcknowledgement();
  };

  const handleNetworkError = ({ detail: { ctx } }) => {
    if (ctx?.request && !ctx.response) chat.showNotice("unreachable");
    if (ctx?.sourceElement === findForm() && findField().value) chat.drafts.saveSoon();
  };

  document.addEventListener("input", handleInput);
  document.addEventListener("keydown", handleKey);
  document.addEventListener("keydown", stopOnEscape);
  document.addEventListener("submit", checkBeforeSubmit, { capture: true });
  document.addEventListener("click", sendSuggestion);
  document.addEventListener("htmx:before:request", rememberSentText);
  document.addEventListener("htmx:after:request", handleResponse);
  document.addEventListener("htmx:error", handleNetworkError);
  document.addEventListener("chat:draft-removed", refresh);
  document.addEventListener("htmx:after:swap", prepare);
  document.addEventListener("DOMContentLoaded", prepare);
  addEventListener("pageshow", refresh);
})();
