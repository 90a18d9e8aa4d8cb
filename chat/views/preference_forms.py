"""The forms of the settings page, one for each section."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.profile import NOT_OFFERED, ProfileForm, profile_of, save_profile
from chat.models import INSTRUCTION_CHARS, ChatModel, ChatPreferences, SystemPrompt
from chat.rendering.components.model_settings import is_offered
from chat.selectors.models import list_allowed
from chat.selectors.preferences import load_preferences
from chat.services import catalogue, chat_preferences, preferences

SECTIONS = ("profile", "appearance", "defaults", "instructions")
# The first value of each is the one without a cookie, as in static/js/preferences.js.
LOOKS = {
    "theme": [
        ("auto", gettext_lazy("System")),
        ("light", gettext_lazy("Light")),
        ("dark", gettext_lazy("Dark")),
    ],
    "appearance": [("default", gettext_lazy("Default")), ("classic", gettext_lazy("Classic"))],
}


class AppearanceForm(forms.Form):
    """How pages look in this browser: a cookie for each field."""

    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"),
        help_text=gettext_lazy("Applies to this browser. System follows your device."),
        choices=LOOKS["theme"],
        widget=forms.RadioSelect,
        error_messages=NOT_OFFERED,
    )
    appearance = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        choices=LOOKS["appearance"],
        widget=forms.RadioSelect,
        error_messages=NOT_OFFERED,
    )


def read_look(cookies: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each field; an invalid cookie counts as none."""
    return {
        name: cookies[name] if cookies.get(name) in dict(choices) else choices[0][0]
        for name, choices in LOOKS.items()
    }


class DefaultsForm(forms.Form):
    """The model and the system prompt of new chats; empty for the site's defaults.

    `user` may be allowed some models only. Validation reads the database.
    """

    model = forms.ChoiceField(
        label=gettext_lazy("Model"), required=False, error_messages=NOT_OFFERED
    )
    prompt = forms.ChoiceField(
        label=gettext_lazy("System prompt"), required=False, error_messages=NOT_OFFERED
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.models = [model for model in list_allowed(user.pk) if is_offered(model)]
        self.prompts = preferences.list_prompts()
        self.set_choices("model", [(str(item.pk), item.label) for item in self.models])
        self.set_choices("prompt", [(str(item.pk), _(item.name)) for item in self.prompts])

    def set_choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", _("The site's default")), *choices]

    def chosen_model(self) -> ChatModel | None:
        return next((m for m in self.models if str(m.pk) == self.cleaned_data["model"]), None)

    def chosen_prompt(self) -> SystemPrompt | None:
        return next((p for p in self.prompts if str(p.pk) == self.cleaned_data["prompt"]), None)

    def lost_defaults(self, row: ChatPreferences) -> list[str]:
        """Return a sentence for each default of the row that is no longer offered."""
        sentences = []
        if row.model_label and row.model_id not in {model.pk for model in self.models}:
            sentences.append(lost_model(row, catalogue.model_for(None, self.models)))
        if row.prompt_name and row.prompt_id not in {prompt.pk for prompt in self.prompts}:
            sentence = _("“%(name)s” is no longer offered. The site's default prompt applies.")
            sentences.append(sentence % {"name": _(row.prompt_name)})
        return sentences


def lost_model(row: ChatPreferences, instead: ChatModel | None) -> str:
    """Return the sentence on a default model that is no longer offered."""
    if instead is None:
        return _("“%(name)s” is no longer offered.") % {"name": row.model_label}
    sentence = _("“%(name)s” is no longer offered. New chats use “%(instead)s”.")
    return sentence % {"name": row.model_label, "instead": instead.label}


class InstructionsForm(forms.Form):
    """The person's custom instructions."""

    instructions = forms.CharField(
        label=gettext_lazy("Instructions for every answer"),
        required=False,
        help_text=gettext_lazy(
            "Sent to the model with each question, after the system prompt. At most 1,000 "
            "characters. You can switch them off for a conversation in its settings. The site "
            "never adds to them by itself."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )

    def clean_instructions(self) -> str:
        """Return the cleaned text; raises ValidationError if it is too long."""
        text = chat_preferences.clean_instructions(self.cleaned_data["instructions"])
        if len(text) > INSTRUCTION_CHARS:
            over = len(text) - INSTRUCTION_CHARS
            sentence = ngettext(
                "%(over)d character over the limit of 1,000. Shorten the text.",
                "%(over)d characters over the limit of 1,000. Shorten the text.",
                over,
            )
            raise forms.ValidationError(sentence, code="too_long", params={"over": over})
        return text


@dataclass
class Section:
    """A section of the page: its form, and warnings above the fields."""

    name: str
    heading: str
    form: forms.Form
    warnings: list[str] = field(default_factory=list)
    is_saved: bool = False


def load_sections(user: User, cookies: Mapping[str, str]) -> list[Section]:
    """Return the sections with what is saved."""
    row = load_preferences(user.pk)
    chosen = {"model": row.model_id or "", "prompt": row.prompt_id or ""}
    defaults = DefaultsForm(user=user, initial=chosen)
    appearance = AppearanceForm(initial=read_look(cookies))
    instructions = InstructionsForm(initial={"instructions": row.instructions})
    return [
        Section("profile", _("Profile"), ProfileForm(initial=profile_of(user))),
        Section("appearance", _("Appearance"), appearance),
        Section("defaults", _("New chats"), defaults, defaults.lost_defaults(row)),
        Section("instructions", _("Custom instructions"), instructions),
    ]


def save_section(
    user: User, name: str, data: Mapping[str, Any], cookies: Mapping[str, str]
) -> list[Section]:
    """Save a section if what was sent is valid, and return all of them.

    `name` is one of SECTIONS. An invalid section keeps what was sent.
    """
    form = bind_form(user, name, data)
    is_valid = form.is_valid()
    if is_valid:
        save_form(user, form)
    saved = form.cleaned_data if is_valid and isinstance(form, AppearanceForm) else cookies
    sections = load_sections(user, saved)
    for section in sections:
        if section.name == name:
            section.is_saved = is_valid
            section.form = section.form if is_valid else form
    return sections


def bind_form(user: User, name: str, data: Any) -> forms.Form:
    """Return the form of a section with what was sent."""
    if name == "defaults":
        return DefaultsForm(data, user=user)
    plain: dict[str, type[forms.Form]] = {
        "profile": ProfileForm,
        "appearance": AppearanceForm,
        "instructions": InstructionsForm,
    }
    return plain[name](data)


def save_form(user: User, form: forms.Form) -> None:
    """Save a valid form. The look is the browser's, and so only in its cookies."""
    if isinstance(form, ProfileForm):
        save_profile(user, form.cleaned_data)
    elif isinstance(form, DefaultsForm):
        chat_preferences.save_defaults(user, form.chosen_model(), form.chosen_prompt())
    elif isinstance(form, InstructionsForm):
        chat_preferences.save_instructions(user, form.cleaned_data["instructions"])
