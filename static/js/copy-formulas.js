// Copying formulas: the text of a copy has their source, once. Laid out as text, the parts of a
// fraction would stand side by side.
(() => {
  "use strict";

  const loadSource = (formula) => {
    const mark = formula.getAttribute("display") === "block" ? "$$" : "$";
    return `${mark}${formula.getAttribute("alttext")}${mark}`;
  };

  // The text as it is laid out, which takes an element that is on the page.
  const readPlainText = (...nodes) => {
    const container = document.createElement("div");
    container.className = "message-body visually-hidden";
    container.append(...nodes);
    for (const formula of container.querySelectorAll("math")) {
      formula.replaceWith(loadSource(formula));
    }
    document.body.append(container);
    const text = container.innerText;
    container.remove();
    return text;
  };

  const findFormula = (node) =>
    (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest("math");

  // The selection, with the whole of each formula that it begins or ends in.
  const cloneSelection = (selection) => {
    const range = selection.getRangeAt(0).cloneRange();
    const [first, last] = [range.startContainer, range.endContainer].map(findFormula);
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    return range.cloneContents();
  };

  const copySelection = (event) => {
    const selection = getSelection();
    if (event.defaultPrevented || selection.isCollapsed || event.target.closest?.("textarea, input")) return;
    const content = cloneSelection(selection);
    if (!content.querySelector("math")) return;
    for (const extra of content.querySelectorAll("button, .code-head")) extra.remove();
    const container = document.createElement("div");
    container.append(content);
    event.clipboardData.setData("text/html", container.innerHTML);
    event.clipboardData.setData("text/plain", readPlainText(...container.childNodes));
    event.preventDefault();
  };

  document.addEventListener("copy", copySelection);

  chat.readPlainText = readPlainText;
})();
