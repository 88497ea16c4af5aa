"""Ship the limits of incidents as defaults; a city that has set its own keeps them (grid/incidents/deadlines.py)."""

import datetime

from django.db import migrations

SINCE = datetime.date(2004, 1, 1)
BASIS = "本市自定时限，非法律规定，可在后台调整"
BASIS_EN = "Local choice of this city, not set by law; may be changed in the administration"
LIMITS = [
    ("INC-RED", "特急事件处置时限", "Handling of a critical incident", 2),
    ("INC-YELLOW", "紧急事件处置时限", "Handling of an urgent incident", 24),
    ("INC-BLUE", "一般事件处置时限", "Handling of a normal incident", 72),
]


def ship(apps, schema_editor):
    rule = apps.get_model("worktime", "DeadlineRule")
    for code, label, label_en, hours in LIMITS:
        if rule.objects.filter(code=code).exists():
            continue
        rule.objects.create(
            code=code,
            kind="incident",
            label=label,
            label_en=label_en,
            basis=BASIS,
            basis_en=BASIS_EN,
            length=hours,
            unit="hour",
            binds="office",
            rolls=False,
            statutory=False,
            valid_from=SINCE,
        )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_categories"), ("worktime", "0002_shipped_rungs")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
