// Code blocks: wrapping long lines, and saving the code as a file.
(() => {
  "use strict";

  // By the language of the block; a language that is missing here gives a text file.
  const NAMES = {
    ada: "adb", asm: "s", nasm: "s", bash: "sh", shell: "sh", sh: "sh", zsh: "sh", console: "txt",
    bat: "bat", batch: "bat", powershell: "ps1", ps1: "ps1", fish: "fish", awk: "awk",
    c: "c", cpp: "cpp", "c++": "cpp", "c#": "cs", cs: "cs", csharp: "cs", cuda: "cu", objc: "m",
    "objective-c": "m", "f#": "fs", fsharp: "fs", vb: "vb", vbnet: "vb", d: "d", nim: "nim",
    clojure: "clj", clj: "clj", coffeescript: "coffee", css: "css", scss: "scss", sass: "sass",
    less: "less", dart: "dart", diff: "diff", patch: "patch", elixir: "ex", ex: "ex", elm: "elm",
    erlang: "erl", fortran: "f90", gherkin: "feature", go: "go", golang: "go", graphql: "graphql",
    groovy: "groovy", haskell: "hs", hs: "hs", hcl: "hcl", terraform: "tf", html: "html",
    django: "html", jinja: "html", ini: "ini", properties: "properties", java: "java",
    javascript: "js", js: "js", jsx: "jsx", typescript: "ts", ts: "ts", tsx: "tsx", vue: "vue",
    json: "json", json5: "json5", jsonc: "jsonc", julia: "jl", kotlin: "kt", kt: "kt", latex: "tex",
    tex: "tex", lisp: "lisp", lua: "lua", cmake: "cmake", make: "mk", makefile: "mk",
    markdown: "md", md: "md", matlab: "m", octave: "m", nix: "nix", ocaml: "ml", pascal: "pas",
    perl: "pl", pl: "pl", php: "php", postgres: "sql", postgresql: "sql", sql: "sql",
    prolog: "pro", proto: "proto", protobuf: "proto", py: "py", python: "py", python3: "py",
    r: "r", rb: "rb", ruby: "rb", rs: "rs", rust: "rs", rst: "rst", scala: "scala",
    scheme: "scm", swift: "swift", systemverilog: "sv", verilog: "v", vhdl: "vhd", tcl: "tcl",
    toml: "toml", vim: "vim", xml: "xml", svg: "svg", yaml: "yaml", yml: "yml", zig: "zig",
  };

  const fileName = (code) => {
    const language = code.className.match(/language-(\S+)/)?.[1].toLowerCase() ?? "";
    if (language === "dockerfile" || language === "docker") return "Dockerfile";
    return `code.${Object.hasOwn(NAMES, language) ? NAMES[language] : "txt"}`;
  };

  // To any other type a browser may add an extension of its own.
  const TYPE = "application/octet-stream";
  const download = (block) => {
    const code = block.querySelector("code");
    const url = URL.createObjectURL(new Blob([code.textContent], { type: TYPE }));
    Object.assign(document.createElement("a"), { href: url, download: fileName(code) }).click();
    // The browser reads it after the click.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };

  const toggleWrap = (button, block) => {
    const isWrapped = button.getAttribute("aria-pressed") !== "true";
    const change = () => {
      block.toggleAttribute("data-wrapped", isWrapped);
      button.setAttribute("aria-pressed", String(isWrapped));
    };
    chat.holdInPlace(button, change);
  };

  // A frame with the whole answer leaves the attribute of the block, and not that of the button.
  const showWrapped = () => {
    for (const button of document.querySelectorAll("[data-wrapped] [data-wrap]")) {
      button.setAttribute("aria-pressed", "true");
    }
  };

  const useOnClick = ({ target }) => {
    const button = target.closest("[data-wrap], [data-download]");
    const block = button?.closest(".code-block");
    if (!block) return;
    if (button.matches("[data-wrap]")) toggleWrap(button, block);
    else download(block);
  };

  document.addEventListener("click", useOnClick);
  document.addEventListener("htmx:after:swap", showWrapped);
})();
