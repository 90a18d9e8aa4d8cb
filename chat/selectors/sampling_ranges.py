"""The ranges of sampling values that a person may choose from."""

from dataclasses import dataclass
from typing import TypeVar

from chat.models import ChatModel

TEMPERATURE_RANGE = (0.0, 2.0)
TOP_P_RANGE = (0.01, 1.0)
MIN_OUTPUT_TOKENS = 16
# The upper limit if no model is chosen; the default model's own limit applies to each answer.
MAX_OUTPUT_TOKENS = 1_000_000

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class SamplingRanges:
    """The least and the greatest value of each; values outside are clamped."""

    temperature: tuple[float, float] = TEMPERATURE_RANGE
    top_p: tuple[float, float] = TOP_P_RANGE
    max_tokens: tuple[int, int] = (MIN_OUTPUT_TOKENS, MAX_OUTPUT_TOKENS)


def ranges_of(model: ChatModel | None) -> SamplingRanges:
    """Return the ranges of a model, the widest ones without."""
    if model is None:
        return SamplingRanges()
    return SamplingRanges(
        narrowed(TEMPERATURE_RANGE, model.temperature_min, model.temperature_max),
        narrowed(TOP_P_RANGE, model.top_p_min, model.top_p_max),
        (MIN_OUTPUT_TOKENS, model.max_output),
    )


def narrowed(
    widest: tuple[float, float], least: float | None, most: float | None
) -> tuple[float, float]:
    """Return the range with the bounds that are given."""
    return widest[0] if least is None else least, widest[1] if most is None else most


def clamp(value: N | None, bounds: tuple[N, N]) -> N | None:
    """Return the value, or the nearest bound if it lies outside; None stays None."""
    return None if value is None else min(max(value, bounds[0]), bounds[1])
