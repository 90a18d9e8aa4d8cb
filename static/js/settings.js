// Saves a section of the settings page without loading the page again. Without this script the form
// is sent as it is, and the server's redirect leads back to its section.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const readToken = () => document.cookie.match(/(?:^|; )chat_csrf=([^;]*)/)?.[1] ?? "";

  const setStatus = (form, sentence, isFailed = false) => {
    const status = $(".settings-status", form);
    status.textContent = sentence;
    status.toggleAttribute("data-failed", isFailed);
  };

  // The rest of the form stays, so that nothing jumps and the button keeps the focus.
  const showFields = (form, page) => {
    const section = page.getElementById(form.id);
    $("[data-fields]", form).replaceWith($("[data-fields]", section));
    setStatus(form, $(".settings-status", section).textContent);
    $("[aria-invalid=true]", form)?.focus();
    document.dispatchEvent(new CustomEvent("chat:theme"));
  };

  const showResponse = async (form, response) => {
    if (response.headers.has("HX-Refresh")) {
      location.reload(); // keeps the place
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (page.getElementById(form.id)) showFields(form, page);
    else setStatus(form, $("p", page)?.textContent.trim() ?? "", true);
  };

  // The token is the newest: another tab may have signed in again.
  const post = (form) => {
    const body = new URLSearchParams(new FormData(form));
    body.delete("csrfmiddlewaretoken");
    const headers = { "HX-Request": "true", "X-CSRFToken": readToken() };
    return fetch(form.action, { method: "POST", body, headers });
  };

  const save = async (event) => {
    const form = event.target.closest(".settings-form");
    if (!form) return;
    event.preventDefault();
    setStatus(form, "");
    form.setAttribute("aria-busy", "true");
    try {
      await showResponse(form, await post(form));
    } catch {
      setStatus(form, $("#main").dataset.unreachable, true);
    } finally {
      form.removeAttribute("aria-busy");
    }
  };

  const clearStatus = ({ target }) => {
    const form = target.closest(".settings-form");
    if (form) setStatus(form, "");
  };

  document.addEventListener("submit", save, { capture: true });
  document.addEventListener("input", clearStatus);
})();
