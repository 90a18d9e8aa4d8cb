"""The fold with model, system prompt and sampling."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import gettext as _

from chat.conversations import catalogue, choosing
from chat.conversations.choosing import LEAST_TOKENS, TEMPERATURE, TOP_P
from chat.fragments.partials import partial
from chat.generation.endpoint import unserved
from chat.models import ChatModel, Conversation, SystemPrompt


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Answering:
    """The model that answers next; its own values are shown where nothing is chosen."""

    label: str
    note: str
    temperature: float
    top_p: float
    max_output: int


@dataclass(frozen=True, slots=True)
class Offer(Option):
    """A model that may be chosen, with what is shown of the one that is."""

    model: Answering


def answering(conversation: Conversation | None, model: ChatModel) -> Answering:
    note = model_note(conversation, model)
    return Answering(model.label, note, model.temperature, model.top_p, model.max_output)


def options_context(conversation: Conversation | None) -> dict[str, Any]:
    """What `_options.html` shows; sampling is empty where the model's own value holds."""
    models = catalogue.enabled()
    model = catalogue.model_of(conversation, models)
    chosen = model.pk if model else None
    offered = [item for item in models if item == model or not unserved(item)]
    return {
        "model": answering(conversation, model) if model else None,
        "unserved": unserved(model),
        "models": tuple(offer(conversation, item, chosen) for item in offered),
        "prompts": tuple(prompt_options(conversation, choosing.prompts())),
        "temperature": TEMPERATURE,
        "top_p": TOP_P,
        "least_tokens": LEAST_TOKENS,
    }


def prompt_options(
    conversation: Conversation | None, prompts: Iterable[SystemPrompt]
) -> list[Option]:
    """The one in force is marked: the default one, if the chosen one is not offered any longer.
    A default that people may not choose has no name here."""
    offered = {prompt.pk: prompt for prompt in prompts}
    chosen = conversation.prompt_id if conversation else None
    if chosen not in offered:
        chosen = next((key for key, prompt in offered.items() if prompt.is_default), None)
    found = [option(key, _(prompt.name), chosen) for key, prompt in offered.items()]
    if found and chosen is None:
        found.insert(0, Option("", _("Default"), selected=True))
    return found


def model_note(conversation: Conversation | None, model: ChatModel) -> str:
    """Under the composer: what to know about the model, and that another one was chosen."""
    note = _(model.note) if model.note else ""
    chosen = conversation.model if conversation else None
    if chosen is None or chosen == model:
        return note
    instead = _("“%(chosen)s” is not offered any longer; %(model)s answers instead.") % {
        "chosen": chosen.label,
        "model": model.label,
    }
    return f"{instead} {note}".strip()


def option(key: UUID, label: str, selected: UUID | None) -> Option:
    return Option(str(key), label, key == selected)


def offer(conversation: Conversation | None, model: ChatModel, selected: UUID | None) -> Offer:
    shown = answering(conversation, model)
    return Offer(str(model.pk), model.label, model.pk == selected, shown)


def head_html(conversation: Conversation) -> str:
    """Heading, choices and what is said of the model, for a page that shows others."""
    context = options_context(conversation) | {"conversation": conversation}
    menu = render_to_string("chat/_options.html", context | {"options_form": "options"})
    model: Answering | None = context["model"]
    notice = render_to_string("chat/_unserved.html", context) if context["unserved"] else ""
    return "".join(
        (
            partial("#conversation-title", "textContent", escape(conversation.title)),
            partial("#options-menu", "outerMorph", menu),
            partial("#model-note", "textContent", escape(model.note if model else "")),
            partial("#unserved", "delete"),
            partial("#page-notice", "beforeend", notice) if notice else "",
        )
    )
