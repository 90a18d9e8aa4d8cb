"""The administration: Django's, with an index that is grouped by what people come for."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Field, ManyToManyField
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By the `index_group` of a ModelAdmin. Models without one are folded away under "More".
GROUPS: dict[str, Promise] = {
    "prompts": _("Prompts"),
    "models": _("Models"),
    "people": _("People"),
    "feedback": _("Feedback"),
    "settings": _("Settings"),
    "more": _("More"),
}

# Several of a few: works without script and on a phone, as Django's two lists do not.
CHECKBOXES: "dict[type[Field[Any, Any]], dict[str, Any]]" = {
    ManyToManyField: {"widget": CheckboxSelectMultiple}
}


class AdminSite(admin.AdminSite):
    """The site of all administrators' pages."""

    site_header = site_title = "Chat"
    index_title = _("Administration")
    enable_nav_sidebar = False
    # Each returns the HTML of a card above the groups of the index, or "" if there is none.
    cards: ClassVar[list[Callable[[HttpRequest], str]]] = []

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Return the first page of the administration, with its cards."""
        cards = [html for render in self.cards if (html := render(request))]
        return super().index(request, {"cards": cards} | (extra_context or {}))

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the groups of the index in place of apps, or one app for its own page.

        A group has the keys of Django's apps that the index needs: `name`, `app_label`, `app_url`
        and `models`.
        """
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = [model for app in apps for model in app["models"]]
        groups = ((key, self._models_of(key, models)) for key in GROUPS)
        return [
            {"name": GROUPS[key], "app_label": key, "app_url": "", "models": members}
            for key, members in groups
            if members
        ]

    def _models_of(self, group: str, models: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        members = [model for model in models if self._group_of(model) == group]
        return sorted(members, key=self._place_of)

    def _group_of(self, model: dict[str, Any]) -> str:
        return getattr(self.get_model_admin(model["model"]), "index_group", "more")

    def _place_of(self, model: dict[str, Any]) -> tuple[int, str]:
        place: int = getattr(self.get_model_admin(model["model"]), "index_place", 0)
        return place, str(model["name"])
