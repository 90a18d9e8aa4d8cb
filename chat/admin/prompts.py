"""The admin of system prompts: save versions, publish one of them, choose the default prompt."""

from typing import Any
from uuid import UUID

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

from chat.admin.prompt_form import SystemPromptForm
from chat.admin.warnings import warn_about_room
from chat.models import PromptVersion, SystemPrompt
from chat.services import system_prompts


@admin.register(SystemPrompt)
class SystemPromptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The pages that edit a prompt and publish its versions."""

    index_group, index_place = "prompts", 0
    form = SystemPromptForm
    change_form_template = "admin/chat/systemprompt/change_form.html"
    list_display = ("name", "published_number", "newest_number", "is_default", "enabled")
    fields = ("name", "text", "note", "enabled", "is_default", "base_version")
    readonly_fields = ("is_default",)
    search_fields = ("name",)
    actions = ("make_default",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SystemPrompt]:
        prompts = super().get_queryset(request).select_related("published")
        annotated: QuerySet[SystemPrompt] = prompts.annotate(newest=Max("versions__number"))
        return annotated

    @admin.display(description=gettext_lazy("Published"), empty_value="–")
    def published_number(self, prompt: SystemPrompt) -> str | None:
        """Return the number of the published version."""
        return f"v{prompt.published.number}" if prompt.published else None

    @admin.display(description=gettext_lazy("Latest"))
    def newest_number(self, prompt: Any) -> SafeString:
        """Return the number of the newest version."""
        return format_html("v{}", prompt.newest or 0)

    def save_model(self, request: HttpRequest, obj: SystemPrompt, form: Any, change: bool) -> None:
        """Save the prompt, its next version and, if asked for, the publication."""
        obj.save(update_fields=None if not change else ["name", "enabled"])
        if form.newer_version is None:
            self.save_version(request, obj, form)
        elif "_publish" in request.POST:
            sentence = _(
                "Someone else saved version %(number)d in the meantime, so nothing was published."
            )
            self.message_user(request, sentence % {"number": form.newer_version}, messages.WARNING)
        warn_about_room(request, prompts=system_prompts.usable_prompts().filter(pk=obj.pk))

    def save_version(self, request: HttpRequest, obj: SystemPrompt, form: Any) -> None:
        """Save the text as a version if it changed, publish it if the form says so."""
        text, note = form.cleaned_data["text"], form.cleaned_data["note"]
        version = system_prompts.save_version(obj, text, note, request.user)
        if form.publishes:
            newest = system_prompts.newest_version(obj)
            self.publish(request, obj, str(newest.number if newest else 0))
        elif version is not None:
            sentence = _("Version %(number)d was saved. Answers use it after you publish it.")
            self.message_user(request, sentence % {"number": version.number}, messages.INFO)

    def publish(self, request: HttpRequest, prompt: SystemPrompt, number: str) -> bool:
        """Publish a version and report it; return False if there is no such version."""
        if not number.isdecimal() or not system_prompts.publish(prompt, int(number)):
            self.message_user(request, _("There is no such version."), messages.ERROR)
            return False
        sentence = _("Version %(number)s is now published. New answers use it.")
        self.message_user(request, sentence % {"number": number}, messages.SUCCESS)
        return True

    @admin.action(description=gettext_lazy("Make the selected prompt the default"))
    def make_default(self, request: HttpRequest, queryset: QuerySet[SystemPrompt]) -> None:
        """Make the one selected prompt the default, or say why it cannot be."""
        if queryset.count() != 1:
            self.message_user(request, _("Select exactly one prompt."), messages.ERROR)
            return
        prompt = queryset.get()
        if not prompt.published_id:
            sentence = _("Publish this prompt before you make it the default.")
            self.message_user(request, sentence, messages.ERROR)
        elif not system_prompts.make_default(prompt):
            sentence = _("Enable this prompt before you make it the default.")
            self.message_user(request, sentence, messages.ERROR)
        else:
            self.message_user(request, _("New conversations use this prompt."), messages.SUCCESS)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the page, or publish one of the versions listed on it."""
        number = request.POST.get("_publish", "newest")
        if number != "newest":
            return self.publish_view(request, object_id, number)
        context = {"versions": versions_of(object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def publish_view(self, request: HttpRequest, object_id: str, number: str) -> HttpResponse:
        """Publish a saved version; ignores the other fields of the page."""
        prompt = self.get_object(request, unquote(object_id))
        if prompt is None:
            raise Http404
        if not self.has_change_permission(request, prompt):
            raise PermissionDenied
        if self.publish(request, prompt, number):
            self.log_change(request, prompt, [{"changed": {"fields": ["published version"]}}])
            warn_about_room(request, prompts=system_prompts.usable_prompts().filter(pk=prompt.pk))
        return HttpResponseRedirect(request.path)

    def response_add(
        self, request: HttpRequest, obj: SystemPrompt, post_url_continue: str | None = None
    ) -> HttpResponse:
        if "_publish" in request.POST:
            return redirect_to_prompt(obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: SystemPrompt) -> HttpResponse:
        if "_publish" in request.POST:
            return redirect_to_prompt(obj)
        return super().response_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid deletion, because answers refer to versions; a prompt is disabled instead."""
        return False


def versions_of(object_id: str) -> list[PromptVersion]:
    """Return the prompt's 200 newest versions, newest first; none for an invalid id."""
    try:
        key = UUID(object_id)
    except ValueError:
        return []
    return list(PromptVersion.objects.filter(prompt=key).select_related("author")[:200])


def redirect_to_prompt(prompt: SystemPrompt) -> HttpResponse:
    """Return a redirect to the prompt's page."""
    return HttpResponseRedirect(reverse("admin:chat_systemprompt_change", args=[prompt.pk]))
