// The only Trusted Types policy of our pages (CSP: trusted-types default). It looks at every
// string that becomes markup and refuses it whole when it could run a script or load a frame.
// The sanitiser on the server is the wall; this stands behind it.
(() => {
  "use strict";
  if (!window.trustedTypes) return;

  const EMPTY = "<template></template>";

  // Most frames hold nothing that even looks like these, and pass without being parsed.
  // It may stop harmless text, which the parse below then lets through, but misses nothing:
  // handlers follow a space, slash or quote; an address must begin in a way known to be safe.
  const SUSPECT = new RegExp(
    "<(?:script|i?frame|object|embed|applet|base|meta|link|style|noscript|noembed|xmp|plaintext|" +
      "portal|fencedframe|animate|set|discard)" +
      "|[\\s\"'/](?:data-)?(?:hx-)?on[a-z:-]+\\s*=" +
      "|(?:href|action|src|srcdoc|data|background|from|to|values)" +
      "\\s*=(?!\\s*[\"']?(?:/(?!/)|#|\\?|https?:|mailto:))",
    "i",
  );
  const ELEMENTS =
    "script,iframe,frame,frameset,object,embed,applet,base,meta,link,style,noscript,noembed," +
    "noframes,xmp,plaintext,portal,fencedframe,animate,animatemotion,animatetransform,set,discard";
  const ADDRESSES = new Set([
    "href", "xlink:href", "action", "formaction", "src", "data", "background", "poster",
  ]);
  const SCHEMES = new Set(["http:", "https:", "mailto:"]);

  const isAllowed = (attribute) => {
    const name = attribute.name.toLowerCase();
    if (/^(?:data-)?(?:hx-)?on/.test(name) || name === "srcdoc") return false;
    return !ADDRESSES.has(name) || SCHEMES.has(schemeOf(attribute.value));
  };

  const schemeOf = (address) => {
    if (/^(?:\/|#|\?|https?:)/i.test(address)) return "https:";
    try {
      return new URL(address, location.href).protocol;
    } catch {
      return "";
    }
  };

  const isHarmless = (root) => {
    if (root.querySelector(ELEMENTS)) return false;
    for (const element of root.querySelectorAll("*")) {
      for (const attribute of element.attributes) if (!isAllowed(attribute)) return false;
      if (element.content && !isHarmless(element.content)) return false;
    }
    return true;
  };

  let isParsing = false; // the parser below calls this policy again
  const isHarmlessHtml = (html) => {
    isParsing = true;
    try {
      return isHarmless(new DOMParser().parseFromString(`<body>${html}`, "text/html"));
    } finally {
      isParsing = false;
    }
  };

  let isReported = false;
  const refuse = () => {
    if (!isReported) console.error("Refused markup that could run a script or load a frame.");
    isReported = true;
    return EMPTY;
  };

  const filterHtml = (html) => {
    const isPassed = isParsing || !SUSPECT.test(html) || isHarmlessHtml(html);
    return isPassed ? html : refuse();
  };

  const refuseScript = () => {
    throw new TypeError("This page makes no script from text.");
  };

  trustedTypes.createPolicy("default", {
    createHTML: filterHtml,
    createScript: refuseScript,
    createScriptURL: refuseScript,
  });
})();
