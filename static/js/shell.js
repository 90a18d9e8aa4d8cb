// The shell: sidebar on small screens, menus, renaming, editing, notices.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  const sidebar = (open) => {
    document.body.classList.toggle("sidebar-shown", open);
    if (open) $("#sidebar .new-chat")?.focus();
    else if ($("#sidebar")?.contains(document.activeElement)) $("[data-sidebar-open]")?.focus();
  };

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  document.addEventListener("click", ({ target }) => {
    closeMenus(target.closest("details.menu"));
    if (target.closest("[data-sidebar-open]")) sidebar(true);
    if (target.closest("[data-sidebar-close]")) sidebar(false);
    if (target.closest("[data-dialog-close]")) target.closest("dialog").close();
    if (target.closest(".menu-item")) closeMenus();
    const toast = target.closest("[data-dismiss]")?.closest("[data-toast]");
    if (toast) toast.remove();
    const rename = target.closest("[data-rename]");
    if (rename) openRename(rename.dataset);
    const edit = target.closest("[data-edit]");
    if (edit) openEdit(edit.closest("article"));
    const cancel = target.closest("[data-edit-cancel]");
    if (cancel) closeEdit(cancel.closest("article"));
    const signIn = target.closest("[data-sign-in]");
    if (signIn) signIn.search = `?next=${encodeURIComponent(location.pathname)}`;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = $("details.menu[open]");
    const form = event.target.closest?.(".edit-form");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
      event.preventDefault();
    } else if (form) {
      closeEdit(form.closest("article"));
      event.preventDefault();
    } else if (document.body.classList.contains("sidebar-shown")) {
      sidebar(false);
      event.preventDefault();
    }
  }, { capture: true });

  const openRename = ({ rename, title }) => {
    const form = $("#rename-form");
    form.setAttribute("hx-post", `/c/${rename}/rename/`);
    form.setAttribute("hx-swap", "none");
    htmx.process(form, true);
    form.elements.title.value = title;
    $("[data-error]", form).textContent = "";
    $("#rename-dialog").showModal();
    form.elements.title.select();
  };

  // A message is edited in its own place; the conversation goes on from there as a new branch.
  const openEdit = (article) => {
    if ($(".edit-form", article)) return;
    const form = $("#edit-template").content.firstElementChild.cloneNode(true);
    form.setAttribute("hx-post", `/m/${article.dataset.messageId}/edit/`);
    form.setAttribute("hx-swap", "none");
    form.elements.client_id.value = window.chatNewId();
    form.elements.text.value = $("[data-source]", article).content.textContent;
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

  // Refusals of these two forms belong into them, not under the composer.
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const { sourceElement: form, response } = detail.ctx;
    if (!form?.matches?.("#rename-form, .edit-form")) return;
    if (response.status < 300) {
      if (form.id === "rename-form") $("#rename-dialog").close();
      else closeEdit(form.closest("article"));
      return;
    }
    const parsed = new DOMParser().parseFromString(detail.ctx.text, "text/html");
    $("[data-error]", form).textContent = parsed.body.textContent.trim();
    detail.ctx.hx.reswap = "none";
  });

  // A toast with Undo goes by itself, but not while somebody is on it.
  let gone = 0;
  const expire = () => {
    clearTimeout(gone);
    gone = setTimeout(() => {
      const toast = $("[data-toast]");
      if (toast?.matches(":hover, :focus-within")) expire();
      else toast?.remove();
    }, 12000);
  };
  document.addEventListener("htmx:after:swap", () => {
    if ($("[data-toast]")) expire();
    const shown = $("#conversation")?.dataset.conversation;
    for (const row of document.querySelectorAll("[data-row]")) {
      const link = $("a", row);
      if (row.dataset.row === shown) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const heading of document.querySelectorAll(".rows-empty")) {
      heading.hidden = Boolean($(".row"));
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: {} } }));
  });
})();
