// Speech: the live region gets whole sentences of the answer, far behind the pace of the screen.
(() => {
  "use strict";

  const LIVE_DELAY = 1000; // milliseconds
  const END_DELAY = 50;

  // Blocks that were announced to their end are not read again: a long answer costs no more than
  // a short one.
  const announced = { id: "", blocks: 0, text: "" };
  let timer = 0;

  const takeSentences = (text) =>
    text.match(/[\s\S]*?[.!?。！？:](?=\s|$)|[\s\S]*?\n\n/g)?.join("") ?? "";

  const takeNewText = (body, isLive) => {
    const blocks = [...body.children].slice(announced.blocks).map((block) => block.innerText);
    const text = isLive ? takeSentences(blocks.join("\n\n")) : blocks.join("\n\n");
    const added = text.slice(announced.text.length).trim();
    const finishedLength = blocks.slice(0, -1).join("\n\n").length;
    announced.blocks += Math.max(blocks.length - 1, 0);
    announced.text = blocks.length > 1 ? text.slice(finishedLength + 2) : text;
    return added;
  };

  const announceAnswer = (article, isLive) => {
    timer = 0;
    if (!article.isConnected) return;
    const text = takeNewText(article.querySelector(".message-body"), isLive);
    if (text) chat.announce(text);
    if (isLive) return;
    const note = article.querySelector(".message-note");
    if (note) chat.announce(note.innerText);
    announced.id = "";
  };

  const announceLater = (article, isLive) => {
    if (timer && isLive) return;
    clearTimeout(timer);
    timer = setTimeout(announceAnswer, isLive ? LIVE_DELAY : END_DELAY, article, isLive);
  };

  const announceFrame = ({ detail }) => {
    if (detail.event !== "answer" && detail.event !== "thread") return;
    if (timer && detail.event === "answer") return; // the timer announces this text too
    const article = document.querySelector("#thread > article[data-role=assistant]:last-of-type");
    if (!article) return;
    const { messageId, status } = article.dataset;
    const isLive = status === "pending" || status === "streaming";
    if (announced.id !== messageId) {
      if (!isLive) return;
      Object.assign(announced, { id: messageId, blocks: 0, text: "" });
    }
    announceLater(article, isLive);
  };

  document.addEventListener("chat:frame", announceFrame);
})();
