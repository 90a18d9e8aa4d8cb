"""The SentencePiece model, loaded once, when it is first asked for (20 ms)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Protocol

from sentencepiece import SentencePieceProcessor

_MODEL = Path(__file__).with_name("mistral-v3.model")
_loading = Lock()


class Encoder(Protocol):
    """Safe to call from several threads: encoding changes nothing."""

    def encode(self, text: str) -> list[int]: ...


def load_mistral_v3() -> Encoder:
    with _loading:
        return _load()


@cache
def _load() -> Encoder:
    processor: Encoder = SentencePieceProcessor(model_file=str(_MODEL))
    return processor
