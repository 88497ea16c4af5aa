"""The published responsibility list (责任清单): who leads what, on which tier, by which rule."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area, Tier
from grid.incidents.models.category import Category
from grid.incidents.querysets import ResponsibilityQuerySet
from grid.organisations.models import Organisation

LISTED_TIERS = (Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY, Tier.GRID)


class Responsibility(models.Model):
    """
    One line of the responsibility list (责任清单).

    A second-level category with lines of its own is not covered by the lines of its first level, so that a
    city can take a single matter away from its communities. Among lines of one tier the narrower area goes
    first. Nothing is pushed to a community that does not stand here for it
    (滨州市网格化服务管理条例 10: 事项清单, published and kept current).
    """

    category = models.ForeignKey(
        Category, models.PROTECT, related_name="responsibilities", verbose_name=_("Category")
    )
    tier = models.CharField(
        _("Tier"), max_length=12, choices=[(tier.value, tier.label) for tier in LISTED_TIERS]
    )
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="responsibilities",
        verbose_name=_("Only in the area"),
        help_text=_("Empty means the whole city."),
    )
    lead_organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="responsibilities",
        verbose_name=_("Leading organisation"),
        help_text=_("Empty means the organisation that governs the area of that tier."),
    )
    assisting = models.ManyToManyField(
        Organisation, blank=True, related_name="+", verbose_name=_("Assisting organisations")
    )
    basis = models.CharField(_("Legal basis"), max_length=200)
    basis_en = models.CharField(_("Legal basis in English"), max_length=200, blank=True)
    valid_from = models.DateField(_("Valid from"))
    valid_until = models.DateField(
        _("Valid until"), null=True, blank=True, help_text=_("The first day it no longer holds.")
    )

    objects = ResponsibilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("Responsibility")
        verbose_name_plural = _("Responsibility list")
        ordering = ["category__code", "tier", "area__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "tier", "area"],
                condition=Q(valid_until__isnull=True),
                name="responsibility_listed_once",
                nulls_distinct=False,
                violation_error_message=_("The list has a line for this category, tier and area."),
            ),
            models.CheckConstraint(
                condition=Q(tier__in=[tier.value for tier in LISTED_TIERS]), name="responsibility_tier_known"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="responsibility_valid_in_order",
                violation_error_message=_("The line would end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category.code} · {self.get_tier_display()}"

    @property
    def basis_text(self) -> str:
        """Return the legal basis in the reader's language."""
        return self.basis_en if self.basis_en and (get_language() or "").startswith("en") else self.basis

    def clean(self) -> None:
        """
        Check that the organisation stands on the tier that the line is for.

        :raises ValidationError: naming the field.
        """
        governed = self.lead_organisation.governs if self.lead_organisation else None
        if governed is not None and governed.tier != self.tier:
            raise ValidationError(
                {"lead_organisation": _("This organisation governs an area of another tier.")}
            )
