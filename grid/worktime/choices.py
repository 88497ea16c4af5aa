"""The closed lists of words that deadline rules and the calendar are written in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.TextChoices):
    """What a deadline is counted in."""

    DAY = "day", _("Calendar day")
    WORKDAY = "workday", _("Working day")
    HOUR = "hour", _("Hour")


class Binds(models.TextChoices):
    """Whom a deadline binds: only an office can be late, a petitioner's right runs out."""

    OFFICE = "office", _("The office in charge")
    PETITIONER = "petitioner", _("The petitioner")
    OUTSIDE = "outside", _("An outside body")
    WATCH = "watch", _("Nobody; it only watches")


class Approver(models.TextChoices):
    """Who may extend a deadline."""

    UNIT_HEAD = "unit_head", _("The head of the office")
    SUPERIOR = "superior", _("The superior that assigned it")
    PARTIES = "parties", _("The parties, by agreement")
    OUTSIDE = "outside", _("The outside body itself")


class Channel(models.TextChoices):
    """How a message reaches somebody; the portal always does."""

    PORTAL = "portal", _("Portal")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    CHAT = "chat", _("Work chat")


class DayKind(models.TextChoices):
    """What a day is in the working calendar."""

    WORKDAY = "workday", _("Working day")
    RESTDAY = "restday", _("Rest day")
    HOLIDAY = "holiday", _("Public holiday")
    MAKEUP = "makeup", _("Make-up working day")

    @property
    def is_worked(self) -> bool:
        """Say whether offices are open on such a day."""
        return self in (DayKind.WORKDAY, DayKind.MAKEUP)


class Origin(models.TextChoices):
    """Who says what a day is."""

    WEEK = "week", _("The week")
    LAW = "law", _("Holiday law")
    NOTICE = "notice", _("Yearly notice")
    CITY = "city", _("Entered by the city")


class Told(models.TextChoices):
    """The farthest person whom a rung tells; everybody nearer to the case is told as well."""

    HANDLER = "handler", _("Handler")
    SECTION_HEAD = "section_head", _("Section head")
    UNIT_HEAD = "unit_head", _("Head of the unit")
    SUPERIOR = "superior", _("Superior organisation")
