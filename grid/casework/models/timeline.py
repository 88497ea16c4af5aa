"""The timeline, which is the only outbox, and what readers and seals keep of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models.case import Case
from grid.casework.models.parties import Party
from grid.organisations.models import Organisation


class Audience(models.TextChoices):
    """Who may read an entry, a file or a party."""

    PUBLIC = "public", _("Public")
    PARTIES = "parties", _("Parties and staff")
    SIDE = "side", _("One side and staff")
    STAFF = "staff", _("Staff")
    COMPARTMENT = "compartment", _("Compartment")


class Event(models.Model):
    """
    One entry of a timeline. Append-only: a trigger refuses UPDATE and DELETE, another any gap in `seq`.

    `data` holds codes and values, worded in the reader's language when read; text that people typed
    stands in `EventText` and is here only as a salted digest, so that it can be erased lawfully.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    happened_on = models.DateField(null=True)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.STAFF)
    data = models.JSONField(default=dict)
    changed = models.JSONField(default=dict)
    digests = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["case_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="event_seq_once"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, party__isnull=True)
                | Q(user__isnull=True, party__isnull=False),
                name="event_has_one_actor",
            ),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="event_audience_known"),
        ]


class EventText(models.Model):
    """What somebody typed; erasing it empties text and salt and leaves the digest unanswerable."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="texts")
    field = models.CharField(max_length=40)
    salt = models.CharField(max_length=32, blank=True)
    text = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "field"], name="event_text_once"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(text="", salt=""), name="erased_text_is_empty"
            ),
        ]


class Feed(models.Model):
    """
    One entry for the readers of the feed.

    Ids do not follow commits, so readers go by `position`, which the numberer gives to committed rows.
    """

    event = models.OneToOneField(Event, models.PROTECT, related_name="feed")
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="feed_unnumbered", condition=Q(position__isnull=True)),
        ]


class FeedReader(models.Model):
    """How far one reader has read."""

    name = models.CharField(max_length=40, unique=True)
    position = models.BigIntegerField(default=0)


class Seal(models.Model):
    """
    A seal over the heads of all chains that moved since the seal before it.

    `mac` is an HMAC-SHA-256 over the mac before and the sealed heads; the same lines are written to a
    file outside the database.
    """

    previous = models.OneToOneField("self", models.PROTECT, null=True, related_name="following")
    at = models.DateTimeField()
    heads = models.PositiveIntegerField()
    mac = models.CharField(max_length=64)


class SealedHead(models.Model):
    """Length and head of one chain at the time of a seal."""

    seal = models.ForeignKey(Seal, models.PROTECT, related_name="entries")
    # Not a foreign key: the seal must outlive a case that somebody removes.
    case_ref = models.BigIntegerField(db_index=True)
    number = models.CharField(max_length=24)
    count = models.PositiveIntegerField()
    head = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal", "case_ref"], name="head_sealed_once"),
        ]
