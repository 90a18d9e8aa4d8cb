"""Render the lists in the top bar from which the model and the system prompt are chosen."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from chat.rendering.components.options import ModelOption, Option
from chat.rendering.components.template_cache import render_cached, slots


def choices_html(options: dict[str, Any]) -> SafeString:
    """Render the lists from the data of `options_context`; return "" if no model can answer.

    A list of prompts with one item is left out.
    """
    if options["model"] is None:
        return SafeString()
    prompts: Sequence[Option] = options["prompts"]
    values = {
        "model_label": escape(options["model"].label),
        "models": "".join(choice_html("model", item) for item in options["models"]),
        "prompt_label": "".join(escape(item.label) for item in prompts if item.selected),
        "prompts": "".join(choice_html("prompt", item) for item in prompts),
    }
    context = {**slots(values), "has_prompts": len(prompts) > 1}
    return render_cached("chat/_model_choices.html", context, values)


def choice_html(field: str, item: Option) -> SafeString:
    """Render an item; `field` names the form field that it sets."""
    note = item.model.own_note if isinstance(item, ModelOption) else ""
    values = {"value": escape(item.value), "label": escape(item.label), "note": escape(note)}
    context = {
        **slots(values),
        "field": field,
        "is_selected": item.selected,
        "has_note": bool(note),
    }
    return render_cached("chat/_model_choice.html", context, values)
