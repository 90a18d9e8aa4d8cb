"""What a page shows of its conversation, and the patches that bring it up to date."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self
from uuid import UUID

from chat.models import Conversation
from chat.rendering.components import thread_view
from chat.rendering.components.feedback_view import feedback_patches
from chat.rendering.components.message_view import Fingerprint, MessageItem, to_message_view
from chat.rendering.components.model_settings import head_patches
from chat.rendering.components.next_answer import next_answer_patch
from chat.rendering.components.patches import Patch
from chat.selectors.context_usage import ContextUsage


class ConversationHeader(NamedTuple):
    """The title and the settings of a conversation."""

    title: str
    model: UUID | None
    prompt: UUID | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    uses_instructions: bool

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        return cls(
            conversation.title,
            conversation.model_id,
            conversation.prompt_id,
            conversation.temperature,
            conversation.top_p,
            conversation.max_tokens,
            conversation.uses_instructions,
        )


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What a page shows of its conversation.

    `fingerprints` are those of its messages, in order. They are None until the first comparison,
    while only `version` is known, which the page reported when it connected; -1 if it did not.
    `changed` has the names that apply from the next answer, None if they are not known.
    """

    version: int = -1
    header: ConversationHeader | None = None
    fingerprints: dict[UUID, Fingerprint] | None = None
    usage: ContextUsage | None = None
    is_deleted: bool = False
    changed: tuple[str, ...] | None = None

    @property
    def last_message(self) -> UUID | None:
        """Return the id of the last message that the page is known to show."""
        return next(reversed(self.fingerprints), None) if self.fingerprints else None

    def has_version(self, conversation: Conversation) -> bool:
        """Return whether the page shows this version of the conversation."""
        return conversation.version == self.version and not self.is_deleted

    def needs_header(self, conversation: Conversation) -> bool:
        """Return whether the page may show another title or other settings."""
        header = ConversationHeader.of(conversation)
        return not self.has_version(conversation) and header != self.header


@dataclass(frozen=True, slots=True)
class ThreadSnapshot:
    """A conversation and the messages on its page.

    `fingerprints` has all messages in order. `items` has them too; after a commit of this process
    it has only those that changed, since the others were not read. `older` is the message above.
    `options` comes from `options_context`, and may be None if the page shows the same header. If
    `is_usage_bound` is set, `usage` is an upper bound that leaves the meter as it is. `changed` has
    the names that apply from the next answer.
    """

    conversation: Conversation
    fingerprints: dict[UUID, Fingerprint]
    items: dict[UUID, MessageItem]
    older: UUID | None = None
    options: dict[str, Any] | None = None
    usage: ContextUsage | None = None
    is_usage_bound: bool = False
    changed: tuple[str, ...] = ()

    @property
    def live_item(self) -> MessageItem | None:
        """Return the last message if it is a live answer that is in `items`."""
        last = next(reversed(self.fingerprints), None)
        item = self.items.get(last) if last else None
        return item if item and item.message.is_live else None


@dataclass(frozen=True, slots=True)
class DeletedThread:
    """Stands for the snapshot of a conversation that was deleted."""

    conversation_id: UUID


def diff_thread(
    state: ThreadState, snapshot: ThreadSnapshot | DeletedThread
) -> tuple[list[Patch], ThreadState]:
    """Return the patches that bring a page from `state` to `snapshot`, and its state then."""
    if isinstance(snapshot, DeletedThread):
        html = thread_view.deleted_notice_html(snapshot.conversation_id)
        patches = [
            Patch("delete", "deleted-notice"),
            Patch("beforeend", "page-notice", html),
        ]
        return [] if state.is_deleted else patches, replace(state, is_deleted=True)
    conversation = snapshot.conversation
    header = ConversationHeader.of(conversation)
    after = ThreadState(
        conversation.version,
        header,
        snapshot.fingerprints,
        snapshot.usage,
        changed=snapshot.changed,
    )
    if state.has_version(conversation):
        return [], after
    patches = message_patches(state, snapshot)
    if state.needs_header(conversation) and snapshot.options is not None:
        patches += head_patches(conversation, snapshot.options)
    # A page that reconnects may still say that the conversation was deleted.
    if state.is_deleted or state.fingerprints is None:
        patches.append(Patch("delete", "deleted-notice"))
    if snapshot.changed != state.changed:
        patches.append(next_answer_patch(snapshot.changed))
    if not snapshot.is_usage_bound:
        patches += thread_view.context_usage_patches(snapshot.usage, snapshot.fingerprints)
    return [*patches, thread_view.version_patch(conversation)], after


def message_patches(state: ThreadState, snapshot: ThreadSnapshot) -> list[Patch]:
    """Return patches for the messages that changed, or one for the whole thread."""
    changed = changed_messages(state, snapshot)
    if changed is None:
        items = snapshot.items.values()
        html = thread_view.items_html(snapshot.conversation, items, snapshot.older)
        return [Patch("innerMorph", "thread", html)]
    before = state.fingerprints or {}
    return [
        patch for key in changed for patch in item_patches(snapshot.items[key], before.get(key))
    ]


def changed_messages(state: ThreadState, snapshot: ThreadSnapshot) -> list[UUID] | None:
    """Return the messages that the page shows differently or not at all.

    None stands for all of them: the page shows another branch, or what it shows is not known.
    """
    if state.has_version(snapshot.conversation):
        return []
    before = state.fingerprints
    if before is None or state.is_deleted:
        return None
    if not is_continuation(list(before), list(snapshot.fingerprints)):
        return None
    return [key for key, value in snapshot.fingerprints.items() if before.get(key) != value]


def item_patches(item: MessageItem, before: Fingerprint | None) -> list[Patch]:
    """Return the patches that add a message, or exchange the part of it that changed."""
    message, fingerprint = to_message_view(item), item.fingerprint
    if before is None:
        return [Patch("beforeend", "thread", thread_view.message_html(message))]
    if before._replace(feedback=fingerprint.feedback) == fingerprint:
        return feedback_patches(message)
    return [Patch("outerMorph", f"message-{message.key}", thread_view.message_html(message))]


def is_continuation(before: list[UUID], ids: list[UUID]) -> bool:
    """Return whether `ids` is a page of the branch of `before`, perhaps with more at its end."""
    if not before:
        return not ids
    if before[-1] not in ids:
        return False
    end = ids.index(before[-1]) + 1
    return before[-end:] == ids[:end]
