"""PostgreSQL away for a while in the middle of answers, with pages open on two processes.

`python -m tests.soak.outage 30` prints what each answer came to, how soon after the database was
back, and every line that the processes logged.
"""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGQUIT

from tests.failure_injection.database import own_database
from tests.fake_llm import UpstreamThread
from tests.soak.losses import elsewhere
from tests.support.frames import html_of
from tests.support.people import Socket, last_status, signed_up
from tests.support.site import Site, prepared_database

DELAY = 0.02


@dataclass
class Report:
    """`late` are seconds from the database's return until a page shows the whole answer."""

    late: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def ended(page: Socket, words: int, seconds: float) -> tuple[float, str]:
    """When this page shows its whole answer, and what is wrong with it, "" for nothing."""
    content = ""
    while last_status(content) != "complete":
        frame = page.frame(seconds)
        page.say(ack=frame["seq"])
        content = html_of(frame)
    missing = [number for number in range(1, words + 1) if f"word{number}" not in content]
    return time.monotonic(), f"{len(missing)} words are missing" if missing else ""


def run(seconds: float) -> Report:
    report = Report()
    # Some end while the database is away, and the last one after it.
    words = [int((seconds * share + 2) / DELAY) for share in (0.3, 0.6, 1.2)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-outage-")))
        database = stack.enter_context(own_database(folder))
        upstream = stack.enter_context(UpstreamThread(delay=DELAY))
        values = prepared_database(database.url("chat"), folder / "site")
        values |= {"INFERENCE_BASE_URL": upstream.base_url}
        one, two = (stack.enter_context(Site(values)) for _ in range(2))
        here = signed_up(one.url, "outage@example.org")
        there = elsewhere(here, two)
        keys = [here.start(f"words={count}") for count in words]
        pages = [stack.enter_context(who.socket(key)) for key in keys for who in (here, there)]
        for page in pages:
            page.until_text("word1")
        counts = [count for count in words for _ in range(2)]
        pool = stack.enter_context(ThreadPoolExecutor(len(pages)))
        found = [
            pool.submit(ended, page, count, 2 * seconds + 30)
            for page, count in zip(pages, counts, strict=True)
        ]
        database.take_away(SIGQUIT)
        time.sleep(seconds)
        database.bring_back()
        back = time.monotonic()
        for at, wrong in (future.result() for future in found):
            report.late.append(at - back)
            report.wrong += [wrong] if wrong else []
        for name, site in (("one", one), ("two", two)):
            report.lines += [f"{name}: {line}" for line in site.log().splitlines()]
    return report


if __name__ == "__main__":
    made = run(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
    print(*made.lines, sep="\n")
    print("complete after the return:", *(f"{late:.1f} s" for late in made.late))
    print("wrong:", made.wrong)
    sys.exit(bool(made.wrong))
