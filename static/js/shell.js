// The shell: sidebar on small screens, menus, renaming, editing, notices.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);

  // Whether it lies over the page, as it does on a phone.
  const over = () => document.body.classList.contains("sidebar-shown")
    && $("[data-sidebar-close]").checkVisibility();
  // What lies under it is not walked through.
  const cover = () => {
    $("#main").inert = over();
  };
  addEventListener("resize", cover);
  addEventListener("pageshow", cover);

  const sidebar = (open) => {
    const within = $("#sidebar").contains(document.activeElement);
    document.body.classList.toggle("sidebar-shown", open);
    cover();
    if (open) $("#sidebar .new-chat").focus();
    else if (within) $("[data-sidebar-open]")?.focus();
  };
  chat.sidebar = sidebar;
  chat.sidebarIsOver = over;

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  // The summary is what had the focus before a dialog opens, so that it gets it back.
  const closeMenu = (menu) => {
    menu.open = false;
    $("summary", menu).focus();
  };

  document.addEventListener("click", ({ target }) => {
    closeMenus(target.closest("details.menu"));
    const item = target.closest(".menu-item");
    if (item) closeMenu(item.closest("details.menu"));
    if (target.closest("[data-sidebar-open]")) sidebar(true);
    if (target.closest("[data-sidebar-close]")) sidebar(false);
    if (target.closest("[data-dialog-close]")) target.closest("dialog").close();
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

  // The menu of the last line opens below the end of the sidebar.
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches("details.row-menu[open]")) {
      $(".menu-list", target).scrollIntoView({ block: "nearest" });
    }
  }, { capture: true });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = $("details.menu[open]");
    const form = event.target.closest?.(".edit-form");
    if (menu && !$("dialog[open]")) {
      closeMenu(menu);
      event.preventDefault();
    } else if (form) {
      closeEdit(form.closest("article"));
      event.preventDefault();
    } else if (over()) {
      sidebar(false);
      event.preventDefault();
    }
  }, { capture: true });

  // Up and down walk through an open menu.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const menu = event.target.closest?.("details.menu[open]");
    if (!step || !menu || event.target.matches("input, select")) return;
    const items = [...menu.querySelectorAll(".menu-item")];
    if (!items.length) return;
    event.preventDefault();
    const at = items.indexOf(event.target);
    items.at(at < 0 ? Math.min(step, 0) : (at + step) % items.length).focus();
  });

  // Choices made elsewhere: a morph does not move a list that was used here before.
  document.addEventListener("chat:frame", ({ detail }) => {
    if (detail.event !== "thread") return;
    for (const list of document.querySelectorAll("#model-settings select")) {
      if (list === document.activeElement) continue;
      for (const option of list.options) option.selected = option.defaultSelected;
    }
  });

  // A swap may replace what opened a dialog before the dialog is closed.
  const openers = new WeakMap();
  chat.openDialog = (dialog) => {
    openers.set(dialog, document.activeElement);
    dialog.showModal();
  };

  // What was fetched for a dialog opens it.
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target?.id === "run-details") chat.openDialog($("#run-details-dialog"));
  });

  // A message that is being edited, or a reason being typed, stays as it is until that is over.
  htmx.config.morphSkip = ".editing, .reason-slot:has(form)";

  // A swap may take away what had the focus; then the nearest useful place gets it.
  let last = null;
  let row = -1;
  let rescued = null;
  const articles = () => [...document.querySelectorAll("#thread > article")];
  const there = (element) => element.isConnected && element.checkVisibility();
  document.addEventListener("focusin", ({ target }) => {
    last = target;
    rescued = null;
    row = articles().indexOf(target.closest("#thread > article"));
  });
  // Chromium says that the focus leaves before it takes the element away.
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (relatedTarget) return;
    setTimeout(() => {
      if (last === target && document.activeElement !== target && there(target)) last = null;
    });
  });
  // What went with the line or the message that it stood in has the same place in the new one. The
  // next version of a message has a pager of its own.
  const CONTROLS = "a, button, summary, input, select, textarea";
  const controls = (root) => [...root.querySelectorAll(CONTROLS)];
  const sameOf = (gone) => {
    if (gone.id) return document.getElementById(gone.id);
    const before = gone.closest("[id]");
    const after = before && document.getElementById(before.id);
    if (after) {
      const found = controls(after)[controls(before).indexOf(gone)];
      return found?.tagName === gone.tagName ? found : null;
    }
    if (!gone.closest(".branch-switcher")) return null;
    const pager = [...articles()[row]?.querySelectorAll(".branch-switcher button") ?? []];
    return pager.find((button) => button.ariaLabel === gone.ariaLabel) ?? pager[0];
  };
  const undo = () => $("#toasts [data-toast]:last-child button");
  // A closed dialog gives the focus back to what opened it.
  const leaveDialog = () => {
    const dialog = last?.closest("dialog");
    if (dialog && !dialog.open) last = openers.get(dialog);
  };
  const rescue = () => {
    leaveDialog();
    if (!last || document.activeElement !== document.body || there(last)) return;
    const place = [sameOf(last), undo(), $("#composer-text"), $("#main")]
      .find((element) => element?.checkVisibility());
    last = null;
    place?.focus({ preventScroll: true });
    rescued = place;
  };
  const afterPaint = () => requestAnimationFrame(() => requestAnimationFrame(rescue));
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    // The line may be gone before the way to get it back is there.
    if (detail.ctx.target?.id === "toasts" && document.activeElement === rescued) undo()?.focus();
    if (last) afterPaint();
  });
  document.addEventListener("chat:lost", ({ detail }) => {
    last = detail;
    afterPaint();
  });
  document.addEventListener("click", afterPaint);
  document.addEventListener("close", afterPaint, { capture: true });

  const openRename = ({ rename, title }) => {
    const form = $("#rename-form");
    form.setAttribute("hx-post", `/c/${rename}/rename/`);
    form.setAttribute("hx-swap", "none");
    htmx.process(form, true);
    form.elements.title.value = title;
    $("[data-error]", form).textContent = "";
    chat.openDialog($("#rename-dialog"));
    form.elements.title.select();
  };

  // A message is edited in its own place; the conversation goes on from there as a new branch.
  const openEdit = (article) => {
    if ($(".edit-form", article)) return;
    const form = $("#edit-template").content.firstElementChild.cloneNode(true);
    form.setAttribute("hx-post", `/m/${article.dataset.messageId}/edit/`);
    form.setAttribute("hx-swap", "none");
    const save = $("[data-edit-save]", form);
    save.setAttribute("hx-post", `/m/${article.dataset.messageId}/save/`);
    save.setAttribute("hx-swap", "none");
    form.elements.client_id.value = chat.newId();
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

  // A sentence, and perhaps the way to sign in: in another tab, so that the text stays here.
  const explain = (line, html) => {
    const said = new DOMParser().parseFromString(html, "text/html");
    const link = $("[data-sign-in]", said);
    line.textContent = ($(".notice p", said) ?? said.body).textContent.trim();
    if (!link) return;
    link.target = "_blank";
    line.append(" ", link);
  };

  // Refusals of these two forms belong into them, not under the composer.
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const { sourceElement, response } = detail.ctx;
    const form = sourceElement?.closest?.("#rename-form, .edit-form");
    if (!form) return;
    if (response.status < 300) {
      if (form.id === "rename-form") $("#rename-dialog").close();
      else closeEdit(form.closest("article"));
      return;
    }
    explain($("[data-error]", form), detail.ctx.text);
    detail.ctx.hx.reswap = "none";
  });
})();
