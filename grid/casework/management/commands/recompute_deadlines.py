"""Work out open deadlines anew after the calendar changed."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from grid.casework.calendar_changes import recompute_open


class Command(BaseCommand):
    """Recompute every open deadline in days; can be run again."""

    help = "Works out open deadlines anew after days or years of the calendar were entered."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many cases moved."""
        self.stdout.write(f"{recompute_open(at=timezone.now())} cases moved.")
