"""Typed changes to a page. Sockets send them as JSON, commands answer with them as htmx partials.

docs/protocol.md describes what each operation does.
"""

from collections.abc import Iterable
from html import escape
from typing import Final, Literal, NamedTuple

from chat.rendering import markdown

Operation = Literal[
    "beforeend",
    "afterbegin",
    "beforebegin",
    "innerHTML",
    "outerHTML",
    "innerMorph",
    "outerMorph",
    "textContent",
    "delete",
    "moveFirst",
]


class Patch(NamedTuple):
    """One change to a page; `operation` is the name of an htmx swap style, or `moveFirst`.

    `target` is the id of an element, or a number: how many steps to go down through last children,
    from the body of the live answer. A page has at most one live answer.
    """

    operation: Operation
    target: str | int
    html: str = ""


OPERATIONS: Final[dict[str, Operation]] = {"append": "beforeend", "replace": "outerHTML"}


def answer_patches(key: str, changes: Iterable[markdown.Patch]) -> list[Patch]:
    """Return patches for the body of the live answer; `key` is the message id in hex."""
    return [
        body_patch(key, change.html)
        if change.path is None
        else Patch(OPERATIONS[change.swap], change.path, change.html)
        for change in changes
    ]


def body_patch(key: str, html: str) -> Patch:
    return Patch("innerHTML", f"body-{key}", html)


def answer_notice_patch(key: str, sentence: str) -> Patch:
    """Return the patch for the line that stands in for an answer without text yet."""
    return Patch("textContent", f"notice-{key}", escape(sentence))


def thoughts_patch(key: str, thoughts: str, *, is_all: bool) -> Patch:
    """Return the patch that adds thoughts before the live answer, or exchanges all of them."""
    return Patch("textContent" if is_all else "beforeend", f"thoughts-{key}", escape(thoughts))


def thinking_label_patch(key: str, label: str) -> Patch:
    return Patch("textContent", f"thinking-label-{key}", escape(label))


def page_notice_patch(html: str) -> Patch:
    """Return the patch that shows this notice above the thread, in place of any other."""
    return Patch("innerHTML", "page-notice", html)
