"""What administrators see of a failure beside its sentence, and nobody else."""

from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from chat.errors import FAULTS
from chat.events import Outcome
from chat.llm.endpoints import deadlines, deadlines_for
from chat.models import ChatModel, Message, Run, Status
from chat.provider_error import Evidence
from chat.rendering.components.server_refusals import explain
from chat.selectors.messages import load_thread
from chat.selectors.run_config import load_run_config, run_fields
from chat.services import finish_run
from tests.support.factories import asked, default_model, run_of, said

pytestmark = pytest.mark.django_db
ASKED = "http://model.internal:9000/v1/chat/completions?api-version=…"


def fail(user: User, code: str, evidence: Evidence) -> UUID:
    """A failed answer of this person's; its id."""
    turn = asked(user)
    outcome = Outcome(status=Status.FAILED, error_code=code, evidence=evidence)
    assert finish_run.finish(run_of(turn), outcome, finish_run.FinalText(""))
    return turn.answer.pk


def about(client: Client, answer: UUID) -> str:
    return client.get(f"/m/{answer}/about/").content.decode()


SAID = {
    "model_not_found": (
        Evidence(status=404, asked=ASKED),
        ["status 404", "model.internal:9000", "no model of this name"],
    ),
    "not_a_stream": (Evidence(status=200, content_type="text/html"), ["of the type text/html"]),
    "first_token_timeout": (
        Evidence(seconds=60.0, kept_alive=True),
        ["60 s passed (DEADLINE_FIRST_TOKEN)", "its own time", "alive meanwhile"],
    ),
    "bad_request": (Evidence(status=400, parameter="top_p"), ["the parameter “top_p”"]),
    "context_too_long": (
        Evidence(status=400, window=4096),
        ["is 4,096 tokens", "The catalogue says 32,768 tokens"],
    ),
}


@pytest.mark.parametrize("code", SAID)
def test_staff_see_more(staff: User, staff_client: Client, code: str) -> None:
    evidence, parts = SAID[code]
    page = about(staff_client, fail(staff, code, evidence))
    for part in [*parts, "For administrators", f"/admin/chat/chatmodel/{default_model().pk}/"]:
        assert part in page


@pytest.mark.parametrize("code", SAID)
def test_others_do_not(owner: User, owner_client: Client, code: str) -> None:
    evidence, parts = SAID[code]
    page = about(owner_client, fail(owner, code, evidence))
    assert code in page
    for part in [*parts, "For administrators", "/admin/"]:
        assert part not in page


def test_a_model_that_is_gone_has_no_page(staff: User, staff_client: Client) -> None:
    answer = fail(staff, "not_a_stream", Evidence(status=200))
    Run.objects.update(model=None)
    page = about(staff_client, answer)
    assert "an unknown content type" in page
    assert "/admin/" not in page


def test_nothing_to_add_adds_nothing(staff: User, staff_client: Client) -> None:
    answer = fail(staff, "cut", Evidence())
    assert Run.objects.get().evidence is None
    assert "For administrators" not in about(staff_client, answer)


# The note in the thread
CONTACT = "your administrator"


def note(client: Client, answer: UUID) -> str:
    """The note of a failed answer, from the page of its conversation."""
    key = Message.objects.get(pk=answer).conversation_id
    page = client.get(f"/c/{key}/").content.decode()
    return page.partition('class="message-note message-error"')[2].partition("</p>")[0]


@pytest.mark.parametrize("code", SAID)
def test_the_note_tells_administrators_what_came(
    staff: User, staff_client: Client, code: str
) -> None:
    evidence, parts = SAID[code]
    html = note(staff_client, fail(staff, code, evidence))
    for part in [*parts, code, f"/admin/chat/chatmodel/{default_model().pk}/"]:
        assert part in html
    assert CONTACT not in html


def test_the_note_of_others_stays_as_it_is(owner: User, owner_client: Client, staff: User) -> None:
    fail(staff, "unauthorized", Evidence(status=401, asked=ASKED))
    html = note(owner_client, fail(owner, "unauthorized", Evidence(status=401, asked=ASKED)))
    assert CONTACT in html
    for part in ("401", "model.internal", "/admin/", "unauthorized", "failure-line"):
        assert part not in html


def test_who_lost_the_rights_reads_the_sentence(staff: User) -> None:
    """A socket that was opened before has its user in memory."""
    answer = fail(staff, "unauthorized", Evidence(status=401))
    key = Message.objects.get(pk=answer).conversation_id
    assert answer in load_thread(staff, key)[1].failures
    User.objects.filter(pk=staff.pk).update(is_staff=False)
    assert load_thread(staff, key)[1].failures == {}


def test_each_has_their_own_note_whoever_comes_first(
    staff: User, staff_client: Client, owner: User, owner_client: Client
) -> None:
    """Both notes come from the template cache."""
    people = [(staff_client, staff), (owner_client, owner)]
    pages = [(client, fail(user, "tls", Evidence())) for client, user in people]
    for client, answer in [*pages, *reversed(pages)]:
        assert (CONTACT in note(client, answer)) is (client is owner_client)
    assert "/admin/" not in note(owner_client, pages[1][1])


def test_the_last_run_of_an_answer_is_told(staff: User, staff_client: Client) -> None:
    answer = fail(staff, "cut", Evidence(status=200, asked="http://first.internal/"))
    first = Run.objects.get()
    Run.objects.create(
        conversation=first.conversation,
        message=first.message,
        worker_id=first.worker_id,
        lease_until=first.lease_until,
        ended_at=first.ended_at,
        max_tokens=1,
        error_code="payment",
        evidence=Evidence(status=402, asked=ASKED).to_json(),
    )
    html = note(staff_client, answer)
    assert "payment, HTTP 402" in html
    assert "first.internal" not in html


@pytest.mark.parametrize("code", [item.code for item in FAULTS.values() if item.status >= 500])
@pytest.mark.parametrize("kind", ["hf", "openai", ""])
def test_no_word_for_administrators_sends_them_to_one(code: str, kind: str) -> None:
    refusal = explain(code, kind)
    assert refusal.what
    assert CONTACT not in refusal.what + refusal.remedy
    assert code in refusal.detail


# Values of a model that are empty
def test_an_empty_field_of_the_catalogue_is_not_sent(owner: User, owner_client: Client) -> None:
    ChatModel.objects.update(temperature=None, top_p=None, frequency_penalty=None)
    run = run_of(asked(owner))
    assert (run.temperature, run.top_p, run.frequency_penalty) == (None, None, None)
    for path in ("/", f"/c/{run.conversation_id}/"):
        page = owner_client.get(path).content.decode()
        assert page.count('placeholder="model&#x27;s default"') == 2
        assert "None" not in page


def test_a_choice_is_sent_where_the_model_has_no_value(owner: User) -> None:
    ChatModel.objects.update(temperature=None, top_p=None)
    config = load_run_config(conversation := said(owner))
    conversation.temperature = 0.3
    fields = run_fields(config, conversation)
    assert (fields["temperature"], fields["top_p"]) == (0.3, None)


def test_a_model_may_have_its_own_time_to_the_first_token() -> None:
    model, common = ChatModel(), deadlines()
    assert deadlines_for(model) == common
    model.first_token_seconds = 900
    own = deadlines_for(model)
    assert own.first_token == 900
    assert own.total - own.first_token == common.total - common.first_token
    model.first_token_seconds = 5
    assert (deadlines_for(model).first_token, deadlines_for(model).total) == (5, common.total)
