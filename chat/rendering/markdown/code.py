"""Markup of code blocks, open or finished, and highlighting with Pygments classes."""

import re
from functools import cache, lru_cache
from html import escape, unescape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token

MAX_LENGTH = 20_000
"""Maximum characters in a highlighted block, about 70 ms of work; longer ones stay plain."""
MAX_MARKDOWN = 5_000
"""The same for Markdown, whose lexer needs ten times as long for some texts."""
MAX_LINE = 2_000
"""Maximum characters in a line: lexers are regular expressions, and slow on longer lines."""

# Only these lexers are used, looked up by name. The language is never guessed.
_LANGUAGE_NAMES = """
ada apacheconf asm awk bash bat batch c c# c++ clojure clj cmake coffeescript cpp cs csharp css
cuda d dart diff django docker dockerfile elixir elm erlang ex f# fish fortran fsharp gherkin go
golang graphql groovy haskell hcl hs html http ini java javascript jinja js json json5 jsx julia
kotlin latex less lisp lua make makefile markdown matlab md nasm nginx nim nix objc objective-c
ocaml octave pascal perl php pl postgres postgresql powershell prolog properties proto protobuf
ps1 py python python3 pycon pytb r rb rs rst ruby rust sass scala scheme scss sh shell sql swift
systemverilog tcl terraform tex toml ts tsx typescript vbnet verilog vhdl vim vue xml yaml yml zig
zsh console
"""
LANGUAGES = frozenset(_LANGUAGE_NAMES.split())
_ALIASES = {"jsonc": "json", "kt": "kotlin", "patch": "diff", "svg": "xml", "vb": "vbnet"}
# Also `{python}`, `{.python}` and `language-python`, as notebooks, Pandoc and HTML name them.
_LANGUAGE = re.compile(r"(?:\{\s*\.?(?=[A-Za-z]))?(?:lang(?:uage)?-)?([\w+#.-]{1,32})", re.ASCII)
_CLASSES: dict[tuple[str, ...], str] = {
    Token: "",
    Token.Comment: "c",
    Token.Comment.Preproc: "k",
    Token.Keyword: "k",
    Token.Keyword.Type: "nc",
    Token.Literal.Number: "m",
    Token.Literal.String: "s",
    Token.Literal.Date: "m",
    Token.Name.Attribute: "na",
    Token.Name.Builtin: "nb",
    Token.Name.Class: "nc",
    Token.Name.Constant: "nb",
    Token.Name.Decorator: "nf",
    Token.Name.Exception: "nc",
    Token.Name.Function: "nf",
    Token.Name.Namespace: "nc",
    Token.Name.Tag: "nt",
    Token.Name.Variable: "nb",
    Token.Operator.Word: "k",
    Token.Generic.Deleted: "gd",
    Token.Generic.Inserted: "gi",
    Token.Generic.Heading: "k",
    Token.Generic.Subheading: "k",
    Token.Generic.Prompt: "c",
}
CLASSES = frozenset(_CLASSES.values()) - {""}
"""Class names of the spans in highlighted code, a subset of Pygments' short names."""


def language(info: str) -> str:
    """Return the language named by a fence's info string, "" for none or an odd name."""
    match = _LANGUAGE.match(info.strip())
    return match[1] if match else ""


def opening_html(info: str) -> str:
    """Return the markup of a code block up to its text."""
    name = language(info)
    attribute = f' class="language-{name}"' if name else ""
    return (
        f'<div class="code-block"><div class="code-head"><span class="code-lang">{name}</span>'
        '<button type="button" class="code-copy" data-copy>Copy</button></div>'
        f'<pre tabindex="0"><code{attribute}>'
    )


CLOSING_HTML = "</code></pre></div>"


def code_block(info: str, text: str, *, highlighted: bool) -> str:
    """Return the HTML of a code block for unescaped `text`, with highlighting if asked for."""
    name = language(info).lower()
    inner = highlight(_ALIASES.get(name, name), text) if highlighted else ""
    return opening_html(info) + (inner or escape(text, quote=False)) + CLOSING_HTML


@lru_cache(maxsize=32)
def highlight(name: str, text: str) -> str:
    """Return `text` as HTML with a span per token, or "" if the text has to stay plain."""
    longest = MAX_MARKDOWN if name in ("markdown", "md") else MAX_LENGTH
    if name not in LANGUAGES or len(text) > longest or _longest_line(text) > MAX_LINE:
        return ""
    parts: list[str] = []
    current_class, run = "", ""
    tokens = list(_lexer(name).get_tokens(text))
    if "".join(value for _, value in tokens) != text:
        return ""
    for kind, value in tokens:
        token_class = _class_of(kind) if value.strip() else current_class
        if token_class != current_class:
            parts.append(_span(current_class, run))
            current_class, run = token_class, ""
        run += value
    return "".join(parts) + _span(current_class, run)


def _longest_line(text: str) -> int:
    return max(map(len, text.split("\n")))


@cache
def _lexer(name: str) -> Lexer:
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)


@cache
def _class_of(kind: tuple[str, ...]) -> str:
    """Return the class of the token type, or of its nearest ancestor that has one."""
    ancestors = (kind[:length] for length in range(len(kind), -1, -1))
    return next((_CLASSES[ancestor] for ancestor in ancestors if ancestor in _CLASSES), "")


def _span(name: str, text: str) -> str:
    text = escape(text, quote=False)
    return f'<span class="{name}">{text}</span>' if name else text


def unescape_text(html: str) -> str:
    """Return the unescaped text of an element that has no child elements."""
    return unescape(html) if "&" in html else html
