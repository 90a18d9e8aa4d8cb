"""What is sent to the model: a pure function of the system prompt, the branch and the budget.

The same function tells the page which messages the model still sees.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from chat.errors import ChatError
from chat.llm.providers import ChatRequest, ChatTurn, Sampling
from chat.llm.tokens import Counter
from chat.text import has_visible

# Appended behind a cut answer when it is to be continued; it is never stored as a message.
CONTINUE_INSTRUCTION = (
    "Continue your last answer exactly where it ends. "
    "Do not repeat anything and do not add an introduction."
)
SPEAKERS = {"user": "User", "assistant": "Assistant"}
# Tokenizers join words over the seam between system prompt and question, or part them.
SEAM_TOKENS = 8
STOP_SEQUENCES = ("\nUser:", "\nAssistant:")


class TextTurn(Protocol):
    """One turn of the branch: role is user or assistant."""

    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Target:
    """The model that will read it; sizes in tokens."""

    repo_id: str
    kind: Literal["chat", "completion"]
    window: int
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class AssembledPrompt:
    """The request, its size, and how many of the newest turns of the branch are in it."""

    request: ChatRequest
    prompt_tokens: int
    exact: bool
    kept: int


def assemble(
    system: str,
    newest_first: Iterable[TextTurn],
    target: Target,
    counter: Counter,
    *,
    partial: str = "",
) -> AssembledPrompt:
    """Fill the window from its end: system prompt and newest question always, then older turns.

    `partial` is the text of an answer that is to be continued. The answer's room
    (`sampling.max_tokens`) is kept free. Raises ChatError `context_too_long` when system prompt,
    question and a partial answer alone do not fit.
    """
    budget = target.window - target.sampling.max_tokens
    kept = select_fitting(system, newest_first, budget, counter, partial)
    turns = merge_turns([ChatTurn(said.role, said.text) for said in reversed(kept)])
    if has_visible(partial):
        turns += continuation_turns(target, partial)
    build = build_completion if target.kind == "completion" else build_chat
    size = counter.chat(system, [(turn.role, turn.content) for turn in turns])
    return AssembledPrompt(build(system, turns, target), size, counter.exact, len(kept))


def room_for_question(system: str, budget: int, counter: Counter) -> int:
    """Tokens that a question may have beside the system prompt; less than 0 when even that is too
    long. A few are kept for what joins the two."""
    return budget - counter.start - counter.question(system, "") - SEAM_TOKENS


def select_fitting(
    system: str, newest_first: Iterable[TextTurn], budget: int, counter: Counter, partial: str
) -> list[TextTurn]:
    """The newest turns that fit, newest first."""
    used = counter.start
    if partial:
        used += counter.turn("assistant", partial) + counter.turn("user", CONTINUE_INSTRUCTION)
    kept: list[TextTurn] = []
    for said in newest_first:
        if not has_visible(said.text):
            cost = 0
        elif not kept:
            cost = counter.question(system, said.text)
        else:
            cost = counter.turn(said.role, said.text)
        if used + cost > budget:
            if not kept:
                raise ChatError("context_too_long")
            break
        used += cost
        kept.append(said)
    return kept


def merge_turns(turns: Sequence[ChatTurn]) -> list[ChatTurn]:
    """Question, answer, question ...: what chat templates demand.

    Empty answers leave no hole: the questions around one become a single turn. A branch that was
    cut by the window may begin with an answer, which then goes.
    """
    found: list[ChatTurn] = []
    for turn in turns:
        if not has_visible(turn.content):
            continue
        if found and found[-1].role == turn.role:
            found[-1] = replace(found[-1], content=f"{found[-1].content}\n\n{turn.content}")
        elif found or turn.role == "user":
            found.append(turn)
    return found


def continuation_turns(target: Target, partial: str) -> list[ChatTurn]:
    """The cut answer and the request to go on; a completion model just goes on."""
    cut = ChatTurn("assistant", partial)
    return [cut] if target.kind == "completion" else [cut, ChatTurn("user", CONTINUE_INSTRUCTION)]


def build_chat(system: str, turns: list[ChatTurn], target: Target) -> ChatRequest:
    first = [ChatTurn("system", system)] if has_visible(system) else []
    return ChatRequest(
        repo_id=target.repo_id,
        kind="chat",
        messages=(*first, *turns),
        sampling=target.sampling,
    )


def build_completion(system: str, turns: list[ChatTurn], target: Target) -> ChatRequest:
    """A transcript that the model goes on with; it ends where the answer begins."""
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
