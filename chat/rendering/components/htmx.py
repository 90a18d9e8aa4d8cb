"""Build htmx partials, with which commands answer where no socket brings the change."""

from collections.abc import Iterable

from chat.rendering.components.patches import Patch


def partial(target: str, swap: str, html: str = "") -> str:
    """Return an htmx partial; `target` is not escaped, so it must never contain user input."""
    return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{html}</hx-partial>'


def partials(patches: Iterable[Patch]) -> str:
    """Return htmx partials for patches whose targets are ids."""
    return "".join(partial(f"#{patch.target}", patch.operation, patch.html) for patch in patches)
