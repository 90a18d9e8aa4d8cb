"""Sampling as people choose it: a number out of range is moved to the nearest end."""

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from accounts.models import User
from chat.forms import parse_settings
from chat.models import ChatModel, Conversation
from chat.selectors import sampling_ranges
from chat.services import preferences
from tests.support.factories import said

pytestmark = pytest.mark.django_db
LIMIT = 300


@pytest.fixture
def model() -> ChatModel:
    """Writes at most 300 tokens."""
    found = ChatModel.objects.filter(enabled=True).latest("position")
    ChatModel.objects.filter(pk=found.pk).update(max_output=LIMIT)
    return found


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({"temperature": "0.333"}, {"temperature": 0.333}),
        ({"temperature": "3"}, {"temperature": 2.0}),
        ({"temperature": "-1"}, {"temperature": 0.0}),
        ({"top_p": "0"}, {"top_p": 0.01}),
        ({"max_tokens": "0"}, {"max_tokens": sampling_ranges.MIN_OUTPUT_TOKENS}),
        ({"max_tokens": "-5"}, {"max_tokens": sampling_ranges.MIN_OUTPUT_TOKENS}),
        ({"max_tokens": "3000"}, {"max_tokens": LIMIT}),
        ({"max_tokens": "64"}, {"max_tokens": 64}),
        ({"max_tokens": ""}, {"max_tokens": None}),
    ],
)
def test_a_number_out_of_range_is_moved(
    owner: User, model: ChatModel, typed: dict[str, str], stored: dict[str, float | None]
) -> None:
    fields = QueryDict(urlencode({"model": str(model.pk)} | typed))
    preferences.save_settings(owner, said(owner).pk, parse_settings(fields))
    assert list(Conversation.objects.values(*stored)) == [stored]


def test_without_a_choice_the_limit_is_that_of_the_model_that_answers(owner: User) -> None:
    found = preferences.save_settings(
        owner, said(owner).pk, parse_settings(QueryDict("max_tokens=1e300"))
    )
    assert found.max_tokens == sampling_ranges.MAX_OUTPUT_TOKENS
