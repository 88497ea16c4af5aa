"""The case (事项) and its rounds."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area
from grid.casework.querysets import CaseQuerySet
from grid.organisations.models import Organisation


class Phase(models.TextChoices):
    """Where a case stands, in words that all kinds share."""

    INTAKE = "intake", _("Intake")
    HANDLING = "handling", _("In progress")
    WAITING = "waiting", _("Waiting")
    CLOSED = "closed", _("Closed")


class Urgency(models.TextChoices):
    """How pressing a case is; a word and a shape, never a colour on the page."""

    RED = "red", _("Critical")
    YELLOW = "yellow", _("Urgent")
    BLUE = "blue", _("Normal")


class Channel(models.TextChoices):
    """How a case came in (来源)."""

    GRID_WORKER = "grid_worker", _("Grid worker")
    RESIDENT = "resident", _("Resident")
    PATROL = "patrol", _("Patrol")
    HOTLINE = "hotline", _("12345 hotline")
    DEPARTMENT = "department", _("Department")
    SENSOR = "sensor", _("Sensor")
    API = "api", _("Partner system")


class Outcome(models.TextChoices):
    """What came of a case, apart from its status."""

    SOLVED = "solved", _("Solved")
    PARTLY = "partly", _("Partly solved")
    EXPLAINED = "explained", _("Explained")
    NOT_OURS = "not_ours", _("Not for us")
    WAITS = "waits", _("Waits for money or season")
    VOIDED = "voided", _("Voided")
    MERGED = "merged", _("Merged into another case")


class Case(models.Model):
    """
    Anything that happens on the grid and is worked on.

    `phase`, `status`, `next_due_at` and `next_rung_at` are stored answers that casework alone writes;
    `manage.py check_ledger` recomputes and compares them.
    """

    kind = models.CharField(_("Kind"), max_length=20)
    number = models.CharField(_("Number"), max_length=24, unique=True)
    title = models.CharField(_("Title"), max_length=120)
    description = models.TextField(_("What happened"), blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("Area")
    )
    address = models.CharField(_("Address or landmark"), max_length=200, blank=True)
    longitude = models.FloatField(_("Longitude"), null=True, blank=True)
    latitude = models.FloatField(_("Latitude"), null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(_("Accuracy in metres"), null=True, blank=True)
    phase = models.CharField(_("Phase"), max_length=10, choices=Phase)
    status = models.CharField(_("Status"), max_length=30)
    urgency = models.CharField(_("Urgency"), max_length=10, choices=Urgency, default=Urgency.BLUE)
    sealed = models.BooleanField(_("Sealed"), default=False)
    lead = models.ForeignKey(
        Organisation, models.PROTECT, related_name="led_cases", verbose_name=_("Leading organisation")
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_cases",
        verbose_name=_("Assigned to"),
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reported_cases",
        verbose_name=_("Reported by"),
    )
    channel = models.CharField(_("Channel"), max_length=20, choices=Channel)
    source = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="offspring", verbose_name=_("Came from")
    )
    received_on = models.DateField(_("Received on"))
    registered_at = models.DateTimeField(_("Registered at"))
    next_due_at = models.DateTimeField(_("Next due"), null=True, blank=True, editable=False)
    next_rung_at = models.DateTimeField(_("Next rung"), null=True, blank=True, editable=False)
    heard_at = models.DateTimeField(_("Last word to the person"), null=True, blank=True, editable=False)
    silent_at = models.DateTimeField(_("Silent too long from"), null=True, blank=True, editable=False)
    silence_told = models.BooleanField(_("Silence was told"), default=False, editable=False)
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)
    outcome = models.CharField(_("Outcome"), max_length=20, choices=Outcome, blank=True)
    round_number = models.PositiveSmallIntegerField(_("Round"), default=1)
    version = models.PositiveIntegerField(_("Version"), default=1)
    event_count = models.PositiveIntegerField(_("Entries"), default=0)
    event_head = models.CharField(_("Head of the chain"), max_length=64, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("Case")
        verbose_name_plural = _("Cases")
        constraints = [
            models.UniqueConstraint(fields=["id", "kind"], name="case_id_and_kind"),
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="case_phase_known"),
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="case_urgency_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="case_channel_known"),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(outcome__in=Outcome.values), name="case_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(area__isnull=False) | Q(phase__in=[Phase.INTAKE, Phase.CLOSED]),
                name="case_has_area_after_intake",
            ),
            models.CheckConstraint(
                condition=Q(phase=Phase.CLOSED, closed_at__isnull=False, next_due_at__isnull=True)
                | (~Q(phase=Phase.CLOSED) & Q(closed_at__isnull=True, outcome="")),
                name="case_closed_means_closed",
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True, latitude__isnull=True)
                | Q(longitude__range=(-180, 180), latitude__range=(-90, 90)),
                name="case_point_on_earth",
            ),
            models.CheckConstraint(
                condition=Q(source__isnull=True) | ~Q(source=F("id")), name="case_not_its_own_source"
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at", "id"], name="case_open_by_due", condition=~Q(phase="closed")),
            models.Index(
                fields=["next_rung_at"], name="case_by_rung", condition=Q(next_rung_at__isnull=False)
            ),
            models.Index(fields=["-registered_at", "-id"], name="case_by_registered"),
            models.Index(fields=["lead", "phase", "next_due_at"], name="case_by_lead"),
            models.Index(fields=["area", "phase"], name="case_by_area"),
            models.Index(fields=["reporter"], name="case_by_reporter"),
            models.Index(fields=["assignee"], name="case_by_assignee"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Round(models.Model):
    """
    One passage of a case through its workflow.

    Reopening opens a new round; nothing of the old one is overwritten, and the case mirrors its newest.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField(_("Round"))
    lead = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    opened_by = models.CharField(_("Opened by step"), max_length=40)
    opened_at = models.DateTimeField(_("Opened at"))
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)
    outcome = models.CharField(_("Outcome"), max_length=20, choices=Outcome, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(closed_at__isnull=True), name="one_open_round"
            ),
        ]
