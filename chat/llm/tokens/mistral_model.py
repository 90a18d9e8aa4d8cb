"""Load Mistral's SentencePiece model at its first use, which takes 20 ms."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Protocol

from sentencepiece import SentencePieceProcessor

_MODEL = Path(__file__).with_name("mistral-v3.model")
_loading = Lock()


class Encoder(Protocol):
    """A tokenizer; several threads may use it at once, because encoding has no state."""

    def encode(self, text: str) -> list[int]: ...


def load_mistral_v3() -> Encoder:
    """Return the tokenizer, which is loaded once for the process."""
    with _loading:
        return _load()


@cache
def _load() -> Encoder:
    processor: Encoder = SentencePieceProcessor(model_file=str(_MODEL))
    return processor
