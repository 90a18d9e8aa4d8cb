"""Templates are laid out for readers; pages carry nothing of the layout."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template import Engine
from django.template.loaders import filesystem
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat.models import Message, Role, Status, SystemPrompt
from chat.rendering.components import template_cache
from core.web.references import BURST, budget
from core.web.template_loader import Loader, strip_layout
from tests.support.factories import branch, said
from tests.support.site import ROOT

FILES = sorted((ROOT / "templates").rglob("*.html"))
LONGEST_LINE = 120
BLOCK_ELEMENT = re.compile(
    r"<(?:article|details|dialog|div|dl|dd|dt|fieldset|footer|form|h\d|header|li|main|nav|ol|p|pre"
    r"|section|table|tbody|td|th|thead|tr|ul)\b"
)


@pytest.mark.parametrize(
    ("source", "stripped"),
    [
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>\n  {{ a }}\n  {% if b %}\n    {{ b }}\n  {% endif %}\n</p>", None),
        ("<b>a</b> <b>b</b>  {{ c }}", "<b>a</b> <b>b</b>  {{ c }}"),
        ("<p>one\n  two</p>", "<p>one two</p>"),
        ('<b>a</b>{{ " " }}\n<b>b</b>', '<b>a</b>{{ " " }}<b>b</b>'),
        # Attributes and their values
        ('<a\n  href="x"\n  title="y"\n>z</a>', '<a href="x" title="y">z</a>'),
        ('<img\n  src="x"\n/>', '<img src="x"/>'),
        ('<a title="1 >\n  2"\n   id="x">', '<a title="1 >\n  2" id="x">'),
        ("<a title='\"\n '\n id=x>", "<a title='\"\n ' id=x>"),
        ('<a title="{{ a }}\n b">\n</a>', '<a title="{{ a }}\n b"></a>'),
        ("<p>don't\n  isn't</p>\n<p>", "<p>don't isn't</p><p>"),
        # Content that counts as it is written
        ("<pre>\n a\n</pre>\n<b>", "<pre>\n a\n</pre><b>"),
        (
            "<textarea\n name=a>\n{{ a }}</textarea>\n<b>",
            "<textarea name=a>\n{{ a }}</textarea><b>",
        ),
        ("<pre><b>\n</b>\n</pre>\n", "<pre><b>\n</b>\n</pre>"),
        ("<script>\nif (a < b) c('\n')\n</script>\n", "<script>\nif (a < b) c('\n')\n</script>"),
        (
            "{% blocktranslate %}\n a\n{% endblocktranslate %}\n<b>",
            "{% blocktranslate %}\n a\n{% endblocktranslate %}<b>",
        ),
        ("{% comment %}<pre>\n{% endcomment %}\n<b>", "{% comment %}<pre>\n{% endcomment %}<b>"),
    ],
)
def test_line_breaks_go_where_they_mean_nothing(source: str, stripped: str | None) -> None:
    expected = "<p>{{ a }}{% if b %}{{ b }}{% endif %}</p>" if stripped is None else stripped
    assert strip_layout(source) == expected


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT / "templates")))
def test_a_template_can_be_read(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
    assert [line for line in lines if len(BLOCK_ELEMENT.findall(line)) > 1] == []


def test_emails_keep_their_lines() -> None:
    template = Engine.get_default().get_template("account/email/base_message.txt")
    source = (ROOT / "templates/account/email/base_message.txt").read_text()
    assert template.source == source


# The same page with and without the layout of its templates
class Events(HTMLParser):
    """The tags of a page in order, with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, object]] = []
        self.texts = [""]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", None))
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data

    def visible_texts(self) -> list[str]:
        """Return the texts without line breaks at their ends, unless a space would show there."""
        names = ["", *(name for name, _ in self.tags), ""]
        return [
            visible_text(text, names[index], names[index + 1])
            for index, text in enumerate(self.texts)
        ]


FLOWING = {"a", "b", "code", "em", "kbd", "mark", "strong"}


def visible_text(text: str, before: str, after: str) -> str:
    """Collapse line breaks in a text, given the names of the tags around it.

    Beside an element that flows with the text, and between two words, a break shows as a space.
    """
    if before in RAW or not text.strip():
        return text if before in RAW else re.sub(r"\s*\n\s*", "", text)
    if before.lstrip("/") not in FLOWING or not before.startswith("/"):
        text = re.sub(r"^\s*\n\s*", "", text)
    if after not in FLOWING:
        text = re.sub(r"\s*\n\s*$", "", text)
    return re.sub(r"\s*\n\s*", " ", text)


RAW = {"pre", "script", "style", "textarea"}
RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[a-zA-Z0-9]{64}\b"
    r"|(?<=<code>)[a-z0-9]{10}(?=</code>)"
)


def load_pages(client: Client, paths: list[str]) -> list[Events]:
    """Load each page with its templates compiled anew; ids and tokens are the same in each."""
    for loader in Engine.get_default().template_loaders:
        loader.reset()
    template_cache.compiled_templates.cache_clear()
    budget.left = BURST  # other tests use it up, and then an error page has no reference
    return [Events(RANDOM.sub("random", client.get(path).content.decode())) for path in paths]


def conversation_path(user: User) -> str:
    """Make a conversation whose messages show everything that a message can show."""
    conversation = said(user, "Why? <b>\n\n  And why\n?", "And?", "But?")
    answers = [message for message in branch(conversation) if message.role == Role.ASSISTANT]
    for message, status in zip(
        answers, (Status.COMPLETE, Status.STOPPED, Status.FAILED), strict=True
    ):
        code = "internal" if status == Status.FAILED else ""
        Message.objects.filter(pk=message.pk).update(status=status, error_code=code, feedback=-1)
    return f"/c/{conversation.pk}/"


@pytest.mark.django_db
@pytest.mark.parametrize("user", ["owner", "staff", None])
def test_pages_lose_nothing_but_the_layout(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    client: Client,
    user: str | None,
) -> None:
    paths = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nothing-here/"]
    if user:
        client = request.getfixturevalue(f"{user}_client")
        path = conversation_path(request.getfixturevalue(user))
        paths = ["/", path, "/search/?q=why", "/search/?q=nothing", "/accounts/email/"]
        paths += ["/accounts/logout/", "/accounts/password/change/", f"{path}nothing/"]
    if user == "staff":
        prompt = SystemPrompt.objects.get(is_default=True)
        paths.append(reverse("admin:chat_systemprompt_change", args=(prompt.pk,)))
    stripped = load_pages(client, paths)
    monkeypatch.setattr(Loader, "get_contents", filesystem.Loader.get_contents)
    plain = load_pages(client, paths)
    monkeypatch.undo()
    load_pages(client, [])
    for path, with_layout, without in zip(paths, plain, stripped, strict=True):
        assert without.tags == with_layout.tags, path
        assert without.visible_texts() == with_layout.visible_texts(), path
        assert sum(map(len, without.texts)) < sum(map(len, with_layout.texts)), path
