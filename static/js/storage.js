// What this browser remembers. Storage may be blocked, switched off or full, and an entry may not
// be one of ours: then nothing is remembered, and everything else works.
(() => {
  "use strict";

  const createStorage = (name) => {
    const attempt = (work) => {
      try {
        return work(window[name]);
      } catch {
        return null;
      }
    };
    return {
      read: (key) => attempt((storage) => JSON.parse(storage.getItem(key))),
      write: (key, value) => attempt((storage) => storage.setItem(key, JSON.stringify(value))),
      remove: (key) => attempt((storage) => storage.removeItem(key)),
      listKeys: () => attempt(Object.keys) ?? [],
    };
  };

  const storage = {
    local: createStorage("localStorage"), session: createStorage("sessionStorage"),
  };
  window.chat = { ...window.chat, storage }; // in the admin there is nothing else
})();
