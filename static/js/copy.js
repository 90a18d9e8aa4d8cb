// Copying: code, an answer as Markdown, an answer as formatted text.
(() => {
  "use strict";

  // Without a secure context there is no clipboard; a copy event still carries what it is given.
  const byEvent = (texts) => {
    const put = (event) => {
      for (const [type, text] of Object.entries(texts)) event.clipboardData.setData(type, text);
      event.preventDefault();
    };
    document.addEventListener("copy", put, { once: true });
    const done = document.execCommand("copy");
    document.removeEventListener("copy", put);
    if (!done) throw new Error("refused");
  };

  const write = async (parts) => {
    const entries = Object.entries(parts);
    if (navigator.clipboard?.write && window.ClipboardItem) {
      // Promises, because Safari wants the clipboard asked for at once.
      const blob = async ([type, text]) => [type, new Blob([await text], { type })];
      const item = Object.fromEntries(entries.map((entry) => [
        entry[0], blob(entry).then((made) => made[1]),
      ]));
      await navigator.clipboard.write([new ClipboardItem(item)]);
      return;
    }
    byEvent(Object.fromEntries(await Promise.all(entries.map(async ([type, text]) => [
      type, await text,
    ]))));
  };

  const copy = async (button, parts) => {
    try {
      await write(parts);
    } catch {
      chat.notice(chat.say("not_copied"));
      return;
    }
    button.classList.add("copied");
    chat.speak(chat.say("copied"));
    setTimeout(() => button.classList.remove("copied"), 1500);
  };

  const source = async (article) => {
    const kept = article.querySelector("[data-source]");
    if (kept) return kept.content.textContent;
    // Without the header a signed-out page would be led to the sign-in page, and copy that.
    const headers = { "HX-Request": "true" };
    const response = await fetch(`/m/${article.dataset.messageId}/source/`, { headers });
    if (!response.ok) throw new Error(String(response.status));
    return response.text();
  };

  const bare = (article) => {
    const body = article.querySelector(".message-body").cloneNode(true);
    for (const extra of body.querySelectorAll("button, .code-head")) extra.remove();
    return body;
  };

  // As it is laid out, so it has to be on the page while it is read.
  const plain = (body) => {
    const place = document.createElement("div");
    place.className = "visually-hidden";
    place.append(body);
    document.body.append(place);
    const text = body.innerText;
    place.remove();
    return text;
  };

  const formatted = (body) => {
    for (const element of body.querySelectorAll("[class]")) element.removeAttribute("class");
    return body.innerHTML;
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-copy], [data-copy-message], [data-copy-formatted]");
    const article = button?.closest("article");
    if (!article) return;
    if (button.matches("[data-copy]")) {
      copy(button, { "text/plain": button.closest(".code-block").querySelector("code").textContent });
    } else if (button.matches("[data-copy-message]")) {
      copy(button, { "text/plain": source(article) });
    } else {
      const body = bare(article);
      copy(button, { "text/plain": plain(body), "text/html": formatted(body) });
    }
  });
})();
