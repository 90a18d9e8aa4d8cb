"""Takes the README's picture: `.venv/bin/python -m docs.images.take`.

The real app on a database of its own, the scripted model server, a headless Chromium.
"""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from launcher.browser import chromium
from launcher.postgres import Cluster
from tests.fake_llm import answer
from tests.fake_llm.script import Script
from tests.support.person import Person
from tests.support.site import ROOT, Site, prepared_database

PICTURE = Path(__file__).parent / "chat.png"
COLOURS = 96

EARLIER = (
    ("Three quick dinners with chickpeas", "Here are three."),
    ("Words for a farewell card", "Some short ones."),
)
QUESTION = "How does binary search work, and how many steps does it take?"
ANSWER = r"""
Binary search looks for a value in a **sorted** list. It compares the value with the middle
element and goes on with the half that can still hold it.

```python
def position(values, wanted):
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
```

Each step halves what is left, so $n$ elements take at most $\lceil \log_2 (n + 1) \rceil$ steps:

| elements | steps |
|---:|---:|
| 1,000 | 10 |
| 1,000,000 | 20 |

The list has to be sorted, and reading an element by its index has to be cheap.
"""


@contextmanager
def upstream(*scripts: Script) -> Iterator[str]:
    """The base address of a scripted server that holds these scripts."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fake_llm", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        line = process.stdout.readline() if process.stdout else b""
        base: str = json.loads(line)["base_url"]
        body = json.dumps({"scripts": [script.to_json() for script in scripts]}).encode()
        request = urllib.request.Request(  # noqa: S310 (our own, on loopback)
            f"{base.removesuffix('/v1')}/_script",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 (our own, on loopback)
        yield base
        process.terminate()


@contextmanager
def site(folder: Path, base_url: str) -> Iterator[Site]:
    with Cluster(folder / "postgres", fast=True) as cluster:
        values = prepared_database(cluster.url("chat"), folder)
        with Site(values | {"INFERENCE_BASE_URL": base_url}) as running:
            yield running


def talk(person: Person) -> None:
    for question, _ in EARLIER:
        person.page.goto(f"{person.site}/")
        person.ask(question)
        person.sees_status("complete")
    person.page.goto(f"{person.site}/")
    person.ask(QUESTION)
    person.sees_status("complete")
    expect(person.page.locator("[data-answering]")).to_have_count(0)


def take(address: str, path: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        person = Person(page, address, "ada@example.org")
        person.sign_up()
        talk(person)
        page.locator("[data-scroller]").evaluate("box => { box.scrollTop = 0 }")
        page.mouse.move(720, 450)
        page.screenshot(path=path)
        browser.close()


def main() -> None:
    scripts = [answer(text, match=question) for question, text in EARLIER]
    with (
        tempfile.TemporaryDirectory() as name,
        upstream(*scripts, answer(ANSWER.strip(), match=QUESTION)) as base,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        with site(folder, base) as running:
            take(running.url, folder / "whole.png")
        picture = Image.open(folder / "whole.png").convert("RGB")
        picture.quantize(COLOURS).save(PICTURE, optimize=True)
    sys.stdout.write(f"{PICTURE.name}: {PICTURE.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
