"""The channels beside the portal: how they fare, who does not want them, and the robots of work chats."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.casework.personal import EncryptedTextField
from grid.notices.choices import OUTSIDE, RobotKind, fault
from grid.organisations.models import Organisation
from grid.worktime.choices import Channel


class ChannelState(models.Model):
    """
    How a channel fares: one row for each, written by the worker.

    `failures` counts faults of the channel in a row, not addresses that it refused. While it fails it rests
    until `rests_until`, and then one message tries it. The first success clears everything.
    """

    channel = models.CharField(max_length=10, primary_key=True, choices=Channel)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)
    last_fault = models.CharField(max_length=200, blank=True)
    last_fault_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    alerted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=OUTSIDE), name="channel_state_of_a_channel"),
        ]

    def __str__(self) -> str:
        return self.get_channel_display()

    @property
    def why(self) -> str:
        """Return what the last fault was, in the reader's language."""
        return fault(self.last_fault)


class ChannelOff(models.Model):
    """Somebody does not want messages by a channel. The portal can never be switched off."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels_off")
    channel = models.CharField(max_length=10, choices=Channel)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "channel"], name="channel_off_once"),
            models.CheckConstraint(
                condition=Q(channel__in=[Channel.EMAIL, Channel.SMS]), name="channel_off_never_the_portal"
            ),
        ]


class ChatRobot(models.Model):
    """
    The robot in the work chat of an organisation.

    Its key and secret let anybody write into that chat, so they are encrypted. The address of the chat
    service is a setting: whoever enters a robot cannot make the portal call any other server.
    """

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, related_name="chat_robot", verbose_name=_("Organisation")
    )
    kind = models.CharField(_("Work chat"), max_length=10, choices=RobotKind)
    key = EncryptedTextField(_("Key of the robot"))
    secret = EncryptedTextField(_("Secret for signing"), blank=True)
    is_active = models.BooleanField(_("In use"), default=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("Robot of a work chat")
        verbose_name_plural = _("Robots of work chats")
        ordering = ["organisation__code"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RobotKind.values), name="chat_robot_kind_known"),
            models.CheckConstraint(condition=~Q(key=""), name="chat_robot_has_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.get_kind_display()}"
