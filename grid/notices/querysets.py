"""Narrow notices, messages and their texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from grid.casework.models import Access
from grid.notices.choices import MessageStatus

if TYPE_CHECKING:
    from grid.notices.models import Message, MessageTemplate, Notice  # noqa: F401 names the rows, in quotes
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


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages."""

    def to_send(self, at: datetime, *, resting: Iterable[str] = ()) -> MessageQuerySet:
        """Keep those whose time has come, urgent ones first, without those of channels that rest."""
        due = self.filter(status=MessageStatus.PENDING, send_after__lte=at).exclude(channel__in=list(resting))
        return due.order_by("-urgent", "send_after", "pk")

    def in_trouble(self) -> MessageQuerySet:
        """Keep those that only a person sends again."""
        return self.filter(status__in=[MessageStatus.FAILED, MessageStatus.UNCERTAIN])

    def outside_compartments(self) -> MessageQuerySet:
        """Keep those that tell of an unsealed case: a sealed one leaves no trace for administrators."""
        items = apps.get_model("notices", "MessageItem")._default_manager
        return self.filter(Exists(items.filter(message=OuterRef("pk"), case__sealed=False)))


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    """Versions of texts."""

    def newest(self) -> MessageTemplateQuerySet:
        """Keep the newest version of each text."""
        key = ("audience", "code", "step", "channel")
        return self.order_by(*key, "-version").distinct(*key)

    def of_key(self, audience: str, code: str, step: str, channel: str) -> MessageTemplateQuerySet:
        """Keep the versions of one text, newest first."""
        found = self.filter(audience=audience, code=code, step=step, channel=channel)
        return found.order_by("-version")
