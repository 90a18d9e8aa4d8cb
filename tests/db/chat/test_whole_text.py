"""No field of text cuts what is put into it: it is kept whole, or refused with both numbers."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from accounts.models import User
from chat.models import ChatModel, Suggestion, SystemPrompt
from tests.db.chat.test_admin import numbers, save
from tests.support.factories import said

PAGES = ["/", "/accounts/email/", "/accounts/password/change/"]
STRANGERS = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
HTMX = {"HX-Request": "true"}


def admin_pages() -> list[str]:
    """The page of each kind of row that adds one, and its list."""
    found = [model._meta for model in admin.site._registry]
    return [
        f"/admin/{meta.app_label}/{meta.model_name}/{page}"
        for meta in found
        for page in ("", "add/")
    ]


def texts(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return str(response.content.decode())


@pytest.mark.django_db
def test_no_box_of_any_page_cuts_a_paste(
    client: Client, owner: User, owner_client: Client, staff_client: Client
) -> None:
    Suggestion.objects.get_or_create(text="Why?")
    conversation = said(owner)
    assert len(admin_pages()) > 8
    for path in admin_pages():
        assert "maxlength" not in texts(staff_client, path), path
    for path in [*PAGES, f"/c/{conversation.pk}/"]:
        assert "maxlength" not in texts(owner_client, path), path
    for path in STRANGERS:
        assert "maxlength" not in texts(client, path), path


@pytest.mark.django_db
def test_every_field_of_the_admin_that_stores_text_knows_its_limit(staff_client: Client) -> None:
    """A text that is too long for its column would otherwise be an error of the database."""
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True)
    for model, page in admin.site._registry.items():
        for name, field in page.get_form(request).base_fields.items():
            column = next((c for c in model._meta.fields if c.name == name), None)
            if getattr(column, "max_length", None) and not getattr(column, "choices", None):
                assert getattr(field, "max_length", 0) == getattr(column, "max_length", 0), name


@pytest.mark.django_db
class TestPrompt:
    def prompt(self) -> SystemPrompt:
        return SystemPrompt.objects.get()

    def test_a_long_one_is_refused_with_both_numbers_and_kept(self, staff_client: Client) -> None:
        prompt, text = self.prompt(), "word " * 9_997 + "END-OF-PROMPT"
        html = save(staff_client, prompt, text=text).content.decode()
        assert re.search(r"at most 20,?000 characters \(it has 49,?998\)", unescape(html))
        assert text in html
        assert numbers(prompt) == [1]

    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    def test_a_newline_counts_once(self, staff_client: Client, newline: str) -> None:
        prompt = self.prompt()
        lines = ["x" * 49] * 400
        save(staff_client, prompt, text=newline.join(lines) + newline)
        newest = prompt.versions.first()
        assert newest is not None
        assert newest.text == "\n".join(lines) + "\n"
        assert len(newest.text) == 20_000
        save(staff_client, prompt, text=newline.join(lines) + newline + "x")
        assert numbers(prompt) == [1, 2]

    def test_indentation_and_blank_lines_stay(self, staff_client: Client) -> None:
        prompt, text = self.prompt(), "\n    rules:\n      - one\n\n"
        save(staff_client, prompt, text=text)
        newest = prompt.versions.first()
        assert newest is not None
        assert newest.text == text

    def test_name_and_note_too(self, staff_client: Client) -> None:
        prompt = self.prompt()
        html = save(
            staff_client, prompt, name="n" * 101, note="m" * 201, text="new"
        ).content.decode()
        assert "at most 100 characters (it has 101)" in html
        assert "at most 200 characters (it has 201)" in html
        assert "n" * 101 in html
        assert "m" * 201 in html
        assert numbers(prompt) == [1]


@pytest.mark.django_db
def test_notes_of_models_and_suggestions_too(staff_client: Client) -> None:
    model = ChatModel.objects.filter(is_default=True).get()
    page = f"/admin/chat/chatmodel/{model.pk}/change/"
    form = staff_client.get(page).context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value not in (None, False)}
    html = staff_client.post(page, values | {"note": "n" * 301}).content.decode()
    assert "at most 300 characters (it has 301)" in html
    assert "n" * 301 in html
    suggestion = {"text": "s" * 301, "enabled": "on", "position": "1"}
    html = staff_client.post("/admin/chat/suggestion/add/", suggestion).content.decode()
    assert "at most 300 characters (it has 301)" in html
    assert "s" * 301 in html


@pytest.mark.django_db
@pytest.mark.parametrize("length", [255, 320, 400])
@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/email/"])
def test_an_address_that_is_too_long_is_refused(
    client: Client, owner: User, path: str, length: int
) -> None:
    if path == "/accounts/email/":
        client.force_login(owner)
    """allauth takes 320 characters, a row 254: the rest was an error of the database."""
    domain = ".".join("b" * 60 for _ in range(6))
    email = ("a" * 60 + "@" + domain)[: length - 5] + ".test"
    assert len(email) == length
    data = {"email": email, "password1": "long-enough-7", "password2": "long-enough-7"}
    before = User.objects.count()
    response = client.post(path, data | {"action_add": ""})
    html = unescape(response.content.decode())
    assert response.status_code == 200
    assert email in html
    assert re.search(r"at most 254 characters|valid email", html)
    assert User.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_reason_is_kept_whole_or_refused(
    owner: User, owner_client: Client, headers: dict[str, str]
) -> None:
    message = said(owner).messages.filter(role="assistant").get()
    path = f"/m/{message.pk}/feedback/"
    owner_client.post(path, {"value": "-1", "reason": "r" * 500}, headers=headers)
    message.refresh_from_db()
    assert message.feedback_reason == "r" * 500
    response = owner_client.post(path, {"value": "-1", "reason": "s" * 501}, headers=headers)
    html = response.content.decode()
    assert response.status_code == 413
    assert "The reason is too long: 501 characters, and the limit is 500." in html
    assert headers or "s" * 501 in html
    message.refresh_from_db()
    assert message.feedback_reason == "r" * 500


@pytest.mark.django_db
def test_a_search_is_whole_or_refused(owner: User, owner_client: Client) -> None:
    said(owner)
    long = "sky " * 51
    html = owner_client.get("/search/", {"q": long}).content.decode()
    assert "The search is too long: 203 characters, and the limit is 200." in html
    assert f'value="{long.strip()}"' in html
    assert "Found in 1 conversation." in owner_client.get("/search/", {"q": "sky"}).content.decode()
