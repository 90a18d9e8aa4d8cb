"""`python -m tests.unit.llm.asked provider kind`: the error code of one question.

huggingface_hub reads its settings when it is imported, so each of them needs a process of its own.
"""

import asyncio
import sys

from tests.fake_llm import Upstream
from tests.unit.llm.tools import ask, chat_request, completion_request, hf


async def main(provider: str, kind: str) -> None:
    request = completion_request() if kind == "completion" else chat_request()
    async with Upstream() as server:
        outcome = await ask(hf(server, provider), request)
        asked = len(server.requests)
    print(outcome.code or "answered", asked)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
