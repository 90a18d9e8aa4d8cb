"""Names for the fields of a list that is edited in place."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ListLabels(admin.ModelAdmin):  # type: ignore[type-arg]
    """Gives each field in a row the heading of its column as its accessible name."""

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return Django's formset with a name for each widget."""
        formset = super().get_changelist_formset(request, **kwargs)
        for name in self.list_editable:
            field = formset.form.base_fields[name]
            field.widget.attrs["aria-label"] = field.label
        return formset
