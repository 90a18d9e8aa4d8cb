// On every page: a file or a link that is dropped on it must not replace it, nor what was typed.
(() => {
  "use strict";

  const findElement = ({ target }) => (target instanceof Element ? target : target.parentElement);
  const hasFiles = ({ dataTransfer }) => Boolean(dataTransfer?.types.includes("Files"));
  const isLink = ({ dataTransfer }) => Boolean(dataTransfer?.types.includes("text/uri-list"));
  const isForTextField = (event) => findElement(event)?.closest("input, textarea");

  const isRefused = (event) => hasFiles(event) || (isLink(event) && !isForTextField(event));

  // Without a drop effect there is no drop, and the drop of a file brings the notice.
  const preventOpening = (event) => {
    if (!isRefused(event)) return;
    event.preventDefault();
    if (!hasFiles(event)) event.dataTransfer.dropEffect = "none";
  };

  const refuseDrop = (event) => {
    if (!isRefused(event)) return;
    event.preventDefault();
    if (hasFiles(event)) window.chat?.showNotice?.("no_files");
  };

  document.addEventListener("dragover", preventOpening);
  document.addEventListener("drop", refuseDrop);
})();
