"""Messages by the channels beside the portal, what they are about, and each attempt to send them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models import Case, Event, Party
from grid.notices.choices import DIGEST, OUTSIDE, AttemptResult, MessageStatus, TextAudience, fault
from grid.notices.querysets import MessageQuerySet
from grid.organisations.models import Organisation
from grid.worktime.choices import Channel

# A message, and each of its items, goes to one person, one party, or the work chat of one organisation.
ONE_ADDRESSEE = (
    Q(recipient__isnull=False, party__isnull=True, organisation__isnull=True)
    | Q(recipient__isnull=True, party__isnull=False, organisation__isnull=True)
    | Q(recipient__isnull=True, party__isnull=True, organisation__isnull=False)
)


class Message(models.Model):
    """
    One message to one addressee by one channel, worded when it is sent, from codes and values alone.

    Neither address nor text is kept: the address is read when it is sent, so that one that was erased is
    gone from here too. `attempts` numbers the attempts, `tries` counts those since a person last decided.
    """

    channel = models.CharField(_("Message channel"), max_length=10, choices=Channel)
    audience = models.CharField(max_length=10, choices=TextAudience, default=TextAudience.STAFF)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="messages"
    )
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="messages")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="messages")
    language = models.CharField(max_length=10)
    code = models.CharField(_("What it is about"), max_length=20)
    step = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    urgent = models.BooleanField(default=False)
    status = models.CharField(_("State"), max_length=10, choices=MessageStatus, default=MessageStatus.PENDING)
    created_at = models.DateTimeField(_("Written at"))
    send_after = models.DateTimeField(_("Not before"))
    # The local day of `send_after` when it was written: the ceiling counts by it.
    day = models.DateField()
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(_("Last tried at"), null=True)
    sent_at = models.DateTimeField(_("Sent at"), null=True)
    detail = models.CharField(max_length=200, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("Message")
        verbose_name_plural = _("Messages")
        constraints = [
            models.CheckConstraint(condition=ONE_ADDRESSEE, name="message_has_one_addressee"),
            models.CheckConstraint(condition=Q(channel__in=OUTSIDE), name="message_goes_outside"),
            models.CheckConstraint(condition=Q(status__in=MessageStatus.values), name="message_status_known"),
            models.CheckConstraint(
                condition=~Q(status=MessageStatus.SENT) | Q(sent_at__isnull=False),
                name="message_sent_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["channel", "recipient", "organisation"],
                condition=Q(code=DIGEST, status=MessageStatus.PENDING, attempts=0),
                name="message_one_open_digest",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(
                fields=["-urgent", "send_after", "id"],
                name="message_to_send",
                condition=Q(status=MessageStatus.PENDING),
            ),
            models.Index(
                fields=["tried_at"], name="message_in_hand", condition=Q(status=MessageStatus.SENDING)
            ),
            models.Index(
                fields=["-id"],
                name="message_in_trouble",
                condition=Q(status__in=[MessageStatus.FAILED, MessageStatus.UNCERTAIN]),
            ),
            models.Index(fields=["recipient", "channel", "day"], name="message_by_recipient_day"),
            models.Index(fields=["organisation", "channel", "day"], name="message_by_chat_day"),
            models.Index(fields=["created_at"], name="message_by_created"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.channel} {self.code} {self.status}"

    @property
    def why(self) -> str:
        """Return what went wrong last, in the reader's language."""
        return fault(self.detail)


class MessageItem(models.Model):
    """
    One thing that a message tells: a single message has one, a digest several.

    Unique per entry, code, channel and addressee, so that reading the feed again is harmless.
    """

    message = models.ForeignKey(Message, models.PROTECT, related_name="items")
    event = models.ForeignKey(Event, models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)
    channel = models.CharField(max_length=10, choices=Channel)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    params = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_ADDRESSEE, name="message_item_has_one_addressee"),
            models.UniqueConstraint(
                fields=["event", "code", "channel", "recipient", "party", "organisation"],
                name="message_tells_once",
                nulls_distinct=False,
            ),
        ]


class Attempt(models.Model):
    """
    One attempt to send a message, written before the outside call is made.

    `by` is the person who ordered it, nobody where the worker did on its own; `reason` is what he gave.
    """

    message = models.ForeignKey(Message, models.PROTECT, related_name="log")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=10, choices=AttemptResult)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_number_once"),
            models.CheckConstraint(condition=Q(result__in=AttemptResult.values), name="attempt_result_known"),
            models.CheckConstraint(
                condition=Q(by__isnull=True, reason="") | (Q(by__isnull=False) & ~Q(reason="")),
                name="attempt_of_a_person_has_a_reason",
            ),
        ]

    @property
    def why(self) -> str:
        """Return what went wrong, in the reader's language."""
        return fault(self.detail)
