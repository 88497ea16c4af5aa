"""Check the tree of areas."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from grid.areas.models import Area, Tier
from grid.areas.tree import find_faults


class Command(BaseCommand):
    help = (
        "Print the number of areas per tier; fail on any whose bounds, tier or code do not match its parent."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Count and compare.

        :raises CommandError: when a node does not stand where it should.
        """
        counts = dict(Area.objects.order_by().values_list("tier").annotate(Count("pk")))
        for tier in Tier:
            self.stdout.write(f"{tier.value:<10} {counts.get(tier.value, 0):>8}")
        faults = find_faults()
        for fault in faults:
            self.stderr.write(f"{fault.code} {fault.name} {fault.message}")
        if faults:
            nodes = len({fault.code for fault in faults})
            raise CommandError(f"{len(faults)} faults in {nodes} areas")
        self.stdout.write(f"{sum(counts.values())} areas, every bound matches its parent")
