"""How servers refuse a part of a request, in the words of each, and how they say a window."""

from __future__ import annotations

import json
from typing import Any

from tests.fake_llm.faults import status
from tests.fake_llm.script import Script


def body(code: int, value: Any) -> Script:
    return status(code, json.dumps(value).encode())


def openai(code: int, message: str, param: str | None = None) -> Script:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
    return body(code, {"error": error})


def extra(name: str) -> Script:
    """Pydantic, which repeats the whole request."""
    request = {"max_tokens": 64, "temperature": 0.7, "top_p": 0.9, "stop": ["x"], "seed": 1}
    detail = {"type": "extra_forbidden", "loc": ["body", name], "msg": "extra", "input": request}
    return body(422, {"detail": [detail]})


# server -> the refusal, what it refuses
PARAMETERS: dict[str, tuple[Script, str]] = {
    "OpenAI, max_tokens": (
        openai(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
        ),
        "max_tokens",
    ),
    "Azure, max_tokens": (
        openai(400, "use max_completion_tokens in place of max_tokens"),
        "max_tokens",
    ),
    "OpenAI, temperature": (
        openai(
            400,
            "Unsupported value: 'temperature' does not support 0.7 with this model. Only the "
            "default (1) value is supported.",
            "temperature",
        ),
        "temperature",
    ),
    "Bedrock, one of two": (
        openai(400, "`temperature` and `top_p` cannot both be specified. Please use only one."),
        "top_p",
    ),
    "text, temperature first": (openai(400, "temperature is deprecated here"), "temperature"),
    "plain text": (status(400, b"Unknown field: top_p"), "top_p"),
    "pydantic, top_p": (extra("top_p"), "top_p"),
    "pydantic, seed": (extra("seed"), "seed"),
    "pydantic, stop": (extra("stop"), "stop"),
    "pydantic, stream_options": (extra("stream_options"), "stream_options"),
    "Mistral, stream_options": (
        body(422, {"message": {"detail": []}, "detail": "stream_options: extra inputs"}),
        "stream_options",
    ),
    "nested name": (openai(400, "no", "body.frequency_penalty"), "frequency_penalty"),
    "Groq, quoted stop": (openai(400, "property 'stop' is unsupported"), "stop"),
    "repetition_penalty": (openai(400, "repetition_penalty is not allowed"), "repetition_penalty"),
}

SYSTEM: dict[str, Script] = {
    "Gemma, vLLM": openai(400, "System role not supported"),
    "Gemma, TGI": body(422, {"error": "Template error: System role not supported"}),
    "Gemma, llama.cpp": body(
        500, {"error": {"code": 500, "message": "jinja: System role not supported at row 1"}}
    ),
    "Mistral 7B v0.3": openai(400, "Only user and assistant roles are supported!"),
    "with tools": openai(400, "Only user, assistant and tool roles are supported, got system."),
    "alternate": openai(400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    "alternate, 500": body(
        500, {"detail": "After the optional system message, roles must alternate"}
    ),
    "Gemini": openai(400, "Developer instruction is not enabled for models/gemma-3-27b-it"),
    "messages": openai(400, "This model does not support system messages."),
    "unexpected": openai(422, 'Unexpected role "system" after role "user"', "messages"),
    "OpenAI, the role": openai(400, "Invalid value: 'system'.", "messages[0].role"),
    "pydantic, the role": body(
        422,
        {
            "detail": [
                {
                    "loc": ["body", "messages", 0, "role"],
                    "msg": "Input should be 'user' or 'assistant'",
                }
            ]
        },
    ),
    "plain text": status(500, b"ValueError: the system prompt isn't supported by this template"),
}

NOTHING: dict[str, Script] = {
    "a parameter that was not sent": openai(400, "logit_bias is unsupported", "logit_bias"),
    "stop as a word": openai(400, "Please stop. Plant a seed."),
    "a longer name": openai(400, "max_tokens_to_sample and my_top_p are unknown"),
    "another status": openai(403, "temperature is not allowed", "temperature"),
    "a server error": openai(500, "temperature", "temperature"),
    "a model": openai(400, "the temperature of this model is fine", "model"),
    "a missing field": body(
        422,
        {"detail": [{"type": "missing", "loc": ["body", "input"], "input": {"temperature": 1}}]},
    ),
}

WINDOWS: dict[str, tuple[str, int | None]] = {
    "OpenAI": (
        "This model's maximum context length is 8192 tokens. However, your messages resulted in "
        "10345 tokens. Please reduce the length of the messages.",
        8192,
    ),
    "OpenAI, new": ("Your input exceeds the context window of this model.", None),
    "vLLM": (
        "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's maximum context "
        "length is 4096 tokens and your request has 2500 input tokens (2048 > 4096 - 2500).",
        4096,
    ),
    "vLLM, prompt": (
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
        4096,
    ),
    "SGLang": (
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        4096,
    ),
    "llama.cpp": (
        "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
        4096,
    ),
    "llama.cpp, old": (
        "the request exceeds the available context size. try increasing the context size",
        None,
    ),
    "TGI": (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 "
        "`inputs` tokens and 512 `max_new_tokens`",
        4096,
    ),
    "TGI, inputs": ("`inputs` must have less than 4095 tokens. Given: 5000", None),
    "Ollama": ("prompt too long; exceeded max context length by 4 tokens", None),
    "Ollama, input": ("the input length exceeds the context length", None),
    "LM Studio": (
        "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
        "loaded with context length of only 4096 tokens, which is not enough.",
        4096,
    ),
    "LM Studio, middle": (
        "Reached context length of 4096 tokens with this model, but this model does not currently "
        "support mid-generation context overflow.",
        4096,
    ),
    "Mistral": (
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        32768,
    ),
    "Anthropic": ("prompt is too long: 200001 tokens > 200000 maximum", 200000),
    "Anthropic, both": (
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        200000,
    ),
    "Gemini": (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        1048576,
    ),
}
