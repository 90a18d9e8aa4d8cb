"""What text is taken, and how it is stored."""

import unicodedata

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ChatError
from chat.forms import parse_message, parse_uuid, require_fields
from chat.text import MESSAGE_CHARS, clean_message, clean_title, make_title

KEY = "01900000-0000-7000-8000-000000000000"


def code_of(text: str) -> str:
    with pytest.raises(ChatError) as refused:
        clean_message(text)
    return refused.value.code


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t \r\n", "\u200b", "\u2060\ufeff", "\u3164", "\u00ad", "\u0301", "\u2800"],
)
def test_text_that_shows_nothing_is_empty(text: str) -> None:
    assert code_of(text) == "empty_message"


@pytest.mark.parametrize("char", ["\x00", "\x01", "\x1b", "\x7f", "\x9f", "\ud800"])
def test_what_cannot_be_carried_is_left_out(char: str) -> None:
    assert clean_message(f"a{char}b") == "ab"
    assert clean_title(f"a{char}b") == "ab"
    assert code_of(char) == "empty_message"


@pytest.mark.parametrize("char", ["\x0b", "\x0c", "\x85", "\r", "\r\n"])
def test_odd_ends_of_lines_keep_words_apart(char: str) -> None:
    assert clean_message(f"a{char}b") == "a\nb"
    assert clean_title(f"a{char}b") == "a b"


def test_the_longest_message_has_32000_characters() -> None:
    assert MESSAGE_CHARS == 32_000
    assert clean_message("x" * 32_000) == "x" * 32_000
    assert clean_message("😀" * 32_000) == "😀" * 32_000
    assert code_of("x" * 32_001) == "message_too_long"


def test_blank_ends_do_not_count() -> None:
    assert clean_message("  \n" + "x" * 32_000 + "\n\n") == "x" * 32_000
    assert clean_message("\n \t\r\n\u3000\n" + "x" * 32_000 + "\u2028 ") == "x" * 32_000


@pytest.mark.parametrize("indent", ["    ", "\t", "\u3000", " \t "])
def test_the_first_line_keeps_its_indentation(indent: str) -> None:
    text = f"{indent}if x:\n{indent}    return 1"
    assert clean_message(f"\n  \n\r\n{text}  \n \n") == text
    assert clean_message(text) == text
    assert make_title(clean_message(text)) == "if x:"


def test_a_refusal_tells_the_numbers() -> None:
    with pytest.raises(ChatError, match="32102 characters, and the limit is 32000"):
        clean_message("x\r\n" * 16_050 + "yz")


def test_newlines_become_one_character() -> None:
    assert clean_message("a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert clean_message("\r\n".join("x" * 16_000)) == "\n".join("x" * 16_000)


@given(st.text())
def test_what_is_taken_can_be_stored_and_is_taken_again(text: str) -> None:
    try:
        taken = clean_message(text)
    except ChatError:
        return
    taken.encode()
    assert clean_message(taken) == taken
    assert not {char for char in taken if unicodedata.category(char) == "Cc"} - {"\n", "\t"}


@given(st.text(min_size=1))
def test_a_title_is_one_line_that_fits_and_that_a_person_could_have_given(text: str) -> None:
    try:
        title = make_title(clean_message(text))
    except ChatError:
        return
    assert len(title) <= 60
    assert clean_title(title) == title


# Forms
def refused(query: str, *names: str) -> str:
    with pytest.raises(ChatError) as found:
        require_fields(QueryDict(query), *names)
    return found.value.code


def test_the_fields_of_a_question() -> None:
    key, text = parse_message(QueryDict(f"client_id={KEY}&text=%0A+Why%3F+&csrfmiddlewaretoken=x"))
    assert (str(key), text) == (KEY, " Why?")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "bad_form"),
        ("text=a", "bad_form"),
        (f"client_id={KEY}", "bad_form"),
        (f"client_id={KEY}&text=a&text=b", "bad_form"),
        (f"client_id={KEY}&client_id={KEY}&text=a", "bad_form"),
        (f"client_id={KEY}&text=a&role=system", "unknown_field"),
        (f"client_id={KEY}&text=a&TEXT=a", "unknown_field"),
    ],
)
def test_forms_with_other_fields(query: str, code: str) -> None:
    assert refused(query, "client_id", "text") == code


@pytest.mark.parametrize("text", ["", "1", "x" * 32, KEY + "0", "\x00" * 36, "a" * 10_000])
def test_ids_that_are_none(text: str) -> None:
    with pytest.raises(ChatError, match="incomplete"):
        parse_uuid(text)


def test_the_text_is_checked_with_the_form() -> None:
    with pytest.raises(ChatError, match="Write a message"):
        parse_message(QueryDict(f"client_id={KEY}&text=%20"))
