"""Narrow supervision orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from grid.casework.models import Case

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.supervision.models import SupervisionOrder, SupervisionRecord  # noqa: F401


class SupervisionOrderQuerySet(models.QuerySet["SupervisionOrder"]):
    """Supervision orders."""

    def visible_to(self, actor: Actor) -> SupervisionOrderQuerySet:
        """Keep those of cases that an actor may know of."""
        return self.filter(case__in=Case.objects.visible_to(actor).values("pk"))

    def open(self) -> SupervisionOrderQuerySet:
        """Keep those that wait for somebody."""
        return self.filter(ended_at=None)


class SupervisionRecordQuerySet(models.QuerySet["SupervisionRecord"]):
    """Talks and notices."""

    def visible_to(self, actor: Actor) -> SupervisionRecordQuerySet:
        """Keep those of cases that an actor may know of."""
        return self.filter(case__in=Case.objects.visible_to(actor).values("pk"))
