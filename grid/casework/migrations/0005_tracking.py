"""Tokens by which a person follows a matter without an account, and a count of tries."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the salt of a token, one open token per party and purpose, and tries."""

    dependencies = [
        ("casework", "0004_watch"),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=24)),
                ("address", models.GenericIPAddressField()),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name="token",
            name="salt",
            field=models.CharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.UniqueConstraint(
                condition=models.Q(("expires_at__isnull", True)),
                fields=("party", "purpose"),
                name="one_open_token",
            ),
        ),
        migrations.AddIndex(
            model_name="codeattempt",
            index=models.Index(fields=["address", "number"], name="code_attempts_by_address"),
        ),
    ]
