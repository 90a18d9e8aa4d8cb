"""A page that frames change as `static/js/answer-stream.js` changes the real one."""

from collections.abc import Iterator
from typing import Any

from tests.support.dom import Element, parse

Place = tuple[Element, int]


class PageDom:
    """A loaded page. `version` and `as_of` are what it says about itself when it reconnects."""

    def __init__(self, html: str) -> None:
        self.root = parse(html)
        self.message_id = self.status = ""
        self.is_status_set = False

    def by_id(self, name: str) -> Element:
        """Raises StopIteration if there is none."""
        return next(item for item in self.root.elements() if item.attributes.get("id") == name)

    def elements(self, name: str) -> list[Element]:
        """The elements of this class."""
        return [
            item
            for item in self.root.elements()
            if name in (item.attributes.get("class") or "").split()
        ]

    @property
    def version(self) -> int:
        return int(self.by_id("thread-version").attributes["value"] or "")

    @property
    def as_of(self) -> str:
        return self.by_id("sidebar-snapshot").attributes["value"] or ""

    def apply(self, frame: dict[str, Any]) -> None:
        """Find the targets by number, then apply the patches in order."""
        numbered = [isinstance(name, int) and self.find(name) for _, name, _ in frame["patches"]]
        for (operation, name, html), element in zip(frame["patches"], numbered, strict=True):
            target = element or (self.find(name) if isinstance(name, str) else None)
            if target is not None:
                self.change(operation, target, html)
        if frame["event"] == "answer":
            self.set_status(frame)
        else:
            self.is_status_set = False

    def set_status(self, frame: dict[str, Any]) -> None:
        known = self.message_id, self.status
        self.message_id = frame.get("message_id", self.message_id)
        self.status = frame.get("status", self.status)
        if self.is_status_set and known == (self.message_id, self.status):
            return
        self.is_status_set = True
        for item in self.root.elements():
            if item.attributes.get("data-message-id") == self.message_id:
                item.attributes["data-status"] = self.status

    def find(self, target: str | int) -> Element | None:
        if isinstance(target, str):
            found = (x for x in self.root.elements() if x.attributes.get("id") == target)
            return next(found, None)
        element = next((x for x in self.root.elements() if is_live(x)), None)
        for _ in range(target):
            children = [x for x in element.children if isinstance(x, Element)] if element else []
            element = children[-1] if children else None
        return element

    def change(self, operation: str, target: Element, html: str) -> None:
        content = parse(html).children
        if operation == "beforeend":
            target.children.extend(content)
        elif operation == "afterbegin":
            target.children[:0] = content
        elif operation == "moveFirst":
            row = next(item for item in content if isinstance(item, Element))
            existing = self.find(row.attributes["id"] or "")
            if existing is not None:
                self.change_beside("delete", existing, [])
            target.children[:0] = content
        elif operation in ("innerHTML", "innerMorph"):
            if operation == "innerMorph":
                self.keep_skipped(content)
            target.children[:] = content
        elif operation == "textContent":
            target.children[:] = [parse(html).text]
        else:
            self.change_beside(operation, target, content)

    def change_beside(self, operation: str, target: Element, content: list[Element | str]) -> None:
        """Put content in place of the target or before it, if it is still on the page."""
        assert operation in ("outerHTML", "outerMorph", "delete", "beforebegin")
        if operation == "outerMorph":
            self.keep_skipped(content)
        for parent, index in list(places(self.root)):
            if parent.children[index] is target:
                end = index + (operation != "beforebegin")
                parent.children[index:end] = content
                return

    def keep_skipped(self, content: list[Element | str]) -> None:
        """Keep the children that a morph leaves alone."""
        new = Element("body", {}, content)
        for item in new.elements():
            old = self.find(item.attributes.get("id") or "")
            if old is not None and "hx-morph-skip-children" in old.attributes:
                item.children = old.children


def places(element: Element) -> Iterator[Place]:
    """Yield the parent and the index of each element below this one."""
    for index, child in enumerate(element.children):
        if isinstance(child, Element):
            yield element, index
            yield from places(child)


def is_live(element: Element) -> bool:
    return "live" in (element.attributes.get("class") or "").split()


def lines_of(element: Element | str, depth: int = 0) -> list[str]:
    """The tree as text, one node a line, so that a difference can be read."""
    indent = "  " * depth
    if isinstance(element, str):
        return [f"{indent}{element!r}"]
    lines = [f"{indent}<{element.tag} {element.attributes}>"]
    for child in element.children:
        lines += lines_of(child, depth + 1)
    return lines
