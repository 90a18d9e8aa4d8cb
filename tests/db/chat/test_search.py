"""Searching: what is found, what is not, whose it is, and what it costs."""

from importlib import import_module
from time import thread_time
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.models import Conversation, Message, SearchEntry
from chat.search import ResultPage, search
from chat.search.matches import SEARCHED_CHARACTERS
from chat.search.query_parser import Term, parse_terms
from chat.search.snippets import WIDTH, make_highlighter, plain
from chat.selectors import messages
from chat.services import conversation_actions, turns
from tests.support.factories import PROCESS, asked, branch, end, long_conversation, said

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


def titles(page: ResultPage) -> list[str]:
    return [found.title for found in page.found]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Recursion calls itself", "recur"),
        ("Recursion calls itself", "ITSELF recursion"),
        ("use np.array(my_var) here", "array"),
        ("use np.array(my_var) here", "np.array"),
        ("use np.array(my_var) here", "my_var"),
        ("Die Straße nach Köln", "strasse koln"),
        ("Die Strasse nach Koeln", "straße"),
        ("L'été à la plage", "ete"),
        ("これは日本語のテストです", "日本語"),
        ("これは日本語のテストです", "テスト"),
        ("ภาษาไทยง่าย", "ไทย"),
        ("Версия Ёлка", "елка"),
        ("I don't know", "don't"),
        ("see https://example.com/some/path?x=1", "path"),
        ("version 3.14 of it", "3.14"),
        ("covid-19 rules", "covid-19"),
        ("a bright red balloon", '"red balloon"'),
        ("a bright red balloon", "“bright red”"),
        ("a bright red balloon", "balloon -green"),
        ("a bright red balloon", 'balloon "red'),
        ("re\u0301current", "récurrent"),
        ("récurrent", "re\u0301current"),
        ("the the " * 300 + "the whale", '"the whale"'),
        ("self.x " * 400 + "self.needle", "self.needle"),
        ("的" * 9_000 + "的鯨魚", "的鯨魚"),
        ("word " * 245 + "one two three four five six seven", '"one two three four five six"'),
        ("word " * 237 + "one two three four five six seven", '"one two three four five six"'),
        ("year ۱۴۰۲ or १४", "1402"),
        ("year ۱۴۰۲ or १४", "۱۴۰۲ १४"),
        ("half ½ and m²", "m² ½"),
        ("한국 하고 한글", "한국"),
    ],
)
def test_what_is_found(owner: User, text: str, typed: str) -> None:
    made = said(owner, text)
    page = search(owner, typed)
    assert [found.id for found in page.found] == [made.pk]
    text = text[:SEARCHED_CHARACTERS]
    assert any(text in hit.text for hit in page.found[0].hits)


@pytest.mark.parametrize(
    ("text", "typed", "marked"),
    [
        ("Recursion calls itself", "recur self", ["Recursion"]),
        ("use np.array(my_var) here", "my_var array", ["array", "my_var"]),
        ("Die Straße und die Strasse", "strasse", ["Straße", "Strasse"]),
        ("Die Straße und die Strasse", "straße", ["Straße", "Strasse"]),
        ("re\u0301current", "récurrent", ["récurrent"]),
        ("これは日本語のテストです", "日本語", ["日本語"]),
        ("하고 한글 해군 한국어", "한국", ["한국어"]),
        ("a bat and a cat", "a", ["a", "a"]),
        ("a bright red balloon", '"red ball" red', ["red"]),
        ("red, (balloon)", '"red balloon"', ["red, (balloon"]),
    ],
)
def test_what_is_marked(text: str, typed: str, marked: list[str]) -> None:
    parts = make_highlighter(parse_terms(typed)).excerpt(text)
    assert [part.text for part in parts if part.marked] == marked


@pytest.mark.parametrize(
    "text",
    [
        " " * 9_000 + "-" * 9_000 + "x",
        "-" * 18_000 + "x",
        "a" + "_" * 18_000 + "b",
        "[" * 18_000,
        "[a](" * 5_000,
        "s" * 39 + "x " + "ſ" * 9_000,
        "a " * 9_000,
        "`" * 18_000,
        "a" + "," * 18_000,
        "|-" * 9_000,
    ],
)
def test_no_text_makes_an_excerpt_slow(text: str) -> None:
    """With a pattern that tries again and again one of these takes 2 to 9 s, or for ever."""
    signs = make_highlighter(parse_terms(f'"{"s" * 52}" "a b" a_b x-x absent'))
    begin = thread_time()
    for _ in range(5):
        signs.excerpt(text)
    assert thread_time() - begin < 5


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "++", "-", '""', "-red", "①", "&|!:*", "\x00", "x" * 500),
        *("edballoon", '"balloon red"', '"red ball"', "balloon -red", "balloon green", "r"),
    ],
)
def test_what_is_not_found(owner: User, typed: str) -> None:
    said(owner, "a bright red balloon")
    assert search(owner, typed).found == ()


def test_the_terms_may_be_spread_over_a_conversation(owner: User) -> None:
    made = said(owner, "Tell me of whales", "And of elephants", "whales and elephants together")
    said(owner, "Tell me of whales")
    page = search(owner, "whale elephant")
    assert [found.id for found in page.found] == [made.pk]
    assert (page.total, page.more) == (1, False)
    texts = [hit.text for hit in page.found[0].hits]
    assert texts[:2] == ["About: whales and elephants together", "whales and elephants together"]


def test_a_title_is_found_and_a_new_one_too(owner: User) -> None:
    made = said(owner, "Something")
    conversation_actions.rename(owner, made.pk, "Zeppelins")
    page = search(owner, "zeppelin")
    assert (titles(page), page.found[0].hits) == (["Zeppelins"], ())
    conversation_actions.rename(owner, made.pk, "Balloons")
    assert search(owner, "zeppelin").found == ()
    assert titles(search(owner, "balloon")) == ["Balloons"]


def test_an_answer_is_found_when_it_is_closed_and_as_it_was_closed(owner: User) -> None:
    turn = asked(owner, "Which animal?")
    assert search(owner, "walrus").found == ()
    end(turn, "A walrus.")
    hit = search(owner, "walrus").found[0].hits[0]
    assert (hit.id, hit.role, hit.text) == (turn.answer.pk, "assistant", "A walrus.")


def test_nobody_finds_what_is_not_theirs(owner: User, stranger: User) -> None:
    said(owner, "secret balloon")
    assert search(stranger, "balloon").found == ()
    # Whatever words others have in the same part of the index, the rows are the owner's.
    others = said(stranger, "Other")
    Message.objects.filter(conversation=others).update(text="nothing")
    entries = SearchEntry.objects.filter(conversation__owner=owner)
    SearchEntry.objects.filter(conversation=others).update(words=entries[0].words)
    assert others.pk not in {found.id for found in search(owner, "balloon").found}


def test_a_deleted_conversation_is_not_found_until_it_is_back(owner: User) -> None:
    made = said(owner, "balloon")
    conversation_actions.delete(owner, made.pk)
    assert search(owner, "balloon").found == ()
    conversation_actions.restore(owner, made.pk)
    assert [found.id for found in search(owner, "balloon").found] == [made.pk]
    Conversation.objects.filter(pk=made.pk).delete()
    assert not SearchEntry.objects.exists()


def test_pages_follow_one_another(owner: User) -> None:
    made = [said(owner, f"balloon {number}").pk for number in range(5)]
    seen, before = [], None
    for more in (True, True, False):
        page = search(owner, "balloon", before, size=2)
        assert (page.total, page.more) == (5, more)
        seen += [found.id for found in page.found]
        before = (page.found[-1].last_activity_at, page.found[-1].id)
    assert seen == made[::-1]


def test_a_search_is_one_statement_and_reads_the_index(owner: User) -> None:
    said(owner, "balloon")
    conversation = long_conversation(owner, 400)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        search(owner, 'balloon -whale "of it"')
    assert len(queries) == 1
    read = "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables WHERE relname = %s"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(read, ["chat_searchentry"])
        before = cursor.fetchone()
        search(owner, "balloon")
        cursor.execute(read, ["chat_searchentry"])
        assert cursor.fetchone() == before
    assert conversation.pk


def test_very_long_texts_and_words_are_taken(owner: User) -> None:
    turn = asked(owner, "x" * 32_000)
    text = "".join(f"{number:x} " for number in range(100_000))
    end(turn, text)
    assert search(owner, "1000").found[0].hits[0].id == turn.answer.pk


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("foo  bar", (Term("foo"), Term("bar"))),
        ("a", (Term("a", exact=True),)),
        ('-"no no" yes', (Term("no no", exact=True, excluded=True), Term("yes"))),
        ("日", (Term("日"),)),
        ("-only", ()),
    ],
)
def test_terms(typed: str, terms: tuple[Term, ...]) -> None:
    assert parse_terms(typed) == terms
    assert len(parse_terms(" ".join(["word"] * 40))) == 12


def test_an_excerpt_is_short_plain_and_around_the_place() -> None:
    source = (
        "# Title\n\n" + "word " * 90 + "**needle** and `code`\n\n```python\nx\n```\n" + "end " * 90
    )
    parts = make_highlighter(parse_terms("needle")).excerpt(source)
    text = "".join(part.text for part in parts)
    assert [part.text for part in parts if part.marked] == ["needle"]
    assert len(text) <= WIDTH + 4
    assert text.startswith("… word")
    assert text.endswith(" …")
    assert not set("*`#") & set(text)
    assert (
        "".join(part.text for part in make_highlighter(parse_terms("absent")).excerpt("Only this"))
        == "Only this"
    )


def test_plain_keeps_what_is_said() -> None:
    assert (
        plain("- a\n- [link](https://example.org)\n> quote my_var 2*3") == "a link quote my_var 2*3"
    )


# The page


def test_the_search_box_gets_a_part_and_an_address_the_page(
    owner_client: Client, owner: User
) -> None:
    said(owner, "<b>balloon</b> & co")
    part = owner_client.get("/search/", {"q": "balloon"}, headers=HX).content.decode()
    assert "<html" not in part
    assert "Found in 1 conversation." in part
    assert "&lt;b&gt;<mark>balloon</mark>&lt;/b&gt; &amp; co" in part
    page = owner_client.get("/search/", {"q": '"><script>'}).content.decode()
    assert "<script>" not in page
    assert 'value="&quot;&gt;&lt;script&gt;"' in page
    assert 'class="sidebar searching"' in page
    assert "No results." in page
    assert owner_client.get("/search/", {"q": " "}, headers=HX).content.strip() == b""
    for typed in ("-balloon", "%", "!!!"):
        part = owner_client.get("/search/", {"q": typed}, headers=HX).content.decode()
        assert "Enter a word to search for." in part


def test_strangers_sign_in_first(client: Client) -> None:
    assert client.get("/search/", {"q": "x"}).status_code == 302
    assert client.get("/search/", {"q": "x"}, headers=HX).status_code == 401
    assert client.post("/search/").status_code == 405


@pytest.mark.parametrize("before", ["", "x", "2026-01-01_x", "2026-01-01T00:00:00_" + "0" * 32])
def test_a_wrong_place_is_a_404(owner_client: Client, before: str) -> None:
    found = owner_client.get("/search/", {"q": "x", "before": before}, headers=HX)
    assert found.status_code == 404


def test_further_pages_come_without_the_heading_that_goes_on(
    owner_client: Client, owner: User
) -> None:
    for number in range(25):
        Conversation.objects.create(owner=owner, title=f"balloon {number}")
    first = owner_client.get("/search/", {"q": "balloon"}, headers=HX).content.decode()
    assert first.count('class="search-result"') == 20
    assert "Found in 25 conversations." in first
    more = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    second = owner_client.get(more, headers=HX).content.decode()
    assert second.count('class="search-result"') == 5
    assert "rows-heading" not in second
    assert "Found in" not in second
    assert "hx-get" not in second


def test_a_page_opened_for_a_message_reaches_up_to_it(owner_client: Client, owner: User) -> None:
    conversation = long_conversation(owner, 120)
    wanted = branch(conversation)[9]
    page = owner_client.get(
        f"/c/{conversation.pk}/", {"m": str(wanted.pk), "q": "some"}
    ).content.decode()
    assert f'id="message-{wanted.pk.hex}"' in page
    assert f'data-target="{wanted.pk.hex}"' in page
    assert page.count("<article") == 120 - 9 + messages.CONTEXT_ABOVE
    assert "another version" not in page


def test_what_is_far_up_is_reached_by_the_page(owner_client: Client, owner: User) -> None:
    conversation = long_conversation(owner, 2 * messages.MAX_EXTENDED_PAGE)
    wanted = branch(conversation)[3]
    page = owner_client.get(f"/c/{conversation.pk}/", {"m": str(wanted.pk)}).content.decode()
    assert f'data-target="{wanted.pk.hex}"' in page
    assert page.count("<article") == messages.PAGE_SIZE
    assert "another version" not in page


def test_a_list_that_was_scrolled_stays_as_long(owner_client: Client, owner: User) -> None:
    for number in range(45):
        Conversation.objects.create(owner=owner, title=f"balloon {number}")
    made = Conversation.objects.get(title="balloon 9")
    page = owner_client.get(f"/c/{made.pk}/", {"q": "balloon", "n": "40"}).content.decode()
    assert page.count('class="search-result"') == 40
    assert page.count('aria-current="page"') == 1
    for wrong in ("x", "-1", "0", "9" * 30, "1e3", "²"):
        found = owner_client.get("/search/", {"q": "balloon", "n": wrong}).content.decode()
        assert found.count('class="search-result"') == 20


def test_caches_tell_the_part_from_the_page(owner_client: Client) -> None:
    assert "HX-Request" in owner_client.get("/search/", {"q": "x"}, headers=HX)["Vary"]


def test_a_message_of_another_branch_is_a_click_away(owner_client: Client, owner: User) -> None:
    conversation = said(owner, "first", "second")
    question, *_ = branch(conversation)
    turns.edit(owner, question.pk, uuid4(), "first again", PROCESS)
    hidden = Message.objects.get(text="second")
    page = owner_client.get(f"/c/{conversation.pk}/", {"m": str(hidden.pk)}).content.decode()
    assert f'hx-post="/m/{hidden.pk}/choose/"' in page
    assert "another version" in page


def test_a_message_that_is_not_there_changes_nothing(
    owner_client: Client, owner: User, stranger: User
) -> None:
    conversation, theirs = said(owner), said(stranger)
    for message in (uuid4(), branch(theirs)[0].pk, "nonsense"):
        found = owner_client.get(f"/c/{conversation.pk}/", {"m": str(message)})
        assert found.status_code == 200
        assert "another version" not in found.content.decode()


def test_what_was_said_before_is_taken_in(committed: None, owner: User) -> None:
    said(owner, "a balloon", "a whale")
    kept = "SELECT conversation_id, message_id, words FROM chat_searchentry ORDER BY message_id"
    with connection.cursor() as cursor:
        cursor.execute(kept)
        before = cursor.fetchall()
        cursor.execute("DELETE FROM chat_searchentry WHERE id % 2 = 0")
    with connection.schema_editor(atomic=False) as editor:
        for operation in import_module("chat.migrations.0005_search_before").Migration.operations:
            operation.database_forwards("chat", editor, None, None)
    with connection.cursor() as cursor:
        cursor.execute(kept)
        assert cursor.fetchall() == before
    assert len(before) == 5
