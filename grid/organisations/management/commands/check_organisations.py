"""Check the tree of organisations."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone

from grid.organisations.checks import find_faults
from grid.organisations.models import Organisation, OrganisationType


class Command(BaseCommand):
    help = (
        "Print the number of organisations per type; fail on circles, a missing root, and districts, "
        "subdistricts and communities that no organisation governs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Count and check.

        :raises CommandError: when an organisation does not stand where it should.
        """
        counts = dict(Organisation.objects.order_by().values_list("type").annotate(Count("pk")))
        for kind in OrganisationType:
            self.stdout.write(f"{kind.value:<16} {counts.get(kind.value, 0):>8}")
        faults = find_faults(on=timezone.localdate())
        for fault in faults:
            self.stderr.write(f"{fault.code} {fault.name} {fault.message}")
        if faults:
            raise CommandError(f"{len(faults)} faults in the tree of organisations")
        self.stdout.write(f"{sum(counts.values())} organisations, every area is governed once")
