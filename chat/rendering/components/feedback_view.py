"""Render the buttons that rate an answer, below it and in its menu, and the form for the reason."""

from django.template.loader import render_to_string

from chat.rendering.components import htmx
from chat.rendering.components.message_view import MessageView
from chat.rendering.components.patches import Patch


def feedback_html(message: MessageView, *, ask: bool) -> str:
    """Return partials that update the feedback buttons; `ask` adds a form for the reason."""
    form = render_to_string("chat/_feedback_reason.html", {"m": message}) if ask else ""
    return htmx.partials(
        [*feedback_patches(message), Patch("innerHTML", f"reason-{message.key}", form)]
    )


def feedback_patches(message: MessageView) -> list[Patch]:
    """Return patches for the feedback buttons, below the answer and in its menu."""
    context = {"m": message}
    buttons = render_to_string("chat/_feedback.html", context)
    items = render_to_string("chat/_feedback_items.html", context)
    return [
        Patch("outerMorph", f"feedback-{message.key}", buttons),
        Patch("outerMorph", f"feedback-items-{message.key}", items),
    ]
