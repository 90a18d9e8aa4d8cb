// Model and settings: numbers stay in their range; a new chat shows the values of its model, as the
// server does for an existing one.
(() => {
  "use strict";

  const $ = (selector) => document.querySelector(selector);

  const clampValue = ({ value, min, max, step }) => {
    if (!value) return "";
    const number = Math.min(Math.max(Number(value), Number(min)), Number(max));
    return String(step === "any" ? number : Math.trunc(number));
  };

  const setRange = (input, placeholder, range) => {
    [input.min, input.max] = range.split(" ");
    input.placeholder = placeholder;
    input.value = clampValue(input);
  };

  const showModel = (select) => {
    const [model] = select.selectedOptions;
    const { note, temperature, temperatureRange, topP, topPRange, maxTokens } = model.dataset;
    $("#model-note").textContent = note;
    setRange($("#setting-temperature"), temperature, temperatureRange);
    setRange($("#setting-top-p"), topP, topPRange);
    const tokens = $("#setting-tokens");
    setRange(tokens, maxTokens, `${tokens.min} ${maxTokens}`);
    // The notice is about the model that the page came with.
    const notice = $("#model-unavailable");
    if (notice) notice.hidden = !model.defaultSelected;
  };

  // The lists in the top bar choose for the form.
  const showChoice = (select) => {
    const name = select.id.replace("setting-", "");
    const label = $(`#${name}-label`);
    if (label) label.textContent = select.selectedOptions[0]?.label ?? "";
    for (const item of document.querySelectorAll(`[data-choose="${select.id}"]`)) {
      if (item.dataset.value === select.value) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
  };
  const choose = ({ target }) => {
    const item = target.closest("[data-choose]");
    const select = item && document.getElementById(item.dataset.choose);
    if (!select || select.value === item.dataset.value) return;
    select.value = item.dataset.value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const isOfNewChat = (select) => select?.form?.id === "composer";

  // Runs before htmx sends the settings.
  const applyChange = ({ target }) => {
    if (target.matches("#model-settings input")) target.value = clampValue(target);
    if (target.matches("#model-settings select")) showChoice(target);
    if (target.id === "setting-model" && isOfNewChat(target)) showModel(target);
  };

  // Enter ends the number; it does not send the question, which may not be finished.
  const commitOnEnter = (event) => {
    const { key, target } = event;
    if (key !== "Enter" || !target.matches?.("#model-settings input")) return;
    event.preventDefault();
    target.blur(); // fires the change event
    target.focus();
  };

  // A morph does not change the selection of a list that was used on this page.
  const showOtherTabsChoices = ({ detail }) => {
    if (detail.event !== "thread") return;
    for (const select of document.querySelectorAll("#model-settings select")) {
      if (select === document.activeElement) continue;
      for (const option of select.options) option.selected = option.defaultSelected;
    }
  };

  // Browsers restore the selection on a page that is shown again.
  const showRestoredModel = () => {
    const select = $("#setting-model");
    if (!isOfNewChat(select)) return;
    showModel(select);
    document.querySelectorAll("#model-settings select").forEach(showChoice);
  };

  document.addEventListener("click", choose);
  document.addEventListener("change", applyChange, { capture: true });
  document.addEventListener("keydown", commitOnEnter);
  document.addEventListener("chat:frame", showOtherTabsChoices);
  addEventListener("pageshow", showRestoredModel);
})();
