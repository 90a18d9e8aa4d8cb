"""Whatever happens in whatever order, a conversation is in one of its legal states.

A state machine does to one conversation what people, processes and time do to it. What it knows by
itself is little: which text was handed over to be saved, and that none of it may be lost.
`LIFECYCLE_EXAMPLES` makes it live longer.
"""

import os
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from chat.errors import ChatError
from chat.events import Outcome
from chat.models import FINISHED, Chunk, Conversation, Message, Run, Status
from chat.models.conversation import LIVE
from chat.selectors import messages
from chat.services import conversation_actions, finish_run, leases, turns
from chat.services.finish_run import FinalText
from chat.services.turns import Turn
from tests.support.factories import OTHER_PROCESS, PROCESS, branch, lapse

REFUSED = (ChatError, Conversation.DoesNotExist, Message.DoesNotExist)
texts = st.text(alphabet="ab é😀\n", min_size=1, max_size=6)


class Life(RuleBasedStateMachine):
    """`written` is the text of each answer that the process was told is saved."""

    owner: User

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        first = turns.start_conversation(self.owner, uuid4(), "Why?", PROCESS)
        self.key = first.conversation.pk
        self.written: dict[UUID, str] = {}
        self.questions = {"Why?"}
        self.runs: list[Run] = []
        self.begun(first)

    def teardown(self) -> None:
        """The next life finds nothing of this one."""
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    def begun(self, turn: Turn) -> None:
        assert turn.run is not None
        self.written.setdefault(turn.answer.pk, turn.answer.text)
        self.runs.append(turn.run)

    @property
    def conversation(self) -> Conversation:
        found: Conversation = Conversation.objects.get(pk=self.key)
        return found

    @property
    def live(self) -> Run | None:
        return Run.objects.filter(conversation=self.key, ended_at__isnull=True).first()

    def some_message(self, at: int, role: str) -> Message:
        rows = list(Message.objects.filter(conversation=self.key, role=role).order_by("seq"))
        found: Message = rows[at % len(rows)]
        return found

    # People
    @rule(text=texts.filter(str.strip), process=st.sampled_from([PROCESS, OTHER_PROCESS]))
    def send(self, text: str, process: UUID) -> None:
        may = self.live is None and self.conversation.deleted_at is None
        try:
            self.begun(turns.send(self.owner, self.key, uuid4(), text, process))
        except REFUSED:
            assert not may
        else:
            assert may
            self.questions.add(text)

    @rule(at=st.integers(0, 20), text=texts.filter(str.strip))
    def edit(self, at: int, text: str) -> None:
        message = self.some_message(at, "user")
        try:
            self.begun(turns.edit(self.owner, message.pk, uuid4(), text, PROCESS))
        except REFUSED:
            assert self.live or self.conversation.deleted_at
        else:
            self.questions.add(text)

    @rule(at=st.integers(0, 20))
    def regenerate(self, at: int) -> None:
        message = self.some_message(at, "assistant")
        try:
            self.begun(turns.regenerate(self.owner, message.pk, PROCESS))
        except REFUSED:
            assert self.live or self.conversation.deleted_at

    @rule()
    def go_on(self) -> None:
        leaf = self.conversation.active_leaf_id
        assert leaf is not None
        answer = Message.objects.get(pk=leaf)
        finished = answer.status == Status.COMPLETE and answer.finish_reason in FINISHED
        try:
            self.begun(turns.continue_answer(self.owner, answer.pk, PROCESS))
        except REFUSED:
            assert self.live or self.conversation.deleted_at or finished or not answer.text
        else:
            assert not finished

    @rule()
    def stop(self) -> None:
        conversation_actions.request_stop(self.conversation)

    @rule(at=st.integers(0, 40), role=st.sampled_from(["user", "assistant"]))
    def choose(self, at: int, role: str) -> None:
        message = self.some_message(at, role)
        try:
            conversation_actions.choose_branch(self.owner, message.pk)
        except REFUSED:
            assert self.conversation.deleted_at
        else:
            assert message in branch(self.conversation)

    @rule()
    def delete(self) -> None:
        if self.conversation.deleted_at is None:
            conversation_actions.delete(self.owner, self.key)
            assert self.live is None or self.live.stop_requested

    @rule()
    def restore(self) -> None:
        if self.conversation.deleted_at is not None:
            conversation_actions.restore(self.owner, self.key)

    # Processes
    @rule(at=st.integers(0, 40), text=texts, growing=st.booleans())
    def save(self, at: int, text: str, growing: bool) -> None:
        """Also by a process whose run was ended meanwhile; some saves are done twice."""
        run = self.runs[-1 - at % min(3, len(self.runs))]
        offset = len(self.written[run.message_id])
        pieces = [leases.TextChunk(run.pk, offset, text)]
        held = leases.save_chunks(run.worker_id, [run.pk], pieces)
        if growing and held.runs:
            text += "+"
            held = leases.save_chunks(
                run.worker_id, [run.pk], [leases.TextChunk(run.pk, offset, text)]
            )
        alive = Run.objects.get(pk=run.pk)
        assert (run.pk in held.runs) is (alive.ended_at is None)
        if held.runs:
            self.written[run.message_id] += text
            assert (run.pk in held.stops) is alive.stop_requested

    @rule(
        at=st.integers(0, 40),
        status=st.sampled_from(["complete", "stopped", "failed", "interrupted"]),
        reason=st.sampled_from(["stop", "length"]),
        rest=texts,
    )
    def finish(self, at: int, status: str, reason: str, rest: str) -> None:
        run = self.runs[-1 - at % min(3, len(self.runs))]
        text = self.written[run.message_id] + rest
        code = "cut" if status == "failed" else ""
        outcome = Outcome(status=status, finish_reason=reason, error_code=code)
        was_live = Run.objects.get(pk=run.pk).ended_at is None
        assert (
            bool(finish_run.finish(run, outcome, FinalText(text, f"<p>{text}</p>", 1))) is was_live
        )
        if was_live:
            self.written[run.message_id] = text

    # Time
    @rule()
    def let_the_lease_lapse(self) -> None:
        if self.live is not None:
            lapse(self.live)

    @rule()
    def sweep(self) -> None:
        before = self.live
        ended = finish_run.finish_expired()
        assert [item.message_id for item in ended] == (
            [before.message_id] if before and self.live is None else []
        )

    # What always holds
    @invariant()
    def one_live_run_and_its_answer_is_the_only_live_one(self) -> None:
        live = list(Run.objects.filter(conversation=self.key, ended_at__isnull=True))
        open_answers = Message.objects.filter(conversation=self.key, status__in=LIVE)
        assert len(live) <= 1
        assert [run.message_id for run in live] == [message.pk for message in open_answers]

    @invariant()
    def ended_runs_have_no_chunks(self) -> None:
        assert not Chunk.objects.filter(run__ended_at__isnull=False).exists()

    @invariant()
    def no_text_is_lost(self) -> None:
        for key, text in self.written.items():
            assert messages.load_live_text(key).text == text
        asked = Message.objects.filter(conversation=self.key, role="user")
        assert set(asked.values_list("text", flat=True)) == self.questions

    @invariant()
    def an_answers_state_is_that_of_its_last_run(self) -> None:
        for message in Message.objects.filter(conversation=self.key, role="assistant"):
            run = messages.latest_run(message)
            assert run is not None
            if run.ended_at is not None:
                assert run.error_code == message.error_code
                assert (message.status == Status.FAILED) is bool(run.error_code)
                assert message.finished_at is not None

    @invariant()
    def the_shown_branch_begins_with_a_question_ends_with_an_answer_and_alternates(self) -> None:
        roles = [message.role for message in branch(self.conversation)]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert roles

    @invariant()
    def places_are_counted(self) -> None:
        places = Message.objects.filter(conversation=self.key).values_list("seq", flat=True)
        assert sorted(places) == list(range(1, self.conversation.next_seq))


@pytest.mark.django_db
def test_every_order_of_events_ends_in_a_legal_state(owner: User) -> None:
    class OwnersLife(Life):
        pass

    OwnersLife.owner = owner
    run_state_machine_as_test(
        OwnersLife,
        settings=settings(
            max_examples=int(os.environ.get("LIFECYCLE_EXAMPLES", "8")),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
