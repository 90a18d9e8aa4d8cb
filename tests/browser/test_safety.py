"""Hostile text of a model, streamed into the real page, stays text; no page breaks its policy."""

import pytest
from playwright.sync_api import Dialog, Request, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(2)">',
    "<svg><animate onbegin=alert(3) attributeName=x dur=1s>",
    '<hx-partial hx-target="#composer" hx-swap="outerHTML">gone</hx-partial>',
    '<div hx-get="/rows/" hx-trigger="load" hx-target="body">swap</div>',
    "[click](javascript:alert(4))",
    "![picture](https://evil.example/pixel.gif)",
    '<form action="https://evil.example/"><input name="password"></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "<style>body { display: none }</style>",
    '<iframe srcdoc="<script>alert(5)</script>"></iframe>',
    '<a href="https://evil.example/" class="skip-link" style="position:fixed;inset:0">x</a>',
    "$\\href{javascript:alert(6)}{x}$ and $\\text{<img src=x onerror=alert(7)>}$",
    "```html\n<script>alert(8)</script>\n```",
    "</div></article></main><h1>outside</h1>",
]


def test_hostile_text_stays_text(person: Person, upstream: UpstreamThread) -> None:
    strange: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(person.site):
            strange.append(request.url)

    def spoke(dialog: Dialog) -> None:
        strange.append(dialog.message)
        dialog.dismiss()

    person.page.on("request", asked)
    person.page.on("dialog", spoke)
    text = "\n\n".join(HOSTILE) + "\n\nThe end of it."
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    upstream.script(answer(*pieces))
    person.ask("Attack\n" + "\n".join(HOSTILE))
    person.sees("The end of it.")
    person.sees_status("complete")
    for _ in range(2):
        body = person.body(person.answer)
        assert (
            body.locator("script, img, svg:not(.icon), form, meta, style, iframe, [hx-get]").count()
            == 0
        )
        assert person.page.locator("h1", has_text="outside").count() == 0
        expect(person.box).to_be_visible()
        expect(body).to_contain_text("<script>alert(1)</script>")
        person.page.reload()
        person.sees_status("complete")
    assert strange == []
    assert person.complaints == []


def test_no_page_breaks_its_policy(person: Person, site: Site) -> None:
    """`new_person` fails a test whose pages put an error into the console."""
    site.manage("shell", "-c", ADMIN.format(email=person.email))
    paths = ("/", "/accounts/email/", "/accounts/password/change/", "/nothing/", "/admin/")
    admin = ("systemprompt", "chatmodel", "suggestion")
    for path in (*paths, *(f"/admin/chat/{name}/" for name in admin)):
        response = person.page.goto(f"{site.url}{path}")
        assert response is not None
        assert "script-src 'self'" in response.headers["content-security-policy"]
        person.page.wait_for_load_state("networkidle")
    person.page.get_by_role("link", name="Add suggested question").first.click()
    person.page.get_by_label("Question").fill("What is a monad?")
    person.page.get_by_role("button", name="Save", exact=True).click()
    person.page.goto(site.url)
    expect(person.page.get_by_role("button", name="What is a monad?")).to_be_visible()
    site.manage("shell", "-c", CLEAN)


ADMIN = """
from accounts.models import User
User.objects.filter(email={email!r}).update(is_staff=True, is_superuser=True)
"""
CLEAN = """
from chat.models import Suggestion
Suggestion.objects.filter(text="What is a monad?").delete()
"""
