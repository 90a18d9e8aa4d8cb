// The composer: grows with its text, keeps drafts, sends on Enter, empties on acknowledgement.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const form = () => $("#composer");
  const field = () => $("#composer-text");
  const LIVE = "article[data-status=pending], article[data-status=streaming]";

  // Works without a secure context, which crypto.randomUUID needs.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  };
  window.chatNewId = newId;

  // Drafts are kept per person and conversation, so that signing in again brings the text back.
  const person = () => $(".shell")?.dataset.person ?? "";
  const draftKey = () => `draft:${person()}:${$("#conversation")?.dataset.conversation || "new"}`;
  const keepDraft = () => {
    try {
      const { value } = field();
      if (value) localStorage.setItem(draftKey(), value);
      else localStorage.removeItem(draftKey());
    } catch {
      // Storage may be full or forbidden; the text is still in the field.
    }
  };
  const draft = () => {
    try {
      return localStorage.getItem(draftKey()) ?? "";
    } catch {
      return "";
    }
  };

  const grow = (area) => {
    if (CSS.supports("field-sizing", "content")) return;
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  };

  const count = () => {
    const area = field();
    const left = Number(area.dataset.limit) - [...area.value.replaceAll("\r\n", "\n")].length;
    const line = $("#composer-count");
    line.textContent = left < 2000 ? (left < 0
      ? `${-left} characters too many` : `${left} characters left`) : "";
    line.classList.toggle("over", left < 0);
  };

  const refresh = () => {
    const area = field();
    if (!area) return;
    grow(area);
    count();
    form().classList.toggle("ready", Boolean(area.value.trim()));
  };

  const prepare = () => {
    const area = field();
    if (!area) return;
    if (!area.value) area.value = draft();
    refresh();
  };

  document.addEventListener("input", ({ target }) => {
    if (target !== field()) return;
    keepDraft();
    refresh();
  });

  document.addEventListener("keydown", (event) => {
    if (event.target !== field() || event.key !== "Enter") return;
    // 229: the Enter that ends an IME composition in Safari.
    if (event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (field().value.trim()) form().requestSubmit();
  });

  let sent = "";
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement !== form()) return;
    sent = field().value;
    $("#composer-notice").replaceChildren();
  });

  // The answer to the command is the acknowledgement; until then the text stays.
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const { ctx } = detail;
    if (ctx.sourceElement?.id !== "composer" || ctx.response.status >= 300) return;
    try {
      localStorage.removeItem(draftKey());
    } catch {
      // See keepDraft.
    }
    const area = field();
    if (area.value === sent) area.value = "";
    form().elements.client_id.value = newId();
    keepDraft();
    refresh();
  });

  document.addEventListener("htmx:after:swap", () => {
    if (field() && !field().dataset.prepared) {
      field().dataset.prepared = "yes";
      prepare();
      // On a touch screen the keyboard would cover what comes next.
      if (!matchMedia("(pointer: coarse)").matches) field().focus({ preventScroll: true });
    }
  });

  // Esc stops the answer, unless it has something nearer to close.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.querySelector("dialog[open], details[open], .edit-form")) return;
    if (document.querySelector(LIVE)) $("#stop-form")?.requestSubmit();
  });

  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("[data-sign-out]")) return;
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith("draft:")) localStorage.removeItem(key);
    }
  });

  addEventListener("pageshow", () => {
    if (field()) field().dataset.prepared = "yes";
    prepare();
  });
})();
