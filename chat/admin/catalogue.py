"""The admin of the models, and of the questions that an empty chat suggests."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from chat.admin.deletion import SafeDeletionAdmin
from chat.admin.dialects import DialectAdmin
from chat.admin.list_labels import ListLabels
from chat.admin.probes import run_model_test
from chat.admin.warnings import warn_about_room
from chat.llm.endpoints import endpoint, unavailable_reason
from chat.llm.providers import is_address
from chat.models import ChatModel, Suggestion
from chat.models.catalogue import least_room
from chat.models.connection import ConnectionKind
from chat.rendering.components.server_refusals import explain
from chat.services import system_prompts
from chat.services.offered_models import forget_facts, offer_again
from core.web.admin_site import CHECKBOXES

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
        self.check_name()
        window = self.cleaned_data.get("context_window")
        longest = self.cleaned_data.get("max_output")
        if window and longest and longest > window - least_room(window):
            sentence = _(
                "Leave at least %(room)d tokens of the context window for the prompt and the "
                "question."
            )
            self.add_error("max_output", sentence % {"room": least_room(window)})
        return self.cleaned_data

    def check_name(self) -> None:
        """Refuse an address as the name of a model of Hugging Face: it would get the token."""
        connection = self.cleaned_data.get("connection")
        kind = connection.kind if connection else endpoint().kind
        if kind == ConnectionKind.HUGGING_FACE and is_address(self.cleaned_data.get("repo_id", "")):
            self.add_error("repo_id", explain("name_refused").what)


@admin.register(ChatModel)
class ChatModelAdmin(ListLabels, DialectAdmin, SafeDeletionAdmin):
    """The pages of the models."""

    index_group, index_place = "models", 1
    form = ChatModelForm
    change_form_template = "admin/chat/chatmodel/change_form.html"
    list_display = (
        "label",
        "repo_id",
        "connection",
        "enabled",
        "default_choice",
        "position",
        "state",
    )
    list_editable = ("enabled", "position")
    list_filter = ("enabled", "connection", "kind")
    list_select_related = ("connection",)
    formfield_overrides = CHECKBOXES
    search_fields = ("label", "repo_id")
    actions = ("make_default", "offer_again", "forget_dialects", "adopt_window")
    readonly_fields = ("is_default", "learned")
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
        (
            gettext_lazy("Prices"),
            {
                "fields": ("price_in", "price_out"),
                "description": format_lazy(
                    gettext_lazy("In {currency}, which the setting CURRENCY names."),
                    currency=settings.CURRENCY,
                ),
            },
        ),
        (gettext_lazy("Capabilities"), {"fields": ("has_system_role", "can_think")}),
        (gettext_lazy("Server"), {"fields": ("first_token_seconds", "learned")}),
    )

    @admin.display(description=gettext_lazy("Default"), ordering="-is_default")
    def default_choice(self, model: ChatModel) -> SafeString:
        """Return a radio button; saving the list makes its model the default."""
        checked = SafeString(" checked" if model.is_default else "")
        label = _("Make %(model)s the default") % {"model": model}
        html = '<input type="radio" name="default_model" value="{}" aria-label="{}"{}>'
        if model.is_default:
            html += f'<input type="hidden" name="shown_default" value="{model.pk}">'
        return format_html(html, model.pk, label, checked)

    @admin.display(description=gettext_lazy("Server"), empty_value="–")
    def state(self, model: ChatModel) -> str | None:
        """Return what stands in the way of the model's answers, as far as that is known."""
        if model.missing_since is not None:
            since = date_format(localtime(model.missing_since), "SHORT_DATE_FORMAT")
            return _("Not offered by its server since %(date)s") % {"date": since}
        reason = unavailable_reason(model)
        return explain(reason.code).what if reason else None

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{"form": ChatModelForm} | kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Save the default first, so that the earlier one can be disabled with the same post.

        If the rest of the list is not valid, the default stays too.
        """
        if "_save" not in request.POST or not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        posted = request.POST
        with transaction.atomic():
            self.save_default(request)
            response = super().changelist_view(request, extra_context)
            if response.status_code == HTTPStatus.FOUND:
                return response
            transaction.set_rollback(True)
        # The page with the errors, of the rows as they are.
        request.POST = posted
        return super().changelist_view(request, extra_context)

    def save_default(self, request: HttpRequest) -> None:
        """Make the model with the selected radio button the default, and enable it.

        A button that was not touched changes nothing: the default may be another one by now.
        """
        key = request.POST.get("default_model", "")
        if key == request.POST.get("shown_default"):
            return
        model = self.get_object(request, key)
        if model is None or model.is_default:
            return
        system_prompts.make_default_model(model)
        request.POST = data = request.POST.copy()  # type: ignore[assignment]
        for name in [name for name, value in data.items() if value == key]:
            if name.endswith("-id"):
                data[f"{name.removesuffix('id')}enabled"] = "on"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("<path:key>/test/", view, name="chat_chatmodel_test"), *super().get_urls()]

    def test_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Test the model and show the report."""
        model = self.get_object(request, unquote(key))
        if model is None:
            raise Http404
        if not self.has_change_permission(request, model):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Test of %(name)s") % {"name": model},
            "object": model,
            "report": run_model_test(model),
        }
        return TemplateResponse(request, "admin/chat/test_report.html", context)

    def save_model(self, request: HttpRequest, obj: ChatModel, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and not {"repo_id", "connection"}.isdisjoint(form.changed_data):
            forget_facts(obj, keep=form.changed_data)
        warn_about_room(request, models=ChatModel.objects.filter(pk=obj.pk, enabled=True))

    @admin.action(description=gettext_lazy("Make the selected model the default"))
    def make_default(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        """Make the one selected model the default."""
        if queryset.count() != 1:
            self.message_user(request, _("Select exactly one model."), messages.ERROR)
            return
        system_prompts.make_default_model(queryset.get())
        self.message_user(request, _("This model is now the default."), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Offer again, though the server did not list it"))
    def offer_again(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        """Offer the selected models again that were marked as gone."""
        count = offer_again(queryset.filter(missing_since__isnull=False))
        sentence = ngettext(
            "%(count)d model is offered again.", "%(count)d models are offered again.", count
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, sentence % {"count": count}, level)


@admin.register(Suggestion)
class SuggestionAdmin(ListLabels):
    """The questions that an empty chat suggests."""

    index_group, index_place = "prompts", 1
    list_display = ("text", "enabled", "position")
    list_editable = ("enabled", "position")
    search_fields = ("text",)
