"""Deadlines of a case, their pauses and extensions, and the rungs that were climbed."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grid.casework.models.case import Case, Round
from grid.casework.models.records import Request
from grid.worktime.models import Binds, DeadlineRule, Unit

# How the codes of rules begin that belong to supervision orders.
SUPERVISION = "SUP-"


class DeadlineStatus(models.TextChoices):
    """Whether a deadline runs."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    CANCELLED = "cancelled", _("Cancelled")


class Deadline(models.Model):
    """
    A copy of a rule, a start, and what was computed from them.

    Never edited and never counted up or down: `casework.deadlines.recompute` is the only writer of the
    computed columns. `due_at` is the first instant that is late.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="deadlines")
    round = models.ForeignKey(Round, models.PROTECT, related_name="deadlines")
    rule = models.ForeignKey(DeadlineRule, models.PROTECT, related_name="deadlines")
    code = models.CharField(max_length=30)
    label = models.CharField(max_length=120)
    label_en = models.CharField(max_length=160, blank=True)
    basis = models.CharField(max_length=200, blank=True)
    basis_en = models.CharField(max_length=200, blank=True)
    length = models.PositiveIntegerField()
    unit = models.CharField(max_length=10, choices=Unit)
    binds = models.CharField(max_length=10, choices=Binds)
    rolls = models.BooleanField()
    may_pause = models.BooleanField()
    starts_at = models.DateTimeField()
    raw_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)
    yellow_at = models.DateTimeField(null=True)
    orange_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False)
    next_rung_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=DeadlineStatus, default=DeadlineStatus.RUNNING)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[DeadlineStatus.RUNNING, DeadlineStatus.PAUSED], ended_at__isnull=True)
                | Q(status__in=[DeadlineStatus.MET, DeadlineStatus.CANCELLED], ended_at__isnull=False),
                name="deadline_ended_means_ended",
            ),
            models.CheckConstraint(
                condition=Q(status=DeadlineStatus.PAUSED) | Q(due_at__isnull=False),
                name="deadline_due_unless_paused",
            ),
            models.UniqueConstraint(
                fields=["case", "code"],
                condition=Q(status__in=["running", "paused"]),
                name="deadline_runs_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """Return the label in the reader's language."""
        return self.label_en if self.label_en and (get_language() or "").startswith("en") else self.label

    @property
    def basis_text(self) -> str:
        """Return the legal basis in the reader's language."""
        return self.basis_en if self.basis_en and (get_language() or "").startswith("en") else self.basis

    @property
    def of_supervision(self) -> bool:
        """Tell whether it belongs to a supervision order: it binds the body addressed, whoever leads."""
        return self.code.startswith(SUPERVISION)

    @property
    def is_open(self) -> bool:
        """Tell whether it still runs or is paused."""
        return self.status in (DeadlineStatus.RUNNING, DeadlineStatus.PAUSED)


class PauseEnd(models.TextChoices):
    """What ended a pause."""

    RAN_OUT = "ran_out", _("It ran out")
    ENDED_EARLY = "ended_early", _("What it waited for happened")
    DEADLINE_ENDED = "deadline_ended", _("The deadline ended")


class Pause(models.Model):
    """A deadline stands still from one instant to another; every pause has an end."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="pauses")
    request = models.ForeignKey(Request, models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    starts_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, choices=PauseEnd, blank=True)
    ended_note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("starts_at")), name="pause_ends_after_start"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="")
                | Q(ended_at__isnull=False, ended_why__in=PauseEnd.values),
                name="pause_ended_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["deadline"], condition=Q(ended_at__isnull=True), name="one_open_pause"
            ),
        ]


class Extension(models.Model):
    """A deadline was made longer by so many of its own units."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="extensions")
    request = models.ForeignKey(Request, models.PROTECT, null=True, related_name="+")
    length = models.PositiveIntegerField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(length__gt=0), name="extension_is_longer")]


class Rung(models.Model):
    """
    A rung of the ladder that was climbed. Unique, so exactly once whatever crashes.

    `due_at` belongs to the key: a date that was moved may be late again.
    """

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="rungs")
    level = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    climbed_at = models.DateTimeField()
    told = models.BooleanField(help_text=_("Only the highest of several rungs passed at once is told."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deadline", "level", "due_at"], name="rung_climbed_once"),
            models.CheckConstraint(condition=Q(level__range=(1, 5)), name="rung_level_known"),
        ]


class SilenceRung(models.Model):
    """
    Somebody was told that the person had heard nothing for too long. Unique, so exactly once a silence.

    `heard_at` is the last word before it: a new word may be followed by a new silence.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="silences")
    heard_at = models.DateTimeField()
    climbed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "heard_at"], name="silence_told_once"),
        ]
