"""The runs of the ladder, so that it cannot stop silently."""

from django.db import models

from grid.supervision.querysets import LadderRunQuerySet


class LadderRun(models.Model):
    """One run of the ladder: what it took, whom it told, what failed. A run that was killed has no end."""

    at = models.DateTimeField(help_text="The clock it was given.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    cases = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    objects = LadderRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.started_at.isoformat()} {self.cases}"
