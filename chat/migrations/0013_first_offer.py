"""Remember for which server a start has offered models. The table of connections is small."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0012_connections")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="offered_server",
            field=models.CharField(db_default="", editable=False, max_length=64),
        ),
    ]
