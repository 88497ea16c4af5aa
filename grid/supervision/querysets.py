"""Narrow the runs of the ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from grid.supervision.models import LadderRun


class LadderRunQuerySet(models.QuerySet["LadderRun"]):
    """Runs of the ladder."""

    def finished(self) -> LadderRunQuerySet:
        """Keep those that came to their end."""
        return self.filter(finished_at__isnull=False)

    def last_run(self) -> LadderRun | None:
        """Return the newest run that came to its end; nothing when the ladder never ran."""
        return self.finished().order_by("-pk").first()
