// Drafts: kept on the server for other devices, and in this browser for when the server is away.
(() => {
  "use strict";

  const SAVE_DELAY = 800; // milliseconds
  const MAX_KEEPALIVE = 15000; // characters; browsers carry at most 64 kB when a tab closes
  const findForm = () => document.querySelector("#composer");
  const findField = () => document.querySelector("#composer-text");
  const createKey = (kind) => {
    const person = document.querySelector(".shell")?.dataset.person;
    return `${kind}:${person}:${chat.conversationId() || "new"}`;
  };
  const storageKey = () => createKey("draft");

  const { local } = chat.storage;
  const readLocal = () => local.read(storageKey());

  // The tabs of this browser share an entry: each one removes no other text than its own.
  let ownText = "";
  let isTypedHere = false;
  const removeLocal = () => {
    if (ownText && readLocal()?.text === ownText) local.remove(storageKey());
    ownText = "";
    isTypedHere = false;
  };
  const writeLocal = (text, saved) => {
    if (!text) return removeLocal();
    ownText = text;
    const id = findForm().elements.client_id.value;
    local.write(storageKey(), { id, text, saved, at: Date.now() });
  };

  let timer = 0;
  let request = null;
  const cancelTimer = () => {
    clearTimeout(timer);
    timer = 0;
  };

  const save = async (options = {}) => {
    cancelTimer();
    const [text, key] = [findField().value, storageKey()];
    request?.abort();
    request = new AbortController();
    try {
      const { client_id: { value: id }, draft: { value: opened } } = findForm().elements;
      const fields = { client_id: id, draft: opened, text };
      const response = await chat.post(findForm().dataset.draft, fields, {
        signal: request.signal, ...options,
      });
      if (storageKey() !== key || findField().value !== text) return;
      if (response.ok) writeLocal(text, true);
      else if (response.status === 429) {
        timer = setTimeout(save, 1000 * Number(response.headers.get("Retry-After") || 1));
      }
    } catch {
      // Not reached: this browser has the text, and the next change tries again.
    }
  };

  const saveSoon = () => {
    writeLocal(findField().value, false);
    isTypedHere = true;
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY);
  };
  const pause = () => clearTimeout(timer);

  // The next message has an id of its own; the draft that was kept under the old id becomes it.
  const renewIds = () => {
    const { client_id: id, draft } = findForm().elements;
    draft.value = id.value;
    id.value = chat.createId();
  };

  // A draft has the id of the page that it was typed in, and others may have been opened with it.
  let restoredId = "";
  const listIds = () => {
    const { client_id: id, draft } = findForm().elements;
    return [id.value, draft.value, restoredId].filter(Boolean);
  };

  const forget = () => {
    cancelTimer();
    request?.abort();
    removeLocal();
  };

  // The message is sent; the server removes its copy of the draft with it.
  const finish = (text) => {
    local.write(createKey("sent"), { text, ids: listIds() });
    local.remove(createKey("sent"));
    forget();
    renewIds();
    restoredId = "";
  };

  // Another tab that showed the same draft has sent it. The same text of another draft stays.
  const removeSentElsewhere = ({ key, newValue }) => {
    if (!newValue || !findField() || key !== createKey("sent")) return;
    const { text, ids } = JSON.parse(newValue);
    if (chat.cleanMessage(findField().value) !== chat.cleanMessage(text)) return;
    if (!listIds().some((id) => ids.includes(id))) return;
    findField().value = "";
    forget();
    document.dispatchEvent(new CustomEvent("chat:draft-removed"));
  };

  // Another tab's text had replaced this one's, and was sent: the entry is free again.
  const saveWhenEntryIsFree = ({ key, oldValue, newValue }) => {
    if (newValue !== null || !isTypedHere || !findField()?.value || key !== storageKey()) return;
    if (JSON.parse(oldValue).text !== findField().value) save();
  };

  // The newer of two: what the server had when it made this page, and what it never received.
  const restore = () => {
    const entry = readLocal();
    const savedAt = Number(findForm().dataset.savedAt) * 1000;
    if (entry && !entry.saved && entry.at > savedAt) {
      findField().value = ownText = entry.text;
      restoredId = entry.id;
      timer = setTimeout(save, SAVE_DELAY);
    } else if (findField().value) {
      writeLocal(findField().value, true);
    } else {
      local.remove(storageKey());
    }
  };

  // The last chance before the tab closes.
  const saveWhenHidden = () => {
    if (document.visibilityState !== "hidden" || !timer || !findField()) return;
    save({ keepalive: findField().value.length < MAX_KEEPALIVE });
  };

  const removeOnSignOut = ({ target }) => {
    if (!target.matches("[data-sign-out]")) return;
    for (const key of local.listKeys()) if (key.startsWith("draft:")) local.remove(key);
  };

  addEventListener("storage", removeSentElsewhere);
  addEventListener("storage", saveWhenEntryIsFree);
  document.addEventListener("visibilitychange", saveWhenHidden);
  document.addEventListener("submit", removeOnSignOut);

  chat.drafts = { saveSoon, pause, finish, restore, renewIds };
})();
