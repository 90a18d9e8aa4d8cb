// Dialogs: renaming a conversation, details of an answer. The shortcuts open theirs themselves.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  // A swap may replace what opened a dialog before the dialog is closed (focus.js).
  const openers = new WeakMap();
  const openDialog = (dialog) => {
    openers.set(dialog, document.activeElement);
    dialog.showModal();
  };
  const findOpener = (dialog) => openers.get(dialog);

  const openRename = ({ rename, title }) => {
    const form = $("#rename-form");
    form.setAttribute("hx-post", `/c/${rename}/rename/`);
    form.setAttribute("hx-swap", "none");
    htmx.process(form, true);
    // The menu of the title has none of its own: the heading always shows the newest.
    form.elements.title.value = title ?? $("#conversation-title").textContent.trim();
    $("[data-error]", form).textContent = "";
    openDialog($("#rename-dialog"));
    form.elements.title.select();
  };

  const openOrCloseOnClick = ({ target }) => {
    if (target.closest("[data-dialog-close]")) target.closest("dialog").close();
    const rename = target.closest("[data-rename]");
    if (rename) openRename(rename.dataset);
  };

  // On the page around the dialog, which its backdrop covers; not where a drag that selects text ends.
  const isOutside = (dialog, { clientX: x, clientY: y }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    return x < left || x > right || y < top || y > bottom;
  };
  let pressedOutside = null;
  const notePress = (event) => {
    const { target } = event;
    pressedOutside = target.matches?.("dialog[open]") && isOutside(target, event) ? target : null;
  };
  const closeOnClickOutside = (event) => {
    if (pressedOutside === event.target && isOutside(event.target, event)) event.target.close();
  };

  const openRunDetails = ({ detail }) => {
    if (chat.swapsInto(detail.ctx, "run-details")) openDialog($("#run-details-dialog"));
  };

  const finishRename = ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.("#rename-form");
    if (!form) return;
    if (ctx.response.status < 300) $("#rename-dialog").close();
    else chat.showFormError(form, ctx);
  };

  document.addEventListener("click", openOrCloseOnClick);
  document.addEventListener("pointerdown", notePress);
  document.addEventListener("click", closeOnClickOutside);
  document.addEventListener("htmx:after:swap", openRunDetails);
  document.addEventListener("htmx:after:request", finishRename);

  Object.assign(chat, { openDialog, findOpener });
})();
