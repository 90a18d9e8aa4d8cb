"""What a page shows of the answer that is being written, and the patches that add the rest."""

from typing import NamedTuple
from uuid import UUID

from chat.rendering.components.localize_html import localize_html
from chat.rendering.components.message_view import live_thinking_label
from chat.rendering.components.patches import (
    Patch,
    answer_notice_patch,
    answer_patches,
    body_patch,
    thinking_label_patch,
    thoughts_patch,
)
from chat.rendering.markdown import Position, changes
from chat.streaming.live_answer import LiveAnswer


class AnswerState(NamedTuple):
    """What a page shows of a live answer; `message_id` is None before the first one.

    `position` is None if it is not known how much text the page shows. `notice` is the sentence in
    place of the text, or None if it is not known. `thoughts` counts the characters of the thoughts
    that the page shows under `thinking_label`, None if that is not known. `retractions` is that of
    the answer.
    """

    message_id: UUID | None = None
    position: Position | None = None
    notice: str | None = None
    thoughts: int | None = None
    thinking_label: str = ""
    retractions: int = 0


def diff_answer(state: AnswerState, answer: LiveAnswer) -> tuple[list[Patch], AnswerState]:
    """Return the patches that bring a page from `state` to `answer`, and its state then."""
    if state.message_id != answer.message_id:
        state = AnswerState(answer.message_id)
    if state.retractions != answer.retractions:
        state = state._replace(position=None, retractions=answer.retractions)
    patches, state = diff_thinking(state, answer)
    key, stream = answer.key, answer.stream
    if state.position is not None:
        patches += answer_patches(key, changes(state.position, stream, localize_html))
        if answer.notice != state.notice:
            patches.append(answer_notice_patch(key, answer.notice))
    elif answer.text or patches or has_other_notice(state, answer):
        stream.render()
        patches += [
            body_patch(key, localize_html(stream.html)),
            answer_notice_patch(key, answer.notice),
        ]
    else:
        # A frame without any text would only delay the first word.
        return [], state
    position = Position(len(stream.blocks), localize_html(stream.tail))
    return patches, state._replace(position=position, notice=answer.notice)


def diff_thinking(state: AnswerState, answer: LiveAnswer) -> tuple[list[Patch], AnswerState]:
    """Return the patches for the thoughts and their label, and the state then."""
    thoughts, known = answer.thoughts, state.thoughts
    if not thoughts:
        return [], state
    patches = []
    label = live_thinking_label(answer.thinking)
    if known is None or label != state.thinking_label:
        patches.append(thinking_label_patch(answer.key, label))
    if known != len(thoughts):
        new_thoughts = thoughts[known or 0 :]
        patches.append(thoughts_patch(answer.key, new_thoughts, is_all=known is None))
    return patches, state._replace(thoughts=len(thoughts), thinking_label=label)


def has_other_notice(state: AnswerState, answer: LiveAnswer) -> bool:
    """Return whether the page shows, or may show, another notice."""
    return answer.had_notice if state.notice is None else answer.notice != state.notice
