"""Which custom instructions a run was given, and whether they apply to a conversation.

Both columns have constant database defaults: no row is rewritten, and an older process can still
write.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0015_chat_preferences")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="uses_instructions",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="run",
            name="instructions",
            field=models.CharField(db_default="", default="", max_length=1000),
        ),
    ]
