"""The settings page: whose it is, what it saves, and what it refuses."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.names import clean_name
from chat.models import ChatModel, ChatPreferences, PromptVersion, SystemPrompt
from chat.services import system_prompts
from tests.support.environment import forget_environment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model_server")]
SECTIONS = ("profile", "appearance", "defaults", "instructions")
UNKNOWN_ID = "01a00000-0000-7000-8000-000000000000"
BAD_TEXTS = ("\0", "a\0b", "\ud800", "x" * 10_000, "\U0001f1e9" * 10_000, "e" + "\u0301" * 5000)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def model_server(settings: Any) -> Iterator[None]:
    """One is set up, so that models are offered."""
    settings.HF_TOKEN = "hf_x"
    forget_environment()
    yield
    settings.HF_TOKEN = ""
    forget_environment()


def save(client: Client, section: str, *, htmx: bool = False, **fields: Any) -> Any:
    return client.post(f"/settings/{section}/", fields, headers=HTMX if htmx else {})


def prompt_named(name: str) -> SystemPrompt:
    prompt = SystemPrompt.objects.create(name=name)
    system_prompts.save_version(prompt, f"You are {name}.", "", None)
    system_prompts.publish(prompt, 1)
    return prompt


# Whose it is
@pytest.mark.parametrize("who", ["owner_client", "stranger_client", "staff_client"])
def test_each_sees_their_own(request: pytest.FixtureRequest, owner: User, who: str) -> None:
    User.objects.filter(pk=owner.pk).update(display_name="Ada of Owner")
    ChatPreferences.objects.create(user=owner, instructions="Only mine")
    html = request.getfixturevalue(who).get("/settings/").content.decode()
    assert ("Ada of Owner" in html) == ("Only mine" in html) == (who == "owner_client")


@pytest.mark.parametrize("who", ["owner_client", "stranger_client", "staff_client"])
def test_each_changes_their_own(request: pytest.FixtureRequest, owner: User, who: str) -> None:
    client: Client = request.getfixturevalue(who)
    assert save(client, "profile", display_name="Somebody").status_code == 303
    assert save(client, "instructions", instructions="Be brief.").status_code == 303
    expected = who == "owner_client"
    assert (User.objects.get(pk=owner.pk).display_name == "Somebody") == expected
    assert ChatPreferences.objects.filter(user=owner).exists() == expected


def test_the_signed_out_sign_in_first() -> None:
    response = Client().get("/settings/")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=%2Fsettings%2F"
    for section in (*SECTIONS, "nothing"):
        assert save(Client(), section, display_name="x").status_code == 401


def test_the_text_of_the_signed_out_comes_back() -> None:
    response = save(Client(), "instructions", instructions="Answer in rhymes.")
    assert "Answer in rhymes." in response.content.decode()


def test_a_section_that_does_not_exist(owner_client: Client) -> None:
    assert save(owner_client, "nothing").status_code == 404
    assert owner_client.get("/settings/profile/").status_code == 405


def test_the_page_links_to_email_and_password(owner_client: Client) -> None:
    html = owner_client.get("/settings/").content.decode()
    assert 'href="/accounts/email/"' in html
    assert 'href="/accounts/password/change/"' in html


# Saved with a word
@pytest.mark.parametrize("section", SECTIONS)
def test_a_plain_form_says_so_in_its_section(owner_client: Client, section: str) -> None:
    response = save(owner_client, section, theme="dark", appearance="default")
    assert response.status_code == 303
    assert response["Location"] == f"/settings/#{section}"
    html = owner_client.get("/settings/").content.decode()
    (saved,) = re.findall(r'role="status">Saved\.', html)
    assert saved in html.split(f'<form id="{section}"')[1].split("</form>")[0]
    assert "Saved." not in owner_client.get("/settings/").content.decode()


@pytest.mark.parametrize("section", SECTIONS)
def test_the_script_gets_only_the_section(owner_client: Client, section: str) -> None:
    response = save(owner_client, section, htmx=True, theme="dark", appearance="default")
    html = response.content.decode()
    assert response.status_code == 200
    assert f'<form id="{section}"' in html
    assert "Saved." in html
    assert "<html" not in html


# The profile
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\nLovelace\t", "Ada Lovelace"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("\u200b\u200d", ""),
        ("\u3164", ""),
        ("عمر", "عمر"),
        ("👩‍👩‍👧 fam", "👩‍👩‍👧 fam"),
        ("نمی‌خواهم", "نمی‌خواهم"),
        ("<b>Bob</b>", "<b>Bob</b>"),
    ],
)
def test_a_name_is_cleaned(owner_client: Client, owner: User, typed: str, stored: str) -> None:
    assert clean_name(typed) == stored
    assert save(owner_client, "profile", display_name=typed).status_code == 303
    owner.refresh_from_db()
    assert owner.display_name == stored


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("x" * 80, True),
        ("x" * 81, False),
        ("🇩🇪" * 80, True),
        ("🇩🇪" * 81, False),
        ("é" * 80, True),
        ("👩‍👩‍👧" * 64, True),
    ],
)
def test_characters_of_a_name_are_counted_as_seen(
    owner_client: Client, owner: User, name: str, accepted: bool
) -> None:
    response = save(owner_client, "profile", display_name=name)
    assert response.status_code == (303 if accepted else 422)
    owner.refresh_from_db()
    assert owner.display_name == (name if accepted else "")


def test_a_refused_name_stays_with_a_sentence(owner_client: Client) -> None:
    html = save(owner_client, "profile", display_name="y" * 81, language="de").content.decode()
    assert "This name is too long. Use at most 80 characters." in html
    assert "y" * 81 in html
    assert re.search(r'value="de"\s+selected', html)


def test_the_name_stands_in_the_menu_and_in_the_greeting(owner_client: Client, owner: User) -> None:
    assert owner.email in owner_client.get("/").content.decode()
    save(owner_client, "profile", display_name="<Ada>")
    html = owner_client.get("/").content.decode()
    assert owner.email not in html
    assert '<bdi class="account-name">&lt;Ada&gt;</bdi>' in html
    assert "on your mind, <bdi>&lt;Ada&gt;</bdi>?" in html


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("language", text) for text in (*BAD_TEXTS, "xx", "../en", "de\n")),
        *(("time_zone", text) for text in (*BAD_TEXTS, "Mars/Base", "/etc/passwd", "../UTC")),
        *(("display_name", text) for text in BAD_TEXTS if text != "\ud800"),
    ],
)
def test_what_the_profile_refuses(
    owner_client: Client, owner: User, field: str, value: str
) -> None:
    sent = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    fields: dict[str, Any] = {field: sent}
    response = save(owner_client, "profile", **fields)
    assert response.status_code == 422
    assert 'class="errorlist"' in response.content.decode()
    owner.refresh_from_db()
    assert (owner.display_name, owner.language, owner.time_zone) == ("", "", "")


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("body", [b"%ED%A0%80", b"%00", b"%FF%FE"])
def test_bytes_that_are_no_text(owner_client: Client, section: str, body: bytes) -> None:
    """Lone surrogates, NUL and invalid UTF-8, in all fields at once."""
    names = ("display_name", "language", "time_zone", "theme", "model", "prompt", "instructions")
    data = b"&".join(name.encode() + b"=" + body for name in names)
    response = owner_client.post(
        f"/settings/{section}/", data, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code in (303, 422)
    assert owner_client.get("/settings/").status_code == 200
    assert owner_client.get("/").status_code == 200


# Language and time zone
def test_the_language_wins_over_the_browser_until_it_is_taken_back(owner_client: Client) -> None:
    french = {"Accept-Language": "fr"}
    save(owner_client, "profile", language="de")
    html = owner_client.get("/settings/", headers=french).content.decode()
    assert '<html lang="de"' in html
    assert "Gespeichert." in html
    save(owner_client, "profile", language="")
    assert '<html lang="fr"' in owner_client.get("/settings/", headers=french).content.decode()


def test_a_new_language_asks_the_script_for_a_new_page(owner_client: Client) -> None:
    response = save(owner_client, "profile", htmx=True, language="de")
    assert response["HX-Refresh"] == "true"
    assert "Gespeichert." in owner_client.get("/settings/").content.decode()
    assert "HX-Refresh" not in save(owner_client, "profile", htmx=True, language="de")


def test_a_choice_reaches_another_device_with_its_second_page(
    owner_client: Client, owner: User
) -> None:
    other = Client()
    other.force_login(owner)
    other.get("/")
    save(owner_client, "profile", language="fr", time_zone="Asia/Tokyo")
    other.get("/")
    assert other.cookies["time_zone"].value == "Asia/Tokyo"
    assert '<html lang="fr"' in other.get("/").content.decode()
    save(owner_client, "profile", language="", time_zone="")
    other.get("/")
    assert (other.cookies["language"].value, other.cookies["time_zone"].value) == ("", "")


def test_an_ordinary_page_sets_no_cookie(owner_client: Client) -> None:
    owner_client.get("/")
    save(owner_client, "profile", language="fr")
    assert not {"language", "time_zone"} & owner_client.get("/").cookies.keys()


# The theme
@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("light", "light"), ("auto", "")])
def test_the_theme_is_stored_as_the_switch_stores_it(
    owner_client: Client, theme: str, kept: str
) -> None:
    save(owner_client, "appearance", theme=theme, appearance="default")
    cookie = owner_client.cookies["theme"]
    assert (cookie.value, cookie["httponly"], cookie["path"]) == (kept, "", "/")
    html = owner_client.get("/settings/").content.decode()
    assert f'data-theme="{theme}"' in html
    assert re.search(rf'value="{theme}"[^>]*\schecked', html)


@pytest.mark.parametrize("field", ["theme", "appearance"])
@pytest.mark.parametrize("look", ["", "pink", *BAD_TEXTS])
def test_another_look_is_refused(owner_client: Client, field: str, look: str) -> None:
    sent = look.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    fields: dict[str, Any] = {"theme": "dark", "appearance": "classic"} | {field: sent}
    assert save(owner_client, "appearance", **fields).status_code == 422
    assert not {"theme", "appearance"} & owner_client.cookies.keys()


def test_the_colours_are_stored_beside_the_theme(owner_client: Client) -> None:
    save(owner_client, "appearance", theme="dark", appearance="classic")
    assert owner_client.cookies["appearance"].value == "classic"
    assert re.search(
        r'value="classic"[^>]*\schecked', owner_client.get("/settings/").content.decode()
    )
    save(owner_client, "appearance", theme="dark", appearance="default")
    assert owner_client.cookies["appearance"].value == ""
    assert owner_client.cookies["theme"].value == "dark"


@pytest.mark.parametrize("cookie", ["pink", "", "d" * 3000, "classic; x"])
def test_a_look_that_is_none_counts_as_none(owner_client: Client, cookie: str) -> None:
    owner_client.cookies["theme"] = owner_client.cookies["appearance"] = cookie
    html = owner_client.get("/settings/").content.decode()
    for value in ("auto", "default"):
        assert re.search(rf'value="{value}"[^>]*\schecked', html)


# Defaults of new chats
def selected(html: str, field: str) -> str:
    """The label of the chosen option of a list."""
    (element,) = re.findall(rf'<select[^>]*name="{field}".*?</select>', html, re.S)
    (label,) = re.findall(r"<option[^>]*\sselected[^>]*>([^<]*)<", element) or ["-"]
    return str(label).strip()


def test_new_chats_begin_with_the_defaults(owner_client: Client) -> None:
    pirate = prompt_named("Pirate")
    model = ChatModel.objects.get(label="Llama 3 70B")
    save(owner_client, "defaults", model=str(model.pk), prompt=str(pirate.pk))
    html = owner_client.get("/").content.decode()
    assert (selected(html, "model"), selected(html, "prompt")) == ("Llama 3 70B", "Pirate")
    html = owner_client.get("/settings/").content.decode()
    assert (selected(html, "model"), selected(html, "prompt")) == ("Llama 3 70B", "Pirate")


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_default_that_is_no_longer_offered(owner_client: Client, is_deleted: bool) -> None:
    pirate = prompt_named("Pirate")
    model = ChatModel.objects.get(label="Llama 3 70B")
    save(owner_client, "defaults", model=str(model.pk), prompt=str(pirate.pk))
    if is_deleted:
        ChatModel.objects.filter(pk=model.pk).delete()
        SystemPrompt.objects.filter(pk=pirate.pk).update(published=None)
        PromptVersion.objects.filter(prompt=pirate).delete()
        pirate.delete()
    else:
        ChatModel.objects.filter(pk=model.pk).update(enabled=False)
        SystemPrompt.objects.filter(pk=pirate.pk).update(enabled=False)
    standard = ChatModel.objects.get(is_default=True)
    html = owner_client.get("/settings/").content.decode()
    assert f"“Llama 3 70B” is no longer offered. New chats use “{standard.label}”." in html
    assert "“Pirate” is no longer offered. The site&#x27;s default prompt applies." in html
    assert selected(owner_client.get("/").content.decode(), "model") == standard.label
    save(owner_client, "defaults", model="", prompt="")
    assert "no longer offered" not in owner_client.get("/settings/").content.decode()


@pytest.mark.parametrize("field", ["model", "prompt"])
@pytest.mark.parametrize("value", [UNKNOWN_ID, "1", "None", *BAD_TEXTS])
def test_unknown_defaults_are_refused(owner_client: Client, field: str, value: str) -> None:
    sent = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    fields: dict[str, Any] = {field: sent}
    response = save(owner_client, "defaults", **fields)
    assert response.status_code == 422
    assert "Choose an entry of the list." in response.content.decode()
    assert not ChatPreferences.objects.exists()


def test_a_model_of_another_group_cannot_be_the_default(owner_client: Client) -> None:
    model = ChatModel.objects.get(label="Llama 3 70B")
    model.groups.add(Group.objects.create(name="Others"))
    assert "Llama 3 70B" not in owner_client.get("/settings/").content.decode()
    assert save(owner_client, "defaults", model=str(model.pk)).status_code == 422


# Custom instructions
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Be brief.\r\nSpeak German. ", "Be brief.\nSpeak German."),
        ("x" * 1000, "x" * 1000),
        ("line\r\n" * 200, ("line\n" * 200).strip()),
        ("a\x07b", "ab"),
        ("  \n ", ""),
    ],
)
def test_instructions_are_saved(owner_client: Client, typed: str, stored: str) -> None:
    assert save(owner_client, "instructions", instructions=typed).status_code == 303
    assert ChatPreferences.objects.get().instructions == stored


@pytest.mark.parametrize(("length", "over"), [(1001, "1 character"), (10_000, "9000 characters")])
def test_long_instructions_are_refused_and_kept(
    owner_client: Client, length: int, over: str
) -> None:
    save(owner_client, "instructions", instructions="Short.")
    response = save(owner_client, "instructions", instructions="z" * length)
    html = response.content.decode()
    assert response.status_code == 422
    assert f"{over} over the limit of 1,000. Shorten the text." in html
    assert "z" * length in html
    assert ChatPreferences.objects.get().instructions == "Short."


def test_sections_do_not_undo_each_other(owner_client: Client) -> None:
    model = ChatModel.objects.get(label="Llama 3 70B")
    save(owner_client, "instructions", instructions="Be brief.")
    save(owner_client, "defaults", model=str(model.pk))
    save(owner_client, "instructions", instructions="Be long.")
    row = ChatPreferences.objects.get()
    assert (row.model, row.instructions) == (model, "Be long.")
