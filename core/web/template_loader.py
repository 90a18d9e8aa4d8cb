"""Strip line breaks and indentation from our HTML templates when they are loaded.

Templates are written one element a line. The white space of that layout must reach neither the
page, which would get heavier, nor its text nodes, in which it would show between inline elements.
"""

import re
from collections.abc import Iterator

from django.template import Origin
from django.template.loaders import filesystem

TEMPLATE_TAG = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})")
# Line break with the blanks around it, start of an HTML tag, end of one, quote.
HTML_PART = re.compile(r"(?P<break>\s*\n\s*)|</?(?P<name>[a-zA-Z][\w-]*)|[>\"']")
# Their content counts as it is written.
RAW_ELEMENTS = frozenset({"pre", "script", "style", "textarea"})
RAW_BLOCK = re.compile(r"{% *(blocktranslate|blocktrans|comment|verbatim)\b")


class Loader(filesystem.Loader):
    """Load templates from `DIRS`, HTML without the white space of its layout."""

    def get_contents(self, origin: Origin) -> str:
        source = str(super().get_contents(origin))
        return strip_layout(source) if origin.name.endswith(".html") else source


def strip_layout(source: str) -> str:
    """Remove each line break of a template together with the blanks around it.

    Between two words and between two attributes one space takes its place. Attribute values, the
    content of `pre`, `textarea`, `script` and `style`, and what stands in `blocktranslate`,
    `comment` and `verbatim` keep theirs. Where a space has to show, write it within a line, or as
    `{{ " " }}` at its end.
    """
    return "".join(LayoutStripper().strip(source))


class LayoutStripper:
    """A scanner of one template; it knows whether it is in a tag, a value or a raw element."""

    def __init__(self) -> None:
        self.element = ""  # whose tag it is in
        self.quote = ""  # of the attribute value that it is in
        self.raw_element = ""
        self.raw_block = ""

    def strip(self, source: str) -> Iterator[str]:
        for index, part in enumerate(TEMPLATE_TAG.split(source)):
            if index % 2:
                self.enter_or_leave_block(part)
                yield part
            elif self.raw_block:
                yield part
            else:
                yield HTML_PART.sub(self.replace, part)

    def enter_or_leave_block(self, tag: str) -> None:
        if not self.raw_block:
            block = RAW_BLOCK.match(tag)
            self.raw_block = block[1] if block else ""
        elif re.match(rf"{{% *end{self.raw_block}\b", tag):
            self.raw_block = ""

    def replace(self, part: re.Match[str]) -> str:
        if part["break"]:
            return self.replace_break(part)
        if part["name"]:
            self.start_tag(part[0], part["name"].lower())
        elif part[0] == ">":
            self.end_tag()
        elif self.element and self.quote in ("", part[0]):
            self.quote = "" if self.quote else part[0]
        return part[0]

    def replace_break(self, part: re.Match[str]) -> str:
        if self.quote or self.raw_element:
            return part[0]
        before, after = part.string[: part.start()][-1:], part.string[part.end() :][:1]
        if self.element:
            return "" if after in (">", "/") else " "
        is_between_words = before not in ("", ">") and after not in ("", "<")
        return " " if is_between_words else ""

    def start_tag(self, text: str, name: str) -> None:
        if self.quote or (self.raw_element and text != f"</{self.raw_element}"):
            return
        self.raw_element = ""
        self.element = name if text[1] != "/" else f"/{name}"

    def end_tag(self) -> None:
        if self.quote:
            return
        if self.element in RAW_ELEMENTS:
            self.raw_element = self.element
        self.element = ""
