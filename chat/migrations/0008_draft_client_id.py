"""Which page's text a draft is, so that sending another one does not take it away."""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0007_search_entry_names")]
    operations = [
        migrations.AddField(
            "draft", "client_id", models.UUIDField(db_default=RandomUUID(), editable=False)
        ),
    ]
