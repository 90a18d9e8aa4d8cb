"""German and French are complete, and what runs is what was written."""

import gettext
import re
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from chat.errors import FAULTS
from chat.realtime.locale import choose_language
from chat.rendering.components.thread_view import age_group_of
from tests.support.factories import said

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = ["de", "fr"]
NAMES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def entries(language: str) -> dict[str, str]:
    """Sentence and translation of each entry of a .po file, of plural forms both. A context stands
    before its sentence, as in compiled files."""
    text = (ROOT / f"locale/{language}/LC_MESSAGES/django.po").read_text()
    assert "fuzzy" not in text
    found: dict[str, str] = {}
    for block in text.split("\n\n")[1:]:
        key, *values = re.split(r"\nmsgstr(?:\[\d\])? ", block)
        context, _sep, key = key.partition("msgid ")
        context = unquoted(context.partition("msgctxt ")[2])
        keys = [unquoted(text) for text in re.split(r"\nmsgid_plural ", key)]
        assert len(keys) == len(values), key
        if context:
            keys = [f"{context}\x04{text}" for text in keys]
        found |= dict(zip(keys, map(unquoted, values), strict=True))
    return found


def unquoted(text: str) -> str:
    joined = "".join(re.findall(r'^"(.*)"$', text, re.M))
    return joined.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    found = entries(language)
    assert len(found) > 300
    assert [key for key, value in found.items() if not value] == []
    for key, value in found.items():
        assert sorted(NAMES.findall(key)) == sorted(NAMES.findall(value)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_that_of_the_written_one(language: str) -> None:
    folder = ROOT / f"locale/{language}/LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = entries(language)
    runs = {key: value for key, value in vars(compiled)["_catalog"].items() if key}
    assert len(runs) == len(written)
    for key, value in runs.items():
        # Of plural forms, which are kept under the singular and a number.
        assert value in written.values() if isinstance(key, tuple) else value == written[key]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_of_templates_and_errors_are_known(language: str) -> None:
    known = entries(language)
    for path in (ROOT / "templates").rglob("*.html"):
        source = path.read_text()
        for text in re.findall(r"""{% translate (["'])(.+?)\1""", source):
            assert text[1] in known, f"{path.name}: {text[1]}"
        for block in re.findall(
            r"{% blocktranslate\b.*?%}(.+?){% endblocktranslate %}", source, re.S
        ):
            text = " ".join(line.strip() for line in block.strip().split("\n"))
            text = re.sub(r"{{ (\w+) }}", r"%(\1)s", text.replace("%", "%%"))
            assert text in known, f"{path.name}: {text}"
    for fault in FAULTS.values():
        assert fault.sentence in known, fault.code


def test_pages_speak_the_browsers_language(owner: User, owner_client: Client) -> None:
    conversation = said(owner, "Warum?")
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
    page = owner_client.get(f"/c/{conversation.pk}/", headers=german).content.decode()
    assert '<html lang="de"' in page
    assert "Unterhaltungen" in page
    assert "Nachricht schreiben" in page
    page = owner_client.get("/", headers={"Accept-Language": "fr"}).content.decode()
    assert "Qu’avez-vous en tête" in page


def test_refusals_speak_it_too(owner: User, owner_client: Client) -> None:
    conversation = said(owner)
    answer = owner_client.post(
        f"/c/{conversation.pk}/rename/",
        {"title": " "},
        headers={"Accept-Language": "de", "HX-Request": "true"},
    )
    assert "Bitte geben Sie zuerst einen Titel ein." in answer.content.decode()


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [
        ("", "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("", "ja, de;q=0.3", "de"),
        ("de", "fr", "de"),
        ("", "*", "en"),
        ("xx", "", "en"),
        ("", "\x00;;q=nonsense", "en"),
    ],
)
def test_sockets_choose_as_pages_do(cookie: str, header: str, language: str) -> None:
    assert choose_language(cookie, header) == language


def test_months_have_names_in_the_language() -> None:
    from_march = date(2026, 3, 1)
    with translation.override("de"):
        assert age_group_of(from_march, from_march.replace(month=9))[1] == "März 2026"
        assert _("Undo") == "Rückgängig"
