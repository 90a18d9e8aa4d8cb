"""Statements that are planned once do not cost more when the tables have grown."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from chat.events import Outcome
from chat.models import ChatModel, Conversation, Message, Role, Status
from chat.selectors import messages, sidebar_rows
from chat.selectors.context_usage import measure_context
from chat.selectors.sidebar_page import load_sidebar_page
from chat.services import finish_run, turns
from chat.services.finish_run import FinalText
from chat.services.leases import TextChunk, save_chunks
from core.db.connection import KeptConnection
from core.db.sql import fetch

pytestmark = pytest.mark.django_db(transaction=True)
SCANS = """
SELECT relname, seq_scan, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
WHERE relname = ANY(%(tables)s) ORDER BY relname
"""
TABLES = ["chat_chunk", "chat_conversation", "chat_message", "chat_run"]


def looked_at() -> dict[str, tuple[int, int]]:
    """Of each table in this transaction: how often it was read whole, and rows that were read."""
    rows = fetch(SCANS, {"tables": TABLES})
    return {name: (whole, read) for name, whole, read in rows}


@pytest.mark.parametrize("analyzed", [False, True], ids=["never analyzed", "analyzed small"])
def test_what_was_planned_for_small_tables_reads_no_large_ones(
    kept: KeptConnection, statistics: None, analyzed: bool
) -> None:
    user = User.objects.create_user("a@example.org", "x")
    sizes = {"context_window": 8192, "max_output": 512}
    ChatModel.objects.get_or_create(is_default=True, defaults={"repo_id": "some/model"} | sizes)
    small = conversation_of(user, 4)
    if analyzed:  # autovacuum does so whenever it likes
        analyze()
    for _ in range(8):
        turn_after(user, small)
    large = conversation_of(user, 3_000)
    with transaction.atomic():
        before = looked_at()
        turn_after(user, large)
        after = looked_at()
    for name, (whole, read) in after.items():
        was_whole, was_read = before.get(name, (0, 0))
        assert whole == was_whole, name
        assert read - was_read < 1_500, name


def test_a_page_deep_in_a_history_reads_few_rows(kept: KeptConnection) -> None:
    """However often it was looked at before, and from wherever."""
    user = User.objects.create_user("a@example.org", "x")
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(owner=user, title="Old", last_activity_at=now - timedelta(hours=number))
        for number in range(4_000)
    )
    deep = sidebar_rows.list_rows(user, size=4_000)[3_000]
    for _ in range(8):
        load_sidebar_page(user, deep.id)
    with transaction.atomic():
        before = looked_at().get("chat_conversation", (0, 0))
        assert deep.id in load_sidebar_page(user, deep.id).rows
        after = looked_at()["chat_conversation"]
    assert after[0] == before[0]
    assert after[1] - before[1] < 200


def test_alternatives_to_a_first_question_are_found_by_themselves(kept: KeptConnection) -> None:
    """The first page of a long conversation reads no more than that page."""
    user = User.objects.create_user("a@example.org", "x")
    small, large = conversation_of(user, 4), conversation_of(user, 3_000)
    for _ in range(8):
        messages.load_thread(user, small.pk)
    end = Message.objects.get(conversation=large, seq=4).pk
    with transaction.atomic():
        before = looked_at().get("chat_message", (0, 0))
        _, page = messages.load_thread(user, large.pk, end)
        after = looked_at()["chat_message"]
    assert [message.seq for message in page.messages] == [1, 2, 3, 4]
    assert after[0] == before[0]
    assert after[1] - before[1] < 50


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.fixture
def statistics() -> Iterator[None]:
    """Forget what the planner learnt, as the next test plans for other rows."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid::regclass::text LIKE 'chat_%'")


def conversation_of(user: User, length: int) -> Conversation:
    """Questions and answers in turns, one branch."""
    found = Conversation.objects.create(owner=user, title="Long", next_seq=length + 1)
    rows: list[Message] = []
    for seq in range(1, length + 1):
        role = Role.USER if seq % 2 else Role.ASSISTANT
        row = Message(conversation=found, seq=seq, role=role, status=Status.COMPLETE, text="Word.")
        row.parent_id = rows[-1].pk if rows else None
        rows.append(row)
    Message.objects.bulk_create(rows)
    Conversation.objects.filter(pk=found.pk).update(active_leaf=rows[-1].pk)
    found.refresh_from_db()
    return found


def turn_after(user: User, conversation: Conversation) -> None:
    """A question, saved text and the end of its answer, with all that is read on the way."""
    process = uuid4()
    turn = turns.send(user, conversation.pk, uuid4(), "And then?", process)
    assert turn.run is not None
    messages.load_history(turn.answer)
    shown, page = messages.load_thread(user, conversation.pk)
    measure_context(shown, page)
    save_chunks(process, [turn.run.pk], [TextChunk(turn.run.pk, 0, "So.")])
    assert finish_run.finish(
        turn.run, Outcome(status=Status.COMPLETE), FinalText("So.", "<p>So.</p>", 1)
    )
    messages.load_thread(user, conversation.pk)
    sidebar_rows.get_row(user, conversation.pk)
