"""What a turn may cost, in statements and in bytes: counts, not seconds (docs/performance.md)."""

import json
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from chat.realtime.frame import Frame, FrameEncoder, encode_patch
from chat.rendering.components.patches import Patch, answer_patches
from chat.rendering.markdown import Position, Stream, changes
from chat.selectors import messages
from chat.selectors.context_usage import measure_context
from chat.services import drafts, turns
from tests.support.chat import Counted
from tests.support.factories import PROCESS, end, long_conversation, said

pytestmark = pytest.mark.django_db
TEXT = "A sentence with **some** words and `code` in it. " * 40


def test_a_question_takes_few_statements_at_any_length(owner: User, queries: Counted) -> None:
    """The lock, what stands (sent before, answers that run, model and prompt), allowance, answers
    that run by then, all that is written; what the model is told; the end."""
    for conversation in (said(owner, "One?"), long_conversation(owner, 1_000)):
        with queries:
            turn = turns.send(owner, conversation.pk, uuid4(), "And?", PROCESS)
        assert queries.count <= 5
        with queries:
            messages.load_history(turn.answer)
        assert queries.count == 1
        with queries:
            end(turn, "Yes.")
        assert queries.count <= 3


def test_a_new_conversation_takes_few_statements(owner: User, queries: Counted) -> None:
    with queries:
        turns.start_conversation(owner, uuid4(), "One?", PROCESS)
        drafts.discard_draft(owner, None, uuid4())
    assert queries.count <= 7


def test_what_a_page_reads_after_a_change_is_two_statements(owner: User, queries: Counted) -> None:
    conversation = said(owner, "One?", "Two?")
    with queries:
        found, page = messages.load_thread(owner, conversation.pk)
        measure_context(found, page)
    assert queries.count == 2


def test_a_token_of_prose_is_few_bytes() -> None:
    """Frames of one piece of five characters each, without the envelope's forty bytes."""
    stream = Stream("0" * 32)
    shown, sent, pieces = Position(0, ""), 0, 0
    for at in range(0, len(TEXT), 5):
        stream.feed(TEXT[at : at + 5])
        stream.render()
        patches = answer_patches("0" * 32, changes(shown, stream))
        sent += sum(len(encode_patch(patch)) for patch in patches)
        shown, pieces = Position(len(stream.blocks), stream.tail), pieces + 1
    assert sent / pieces < 120


def test_a_frame_is_json_and_repeats_nothing() -> None:
    encoder = FrameEncoder()
    text = 'a "quoted" \\ line\nwith \x00 \x1f \u2028 é 😀 </script>'
    patches = [Patch("beforeend", 2, text), Patch("delete", "row-1")]
    first = json.loads(encoder.encode(Frame("answer", patches, UUID(int=1), "pending"), 1))
    assert first == {
        "seq": 1,
        "event": "answer",
        "message_id": "00000000-0000-0000-0000-000000000001",
        "status": "pending",
        "patches": [["beforeend", 2, text], ["delete", "row-1", ""]],
    }
    second = json.loads(encoder.encode(Frame("thread", []), 2))
    third = json.loads(encoder.encode(Frame("answer", [], UUID(int=1), "streaming"), 3))
    assert second == {"seq": 2, "event": "thread", "patches": []}
    assert third == {"seq": 3, "event": "answer", "status": "streaming", "patches": []}
