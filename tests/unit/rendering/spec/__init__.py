"""The examples of the CommonMark and GFM specifications; licence and source: README.md."""

import json
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Example(NamedTuple):
    number: int
    section: str
    text: str
    html: str


def examples(name: str) -> list[Example]:
    """All examples of a file, in their order."""
    return [Example(*row) for row in json.loads((HERE / f"{name}.json").read_text("utf-8"))]


COMMONMARK = examples("commonmark-0.31.2")
GFM = examples("gfm-0.29-extensions")
