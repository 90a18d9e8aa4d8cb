"""Prepare messages for display: all decisions are made here, none in a template."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.errors import error_code
from chat.models import FINISHED, Message, Role, Run, Status
from chat.rendering.components.failure_details import failure_html
from chat.rendering.components.localize_html import localize_html
from chat.rendering.markdown import RENDERER_VERSION, render, render_plain
from chat.selectors.messages import Siblings, ThreadPage

NO_HTML = SafeString()
NO_SIBLINGS = Siblings((), 0)
# States of an answer that did not come to its end, although nobody stopped it.
INCOMPLETE = (Status.FAILED, Status.INTERRUPTED)

# Lines of a question that are shown before "Show more", as in chat.css.
FOLDED_LINES = 12
# Characters in a line of the narrowest screen, in the widest script.
SHORTEST_LINE = 14


@dataclass(frozen=True, slots=True)
class MessageView:
    """Data for `_message.html`. `html` is sanitised; `note` tells how an answer ended.

    `folding` tells whether a long question is folded: "yes", "maybe" (the page measures it) or "".
    `is_empty` tells that there is no text to copy or to rate. `thinking` is the label of the
    thoughts, "" if there are none. `thoughts` are those of a live answer; the page loads those of a
    finished one when they are opened. `failure` is HTML in place of the note, for administrators
    only.
    """

    id: UUID
    role: str
    status: str
    html: SafeString
    note: str
    is_error: bool
    notice: str
    can_continue: bool
    again_label: str
    siblings: Siblings
    source: str
    can_ask: bool = False
    feedback: int = 0
    reason: str = ""
    folding: str = ""
    is_empty: bool = False
    thinking: str = ""
    thoughts: str = ""
    failure: SafeString = NO_HTML

    @property
    def key(self) -> str:
        return self.id.hex

    @property
    def is_answer(self) -> bool:
        return self.role == Role.ASSISTANT

    @property
    def is_live(self) -> bool:
        return self.status in (Status.PENDING, Status.STREAMING)

    @property
    def previous(self) -> UUID | None:
        """Return the id of the previous sibling, if any."""
        position = self.siblings.index  # from 1, 0 if there are no siblings
        return self.siblings.ids[position - 2] if position > 1 else None

    @property
    def next(self) -> UUID | None:
        """Return the id of the next sibling, if any."""
        position = self.siblings.index
        return self.siblings.ids[position] if 0 < position < len(self.siblings.ids) else None


class Fingerprint(NamedTuple):
    """Everything that changes how a message looks, except the text of a live answer.

    It is read from the row, at a tenth of the cost of a `MessageView`.
    """

    status: str
    error: str
    finish: str
    can_continue: bool
    can_ask: bool
    siblings: int
    finished_at: datetime | None
    feedback: int


class Thinking(Protocol):
    """What the model has thought before its answer, for `milliseconds` in this run."""

    is_active: bool
    milliseconds: int | None

    @property
    def text(self) -> str: ...


class LiveText(Protocol):
    """An answer that this process is generating; it is newer than its database row."""

    notice: str
    status: str

    @property
    def html(self) -> str: ...
    @property
    def is_live(self) -> bool: ...
    @property
    def thinking(self) -> Thinking: ...


@dataclass(frozen=True, slots=True)
class MessageItem:
    """A message and its position in the thread; `is_leaf` marks the end of the shown branch.

    `live` is the live state of the answer if this process is generating it. `failed_run` is known
    for administrators only.
    """

    message: Message
    siblings: Siblings = NO_SIBLINGS
    is_leaf: bool = False
    live: LiveText | None = None
    failed_run: Run | None = None

    @property
    def can_ask(self) -> bool:
        """Return whether this is a question without an answer, which can still be sent."""
        return self.is_leaf and self.message.role == Role.USER

    @property
    def fingerprint(self) -> Fingerprint:
        message = self.message
        return Fingerprint(
            "live" if message.is_live else message.status,
            message.error_code,
            message.finish_reason,
            can_continue(message),
            self.can_ask,
            len(self.siblings.ids),
            message.finished_at,
            message.feedback or 0,
        )


def message_items(
    page: ThreadPage, leaf: UUID | None, live: LiveText | None = None
) -> Iterator[MessageItem]:
    """Yield the messages of a page; `leaf` ends the shown branch, `live` is its live state."""
    for message in page.messages:
        siblings = page.siblings.get(message.pk, NO_SIBLINGS)
        is_leaf = message.pk == leaf
        failed_run = page.failures.get(message.pk)
        yield MessageItem(message, siblings, is_leaf, live if is_leaf else None, failed_run)


def to_message_view(item: MessageItem) -> MessageView:
    """Return the view of a message; the state of a live answer takes precedence over its row."""
    message, can_ask = item.message, item.can_ask
    live = item.live if message.is_live else None
    status = live.status if live and live.is_live else message.status
    return MessageView(
        id=message.pk,
        role=message.role,
        status=status,
        html=message_body_html(message, live.html if live else None),
        note=unsent_note(item.siblings) if can_ask else outcome_note(message),
        is_error=message.status == Status.FAILED,
        notice=live.notice if live else "",
        can_continue=can_continue(message),
        again_label=_("Retry") if message.status in INCOMPLETE else _("Regenerate"),
        siblings=item.siblings,
        can_ask=can_ask,
        source=message.text if message.role == Role.USER else "",
        folding=folding_of(message),
        is_empty=not message.is_live and not message.text,
        feedback=message.feedback or 0,
        reason=message.feedback_reason,
        thinking=live_thinking_label(live.thinking) if live else thinking_label(message),
        thoughts=live.thinking.text if live else message.thoughts,
        failure=failure_html(item.failed_run) if item.failed_run else NO_HTML,
    )


def folding_of(message: Message) -> str:
    """Return whether a question is folded: "yes", "maybe" if that depends on the width, or ""."""
    if message.role != Role.USER:
        return ""
    breaks = message.text.count("\n")
    if breaks >= FOLDED_LINES:
        return "yes"
    return "maybe" if breaks + len(message.text) // SHORTEST_LINE >= FOLDED_LINES else ""


def unsent_note(siblings: Siblings) -> str:
    """Return what to say below a question without an answer, and of what it hides."""
    note = _("This version is saved but has not been sent.")
    hidden = _("What followed the other versions is kept there.")
    return f"{note} {hidden}" if siblings.ids else note


def live_thinking_label(thinking: Thinking) -> str:
    """Return the label of a live answer's thoughts, "" if there are none."""
    if not thinking.text:
        return ""
    return _("Thinking…") if thinking.is_active else thinking_time(thinking.milliseconds)


def thinking_label(message: Message) -> str:
    """Return the label of the thoughts before an answer that this process does not write."""
    if message.is_live:
        is_active = bool(message.thoughts) and not message.text
        return _("Thinking…") if is_active else thinking_time(None) if message.thoughts else ""
    return "" if message.thinking_ms is None else thinking_time(message.thinking_ms)


def thinking_time(milliseconds: int | None) -> str:
    """Return how long the model thought, in words; without the time if it is not known."""
    if not milliseconds:
        return _("Thoughts")
    seconds = max(1, round(milliseconds / 1000))
    if seconds < 60:
        return _("Thought for %(seconds)d s") % {"seconds": seconds}
    minutes, seconds = divmod(seconds, 60)
    return _("Thought for %(minutes)d min %(seconds)d s") % {
        "minutes": minutes,
        "seconds": seconds,
    }


def message_body_html(message: Message, live: str | None) -> SafeString:
    """Return the HTML of a message's body in the current language.

    Stored HTML of another renderer version is rendered again.
    """
    if live is not None:
        html = live
    elif message.role == Role.USER:
        html = render_plain(message.text)
    elif message.renderer_version == RENDERER_VERSION and not message.is_live:
        html = message.html
    else:
        html = render(message.text, message.pk.hex)
    return mark_safe(localize_html(html))  # noqa: S308 (the renderer escapes and sanitises)


def can_continue(message: Message) -> bool:
    """Return whether an answer has text but did not come to its regular end."""
    if message.role != Role.ASSISTANT or not message.text or message.is_live:
        return False
    return message.status != Status.COMPLETE or message.finish_reason not in FINISHED


def outcome_note(message: Message) -> str:
    """Return a sentence on how an answer ended, "" if it came to its regular end."""
    if message.role != Role.ASSISTANT:
        return ""
    if message.status == Status.FAILED:
        return _(error_code(message.error_code).sentence)
    if message.status == Status.STOPPED:
        return _("You stopped this answer.")
    if message.status == Status.INTERRUPTED and message.finish_reason:
        return _(error_code(message.finish_reason).sentence)
    if message.status == Status.INTERRUPTED:
        return _("The server restarted while writing this answer. The text so far was saved.")
    if message.status == Status.COMPLETE:
        return finish_note(message.finish_reason)
    return ""


def finish_note(reason: str) -> str:
    """Return a sentence on an unusual finish reason, "" for a usual one."""
    if reason == "refusal":
        return _("The model refused to answer.")
    if reason in FINISHED:
        return ""
    if reason in ("length", "answer_too_long"):
        return _("The answer reached its maximum length and was cut off here.")
    if reason == "content_filter":
        return _("The model's content filter stopped this answer.")
    return _("The model ended this answer for an unknown reason.")
