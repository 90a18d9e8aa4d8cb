"""The fold with model, system prompt and sampling."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chat.llm.endpoints import unavailable_reason
from chat.models import ChatModel, Conversation, SystemPrompt
from chat.rendering.components.htmx import partial
from chat.rendering.components.template_cache import ANY_ID, render_cached, slot, slots
from chat.services import catalogue, preferences
from chat.services.preferences import MIN_OUTPUT_TOKENS, TEMPERATURE_RANGE, TOP_P_RANGE


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """The model that answers next; its own values are shown where nothing is chosen."""

    label: str
    note: str
    temperature: float
    top_p: float
    max_output: int


@dataclass(frozen=True, slots=True)
class ModelOption(Option):
    """A model that may be chosen, with what is shown of the one that is."""

    model: AnsweringModel


def answering_model(conversation: Conversation | None, model: ChatModel) -> AnsweringModel:
    note = model_note(conversation, model)
    return AnsweringModel(model.label, note, model.temperature, model.top_p, model.max_output)


def options_context(conversation: Conversation | None) -> dict[str, Any]:
    """What `_options.html` shows; sampling is empty where the model's own value holds."""
    models = catalogue.list_enabled()
    model = catalogue.model_for(conversation, models)
    chosen = model.pk if model else None
    offered = [item for item in models if item == model or not unavailable_reason(item)]
    return {
        "model": answering_model(conversation, model) if model else None,
        "unserved": unavailable_reason(model),
        "models": tuple(model_option(conversation, item, chosen) for item in offered),
        "prompts": tuple(prompt_options(conversation, preferences.list_prompts())),
        "temperature": TEMPERATURE_RANGE,
        "top_p": TOP_P_RANGE,
        "least_tokens": MIN_OUTPUT_TOKENS,
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
    found = [to_option(key, _(prompt.name), chosen) for key, prompt in offered.items()]
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


def to_option(key: UUID, label: str, selected: UUID | None) -> Option:
    return Option(str(key), label, key == selected)


def model_option(
    conversation: Conversation | None, model: ChatModel, selected: UUID | None
) -> ModelOption:
    shown = answering_model(conversation, model)
    return ModelOption(str(model.pk), model.label, model.pk == selected, shown)


def options_html(
    options: dict[str, Any], conversation: Conversation | None, token: str = ""
) -> SafeString:
    """The fold, as `options_context` describes it; nothing where no model answers."""
    model: AnsweringModel | None = options["model"]
    if model is None:
        return SafeString()
    sampling = sampling_of(conversation)
    values = {
        "label": escape(model.label),
        "models": "".join(option_html(item, is_new=not conversation) for item in options["models"]),
        "prompts": "".join(option_html(item) for item in options["prompts"]),
        **limits_of(options, model),
        **{name: plain(value) for name, value in sampling.items()},
    }
    context: dict[str, Hashable] = {
        **slots(values),
        "conversation_id": ANY_ID if conversation else None,
        "options_form": "options" if conversation else "composer",
        "has_prompts": bool(options["prompts"]),
        "is_open": any(value is not None for value in sampling.values()),
        "csrf_token": slot("csrf_token") if token else "",
    }
    values |= {"id": str(conversation.pk) if conversation else "", "csrf_token": token}
    return render_cached("chat/_options.html", context, values)


def sampling_of(conversation: Conversation | None) -> dict[str, float | None]:
    """What is chosen for it; None where the model's own value holds."""
    names = ("temperature", "top_p", "max_tokens")
    return {name: getattr(conversation, name, None) for name in names}


def limits_of(options: dict[str, Any], model: AnsweringModel) -> dict[str, str]:
    """What may be chosen, and what holds where nothing is."""
    numbers = {
        "temperature_least": options["temperature"][0],
        "temperature_most": options["temperature"][1],
        "top_p_least": options["top_p"][0],
        "top_p_most": options["top_p"][1],
        "least_tokens": options["least_tokens"],
        "model_temperature": model.temperature,
        "model_top_p": model.top_p,
        "max_output": model.max_output,
    }
    return {name: plain(value) for name, value in numbers.items()}


def plain(value: float | None) -> str:
    """A number as fields of forms hold it in every language."""
    return "" if value is None else str(value)


def option_html(item: Option, *, is_new: bool = False) -> SafeString:
    """A choice; a new chat's script shows the values of the model that is picked."""
    values: dict[str, str] = {"value": escape(item.value), "label": escape(item.label)}
    model = item.model if is_new and isinstance(item, ModelOption) else None
    if model:
        values |= values_of(model)
    context = {**slots(values), "is_selected": item.selected, "has_values": bool(model)}
    return render_cached("chat/_option.html", context, values)


def values_of(model: AnsweringModel) -> dict[str, str]:
    return {
        "note": escape(model.note),
        "temperature": plain(model.temperature),
        "top_p": plain(model.top_p),
        "max_tokens": plain(model.max_output),
    }


def unserved_html(options: dict[str, Any]) -> SafeString:
    """Why nothing can answer; nothing where something can."""
    if not options["unserved"]:
        return SafeString()
    return SafeString(render_to_string("chat/_unserved.html", {"unserved": options["unserved"]}))


def note_html(options: dict[str, Any]) -> str:
    """What to know about the model, under the composer."""
    return escape(options["model"].note) if options["model"] else ""


def head_html(conversation: Conversation) -> str:
    """Heading, choices and what is said of the model, for a page that shows others."""
    options = options_context(conversation)
    notice = unserved_html(options)
    return "".join(
        (
            partial("#conversation-title", "textContent", escape(conversation.title)),
            partial("#options-menu", "outerMorph", options_html(options, conversation)),
            partial("#model-note", "textContent", note_html(options)),
            partial("#unserved", "delete"),
            partial("#page-notice", "beforeend", notice) if notice else "",
        )
    )
