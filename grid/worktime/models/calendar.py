"""What the city states about single days and whole years; it goes before the shipped calendar."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grid.worktime.choices import DayKind


class CalendarDay(models.Model):
    """A day that differs from the shipped calendar, or that a new holiday notice (放假通知) fixes."""

    on = models.DateField(_("Date"), unique=True)
    kind = models.CharField(_("Kind of day"), max_length=10, choices=DayKind.choices)
    name = models.CharField(
        _("Name of the day"), max_length=60, blank=True, help_text=_("For example 国庆节.")
    )
    name_en = models.CharField(_("Name in English"), max_length=60, blank=True)
    source = models.CharField(_("Source"), max_length=200, help_text=_("The notice that fixes this day."))

    class Meta:
        verbose_name = _("Calendar day")
        verbose_name_plural = _("Calendar days")
        ordering = ["-on"]
        constraints = [
            models.CheckConstraint(name="calendar_day_kind", condition=Q(kind__in=DayKind.values)),
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {DayKind(self.kind).label}"

    def clean(self) -> None:
        """
        Check that the kind fits the day of the week.

        :raises ValidationError: naming the field.
        """
        if self.on is None:
            return
        on_weekend = self.on.weekday() >= 5
        if self.kind == DayKind.MAKEUP and not on_weekend:
            raise ValidationError({"kind": _("A make-up working day falls on a Saturday or Sunday.")})
        if self.kind == DayKind.WORKDAY and on_weekend:
            raise ValidationError({"kind": _("Work on a Saturday or Sunday is a make-up working day.")})


class CalendarYear(models.Model):
    """A year whose holiday notice is published and entered in full: nothing in it is provisional."""

    year = models.PositiveSmallIntegerField(
        _("Year"), primary_key=True, validators=[MinValueValidator(2004), MaxValueValidator(2200)]
    )
    confirmed_at = models.DateTimeField(_("Confirmed at"), default=timezone.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    source = models.CharField(_("Source"), max_length=200, help_text=_("The holiday notice of that year."))

    class Meta:
        verbose_name = _("Confirmed year")
        verbose_name_plural = _("Confirmed years")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(name="calendar_year_range", condition=Q(year__gte=2004, year__lte=2200)),
        ]

    def __str__(self) -> str:
        return str(self.year)


class CalendarChange(models.Model):
    """
    Somebody changed the calendar; open deadlines are worked out anew until `done_at` says so.

    `what` holds codes and dates: `verb` (override, import, confirm), the source, and the days that changed
    with what they were before. `moved` counts the matters of which a date moved.
    """

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    what = models.JSONField()
    first_on = models.DateField()
    last_on = models.DateField()
    year = models.PositiveSmallIntegerField(null=True)
    done_at = models.DateTimeField(null=True)
    moved = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], condition=Q(done_at=None), name="calendar_change_to_do"),
        ]
        constraints = [
            models.CheckConstraint(
                name="calendar_change_span", condition=Q(last_on__gte=models.F("first_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.what.get('verb', '')}"
