"""axe finds nothing, in all themes, whatever is open; names are the ones people rely on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.fake_llm import Gate, UpstreamThread, answer
from tests.fake_llm.faults import status
from tests.support.person import Person

pytestmark = pytest.mark.browser

RICH = """# Heading

A [link](https://example.org), `code`, **bold** and $x^2$.

| a | b |
|---|---|
| 1 | 2 |

- [x] done
- [ ] open

> [!NOTE]
> An alert

```python
def f(): return 1
```

A note[^1].

[^1]: The footnote.
"""


def pieces(text: str) -> list[str]:
    return [text[at : at + 6] for at in range(0, len(text), 6)]


@pytest.fixture(params=["light", "dark", "light classic", "dark classic"])
def themed(request: pytest.FixtureRequest, new_person: Callable[..., Person]) -> Person:
    theme, _, appearance = request.param.partition(" ")
    person = new_person(color_scheme=theme)
    person.page.context.add_cookies(
        [{"name": "appearance", "value": appearance or "default", "url": person.site}]
    )
    person.page.reload()
    return person


def test_axe_on_a_conversation(themed: Person, upstream: UpstreamThread) -> None:
    page = themed.page
    assert findings(page) == []
    page.locator("#model-settings > summary").click()
    page.get_by_text("Advanced").click()
    assert findings(page) == []
    page.keyboard.press("Escape")
    head, tail = RICH.split("A note")
    upstream.script(
        answer(*pieces(head), "\nThe end is", Gate(), " near.\n\nA note" + tail), status(401)
    )
    themed.ask("Everything, please")
    themed.sees("The end is")
    assert findings(page) == []
    upstream.release()
    themed.sees_status("complete")
    themed.answer.locator(".answer-menu > summary").click()
    assert findings(page) == []
    themed.button("About this answer").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    themed.button("Bad answer").click()
    expect(page.get_by_label("What was wrong? (optional)")).to_be_visible()
    assert findings(page) == []
    themed.ask("And now fail")
    themed.sees_status("failed")
    themed.box.press("ArrowUp")
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.locator("summary.account").click()
    assert findings(page) == []
    themed.button("Keyboard shortcuts").click()
    assert findings(page) == []


def test_axe_on_other_pages(themed: Person) -> None:
    for path in ("accounts/email/", "accounts/password/change/", "nothing/"):
        themed.page.goto(f"{themed.site}/{path}")
        assert findings(themed.page) == []
    themed.page.goto(themed.site)
    themed.sign_out()
    for path in ("login", "signup", "password/reset"):
        themed.page.goto(f"{themed.site}/accounts/{path}/")
        assert findings(themed.page) == []


def test_the_names_that_people_rely_on(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Half", reason="length"), answer("x", Gate(), "y"), status(500))
    page = person.page
    expect(page.get_by_role("navigation", name="Conversations", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="New chat", exact=True).first).to_be_visible()
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    expect(person.button("Send")).to_be_visible()
    person.ask("Hi")
    person.sees_status("complete")
    for name in ("Copy", "Regenerate", "Continue"):
        expect(person.answer.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(person.questions.get_by_role("button", name="Edit", exact=True)).to_have_count(1)
    person.ask("Again")
    expect(person.button("Stop")).to_be_visible()
    expect(person.button("Send")).to_be_hidden()
    upstream.release()


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 360)])
def test_small_and_enlarged(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int, height: int
) -> None:
    """320 px wide, and 1280 x 720 at 200 %: nothing is cut off, everything can be reached."""
    upstream.script(answer(RICH))
    person = new_person(viewport={"width": width, "height": height})
    page = person.page
    page.goto(f"{person.site}/")
    person.ask("A question with averyveryverylongwordthathasnoplacetobreakinitanywhere")
    person.sees_status("complete")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#model-settings > summary").click()
    box = page.locator(".options-list").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height + 1
    page.keyboard.press("Escape")
    for button in page.locator("button:visible, summary:visible, select:visible").all():
        place = button.bounding_box()
        assert place is not None
        assert place["width"] >= 24, button
        assert place["height"] >= 24, button


def test_sentences_are_spoken_whole(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One sentence. And a ha", Gate(), "lf that ends."))
    person.ask("Speak")
    spoken = person.page.locator("#live-region p")
    expect(spoken).to_have_text(["One sentence."])
    upstream.release()
    expect(spoken).to_have_text(["One sentence.", "And a half that ends."])
