// Runs in each page before its own scripts. Records when each mark entered the document, including
// shadow roots, when Enter was pressed, and the durations of long tasks.
(() => {
  const MARK = /Q([0-9A-Z]{6})/g;
  const bench = (window.bench = { seen: {}, count: 0, enter: 0, visible: 0, long: [], wait: null });
  const read = (text) => {
    if (!text || !text.includes("Q")) return;
    for (const [, digits] of text.matchAll(MARK)) {
      if (digits in bench.seen || digits in bench.old) continue;
      bench.seen[digits] = performance.now();
      if (++bench.count === 1) requestAnimationFrame(() => (bench.visible = performance.now()));
    }
    if (bench.wait && bench.count >= bench.wait.count) bench.wait.done();
  };
  const take = (records) => {
    for (const record of records) {
      if (record.type === "characterData") read(record.target.data);
      else for (const node of record.addedNodes) read(node.textContent);
    }
  };
  const observer = new MutationObserver(take);
  const roots = new Set();
  const options = { childList: true, characterData: true, subtree: true };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    roots.add(root);
    observer.observe(root, options);
    return root;
  };
  roots.add(document);
  observer.observe(document, options);
  bench.old = {};
  // Resets the record; marks of earlier answers that appear again are ignored.
  bench.reset = (watching) => {
    Object.assign(bench.old, bench.seen);
    Object.assign(bench, { seen: {}, count: 0, enter: 0, visible: 0, long: [], wait: null });
    observer.disconnect();
    if (watching) for (const root of roots) observer.observe(root, options);
  };
  // Resolves after `count` marks, or after `timeout` milliseconds.
  bench.until = (count, timeout) =>
    new Promise((resolve) => {
      bench.wait = { count, done: () => requestAnimationFrame(() => resolve(true)) };
      if (bench.count >= count) bench.wait.done();
      setTimeout(() => resolve(false), timeout);
    });
  addEventListener("keydown", (event) => {
    if (event.key === "Enter") bench.enter = performance.now();
  }, true);
  new PerformanceObserver((list) =>
    bench.long.push(...list.getEntries().map((entry) => entry.duration))
  ).observe({ type: "longtask" });
})();
