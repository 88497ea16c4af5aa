"""Give every district, subdistrict and community its governing organisation."""

from typing import Any

from django.core.management.base import BaseCommand

from grid.organisations.services import govern_areas


class Command(BaseCommand):
    help = (
        "Add the governing organisation of every district, subdistrict and community that has none; "
        "to be run after import_areas. Can be run again: what is there stays as it is."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Add and report."""
        added = govern_areas()
        self.stdout.write(f"{len(added)} governing organisations added")
