"""The admin of the models, and of the questions that an empty chat suggests."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.admin.warnings import warn_about_room
from chat.models import ChatModel, Suggestion
from chat.models.catalogue import least_room
from chat.services import system_prompts

# Fields in one row, each a value and its allowed range.
SAMPLING = (
    ("temperature", "temperature_min", "temperature_max"),
    ("top_p", "top_p_min", "top_p_max"),
    "frequency_penalty",
)


class ChatModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Edits a model, and keeps room for a question in its context window."""

    class Meta:
        model = ChatModel
        # The admin page lists the fields.
        fields = ()

    def clean_enabled(self) -> bool:
        """Refuse to disable the default model."""
        enabled: bool = self.cleaned_data["enabled"]
        if self.instance.is_default and not enabled:
            raise forms.ValidationError(_("Choose another default model first."))
        return enabled

    def clean(self) -> dict[str, Any]:
        super().clean()
        window = self.cleaned_data.get("context_window")
        longest = self.cleaned_data.get("max_output")
        if window and longest and longest > window - least_room(window):
            sentence = _(
                "Leave at least %(room)d tokens of the context window for the prompt and the "
                "question."
            )
            self.add_error("max_output", sentence % {"room": least_room(window)})
        return self.cleaned_data


@admin.register(ChatModel)
class ChatModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The pages of the models."""

    form = ChatModelForm
    list_display = ("label", "repo_id", "connection", "kind", "enabled", "is_default")
    list_filter = ("enabled", "connection", "kind")
    list_select_related = ("connection",)
    filter_horizontal = ("groups",)
    search_fields = ("label", "repo_id")
    actions = ("make_default",)
    readonly_fields = ("is_default",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "label",
                    "connection",
                    "repo_id",
                    "kind",
                    "note",
                    "enabled",
                    "is_default",
                    "position",
                    "groups",
                )
            },
        ),
        (gettext_lazy("Limits"), {"fields": ("context_window", "max_output", "tokenizer")}),
        (gettext_lazy("Sampling"), {"fields": SAMPLING}),
        (gettext_lazy("Prices"), {"fields": ("price_in", "price_out")}),
        (gettext_lazy("Capabilities"), {"fields": ("has_system_role", "can_think")}),
    )

    def save_model(self, request: HttpRequest, obj: ChatModel, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        warn_about_room(request, models=ChatModel.objects.filter(pk=obj.pk, enabled=True))

    @admin.action(description=gettext_lazy("Make the selected model the default"))
    def make_default(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        """Make the one selected model the default."""
        if queryset.count() != 1:
            self.message_user(request, _("Select exactly one model."), messages.ERROR)
            return
        system_prompts.make_default_model(queryset.get())
        self.message_user(request, _("This model is now the default."), messages.SUCCESS)


@admin.register(Suggestion)
class SuggestionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The questions that an empty chat suggests."""

    list_display = ("text", "enabled", "position")
    list_editable = ("enabled", "position")
    search_fields = ("text",)
