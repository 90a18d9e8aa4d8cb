"""A small DOM: enough to compare trees and to apply patches as a page does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from chat.rendering.markdown import Patch

VOID = {"br", "hr", "input", "img", "meta", "link", "base", "embed", "source", "wbr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.elements()

    def find(self, tag: str) -> list[Element]:
        return [element for element in self.elements() if element.tag == tag]

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    @property
    def last(self) -> Element:
        return [child for child in self.children if isinstance(child, Element)][-1]

    def normalised(self) -> Element:
        """A copy with neighbouring texts joined."""
        children: list[Element | str] = []
        for child in self.children:
            if isinstance(child, Element):
                children.append(child.normalised())
            elif children and isinstance(children[-1], str):
                children[-1] += child
            elif child:
                children.append(child)
        return Element(self.tag, self.attributes, children)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("body")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute twice in <{tag}>"
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"declaration {decl!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"processing instruction {data!r}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"declaration {data!r}")


def parse(html: str) -> Element:
    """The tree of well-formed HTML; a stray or missing end tag fails."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.open == [builder.root], f"<{builder.open[-1].tag}> is not closed"
    return builder.root.normalised()


def apply(body: Element, patches: list[Patch]) -> None:
    """Change the tree as htmx changes a page: every target is found before the first change."""
    targets = [_target(body, patch.path) for patch in patches]
    for patch, (parent, element) in zip(patches, targets, strict=True):
        added = parse(patch.html).children
        if patch.path is None:
            body.children = added
        elif patch.swap == "append":
            element.children.extend(added)
        else:
            at = next(i for i, child in enumerate(parent.children) if child is element)
            parent.children[at : at + 1] = added


def _target(body: Element, path: int | None) -> tuple[Element, Element]:
    parent = element = body
    for _ in range(path or 0):
        parent, element = element, element.last
    return parent, element
