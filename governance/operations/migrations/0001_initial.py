from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "part",
                    models.CharField(
                        choices=[("worker", "Worker"), ("beat", "Beat")],
                        max_length=10,
                        unique=True,
                        verbose_name="Part",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="Last seen")),
            ],
            options={
                "verbose_name": "Heartbeat",
                "verbose_name_plural": "Heartbeats",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("part__in", ["worker", "beat"])), name="heartbeat_part_known"
                    )
                ],
            },
        ),
    ]
