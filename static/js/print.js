// The page with a whole conversation: opens the print dialog when everything has arrived.
(() => {
  "use strict";

  const printPage = () => window.print();
  const printOnClick = ({ target }) => {
    if (target.closest("[data-print]")) printPage();
  };

  addEventListener("load", printPage, { once: true });
  document.addEventListener("click", printOnClick);
})();
