// Code blocks: wrapping long lines, and saving the code as a file.
(() => {
  "use strict";

  // Languages whose name is the extension of their files, and the names of others by extension. A
  // language that is missing here gives a text file.
  const SAME = (
    "awk bat c clj cmake cpp cs css d dart diff elm ex fish go graphql groovy hcl hs html "
    + "ini java js json json5 jsonc jsx kt less lisp lua md nim nix patch php pl properties "
    + "proto ps1 py r rb rs rst sass scala scss sh sql svg swift tcl tex toml ts tsx vb vim "
    + "vue xml yaml yml zig"
  ).split(" ");
  const OTHERS = {
    adb: "ada", bat: "batch", clj: "clojure", coffee: "coffeescript", cpp: "c++",
    cs: "c# csharp", cu: "cuda", erl: "erlang", ex: "elixir", f90: "fortran",
    feature: "gherkin", fs: "f# fsharp", go: "golang", hs: "haskell", html: "django jinja",
    jl: "julia", js: "javascript", kt: "kotlin", m: "objc objective-c matlab octave",
    md: "markdown", mk: "make makefile", ml: "ocaml", pas: "pascal", pl: "perl", pro: "prolog",
    proto: "protobuf", ps1: "powershell", py: "python python3", rb: "ruby", rs: "rust",
    s: "asm nasm", scm: "scheme", sh: "bash shell zsh", sql: "postgres postgresql",
    sv: "systemverilog", tex: "latex", tf: "terraform", ts: "typescript", v: "verilog",
    vb: "vbnet", vhd: "vhdl",
  };

  const findExtension = (language) => {
    if (SAME.includes(language)) return language;
    return Object.keys(OTHERS).find((name) => OTHERS[name].split(" ").includes(language)) ?? "txt";
  };

  const fileName = (code) => {
    const language = code.className.match(/language-(\S+)/)?.[1].toLowerCase() ?? "";
    if (language === "dockerfile" || language === "docker") return "Dockerfile";
    return `code.${findExtension(language)}`;
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
