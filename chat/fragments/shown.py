"""A message as it is shown: every decision is made here, none in a template."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.conversations.reading import Siblings, ThreadPage
from chat.errors import fault
from chat.markdown import RENDERER_VERSION, render, render_plain
from chat.models import FINISHED, Message, Role, Status
from chat.runs import runs

NO_SIBLINGS = Siblings((), 0)


@dataclass(frozen=True, slots=True)
class Shown:
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


def shown_page(page: ThreadPage, leaf: UUID | None) -> list[Shown]:
    """`leaf` is the end of the shown branch."""
    return [
        shown(message, page.siblings.get(message.pk, NO_SIBLINGS), is_leaf=message.pk == leaf)
        for message in page.messages
    ]


def shown(message: Message, siblings: Siblings = NO_SIBLINGS, *, is_leaf: bool = False) -> Shown:
    """A live answer of this process is newer than its row."""
    can_ask = is_leaf and message.role == Role.USER
    live = runs.answer(message.pk) if message.is_live else None
    status = live.status if live and live.is_live else message.status
    return Shown(
        id=message.pk,
        role=message.role,
        status=status,
        html=html_of(message, live.html if live else None),
        note=_("This wording is saved and was not sent.") if can_ask else note(message),
        is_error=message.status == Status.FAILED,
        notice=live.notice if live else "",
        can_continue=can_continue(message),
        again_label=_("Retry") if message.status == Status.FAILED else _("Regenerate"),
        siblings=siblings,
        can_ask=can_ask,
        source=message.text if message.role == Role.USER else "",
        feedback=message.feedback or 0,
        reason=message.feedback_reason,
    )


def html_of(message: Message, live: str | None) -> SafeString:
    """The body's HTML; made again when the renderer changed since it was stored."""
    if live is not None:
        made = live
    elif message.role == Role.USER:
        made = render_plain(message.text)
    elif message.renderer == RENDERER_VERSION and not message.is_live:
        made = message.html
    else:
        made = render(message.text, message.pk.hex)
    return mark_safe(made)  # noqa: S308 (the renderer escapes and sanitises)


def can_continue(message: Message) -> bool:
    """Whether there is text that more could follow, and a reason to ask for more."""
    if message.role != Role.ASSISTANT or not message.text or message.is_live:
        return False
    return message.status != Status.COMPLETE or message.finish_reason not in FINISHED


def note(message: Message) -> str:
    """One sentence on an answer that did not simply finish."""
    if message.role != Role.ASSISTANT:
        return ""
    if message.status == Status.FAILED:
        return _(fault(message.error_code).sentence)
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
