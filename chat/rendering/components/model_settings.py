"""Render the settings menu with model, system prompt and sampling."""

from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chat.errors import ErrorCode, error_code
from chat.llm.endpoints import is_usable, unavailable_reason
from chat.models import ChatModel, Conversation, SystemPrompt
from chat.rendering.components import htmx
from chat.rendering.components.model_choices import choices_html
from chat.rendering.components.options import AnsweringModel, ModelOption, Option
from chat.rendering.components.patches import Patch
from chat.rendering.components.template_cache import ANY_ID, render_cached, slot, slots
from chat.selectors.models import list_choices
from chat.selectors.sampling_ranges import ranges_of
from chat.services import catalogue, preferences
from chat.services.model_lists import problem_with


def answering_model(conversation: Conversation | None, model: ChatModel) -> AnsweringModel:
    """Return the data to show for the model, with its note for this conversation."""
    note = model_note(conversation, model)
    return AnsweringModel(
        model.label,
        note,
        model.temperature,
        model.top_p,
        model.max_output,
        ranges_of(model),
        own_note(model),
    )


def own_note(model: ChatModel) -> str:
    """Return the note of a model with its price."""
    note = _(model.note) if model.note else ""
    if model.price_in is None or model.price_out is None:
        return note
    prices = {"read": format_price(model.price_in), "written": format_price(model.price_out)}
    price = _("A million tokens: %(read)s read, %(written)s written") % prices
    return f"{note} {price}".strip()


def format_price(price: Decimal) -> str:
    """Return a price in the current language, without zeros at its end, and the currency."""
    amount = number_format(price.normalize(), force_grouping=True)
    return f"{amount}\N{NO-BREAK SPACE}{settings.CURRENCY}"


def options_context(conversation: Conversation | None, owner_id: UUID) -> dict[str, Any]:
    """Return the data for `options_html`: the models, the prompts and the sampling ranges.

    `owner_id` is the person's, who may be allowed some models only.
    """
    models, preferred = list_choices(owner_id)
    model = catalogue.model_for(conversation, models, preferred.model_id)
    selected = model.pk if model else None
    available = [item for item in models if item == model or is_offered(item)]
    ranges = ranges_of(model)
    return {
        "model": answering_model(conversation, model) if model else None,
        "unavailable": reason_against(conversation, model),
        "models": tuple(model_option(conversation, item, selected) for item in available),
        "prompts": tuple(
            prompt_options(conversation, preferences.list_prompts(), preferred.prompt_id)
        ),
        "has_instructions": preferred.has_instructions,
        "temperature": ranges.temperature,
        "top_p": ranges.top_p,
        "least_tokens": ranges.max_tokens[0],
    }


def reason_against(conversation: Conversation | None, model: ChatModel | None) -> ErrorCode | None:
    """Return why the model cannot answer in this conversation, None if nothing is known."""
    if catalogue.is_gone(conversation, model):
        return error_code("model_gone")
    return unavailable_reason(model) or problem_with(model)


def is_offered(model: ChatModel) -> bool:
    """Return whether a person may choose the model: its server is set up and offers it."""
    return is_usable(model) and not unavailable_reason(model)


def prompt_options(
    conversation: Conversation | None,
    prompts: Iterable[SystemPrompt],
    default_id: UUID | None = None,
) -> list[Option]:
    """Return the options for system prompts, with the one in use selected.

    If the chosen prompt is no longer offered, the person's default (`default_id`) is in use, else
    the site's. A default prompt that is not offered either appears as "Default", without its name.
    """
    prompts_by_id = {prompt.pk: prompt for prompt in prompts}
    selected = conversation.prompt_id if conversation else None
    if selected not in prompts_by_id:
        selected = default_id
    if selected not in prompts_by_id:
        selected = next((key for key, prompt in prompts_by_id.items() if prompt.is_default), None)
    options = [to_option(key, _(prompt.name), selected) for key, prompt in prompts_by_id.items()]
    if options and selected is None:
        options.insert(0, Option("", _("Default"), selected=True))
    return options


def model_note(conversation: Conversation | None, model: ChatModel) -> str:
    """Return the note below the composer: about the model, and if it replaces the chosen one."""
    note = _(model.note) if model.note else ""
    chosen = conversation.model if conversation else None
    if chosen is None or chosen == model:
        return note
    sentence = _("“%(chosen)s” is no longer available. %(model)s answers instead.")
    instead = sentence % {"chosen": chosen.label, "model": model.label}
    return f"{instead} {note}".strip()


def to_option(key: UUID, label: str, selected: UUID | None) -> Option:
    return Option(str(key), label, key == selected)


def model_option(
    conversation: Conversation | None, model: ChatModel, selected: UUID | None
) -> ModelOption:
    details = answering_model(conversation, model)
    return ModelOption(str(model.pk), model.label, model.pk == selected, details)


def options_html(
    options: dict[str, Any], conversation: Conversation | None, token: str = ""
) -> SafeString:
    """Render the lists of models and prompts and the menu with all settings.

    `options` comes from `options_context`. Without a model that can answer the HTML is "".
    """
    return SafeString(choices_html(options) + settings_html(options, conversation, token))


def settings_html(
    options: dict[str, Any], conversation: Conversation | None, token: str = ""
) -> SafeString:
    """Render the menu from the data of `options_context`; return "" if no model can answer."""
    model: AnsweringModel | None = options["model"]
    if model is None:
        return SafeString()
    sampling = sampling_values(conversation)
    values = {
        "models": "".join(option_html(item, is_new=not conversation) for item in options["models"]),
        "prompts": "".join(option_html(item) for item in options["prompts"]),
        **range_values(options, model),
        **{name: form_value(value) for name, value in sampling.items()},
    }
    context: dict[str, Hashable] = {
        **slots(values),
        "conversation_id": ANY_ID if conversation else None,
        "options_form": "model-settings-form" if conversation else "composer",
        "has_prompts": bool(options["prompts"]),
        "has_instructions": options["has_instructions"],
        "uses_instructions": conversation is None or conversation.uses_instructions,
        "is_open": any(value is not None for value in sampling.values()),
        "csrf_token": slot("csrf_token") if token else "",
    }
    values |= {"id": str(conversation.pk) if conversation else "", "csrf_token": token}
    return render_cached("chat/_model_settings.html", context, values)


def sampling_values(conversation: Conversation | None) -> dict[str, float | None]:
    """Return the chosen sampling values; None stands for the model's own value."""
    names = ("temperature", "top_p", "max_tokens")
    return {name: getattr(conversation, name, None) for name in names}


def range_values(options: dict[str, Any], model: AnsweringModel) -> dict[str, str]:
    """Return the allowed ranges, and the model's own values, as form values."""
    numbers = {
        "temperature_least": options["temperature"][0],
        "temperature_most": options["temperature"][1],
        "top_p_least": options["top_p"][0],
        "top_p_most": options["top_p"][1],
        "least_tokens": options["least_tokens"],
        "max_output": model.max_output,
    }
    values = {name: form_value(value) for name, value in numbers.items()}
    return values | {
        "model_temperature": shown_default(model.temperature),
        "model_top_p": shown_default(model.top_p),
    }


def shown_default(value: float | None) -> str:
    """Return the model's own value for an empty field; the server's own cannot be shown."""
    return escape(_("model's default")) if value is None else str(value)


def form_value(value: float | None) -> str:
    """Return a number as form fields need it, independent of the locale; "" for None."""
    return "" if value is None else str(value)


def option_html(item: Option, *, is_new: bool = False) -> SafeString:
    """Render an option; in a new chat, a script needs the values of each model to show them."""
    values: dict[str, str] = {"value": escape(item.value), "label": escape(item.label)}
    model = item.model if is_new and isinstance(item, ModelOption) else None
    if model:
        values |= model_values(model)
    context = {**slots(values), "is_selected": item.selected, "has_values": bool(model)}
    return render_cached("chat/_select_option.html", context, values)


def model_values(model: AnsweringModel) -> dict[str, str]:
    """Return the note, the sampling values and their ranges, for the attributes of an option."""
    return {
        "temperature_range": " ".join(map(form_value, model.ranges.temperature)),
        "top_p_range": " ".join(map(form_value, model.ranges.top_p)),
        "note": escape(model.note),
        "temperature": shown_default(model.temperature),
        "top_p": shown_default(model.top_p),
        "max_tokens": form_value(model.max_output),
    }


def unavailable_html(options: dict[str, Any]) -> SafeString:
    """Render the reason why no model can answer; return "" if one can."""
    if not options["unavailable"]:
        return SafeString()
    return SafeString(
        render_to_string("chat/_model_unavailable.html", {"unavailable": options["unavailable"]})
    )


def note_html(options: dict[str, Any]) -> str:
    """Return the escaped note on the model, shown below the composer."""
    return escape(options["model"].note) if options["model"] else ""


def head_html(conversation: Conversation) -> str:
    """Return `head_patches` as htmx partials, for the answer to a command; reads the database."""
    options = options_context(conversation, conversation.owner_id)
    return htmx.partials(head_patches(conversation, options))


def head_patches(conversation: Conversation, options: dict[str, Any]) -> list[Patch]:
    """Return patches that update the title, the settings menu and the model notes of a page.

    `options` comes from `options_context`.
    """
    notice = unavailable_html(options)
    patches = [
        Patch("textContent", "conversation-title", escape(conversation.title)),
        Patch("outerMorph", "model-choices", choices_html(options)),
        Patch("outerMorph", "model-settings", settings_html(options, conversation)),
        Patch("textContent", "model-note", note_html(options)),
        Patch("delete", "model-unavailable"),
    ]
    return [*patches, Patch("beforeend", "page-notice", notice)] if notice else patches
