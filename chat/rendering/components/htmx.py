"""Build htmx partials with f-strings, because frames are sent many times a second."""

from collections.abc import Iterable
from html import escape

from chat.rendering.markdown import Patch


def partial(target: str, swap: str, html: str = "") -> str:
    """Return an htmx partial; `target` is not escaped, so it must never contain user input."""
    return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{html}</hx-partial>'


SWAPS = {"append": "beforeend", "replace": "outerHTML"}


def patches_html(key: str, patches: Iterable[Patch]) -> str:
    """Return partials that apply patches to the live answer; `key` is the message id in hex.

    Most frames consist of these, so they are kept short. `.live` is enough as a selector, because a
    page has only one live answer. Single quotes are used because JSON would escape double quotes.
    """
    return "".join(
        body_html(key, patch.html)
        if patch.path is None
        else f"<hx-partial hx-target='.live{'>:last-child' * patch.path}' "
        f"hx-swap='{SWAPS[patch.swap]}'>{patch.html}</hx-partial>"
        for patch in patches
    )


def body_html(key: str, html: str) -> str:
    return partial(f"#body-{key}", "innerHTML", html)


def notice_html(key: str, sentence: str) -> str:
    """Return a partial for the line that stands in for an answer without text yet."""
    return partial(f"#notice-{key}", "textContent", escape(sentence))
