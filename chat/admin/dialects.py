"""Show what servers have taught about a model, and forget or adopt it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chat.llm.endpoints import server_of
from chat.llm.providers.dialect import MAX_TOKENS
from chat.models import ChatModel, ModelDialect
from chat.services import dialects


class DialectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The part of a model's page that is about its server."""

    @admin.display(description=gettext_lazy("learnt from the server"))
    def learned(self, model: ChatModel) -> SafeString | str:
        """Return what the server taught, a line each."""
        rows = model.dialects.order_by("-learned_at")
        sentences = [sentence for row in rows for sentence in describe(row)]
        lines = format_html_join("", "<div>{}</div>", ((sentence,) for sentence in sentences))
        return lines or _("Nothing: it accepts requests as they are.")

    @admin.action(description=gettext_lazy("Forget what was learnt from the server"))
    def forget_dialects(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        """Ask the server of these models in the usual form again."""
        dialects.forget_dialects(queryset)
        sentence = ngettext(
            "%(count)d model is asked in the usual form again.",
            "%(count)d models are asked in the usual form again.",
            count := queryset.count(),
        )
        self.message_user(request, sentence % {"count": count}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Use the context window that the server named"))
    def adopt_window(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> None:
        """Correct the context windows of these models."""
        for model in queryset:
            window = dialects.adopt_window(model)
            if window is None:
                sentence, level = _("The server of %(model)s named no other window."), messages.INFO
            else:
                sentence = _("The context window of %(model)s is now %(window)s tokens.")
                level = messages.SUCCESS
            shown = number_format(window, force_grouping=True) if window else ""
            self.message_user(request, sentence % {"model": model, "window": shown}, level)


def describe(row: ModelDialect) -> list[str]:
    """Return sentences on one server; one whose address is not in use any more is named so."""
    sentences = []
    if row.omitted:
        sentences.append(_("It refuses %(names)s.") % {"names": ", ".join(row.omitted)})
    if row.token_parameter != MAX_TOKENS:
        names = {"name": row.token_parameter or "–"}
        sentences.append(_("The longest answer is sent as %(name)s.") % names)
    if row.merges_system:
        sentences.append(
            _("It has no system role: the prompt stands in front of the first question.")
        )
    if row.context_window:
        window = number_format(row.context_window, force_grouping=True)
        sentence = _("It says that its context window is %(window)s tokens.")
        sentences.append(sentence % {"window": window})
    if row.server == server_of(row.model):
        return sentences
    return [_("At another address: %(sentence)s") % {"sentence": item} for item in sentences]
