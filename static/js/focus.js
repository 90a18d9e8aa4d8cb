// When a swap removes the focused element, the nearest useful element gets the focus.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const CONTROLS = "a, button, summary, input, select, textarea";

  let lastFocused = null;
  let articleIndex = -1; // of the message that contains it
  let replacement = null; // what got the focus in its place
  const listArticles = () => [...document.querySelectorAll("#thread > article")];
  const listControls = (root) => [...root.querySelectorAll(CONTROLS)];
  const isVisible = (element) => element.isConnected && element.checkVisibility();

  const rememberFocus = ({ target }) => {
    lastFocused = target;
    replacement = null;
    articleIndex = listArticles().indexOf(target.closest("#thread > article"));
  };

  // A person who leaves an element does not want to return to it. Chromium fires this event also
  // before it removes an element.
  const forgetFocus = ({ target, relatedTarget }) => {
    if (relatedTarget) return;
    setTimeout(() => {
      if (lastFocused !== target || document.activeElement === target) return;
      if (isVisible(target)) lastFocused = null;
    });
  };

  // An element that was removed with its sidebar item or message has a successor at the same place
  // in the new one. Another branch has another message, with a branch switcher of its own.
  const findSuccessor = (removed) => {
    if (removed.id) return document.getElementById(removed.id);
    const before = removed.closest("[id]");
    const after = before && document.getElementById(before.id);
    if (after) {
      const control = listControls(after)[listControls(before).indexOf(removed)];
      return control?.tagName === removed.tagName ? control : null;
    }
    if (!removed.closest(".branch-switcher")) return null;
    const article = listArticles()[articleIndex];
    const buttons = [...article?.querySelectorAll(".branch-switcher button") ?? []];
    return buttons.find((button) => button.ariaLabel === removed.ariaLabel) ?? buttons[0];
  };

  const findUndo = () => $("#toasts [data-toast] button");

  // The new chat in place of a deleted conversation took the focus for its message box.
  const focusUndoOnce = () => {
    const undo = $("#toasts [data-focus-once]");
    undo?.removeAttribute("data-focus-once");
    undo?.focus();
  };

  // Focus within a dialog that was closed counts as focus on what opened the dialog.
  const leaveClosedDialog = () => {
    const dialog = lastFocused?.closest("dialog");
    if (dialog && !dialog.open) lastFocused = chat.findOpener(dialog);
  };

  const restoreFocus = () => {
    leaveClosedDialog();
    if (!lastFocused || document.activeElement !== document.body || isVisible(lastFocused)) return;
    const element = [findSuccessor(lastFocused), findUndo(), $("#composer-text"), $("#main")]
      .find((candidate) => candidate?.checkVisibility());
    lastFocused = null;
    element?.focus({ preventScroll: true });
    replacement = element;
  };
  const restoreAfterPaint = () => {
    requestAnimationFrame(() => requestAnimationFrame(restoreFocus));
  };

  const restoreAfterSwap = ({ detail: { ctx } }) => {
    // The sidebar item may be removed before the toast with Undo arrives.
    const isReplaced = document.activeElement === replacement;
    if (chat.swapsInto(ctx, "toasts") && isReplaced) findUndo()?.focus();
    focusUndoOnce();
    if (lastFocused) restoreAfterPaint();
  };

  const restoreAfterFrame = ({ detail }) => {
    lastFocused = detail;
    restoreAfterPaint();
  };

  // A text box is :focus-visible however it got the focus.
  const markKeyboard = ({ key, target }) => {
    const isTyping = key !== "Tab" && target.matches?.("input, textarea, select");
    if (!isTyping) document.body.classList.add("by-keyboard");
  };
  const unmarkKeyboard = () => document.body.classList.remove("by-keyboard");

  document.addEventListener("keydown", markKeyboard);
  document.addEventListener("pointerdown", unmarkKeyboard);
  document.addEventListener("focusin", rememberFocus);
  document.addEventListener("focusout", forgetFocus);
  document.addEventListener("htmx:after:swap", restoreAfterSwap);
  document.addEventListener("chat:focus-removed", restoreAfterFrame);
  document.addEventListener("click", restoreAfterPaint);
  document.addEventListener("close", restoreAfterPaint, { capture: true });
})();
