// Drafts: kept on the server for other devices, and in this browser for when the server is away.
(() => {
  "use strict";

  const PAUSE = 800;
  const form = () => document.querySelector("#composer");
  const field = () => document.querySelector("#composer-text");
  const key = () =>
    `draft:${document.querySelector(".shell")?.dataset.person}:${chat.shown() || "new"}`;

  const store = (work) => {
    try {
      return work(localStorage);
    } catch {
      return null; // storage may be full or forbidden; the text is still in the field
    }
  };
  const local = () => store((box) => JSON.parse(box.getItem(key()) ?? "null"));

  // The tabs of this browser share an entry: each one takes away no other text than its own.
  let mine = "";
  let typedHere = false;
  const forget = () => {
    if (mine && local()?.text === mine) store((box) => box.removeItem(key()));
    mine = "";
    typedHere = false;
  };
  const remember = (text, saved) => {
    if (!text) return forget();
    mine = text;
    store((box) => box.setItem(key(), JSON.stringify({ text, saved, at: Date.now() })));
  };

  let timer = 0;
  let running = null;
  const save = async (options = {}) => {
    clearTimeout(timer);
    timer = 0;
    const [text, owner] = [field().value, key()];
    running?.abort();
    running = new AbortController();
    try {
      const { client_id: { value: id }, draft: { value: opened } } = form().elements;
      const fields = { client_id: id, draft: opened, text };
      const response = await chat.post(form().dataset.draft, fields, {
        signal: running.signal, ...options,
      });
      if (key() !== owner || field().value !== text) return;
      if (response.ok) remember(text, true);
      else if (response.status === 429) {
        timer = setTimeout(save, 1000 * Number(response.headers.get("Retry-After") || 1));
      }
    } catch {
      // Not reached: this browser has it, and the next change tries again.
    }
  };

  const typed = () => {
    remember(field().value, false);
    typedHere = true;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };

  // Sent: the server removes its copy with the message. What comes now has an id of its own, and
  // what was kept under the old one becomes it.
  const renew = () => {
    const { client_id: id, draft } = form().elements;
    draft.value = id.value;
    id.value = chat.newId();
  };
  const sent = () => {
    clearTimeout(timer);
    timer = 0;
    running?.abort();
    forget();
    renew();
  };

  // Another tab's text had taken the place of this one's, and was sent: the place is free again.
  addEventListener("storage", ({ key: name, oldValue, newValue }) => {
    if (newValue !== null || !typedHere || !field()?.value || name !== key()) return;
    if (JSON.parse(oldValue).text !== field().value) save();
  });

  // The newer of the two: what the server had when it made this page, or what it never got.
  const restore = () => {
    const here = local();
    const server = Number(form().dataset.savedAt) * 1000;
    if (here && !here.saved && here.at > server) {
      field().value = mine = here.text;
      timer = setTimeout(save, PAUSE);
    } else if (field().value) {
      remember(field().value, true);
    } else {
      store((box) => box.removeItem(key()));
    }
  };

  // The last chance before the tab goes; browsers carry at most 64 kB then.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !timer || !field()) return;
    save({ keepalive: field().value.length < 15000 });
  });

  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("[data-sign-out]")) return;
    store((box) => {
      for (const name of Object.keys(box)) if (name.startsWith("draft:")) box.removeItem(name);
    });
  });

  chat.drafts = { typed, sent, restore, renew, pause: () => clearTimeout(timer) };
})();
