"""Write the settings of the whole site."""

from django.db.models.functions import Now

from chat.models.site_settings import SiteSettings


def hide_start_page(*, hidden: bool) -> None:
    """Leave the start page out of the administration's index, or put it back."""
    row = SiteSettings(start_page_hidden_at=Now() if hidden else None)
    SiteSettings.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["start_page_hidden_at"],
    )
