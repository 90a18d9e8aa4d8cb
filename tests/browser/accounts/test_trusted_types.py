"""The Trusted Types policy in a real browser, under the policy header that pages carry."""

from collections.abc import AsyncIterator
from unittest.mock import ANY

import pytest
from playwright.async_api import Browser, Page

from tests.support.static_site import static_site

pytestmark = pytest.mark.browser

WATCH = """() => {
  window.violations = [];
  addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
}"""
SWAP = """(text) => htmx.swap(
  {sourceElement: document.body, target: "#target", swap: "innerHTML swapEmpty:false", text}
).then(() => document.getElementById("target").innerHTML)"""
WRITE = """(html) => {
  const at = document.createElement("div");
  at.innerHTML = html;
  return at.innerHTML;
}"""
AFTERWARDS = """() => ({
  ran: window.ran ?? null,
  frames: document.querySelectorAll("iframe, object, embed").length,
  violations,
})"""
UNTOUCHED: dict[str, object] = {"ran": None, "frames": 0, "violations": []}

HOSTILE = [
    "<script>ran = 1</script>",
    "<ScRiPt src=/x.js></ScRiPt>",
    "<svg><script href=/x.js></script></svg>",
    "<img src=/x onerror=ran=1>",
    "<img/onerror=ran=1 src=/x>",
    '<img src="/x"onerror="ran=1">',
    "<img src='/x'\fonerror\n=ran=1>",
    "<p ONCLICK = ran=1>x</p>",
    "<body onload=ran=1>",
    "<div hx-on:click='ran=1'>x</div>",
    "<div data-hx-on::load='ran=1'>x</div>",
    "<iframe src=/></iframe>",
    "<iframe srcdoc='&lt;script>ran=1&lt;/script>'></iframe>",
    "<object data=/></object>",
    "<embed src=/>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=/'>",
    "<link rel=stylesheet href=/x.css>",
    "<style>*{display:none}</style>",
    "<a href=javascript:ran=1>x</a>",
    "<a href='java\tscript:ran=1'>x</a>",
    "<a href=' &#106;avascript&colon;ran=1'>x</a>",
    "<a href='\x01javascript:ran=1'>x</a>",
    "<a href = \n data:text/html,x>x</a>",
    "<a href=vbscript:x>x</a>",
    "<svg><a xlink:href=javascript:ran=1><text>x</text></a></svg>",
    "<svg><a><animate attributeName=href values=javascript:ran=1 /></a></svg>",
    "<svg><a><set attributeName=href to=javascript:ran=1 /></a></svg>",
    "<math href=javascript:ran=1>x</math>",
    "<form action=javascript:ran=1><button>x</button></form>",
    "<button formaction=javascript:ran=1>x</button>",
    '<noscript><p title="</noscript><img src=x onerror=ran=1>">',
    "<template><img src=x onerror=ran=1></template>",
    "<div><template shadowrootmode=open><script>ran=1</script></template></div>",
    "<hx-partial hx-target='#other'><img src=x onerror=ran=1></hx-partial>",
    "<table><td><svg><desc><script>ran=1</script></desc></svg></table>",
    "<!--><img src=x onerror=ran=1>-->",
]
HARMLESS = [
    "<p>An answer with a <a href='https://example.org/?a=b'>link</a>.</p>",
    "<a href='/c/7/'>x</a><a href='#fn-1'>1</a><a href='?page=2'>2</a><a href='mailto:a@b.c'>m</a>",
    "<pre><code>&lt;script&gt;alert(1)&lt;/script&gt; &lt;img onerror=x&gt;</code></pre>",
    "<pre><code>element.onclick = once; href = javascript:void(0); src=data:</code></pre>",
    "<p>He said \"on = off\" and 'ontology='.</p>",
    "<math><mi>x</mi><mo>=</mo><mn>1</mn></math>",
    "<svg class='icon'><use href='/icons.svg#plus'></use></svg>",
    "<form method='post' action='/c/'><input name='text'><button>Send</button></form>",
    "<div data-from='a' data-src='b' hx-post='/m/1/'>x</div>",
    "<a href='relative/page'>x</a>",
]


@pytest.fixture
def said() -> list[str]:
    """What the console heard."""
    return []


@pytest.fixture
async def page(chromium: Browser, said: list[str]) -> AsyncIterator[Page]:
    with static_site() as url:
        page = await chromium.new_page(base_url=url)
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.add_init_script(f"({WATCH})()")
        await page.goto("/")
        yield page
        await page.close()


async def test_htmx_works_without_a_violation(page: Page, said: list[str]) -> None:
    await page.get_by_role("button", name="Load").click()
    await page.locator("#loaded").wait_for()
    assert await page.locator("#other").inner_html() == "<b>beside</b>"
    assert await page.evaluate(AFTERWARDS) == UNTOUCHED
    assert said == []


async def test_icons_come_from_the_sprite(page: Page) -> None:
    drawn = "() => document.querySelector('#icon use').getBBox().width > 0"
    await page.wait_for_function(drawn)
    assert await page.evaluate(AFTERWARDS) == UNTOUCHED


async def test_refuses_what_could_run_a_script_or_load_a_frame(page: Page) -> None:
    for html in HOSTILE:
        assert await page.evaluate(SWAP, html) == "as it was", html
        assert await page.evaluate(WRITE, html) == "<template></template>", html
    # The parse that looks at a handler reports it as a violation, which is what it is.
    assert await page.evaluate(AFTERWARDS) == UNTOUCHED | {"violations": ANY}


async def test_lets_pass_what_an_answer_is_made_of(page: Page, said: list[str]) -> None:
    for html in HARMLESS:
        shown = await page.evaluate(SWAP, html)
        assert shown.replace(' data-htmx-powered="true"', "") == await page.evaluate(WRITE, html)
        assert "template" not in shown, html
    assert await page.evaluate(AFTERWARDS) == UNTOUCHED
    assert said == []


async def test_makes_no_script_from_text(page: Page) -> None:
    await page.goto("/attempts")
    await page.wait_for_function("() => window.outcomes")
    outcomes = await page.evaluate("() => outcomes")
    assert set(outcomes.values()) <= {"TypeError", "EvalError"}, outcomes


async def test_says_a_refusal_once(page: Page, said: list[str]) -> None:
    for html in ("<base href=/>", "<style>*{}</style>", "<iframe></iframe>"):
        await page.evaluate(SWAP, html)
    assert said == ["Refused markup that could run a script or load a frame."]
