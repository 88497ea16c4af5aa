"""Narrow notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from grid.casework.models import Access

if TYPE_CHECKING:
    from grid.notices.models import Notice  # noqa: F401 names the rows, in quotes
    from grid.people.models import User


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices."""

    def of(self, user: User) -> NoticeQuerySet:
        """
        Keep those of one person: nobody reads another's.

        What was told of a case before it was sealed is gone for everybody outside its compartment.
        """
        opened = Access.objects.filter(case=OuterRef("case"), user=user, ended_at=None)
        return self.filter(Q(case=None) | Q(case__sealed=False) | Exists(opened), recipient=user)

    def unread(self, user: User) -> NoticeQuerySet:
        """Keep those that a person has not marked as read."""
        return self.of(user).filter(read_at__isnull=True)

    def unread_count(self, user: User, *, limit: int = 100) -> int:
        """Return how many are unread, counted no further than a limit."""
        return self.unread(user).order_by()[:limit].count()

    def for_page(self) -> NoticeQuerySet:
        """Read with each notice what its line shows."""
        return self.select_related("case", "organisation")
