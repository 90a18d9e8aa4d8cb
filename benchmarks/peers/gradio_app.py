"""Gradio's ChatInterface with an OpenAI-compatible server, without a concurrency limit."""

# mypy: ignore-errors
# Its packages are in an environment of its own, not in this repository's.

import os
from collections.abc import AsyncIterator

import gradio as gr
from openai import AsyncOpenAI

client = AsyncOpenAI(base_url=os.environ["UPSTREAM"], api_key="no-key")


async def answer(message: str, history: list[dict[str, str]]) -> AsyncIterator[str]:
    text = ""
    messages = [{"role": "user", "content": message}]
    stream = await client.chat.completions.create(model="bench", messages=messages, stream=True)
    async for chunk in stream:
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
            yield text


demo = gr.ChatInterface(answer, concurrency_limit=None)
demo.launch(
    server_name="127.0.0.1", server_port=int(os.environ["PORT"]), quiet=True, show_error=True
)
