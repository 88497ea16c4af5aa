"""Verify that no timeline was altered."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid.casework import seals
from grid.casework.models import Event, Seal


class Command(BaseCommand):
    """Fail when an entry, a text, a whole case or a seal does not fit."""

    help = "Verifies the chains of all timelines, their texts and the daily seals."

    def handle(self, *args: Any, **options: Any) -> None:
        """Name every fault; exit with 1 if there is one."""
        faults = 0
        for fault in seals.verify():
            faults += 1
            self.stderr.write(str(fault))
        if faults:
            raise CommandError(f"{faults} faults found.")
        entries, sealed = Event.objects.count(), Seal.objects.count()
        self.stdout.write(f"{entries} entries and {sealed} seals verified, nothing was altered.")
