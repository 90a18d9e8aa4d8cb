// Copying: code, an answer as Markdown, an answer as formatted text.
(() => {
  "use strict";

  const COPIED_MS = 1500;

  // Without a secure context there is no clipboard; a copy event still carries what it is given.
  const copyByEvent = (texts) => {
    const setData = (event) => {
      for (const [type, text] of Object.entries(texts)) event.clipboardData.setData(type, text);
      event.preventDefault();
    };
    // Before anything else is done with the selection.
    document.addEventListener("copy", setData, { once: true, capture: true });
    const isCopied = document.execCommand("copy");
    document.removeEventListener("copy", setData, { capture: true });
    if (!isCopied) throw new Error("refused");
  };

  const createBlob = async (type, text) => new Blob([await text], { type });

  // `parts` maps each type to a text or the promise of one. Safari has to be asked for the
  // clipboard at once, so it gets promises.
  const writeClipboard = async (parts) => {
    const entries = Object.entries(parts);
    if (navigator.clipboard?.write && window.ClipboardItem) {
      const blobs = entries.map(([type, text]) => [type, createBlob(type, text)]);
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
      return;
    }
    const texts = await Promise.all(entries.map(async ([type, text]) => [type, await text]));
    copyByEvent(Object.fromEntries(texts));
  };

  // The mark lies over the button, so that nothing moves. An item of a menu is gone by now.
  const markCopied = (copyButton) => {
    const button = copyButton.closest("details.menu")?.querySelector("summary") ?? copyButton;
    const mark = document.getElementById("copied-mark").content.firstElementChild.cloneNode(true);
    button.querySelector(".copied-mark")?.remove();
    button.classList.add("copied");
    button.append(mark);
    setTimeout(() => {
      if (mark.isConnected) button.classList.remove("copied");
      mark.remove();
    }, COPIED_MS);
  };

  const copy = async (button, parts) => {
    try {
      await writeClipboard(parts);
    } catch {
      chat.showNotice("not_copied");
      return;
    }
    markCopied(button);
    chat.removeNotices("not_copied");
    chat.announce(chat.translate("copied"));
  };

  const loadSource = async (article) => {
    const source = article.querySelector("[data-source]");
    if (source) return source.content.textContent;
    // Without the header a signed-out page would be led to the sign-in page, and copy that.
    const headers = { "HX-Request": "true" };
    const response = await fetch(`/m/${article.dataset.messageId}/source/`, { headers });
    if (!response.ok) throw new Error(String(response.status));
    return response.text();
  };

  const cloneBody = (article) => {
    const body = article.querySelector(".message-body").cloneNode(true);
    for (const extra of body.querySelectorAll("button, .code-head")) extra.remove();
    return body;
  };

  const readFormattedText = (body) => {
    for (const element of body.querySelectorAll("[class]")) element.removeAttribute("class");
    return body.innerHTML;
  };

  const copyCode = (button) => {
    const code = button.closest(".code-block").querySelector("code");
    copy(button, { "text/plain": code.textContent });
  };

  const copyFormatted = (button, article) => {
    const body = cloneBody(article);
    const html = readFormattedText(body);
    copy(button, { "text/plain": chat.readPlainText(body), "text/html": html });
  };

  const copyOnClick = ({ target }) => {
    const button = target.closest("[data-copy], [data-copy-message], [data-copy-formatted]");
    const article = button?.closest("article");
    if (!article) return;
    if (button.matches("[data-copy]")) copyCode(button);
    else if (button.matches("[data-copy-formatted]")) copyFormatted(button, article);
    else copy(button, { "text/plain": loadSource(article) });
  };

  document.addEventListener("click", copyOnClick);
})();
