"""The incident: what a case of this kind has of its own."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Tier
from grid.casework.models import Case
from grid.incidents.models.category import Category
from grid.organisations.models import Organisation


class IncidentManager(models.Manager["Incident"]):
    """Incidents with what every page shows of them, in the same query."""

    def get_queryset(self) -> models.QuerySet[Incident]:
        """Join category, people and organisation."""
        return (
            super()
            .get_queryset()
            .select_related("category__parent", "handled_by", "verified_by", "dispatched_by")
        )


class Incident(models.Model):
    """
    The detail row of an incident (网格事件); everything shared stands on its case.

    What was typed about handling and verifying stands in the timeline, where it can be erased lawfully.
    """

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, verbose_name=_("Case"))
    kind = models.CharField(max_length=20, default="incident", editable=False)
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="incidents", verbose_name=_("Category")
    )
    people_affected = models.PositiveIntegerField(_("People affected"), null=True, blank=True)
    observed_at = models.DateTimeField(_("Seen at"), null=True, blank=True)
    reported_tier = models.CharField(
        _("Tier that got it first"), max_length=12, choices=Tier.choices, blank=True
    )
    handled_at_once = models.BooleanField(_("Handled at once"), default=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Handled by"),
    )
    handled_at = models.DateTimeField(_("Handled at"), null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Verified by"),
    )
    dispatched_by = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Dispatched by")
    )
    asked_from = models.CharField(max_length=30, blank=True, editable=False)
    waits_for = models.CharField(_("Waits for"), max_length=200, blank=True)
    waits_until = models.DateField(_("Waits until"), null=True, blank=True)

    objects = IncidentManager()

    class Meta:
        verbose_name = _("Incident")
        verbose_name_plural = _("Incidents")
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("handled_by")),
                name="incident_not_verified_by_handler",
            ),
            models.CheckConstraint(
                condition=Q(handled_by__isnull=True, handled_at__isnull=True)
                | Q(handled_by__isnull=False, handled_at__isnull=False),
                name="incident_handled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(handled_at_once=False) | Q(verified_by__isnull=True),
                name="incident_handled_at_once_is_not_verified",
            ),
            models.CheckConstraint(
                condition=Q(waits_until__isnull=True, waits_for="")
                | (Q(waits_until__isnull=False) & ~Q(waits_for="")),
                name="incident_waits_for_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["waits_until"], name="incident_waits", condition=Q(waits_until__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return str(self.case)
