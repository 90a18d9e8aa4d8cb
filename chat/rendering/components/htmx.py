"""htmx's out-of-band form, made with f-strings: a frame is sent many times a second."""

from collections.abc import Iterable
from html import escape

from chat.rendering.markdown import Patch


def partial(target: str, swap: str, html: str = "") -> str:
    """`target` is a selector of ours, never anybody's text."""
    return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{html}</hx-partial>'


SWAPS = {"append": "beforeend", "replace": "outerHTML"}


def patches_html(key: str, patches: Iterable[Patch]) -> str:
    """The patches of the body that is being written; `key` is the message's id in hex.

    Most of what is sent is this, so it is short: a page has one live body, and JSON would escape
    double quotes.
    """
    return "".join(
        body_html(key, patch.html)
        if patch.path is None
        else f"<hx-partial hx-target='.live{'>:last-child' * patch.path}' "
        f"hx-swap='{SWAPS[patch.swap]}'>{patch.html}</hx-partial>"
        for patch in patches
    )


def body_html(key: str, html: str) -> str:
    return partial(f"#b-{key}", "innerHTML", html)


def notice_html(key: str, sentence: str) -> str:
    """The line in place of an answer that has no text yet."""
    return partial(f"#n-{key}", "textContent", escape(sentence))
