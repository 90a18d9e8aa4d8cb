"""For the operator: prompts and their versions, and the catalogue of models.

Conversations, messages and runs are not here: administrators do not read people's chats.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.conversations import prompting
from chat.models import ChatModel, PromptVersion, Suggestion, SystemPrompt


class SystemPromptForm(forms.ModelForm):  # type: ignore[type-arg]
    """The newest wording as a draft; saving another wording makes another version."""

    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Saving a changed text makes a new version. Answers use it only after it is published."
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note on this change"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    class Meta:
        model = SystemPrompt
        fields = ("name", "enabled", "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = prompting.newest(self.instance)
        self.fields["text"].initial = newest.text if newest else ""

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n").replace("\r", "\n")
        if "\x00" in text:
            raise forms.ValidationError(_("The text holds characters that cannot be stored."))
        return text

    def clean_is_default(self) -> bool:
        """The default moves to another prompt; it cannot just be taken away."""
        wanted: bool = self.cleaned_data["is_default"]
        if self.instance.is_default and not wanted and self.instance.pk:
            raise forms.ValidationError(_("Make another prompt the default instead."))
        return wanted

    def _get_validation_exclusions(self) -> set[str]:
        # "One default" is kept by moving it in one transaction when the form is saved.
        names: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return names | {"is_default"}


@admin.register(SystemPrompt)
class SystemPromptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = SystemPromptForm
    change_form_template = "admin/chat/systemprompt/change_form.html"
    list_display = ("name", "published_number", "newest_number", "is_default", "enabled")
    fields = ("name", "text", "note", "enabled", "is_default")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SystemPrompt]:
        found = super().get_queryset(request).select_related("published")
        numbered: QuerySet[SystemPrompt] = found.annotate(newest=Max("versions__number"))
        return numbered

    @admin.display(description=gettext_lazy("Published"), empty_value="–")
    def published_number(self, prompt: SystemPrompt) -> str | None:
        return f"v{prompt.published.number}" if prompt.published else None

    @admin.display(description=gettext_lazy("Newest"))
    def newest_number(self, prompt: Any) -> SafeString:
        return format_html("v{}", prompt.newest or 0)

    def save_model(self, request: HttpRequest, obj: SystemPrompt, form: Any, change: bool) -> None:
        wants_default = obj.is_default
        obj.is_default = False if not change else form.initial.get("is_default", False)
        obj.save(update_fields=None if not change else ["name", "enabled"])
        version = prompting.write(
            obj, form.cleaned_data["text"], form.cleaned_data["note"], request.user
        )
        if wants_default:
            prompting.make_default(obj)
        if version is not None and request.POST.get("_publish") != "newest":
            self.message_user(
                request,
                _("Version %(number)d was saved. Answers use it after you publish it.")
                % {"number": version.number},
                messages.INFO,
            )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"versions": versions_of(object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def response_change(self, request: HttpRequest, obj: SystemPrompt) -> HttpResponse:
        number = request.POST.get("_publish", "")
        if not number:
            return super().response_change(request, obj)
        newest = prompting.newest(obj)
        wanted = newest.number if number == "newest" and newest else number
        if str(wanted).isdecimal() and prompting.publish(obj, int(wanted)):
            sentence = _("Version %(number)s is published: the next answer uses it.")
            self.message_user(request, sentence % {"number": wanted}, messages.SUCCESS)
        else:
            self.message_user(request, _("There is no such version."), messages.ERROR)
        return HttpResponseRedirect(request.path)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Answers name the version that made them, so a prompt is switched off, not deleted."""
        return False


def versions_of(object_id: str) -> list[PromptVersion]:
    """Newest first; none for an id that is none."""
    try:
        key = UUID(object_id)
    except ValueError:
        return []
    return list(PromptVersion.objects.filter(prompt=key).select_related("author")[:200])


@admin.register(ChatModel)
class ChatModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("label", "repo_id", "kind", "enabled", "is_default")
    list_filter = ("enabled", "kind")
    search_fields = ("label", "repo_id")
    actions = ("make_default",)
    readonly_fields = ("is_default",)
    fieldsets = (
        (
            None,
            {"fields": ("label", "repo_id", "kind", "note", "enabled", "is_default", "position")},
        ),
        (gettext_lazy("Sizes"), {"fields": ("context_window", "max_output", "tokenizer")}),
        (gettext_lazy("Sampling"), {"fields": ("temperature", "top_p", "frequency_penalty")}),
    )

    @admin.action(description=gettext_lazy("Make the selected model the default"))
    def make_default(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        if queryset.count() != 1:
            self.message_user(request, _("Select exactly one model."), messages.ERROR)
            return
        prompting.make_default_model(queryset.get())
        self.message_user(request, _("New answers come from this model."), messages.SUCCESS)


@admin.register(Suggestion)
class SuggestionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """First questions that an empty chat offers."""

    list_display = ("text", "enabled", "position")
    list_editable = ("enabled", "position")
    search_fields = ("text",)
