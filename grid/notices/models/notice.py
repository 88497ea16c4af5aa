"""Notices: what happened that somebody has to know, worded when it is read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models import Case, Event
from grid.notices import templates
from grid.notices.choices import ALERTS, Code
from grid.notices.querysets import NoticeQuerySet
from grid.organisations.models import Organisation


class Notice(models.Model):
    """
    One thing that one person has to know. It carries codes and values, never text that people typed.

    `created_at` is the time of the entry it comes from. Unique per entry, recipient and template, so that a
    reader of the feed may repeat itself; a vacant post is told once for each organisation. An alert that
    comes from no entry has a key instead, and nobody has it twice before he has read it.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", verbose_name=_("Recipient")
    )
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="notices", verbose_name=_("Case"))
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="notices")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("Organisation")
    )
    template = models.CharField(max_length=20, choices=Code)
    level = models.PositiveSmallIntegerField(default=0)
    params = models.JSONField(default=dict)
    alert = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("Notice")
        verbose_name_plural = _("Notices")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "recipient", "template", "organisation"],
                condition=Q(event__isnull=False),
                name="notice_told_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["recipient", "alert"],
                condition=~Q(alert="") & Q(read_at__isnull=True),
                name="notice_alert_told_once",
            ),
            models.CheckConstraint(condition=Q(template__in=Code.values), name="notice_template_known"),
            models.CheckConstraint(
                condition=Q(template__in=ALERTS, case__isnull=True)
                | ~Q(template__in=ALERTS) & Q(case__isnull=False),
                name="notice_of_an_alert_names_no_case",
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notice_by_recipient"),
            models.Index(fields=["recipient"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.heading}: {self.text}"

    @property
    def heading(self) -> str:
        """Return in a word or two what it is about, in the reader's language."""
        return templates.heading(self.template, self.params)

    @property
    def text(self) -> str:
        """Return what happened in a sentence, in the reader's language."""
        return templates.text(
            self.template,
            self.params,
            organisation=self.organisation.label if self.organisation else "",
        )

    @property
    def icon(self) -> str:
        """Return the name of its picture."""
        return templates.of(self.template).icon

    @property
    def light(self) -> str:
        """Return the light of a rung, or nothing: colour means time only."""
        return templates.of(self.template).light
