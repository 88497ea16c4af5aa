"""Ship the limits of the law, of practice and of the city's own choice (domain 1.2 and 3.2), and the rungs' channels."""

import csv
from pathlib import Path

from django.db import migrations, models

RULES = Path(__file__).resolve().parent.parent / "data" / "rules.csv"
# level: channels; what is late in hours is told by night as well.
CHANNELS = {1: ["portal"], 2: ["portal", "email"], 3: ["portal", "email", "sms", "chat"]}


def ship(apps, schema_editor):
    rule = apps.get_model("worktime", "DeadlineRule")
    with RULES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rule.objects.get_or_create(
                code=row["code"],
                statutory=row["source"] == "statute",
                organisation=None,
                area=None,
                category="",
                valid_from=row["valid_from"],
                defaults=values_of(row),
            )


def values_of(row):
    """Return what a line of the list says; an empty ceiling of what somebody may extend is no ceiling."""
    extended = bool(row["extend_by"])
    return {
        **{name: row[name] for name in ("kind", "label", "label_en", "basis", "basis_en", "unit", "binds")},
        **{name: row[name] for name in ("extend_by", "pause_for", "pause_for_en")},
        "length": number(row["length"]),
        "extend_max": number(row["extend_max"]) if extended else 0,
        "extend_times": number(row["extend_times"]) if extended else 1,
        "may_pause": bool(row["pause_for"]),
        "rolls": row["rolls"] == "yes",
    }


def number(text):
    return int(text) if text else None


def give_channels(apps, schema_editor):
    rung = apps.get_model("worktime", "RungRule")
    for level, channels in CHANNELS.items():
        rung.objects.filter(code="", level=level, made_at=None).update(channels=channels)
    rung.objects.filter(code="", unit="hour", level=3, made_at=None).update(office_hours=False)


class Migration(migrations.Migration):
    dependencies = [("worktime", "0003_rules_by_reach")]
    operations = [
        migrations.AlterField(
            model_name="deadlinerule",
            name="kind",
            field=models.CharField(
                blank=True, help_text="Empty means every kind.", max_length=30, verbose_name="Kind of case"
            ),
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
        migrations.RunPython(give_channels, migrations.RunPython.noop),
    ]
