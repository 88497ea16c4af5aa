"""Ship the deadlines of supervision as defaults; a city that has set its own keeps them."""

import datetime

from django.db import migrations

SINCE = datetime.date(2022, 5, 1)
RULES = [
    {
        "code": "SUP-FEEDBACK",
        "label": "督办建议书面反馈",
        "label_en": "Written answer to a supervision order",
        "basis": "本市自定时限，可在后台调整；沿用已废止的《信访条例》（2005）第三十六条的做法，非现行法律规定",
        "basis_en": (
            "Local setting, may be changed; practice after article 36 of the repealed regulations of 2005, "
            "not law in force"
        ),
        "length": 30,
        "rolls": True,
    },
    {
        "code": "SUP-RECTIFY",
        "label": "挂牌督办限期整改",
        "label_en": "Rectification of a listed matter",
        "basis": "《信访工作条例》第三十九条（责令限期整改）；期限由督办单位在挂牌时确定",
        "basis_en": "Regulations on Petitions, article 39; the supervising body sets the day when it lists",
        "length": None,
        "rolls": False,
    },
]


def ship(apps, schema_editor):
    rule = apps.get_model("worktime", "DeadlineRule")
    for values in RULES:
        if not rule.objects.filter(code=values["code"]).exists():
            rule.objects.create(
                kind="supervision", unit="day", binds="office", statutory=False, valid_from=SINCE, **values
            )


class Migration(migrations.Migration):
    dependencies = [("supervision", "0003_set_aside"), ("worktime", "0003_rules_by_reach")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
