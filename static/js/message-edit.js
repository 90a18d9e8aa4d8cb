// Editing a message in its own place; the conversation continues from there as a new branch.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  // Frames leave a message that is being edited, and a reason that is being typed, as they are.
  htmx.config.morphSkip = ".editing, .reason-slot:has(form)";

  const openEdit = (article) => {
    if ($(".edit-form", article)) return;
    const form = $("#edit-template").content.firstElementChild.cloneNode(true);
    form.setAttribute("hx-post", `/m/${article.dataset.messageId}/edit/`);
    form.setAttribute("hx-swap", "none");
    const save = $("[data-edit-save]", form);
    save.setAttribute("hx-post", `/m/${article.dataset.messageId}/save/`);
    save.setAttribute("hx-swap", "none");
    const help = $("[data-save-help]", form);
    help.id = `save-help-${article.dataset.messageId}`;
    help.hidden = !article.nextElementSibling;
    save.setAttribute("aria-describedby", help.id);
    form.elements.client_id.value = chat.createId();
    form.elements.text.defaultValue = $("[data-source]", article).content.textContent;
    article.classList.add("editing");
    article.append(form);
    htmx.process(form);
    form.elements.text.focus();
  };

  const closeEdit = (article) => {
    $(".edit-form", article)?.remove();
    article.classList.remove("editing");
    $("[data-edit]", article)?.focus();
  };

  const openOrCloseOnClick = ({ target }) => {
    const edit = target.closest("[data-edit]");
    if (edit) openEdit(edit.closest("article"));
    const cancel = target.closest("[data-edit-cancel]");
    if (cancel) closeEdit(cancel.closest("article"));
  };

  const closeOnEscape = (event) => {
    const form = event.target.closest?.(".edit-form");
    if (event.key !== "Escape" || event.defaultPrevented || !form) return;
    closeEdit(form.closest("article"));
    event.preventDefault();
  };

  const finishEdit = ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.(".edit-form");
    if (!form) return;
    if (ctx.response.status < 300) closeEdit(form.closest("article"));
    else chat.showFormError(form, ctx);
  };

  document.addEventListener("click", openOrCloseOnClick);
  document.addEventListener("keydown", closeOnEscape, { capture: true });
  document.addEventListener("htmx:after:request", finishEdit);
})();
