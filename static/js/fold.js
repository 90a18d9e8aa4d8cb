// Long questions are folded after twelve lines; the text stays on the page for searching and copying.
(() => {
  "use strict";

  const findBody = (button) => document.getElementById(button.getAttribute("aria-controls"));
  const isFolded = (button) => button.getAttribute("aria-expanded") === "false";

  const setFolded = (button, folded) => {
    const change = () => button.setAttribute("aria-expanded", String(!folded));
    const body = findBody(button);
    // Folded from the button below it, unfolded from the text above it.
    chat.holdInPlace(folded ? button : body, change);
    if (folded) body.scrollTop = 0;
  };

  // How many lines a question has depends on the width of the page.
  const measure = (body) => {
    const button = body.parentElement?.querySelector(":scope > [data-fold]");
    if (!button || button.getAttribute("aria-expanded") === "true") return;
    const isCut = body.scrollHeight > body.clientHeight + 1;
    if (isCut) button.setAttribute("aria-expanded", "false");
    else button.removeAttribute("aria-expanded");
  };
  const measureResized = (entries) => {
    chat.holdReading(() => {
      for (const { target } of entries) measure(target);
    });
  };
  const resizeObserver = new ResizeObserver(measureResized);
  const observeBodies = () => {
    const bodies = document.querySelectorAll(".message-long > .message-body");
    for (const body of bodies) resizeObserver.observe(body);
  };

  const toggleOnClick = ({ target }) => {
    const button = target.closest("[data-fold]");
    if (button) setFolded(button, !isFolded(button));
  };

  // The browser's search, a link that gets the focus or a selection scrolled to what is folded.
  const unfoldScrolled = ({ target }) => {
    if (!target.scrollTop || !target.matches?.(".message-long > .message-body")) return;
    const button = target.parentElement.querySelector(":scope > [data-fold]");
    if (isFolded(button)) setFolded(button, false);
  };

  document.addEventListener("DOMContentLoaded", observeBodies);
  document.addEventListener("htmx:after:swap", observeBodies);
  document.addEventListener("click", toggleOnClick);
  document.addEventListener("scroll", unfoldScrolled, { capture: true, passive: true });
})();
