"""Deletion in the admin of rows that answers refer to."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chat.services.deletion import delete_rows


class SafeDeletionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Deletes also while people send questions."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_rows(type(obj).objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        delete_rows(queryset)
