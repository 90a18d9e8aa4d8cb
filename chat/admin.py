"""For the operator: prompts and their versions, and the catalogue of models.

Conversations, messages and runs are not here: administrators do not read people's chats.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import ChatModel, PromptVersion, Suggestion, SystemPrompt
from chat.models.catalogue import least_room
from chat.services import system_prompts
from chat.text import NEWLINES


class TextField(forms.CharField):
    """Text of several lines. A browser sends each newline as two characters; it counts as one."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return NEWLINES.sub("\n", text) if isinstance(text, str) else text


class SystemPromptForm(forms.ModelForm):  # type: ignore[type-arg]
    """The newest wording as a draft; saving another wording makes another version.

    `shown` is the number of the version that the page was made from. `overtaken` is the number of
    the newest one where somebody wrote it meanwhile and this page changes no text. `publishes` says
    that the text of this page is to be published with the save. To be cleaned in a transaction.
    """

    text = TextField(
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
    shown = forms.IntegerField(required=False, widget=forms.HiddenInput)
    overtaken: int | None = None
    publishes = False

    class Meta:
        model = SystemPrompt
        fields = ("name", "enabled", "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = system_prompts.newest_version(self.instance)
        self.fields["text"].initial = newest.text if newest else ""
        self.fields["shown"].initial = newest.number if newest else 0

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if "\x00" in text:
            raise forms.ValidationError(_("The text holds characters that cannot be stored."))
        return text

    def clean_is_default(self) -> bool:
        """The default moves to another prompt; it cannot just be taken away."""
        wanted: bool = self.cleaned_data["is_default"]
        if self.instance.is_default and not wanted and self.instance.pk:
            raise forms.ValidationError(_("Make another prompt the default instead."))
        return wanted

    def clean(self) -> dict[str, Any]:
        super().clean()
        newest = system_prompts.lock_newest_version(self.instance)
        # Not a change for the history.
        self.fields["shown"].initial = self.cleaned_data.get("shown")
        if newest and "text" in self.cleaned_data:
            self.check_shown(newest)
        self.publishes = self.data.get("_publish") == "newest" and not self.overtaken
        if self.cleaned_data.get("is_default"):
            self.check_default()
        return self.cleaned_data

    def check_shown(self, newest: PromptVersion) -> None:
        """A text follows the version that its author saw, not one that came meanwhile."""
        shown, text = self.cleaned_data.get("shown") or 0, self.cleaned_data["text"]
        if shown == newest.number or text == newest.text:
            return
        if PromptVersion.objects.filter(prompt=newest.prompt_id, number=shown, text=text).exists():
            self.overtaken = newest.number
            self.fields["text"].initial = self.data[self.add_prefix("text")]
            return
        sentence = _(
            "Somebody saved version %(number)d meanwhile. Compare it with your text, "
            "then save again."
        )
        self.add_error("text", sentence % {"number": newest.number})
        # The page that says so shows the newest version too.
        data = {name: self.data[name] for name in self.data}
        self.data = data | {self.add_prefix("shown"): newest.number}

    def check_default(self) -> None:
        """A default that is not published would be no prompt at all."""
        if not self.instance.published_id and not self.publishes:
            self.add_error("is_default", _("Publish this prompt before you make it the default."))
        if not self.cleaned_data.get("enabled"):
            first = _("Enable this prompt before you make it the default.")
            other = _("Choose another default prompt first.")
            self.add_error("enabled", other if self.instance.is_default else first)

    def _get_validation_exclusions(self) -> set[str]:
        # "One default" is kept by moving it in one transaction when the form is saved.
        names: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return names | {"is_default"}


@admin.register(SystemPrompt)
class SystemPromptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = SystemPromptForm
    change_form_template = "admin/chat/systemprompt/change_form.html"
    list_display = ("name", "published_number", "newest_number", "is_default", "enabled")
    fields = ("name", "text", "note", "enabled", "is_default", "shown")
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
        if form.overtaken is None:
            self.write(request, obj, form)
        elif "_publish" in request.POST:
            sentence = _("Somebody saved version %(number)d meanwhile: nothing was published.")
            self.message_user(request, sentence % {"number": form.overtaken}, messages.WARNING)
        if wants_default:
            system_prompts.make_default(obj)
        warn_of_cramped(request, prompts=system_prompts.usable_prompts().filter(pk=obj.pk))

    def write(self, request: HttpRequest, obj: SystemPrompt, form: Any) -> None:
        text, note = form.cleaned_data["text"], form.cleaned_data["note"]
        version = system_prompts.save_version(obj, text, note, request.user)
        if form.publishes:
            newest = system_prompts.newest_version(obj)
            self.publish(request, obj, str(newest.number if newest else 0))
        elif version is not None:
            sentence = _("Version %(number)d was saved. Answers use it after you publish it.")
            self.message_user(request, sentence % {"number": version.number}, messages.INFO)

    def publish(self, request: HttpRequest, prompt: SystemPrompt, number: str) -> bool:
        if not number.isdecimal() or not system_prompts.publish(prompt, int(number)):
            self.message_user(request, _("There is no such version."), messages.ERROR)
            return False
        sentence = _("Version %(number)s is published: the next answer uses it.")
        self.message_user(request, sentence % {"number": number}, messages.SUCCESS)
        return True

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        number = request.POST.get("_publish", "newest")
        if number != "newest":
            return self.publish_view(request, object_id, number)
        context = {"versions": versions_of(object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def publish_view(self, request: HttpRequest, object_id: str, number: str) -> HttpResponse:
        """Publish a version that was saved before; nothing else on the page is looked at."""
        prompt = self.get_object(request, unquote(object_id))
        if prompt is None:
            raise Http404
        if not self.has_change_permission(request, prompt):
            raise PermissionDenied
        if self.publish(request, prompt, number):
            self.log_change(request, prompt, [{"changed": {"fields": ["published version"]}}])
            warn_of_cramped(request, prompts=system_prompts.usable_prompts().filter(pk=prompt.pk))
        return HttpResponseRedirect(request.path)

    def response_add(
        self, request: HttpRequest, obj: SystemPrompt, post_url_continue: str | None = None
    ) -> HttpResponse:
        if "_publish" in request.POST:
            return to_page_of(obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: SystemPrompt) -> HttpResponse:
        if "_publish" in request.POST:
            return to_page_of(obj)
        return super().response_change(request, obj)

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


def to_page_of(prompt: SystemPrompt) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:chat_systemprompt_change", args=[prompt.pk]))


def warn_of_cramped(
    request: HttpRequest,
    *,
    models: QuerySet[ChatModel] | None = None,
    prompts: QuerySet[SystemPrompt] | None = None,
) -> None:
    """Say which of these leave no room for a question; by default all that people may meet."""
    models = ChatModel.objects.filter(enabled=True) if models is None else models
    prompts = system_prompts.usable_prompts() if prompts is None else prompts
    for model, prompt in system_prompts.find_cramped_pairs(models, prompts):
        sentence = _(
            "%(model)s has no room for a question with the prompt “%(prompt)s”. "
            "Shorten the prompt or the longest answer of the model."
        )
        messages.warning(request, sentence % {"model": model, "prompt": prompt})


class ChatModelForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ChatModel
        # The page names them.
        fields = ()

    def clean_enabled(self) -> bool:
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
                "Leave at least %(room)d tokens of the context window to prompt and question."
            )
            self.add_error("max_output", sentence % {"room": least_room(window)})
        return self.cleaned_data


@admin.register(ChatModel)
class ChatModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ChatModelForm
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

    def save_model(self, request: HttpRequest, obj: ChatModel, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        warn_of_cramped(request, models=ChatModel.objects.filter(pk=obj.pk, enabled=True))

    @admin.action(description=gettext_lazy("Make the selected model the default"))
    def make_default(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        if queryset.count() != 1:
            self.message_user(request, _("Select exactly one model."), messages.ERROR)
            return
        system_prompts.make_default_model(queryset.get())
        self.message_user(request, _("New answers come from this model."), messages.SUCCESS)


@admin.register(Suggestion)
class SuggestionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """First questions that an empty chat offers."""

    list_display = ("text", "enabled", "position")
    list_editable = ("enabled", "position")
    search_fields = ("text",)
