"""The admin of connections: edit, test, and offer the models of a server."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from chat.admin.connection_form import ConnectionForm
from chat.admin.deletion import SafeDeletionAdmin
from chat.admin.offers import MAX_SHOWN, offer, offer_single, read_listing, to_rows
from chat.admin.probes import run_connection_test
from chat.errors import ChatError
from chat.llm.endpoints import environment_endpoint, read_key
from chat.models import Connection
from chat.services.offered_models import models_of, offer_again

# Reports of errors hold what was posted.
is_key_sensitive = method_decorator(sensitive_post_parameters("key"))


@admin.register(Connection)
class ConnectionAdmin(SafeDeletionAdmin):
    """The pages of the connections."""

    index_group, index_place = "models", 0
    form = ConnectionForm
    change_form_template = "admin/chat/connection/change_form.html"
    list_display = ("name", "kind", "key_state", "model_count", "listed_at")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        rows = super().get_queryset(request)
        annotated: QuerySet[Connection] = rows.annotate(count=Count("models"))
        return annotated

    @admin.display(description=gettext_lazy("Key"))
    def key_state(self, connection: Connection) -> str:
        """Return whether there is a key, and whether it can be read."""
        if connection.environment:
            is_set = environment_endpoint(connection.environment).kind != "none"
            return _("Set by the environment") if is_set else _("Not set in the environment")
        if not connection.encrypted_key:
            return _("None")
        try:
            read_key(connection)
        except ChatError:
            return _("Can't be read any more: enter it again")
        return _("Saved, encrypted")

    @admin.display(description=gettext_lazy("Models"))
    def model_count(self, connection: Any) -> int:
        """Return the number of models of this connection."""
        return int(connection.count)

    # The rows of the environment are shown, and cannot be changed.
    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if is_of_environment(obj):
            return ["name", "kind", "key_state"]
        fields = ["name", "kind", "address", "key", "provider"]
        if obj is None:
            return fields
        return [*fields, *(["remove_key"] if obj.encrypted_key else []), "key_state"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if is_of_environment(obj):
            return ["name", "kind", "key_state"]
        return ["key_state"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_of_environment(obj) and super().has_delete_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_of_environment(obj) and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and not {"kind", "address"}.isdisjoint(form.changed_data):
            offer_again(models_of(obj))
        request.added_connection = None if change else obj  # type: ignore[attr-defined]

    @is_key_sensitive
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, *args, **kwargs)

    @is_key_sensitive
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """After the commit, look at what the new server offers."""
        response = super().add_view(request, form_url, extra_context)
        connection = getattr(request, "added_connection", None)
        if connection is None or response.status_code != 302:
            return response
        if not request.user.has_perm("chat.add_chatmodel"):
            return response
        listing = offer_single(request, connection)
        if "_save" not in request.POST:
            return response
        page = "change" if len(listing.models) <= 1 else "offer"
        return redirect(f"admin:chat_connection_{page}", connection.pk)

    # Further pages
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<path:key>/offer/", wrap(self.offer_view), name="chat_connection_offer"),
            path(
                "<path:key>/test/", wrap(require_POST(self.test_view)), name="chat_connection_test"
            ),
        ]
        return [*own, *super().get_urls()]

    def get_permitted(self, request: HttpRequest, key: str, *permissions: str) -> Connection:
        """Return the connection. Raises Http404, or PermissionDenied without the permissions."""
        if not request.user.has_perms(permissions):
            raise PermissionDenied
        connection: Connection | None = self.get_object(request, unquote(key))
        if connection is None:
            raise Http404
        return connection

    def offer_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show what the server lists; a post adds the selected models."""
        permissions = ("chat.view_connection", "chat.add_chatmodel")
        connection = self.get_permitted(request, key, *permissions)
        listing = read_listing(connection)
        if request.method == "POST" and listing.refusal is None:
            for model in offer(request, connection, listing, request.POST.getlist("model")):
                self.log_addition(request, model, _("Offered from the server's list"))
            return redirect(request.get_full_path())
        query = request.GET.get("q", "")[:200]
        rows = to_rows(connection, listing, query)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Offer models of %(name)s") % {"name": connection},
            "connection": connection,
            "refusal": listing.refusal,
            "rows": rows[:MAX_SHOWN],
            "count": ngettext("%(count)d model", "%(count)d models", len(rows))
            % {"count": len(rows)},
            "is_cut": len(rows) > MAX_SHOWN,
            "query": query,
        }
        return TemplateResponse(request, "admin/chat/connection/offer.html", context)

    def test_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Test the connection and show the report."""
        permissions = ("chat.view_connection", "chat.change_connection")
        connection = self.get_permitted(request, key, *permissions)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Test of %(name)s") % {"name": connection},
            "object": connection,
            "report": run_connection_test(connection),
        }
        return TemplateResponse(request, "admin/chat/test_report.html", context)


def is_of_environment(connection: Connection | None) -> bool:
    """Return whether the row stands for a setting, and so cannot be changed."""
    return connection is not None and bool(connection.environment)
