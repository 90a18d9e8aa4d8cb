// Model and settings: numbers stay in their range; a new chat shows what its model brings, as the
// server does for an old one.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);

  const within = ({ value, min, max, step }) => {
    if (!value) return "";
    const number = Math.min(Math.max(Number(value), Number(min)), Number(max));
    return String(step === "any" ? number : Math.trunc(number));
  };

  const show = (list) => {
    const [model] = list.selectedOptions;
    const { note, temperature, topP, maxTokens } = model.dataset;
    $("#model-label").textContent = model.label;
    $("#model-note").textContent = note;
    $("#setting-temperature").placeholder = temperature;
    $("#setting-top-p").placeholder = topP;
    const tokens = $("#setting-tokens");
    tokens.max = tokens.placeholder = maxTokens;
    tokens.value = within(tokens);
    // It is about the model that the page came with.
    const notice = $("#model-unavailable");
    if (notice) notice.hidden = !model.defaultSelected;
  };
  const ofNewChat = (list) => list?.form?.id === "composer";

  // Before htmx sends what was chosen.
  document.addEventListener("change", ({ target }) => {
    if (target.matches("#model-settings input")) target.value = within(target);
    if (target.id === "setting-model" && ofNewChat(target)) show(target);
  }, { capture: true });

  // Enter says that the number is written; the question beside it may not be.
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key !== "Enter" || !target.matches?.("#model-settings input")) return;
    event.preventDefault();
    target.blur(); // makes the change known
    target.focus();
  });

  // Browsers put back what was chosen on a page that is shown again.
  addEventListener("pageshow", () => {
    const list = $("#setting-model");
    if (ofNewChat(list)) show(list);
  });
})();
