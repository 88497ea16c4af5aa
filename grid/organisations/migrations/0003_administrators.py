"""
Make the groups of those who work in the administration; three duties are kept apart (三员分立).

Permissions come from Django only after all migrations, so that those the groups need are made here already.
"""

from django.db import migrations

READ = ("view",)
KEEP = ("view", "add", "change")
ALL = ("view", "add", "change", "delete")
GROUPS = {
    # Accounts, organisations, areas, calendar, categories and who leads what, but nobody's rights.
    "system administrators": {
        ("people", "user"): KEEP,
        ("organisations", "organisation"): KEEP,
        ("organisations", "posting"): READ,
        ("organisations", "absence"): READ,
        ("areas", "area"): KEEP,
        ("areas", "areachange"): READ,
        ("worktime", "calendarday"): ALL,
        ("worktime", "calendaryear"): ALL,
        ("worktime", "deadlinerule"): KEEP,
        ("worktime", "rungrule"): KEEP,
        ("incidents", "category"): KEEP,
        ("incidents", "responsibility"): KEEP,
    },
    # Rights and postings, but no accounts.
    "security administrators": {
        ("people", "user"): ("view", "change"),
        ("organisations", "organisation"): READ,
        ("organisations", "posting"): KEEP,
        ("organisations", "absence"): ALL,
        ("areas", "area"): READ,
    },
    # The logs, and nothing else.
    "auditors": {
        ("admin", "logentry"): READ,
        ("areas", "areachange"): READ,
    },
}


def make_groups(apps, schema_editor):
    """Add the groups with their permissions."""
    group_model = apps.get_model("auth", "Group")
    for name, models in GROUPS.items():
        group, _ = group_model.objects.get_or_create(name=name)
        for (app_label, model), verbs in models.items():
            group.permissions.add(*(permission(apps, app_label, model, verb) for verb in verbs))


def permission(apps, app_label, model, verb):
    """Return a permission as Django would make it."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {model}"}
    )
    return found


class Migration(migrations.Migration):
    """Add the groups."""

    dependencies = [
        ("organisations", "0002_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
