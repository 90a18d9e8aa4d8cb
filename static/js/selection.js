// What is selected in a message stays selected when a frame exchanges its elements, as with code that
// is highlighted once it is complete: by its place in the text, which remains the same.
(() => {
  "use strict";

  const offsetIn = (root, node, offset) => {
    const range = document.createRange();
    range.setStart(root, 0);
    range.setEnd(node, offset);
    return range.toString().length;
  };
  const pointAt = (root, offset) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let left = offset;
    let node = walker.nextNode();
    while (node && left > node.length) {
      left -= node.length;
      node = walker.nextNode();
    }
    return node ? [node, left] : null;
  };

  // An end of the selection: in which message, and how far in its text.
  const describe = (node, offset) => {
    const body = (node.closest ? node : node.parentElement)?.closest(".message-body");
    return { node, offset, id: body?.id, place: body ? offsetIn(body, node, offset) : 0 };
  };
  const locate = ({ node, offset, id, place }) => {
    const body = id && document.getElementById(id);
    return body ? pointAt(body, place) : node.isConnected && [node, offset];
  };

  // Returns the function that restores it, null without a selection.
  const keepSelection = () => {
    const selection = getSelection();
    if (selection.isCollapsed) return null;
    const anchor = describe(selection.anchorNode, selection.anchorOffset);
    const focus = describe(selection.focusNode, selection.focusOffset);
    const isKept = () => anchor.node === selection.anchorNode && focus.node === selection.focusNode
      && anchor.offset === selection.anchorOffset && focus.offset === selection.focusOffset;
    return () => {
      if (isKept()) return;
      const [start, end] = [locate(anchor), locate(focus)];
      if (start && end) selection.setBaseAndExtent(...start, ...end);
    };
  };

  Object.assign(chat, { keepSelection });
})();
