"""Narrow organisations, postings and absences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from grid.organisations.models import Absence, Organisation, Posting  # noqa: F401


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations."""

    def valid(self, on: date) -> OrganisationQuerySet:
        """Those that exist on a day."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on),
            Q(valid_until__isnull=True) | Q(valid_until__gte=on),
        )


class PostingQuerySet(models.QuerySet["Posting"]):
    """Postings."""

    def held(self, on: date) -> PostingQuerySet:
        """Those that run on a day, by somebody who may still sign in."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on, user__is_active=True
        )

    def in_roles(self, roles: Iterable[str]) -> PostingQuerySet:
        """Those in any of the roles."""
        return self.filter(role__in=list(roles))


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Absences."""

    def on(self, day: date) -> AbsenceQuerySet:
        """Those that run on a day."""
        return self.filter(starts_on__lte=day, ends_on__gte=day)
