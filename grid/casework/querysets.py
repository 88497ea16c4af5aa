"""Narrow cases. `visible_to` is the one rule of who sees what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from grid.areas.models import Area
from grid.casework.scope import Scope

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.casework.models import Case  # noqa: F401


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases."""

    def visible_to(self, actor: Actor) -> CaseQuerySet:
        """
        Keep the cases that an actor may know of.

        (a) By a posting over the area whose role the kind names in `readers`; (b) by serving, in a role
        that handles the kind, in the leading, an assisting or a copied organisation; (c) as reporter or
        assignee; never when recused. A sealed case is seen by explicit `Access` only. The portal itself
        sees everything; a party sees its own case.
        """
        if actor.is_machine:
            return self.all()
        if actor.party is not None:
            return self.filter(pk=actor.party.case_id, sealed=False)
        user = actor.user
        if user is None or not user.is_active:
            return self.none()
        opened = Q(Exists(_rows("Access").filter(case=OuterRef("pk"), user=user, ended_at__isnull=True)))
        recused = Q(Exists(_rows("Recusal").filter(case=OuterRef("pk"), user=user)))
        mine = Q(reporter=user) | Q(assignee=user)
        scope = Scope.of(actor)
        unsealed = Q(sealed=False) & (mine | _by_area(scope) | _by_organisation(scope))
        return self.filter(unsealed | (Q(sealed=True) & opened)).exclude(recused)

    def open(self) -> CaseQuerySet:
        """Keep those that are not closed."""
        return self.exclude(phase="closed")

    def overdue(self, *, at: datetime) -> CaseQuerySet:
        """Keep the open ones whose next due instant has passed."""
        return self.open().filter(next_due_at__lte=at)

    def due_before(self, until: datetime, *, at: datetime) -> CaseQuerySet:
        """Keep the open ones that become late between two instants."""
        return self.open().filter(next_due_at__gt=at, next_due_at__lte=until)

    def in_subtree(self, area_id: int) -> CaseQuerySet:
        """Keep those in an area or anywhere below it."""
        return self.filter(area__in=Area.objects.within([area_id]).values("pk"))

    def of_kind(self, kind: str) -> CaseQuerySet:
        """Keep one kind."""
        return self.filter(kind=kind)


def _rows(model: str) -> models.Manager[Any]:
    """Return the rows of a casework model, which cannot be imported here: models import this module."""
    manager: models.Manager[Any] = apps.get_model("casework", model)._default_manager
    return manager


def _by_area(scope: Scope) -> Q:
    """Branch (a): one IN over a subtree for each set of kinds that postings open."""
    found = Q(kind__in=sorted(scope.everywhere)) if scope.everywhere else Q(pk__in=[])
    for readable, roots in scope.areas:
        below = Area.objects.within(sorted(roots)).values("pk")
        found |= Q(kind__in=sorted(readable), area__in=below)
    return found


def _by_organisation(scope: Scope) -> Q:
    """Branch (b): led, assisted or copied organisations, for roles that handle the kind."""
    found = Q(pk__in=[])
    for kind, served in scope.served:
        drawn_in = _rows("Assignment").filter(
            case=OuterRef("pk"), organisation__in=sorted(served), ended_at__isnull=True
        )
        found |= Q(kind=kind) & (Q(lead__in=sorted(served)) | Q(Exists(drawn_in)))
    return found
