"""Who held a case, who asked for what, how cases belong together, and what happened once."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models.case import Case
from grid.organisations.models import Organisation


class Holding(models.Model):
    """Which organisation had the case, from when to when. One row is open."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="holdings")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="holdings")
    starts_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at__isnull=True), name="one_open_holding"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("starts_at")),
                name="holding_ends_after_start",
            ),
        ]


class AssignmentRole(models.TextChoices):
    """In what part another organisation is drawn in."""

    ASSISTING = "assisting", _("Assisting")
    COPIED = "copied", _("Copied")


class Assignment(models.Model):
    """An organisation beside the leading one that assists or is kept informed."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="assignments")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=10, choices=AssignmentRole)
    starts_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "organisation"],
                condition=Q(ended_at__isnull=True),
                name="assigned_once",
            ),
            models.CheckConstraint(condition=Q(role__in=AssignmentRole.values), name="assignment_role_known"),
        ]


class RequestType(models.TextChoices):
    """What somebody may ask another to decide."""

    OBJECTION = "objection", _("Objection")
    PAUSE = "pause", _("Pause")
    EXTENSION = "extension", _("Extension")
    RECUSAL = "recusal", _("Recusal")
    UNMASKING = "unmasking", _("Unmasking")
    WITHDRAWAL = "withdrawal", _("Withdrawal")
    HAND_OVER = "hand_over", _("Hand-over")


class Decision(models.TextChoices):
    """What came of a request."""

    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
    LAPSED = "lapsed", _("Lapsed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Request(models.Model):
    """Ask and decide: a record, not a status."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests")
    type = models.CharField(max_length=20, choices=RequestType)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_for = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    reason = models.TextField()
    deadline = models.ForeignKey("casework.Deadline", models.PROTECT, null=True, related_name="requests")
    data = models.JSONField(default=dict)
    decider = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    decide_by = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(type__in=RequestType.values), name="request_type_known"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="request_decided_means_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="request_not_decided_by_asker",
            ),
            models.UniqueConstraint(
                fields=["deadline", "type"],
                condition=Q(decision="", deadline__isnull=False),
                name="request_undecided_once",
            ),
        ]


class LinkType(models.TextChoices):
    """How one case belongs to another."""

    MERGED_INTO = "merged_into", _("Merged into")
    FOLLOWS = "follows", _("Follows")
    HANDED_OVER = "handed_over", _("Handed over to")
    SAME_MATTER = "same_matter", _("Same matter as")
    PART_OF = "part_of", _("Part of")


class Link(models.Model):
    """A typed link from one case to another."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="links")
    other = models.ForeignKey(Case, models.PROTECT, related_name="links_here")
    type = models.CharField(max_length=12, choices=LinkType)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(case=F("other")), name="link_to_another_case"),
            models.CheckConstraint(condition=Q(type__in=LinkType.values), name="link_type_known"),
            models.UniqueConstraint(
                fields=["case", "other", "type"], condition=Q(ended_at__isnull=True), name="linked_once"
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(ended_at__isnull=True, type=LinkType.MERGED_INTO),
                name="merged_into_one",
            ),
        ]


class OnceKey(models.Model):
    """
    The key of a request that writes, unique per caller and operation.

    Taken first in the transaction: a repeat waits for the first one and then gets its answer.
    """

    caller = models.CharField(max_length=64)
    operation = models.CharField(max_length=120)
    key = models.CharField(max_length=64)
    body = models.CharField(max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    seq = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "operation", "key"], name="key_taken_once"),
        ]


class DocumentSeries(models.Model):
    """
    The last number of a document series (文号, as 清信复〔2026〕12号).

    Its row is locked while a number is taken, so that the series has no gaps.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    word = models.CharField(_("Series"), max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "word", "year"], name="document_series_once"),
        ]
