// Text that is not saved: leaving the page asks first, and publishing a version of a prompt keeps it.
// Drafts of messages need neither, see drafts.js.
(() => {
  "use strict";

  const FORMS = "#content-main form[method=post], .edit-form, .reason, .settings-form";
  const FIELDS = "textarea, input:not([type=hidden], [type=submit], [type=button])";
  // Sent with what is kept: it tells the server which version the text was written from.
  const VERSION = "[name=base_version]";
  const { session } = chat.storage;
  const storageKey = `unsaved:${location.pathname}`;
  const listForms = () => [...document.querySelectorAll(FORMS)];

  const isChanged = (field) => (field.type === "checkbox"
    ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
  const listChanged = (form) => [...form.querySelectorAll(FIELDS)].filter(isChanged);

  let submitted = null; // a form
  let isKept = false;
  // A form that the server refused comes back with what was typed, as if nothing were changed.
  const isUnsaved = (form) => form !== submitted
    && Boolean(listChanged(form).length || form.querySelector(".errornote"));
  const hasUnsaved = () => !isKept && listForms().some(isUnsaved);

  const askBeforeLeaving = (event) => {
    if (hasUnsaved()) event.preventDefault();
  };
  // Only while there is something to lose: it keeps a page out of the browser's back/forward cache.
  const update = () => {
    if (hasUnsaved()) addEventListener("beforeunload", askBeforeLeaving);
    else removeEventListener("beforeunload", askBeforeLeaving);
  };

  const keepText = () => {
    const fields = listForms().filter(isUnsaved)
      .flatMap((form) => [...listChanged(form), ...form.querySelectorAll(VERSION)]);
    const kept = fields.map(({ name, value, checked }) => ({ name, value, checked }));
    session.write(storageKey, kept);
    isKept = Boolean(session.read(storageKey));
  };

  const restoreField = ({ name, value, checked }) => {
    const field = document.querySelector(`#content-main [name="${CSS.escape(name)}"]`);
    if (field?.type === "checkbox") field.checked = checked;
    else if (field) field.value = value;
  };
  const restoreText = () => {
    const kept = session.read(storageKey);
    session.remove(storageKey);
    if (Array.isArray(kept)) kept.forEach(restoreField);
    update();
  };

  const handleInput = () => {
    submitted = null;
    update();
  };
  const handleSubmit = ({ target, defaultPrevented }) => {
    if (defaultPrevented) return;
    submitted = target;
    if (target.id === "publish") keepText();
  };

  document.addEventListener("input", handleInput);
  document.addEventListener("submit", handleSubmit);
  document.addEventListener("DOMContentLoaded", restoreText);

  Object.assign(chat, { hasUnsaved });
})();
