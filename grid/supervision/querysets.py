"""Narrow the runs of the ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime

    from grid.casework.models import Case
    from grid.supervision.models import LadderRun, SetAside  # noqa: F401


class LadderRunQuerySet(models.QuerySet["LadderRun"]):
    """Runs of the ladder."""

    def finished(self) -> LadderRunQuerySet:
        """Keep those that came to their end."""
        return self.filter(finished_at__isnull=False)

    def last_run(self) -> LadderRun | None:
        """Return the newest run that came to its end; nothing when the ladder never ran."""
        return self.finished().order_by("-pk").first()


class SetAsideQuerySet(models.QuerySet["SetAside"]):
    """Cases that the ladder set aside."""

    def waiting(self) -> SetAsideQuerySet:
        """Keep those that nobody has cleared."""
        return self.filter(cleared_at__isnull=True)

    def put(self, case: Case, *, reason: str, at: datetime) -> None:
        """Set a case aside; one that already is stays as it was."""
        self.bulk_create([self.model(case=case, reason=reason[:300], at=at)], ignore_conflicts=True)

    def clear(self, pk: int, *, at: datetime) -> int:
        """Let the ladder take a case again, and return how many that were: none when somebody was faster."""
        return self.waiting().filter(pk=pk).update(cleared_at=at)
