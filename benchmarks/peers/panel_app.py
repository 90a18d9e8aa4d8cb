"""Panel's ChatInterface as in its tutorial: the callback yields the growing message."""

# mypy: ignore-errors
# Its packages are in an environment of its own, not in this repository's.

import os
from collections.abc import AsyncIterator

import panel as pn
from huggingface_hub import AsyncInferenceClient

client = AsyncInferenceClient(base_url=os.environ["UPSTREAM"], api_key="no-key")


async def answer(contents: str, user: str, instance: pn.chat.ChatInterface) -> AsyncIterator[str]:
    text = ""
    messages = [{"role": "user", "content": contents}]
    async for chunk in await client.chat_completion(messages, stream=True, max_tokens=2048):
        text += chunk.choices[0].delta.content or ""
        yield text


pn.extension()
pn.chat.ChatInterface(callback=answer).servable()
