// Opening another page of the chat: the chosen line is marked at once; chat.css shows lines in place of
// the text when the page takes longer than 200 ms.
(() => {
  "use strict";

  const LINKS = ".row-link, .search-link, .new-chat, .topbar-new, .toast a";
  const isOwnTab = ({ button, ctrlKey, metaKey, shiftKey, altKey }) =>
    !(button || ctrlKey || metaKey || shiftKey || altKey);

  const unmark = () => {
    document.body.classList.remove("opening");
    document.querySelector(".opened")?.classList.remove("opened");
  };

  const markOpened = (event) => {
    const link = event.target.closest(LINKS);
    if (!link || event.defaultPrevented || !isOwnTab(event) || chat.hasUnsaved()) return;
    unmark();
    link.classList.add("opened");
    document.body.classList.add("opening");
  };

  document.addEventListener("click", markOpened);
  // Browsers stop loading on Esc without an event, and may bring this page back from memory.
  document.addEventListener("keydown", unmark);
  addEventListener("pageshow", unmark);
})();
