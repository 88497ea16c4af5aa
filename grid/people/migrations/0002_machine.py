"""Make the service user in whose name the portal itself acts."""

from django.db import migrations


def make_machine(apps, schema_editor):
    """Add the one machine; it has no usable password and never signs in."""
    apps.get_model("people", "User").objects.get_or_create(
        username="machine", defaults={"type": "machine", "name": "阳光网格", "is_active": False, "password": "!"}
    )


class Migration(migrations.Migration):
    """Add the machine."""

    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunPython(make_machine, migrations.RunPython.noop)]
