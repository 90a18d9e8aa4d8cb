// With its first question, the composer moves from the middle of an empty chat to its place below the
// thread: only drawn there at first, so that nothing is laid out twice.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);
  const DURATION = 220; // milliseconds
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  const topOf = (element) => element.getBoundingClientRect().top;
  let startTop = null;

  const rememberPlace = ({ detail: { ctx } }) => {
    const composer = chat.swapsInto(ctx, "main") ? $(".empty .composer") : null;
    startTop = composer && topOf(composer);
  };

  const moveFromPlace = () => {
    const composer = $(".conversation:not(.empty) .composer");
    if (startTop === null || !composer || reducedMotion.matches) return;
    const way = startTop - topOf(composer);
    startTop = null;
    composer.animate(
      [{ transform: `translateY(${way}px)` }, { transform: "none" }],
      { duration: DURATION, easing: "cubic-bezier(0.2, 0, 0, 1)" },
    );
  };

  document.addEventListener("htmx:before:swap", rememberPlace);
  document.addEventListener("htmx:after:swap", moveFromPlace);
})();
