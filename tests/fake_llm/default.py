"""The answer to a question that no script waits for: a pure function of the request."""

from __future__ import annotations

import re
from typing import Any

from tests.fake_llm.script import Delay, Delta, Done, Finish, Script, Step, Usage

_MARKDOWN = """

Here is more, in **Markdown**:

- a list
- with `code`

```python
print("hello")
```

That is all."""


def default_script(body: Any, delay: float) -> Script:
    """`delay` is in seconds between words."""
    words = re.findall(r"\s*\S+\s*$|\s*\S+", default_text(body))
    steps: list[Step] = []
    for word in words:
        steps.append(Delta(word))
        if delay:
            steps.append(Delay(delay))
    counts = Usage(prompt=len(str(body.get("messages", ""))) // 4, answer=len(words))
    return Script((*steps, Finish(), counts, Done()))


def default_text(body: Any) -> str:
    """`words=N` gives N words, `system?` the first line of the system prompt, all else an echo."""
    question = question_of(body)
    if wanted := re.search(r"words=(\d+)", question):
        return " ".join(f"word{n}" for n in range(1, int(wanted[1]) + 1))
    if "system?" in question:
        return f"My system prompt begins: {system_of(body).splitlines()[0]}"
    return f"You said: {question.strip()}.{_MARKDOWN}"


def question_of(body: Any) -> str:
    """The last user text, or the prompt of a completion."""
    if not isinstance(body, dict):
        return ""
    turns = _turns(body, "user")
    return turns[-1] if turns else str(body.get("inputs", body.get("prompt", "")))


def system_of(body: Any) -> str:
    return next(iter(_turns(body, "system")), "") or "(none)"


def _turns(body: Any, role: str) -> list[str]:
    messages = body.get("messages")
    if not isinstance(messages, list):
        return []
    return [str(turn.get("content", "")) for turn in messages if turn.get("role") == role]
