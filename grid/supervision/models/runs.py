"""The runs of the ladder, so that it cannot stop silently."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models import Case
from grid.supervision.querysets import LadderRunQuerySet, SetAsideQuerySet


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


class SetAside(models.Model):
    """
    A case that the ladder could not take: its rows contradict each other, and somebody has to look.

    While a row of it is not cleared the ladder passes the case by and goes on with the others.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    reason = models.CharField(_("Reason"), max_length=300)
    at = models.DateTimeField(_("Since"))
    cleared_at = models.DateTimeField(null=True)

    objects = SetAsideQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(cleared_at__isnull=True), name="set_aside_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reason}"
