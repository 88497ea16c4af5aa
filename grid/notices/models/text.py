"""The texts of messages that an administrator has changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.notices.choices import MESSAGE_CODES, OUTSIDE, TextAudience
from grid.notices.querysets import MessageTemplateQuerySet
from grid.worktime.choices import Channel


class MessageTemplate(models.Model):
    """
    One version of the text for an audience, what it is about, a step of it (or any) and a channel.

    The newest version holds; where there is none, or it says `shipped`, the text that the portal ships holds.
    Nothing is overwritten, so that one sees who changed what.
    """

    audience = models.CharField(_("Written for"), max_length=10, choices=TextAudience)
    code = models.CharField(_("What it is about"), max_length=20)
    step = models.CharField(_("Step"), max_length=40, blank=True)
    channel = models.CharField(_("Message channel"), max_length=10, choices=Channel)
    version = models.PositiveIntegerField(_("Version"))
    shipped = models.BooleanField(_("As shipped"), default=False)
    active = models.BooleanField(_("Messages are sent"), default=True)
    office_hours = models.BooleanField(_("Only in office hours"), default=True)
    subject = models.CharField(_("Subject in Chinese"), max_length=120, blank=True)
    subject_en = models.CharField(_("Subject in English"), max_length=120, blank=True)
    text = models.TextField(_("Text in Chinese"), blank=True)
    text_en = models.TextField(_("Text in English"), blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(_("Changed at"))

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("Text of messages")
        verbose_name_plural = _("Texts of messages")
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "code", "step", "channel", "version"],
                name="message_template_version_once",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=TextAudience.values), name="message_template_audience_known"
            ),
            models.CheckConstraint(condition=Q(channel__in=OUTSIDE), name="message_template_channel_outside"),
            models.CheckConstraint(condition=Q(code__in=MESSAGE_CODES), name="message_template_code_known"),
            models.CheckConstraint(
                condition=Q(shipped=True) | (~Q(text="") & ~Q(text_en="")),
                name="message_template_in_both_languages",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.code} {self.step} {self.channel} {self.version}"
