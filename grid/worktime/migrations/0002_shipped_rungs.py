"""Ship the first three rungs of the ladder: yellow, orange, red (docs: the ladder)."""

import datetime
from decimal import Decimal

from django.db import migrations

VALID_FROM = datetime.date(2004, 1, 1)  # where the shipped calendar begins
A_THIRD, A_SIXTH = Decimal("0.333333"), Decimal("0.166667")
RUNGS = [
    # unit, level, share of the period left, days left, hours left, told up to
    ("day", 1, A_THIRD, 3, None, "section_head"),
    ("day", 2, None, 1, None, "unit_head"),
    ("day", 3, None, None, None, "superior"),
    ("workday", 1, A_THIRD, 3, None, "section_head"),
    ("workday", 2, None, 1, None, "unit_head"),
    ("workday", 3, None, None, None, "superior"),
    ("hour", 1, A_THIRD, None, None, "section_head"),
    ("hour", 2, A_SIXTH, None, 2, "unit_head"),
    ("hour", 3, None, None, None, "superior"),
]


def ship(apps, schema_editor):
    rung_rule = apps.get_model("worktime", "RungRule")
    for unit, level, share, left_days, left_hours, told in RUNGS:
        rung_rule.objects.get_or_create(
            unit=unit,
            level=level,
            valid_from=VALID_FROM,
            defaults={"share": share, "left_days": left_days, "left_hours": left_hours, "told": told},
        )


class Migration(migrations.Migration):
    dependencies = [("worktime", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
