"""The texts of the model server: several kinds, endless, split into tokens.

A word `Q` stands for a mark. A text has a beginning and a part that repeats.
"""

import re
from dataclasses import dataclass

_QUESTION = re.compile(rb"Write (prose|code|table|markdown), (\d+) tokens at (\d+) a second")
PROSE = (
    "Q The answer goes on Q and says a little Q more each time, so Q that nobody has to Q wait "
    "for the end Q of it. What is new Q comes below what was Q there before, and what Q was "
    "there stays as it Q is.\n\n"
)
CODE_START = "```python\n"
CODE = (
    "def Q (value: int, more: str) -> int:\n    Q = value * 3 + len(more)\n"
    "    for Q in range(value):\n        total = compute(total, Q)  # goes on\n    return Q\n\n"
)
TABLE_START = "| Name | Value | Note |\n|---|---|---|\n"
TABLE = "| Q | some value | it Q says a little |\n| Q | another | and Q more of it |\n"
MARKDOWN = (
    "Q The **answer** goes on Q and says *a little* Q more, with `names` in Q it:\n\n"
    "- one thing Q that matters\n- another Q of the same\n\n```python\nvalue = Q + 1\n"
    "print(Q)\n```\n\n| Name | Value |\n|---|---|\n| Q | some |\n| other | Q |\n\n"
)
TEXTS = {
    "prose": ("", PROSE),
    "code": (CODE_START, CODE),
    "table": (TABLE_START, TABLE),
    "markdown": ("", MARKDOWN),
}


@dataclass(frozen=True)
class Plan:
    """The kind, the number of tokens and the tokens per second of an answer."""

    kind: str = "prose"
    tokens: int = 300
    rate: float = 50.0

    def question(self) -> str:
        return f"Write {self.kind}, {self.tokens} tokens at {self.rate:.0f} a second"

    def marks(self) -> int:
        """Return the number of marks in the answer."""
        start, again = (split_tokens(text) for text in TEXTS[self.kind])
        words = [*start, *again * (self.tokens // len(again) + 1)][: self.tokens]
        return sum("Q" in word for word in words)

    @classmethod
    def parse(cls, body: bytes, default: "Plan") -> "Plan":
        """Return the plan of the last question in a request, which also has earlier turns."""
        questions = _QUESTION.findall(body)
        if not questions:
            return default
        kind, tokens, rate = questions[-1]
        return cls(kind.decode(), int(tokens), float(rate))


def split_tokens(text: str) -> list[str]:
    """Split a text into words with the white space before each; trailing space is a token."""
    return re.findall(r"\s*\S+|\s+$", text)
