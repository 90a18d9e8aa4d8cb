"""The admin of the models, and of the questions that an empty chat suggests."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.admin.dialects import DialectAdmin
from chat.admin.warnings import warn_about_room
from chat.models import ChatModel, Suggestion
from chat.models.catalogue import least_room
from chat.services import system_prompts


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
class ChatModelAdmin(DialectAdmin):
    """The pages of the models."""

    form = ChatModelForm
    list_display = ("label", "repo_id", "kind", "enabled", "is_default")
    list_filter = ("enabled", "kind")
    search_fields = ("label", "repo_id")
    actions = ("make_default", "forget_dialects", "adopt_window")
    readonly_fields = ("is_default", "learned")
    fieldsets = (
        (
            None,
            {"fields": ("label", "repo_id", "kind", "note", "enabled", "is_default", "position")},
        ),
        (gettext_lazy("Limits"), {"fields": ("context_window", "max_output", "tokenizer")}),
        (gettext_lazy("Sampling"), {"fields": ("temperature", "top_p", "frequency_penalty")}),
        (gettext_lazy("Server"), {"fields": ("first_token_seconds", "learned")}),
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
