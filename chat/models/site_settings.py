"""What administrators choose for the whole site."""

from django.db import models


class SiteSettings(models.Model):
    """The only row; `start_page_hidden_at` is when an administrator had seen enough of it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    start_page_hidden_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="chat_sitesettings_one_row"),
        )

    def __str__(self) -> str:
        return "site settings"
