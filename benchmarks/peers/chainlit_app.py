"""Chainlit as in its documentation: streams the tokens of an OpenAI-compatible server."""

# mypy: ignore-errors
# Its packages are in an environment of its own, not in this repository's.

import os

import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI(base_url=os.environ["UPSTREAM"], api_key="no-key")


@cl.on_message
async def answer(question: cl.Message) -> None:
    messages = [{"role": "user", "content": question.content}]
    stream = await client.chat.completions.create(model="bench", messages=messages, stream=True)
    message = cl.Message(content="")
    async for chunk in stream:
        if chunk.choices and (token := chunk.choices[0].delta.content):
            await message.stream_token(token)
    await message.update()
