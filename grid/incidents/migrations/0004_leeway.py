"""Let the superior extend an urgent and a normal incident once, and a normal one be paused (grid/incidents/deadlines.py)."""

from django.db import migrations

# code: hours by which it may be extended, whether it may be paused
LEEWAY = {"INC-YELLOW": (24, False), "INC-BLUE": (72, True)}
WAITING = "等待天气、材料或进场条件"
WAITING_EN = "Waiting for weather, material or access"


def give_leeway(apps, schema_editor):
    """Change the shipped rows only where nobody has set any leeway; deadlines that run keep whether they may pause."""
    rule = apps.get_model("worktime", "DeadlineRule")
    untouched = rule.objects.filter(statutory=False, organisation=None, area=None, category="")
    untouched = untouched.filter(extend_max=0, extend_by="", may_pause=False)
    for code, (hours, waits) in LEEWAY.items():
        untouched.filter(code=code).update(
            extend_by="superior",
            extend_max=hours,
            extend_times=1,
            may_pause=waits,
            pause_for=WAITING if waits else "",
            pause_for_en=WAITING_EN if waits else "",
        )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_limits"), ("worktime", "0003_rules_by_reach")]
    operations = [migrations.RunPython(give_leeway, migrations.RunPython.noop)]
