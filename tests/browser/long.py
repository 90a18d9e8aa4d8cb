"""Frames a second on 20,000 tokens: `python -m tests.browser.long` prints a line for each case.

A conversation of 40 messages that is scrolled and then answered, and one answer of 20,000 tokens
that goes on being written while it is read. A token counts as four characters.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from launcher.postgres import Cluster
from tests.browser.frames import Watch
from tests.fake_llm import Delay, Gate, UpstreamThread, answer
from tests.fake_llm.script import Step
from tests.support.long_conversation import insert_long_conversation
from tests.support.person import Person
from tests.support.site import Site, prepared_database

WORDS = "A sentence with **some** words and `code` in it, and [a link](https://example.com/x) too. "
PART = (
    f"## Part\n\n{WORDS * 4}\n\n- one item with words\n- another with **bold**\n\n"
    "```python\nfor i in range(3):\n    print(i)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
)
OVER = """() => new Promise((done) => {
  const over = () => [...document.querySelectorAll("article")].at(-1).dataset.status === "complete";
  const look = () => over() ? requestAnimationFrame(() => requestAnimationFrame(done))
    : document.addEventListener("chat:frame", () => setTimeout(look), { once: true });
  look();
})"""


def tokens(count: int) -> str:
    return PART * max(1, count * 4 // len(PART))


def streamed(page: Page, upstream: UpstreamThread, case: str) -> None:
    with Watch(page) as watch:
        upstream.release()
        page.evaluate(OVER)
    print(f"{case}: {watch.figures}", flush=True)


def at_speed(text: str) -> list[Step | str]:
    """As a model writes: four characters each 12 ms."""
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    return [step for piece in pieces for step in (piece, Delay(0.012))]


def conversation(person: Person, site: Site, upstream: UpstreamThread) -> None:
    text = f'"A question" if number % 2 else {tokens(1_000)!r}'
    key = insert_long_conversation(site, person.email, 40, text)
    person.page.goto(f"{site.url}/c/{key}/")
    person.page.mouse.move(700, 400)
    with Watch(person.page) as watch:
        for step in [-400] * 40 + [400] * 40:
            person.page.mouse.wheel(0, step)
            person.page.wait_for_timeout(30)
    print(f"40 messages, scrolled: {watch.figures}", flush=True)
    upstream.script(answer("Go ", Gate(), *at_speed(tokens(700))))
    person.ask("More")
    person.sees("Go")
    streamed(person.page, upstream, "40 messages, an answer streams below")


def one_answer(person: Person, site: Site, upstream: UpstreamThread) -> None:
    person.page.goto(f"{site.url}/")
    upstream.script(answer(tokens(19_000), Gate(), *at_speed(tokens(700))))
    person.ask("Long")
    person.sees("Part")
    person.page.wait_for_timeout(3_000)
    streamed(person.page, upstream, "one answer of 20,000 tokens streams")


CASES: tuple[Callable[[Person, Site, UpstreamThread], None], ...] = (conversation, one_answer)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="chat-long-") as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder) / "postgres", fast=True) as cluster, UpstreamThread() as upstream:
            values = prepared_database(cluster.url("chat_site"), Path(folder) / "site")
            values |= {"INFERENCE_BASE_URL": upstream.base_url}
            with Site(values) as site, sync_playwright() as playwright:
                chromium = os.environ.get("CHROMIUM_PATH") or "/usr/bin/chromium"
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                person = Person(page, site.url, "long@example.org")
                person.sign_up()
                for case in CASES:
                    case(person, site, upstream)
                browser.close()


if __name__ == "__main__":
    main()
