"""When a deadline turns yellow, orange and red, and how far up that is told."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.worktime.choices import Channel, Told, Unit
from grid.worktime.querysets import ValidQuerySet


def portal_only() -> list[str]:
    """Return the channels of a rung that nobody chose any for."""
    return [Channel.PORTAL]


class RungRule(models.Model):
    """
    One rung of the ladder (预警、催办、超期) for deadlines in one unit, or for those of one rule.

    A row with the code of a deadline rule stands in place of the unit's row of that level.

    In days the rung is reached at the share of the period or at the days left, whichever comes first; in
    hours at the share or at the hours left, whichever comes last, so that a short limit is not born orange.
    Level 3 is reached when the deadline has passed; levels 4 and 5 (督办、挂牌督办) are reached by decision.
    """

    code = models.CharField(
        _("Only for the rule"),
        max_length=40,
        blank=True,
        help_text=_("The code of a deadline rule; empty means every rule in this unit."),
    )
    unit = models.CharField(_("Unit"), max_length=10, choices=Unit.choices)
    level = models.PositiveSmallIntegerField(
        _("Level"),
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1 yellow, 2 orange, 3 red; a person decides on 4 and 5, no clock does."),
    )
    share = models.DecimalField(
        _("Share of the period left"),
        max_digits=7,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.000001")), MaxValueValidator(Decimal(1))],
        help_text=_("0.333333 is read as one third."),
    )
    left_days = models.PositiveSmallIntegerField(_("Days left"), null=True, blank=True)
    left_hours = models.PositiveSmallIntegerField(_("Hours left"), null=True, blank=True)
    told = models.CharField(
        _("Told up to"),
        max_length=20,
        choices=Told.choices,
        help_text=_("Everybody nearer to the case is told as well."),
    )
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel),
        verbose_name=_("Channels"),
        default=portal_only,
        help_text=_("The portal is always among them."),
    )
    office_hours = models.BooleanField(
        _("Only in office hours"),
        default=True,
        help_text=_("Outside the portal a message then waits for the next office hours."),
    )
    valid_from = models.DateField(_("In force from"))
    valid_until = models.DateField(
        _("In force until"), null=True, blank=True, help_text=_("The first day it no longer holds.")
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    made_at = models.DateTimeField(_("Written at"), null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    ended_at = models.DateTimeField(_("Ended at"), null=True, blank=True, editable=False)

    objects = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = _("Rung rule")
        verbose_name_plural = _("Rung rules")
        ordering = ["code", "unit", "level", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                name="rung_rule_once",
                fields=["code", "unit", "level", "valid_from"],
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(name="rung_rule_unit", condition=Q(unit__in=Unit.values)),
            models.CheckConstraint(name="rung_rule_told", condition=Q(told__in=Told.values)),
            models.CheckConstraint(name="rung_rule_level", condition=Q(level__gte=1, level__lte=5)),
            models.CheckConstraint(
                name="rung_rule_share", condition=Q(share=None) | Q(share__gt=0, share__lte=1)
            ),
            models.CheckConstraint(
                name="rung_rule_left_in_its_unit",
                condition=Q(unit=Unit.HOUR, left_days=None) | (~Q(unit=Unit.HOUR) & Q(left_hours=None)),
            ),
            models.CheckConstraint(
                name="rung_rule_validity",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="rung_rule_channels",
                condition=Q(channels__contains=[Channel.PORTAL], channels__contained_by=Channel.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code or Unit(self.unit).label} {self.level}"

    @property
    def is_withdrawn(self) -> bool:
        """Say whether the rung was taken back before it ever held."""
        return self.valid_until == self.valid_from

    @property
    def audience(self) -> list[Told]:
        """List who is told, from the handler outwards."""
        people = list(Told)
        return people[: people.index(Told(self.told)) + 1]

    def clean(self) -> None:
        """
        Check that a warning has a moment of its own and one rule at a time.

        :raises ValidationError: naming the field.
        """
        errors: dict[str, Promise | str] = {}
        early = [self.share, self.left_days, self.left_hours]
        if self.level and self.level < 3 and all(value is None for value in early):
            errors["share"] = _("A warning needs a share of the period, days left or hours left.")
        if self.level and self.level >= 3 and any(value is not None for value in early):
            errors["share"] = _("Only levels 1 and 2 warn before the deadline has passed.")
        if self.unit == Unit.HOUR and self.left_days is not None:
            errors["left_days"] = _("A limit in hours is warned of in hours.")
        if self.unit != Unit.HOUR and self.left_hours is not None:
            errors["left_hours"] = _("A limit in days is warned of in days.")
        if Channel.PORTAL not in (self.channels or []):
            errors["channels"] = _("The portal is always among the channels.")
        if self.unit and self.level and self.valid_from and self._overlaps():
            errors["valid_from"] = _("Another rule for this rung is in force at that time.")
        if errors:
            raise ValidationError(errors)

    def _overlaps(self) -> bool:
        if self.is_withdrawn:
            return False
        rows = RungRule.objects.filter(code=self.code, unit=self.unit, level=self.level).exclude(pk=self.pk)
        rows = rows.exclude(valid_until=F("valid_from"))
        rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=self.valid_from))
        if self.valid_until:
            rows = rows.filter(valid_from__lt=self.valid_until)
        return rows.exists()
