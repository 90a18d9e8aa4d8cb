"""The Hub's answers about models, as far as huggingface_hub asks before it generates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The models of a new site, so that it finds all that it has and offers nothing by itself.
MODELS = (
    "mistralai/Mistral-7B-Instruct-v0.3",
    "meta-llama/Meta-Llama-3-70B-Instruct",
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "bigscience/bloom",
    "openai-community/gpt2",
)
_COMPLETION = ("gpt2", "bloom")


def model_info(repo_id: str, known: Mapping[str, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """`/api/models/<id>`: what a test said of it, else every model is served by two providers.

    An entry of `known` replaces keys; an entry with "status" is an error of the Hub.
    """
    entry = known.get(repo_id, {})
    if "status" in entry:
        return entry["status"], {"error": "Repository not found"}
    completes = any(name in repo_id.lower() for name in _COMPLETION)
    task = "text-generation" if completes else "conversational"
    served = {"providerId": repo_id, "status": "live", "task": task}
    info = {
        "id": repo_id,
        "modelId": repo_id,
        "tags": [],
        "pipeline_tag": "text-generation",
        "inferenceProviderMapping": {
            "hf-inference": served,
            "together": served | {"providerId": f"together/{repo_id}"},
        },
    }
    return 200, info | entry


def models(known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """`/v1/models`; an entry of `known` adds keys, such as the context window."""
    named = known or {name: {} for name in MODELS}
    data = [{"id": name, "object": "model"} | keys for name, keys in named.items()]
    return {"object": "list", "data": data}
