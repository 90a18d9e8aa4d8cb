"""Pages are filled, not rendered, and nothing of a person stays in what is kept."""

from collections.abc import Hashable
from datetime import timedelta
from random import Random
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import override_script_prefix
from django.urls import get_script_prefix
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.models import Conversation, Status, Suggestion
from chat.rendering.components import template_cache, thread_view
from chat.rendering.components.message_view import MessageItem, to_message_view
from chat.rendering.components.template_cache import render_cached
from chat.selectors.context_usage import ContextUsage
from chat.selectors.sidebar_rows import SidebarRow, list_rows
from chat.services import drafts
from chat.views.conversation_page import ConversationPage
from tests.support.chat import Counted
from tests.support.factories import branch, said

pytestmark = pytest.mark.django_db
# Templates that are filled.
TEMPLATES = sorted(
    {
        *(f"chat/{name}.html" for name in ("page", "_conversation", "_suggestions", "_suggestion")),
        *(f"chat/{name}.html" for name in ("_model_settings", "_select_option", "_message")),
        *(f"chat/_context_{name}.html" for name in ("meter", "cutoff")),
        *(f"chat/_sidebar_{name}.html" for name in ("list", "group", "item")),
        *(f"chat/{name}.html" for name in ("_load_more", "_thread_version")),
        "_messages.html",
    }
)
HOSTILE = "\"'<b>&{{ x }} \ue000id\ue001 %s"


@pytest.mark.parametrize("unread", [True, False])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_line_is_what_its_template_makes(language: str, unread: bool) -> None:
    row = SidebarRow(uuid4(), HOSTILE, timezone.now(), answering=False, unread=unread)
    with translation.override(language):
        assert thread_view.row_html(row) == render_to_string(
            "chat/_sidebar_item.html", {"row": row}
        )


@pytest.mark.parametrize("status", [Status.COMPLETE, Status.FAILED, Status.STOPPED])
def test_a_message_is_what_its_template_makes(owner: User, status: str) -> None:
    for message in branch(said(owner, HOSTILE)):
        message.status = status
        made = to_message_view(MessageItem(message))
        assert thread_view.message_html(made) == render_to_string("chat/_message.html", {"m": made})


def test_a_row_of_the_database_makes_no_cache_entry(owner: User) -> None:
    with pytest.raises(TypeError):
        render_cached(
            "chat/_load_older.html", {"conversation": said(owner, "Why?"), "older": uuid4()}, {}
        )


def test_what_an_administrator_writes_is_no_hole(owner_client: Client) -> None:
    Suggestion.objects.create(text="Why \ue000title\ue001 and \ue000other\ue001?")
    page = owner_client.get("/")
    assert page.status_code == 200
    assert "Why \ue000title\ue001 and \ue000other\ue001?" in page.content.decode()


def kept() -> int:
    """Return the number of cached variants of all templates."""
    return sum(template_cache.compiled_templates(name).cache_info().currsize for name in TEMPLATES)


def visit(client: Client, user: User, text: str) -> tuple[list[str], Conversation]:
    """The new chat, a conversation and the sidebar of a person whose things all hold `text`."""
    conversation = said(user, f"{text} question")
    Conversation.objects.filter(pk=conversation.pk).update(title=f"{text} title")
    for place in (conversation.pk, None):
        drafts.save_draft(user, place, uuid4(), f"{text} draft")
    paths = ("/", f"/c/{conversation.pk}/", "/rows/?before=2100-01-01T00:00:00%2B00:00_" + "0" * 32)
    return [client.get(path).content.decode() for path in paths], conversation


def test_the_next_persons_pages_are_filled_and_hold_only_what_is_theirs(
    owner_client: Client, owner: User, stranger_client: Client, stranger: User
) -> None:
    first, mine = visit(owner_client, owner, "Secret")
    before = kept()
    second, _ = visit(stranger_client, stranger, "Other")
    assert kept() == before > 0
    for html in second:
        assert "Secret" not in html
        assert owner.email not in html
        assert mine.pk.hex not in html
        assert str(mine.pk) not in html
        assert "\ue000" not in html
    tokens = [client.cookies["chat_csrf"].value for client in (owner_client, stranger_client)]
    assert tokens[0] != tokens[1]
    assert "Secret draft" in first[0]
    assert "Secret title" in first[1]
    assert "Other draft" in second[0]
    assert "Other title" in second[2]


def test_what_a_person_chooses_is_in_no_key(owner_client: Client, owner: User) -> None:
    """Numbers, groups, percents and the words of the address make no variant of their own."""
    conversation, random = said(owner, "Question"), Random(7)
    path = f"/c/{conversation.pk}/"
    chosen = Conversation.objects.filter(pk=conversation.pk)
    counts = []
    for number in range(60):
        moment = timezone.now() - timedelta(days=40 * number)
        chosen.update(
            temperature=random.random() * 2,
            top_p=random.random(),
            max_tokens=random.randint(16, 4000),
            last_activity_at=moment,
        )
        html = owner_client.get(path).content.decode()
        assert f'value="{chosen.get().max_tokens}"' in html
        cursor = quote(f"{(moment + timedelta(days=1)).isoformat()}_{'0' * 32}")
        for group in ("", f"m{number:06}", "today"):
            assert owner_client.get(f"/rows/?before={cursor}&group={group}").status_code == 200
        thread_view.context_meter_html(
            ContextUsage(number, 60, exact=True, first=None, model=uuid4(), prompt=None)
        )
        counts.append(kept())
    # The first rounds see all shapes: today and earlier, below and above half of the memory.
    assert counts[-1] == counts[40]


@pytest.mark.parametrize("value", [0.7, 42, uuid4(), ("today", ("week", 3))])
def test_a_value_without_end_is_refused_as_a_key(value: Hashable) -> None:
    with pytest.raises(TypeError):
        render_cached("chat/_context_cutoff.html", {"value": value}, {})


def test_an_entry_is_not_of_the_request_that_came_first() -> None:
    """Its own root, zone and language; the request's are as they were afterwards."""
    with translation.override("fr"), override_script_prefix("https://foreign.example.net/"):
        template_cache.compiled_templates("chat/_load_more.html").cache_clear()
        html = thread_view.gap_html((timezone.now(), uuid4()), (timezone.now(), uuid4()), "today")
        assert get_script_prefix() == "https://foreign.example.net/"
    assert "foreign" not in html
    assert 'hx-get="/rows/?' in html


def test_one_template_pushes_out_no_other() -> None:
    row = SidebarRow(uuid4(), "Title", timezone.now(), answering=False, unread=False)
    thread_view.row_html(row)
    rows_kept = template_cache.compiled_templates("chat/_sidebar_item.html")
    before = rows_kept.cache_info()
    for number in range(3 * template_cache.MOST_OF_A_TEMPLATE):
        render_cached("chat/_context_cutoff.html", {"flag": str(number)}, {})
    thread_view.row_html(row)
    assert rows_kept.cache_info().misses == before.misses
    most = template_cache.compiled_templates("chat/_context_cutoff.html").cache_info()
    assert most.currsize == template_cache.MOST_OF_A_TEMPLATE
    template_cache.compiled_templates("chat/_context_cutoff.html").cache_clear()


def test_the_words_of_the_address_are_escaped(
    owner_client: Client, owner: User, settings: Settings
) -> None:
    settings.LIMITS = False
    for _ in range(90):
        said(owner, "Question")
    group = quote('"><b>&')
    before = quote(f"{timezone.now().isoformat()}_{'f' * 32}")
    after = quote(f"2020-01-01T00:00:00+00:00_{'0' * 32}")
    html = owner_client.get(f"/rows/?before={before}&after={after}&up&group={group}")
    assert '"><b>' not in html.content.decode()
    assert group in html.content.decode()


def test_a_page_is_few_statements(owner: User, queries: Counted) -> None:
    """As of, models, prompts, draft, suggestions, rows; no more for more rows."""
    for _ in range(3):
        said(owner, "Why?")
    with queries:
        page = ConversationPage.load(owner, None)
    assert page.sidebar is not None
    assert len(page.sidebar.page.newest) == 3
    assert queries.count <= 6
    with queries:
        list_rows(owner)
    assert queries.count == 1
