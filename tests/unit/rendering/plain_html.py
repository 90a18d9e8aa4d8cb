"""HTML without what we add, drop or write otherwise on purpose, so that two makers compare."""

import re
from html import escape
from html.parser import HTMLParser

OURS = re.compile(
    r'<div class="code-head">.*?</button></div>|<div class="(?:code-block|table-wrap)"[^>]*>'
)
ADDRESS = re.compile(r"(?:https?|mailto):\S+", re.I)
BLOCKS = "blockquote|br|h[1-6]|hr|li|ol|p|pre|section|table|tbody|td|th|thead|tr|ul"
WRAPPERS = frozenset({"div", "span"})
SOFT_BREAK = "<soft>"
VOID = frozenset({"br", "hr", "img", "input"})


class _Tokens(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.image(values)
            return
        if tag in WRAPPERS:
            return
        self.in_code |= tag == "pre"
        self.found.append(f"<{tag}{self.kept(tag, values)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag in WRAPPERS:
            return
        if tag == "pre":
            self.in_code = False
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        data = escape(data, quote=False)
        self.found.append(data if self.in_code else re.sub(r"\s+", " ", self.with_breaks(data)))

    @staticmethod
    def with_breaks(text: str) -> str:
        """A newline in a paragraph is a line break; one next to a block's tag is nothing."""
        return re.sub(r"[ \t]*\n[ \t]*", SOFT_BREAK, text)

    def image(self, values: dict[str, str]) -> None:
        """A picture is shown as a link with its description, or the word image."""
        words = escape(values.get("alt") or "image", quote=False)
        links = [token for token in self.found if token.startswith(("<a", "</a>"))]
        inside = bool(links) and links[-1] != "</a>"
        address = self.link(values.get("src", ""))
        self.found += [words] if inside else [f"<a{address}>", words, "</a>"]

    def kept(self, tag: str, values: dict[str, str]) -> str:
        if tag == "a":
            return self.link(values.get("href", ""))
        names = {"ol": ["start"], "th": ["align"], "td": ["align"], "input": ["type", "checked"]}
        return "".join(f" {name}={values[name]}" for name in names.get(tag, []) if name in values)

    @staticmethod
    def link(address: str) -> str:
        return f" {address}" if ADDRESS.fullmatch(address) else ""


def plain(html: str) -> str:
    """Tags with the attributes that both have, white space in one form."""
    tokens = _Tokens()
    tokens.feed(OURS.sub("", html))
    tokens.close()
    text = "".join(tokens.found)
    text = re.sub(
        rf"(?:\s|{SOFT_BREAK})*(</?(?:{BLOCKS})\b[^>]*>)(?:\s|{SOFT_BREAK})*", r"\1", text
    )
    return re.sub(rf"^({SOFT_BREAK}|\s)+|({SOFT_BREAK}|\s)+$", "", text).replace(SOFT_BREAK, "<br>")
