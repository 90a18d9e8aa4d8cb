"""A message as it is shown: every decision is made here, none in a template."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.errors import error_code
from chat.models import FINISHED, Message, Role, Status
from chat.rendering.components.localize_html import localize_html
from chat.rendering.markdown import RENDERER_VERSION, render, render_plain
from chat.selectors.messages import Siblings, ThreadPage

NO_SIBLINGS = Siblings((), 0)


@dataclass(frozen=True, slots=True)
class MessageView:
    """What `_message.html` needs. `html` is sanitised; `note` says how an answer ended."""

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
        place = self.siblings.index
        return self.siblings.ids[place - 2] if place > 1 else None

    @property
    def next(self) -> UUID | None:
        place = self.siblings.index
        return self.siblings.ids[place] if 0 < place < len(self.siblings.ids) else None


class Fingerprint(NamedTuple):
    """What makes a message look different, the text of a live one apart: told from the row, at a
    tenth of the cost of `MessageView`."""

    status: str
    error: str
    finish: str
    can_continue: bool
    can_ask: bool
    siblings: int
    finished_at: datetime | None
    feedback: int


class LiveText(Protocol):
    """An answer that this process is writing: newer than its row."""

    notice: str
    status: str

    @property
    def html(self) -> str: ...
    @property
    def is_live(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class MessageItem:
    """A message in its place: at the end of the shown branch, or above.

    `live` is its answer where this process is writing it.
    """

    message: Message
    siblings: Siblings = NO_SIBLINGS
    is_leaf: bool = False
    live: LiveText | None = None

    @property
    def can_ask(self) -> bool:
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
    """Yield the messages of a page; `leaf` ends the shown branch, `live` is its answer."""
    for message in page.messages:
        siblings = page.siblings.get(message.pk, NO_SIBLINGS)
        is_leaf = message.pk == leaf
        yield MessageItem(message, siblings, is_leaf, live if is_leaf else None)


def to_message_view(line: MessageItem) -> MessageView:
    """Decide how a message is shown; a live answer is newer than its row."""
    message, can_ask = line.message, line.can_ask
    live = line.live if message.is_live else None
    status = live.status if live and live.is_live else message.status
    return MessageView(
        id=message.pk,
        role=message.role,
        status=status,
        html=message_body_html(message, live.html if live else None),
        note=_("This wording is saved and was not sent.") if can_ask else outcome_note(message),
        is_error=message.status == Status.FAILED,
        notice=live.notice if live else "",
        can_continue=can_continue(message),
        again_label=_("Retry") if message.status == Status.FAILED else _("Regenerate"),
        siblings=line.siblings,
        can_ask=can_ask,
        source=message.text if message.role == Role.USER else "",
        feedback=message.feedback or 0,
        reason=message.feedback_reason,
    )


def message_body_html(message: Message, live: str | None) -> SafeString:
    """The body's HTML, in the current language; made again when the renderer changed since it was
    stored."""
    if live is not None:
        made = live
    elif message.role == Role.USER:
        made = render_plain(message.text)
    elif message.renderer == RENDERER_VERSION and not message.is_live:
        made = message.html
    else:
        made = render(message.text, message.pk.hex)
    return mark_safe(localize_html(made))  # noqa: S308 (the renderer escapes and sanitises)


def can_continue(message: Message) -> bool:
    """Whether there is text that more could follow, and a reason to ask for more."""
    if message.role != Role.ASSISTANT or not message.text or message.is_live:
        return False
    return message.status != Status.COMPLETE or message.finish_reason not in FINISHED


def outcome_note(message: Message) -> str:
    """One sentence on an answer that did not simply finish."""
    if message.role != Role.ASSISTANT:
        return ""
    if message.status == Status.FAILED:
        return _(error_code(message.error_code).sentence)
    if message.status == Status.STOPPED:
        return _("You stopped this answer.")
    if message.status == Status.INTERRUPTED:
        return _("The server was restarted while it wrote this answer. The text so far is kept.")
    if message.status == Status.COMPLETE:
        return finish_note(message.finish_reason)
    return ""


def finish_note(reason: str) -> str:
    if reason in FINISHED:
        return ""
    if reason in ("length", "answer_too_long"):
        return _("The answer reached the longest length allowed and was cut here.")
    if reason == "content_filter":
        return _("The model's content filter ended this answer.")
    return _("The model ended this answer for a reason of its own.")
