"""Ship the categories of incidents: eighteen letters, each with its second level (domain 4.6)."""

import csv
from pathlib import Path

from django.db import migrations

CATEGORIES = Path(__file__).resolve().parent.parent / "data" / "categories.csv"


def ship(apps, schema_editor):
    category = apps.get_model("incidents", "Category")
    known = {}
    with CATEGORIES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            parent = known.get(row["parent"])
            known[row["code"]], _ = category.objects.get_or_create(
                code=row["code"],
                defaults={
                    "parent": parent,
                    "name": row["name"],
                    "name_en": row["name_en"],
                    "urgency": row["urgency"],
                    "icon": row["icon"] or (parent.icon if parent else "tag"),
                },
            )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
