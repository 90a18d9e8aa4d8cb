"""The renderer's own words in an answer: in the language of whoever looks, stored in none."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.utils import translation
from playwright.sync_api import expect

from chat.rendering.components.localize_html import localize_html
from chat.rendering.markdown import Position, Stream, changes, render
from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.dom import Element, apply, parse
from tests.support.person import Person

ALERTS = "\n\n".join(
    f"> [!{kind}]\n> text" for kind in ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION")
)
TITLES = {
    "en": ["Note", "Tip", "Important", "Warning", "Caution"],
    "de": ["Hinweis", "Tipp", "Wichtig", "Warnung", "Vorsicht"],
    "fr": ["Remarque", "Conseil", "Important", "Avertissement", "Attention"],
}
OTHERS = "- [x] a\n- [ ] b\n\n![](https://x.y/a.png) c[^1]\n\n```sh\nls\n```\n\n[^1]: d\n"
GERMAN = [
    'disabled checked aria-label="Erledigt">',
    'disabled aria-label="Zu erledigen">',
    'rel="nofollow noopener noreferrer">Bild</a>',
    'class="footnote-backref" aria-label="Zurück zu Verweis 1"',
    "data-copy>Kopieren</button>",
]
LIKE = """
> [!WARNING] Caution
> a title of its own

`<p class="markdown-alert-title">Note</p>` <p class="markdown-alert-title">Note</p>

"> <a href="#x-fnref-1" class="footnote-backref" aria-label="Back to reference 1">

[class="picture" rel="nofollow noopener noreferrer">image](https://x.y/) ![image](https://x.y/)

```html
<button type="button" class="code-copy" data-copy>Kopie</button>
<input type="checkbox" disabled aria-label="To do">
```
"""


def in_language(language: str, text: str) -> str:
    with translation.override(language):
        return localize_html(render(text, uuid4().hex))


@pytest.mark.parametrize("language", TITLES)
def test_alerts_are_named_in_each_language(language: str) -> None:
    html = in_language(language, ALERTS)
    for title in TITLES[language]:
        assert f'<p class="markdown-alert-title" dir="auto">{title}</p>' in html


def test_whatever_else_the_renderer_says_is_too() -> None:
    html = in_language("de", OTHERS)
    for words in GERMAN:
        assert words in html


def test_text_that_looks_like_it_is_left_alone() -> None:
    html = render(LIKE, "ab12")
    with translation.override("de"):
        localized = localize_html(html)
    without_tools = re.sub('<button type="button" class="code-tool.*?</button>', "", localized)
    assert without_tools == html.replace(">Copy</button>", ">Kopieren</button>")
    assert 'aria-label="Zeilen umbrechen"' in localized
    assert 'aria-label="Herunterladen"' in localized


# The title that is made for an alert may be the beginning of its own one.
GROWING = [
    ["> [!NOTE]", " Note", " well", "\n> text", " goes on\n\nAnd"],
    ["> [!NOTE]\n> text", " goes", " on\n>\n> more", "\n\n> [!TIP]\n> a"],
    ["- a\n- > [!TIP] Tip", "ping", "\n  > text", " goes on"],
    ["- [x] a", " b\n- [ ", "] c", " d"],
    ["![](https://x.y/a.png)", " image", "s ![](https://x.y/b"],
    ["```sh\nl", "s\n", "```\nand"],
]


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("pieces", GROWING)
def test_patches_fit_the_words_on_the_page(pieces: list[str], size: int) -> None:
    stream, shown, body = Stream("ab12"), Position(), Element("body")
    with translation.override("de"):
        for piece in pieces:
            for at in range(0, len(piece), size):
                stream.feed(piece[at : at + size])
                stream.render()
                apply(body, changes(shown, stream, localize_html))
                shown = Position(len(stream.blocks), localize_html(stream.tail))
                assert body.normalised() == parse(localize_html(stream.html))


COPIED = """async () => {
    const [item] = await navigator.clipboard.read();
    const blobs = ["text/html", "text/plain"].map((type) => item.getType(type));
    return Promise.all((await Promise.all(blobs)).map((blob) => blob.text()));
}"""


@pytest.mark.browser
def test_a_title_is_in_the_readers_language_wherever_it_is_met(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    """While it streams and at its end, as it is spoken, copied and printed, on a page load; and for
    a reader of another language."""
    gate = uuid4().hex
    upstream.script(
        answer("> [!NOTE] Note", Gate(gate), " well\n> a\n\n> [!TIP]\n> Done.", Gate(gate))
    )
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    page, titles = person.page, person.answer.locator(".markdown-alert-title")
    person.choose_language("de")
    page.reload()
    page.locator("#composer-text").fill("Alert")
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["Hinweis"])
    upstream.release(gate)
    expect(titles).to_have_text(["Note well", "Tipp"])
    upstream.release(gate)
    person.sees_status("complete")
    expect(titles).to_have_text(["Note well", "Tipp"])
    expect(page.locator("#live-region")).to_contain_text("Tipp")
    person.answer.locator(".answer-menu > summary").click()
    person.answer.locator("[data-copy-formatted]").click()
    expect(page.locator("#live-region")).to_contain_text("Kopiert.")
    html, text = page.evaluate(COPIED)
    assert '<p dir="auto">Tipp</p>' in html
    assert "Tipp" in text
    page.emulate_media(media="print")
    expect(titles.last).to_be_visible()
    page.emulate_media(media="screen")
    streamed = person.body(person.answer).inner_html()
    page.reload()
    assert person.body(person.answer).inner_html() == streamed
    person.choose_language("fr")
    page.reload()
    expect(titles).to_have_text(["Note well", "Conseil"])
