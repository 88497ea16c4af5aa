"""Recompute what cases store, and compare."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid.casework import ledger
from grid.casework.models import Case


class Command(BaseCommand):
    """Fail when a stored answer of a case differs from what its rows say."""

    help = "Recomputes phase, due dates, holders and rounds of every case and compares."

    def handle(self, *args: Any, **options: Any) -> None:
        """Name every fault; exit with 1 if there is one."""
        faults = 0
        for fault in ledger.check():
            faults += 1
            self.stderr.write(str(fault))
        if faults:
            raise CommandError(f"{faults} stored answers do not fit.")
        self.stdout.write(f"{Case.objects.count()} cases checked, every stored answer fits.")
