"""Assemble the request for a model from the system prompt, the branch and the context window.

Pure functions: the page uses them too, to show which messages still fit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from chat.errors import ChatError
from chat.llm.providers import ChatRequest, ChatTurn, Sampling
from chat.llm.tokens import Counter
from chat.text import has_visible

# Sent after an answer that is to be continued; never stored as a message.
CONTINUE_INSTRUCTION = (
    "Continue your last answer exactly where it ends. "
    "Do not repeat anything and do not add an introduction."
)
# Stands between the system prompt and the person's custom instructions.
INSTRUCTIONS_HEADING = "The user has given these instructions for your answers:"
SPEAKERS = {"user": "User", "assistant": "Assistant"}
# Tokenizers may merge or split tokens where the system prompt and the question meet.
SEAM_TOKENS = 8
STOP_SEQUENCES = ("\nUser:", "\nAssistant:")


class TextTurn(Protocol):
    """One turn of the branch; its role is "user" or "assistant"."""

    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Target:
    """The model that receives the request; `window` is its context window in tokens."""

    repo_id: str
    kind: Literal["chat", "completion"]
    window: int
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class AssembledPrompt:
    """A request and its size in tokens.

    `exact` tells a count from an estimate. `kept` is the number of turns of the branch, from the
    newest one back, that fit into the window.
    """

    request: ChatRequest
    prompt_tokens: int
    exact: bool
    kept: int


def system_text(prompt: str, instructions: str) -> str:
    """Return the system message: the prompt, then the person's custom instructions, if any."""
    if not has_visible(instructions):
        return prompt
    own = f"{INSTRUCTIONS_HEADING}\n{instructions}"
    return f"{prompt.rstrip()}\n\n{own}" if has_visible(prompt) else own


def assemble(
    system: str,
    newest_first: Iterable[TextTurn],
    target: Target,
    counter: Counter,
    *,
    partial: str = "",
) -> AssembledPrompt:
    """Fill the window: always the system prompt and the newest question, then older turns.

    `partial` is the text of an answer that is to be continued. `sampling.max_tokens` stay free for
    the answer. Raises ChatError `context_too_long` if the system prompt, the newest question and
    the partial answer do not fit.
    """
    budget = target.window - target.sampling.max_tokens
    fitting = select_fitting(system, newest_first, budget, counter, partial)
    turns = merge_turns([ChatTurn(turn.role, turn.text) for turn in reversed(fitting)])
    if has_visible(partial):
        turns += continuation_turns(target, partial)
    build = build_completion if target.kind == "completion" else build_chat
    request = replace(build(system, turns, target), is_continuation=has_visible(partial))
    size = counter.chat(system, [(turn.role, turn.content) for turn in turns])
    return AssembledPrompt(request, size, counter.exact, len(fitting))


def room_for_question(system: str, budget: int, counter: Counter) -> int:
    """Return the tokens left for a question; negative if the system prompt alone is too long."""
    return budget - counter.start - counter.question(system, "") - SEAM_TOKENS


def select_fitting(
    system: str, newest_first: Iterable[TextTurn], budget: int, counter: Counter, partial: str
) -> list[TextTurn]:
    """Return the newest turns that fit into `budget` tokens, newest first.

    Raises ChatError `context_too_long` if not even the newest one fits.
    """
    used = counter.start
    if partial:
        # The instruction is then the last user turn, the one that the system prompt is joined to.
        used += counter.turn("assistant", partial)
        used += counter.question(system, CONTINUE_INSTRUCTION)
    fitting: list[TextTurn] = []
    for turn in newest_first:
        if not has_visible(turn.text):
            cost = 0
        elif not fitting and not partial:
            cost = counter.question(system, turn.text)
        else:
            cost = counter.turn(turn.role, turn.text)
        if used + cost > budget:
            if not fitting:
                raise ChatError("context_too_long")
            break
        used += cost
        fitting.append(turn)
    return fitting


def merge_turns(turns: Sequence[ChatTurn]) -> list[ChatTurn]:
    """Make the roles alternate, starting with a question, as chat templates require.

    Empty turns are dropped, and neighbouring turns of the same role are joined. Answers before the
    first question, left over when the window cuts the branch, are dropped.
    """
    merged: list[ChatTurn] = []
    for turn in turns:
        if not has_visible(turn.content):
            continue
        if merged and merged[-1].role == turn.role:
            content = f"{merged[-1].content}\n\n{turn.content}"
            merged[-1] = replace(merged[-1], content=content)
        elif merged or turn.role == "user":
            merged.append(turn)
    return merged


def continuation_turns(target: Target, partial: str) -> list[ChatTurn]:
    """Return the partial answer and, for a chat model, the instruction to continue it."""
    cut = ChatTurn("assistant", partial)
    return [cut] if target.kind == "completion" else [cut, ChatTurn("user", CONTINUE_INSTRUCTION)]


def build_chat(system: str, turns: list[ChatTurn], target: Target) -> ChatRequest:
    """Build a request for a chat model."""
    first = [ChatTurn("system", system)] if has_visible(system) else []
    return ChatRequest(
        repo_id=target.repo_id,
        kind="chat",
        messages=(*first, *turns),
        sampling=target.sampling,
    )


def build_completion(system: str, turns: list[ChatTurn], target: Target) -> ChatRequest:
    """Build a transcript for a completion model; it ends where the answer is to begin."""
    lines = [system.rstrip(), ""] if has_visible(system) else []
    lines += [f"{SPEAKERS[turn.role]}: {turn.content}" for turn in turns]
    if not turns or turns[-1].role == "user":
        lines.append("Assistant:")
    return ChatRequest(
        repo_id=target.repo_id,
        kind="completion",
        prompt="\n".join(lines),
        sampling=replace(target.sampling, stop=STOP_SEQUENCES),
    )
